"""Who works on a customer, as what."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area
from customers.scope import hangs_within
from territory.rows import Dated, on_day, ordered_dates

from .customers import Customer


class AssignmentKind(models.TextChoices):
    SOLE = "sole", _("sole contact")
    LEAD = "lead", _("lead")
    SUPPORT = "support", _("support")


OWNER_KINDS = (AssignmentKind.SOLE, AssignmentKind.LEAD)


class AssignmentQuerySet(models.QuerySet):
    def on(self, day: dt.date):
        """Assignments in force on that day."""
        return self.filter(on_day(day))

    def owners(self):
        """Sole and lead assignments: whose customer it is."""
        return self.filter(kind__in=OWNER_KINDS)

    def visible_to(self, user):
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.SEE))

    def editable_by(self, user):
        return self.filter(hangs_within(user, Area.CUSTOMERS, Act.CHANGE))


class Assignment(Dated):
    """A membership works on a customer from a date (or always) to a date. No share = an equal part of what is left."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="assignments", verbose_name=_("customer"))
    # Begins an index below: one more of it alone would only be written.
    membership = models.ForeignKey(
        "accounts.Membership", models.PROTECT, related_name="assignments", db_index=False, verbose_name=_("person")
    )
    kind = models.CharField(_("as"), max_length=10, choices=AssignmentKind, default=AssignmentKind.LEAD)
    share = models.DecimalField(
        _("share of the role's work"),
        max_digits=5,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("0 to 1. Empty: equal parts."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            # Whom a person or team reaches is asked by every page: it is read from this index alone.
            models.Index(
                fields=["membership", "customer", "starts_on", "ends_on", "kind"], name="assignment_by_membership"
            ),
        ]
        constraints = [
            ordered_dates("assignment_dates_ordered"),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__range=(0, 1)), name="assignment_share_0_to_1"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(kind__in=["sole", "lead"], ends_on__isnull=True),
                name="assignment_one_open_owner",
            ),
            models.UniqueConstraint(fields=["customer", "membership", "starts_on"], name="assignment_once_from_a_day"),
            models.UniqueConstraint(
                fields=["customer", "membership"],
                condition=Q(starts_on__isnull=True),
                name="assignment_one_since_always",
            ),
        ]
