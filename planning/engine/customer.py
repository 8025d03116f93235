"""Everything that is computed for one customer on one day: budgets with their actual, due touches, the sums of both."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from msgspec import Struct, field

from planning.engine.actual import SHORTEST_WINDOW, Window, minutes_per_month, status, window_length
from planning.engine.actual import window as window_on
from planning.engine.budget import Budget, budgets
from planning.engine.calendar import WorkCalendar
from planning.engine.cover import NOBODY_AWAY, Away
from planning.engine.due import Due, due_touches
from planning.engine.facts import CustomerFacts
from planning.engine.own_rules import OwnRules
from planning.engine.rules import Key, Rules
from planning.engine.travel import Place
from planning.engine.value import ValueTable


class Context(Struct, frozen=True):
    """What is the same for all customers of a day: rules, values, calendar, people's bases, who is away and who
    stands in.
    """

    on: date
    rules: Rules
    values: ValueTable
    calendar: WorkCalendar
    bases: Mapping[Key, Place] = field(default_factory=dict)
    away: Away = NOBODY_AWAY
    over_above: float = 1.25
    under_below: float = 0.75


class Spent(Struct, frozen=True):
    """Minutes spent on a customer in each window asked for (by its length in days), from the beginning of the stage.

    ``by_role``: role -> window -> minutes; ``unknown``: touches by a person unknown; ``others``: people whose role
    then is not known. ``implausible``: touches whose minutes were left out.
    """

    by_role: Mapping[Key, Mapping[int, float]] = field(default_factory=dict)
    unknown: Mapping[int, float] = field(default_factory=dict)
    others: Mapping[int, float] = field(default_factory=dict)
    implausible: Mapping[int, int] = field(default_factory=dict)

    def by(self, role: Key, days: int) -> float:
        return self.by_role.get(role, {}).get(days, 0.0)

    def whole(self, days: int) -> float:
        """All minutes: of every role, of people unknown, of people whose role is not known."""
        roles = sum(minutes.get(days, 0.0) for minutes in self.by_role.values())
        return roles + self.unknown.get(days, 0.0) + self.others.get(days, 0.0)


NOTHING_SPENT = Spent()


class RoleFigures(NamedTuple):
    """A budget with the time really given; ``actual`` None while it is too early."""

    budget: Budget
    actual: float | None
    status: str | None


class CustomerFigures(Struct, frozen=True):
    """A customer's figures: by role, and in sum over all roles and persons unknown in the longest of their windows."""

    facts: CustomerFacts
    roles: tuple[RoleFigures, ...]
    dues: tuple[Due, ...]
    budget: float
    actual: float | None
    unknown: float
    status: str | None
    window: Window
    implausible: int


def windows(rules: Rules, own: Iterable[OwnRules] = ()) -> frozenset[int]:
    """Every length of window that these rules, and customers' own ones, can ask for, in days."""
    lengths = {SHORTEST_WINDOW}
    for rule in rules.contact_rules:
        lengths.add(window_length(rule.interval))
    for found in own:
        lengths.update(window_length(row.rule.interval) for row in found.in_force.values() if row.rule is not None)
    return frozenset(lengths)


def compute(facts: CustomerFacts, spent: Spent, context: Context) -> CustomerFigures:
    """All figures of a customer. Pure: the same facts, rules and day give the same figures, to the last bit."""
    found = budgets(facts, context.rules, context.bases)
    roles = tuple(_role(budget, facts, spent, context) for budget in found)
    longest = max((budget.longest_interval for budget in found), default=0.0)
    window, days = _window(context.on, longest, facts)
    whole = sum(budget.minutes for budget in found)
    made = minutes_per_month(spent.whole(days), window)
    return CustomerFigures(
        facts=facts,
        roles=roles,
        dues=tuple(
            due_touches(facts, context.rules, context.bases, context.calendar, context.away, context.values, context.on)
        ),
        budget=whole,
        actual=made,
        unknown=minutes_per_month(spent.unknown.get(days, 0.0), window) or 0.0,
        status=status(made, whole, context.over_above, context.under_below),
        window=window,
        implausible=spent.implausible.get(days, 0),
    )


def _role(budget: Budget, facts: CustomerFacts, spent: Spent, context: Context) -> RoleFigures:
    window, days = _window(context.on, budget.longest_interval, facts)
    made = minutes_per_month(spent.by(budget.role, days), window)
    return RoleFigures(budget, made, status(made, budget.minutes, context.over_above, context.under_below))


def _window(on: date, longest: float, facts: CustomerFacts) -> tuple[Window, int]:
    return window_on(on, longest, facts.began_on), window_length(longest)
