"""How many touches it takes until a prospect becomes a customer, by tier, as the nightly run kept it."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from customers.models import Tier, TouchType
from planning.engine.courses import FEWEST_WINS
from planning.models import CurveKind, TierCurve
from planning.queries.tier_curves import first_reaching, latest_curves, nearly_all_by, ten_per_cent_above
from territory.together import together

# How many touches pictures show.
SCALES = (8, 12, 20, 40, 60, 80, 100, 200, 400, 1000)
QUARTERS = 4


class WithinTouches(Struct, frozen=True):
    """After n touches: courses that were still under way, the share won (None: not known yet) and its band."""

    n: int
    at_risk: int
    share: float | None
    low: float | None
    high: float | None


class CurveOfTouches(Struct, frozen=True):
    """A curve as it was kept (planning.actions.tier_curves)."""

    steps: Mapping[str, Sequence[Any]]
    figures: Mapping[str, Any]

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        return self.figures["quartiles"]

    @property
    def has_too_few(self) -> bool:
        """Whether these are too few wins to tell."""
        return self.figures["won"] < FEWEST_WINS

    def share_within(self, n: int) -> float | None:
        """The share won within n touches; None, beyond the most that a course still open has: not known yet."""
        return self.within(n).share

    def within(self, n: int) -> WithinTouches:
        """The step of n touches."""
        at = self.steps["at"]
        if not at or (n > self.figures["longest"] and not self.figures["is_final"]):
            return WithinTouches(n, 0, None, None, None)
        place, behind = bisect_right(at, n) - 1, bisect_left(at, n)
        at_risk = self.steps["at_risk"][behind] if behind < len(at) else 0
        return WithinTouches(n, at_risk, *(self.steps[name][place] for name in ("share", "low", "high")))

    def last_known(self, n: int) -> int:
        """The most touches up to n of which the share is known."""
        return n if self.figures["is_final"] else max(min(n, self.figures["longest"]), 0)

    @property
    def until(self) -> int:
        """Touches within which nearly all of the wins were won."""
        return nearly_all_by(self.steps)


class TypeOfWon(Struct, frozen=True):
    """A type's part of the touches of those that became customers, and how many each of them had."""

    touch_type: TouchType
    share: float
    each: float


class OfTier(Struct, frozen=True):
    """A tier's curve (None: over all) with the mix of types."""

    tier: Tier | None
    curve: CurveOfTouches
    mix: list[TypeOfWon]


class TouchesToCustomer(Struct, frozen=True, dict=True):
    """All curves, tiers from the highest, then all together. `until`: touches at which pictures end."""

    rows: list[OfTier]
    computed_at: dt.datetime

    @property
    def of_all(self) -> OfTier:
        return self.rows[-1]

    @cached_property
    def until(self) -> int:
        return first_reaching(max(row.curve.until for row in self.rows), SCALES)

    @cached_property
    def marks(self) -> list[int]:
        """Numbers of touches of which shares are told: the quarters of the pictures."""
        return [self.until * quarter // QUARTERS for quarter in range(1, QUARTERS + 1)]

    @cached_property
    def highest(self) -> int:
        """Per cent at which pictures end."""
        steps = (row.curve.steps for row in self.rows)
        drawn = (row for of in steps for row in zip(of["at"], of["share"], of["high"], strict=True))
        return ten_per_cent_above(high or share for n, share, high in drawn if n <= self.until)


def touches_to_customer() -> TouchesToCustomer | None:
    """What the latest run kept; None before the first, and where nobody has become a customer."""
    rows, types = together(latest_curves(CurveKind.TOUCHES_TO_CUSTOMER), TouchType.objects.order_by("position", "name"))
    if not rows or not rows[-1].figures["won"]:
        return None
    named = {row.pk: row for row in types}
    return TouchesToCustomer(
        [OfTier(row.tier, CurveOfTouches(row.steps, row.figures), _mix(row, named)) for row in rows],
        rows[-1].run.computed_at,
    )


def _mix(row: TierCurve, types: Mapping[int, TouchType]) -> list[TypeOfWon]:
    return [
        TypeOfWon(types[part["type"]], part["share"], part["each"])
        for part in row.figures["mix"]
        if part["type"] in types
    ]
