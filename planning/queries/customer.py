"""What planning knows about one customer: budgets with their reasons, what is due next, what is out of the ordinary."""

import datetime as dt

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Area
from customers.models import ContactRole, Customer, PlannedTouch, TouchType
from customers.scope import hangs_on, seen_of
from planning.models import Budget, ContactRule, CustomerFigures, CustomerRule, DueTouch, Period
from planning.staleness import stale_customers
from territory import clock
from territory.together import Asking, prepared


class BudgetCard(Struct, frozen=True):
    """A role's budget: minutes a month, actual, how far it is kept, and the lines that say why."""

    role: str
    minutes: float
    actual: float | None
    status: str
    lines: list[tuple[str, float]]

    @property
    def percent(self) -> float | None:
        return None if self.actual is None or not self.minutes else self.actual / self.minutes * 100


class CustomerBudgets(Struct, frozen=True):
    """All budgets of a customer, when and over which window they were computed, and whether newer facts wait."""

    cards: list[BudgetCard]
    figures: CustomerFigures
    is_stale: bool


# Of roles, types and people the names alone: whole rows of them would cost more than the figures.
_OF_BUDGET = (
    *("touch_minutes", "travel_minutes", "other_minutes", "actual_minutes", "status", "breakdown"),
    "role__name",
)


def budgets(customer: Customer) -> Asking[CustomerBudgets | None]:
    """The stored budgets; None before they were first computed."""
    stored, rows = yield [_figures(customer.pk, clock.company_today()), _budgets(customer.pk)]
    if not stored:
        return None
    names = yield from _names(rows)
    cards = [
        BudgetCard(
            row.role.name, row.minutes, row.actual_minutes, row.status, [names.line(line) for line in row.breakdown]
        )
        for row in rows
    ]
    return CustomerBudgets(cards, stored[0], stored[0].is_stale)


@prepared
def _figures(customer: int, today: dt.date) -> QuerySet[CustomerFigures]:
    stale = stale_customers(today).filter(pk=OuterRef("pk"))
    return CustomerFigures.objects.filter(customer=customer).annotate(is_stale=Exists(stale))


@prepared
def _budgets(customer: int) -> QuerySet[Budget]:
    return Budget.objects.filter(customer=customer).select_related("role").only(*_OF_BUDGET)


def _names(rows: list[Budget]) -> Asking["_Names"]:
    """Words for what the budgets' lines are about."""
    lines = [line for row in rows for line in row.breakdown]
    touches = [line for line in lines if line["kind"] == "contact rule"]
    own = [line for line in lines if line["kind"] == "own rule"]
    found = yield [
        _by_key(ContactRule, frozenset(line["rule"] for line in touches)),
        _by_key(CustomerRule, frozenset(line["rule"] for line in own)),
        _by_key(TouchType, frozenset(line["about"] for line in [*touches, *own])),
        _by_key(ContactRole, frozenset(line["about"] for line in lines if line["kind"] == "contacts")),
    ]
    return _Names(*({row.pk: row for row in named} for named in found))


@prepared
def _by_key(model: type[Model], pks: frozenset[int]) -> QuerySet:
    return model._default_manager.filter(pk__in=pks).order_by()


class _Names(Struct, frozen=True):
    """Words for the keys that stored lines hold."""

    rules: dict[int, ContactRule]
    own_rules: dict[int, CustomerRule]
    types: dict[int, TouchType]
    contact_roles: dict[int, ContactRole]

    def line(self, line: dict) -> tuple[str, float]:
        """One reason in words, with its minutes a month."""
        return getattr(self, f"_{line['kind'].replace(' ', '_')}")(line), line["minutes"] + line["travel_minutes"]

    def _contact_rule(self, line: dict) -> str:
        return self._touches(line, self.rules.get(line["rule"]))

    def _own_rule(self, line: dict) -> str:
        rule = self.own_rules[line["rule"]]
        if not line["per_month"]:
            return _("No %(type)s, own rule: %(reason)s") % {
                "type": self.types[line["about"]].name,
                "reason": rule.reason,
            }
        return _("%(touches)s, own rule: %(reason)s") % {"touches": self._touches(line, rule), "reason": rule.reason}

    def _touches(self, line: dict, rule: ContactRule | CustomerRule | None) -> str:
        often = f"{line['per_month']:g}", Period.MONTH.label
        if rule:
            often = str(rule.count), rule.get_period_display()
        words = {
            "count": often[0],
            "type": self.types[line["about"]].name if line["about"] in self.types else _("touch"),
            "period": often[1],
            "each": f"{line['each']:g}",
            "travel": f"{line['travel_each'] or 0:.1f}",
        }
        if line["travel_unknown"]:
            return _("%(count)s x %(type)s a %(period)s x %(each)s min, travel unknown") % words
        if line["travel_each"] is not None:
            return _("%(count)s x %(type)s a %(period)s x (%(each)s + %(travel)s travel)") % words
        return _("%(count)s x %(type)s a %(period)s x %(each)s min") % words

    def _orders(self, line: dict) -> str:
        return _("%(count)s orders a month x %(each)s min") % {
            "count": f"{line['per_month']:.2f}",
            "each": f"{line['each']:g}",
        }

    def _contacts(self, line: dict) -> str:
        role = self.contact_roles.get(line["about"])
        words = {"count": f"{line['per_month']:g}", "role": role or _("contact"), "each": f"{line['each']:g}"}
        return _("Contacts: %(count)s x %(role)s x %(each)s min") % words

    def _team_selling(self, line: dict) -> str:
        count = round(line["per_month"])
        words = {"count": count, "each": f"{line['each']:g}"}
        return (
            ngettext(
                "Team selling: %(count)s person beyond the first x %(each)s min",
                "Team selling: %(count)s people beyond the first x %(each)s min",
                count,
            )
            % words
        )


class NextTouch(Struct, frozen=True):
    """A touch that is due or planned, whose, and how late it is."""

    touch_type: TouchType
    person: User | None
    due_on: dt.date
    overdue_days: int
    planned: PlannedTouch | None = None
    own: bool = False


def _of_type(field: str) -> tuple[str, ...]:
    return f"{field}__name", f"{field}__icon", f"{field}__position"


def next_touches(user: User, customer: Customer, count: int = 8) -> Asking[list[NextTouch]]:
    """What contact rules ask for next and what is planned, soonest first; what is planned stands for its rule's row."""
    today = clock.today(user)
    seen = seen_of(customer)
    planned, due = yield [_planned(customer.pk, seen), _due(customer.pk, seen)]
    planned_types = {row.type_id for row in planned}
    rows = [NextTouch(row.type, row.assignee, row.due_on, (today - row.due_on).days, row) for row in planned]
    rows += [
        NextTouch(row.touch_type, row.person, row.due_on, (today - row.due_on).days, own=row.own_rule_id is not None)
        for row in due
        if row.touch_type_id not in planned_types
    ]
    return sorted(rows, key=lambda row: (row.due_on, row.touch_type.position))[:count]


@prepared
def _planned(customer: int, seen: tuple[str, ...]) -> QuerySet[PlannedTouch]:
    rows = PlannedTouch.objects.open().visible_on(customer, seen).select_related("type", "assignee")
    return rows.only("due_on", "source", "reason", "assignee__name", *_of_type("type"))


@prepared
def _due(customer: int, seen: tuple[str, ...]) -> QuerySet[DueTouch]:
    rows = DueTouch.objects.filter(hangs_on(customer, Area.BUDGETS, seen)).select_related("touch_type", "person")
    return rows.only("due_on", "own_rule", "person__name", *_of_type("touch_type"))
