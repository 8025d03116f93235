"""What every order took and cost, as a job computed it from the log: the last night's alone (domain 3.4).

Money is in grains, whole numbers that add up exactly: 1/3,600 of a cent (planning/engine/sale_cost.py).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import OrderStatus


class SalesRun(models.Model):
    """The computation whose figures are kept: of which day."""

    on = models.DateField(_("day"), unique=True)
    computed_at = models.DateTimeField(_("computed"))

    class Meta:
        ordering = ["-on"]


class Took(models.Model):
    """Touches (in parts where several orders share one), seconds without travel and of travel, and what they cost, in grains.

    Of `unknown_seconds`, with travel, no cost per hour is known. `overhead_time` is the part of `overhead` that is work;
    the rest was paid.
    """

    touches = models.FloatField(default=0)
    seconds = models.PositiveBigIntegerField(default=0)
    travel_seconds = models.PositiveBigIntegerField(default=0)
    unknown_seconds = models.PositiveBigIntegerField(default=0)
    manager_seconds = models.PositiveBigIntegerField(default=0)
    senior_seconds = models.PositiveBigIntegerField(default=0)
    time = models.PositiveBigIntegerField(default=0)
    travel = models.PositiveBigIntegerField(default=0)
    demos = models.PositiveBigIntegerField(default=0)
    overhead = models.PositiveBigIntegerField(default=0)
    overhead_time = models.PositiveBigIntegerField(default=0)
    other = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def cost(self) -> int:
        """The whole cost, in grains."""
        return self.time + self.travel + self.demos + self.overhead + self.other


class SaleFigures(Took):
    """An order as it stood when this was computed, and what it took.

    `tier` is that of its opening, else of its closing. `days` from opening to closing, empty while pending and where the
    opening is not known. `is_first`: it won a selling course and bears all of it. `is_special`: it was recorded
    as large pending order, so that it is no normal sale.
    """

    order = models.OneToOneField("customers.Order", models.CASCADE, primary_key=True, related_name="figures")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="sale_figures")
    market = models.ForeignKey("customers.Market", models.SET_NULL, null=True, related_name="+")
    salesperson = models.ForeignKey("accounts.User", models.CASCADE, null=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    sale_type = models.ForeignKey("customers.SaleType", models.SET_NULL, null=True, related_name="+")
    tier = models.ForeignKey("customers.Tier", models.SET_NULL, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=OrderStatus)
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    days = models.PositiveIntegerField(null=True)
    is_first = models.BooleanField(default=False)
    is_special = models.BooleanField(default=False)
    people = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["status", "closed_on"]),
            models.Index(fields=["team", "status", "closed_on"]),
        ]


class Part(models.Model):
    """A person's part of it, in the role of that time; of `unknown_seconds` nobody knows what they cost."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    seconds = models.PositiveBigIntegerField(default=0)
    travel_seconds = models.PositiveBigIntegerField(default=0)
    unknown_seconds = models.PositiveBigIntegerField(default=0)
    time = models.PositiveBigIntegerField(default=0)
    travel = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class SalePart(Part):
    """Of an order."""

    figures = models.ForeignKey(SaleFigures, models.CASCADE, related_name="by_person")
    role = models.ForeignKey("accounts.Role", models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["figures", "user", "role"], name="sale_part_once"),
            models.UniqueConstraint(
                fields=["figures", "user"], condition=models.Q(role__isnull=True), name="sale_part_once_without_role"
            ),
        ]


class UnsoldLine(models.TextChoices):
    """What belongs to no order."""

    KEEPING = "keeping", _("keeping customers")
    PROSPECTING = "prospecting", _("courses still open")
    NO_ORDER = "no_order", _("courses that brought no order")
    UNSHARED = "unshared", _("overhead of months without work")


class UnsoldFigures(Took):
    """What belongs to no order: by line, team and month (its first day)."""

    line = models.CharField(max_length=11, choices=UnsoldLine)
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+")
    month = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "team", "month"], name="unsold_figures_once")]


class UnsoldPart(Part):
    """Of what belongs to no order."""

    figures = models.ForeignKey(UnsoldFigures, models.CASCADE, related_name="by_person")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["figures", "user"], name="unsold_part_once")]


class SaleNorm(models.Model):
    """The normal sale of a sale type and tier (None: of all), of a team and all under it (None: of the company).

    `sales` and `ended` are those of its own; `won_share` and `figures` are those of `basis` (engine/normal_sale.py), by name
    (`lost_days` too) lower quartile, median and upper quartile. `cost_below` among them is the cost without the time of people who were no
    members of these teams when this was computed: for readers whose reach over cost rates ends there. `unknown_share` of
    the time of its own sales has no cost per hour, `unknown_share_below` none that such readers know (None: there is no time).
    """

    run = models.ForeignKey(SalesRun, models.CASCADE, related_name="norms")
    team = models.ForeignKey("accounts.Team", models.CASCADE, null=True, related_name="+")
    sale_type = models.ForeignKey("customers.SaleType", models.CASCADE, null=True, related_name="+")
    tier = models.ForeignKey("customers.Tier", models.CASCADE, null=True, related_name="+")
    sales = models.PositiveIntegerField()
    ended = models.PositiveIntegerField()
    basis = models.CharField(max_length=10)
    basis_sales = models.PositiveIntegerField()
    won_share = models.FloatField(null=True)
    figures = models.JSONField(default=dict)
    unknown_share = models.FloatField(null=True)
    unknown_share_below = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["run", "team"])]
