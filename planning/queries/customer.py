"""What planning knows about one customer: budgets with their reasons, what is due next, what is out of the ordinary."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from customers.models import ContactRole, Customer, PlannedTouch, TouchType
from planning.models import Budget, ContactRule, CustomerFigures, DueTouch, Period
from planning.staleness import stale_customers
from territory import clock
from territory.together import Asking


@dataclass(frozen=True)
class BudgetCard:
    """A role's budget: minutes a month, actual, how far it is kept, and the lines that say why."""

    role: str
    minutes: float
    actual: float | None
    status: str
    lines: list[tuple[str, float]]

    @property
    def percent(self) -> float | None:
        return None if self.actual is None or not self.minutes else self.actual / self.minutes * 100


@dataclass(frozen=True)
class CustomerBudgets:
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
    stale = stale_customers(clock.company_today()).filter(pk=OuterRef("pk"))
    stored, rows = yield [
        CustomerFigures.objects.filter(customer=customer).annotate(is_stale=Exists(stale)),
        Budget.objects.filter(customer=customer).select_related("role").only(*_OF_BUDGET),
    ]
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


def _names(rows: list[Budget]) -> Asking["_Names"]:
    """Words for what the budgets' lines are about."""
    lines = [line for row in rows for line in row.breakdown]
    touches = [line for line in lines if line["kind"] == "contact rule"]
    found = yield [
        ContactRule.objects.filter(pk__in={line["rule"] for line in touches}).order_by(),
        TouchType.objects.filter(pk__in={line["about"] for line in touches}).order_by(),
        ContactRole.objects.filter(pk__in={line["about"] for line in lines if line["kind"] == "contacts"}).order_by(),
    ]
    return _Names(*({row.pk: row for row in named} for named in found))


@dataclass(frozen=True)
class _Names:
    """Words for the keys that stored lines hold."""

    rules: dict[int, ContactRule]
    types: dict[int, TouchType]
    contact_roles: dict[int, ContactRole]

    def line(self, line: dict) -> tuple[str, float]:
        """One reason in words, with its minutes a month."""
        return getattr(self, f"_{line['kind'].replace(' ', '_')}")(line), line["minutes"] + line["travel_minutes"]

    def _contact_rule(self, line: dict) -> str:
        rule = self.rules.get(line["rule"])
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


@dataclass(frozen=True)
class NextTouch:
    """A touch that is due or planned, whose, and how late it is."""

    touch_type: TouchType
    person: User | None
    due_on: dt.date
    overdue_days: int
    planned: PlannedTouch | None = None


def _of_type(field: str) -> tuple[str, ...]:
    return f"{field}__name", f"{field}__icon", f"{field}__position"


def next_touches(user: User, customer: Customer, count: int = 8) -> Asking[list[NextTouch]]:
    """What contact rules ask for next and what is planned, soonest first; what is planned stands for its rule's row."""
    today = clock.today(user)
    due = DueTouch.objects.filter(customer=customer) if customer.budgets_seen else DueTouch.objects.none()
    planned = PlannedTouch.objects.open().visible_on(customer)
    planned, due = yield [
        planned.select_related("type", "assignee").only(
            "due_on", "source", "reason", "assignee__name", *_of_type("type")
        ),
        due.select_related("touch_type", "person").only("due_on", "person__name", *_of_type("touch_type")),
    ]
    planned_types = {row.type_id for row in planned}
    rows = [NextTouch(row.type, row.assignee, row.due_on, (today - row.due_on).days, row) for row in planned]
    rows += [
        NextTouch(row.touch_type, row.person, row.due_on, (today - row.due_on).days)
        for row in due
        if row.touch_type_id not in planned_types
    ]
    return sorted(rows, key=lambda row: (row.due_on, row.touch_type.position))[:count]
