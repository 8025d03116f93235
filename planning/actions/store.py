"""Stores computed figures: compares with what is there, writes rows that differ, removes what is no more."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from msgspec import Struct

from planning.breakdown import lines_of
from planning.engine.customer import CustomerFigures as Figures
from planning.engine.due import Due
from planning.engine.rules import PROSPECT
from planning.engine.shares import Staffing
from planning.engine.value import MICRO
from planning.loaders import Ground, Loaded
from planning.models import Budget, BudgetShare, CustomerFigures, DueTouch
from territory.copying import insert_rows, update_rows
from territory.rows import among


class Table(Struct, frozen=True):
    """A table of figures: the fields that name a row within it, and those that say what is in it."""

    model: type[models.Model]
    key: tuple[str, ...]
    fields: tuple[str, ...]


FIGURES = Table(
    CustomerFigures,
    ("customer_id",),
    (
        "facts_number",
        "rules_number",
        "day",
        "budget_minutes",
        "actual_minutes",
        "unknown_person_minutes",
        "implausible_touches",
        "window_days",
        "status",
        "last_touch_at",
        "next_due_on",
        "next_due_type_id",
        "next_due_person_id",
    ),
)
BUDGETS = Table(
    Budget,
    ("customer_id", "role_id"),
    ("touch_minutes", "travel_minutes", "other_minutes", "actual_minutes", "status", "breakdown"),
)
SHARES = Table(
    BudgetShare,
    ("customer_id", "role_id", "membership_id"),
    ("team_id", "share", "is_prospecting", "touch_minutes", "travel_minutes", "other_minutes"),
)
DUE = Table(
    DueTouch,
    ("customer_id", "role_id", "touch_type_id"),
    (
        "rule_id",
        "own_rule_id",
        "person_id",
        "due_on",
        "interval_days",
        "last_touch_at",
        "minutes",
        "travel_minutes",
        "value",
        "value_is_set",
    ),
)

Rows = dict[tuple, tuple]


class Store:
    """What is stored of some customers. To be used inside the transaction that holds their figures' rows."""

    def __init__(self, ids: Sequence[int], ground: Ground, now: dt.datetime) -> None:
        self.ids = ids
        self.ground = ground
        self.now = now

    def save(self, loaded: Loaded, marks: dict[int, int]) -> int:
        """Make what is stored equal to what was computed; returns how many rows were written or removed."""
        figures: Rows = {}
        budgets: Rows = {}
        shares: Rows = {}
        dues: Rows = {}
        for row in loaded.figures():
            customer = row.facts.key
            figures[(customer,)] = self._figures(row, loaded, marks.get(customer, 0))
            for role in row.roles:
                budget = role.budget
                budgets[(customer, budget.role)] = (
                    budget.touch_minutes,
                    budget.travel_minutes,
                    budget.other_minutes,
                    role.actual,
                    role.status or "",
                    lines_of(budget),
                )
                shares.update(_shares(row, budget, loaded.memberships))
            dues.update(((customer, due.rule.role, due.rule.touch_type), _due(due)) for due in row.dues)
        self._without_history(figures, marks)
        written = self._write(BUDGETS, budgets) + self._write(SHARES, shares) + self._write(DUE, dues)
        return written + self._write(FIGURES, figures, computed_at=self.now)

    def _figures(self, row: Figures, loaded: Loaded, mark: int) -> tuple:
        first = min(row.dues, key=lambda due: (due.due_on, -due.score, due.rule.key), default=None)
        return (
            mark,
            self.ground.rules_number,
            self.ground.on,
            row.budget,
            row.actual,
            row.unknown,
            row.implausible,
            row.window.days,
            row.status or "",
            loaded.last_at(row.facts.key),
            first.due_on if first else None,
            first.rule.touch_type if first else None,
            first.person if first else None,
        )

    def _without_history(self, figures: Rows, marks: dict[int, int]) -> None:
        """Live customers whose history has not begun get empty figures, so that they are not stale for ever."""
        computed = {key[0] for key in figures}
        live = CustomerFigures.objects.filter(among("customer_id", self.ids), customer__archived_at__isnull=True)
        for customer in live.values_list("customer_id", flat=True):
            if customer not in computed:
                stamp = (marks.get(customer, 0), self.ground.rules_number, self.ground.on)
                figures[(customer,)] = (*stamp, 0.0, None, 0.0, 0, 0, "", None, None, None, None)

    def _write(self, table: Table, wanted: Rows, **stamp: Any) -> int:
        rows = table.model._default_manager.filter(among("customer_id", self.ids)).order_by()
        stored = {}
        for pk, *values in rows.values_list("pk", *table.key, *table.fields):
            stored[tuple(values[: len(table.key)])] = (pk, tuple(values[len(table.key) :]))
        gone = [pk for key, (pk, _) in stored.items() if key not in wanted]
        new = [(None, key, values) for key, values in wanted.items() if key not in stored]
        other = [
            (stored[key][0], key, values)
            for key, values in wanted.items()
            if key in stored and stored[key][1] != values
        ]
        if gone:
            table.model._default_manager.filter(pk__in=gone).delete()
        if new:
            _insert(table, new, stamp)
        if other:
            _update(table, other, stamp)
        return len(gone) + len(new) + len(other)


def _insert(table: Table, rows: Iterable[tuple], stamp: dict[str, Any]) -> None:
    columns, stamped = (*table.key, *table.fields, *stamp), tuple(stamp.values())
    insert_rows(table.model, columns, [(*key, *values, *stamped) for _, key, values in rows])


def _update(table: Table, rows: Iterable[tuple], stamp: dict[str, Any]) -> None:
    stamped = tuple(stamp.values())
    update_rows(table.model, (*table.fields, *stamp), [(pk, *values, *stamped) for pk, _, values in rows])


def _shares(row: Figures, budget: Any, memberships: dict[int, int]) -> Rows:
    """The parts of a budget by membership, and the unstaffed part, which is the customer's team's."""
    staffing: Staffing = budget.staffing
    parts = [(memberships[part.assigned.key], part.assigned.team, part.share) for part in staffing.parts]
    if staffing.unstaffed:
        parts.append((None, row.facts.team, staffing.unstaffed))
    customer, prospecting = row.facts.key, row.facts.stage == PROSPECT
    touch, travel, other = budget.touch_minutes, budget.travel_minutes, budget.other_minutes
    found: Rows = {}
    for membership, team, share in parts:
        key = (customer, budget.role, membership)
        if key in found:
            share += found[key][1]
        found[key] = (team, share, prospecting, touch * share, travel * share, other * share)
    return found


def _in_utc(moment: dt.date | None) -> dt.date | None:
    """As it is read again: an instant of an hour that clocks give twice equals itself in no other zone."""
    return moment.astimezone(dt.UTC) if isinstance(moment, dt.datetime) else moment


def _due(due: Due) -> tuple:
    rule = due.rule
    return (
        None if rule.own else rule.key,
        rule.key if rule.own else None,
        due.person,
        due.due_on,
        rule.interval,
        _in_utc(due.last),
        due.minutes,
        due.travel.minutes if due.travel else 0.0,
        due.worth.amount.quantize(MICRO),
        due.worth.is_set,
    )
