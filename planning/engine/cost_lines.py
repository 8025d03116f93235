"""The cost of sales in lines: what sales of a kind cost and brought, lost ones beside, and what belongs to none (domain 3.4)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from statistics import median

from msgspec import Struct, field

from planning.engine.sale_cost import GRAINS_OF_A_UNIT, PARTS, Line, in_cents, money_of

NOTHING = (0,) * len(PARTS)


class Told(StrEnum):
    """What a line tells of; what belongs to no order as engine/sale_cost.py names it."""

    SALES = "sales"
    LOST = "lost"
    OPEN = "open"
    KEEPING = Line.KEEPING.value
    PROSPECTING = Line.PROSPECTING.value
    NO_ORDER = Line.NO_ORDER.value
    UNSHARED = Line.UNSHARED.value


# What is told after the sales, in this order.
AFTERWARDS = tuple(Told)[1:]
# Of an order's status.
TOLD_OF = {"won": Told.SALES, "lost": Told.LOST, "pending": Told.OPEN}


class Sum(Struct):
    """Orders alike: how many, what they cost in grains by part, what the won ones brought; what they took: touches, seconds with
    travel, those of travel, and those without a rate."""

    orders: int = 0
    parts: tuple[int, ...] = NOTHING
    business: Decimal = Decimal(0)
    seconds: int = 0
    unknown_seconds: int = 0
    travel_seconds: int = 0
    touches: float = 0.0

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.orders + other.orders,
            tuple(a + b for a, b in zip(self.parts, other.parts, strict=True)),
            self.business + other.business,
            self.seconds + other.seconds,
            self.unknown_seconds + other.unknown_seconds,
            self.travel_seconds + other.travel_seconds,
            self.touches + other.touches,
        )

    @property
    def total(self) -> int:
        return sum(self.parts)


NO_SUM = Sum()


class Spent(Struct, frozen=True):
    """A line. ``key``: what the sales have in common (of other lines None). Money in the company's currency.

    ``business``, ``per_100``, ``median`` and ``mean`` are those of sales, None elsewhere and where nothing is known.
    ``lost_orders`` and ``lost`` stand beside: orders lost of the same key, and their cost, which the line of lost ones holds.
    ``seconds`` hold ``travel_seconds``.
    """

    told: Told
    key: Hashable | None
    orders: int
    parts: Mapping[str, Decimal]
    total: Decimal
    business: Decimal | None = None
    median: Decimal | None = None
    mean: Decimal | None = None
    lost_orders: int | None = None
    lost: Decimal | None = None
    seconds: int = 0
    unknown_seconds: int = 0
    travel_seconds: int = 0
    touches: float = 0.0

    @property
    def per_100(self) -> Decimal | None:
        """What 100 of business cost."""
        return self.total * 100 / self.business if self.business else None

    def each(self, name: str) -> Decimal:
        """A part of it a sale, on average; of a line of one sale at least."""
        return self.parts[name] / self.orders

    def share(self, name: str) -> Decimal | None:
        """Which share of its cost a part is; None where it cost nothing."""
        return self.parts[name] / self.total if self.total else None


class Lines(Struct, frozen=True):
    """All lines: sales by key, then what is told afterwards; in whole cents, which add up to the whole."""

    sales: Sequence[Spent]
    afterwards: Sequence[Spent]

    def __iter__(self):
        return iter((*self.sales, *self.afterwards))

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self), Decimal(0))


class Sums(Struct):
    """What lines are made of: orders by what they have in common and what became of them, what belongs to none, and the
    median cost of won orders by key, in grains."""

    orders: dict[tuple[Hashable | None, str], Sum] = field(default_factory=dict)
    unsold: dict[str, Sum] = field(default_factory=dict)
    medians: dict[Hashable | None, float] = field(default_factory=dict)
    sees_business: bool = True

    def add_order(self, key: Hashable | None, status: str, found: Sum) -> None:
        self.orders[key, status] = self.orders.get((key, status), NO_SUM) + found

    def add_unsold(self, line: str, found: Sum) -> None:
        self.unsold[line] = self.unsold.get(line, NO_SUM) + found


def medians_of(costs: Iterable[tuple[Hashable | None, int]]) -> dict[Hashable | None, float]:
    """By key the median of grains."""
    found: dict[Hashable | None, list[int]] = {}
    for key, grains in costs:
        found.setdefault(key, []).append(grains)
    return {key: median(values) for key, values in found.items()}


def lines_of(sums: Sums, keys: Sequence[Hashable | None]) -> Lines:
    """Lines of sales in the order of these keys, those without orders left out; afterwards the rest, as far as there is any.

    Keeping customers is always told.
    """
    told = dict.fromkeys(AFTERWARDS, NO_SUM)
    for (_key, status), found in sums.orders.items():
        if TOLD_OF[status] in told:
            told[TOLD_OF[status]] += found
    for line, found in sums.unsold.items():
        told[Told(line)] += found
    shown = [key for key in keys if any((key, status) in sums.orders for status in ("won", "lost"))]
    afterwards = [
        name for name, found in told.items() if name is Told.KEEPING or found.orders or found.total or found.seconds
    ]
    won = [sums.orders.get((key, "won"), NO_SUM) for key in shown]
    cents = in_cents([*(found.parts for found in won), *(told[name].parts for name in afterwards)])
    return Lines(
        [_sales(sums, key, found, of) for key, found, of in zip(shown, won, cents, strict=False)],
        [_other(name, told[name], of) for name, of in zip(afterwards, cents[len(shown) :], strict=True)],
    )


def _sales(sums: Sums, key: Hashable | None, found: Sum, cents: Sequence[int]) -> Spent:
    lost = sums.orders.get((key, "lost"), NO_SUM)
    total = money_of(sum(cents))
    return Spent(
        Told.SALES,
        key,
        found.orders,
        _by_part(cents),
        total,
        found.business if sums.sees_business else None,
        _money(sums.medians.get(key)),
        _money(found.total / found.orders) if found.orders else None,
        lost.orders,
        _money(lost.total),
        found.seconds,
        found.unknown_seconds,
        found.travel_seconds,
        found.touches,
    )


def _other(name: Told, found: Sum, cents: Sequence[int]) -> Spent:
    return Spent(
        name,
        None,
        found.orders,
        _by_part(cents),
        money_of(sum(cents)),
        seconds=found.seconds,
        unknown_seconds=found.unknown_seconds,
        travel_seconds=found.travel_seconds,
        touches=found.touches,
    )


def _by_part(cents: Sequence[int]) -> dict[str, Decimal]:
    return {name: money_of(amount) for name, amount in zip(PARTS, cents, strict=True)}


def _money(grains: float | None) -> Decimal | None:
    return None if grains is None else Decimal(grains) / GRAINS_OF_A_UNIT
