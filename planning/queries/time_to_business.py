"""How long it takes until prospects have brought an amount, by tier, as the nightly run kept it or for an amount asked for."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F

from customers.models import Tier
from planning.actions.tier_curves import at_an_amount
from planning.engine.time_to_business import HORIZONS, curves_at
from planning.models import CourseStarts, CurveKind, EvidenceRun, TierCurve

# Pictures end where so large a part of those that arrived on each tier had arrived, on the first of these scales, in years.
DRAWN = 0.99
SCALES = (1, 2, 3, 4, 6, 8, 12, 24)
YEAR = 365
# They read curves so many times, at the end of each year among them.
POINTS = 72


@dataclass(frozen=True)
class Within:
    """The share that had arrived within so many days, and its band; None: not known yet, or no band."""

    days: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class OfTier:
    """The curve of a tier (None: of all prospects) at an amount."""

    tier: Tier | None
    amount: Decimal
    steps: Mapping[str, Sequence[Any]]
    figures: Mapping[str, Any]

    def within(self, days: int) -> Within:
        """The curve read at a day, as fine as it was kept; beyond the longest follow-up nothing is known."""
        if days > self.figures["longest"]:
            return Within(days, None, None, None)
        place = bisect_right(self.steps["at"], days) - 1
        if place < 0:
            return Within(days, 0.0, None, None)
        return Within(days, *(self.steps[name][place] for name in ("share", "low", "high")))

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
        at, shares = self.steps["at"], self.steps["share"]
        return next((day for day, share in zip(at, shares, strict=True) if share >= shares[-1] * DRAWN), 0)


@dataclass(frozen=True)
class Norm:
    """The curves of the tiers from the highest, and that of all prospects."""

    rows: list[OfTier]
    of_all: OfTier | None
    computed_at: dt.datetime

    @cached_property
    def in_years(self) -> int:
        """Years at which pictures end."""
        most = max((row.until for row in self.rows), default=0)
        return next((years for years in SCALES if years * YEAR >= most), SCALES[-1])

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
    def highest(self) -> int:
        """Per cent at which pictures end: the first ten that no band passes."""
        steps = [row.within(days) for row in self.rows for days in self.scale]
        top = max((step.high or step.share or 0 for step in steps), default=0)
        return min(int(top * 10) + 1, 10) * 10


def time_to_business() -> Norm | None:
    """Each tier at its own amount; one query. None before the first run."""
    rows = TierCurve.objects.filter(kind=CurveKind.TIME_TO_BUSINESS, run=EvidenceRun.latest()).select_related(
        "tier", "run"
    )
    found = list(rows.order_by(F("tier__position").asc(nulls_last=True), "tier__name"))
    if not found:
        return None
    return _norm({row.tier: row for row in found}, found[0].run.computed_at)


def time_to(amount: Decimal) -> Norm | None:
    """Every tier at this amount, computed from the courses that the latest run kept; two queries."""
    kept = CourseStarts.objects.select_related("run").order_by("-run__on").first()
    if kept is None:
        return None
    tiers = {row.pk: row for row in Tier.objects.live()}
    found = curves_at(kept.paths, tiers, amount)
    rows = {tiers.get(tier): at_an_amount(tier, amount, row) for tier, row in found.items()}  # type: ignore[arg-type]
    return _norm(rows, kept.run.computed_at)


def _norm(found: Mapping[Tier | None, TierCurve], computed_at: dt.datetime) -> Norm:
    rows = {tier: OfTier(tier, row.amount or Decimal(0), row.steps, row.figures) for tier, row in found.items()}
    of_all = rows.pop(None, None)
    return Norm(list(rows.values()), of_all, computed_at)
