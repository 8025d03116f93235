"""Stages, selling courses and tiers: what was set by hand, and the history that follows from all facts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import Dated, ordered_dates

from .customers import Customer, Stage


class StageDecision(models.Model):
    """A stage set by hand or import: lost, or prospect again, with a reason."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stage_decisions")
    stage = models.CharField(
        _("stage"),
        max_length=10,
        choices=[(Stage.PROSPECT.value, Stage.PROSPECT.label), (Stage.LOST.value, Stage.LOST.label)],
    )
    at = models.DateTimeField(_("when"))
    reason = models.CharField(_("reason"), max_length=300)
    decided_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    history = HistoricalRecords()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=["prospect", "lost"]), name="stage_decision_prospect_or_lost"),
            models.UniqueConstraint(fields=["customer", "at"], name="stage_decision_once_at_a_time"),
        ]


class TierFix(Dated):
    """A tier fixed by hand for a time, with a reason that is shown."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tier_fixes")
    tier = models.ForeignKey("customers.Tier", models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    fixed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    history = HistoricalRecords()

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [
            ordered_dates("tier_fix_dates_ordered"),
            models.UniqueConstraint(fields=["customer"], condition=Q(ends_on__isnull=True), name="tier_fix_one_open"),
        ]


class StagePeriod(models.Model):
    """Derived from the facts: the stage of a customer from an instant until the next. Rebuilt, never edited."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="stage_periods")
    stage = models.CharField(max_length=10, choices=Stage)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["began_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["customer", "began_at"], name="stage_period_once_at_a_time")]
        indexes = [models.Index(fields=["stage", "began_at"])]


class CourseOutcome(models.TextChoices):
    OPEN = "open", _("open")
    WON = "won", _("won")
    LOST = "lost", _("lost")


class SellingCourse(models.Model):
    """Derived from the facts: one attempt to win, from becoming a prospect to the first order won since, or to lost."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="courses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=4, choices=CourseOutcome, default=CourseOutcome.OPEN)
    order = models.ForeignKey("customers.Order", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "started_at"], name="selling_course_once_at_a_time"),
            models.CheckConstraint(
                condition=Q(outcome="open", ended_at__isnull=True) | (~Q(outcome="open") & Q(ended_at__isnull=False)),
                name="selling_course_open_or_ended",
            ),
        ]


class TierPeriod(models.Model):
    """Derived from the facts: the tier of a customer from a day to a day, both included; the last is open."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tier_periods")
    tier = models.ForeignKey("customers.Tier", models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["starts_on", "pk"]
        constraints = [models.UniqueConstraint(fields=["customer", "starts_on"], name="tier_period_once_a_day")]
