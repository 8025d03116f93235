"""What is out of the ordinary: found by a job, acknowledged by a person, resolved by itself."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, Q, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area, teams_within
from customers.scope import hangs_on, hangs_within


class SituationKind(models.TextChoices):
    LARGE_ORDER = "large_order", _("large pending order")


# What a situation is about: its order, else its customer.
ABOUT = Coalesce("order_id", -F("customer_id"))

# Of a team that has sold nothing any order is more than all.
LARGEST_FIRST = (F("share").desc(nulls_first=True), "-opened_at", "pk")


class SituationQuerySet(models.QuerySet):
    def open(self):
        return self.filter(resolved_at__isnull=True)

    def once_each(self):
        """Of each order the one of the team for which it is largest: an order may be large for a team and for those above it."""
        place = Window(RowNumber(), partition_by=["kind", ABOUT], order_by=LARGEST_FIRST)
        return self.annotate(place=place).filter(place=1).order_by(*LARGEST_FIRST)

    def how_many(self):
        """Kind and how many orders these are about, as rows."""
        return self.order_by().values_list("kind").annotate(of=Count(ABOUT, distinct=True))

    def visible_to(self, user):
        """Those on visible customers within reach over budgets and situations."""
        return self.filter(hangs_within(user, Area.BUDGETS, Act.SEE))

    def visible_on(self, customer, seen):
        """Those of one customer, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(hangs_on(customer, Area.BUDGETS, seen))

    def acknowledgeable_by(self, user):
        return self.visible_to(user).filter(
            hangs_within(user, Area.BUDGETS, Act.CHANGE),
            team__in=teams_within(user, Area.BUDGETS, Act.CHANGE).values("pk"),
        )


class Situation(models.Model):
    """A special situation. At most one open per kind, order (or customer) and team, whatever runs twice."""

    kind = models.CharField(_("kind"), max_length=30, choices=SituationKind)
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="situations")
    order = models.ForeignKey("customers.Order", models.CASCADE, null=True, blank=True, related_name="situations")
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="situations")
    opened_at = models.DateTimeField(_("opened"))
    share = models.FloatField(_("share"), null=True, blank=True)
    evidence = models.JSONField(_("figures"), default=dict)
    checked_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("acknowledged by")
    )
    note = models.TextField(_("note"), blank=True, default="")
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_because = models.CharField(_("resolved because"), max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["checked_at"])
    objects = SituationQuerySet.as_manager()

    class Meta:
        verbose_name = _("special situation")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "order", "team"],
                condition=Q(resolved_at__isnull=True),
                name="situation_one_open_per_order",
            ),
            models.UniqueConstraint(
                fields=["kind", "customer", "team"],
                condition=Q(resolved_at__isnull=True, order__isnull=True),
                name="situation_one_open_per_customer",
            ),
        ]
        indexes = [models.Index(fields=["team", "resolved_at"])]


class SituationHours(models.Model):
    """Hours a week of a person set aside for a situation while it is open."""

    situation = models.ForeignKey(Situation, models.CASCADE, related_name="hours")
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("person"))
    hours_per_week = models.DecimalField(
        _("hours a week"), max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(168)]
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("hours set aside")
        constraints = [models.UniqueConstraint(fields=["situation", "user"], name="situation_hours_once")]
