"""Cost of sale: what sales cost and brought, by sale type, team, salesperson or month of closing.

`line` sales: orders won of the key, what they cost by part, what they brought, the cost of 100 of business, the median and the
mean cost of an order; beside it `lost_orders` and `lost`, what lost orders of the same key cost. Then, whatever the rows are
by, lines of their own: lost sales, open orders, keeping customers, courses still open, courses that brought no order, and
overhead of months without work. All `total` together are all minutes at their cost per hour, what touches cost besides, and
all approved expenses, to the cent. `other` are samples, other expenses and what touches cost besides that are no demos.

A sale counts whole on the day it closed; what belongs to no order in the months that the window touches. `unknown_minutes`
have no cost per hour that the reader may see, and cost nothing here. `touches`, `minutes` and `travel_minutes` are what all
that took; team overhead has none.
"""

import datetime as dt
from collections.abc import Hashable, Sequence
from typing import Any

from django.db.models import Q

from accounts.permissions import Act, Area, may, teams_within
from customers.models import SaleType
from planning.engine.cost_lines import Spent, Sums, Told, lines_of
from planning.loaders import load_ground
from planning.loaders.ground import so_far
from planning.loaders.sale_cost import load_sales
from planning.models import SalesRun
from planning.queries.cost_of_sale import BY, Days, logged_sums, stored_sums
from planning.queries.sold import keys_within, rates_for, within
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import people_names, team_names

COLUMNS = (
    Column("key"),
    Column("orders", Kind.COUNT),
    Column("time", Kind.MONEY, Area.COST),
    Column("travel", Kind.MONEY, Area.COST),
    Column("demos", Kind.MONEY, Area.COST),
    Column("overhead", Kind.MONEY, Area.COST),
    Column("total", Kind.MONEY, Area.COST),
    Column("business", Kind.MONEY, Area.AMOUNTS),
    Column("per_100", Kind.MONEY, Area.COST),
    Column("line"),
    Column("other", Kind.MONEY, Area.COST),
    Column("median", Kind.MONEY, Area.COST),
    Column("mean", Kind.MONEY, Area.COST),
    Column("lost_orders", Kind.COUNT),
    Column("lost", Kind.MONEY, Area.COST),
    Column("unknown_minutes", Kind.MINUTES),
    Column("touches", Kind.DAYS),
    Column("minutes", Kind.MINUTES),
    Column("travel_minutes", Kind.MINUTES),
)

# How the lines that follow the sales are called.
KEYS = {
    Told.LOST: "lost sales",
    Told.OPEN: "open orders",
    Told.KEEPING: "keeping customers",
    Told.PROSPECTING: "courses still open",
    Told.NO_ORDER: "courses that brought no order",
    Told.UNSHARED: "overhead of months without work",
}


def answer(asked: Asked) -> Answer:
    """As last night kept it; with a day from the log."""
    if asked.reader is not None and not may(asked.reader, Area.COST, Act.SEE):
        return Answer([], asked.now)
    by = asked.by or BY[0]
    run = SalesRun.objects.first() if asked.as_of is None else None
    on = run.on if run else asked.on
    days = Days(asked.starts_on, min(asked.until, on), on)
    sums = _stored(asked, by, days) if run else _from_log(asked, by, days)
    names = _names(by, sums)
    lines = lines_of(sums, _ordered(by, names, sums))
    return Answer([_row(line, names) for line in lines], run.computed_at if run else asked.now)


def _stored(asked: Asked, by: str, days: Days) -> Sums:
    orders, teams = within(asked.reader, Area.ORDERS, Area.COST, Area.EXPORT), _teams(asked)
    unsold = Q() if teams is None else Q(team__in=teams)
    sees = asked.reader is None or may(asked.reader, Area.AMOUNTS, Act.SEE)
    amounts = within(asked.reader, Area.AMOUNTS) if sees else None
    return stored_sums(orders, unsold, by, days, rates_for(asked.reader), amounts)


def _from_log(asked: Asked, by: str, days: Days) -> Sums:
    sales = load_sales(so_far(load_ground(asked.on), asked.now), from_log=True)
    seen = keys_within(asked.reader, Area.ORDERS, Area.COST, Area.EXPORT)
    amounts, teams = keys_within(asked.reader, Area.AMOUNTS), _teams(asked)
    sums = logged_sums(
        sales,
        by,
        days,
        rates_for(asked.reader),
        seen=lambda key: seen is None or key in seen,
        sees_amount=lambda key: amounts is None or key in amounts,
        sees_team=lambda key: teams is None or key in teams,
    )
    sums.sees_business = asked.reader is None or may(asked.reader, Area.AMOUNTS, Act.SEE)
    return sums


def _teams(asked: Asked) -> set[int] | None:
    """Teams whose totals of cost the reader may see and export; None: all."""
    if asked.reader is None:
        return None
    exported = teams_within(asked.reader, Area.EXPORT, Act.SEE).values("pk")
    return set(teams_within(asked.reader, Area.COST, Act.SEE).filter(pk__in=exported).values_list("pk", flat=True))


def _names(by: str, sums: Sums) -> dict[Any, str]:
    """How the rows are called, in their own order."""
    if by == "type":
        return dict(SaleType.objects.order_by("position", "name").values_list("pk", "name"))
    if by == "month":
        months = sorted({key for key, _status in sums.orders if isinstance(key, dt.date)})
        return {month: f"{month:%Y-%m}" for month in months}
    return team_names() if by == "team" else people_names()


def _ordered(by: str, names: dict[Any, str], sums: Sums) -> Sequence[Hashable | None]:
    """Sale types and months in their order, teams and people by what their sales cost; what has no name last."""
    if by in ("type", "month"):
        return [*names, None]
    return [*sorted(names, key=lambda key: (-_won(sums, key), names[key])), None]


def _won(sums: Sums, key: Hashable) -> int:
    found = sums.orders.get((key, "won"))
    return found.total if found else 0


def _row(line: Spent, names: dict[Any, str]) -> dict[str, Any]:
    is_of_sales = line.told is Told.SALES
    return {
        "key": names.get(line.key) if is_of_sales else KEYS[line.told],
        "orders": line.orders,
        **line.parts,
        "total": line.total,
        "business": line.business,
        "per_100": line.per_100,
        "line": line.told.value,
        "median": line.median,
        "mean": line.mean,
        "lost_orders": line.lost_orders,
        "lost": line.lost,
        "unknown_minutes": line.unknown_seconds / 60,
        "touches": line.touches,
        "minutes": (line.seconds - line.travel_seconds) / 60,
        "travel_minutes": line.travel_seconds / 60,
    }


REPORT = Report("cost_of_sale", COLUMNS, answer, by=BY, takes_window=True)
