"""The lines of a budget as they are stored, and read again for "why 102 minutes?"."""

from typing import Any

from planning.engine.budget import Budget

DECIMALS = 6


def lines_of(budget: Budget) -> list[dict[str, Any]]:
    """One mapping a line: kind, rule, about (touch type or contact role), how often, minutes of one, minutes a month.

    Minutes are rounded to 6 decimals, for reading; the parts beside them are not rounded.
    """
    return [
        {
            "kind": line.kind,
            "rule": line.rule,
            "about": line.about,
            "per_month": round(line.per_month, DECIMALS),
            "each": round(line.each, DECIMALS),
            "travel_each": None if line.travel_each is None else round(line.travel_each, DECIMALS),
            "travel_unknown": line.travel_unknown,
            "minutes": round(line.minutes, DECIMALS),
            "travel_minutes": round(line.travel_minutes, DECIMALS),
        }
        for line in budget.lines
    ]
