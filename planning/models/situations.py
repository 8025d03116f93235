"""What is out of the ordinary: found by a job, acknowledged by a person, resolved by itself."""

import datetime as dt
from functools import lru_cache
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Count, F, Q, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area, Scope, may, scope, teams_within
from customers.scope import EVERYTHING, hangs_on, hangs_within


def kind_choices() -> list[tuple[str, Any]]:
    """The kinds there are. Asked when they are needed: a kind knows the models, and a new one is no change of the table."""
    from planning.situations.registry import KINDS

    return [(kind.key, kind.label) for kind in KINDS]


# What a situation is about: its order, else its customer, else itself.
ABOUT = Coalesce("order_id", -F("customer_id"), "pk")

# Of a team that has sold nothing any order is more than all.
LARGEST_FIRST = (F("share").desc(nulls_first=True), "-opened_at", "pk")

# Of one kind what matters most.
PRESSING = (F("weight").desc(), *LARGEST_FIRST)


class SituationQuerySet(models.QuerySet):
    def open(self):
        return self.filter(resolved_at__isnull=True)

    def once_each(self):
        """Of each order the one of the team for which it is largest: an order may be large for a team and for those above it."""
        place = Window(RowNumber(), partition_by=["kind", ABOUT], order_by=LARGEST_FIRST)
        return self.annotate(place=place).filter(place=1).order_by(*LARGEST_FIRST)

    def loud(self):
        """Those of kinds that are told of without being asked."""
        from planning.situations.registry import LOUD

        return self.filter(kind__in=LOUD)

    def most_pressing(self):
        """Each subject once, by kind, the most pressing first."""
        from planning.situations.registry import KINDS

        place = Case(*(When(kind=kind.key, then=number) for number, kind in enumerate(KINDS)), default=len(KINDS))
        return self.once_each().order_by(place, *PRESSING)

    def how_many(self):
        """Kind and how many orders, customers, people or markets these are about, as rows."""
        return self.order_by().values_list("kind").annotate(of=Count(ABOUT, distinct=True))

    def asking(self, today):
        """Those that ask to be looked at: acknowledged by nobody, or until a day that has come."""
        return self.filter(asks(today))

    def visible_to(self, user):
        """Those within reach over budgets and situations: on visible customers, on people, on teams."""
        return self.filter(situations_within(user, Act.SEE))

    def visible_on(self, customer, seen):
        """Those of one customer, of which the reader sees these areas (customers.scope.seen_of)."""
        return self.filter(hangs_on(customer, Area.BUDGETS, seen))

    def acknowledgeable_by(self, user):
        return self.visible_to(user).filter(
            situations_within(user, Act.CHANGE),
            team__in=teams_within(user, Area.BUDGETS, Act.CHANGE).values("pk"),
        )


def asks(today: dt.date) -> Q:
    """Condition on open situations: somebody should look at them."""
    return Q(acknowledged_at__isnull=True) | Q(look_again_on__lte=today)


def situations_within(user, act: str) -> Q:
    """Condition on situations within reach over budgets and situations.

    One on a customer: the customer is visible, and the area's reach covers it. One on a person tells of absences and of how
    many customers they have: oneself, or by reach over the team in each of these areas. One on a market tells of the team's
    customers there.
    """
    hung, sees_markets = hangs_within(user, Area.BUDGETS, act), may(user, Area.RULES, Act.SEE)
    cells = ((Area.BUDGETS, act), (Area.CUSTOMERS, Act.SEE), (Area.ABSENCES, Act.SEE))
    return _within(hung, *(scope(user, *cell) for cell in cells), sees_markets, user.pk)


# It follows from reach alone, and no rows are in it: it is the same for all requests of a day.
@lru_cache(maxsize=500)
def _within(hung: Q, budgets: Scope, customers: Scope, absences: Scope, sees_markets: bool, person: int) -> Q:
    of_team, of_customers, of_absences = map(_of_team, (budgets, customers, absences))
    if sees_markets and {hung, of_team, of_customers, of_absences} == {EVERYTHING}:
        return EVERYTHING
    of_people = of_team & of_customers & of_absences
    if budgets and customers and absences:
        of_people |= Q(person=person)
    found = (Q(customer__isnull=False) & hung) | (Q(person__isnull=False) & of_people)
    return found | (Q(market__isnull=False) & of_team & of_customers) if sees_markets else found


def _of_team(reached: Scope) -> Q:
    """Condition on situations: of teams over which the reader has reach team, below or all."""
    return EVERYTHING if reached.everything else reached.teams_through("team__")


class Situation(models.Model):
    """A special situation, on a customer (and an order), a person or a market. At most one open per kind and `subject`,
    whatever runs twice.

    `found_at`: when a run first found it; `opened_at`: since when its cause holds. `weight`: how much it matters among its
    kind. `owner`: whose turn it is. `look_again_on`: acknowledged until then.
    """

    kind = models.CharField(_("kind"), max_length=30, choices=kind_choices)
    subject = models.CharField(max_length=100)
    customer = models.ForeignKey("customers.Customer", models.CASCADE, null=True, blank=True, related_name="situations")
    order = models.ForeignKey("customers.Order", models.CASCADE, null=True, blank=True, related_name="situations")
    person = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    market = models.ForeignKey("customers.Market", models.CASCADE, null=True, blank=True, related_name="situations")
    product_line = models.ForeignKey("customers.ProductLine", models.CASCADE, null=True, blank=True, related_name="+")
    team = models.ForeignKey("accounts.Team", models.PROTECT, related_name="situations")
    owner = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("whose turn")
    )
    opened_at = models.DateTimeField(_("opened"))
    found_at = models.DateTimeField()
    share = models.FloatField(_("share"), null=True, blank=True)
    weight = models.FloatField(default=0)
    evidence = models.JSONField(_("figures"), default=dict)
    checked_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("acknowledged by")
    )
    note = models.TextField(_("note"), blank=True, default="")
    look_again_on = models.DateField(_("look again on"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_because = models.CharField(_("resolved because"), max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["checked_at", "found_at", "weight", "subject"])
    objects = SituationQuerySet.as_manager()

    @property
    def about(self) -> str:
        """What it is about, by name: a customer, a person, a product line in a market."""
        if self.customer_id is None and self.person_id is None:
            return f"{self.product_line}, {self.market}" if self.product_line_id else str(self.market)
        return str(self.customer or self.person)

    class Meta:
        verbose_name = _("special situation")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(resolved_at__isnull=True), name="situation_one_open"
            ),
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | Q(person__isnull=False) | Q(market__isnull=False),
                name="situation_about_something",
            ),
        ]
        indexes = [models.Index(fields=["team", "resolved_at"]), models.Index(fields=["kind", "resolved_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.about}"


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
