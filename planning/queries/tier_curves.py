"""What pages of curves by tier share: the rows of the latest run, and how far pictures reach."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet

from planning.models import CurveKind, EvidenceRun, TierCurve

# Pictures end where so large a part of those that arrived on each tier had arrived, on the first of their scales that reaches it.
DRAWN = 0.99


def latest_curves(kind: CurveKind) -> QuerySet[TierCurve]:
    """Of the latest run, tiers from the highest, that of all last."""
    rows = TierCurve.objects.filter(kind=kind, run=EvidenceRun.latest()).select_related("tier", "run")
    return rows.defer(*EvidenceRun.LARGE).order_by(F("tier__position").asc(nulls_last=True), "tier__name")


def nearly_all_by(steps: Mapping[str, Sequence[Any]]) -> int:
    """Where a curve has nearly reached its end; 0 where nobody arrived."""
    shares = steps["share"]
    return steps["at"][bisect_left(shares, shares[-1] * DRAWN)] if shares else 0


def first_reaching(most: float, scales: Sequence[int]) -> int:
    """The first scale that reaches so far, else the last."""
    return next((scale for scale in scales if scale >= most), scales[-1])


def ten_per_cent_above(shares: Iterable[float]) -> int:
    """Per cent at which pictures end: the first ten that none of these passes."""
    return min(int(max(shares, default=0) * 10) + 1, 10) * 10
