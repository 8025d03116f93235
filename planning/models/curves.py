"""Curves of all prospects of a tier, as the nightly job computed them with its evidence: pages read them, nobody changes them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CurveKind(models.TextChoices):
    """What a curve counts: days until an amount was brought, touches until a win, or days until a win, lost ones a
    competing end."""

    TIME_TO_BUSINESS = "time_to_business", _("time to business")
    CHANCE_OF_WINNING = "chance_of_winning", _("chance of winning")
    TOUCHES_TO_CUSTOMER = "touches_to_customer", _("touches to a customer")


class TierCurve(models.Model):
    """One curve of a run; `tier` None: over all tiers. `amount` is that of a time to business, None for touches.

    `steps`: lists of equal length, one value a step ("at" days or touches, "share", "low", "high"), thinned so that no
    share on a picture is off by more than a quarter of a per cent. `figures` are exact, of the curve before thinning.
    """

    run = models.ForeignKey("planning.EvidenceRun", models.CASCADE, related_name="curves")
    kind = models.CharField(max_length=20, choices=CurveKind)
    tier = models.ForeignKey("customers.Tier", models.CASCADE, null=True, related_name="+")
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    steps = models.JSONField()
    figures = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "tier"], name="tier_curve_once_a_run"),
            models.UniqueConstraint(
                fields=["run", "kind"], condition=models.Q(tier__isnull=True), name="tier_curve_of_all_once_a_run"
            ),
        ]


class CourseStarts(models.Model):
    """What the courses of the latest run brought and when, so that any amount can be asked about without the log.

    `paths`: of each course its tier, the days until the run's day, then day and cents of each order, without any name.
    """

    run = models.OneToOneField("planning.EvidenceRun", models.CASCADE, related_name="starts")
    paths = models.JSONField()


class ExpectedBusiness(models.Model):
    """What the open prospects of a team, an owner and a tier may bring in a month: mean and variance, which add up.

    Of the latest run only. `month`: its first day, that of the run's own month stands for what is left of it; None for all
    months together. `membership` None: nobody's. `tier` is that of a course's first day. Of `unknown` of the `prospects`
    nothing is known so far ahead (with month None: for some month).
    """

    run = models.ForeignKey("planning.EvidenceRun", models.CASCADE, related_name="expected")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    membership = models.ForeignKey("accounts.Membership", models.CASCADE, null=True, related_name="+")
    tier = models.ForeignKey("customers.Tier", models.CASCADE, null=True, related_name="+")
    month = models.DateField(null=True)
    mean = models.FloatField()
    variance = models.FloatField()
    prospects = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
