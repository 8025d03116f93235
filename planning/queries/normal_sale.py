"""The normal sale (domain 3.6) of orders that ended in the 365 days up to a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from customers.models import OrderStatus, SaleType, Tier
from planning.engine.normal_sale import Cell, Ended, first_day
from planning.engine.sale_cost import units_of
from planning.queries.sold import Sold

ENDED = (OrderStatus.WON, OrderStatus.LOST)


def all_cells() -> list[Cell]:
    """Each sale type in use by tier and over all tiers, then all together; in their own order."""
    types = list(SaleType.objects.live().values_list("pk", flat=True))
    tiers = list(Tier.objects.live().values_list("pk", flat=True))
    return [*(Cell(sale_type, tier) for sale_type in types for tier in [*tiers, None]), Cell()]


def in_window(rows: Iterable[Sold], on: dt.date) -> Iterator[Sold]:
    """Those that ended in the window, without those that were special while pending."""
    first = first_day(on)
    return (row for row in rows if row.closed_on and first <= row.closed_on <= on and not row.is_special)


def ended(
    row: Sold,
    *,
    sees_amount: bool = True,
    cost: Callable[[Sold], int] | None = None,
    cost_below: Callable[[Sold], int] | None = None,
) -> Ended:
    """An order with its figures; `cost` and `cost_below` say what it cost in grains, None: nobody is to know."""
    minutes = row.seconds / 60
    figures: dict[str, float | None] = {
        "touches": row.touches,
        "minutes": minutes,
        "days": row.days,
        "amount": float(row.amount) if sees_amount else None,
        "cost": units_of(cost(row)) if cost else None,
        "cost_below": units_of(cost_below(row)) if cost_below else None,
        "people": row.people,
        "managers": row.manager_seconds / row.seconds if row.seconds else None,
        "seniors": row.senior_seconds / row.seconds if row.seconds else None,
    }
    return Ended(row.sale_type, row.tier, row.status == OrderStatus.WON, figures)
