"""A person in a team, in a role, for a time."""

import datetime as dt
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import Dated, on_day, ordered_dates


class JobProfile(models.TextChoices):
    """What a membership authorises, from most to least."""

    SOLE = "sole", _("sole contact")
    LEAD = "lead", _("lead")
    SUPPORT = "support", _("support")


class MembershipQuerySet(models.QuerySet):
    def on(self, day: dt.date):
        """Memberships in force on that day."""
        return self.filter(on_day(day))


class Membership(Dated):
    """A user in a team, in a role, from a date (or always) to a date. A person may have several at once."""

    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="memberships", verbose_name=_("person"))
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="memberships", verbose_name=_("team"))
    role = models.ForeignKey("accounts.Role", models.PROTECT, related_name="memberships", verbose_name=_("role"))
    profile = models.CharField(_("job profile"), max_length=10, choices=JobProfile, default=JobProfile.SOLE)
    weekly_hours = models.DecimalField(
        _("weekly hours"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("40"),
        validators=[MinValueValidator(0), MaxValueValidator(168)],
    )
    selling_share = models.DecimalField(
        _("selling share"),
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.5"),
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("The part of the weekly hours that is for customers, 0 to 1."),
    )
    cost_per_hour = models.DecimalField(
        _("cost per hour"),
        max_digits=9,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty: the role's."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords()
    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user__name", "starts_on", "pk"]
        constraints = [
            ordered_dates("membership_dates_ordered"),
            models.CheckConstraint(condition=Q(weekly_hours__range=(0, 168)), name="membership_hours_in_a_week"),
            models.CheckConstraint(condition=Q(selling_share__range=(0, 1)), name="membership_selling_share_0_to_1"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}, {self.team}"
