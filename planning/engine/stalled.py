"""For how long sales go without a touch: the longest gap of each won sale, and what most of them stayed below (domain 3.5).

Decisions where the definition leaves room:

- The gap of a sale is the longest run of days from its opening to its first touch, between touches, or from the last one to its
  closing; of a first order from the beginning of its selling course. Days are differences of dates.
- "90 % of normal sales" is the 90th percentile, linear interpolation, of the sales of the same type and tier; below 5 of them
  of the sale type's, below 5 of everyone's. Where even these are fewer than 5 nothing can be said.
- A touch without an answer ends no gap: it is effort, and resets no clock.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from msgspec import Struct

from planning.engine.quantile import quantile

FEWEST_SALES = 5
OWN, SALE_TYPE, EVERYONE = "own", "sale type", "everyone"


class Sale(Struct, frozen=True):
    """A won order with its longest gap in days."""

    sale_type: int | None
    tier: int | None
    gap: int


class Norm(Struct, frozen=True):
    """Days that a share of the sales stayed within, exactly; `sales` of which `basis`."""

    days: Fraction
    sales: int
    basis: str


def longest_gap(starts_on: date, touched: Iterable[date], ends_on: date) -> int:
    """Days of the longest run without a touch between two days."""
    days = [starts_on, *sorted(day for day in touched if starts_on <= day <= ends_on), ends_on]
    return max((later - earlier).days for earlier, later in itertools.pairwise(days))


class Norms:
    """What the sales of a window say, to be asked for a sale type and tier."""

    def __init__(self, sales: Iterable[Sale], share: Fraction) -> None:
        gaps: dict[tuple, list[int]] = defaultdict(list)
        for sale in sales:
            for key in ((OWN, sale.sale_type, sale.tier), (SALE_TYPE, sale.sale_type), (EVERYONE,)):
                gaps[key].append(sale.gap)
        self._known = {
            key: Norm(quantile(sorted(rows), share), len(rows), key[0])
            for key, rows in gaps.items()
            if len(rows) >= FEWEST_SALES
        }

    def of(self, sale_type: int | None, tier: int | None) -> Norm | None:
        keys = ((OWN, sale_type, tier), (SALE_TYPE, sale_type), (EVERYONE,))
        return next((self._known[key] for key in keys if key in self._known), None)
