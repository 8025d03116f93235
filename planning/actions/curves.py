"""Everything that the nightly run keeps beside its evidence: curves of the tiers, expected business, what courses brought."""

import datetime as dt

from msgspec import Struct

from planning.actions.expected_business import Forecast, expected_of, store_expected
from planning.actions.tier_curves import store_tier_curves, tier_curves
from planning.engine.time_to_business import Path, path
from planning.loaders.courses import Courses
from planning.models import CourseStarts, EvidenceRun, TierCurve


class Curves(Struct, frozen=True):
    """What is to be stored of a day."""

    tiers: list[TierCurve]
    forecast: Forecast
    paths: list[Path]


def curves_of(courses: Courses, on: dt.date) -> Curves:
    """All of it, of all courses of a day."""
    return Curves(tier_curves(courses, on), expected_of(courses, on), [path(start, on) for start in courses.starts])


def store_curves(run: EvidenceRun, found: Curves) -> None:
    """In the place of what the run had; inside its transaction. What only the latest run keeps goes with earlier ones."""
    store_tier_curves(run, found.tiers)
    store_expected(run, found.forecast)
    CourseStarts.objects.all().delete()
    CourseStarts.objects.create(run=run, paths=found.paths)
