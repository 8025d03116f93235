"""How far conditions move a sale from the normal one, as a job computed it from won orders: the last night's alone (domain 3.6)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SaleMeasure(models.TextChoices):
    """What of a sale is held against the normal one."""

    DAYS = "days", _("days")
    TOUCHES = "touches", _("touches")
    COST = "cost", _("cost")
    AMOUNT = "amount", _("amount")


class ConditionKind(models.TextChoices):
    """What can move a sale; what is of it is a user, a market, a customer, a kind of circumstance."""

    SALESPERSON = "salesperson", _("salesperson")
    MARKET = "market", _("market")
    CUSTOMER = "customer", _("customer")
    CIRCUMSTANCE = "circumstance", _("circumstance")


class MovedMeasure(models.Model):
    """What moves one measure, from so many `sales` won from `first_on` to `last_on`.

    `figures`: under "kinds", by kind, the variance of ln y, its share of all variation, of how many levels, and `why` nothing is
    told; "variance" and "share" of what no condition explains; "normals" as rows of type, tier, mean of ln y, sales and
    basis; "apart", groups of salespeople (keys) without a customer in common; "converged". None: the sales are too few, or
    all alike. See engine/crossed_effects.py. `engine` is the version of the formulas.
    """

    measure = models.CharField(max_length=10, choices=SaleMeasure, unique=True)
    on = models.DateField(_("day"))
    computed_at = models.DateTimeField(_("computed"))
    engine = models.PositiveSmallIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    sales = models.PositiveIntegerField()
    figures = models.JSONField(null=True)


class ConditionEffect(models.Model):
    """By how much one condition moves ln y, from so many `sales` with it, and the standard error of that.

    `key` is that of the salesperson, market, customer or kind of circumstance.
    """

    moved = models.ForeignKey(MovedMeasure, models.CASCADE, related_name="effects")
    kind = models.CharField(max_length=12, choices=ConditionKind)
    key = models.BigIntegerField()
    sales = models.PositiveIntegerField()
    mean = models.FloatField()
    error = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["moved", "kind", "key"], name="condition_effect_once")]
