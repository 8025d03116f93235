"""Budgets: what each customer needs of each role, what it really gets, and whether that is over, under or as
planned.
"""

from collections.abc import Iterable
from typing import Any

from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import computed_at, customer_names, figures_as_of, role_names, stored_budgets

COLUMNS = (
    Column("customer"),
    Column("role"),
    Column("minutes", Kind.MINUTES),
    Column("touch_minutes", Kind.MINUTES),
    Column("travel_minutes", Kind.MINUTES),
    Column("other_minutes", Kind.MINUTES),
    Column("actual", Kind.MINUTES),
    Column("status"),
)


def answer(asked: Asked) -> Answer:
    """Stored budgets; with a day those of that day, from the log. By customer, then role."""
    stored = asked.as_of is None
    rows = _stored(asked) if stored else _as_of(asked)
    customers, roles = customer_names(), role_names()
    position = {role: number for number, role in enumerate(roles)}
    named = sorted(rows, key=lambda row: (customers[row[0]], position[row[1]]))
    found = [_row(customers[customer], roles[role], *figures) for customer, role, *figures in named]
    return Answer(found, computed_at(asked) if stored else asked.now)


def _row(
    customer: str, role: str, touch: float, travel: float, other: float, actual: Any, status: str
) -> dict[str, Any]:
    return {
        "customer": customer,
        "role": role,
        "minutes": touch + travel + other,
        "touch_minutes": touch,
        "travel_minutes": travel,
        "other_minutes": other,
        "actual": actual,
        "status": status or None,
    }


def _stored(asked: Asked) -> Iterable[tuple]:
    return (
        stored_budgets(asked)
        .order_by()
        .values_list(
            "customer_id", "role_id", "touch_minutes", "travel_minutes", "other_minutes", "actual_minutes", "status"
        )
    )


def _as_of(asked: Asked) -> Iterable[tuple]:
    figures, _ = figures_as_of(asked)
    for row in figures:
        for role in row.roles:
            budget = role.budget
            parts = (budget.touch_minutes, budget.travel_minutes, budget.other_minutes)
            yield row.facts.key, budget.role, *parts, role.actual, role.status


REPORT = Report("budgets", COLUMNS, answer)
