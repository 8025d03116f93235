"""When people are away."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import ends_from


class AbsenceKind(models.TextChoices):
    HOLIDAY = "holiday", _("holiday")
    TRAINING = "training", _("training")
    SICK = "sick", _("sick")
    OTHER = "other", _("other")


class AbsenceQuerySet(models.QuerySet):
    def between(self, first: dt.date, last: dt.date):
        """Absences with at least one day from first to last."""
        return self.filter(ends_from(first), starts_on__lte=last)


class Absence(models.Model):
    """A user away from a day to a day, both included. It lowers capacity."""

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="absences", verbose_name=_("person"))
    starts_on = models.DateField(_("first day away"))
    ends_on = models.DateField(_("last day away"))
    kind = models.CharField(_("kind"), max_length=10, choices=AbsenceKind, default=AbsenceKind.HOLIDAY)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                name="absence_dates_ordered",
                violation_error_message=_("The last day is before the first."),
            ),
            models.UniqueConstraint(fields=["user", "starts_on", "ends_on", "kind"], name="absence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.starts_on} to {self.ends_on}"
