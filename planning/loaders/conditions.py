"""Won sales with all that held for them: what the effects of conditions are estimated from (domain 3.6)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from customers.models import Circumstance, OrderStatus
from planning.engine.crossed_effects import Sale
from planning.engine.sale_cost import units_of
from planning.loaders.ground import Ground
from planning.loaders.sale_cost import load_sales, whole_cost
from planning.models import SaleFigures, SaleMeasure

# Sales of a year; where these are fewer than enough, of two, else of three.
WINDOWS = (365, 730, 1095)
ENOUGH = 100


class WonSale(NamedTuple):
    """A normal sale: no special situation was recorded while it was pending. `days` None: its opening is not known."""

    customer: int
    market: int | None
    salesperson: int | None
    sale_type: int | None
    tier: int | None
    opened_on: dt.date | None
    closed_on: dt.date
    days: int | None
    touches: float
    grains: int
    amount: Decimal

    def value(self, measure: SaleMeasure) -> float | None:
        """Days, touches, or money in the company's currency; None: not known."""
        match measure:
            case SaleMeasure.DAYS:
                return self.days
            case SaleMeasure.TOUCHES:
                return self.touches
            case SaleMeasure.COST:
                return units_of(self.grains)
            case _:
                return float(self.amount)


class Window(Struct, frozen=True):
    """The sales won from a day to a day, both counted, and the kinds of circumstances that held for each."""

    first_on: dt.date
    last_on: dt.date
    won: Sequence[WonSale]
    circumstances: Sequence[tuple[int, ...]]

    def sales(self, measure: SaleMeasure) -> list[Sale]:
        """Those of which the measure is known."""
        return [
            Sale(value, row.sale_type, row.tier, row.salesperson, row.market, row.customer, held)
            for row, held in zip(self.won, self.circumstances, strict=True)
            if (value := row.value(measure)) is not None
        ]


FIELDS = (
    "customer_id", "market_id", "salesperson_id", "sale_type_id", "tier_id", "opened_on", "closed_on", "days", "touches",
)  # fmt: skip


def stored_window(on: dt.date) -> Window:
    """Of the figures that the night keeps of orders, in 2 queries."""
    first = on - dt.timedelta(days=WINDOWS[-1] - 1)
    rows = SaleFigures.objects.filter(
        status=OrderStatus.WON, is_special=False, closed_on__gte=first, closed_on__lte=on
    ).order_by("pk")
    return _window([WonSale(*row) for row in rows.values_list(*FIELDS, whole_cost(), "amount")], on)


def window_from_log(ground: Ground) -> Window:
    """The same of any day, from the log."""
    orders = load_sales(ground, from_log=True).orders.values()
    first = ground.on - dt.timedelta(days=WINDOWS[-1] - 1)
    won = [
        WonSale(
            sale.customer,
            sale.market,
            sale.salesperson,
            sale.sale_type,
            sale.tier,
            sale.opened_on,
            sale.closed_on,
            sale.days,
            sale.effort.touches,
            sale.effort.total,
            sale.amount,
        )
        for sale in sorted(orders, key=attrgetter("pk"))
        if sale.status == OrderStatus.WON and not sale.is_special and sale.closed_on and sale.closed_on >= first
    ]
    return _window(won, ground.on)


def _window(won: Sequence[WonSale], on: dt.date) -> Window:
    """The shortest that holds enough."""
    for days in WINDOWS:
        first = on - dt.timedelta(days=days - 1)
        within = [row for row in won if row.closed_on >= first]
        if len(within) >= ENOUGH:
            break
    return Window(first, on, within, _circumstances(within))


def _circumstances(won: Iterable[WonSale]) -> list[tuple[int, ...]]:
    """Of each sale the kinds that held on any day from opening (not known: closing) to closing."""
    held = _held()
    return [
        tuple(
            sorted(
                {
                    kind
                    for kind, starts_on, ends_on in held.get(row.customer, ())
                    if (starts_on is None or starts_on <= row.closed_on)
                    and (ends_on is None or ends_on >= (row.opened_on or row.closed_on))
                }
            )
        )
        for row in won
    ]


def _held() -> Mapping[int, list[tuple[int, dt.date | None, dt.date | None]]]:
    found = defaultdict(list)
    for customer, *row in (
        Circumstance.objects.live().order_by().values_list("customer_id", "kind_id", "starts_on", "ends_on")
    ):
        found[customer].append(tuple(row))
    return found
