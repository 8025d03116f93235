"""The normal sale: what won orders of a sale type and tier took, that closed in the 365 days up to the day.

A row for each sale type in use and tier, one for all its tiers (no tier), and one for all together (no sale type). With
fewer than 5 sales the figures are those of the sale type, then everyone's: `basis` says whose; `sales` is the row's own.
`low`, `median` and `high` are the middle half and the median. Touches are in parts where several orders share one, minutes
without travel, `managers` and `seniors` the shares of minutes by managers and senior managers, `lost_days` the days until
lost orders were. Large pending orders are left out.

Who sees amounts or cost rates of a part only gets those figures over that part; time of people whose rate they may not see
costs nothing in them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from accounts.permissions import Area
from customers.models import SaleType
from planning.engine.normal_sale import Ended, Normal, first_day, normal_sales
from planning.loaders import load_ground
from planning.loaders.ground import so_far
from planning.loaders.sale_cost import load_sales
from planning.models import SaleFigures, SalesRun
from planning.queries.normal_sale import ENDED, all_cells, ended, in_window
from planning.queries.sold import (
    Sold,
    hidden_costs,
    hidden_in_log,
    keys_within,
    logged_sales,
    rates_for,
    stored_sales,
    within,
)
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import tier_names

PLACES = ("low", "median", "high")


def _columns(name: str, kind: Kind, area: Area | None = None) -> tuple[Column, ...]:
    return tuple(Column(f"{name}_{place}", kind, area) for place in PLACES)


COLUMNS = (
    Column("sale_type"),
    Column("tier"),
    Column("sales", Kind.COUNT),
    Column("won_share", Kind.SHARE),
    *_columns("days", Kind.DAYS),
    *_columns("touches", Kind.DAYS),
    *_columns("minutes", Kind.MINUTES),
    *_columns("cost", Kind.MONEY, Area.COST),
    *_columns("amount", Kind.MONEY, Area.AMOUNTS),
    Column("basis"),
    *_columns("people", Kind.DAYS),
    *_columns("managers", Kind.SHARE),
    *_columns("seniors", Kind.SHARE),
    *_columns("lost_days", Kind.DAYS),
)
FIGURES = ("days", "touches", "minutes", "cost", "amount", "people", "managers", "seniors", "lost_days")


def answer(asked: Asked) -> Answer:
    """As last night kept it; with a day from the log."""
    run = SalesRun.objects.first() if asked.as_of is None else None
    orders = _stored(asked, run) if run else _from_log(asked)
    types, tiers = dict(SaleType.objects.values_list("pk", "name")), tier_names()
    rows = [
        {
            "sale_type": types.get(cell.sale_type),  # type: ignore[call-overload]
            "tier": tiers.get(cell.tier),  # type: ignore[call-overload]
            "sales": normal.sales,
            "won_share": normal.won_share,
            "basis": normal.basis.value,
            **_figures(normal),
        }
        for cell, normal in normal_sales(orders, all_cells()).items()
    ]
    return Answer(rows, run.computed_at if run else asked.now)


def _figures(normal: Normal) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in FIGURES:
        figure = normal.figures.get(name)
        found |= {f"{name}_{place}": figure and getattr(figure, place) for place in PLACES}
    return found


def _stored(asked: Asked, run: SalesRun) -> Iterator[Ended]:
    rows = SaleFigures.objects.filter(
        within(asked.reader, Area.ORDERS, Area.EXPORT),
        status__in=ENDED,
        closed_on__gte=first_day(run.on),
        closed_on__lte=run.on,
        is_special=False,
    )
    rates = rates_for(asked.reader)
    return _ended(asked, stored_sales(rows), rates.cost, hidden_costs(rates, rows))


def _from_log(asked: Asked) -> Iterator[Ended]:
    sales = load_sales(so_far(load_ground(asked.on), asked.now), from_log=True)
    seen, rates = keys_within(asked.reader, Area.ORDERS, Area.EXPORT), rates_for(asked.reader)
    rows = (row for row in in_window(logged_sales(sales), asked.on) if seen is None or row.pk in seen)
    return _ended(asked, rows, rates.cost, hidden_in_log(rates, sales))


def _ended(
    asked: Asked, rows: Iterable[Sold], cost: Callable[[Sold, int], int], hidden: dict[int, int]
) -> Iterator[Ended]:
    amounts, costs = (keys_within(asked.reader, area) for area in (Area.AMOUNTS, Area.COST))
    for row in rows:
        costed = costs is None or row.pk in costs
        yield ended(
            row,
            sees_amount=_has(amounts, row.pk),
            cost=(lambda each: cost(each, hidden.get(each.pk, 0))) if costed else None,
        )


def _has(keys: Collection[int] | None, key: int) -> bool:
    return keys is None or key in keys


REPORT = Report("normal_sale", COLUMNS, answer)
