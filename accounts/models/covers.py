"""Who stands in for whom while they are away."""

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import on_day

from .absences import Absence


class CoverQuerySet(models.QuerySet):
    def between(self, first: dt.date, last: dt.date):
        """Covers with at least one day from first to last."""
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def on(self, day: dt.date):
        """Covers that hold on that day: the covered person is away then, and who covers is there, a member and active."""
        away = Absence.objects.between(day, day).order_by().values("user")
        return (
            self.between(day, day)
            .filter(on_day(day, "membership__"), user__in=away, membership__user__is_active=True)
            .exclude(membership__user__in=away)
        )


class Cover(models.Model):
    """A membership stands in for a person from a day to a day, both included, on all of their customers or on chosen ones.

    The chosen ones are rows of the room above. Who owns a customer does not change.
    """

    user = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="covered_by", verbose_name=_("who is covered")
    )
    membership = models.ForeignKey(
        "accounts.Membership", models.PROTECT, related_name="covers", verbose_name=_("who covers")
    )
    starts_on = models.DateField(_("first day covered"))
    ends_on = models.DateField(_("last day covered"))
    covers_all = models.BooleanField(_("all their customers"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = CoverQuerySet.as_manager()

    class Meta:
        ordering = ["starts_on", "pk"]
        indexes = [models.Index(fields=["user", "starts_on"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=models.F("starts_on")),
                name="cover_dates_ordered",
                violation_error_message=_("The last day is before the first."),
            ),
            models.UniqueConstraint(fields=["user", "membership", "starts_on"], name="cover_once_from_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.membership.user} for {self.user}, {self.starts_on} to {self.ends_on}"
