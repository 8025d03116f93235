"""What a change of rules does: the same customers under the rules in force and under the changed ones, compared.

A `Tally` takes up one side customer by customer, chunk after chunk; an `Effect` holds two of them. Figures of a tally
are sums of what is stored of customers once the rules are in force: budgets, shares, due touches, today's lists.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, field

from planning.engine.customer import CustomerFigures
from planning.engine.due import Candidate
from planning.engine.reordering import FIRST_ROWS, Place, places
from planning.engine.rules import Key
from planning.engine.workload_facts import BudgetShare

#: customers named with their budgets before and after
LARGEST = 5

#: how far ahead touches are counted
SOON = timedelta(weeks=4)


def times_due(due_on: date, step: int, today: date) -> int:
    """How often a rule asks for a touch from today until SOON, when each is made on its day: every `step` days."""
    left = (today + SOON - max(due_on, today)).days
    return 0 if left < 0 else left // step + 1


class Tally(Struct):
    """One side. `minutes`: a month, by role and tier; `due`: touches that rules ask for by today; `due_soon`: those that
    they ask for until SOON, each made on its day and overdue ones today; `covered`: touch and travel minutes, by person and
    customer, of who is covered on chosen customers."""

    today: date
    minutes: dict[tuple[Key, Key | None], float] = field(default_factory=lambda: defaultdict(float))
    tiers: dict[Key | None, int] = field(default_factory=lambda: defaultdict(int))
    status: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    due: int = 0
    due_soon: int = 0
    covered: dict[Key, dict[Key, float]] = field(default_factory=dict)
    _shares: dict[tuple, list[float]] = field(default_factory=dict)
    _candidates: dict[Key, list[Candidate]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: CustomerFigures) -> None:
        """Take up a customer's figures."""
        self.tiers[row.facts.tier] += 1
        self.status[row.status or ""] += 1
        for role in row.roles:
            self.minutes[(role.budget.role, row.facts.tier)] += role.budget.minutes
        self.due += sum(due.due_on <= self.today for due in row.dues)
        self.due_soon += sum(times_due(due.due_on, due.rule.step, self.today) for due in row.dues)

    def add_shares(self, shares: Iterable[BudgetShare], covered: Mapping[Key, Mapping[Key, float]]) -> None:
        """Take up some customers' shares of budgets, already summed."""
        for person, by_customer in covered.items():
            self.covered.setdefault(person, {}).update(by_customer)
        for share in shares:
            total = self._shares.setdefault((share.person, share.team, share.prospecting), [0.0, 0.0, 0.0])
            for place, minutes in enumerate((share.touch, share.travel, share.other)):
                total[place] += minutes

    def add_candidate(self, person: Key, row: Candidate) -> None:
        """Take up what could stand on a person's list of the day."""
        self._candidates[person].append(row)

    @property
    def shares(self) -> list[BudgetShare]:
        return [BudgetShare(*place, *minutes) for place, minutes in self._shares.items()]

    def lists(self) -> dict[Key, list[Place]]:
        """Each person's list of the day, best first."""
        return {person: places(rows, self.today) for person, rows in self._candidates.items()}


class DayChange(Struct, frozen=True):
    """What changes on a person's list of the day: how many rows, which of the first come and go, whether those that
    stay stand in another order."""

    person: Key
    before: int
    after: int
    come: list[Place]
    go: list[Place]
    reordered: bool


class Effect(Struct):
    """Two sides and what differs between them. `largest`: customers by the change of their budget, largest first."""

    before: Tally
    after: Tally
    customers: int = 0
    touched: int = 0
    _largest: list[tuple[float, Any, float, float]] = field(default_factory=list)

    def compare(self, before: CustomerFigures | None, after: CustomerFigures | None) -> None:
        """Take up a customer on both sides; None where its history has not begun there."""
        self.customers += 1
        if before:
            self.before.add(before)
        if after:
            self.after.add(after)
        if _essence(before) == _essence(after):
            return
        self.touched += 1
        old, new = before.budget if before else 0.0, after.budget if after else 0.0
        key = (before or after).facts.key  # type: ignore[union-attr]
        if old != new:
            heapq.heappush(self._largest, (abs(new - old), key, old, new))
            if len(self._largest) > LARGEST:
                heapq.heappop(self._largest)

    @property
    def largest(self) -> list[tuple[Key, float, float]]:
        return [(key, old, new) for _, key, old, new in sorted(self._largest, key=lambda row: (-row[0], row[1]))]

    def day_changes(self) -> list[DayChange]:
        """Whose list of the day changes, and how."""
        before, after = self.before.lists(), self.after.lists()
        people = list(dict.fromkeys([*before, *after]))
        found = (_day_change(person, before.get(person, []), after.get(person, [])) for person in people)
        return [change for change in found if change]


def _day_change(person: Key, before: Sequence[Place], after: Sequence[Place]) -> DayChange | None:
    if before == after:
        return None
    first_before, first_after = before[:FIRST_ROWS], after[:FIRST_ROWS]
    there, still = set(after), set(before)
    return DayChange(
        person,
        len(before),
        len(after),
        come=[place for place in first_after if place not in first_before],
        go=[place for place in first_before if place not in first_after],
        reordered=[place for place in before if place in there] != [place for place in after if place in still],
    )


def _essence(row: CustomerFigures | None) -> tuple | None:
    """What is stored of a customer and follows from rules."""
    if row is None:
        return None
    budgets = tuple(
        (
            role.budget.role,
            role.budget.touch_minutes,
            role.budget.travel_minutes,
            role.budget.other_minutes,
            role.actual,
            role.status,
        )
        for role in row.roles
    )
    dues = tuple(
        (
            due.rule.own,
            due.rule.key,
            due.rule.touch_type,
            due.person,
            due.due_on,
            due.rule.interval,
            due.minutes,
            due.travel.minutes if due.travel else 0.0,
            due.worth.amount,
        )
        for due in row.dues
    )
    return row.facts.stage, row.facts.tier, row.status, budgets, dues
