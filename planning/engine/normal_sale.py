"""The normal sale: what won orders of a sale type and tier took in a window (domain 3.6)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct, field

from planning.engine.quantile import QUARTILES, quantile
from planning.engine.rules import Key

# Won orders that closed in so many days; the last is the day asked about.
WINDOW = 365
# With fewer sales the figure is that of the sale type, then of all.
FEWEST = 5

# A sale's figures, each told as its lower quartile, median and upper quartile. `cost_below`: see planning.models.SaleNorm.
FIGURES = ("touches", "minutes", "days", "amount", "cost", "cost_below", "people", "managers", "seniors")
# Beside them, how long it took to lose those that were lost.
LOST_DAYS = "lost_days"


class Basis(StrEnum):
    """Whose figures stand in a cell."""

    OWN = "own"
    SALE_TYPE = "sale type"
    EVERYONE = "everyone"


class Ended(Struct, frozen=True):
    """An order that ended in the window; ``figures`` as FIGURES are named, None or missing: not known."""

    sale_type: Key | None
    tier: Key | None
    is_won: bool
    figures: dict[str, float | None] = field(default_factory=dict)


class Quartiles(Struct, frozen=True):
    """The middle half and the median, by linear interpolation."""

    low: float
    median: float
    high: float


class Cell(Struct, frozen=True):
    """A sale type and tier (None: all tiers), or all sale types (None) together."""

    sale_type: Key | None = None
    tier: Key | None = None

    @property
    def wider(self) -> tuple[tuple[Cell, Basis], ...]:
        """Whose figures stand in it, first to last."""
        everyone = (Cell(), Basis.EVERYONE)
        if self.sale_type is None:
            return ((self, Basis.OWN),)
        if self.tier is None:
            return ((self, Basis.OWN), everyone)
        return ((self, Basis.OWN), (Cell(self.sale_type), Basis.SALE_TYPE), everyone)


class Normal(Struct, frozen=True):
    """What is normal in a cell. ``sales`` and ``ended`` are its own; ``won_share`` and ``figures`` are those of the basis.

    A figure that nobody knows is left out; ``won_share`` is None where nothing has ended.
    """

    sales: int
    ended: int
    basis: Basis
    basis_sales: int
    won_share: float | None
    figures: dict[str, Quartiles]


def first_day(on: date) -> date:
    """The first day of the window."""
    return on - timedelta(days=WINDOW - 1)


def quartiles(values: Sequence[float]) -> Quartiles | None:
    """Of no values none."""
    if not values:
        return None
    ordered = sorted(values)
    return Quartiles(*(quantile(ordered, share) for share in QUARTILES))


def normal_sales(orders: Iterable[Ended], cells: Iterable[Cell]) -> dict[Cell, Normal]:
    """What is normal in each of these cells."""
    found: dict[Hashable, list[Ended]] = {}
    for order in orders:
        its_cells = {Cell()} if order.sale_type is None else {Cell(), Cell(order.sale_type)}
        if order.sale_type is not None and order.tier is not None:
            its_cells.add(Cell(order.sale_type, order.tier))
        for cell in its_cells:
            found.setdefault(cell, []).append(order)
    known = {cell: _figures(ended) for cell, ended in found.items() if isinstance(cell, Cell)}
    return {cell: _normal(cell, found, known) for cell in cells}


def _figures(ended: Sequence[Ended]) -> dict[str, Quartiles]:
    won = [order.figures for order in ended if order.is_won]
    columns = ((name, [value for row in won if (value := row.get(name)) is not None]) for name in FIGURES)
    lost = [days for order in ended if not order.is_won and (days := order.figures.get("days")) is not None]
    return {name: found for name, values in [*columns, (LOST_DAYS, lost)] if (found := quartiles(values)) is not None}


def _normal(cell: Cell, found: dict[Hashable, list[Ended]], known: dict[Cell, dict[str, Quartiles]]) -> Normal:
    def won(of: Cell) -> int:
        return sum(order.is_won for order in found.get(of, ()))

    used, basis = next(((each, basis) for each, basis in cell.wider if won(each) >= FEWEST), cell.wider[-1])
    ended = len(found.get(used, ()))
    return Normal(
        won(cell),
        len(found.get(cell, ())),
        basis,
        won(used),
        won(used) / ended if ended else None,
        known.get(used, {}),
    )
