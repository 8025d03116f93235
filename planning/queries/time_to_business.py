"""How long it takes until prospects have brought an amount, by tier, as the nightly run kept it or for an amount asked for."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from msgspec import Struct

from customers.models import Tier
from planning.actions.tier_curves import at_an_amount
from planning.engine.time_to_business import HORIZONS, curves_at
from planning.models import CourseStarts, CurveKind, EvidenceRun, TierCurve
from planning.queries.tier_curves import first_reaching, latest_curves, nearly_all_by, ten_per_cent_above

# How many years pictures show.
SCALES = (1, 2, 3, 4, 6, 8, 12, 24)
YEAR = 365
# They read curves so many times, at the end of each year among them.
POINTS = 72


class WithinDays(Struct, frozen=True):
    """The share that had arrived within so many days, and its band; None: not known yet, or no band."""

    days: int
    share: float | None
    low: float | None
    high: float | None


class OfTier(Struct, frozen=True):
    """The curve of a tier (None: of all prospects) at an amount."""

    tier: Tier | None
    amount: Decimal
    steps: Mapping[str, Sequence[Any]]
    figures: Mapping[str, Any]

    def within(self, days: int) -> WithinDays:
        """The curve read at a day, as fine as it was kept; beyond the longest follow-up nothing is known."""
        if days > self.figures["longest"]:
            return WithinDays(days, None, None, None)
        place = bisect_right(self.steps["at"], days) - 1
        if place < 0:
            return WithinDays(days, 0.0, None, None)
        return WithinDays(days, *(self.steps[name][place] for name in ("share", "low", "high")))

    @property
    def chances(self) -> list[tuple[int, float | None]]:
        """Exactly, within 30, 90, 180 and 365 days."""
        return [(days, self.figures["chances"][str(days)]) for days in HORIZONS]

    @property
    def within_a_year(self) -> float | None:
        return self.chances[-1][1]

    @property
    def is_pooled(self) -> bool:
        return self.figures["pooled"]

    @property
    def until(self) -> int:
        """Days within which nearly all arrived that did."""
        return nearly_all_by(self.steps)


class TimeToBusiness(Struct, frozen=True, dict=True):
    """The curves of the tiers from the highest, and that of all prospects."""

    rows: list[OfTier]
    of_all: OfTier | None
    computed_at: dt.datetime

    @cached_property
    def in_years(self) -> int:
        """Years at which pictures end."""
        return first_reaching(max((row.until for row in self.rows), default=0) / YEAR, SCALES)

    @cached_property
    def scale(self) -> list[int]:
        """The days at which pictures read the curves."""
        return [YEAR * self.in_years * point // POINTS for point in range(POINTS + 1)]

    @property
    def years(self) -> range:
        """The days that pictures name: whole years, four at most."""
        every = -(-self.in_years // 4)
        return range(0, YEAR * self.in_years + 1, YEAR * every)

    @cached_property
    def drawn(self) -> list[list[WithinDays]]:
        """Each tier's curve read at these days."""
        return [[row.within(days) for days in self.scale] for row in self.rows]

    @cached_property
    def highest(self) -> int:
        """Per cent at which pictures end."""
        return ten_per_cent_above(step.high or step.share or 0 for steps in self.drawn for step in steps)


def time_to_business() -> TimeToBusiness | None:
    """Each tier at its own amount; one query. None before the first run."""
    found = list(latest_curves(CurveKind.TIME_TO_BUSINESS))
    if not found:
        return None
    return _curves({row.tier: row for row in found}, found[0].run.computed_at)


def time_to(amount: Decimal) -> TimeToBusiness | None:
    """Every tier at this amount, computed from the courses that the latest run kept; two queries."""
    kept = CourseStarts.objects.select_related("run").defer(*EvidenceRun.LARGE).order_by("-run__on").first()
    if kept is None:
        return None
    tiers = {row.pk: row for row in Tier.objects.live()}
    found = curves_at(kept.paths, tiers, amount)
    rows = {tiers.get(tier): at_an_amount(tier, amount, row) for tier, row in found.items()}  # type: ignore[arg-type]
    return _curves(rows, kept.run.computed_at)


def _curves(found: Mapping[Tier | None, TierCurve], computed_at: dt.datetime) -> TimeToBusiness:
    rows = {tier: OfTier(tier, row.amount or Decimal(0), row.steps, row.figures) for tier, row in found.items()}
    of_all = rows.pop(None, None)
    return TimeToBusiness(list(rows.values()), of_all, computed_at)
