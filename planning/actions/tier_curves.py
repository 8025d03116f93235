"""The curves that the nightly run keeps beside its evidence: one a tier, and one over all (domain 3.1 and 3.2)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import astuple

from customers.models import Tier
from planning.engine import touches_to_customer as to_customer
from planning.engine.time_to_business import HORIZONS, Curve, Step, curve, curves, thinned, usual_amount
from planning.loaders.courses import Courses
from planning.models import CurveKind, EvidenceRun, TierCurve

# Less than a pixel of pictures that are 150 pixels high, twice as fine on good screens; a curve has 250 such steps at most.
FINENESS = 1 / 250
CENT = Decimal("0.01")


def tier_curves(courses: Courses, on: dt.date) -> list[TierCurve]:
    """All curves of a day, not stored yet."""
    tiers = list(Tier.objects.live().values_list("pk", flat=True))
    return [*_time_to_business(courses, tiers, on), *_touches_to_customer(courses, tiers)]


def store_tier_curves(run: EvidenceRun, rows: list[TierCurve]) -> None:
    """In the place of what the run had; inside its transaction."""
    run.curves.all().delete()
    for row in rows:
        row.run = run
    TierCurve.objects.bulk_create(rows)


def compact(steps: Sequence[Step]) -> dict[str, list[float | None]]:
    """Steps as lists of equal length, shares with four decimals."""
    at, share, low, high = zip(*map(astuple, steps), strict=True) if steps else ((), (), (), ())
    return {"at": list(at), "share": _short(share), "low": _short(low), "high": _short(high)}


def _short(shares: Sequence[float | None]) -> list[float | None]:
    return [None if share is None else round(share, 4) for share in shares]


def _time_to_business(courses: Courses, tiers: Sequence[int], on: dt.date) -> Iterator[TierCurve]:
    """Each tier's at its own amount; without a tier all prospects, at the amount of all."""
    amounts = {tier: usual_amount(courses.brought, tier) for tier in tiers}
    of_all = usual_amount([(None, amount) for _tier, amount in courses.brought], None)
    found: dict[int | None, tuple[Decimal, Curve]] = {
        tier: (amounts[tier], row) for tier, row in curves(courses.starts, tiers, amounts, on).items()
    }
    found[None] = of_all, curve(row.followed(of_all, on) for row in courses.starts)
    for tier, (amount, row) in found.items():
        yield at_an_amount(tier, amount, row)


def at_an_amount(tier: int | None, amount: Decimal, row: Curve) -> TierCurve:
    """A curve of time to business as a row."""
    return TierCurve(
        kind=CurveKind.TIME_TO_BUSINESS,
        tier_id=tier,
        amount=amount.quantize(CENT),
        steps=compact(thinned(row.steps, FINENESS)),
        figures=_figures(row),
    )


def _figures(row: Curve) -> dict[str, Any]:
    """Exact: `prospects` and `arrivals` of the tier itself, all others of the curve that is shown."""
    own = row.own or row
    return {
        "prospects": own.prospects,
        "arrivals": own.arrivals,
        "pooled": row.is_pooled,
        "longest": row.longest,
        "median": row.median,
        "p80": row.reached(0.8),
        "chances": {str(days): row.share_at(days) for days in HORIZONS},
    }


def _touches_to_customer(courses: Courses, tiers: Sequence[int]) -> Iterator[TierCurve]:
    """Each tier's own, however few its courses; without a tier that of all."""
    for tier in (*tiers, None):
        row = to_customer.curve(course for course in courses.prospects if tier is None or course.tier == tier)
        steps = to_customer.thinned(row.steps)
        yield TierCurve(
            kind=CurveKind.TOUCHES_TO_CUSTOMER,
            tier_id=tier,
            steps={
                "at": [step.n for step in steps],
                "at_risk": [step.at_risk for step in steps],
                "share": _short([step.won_share for step in steps]),
                "low": _short([step.low for step in steps]),
                "high": _short([step.high for step in steps]),
            },
            figures=_figures_of_touches(row),
        )


def _figures_of_touches(row: to_customer.Curve) -> dict[str, Any]:
    """`quartiles` and `mix` (by touch type, the most frequent first) are of the courses won."""
    return {
        "courses": row.courses,
        "won": row.won,
        "lost": row.lost,
        "quartiles": row.quartiles,
        "mix": [
            {"type": part.touch_type, "touches": part.touches, "share": part.share, "each": part.each}
            for part in row.mix
        ],
        "longest": len(row.steps) - 1,
        "is_final": row.is_final,
    }
