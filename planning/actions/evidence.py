"""Computes what touches brought, and keeps it beside the official values (domain 3.1)."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction
from msgspec.structs import asdict

from customers.models import Customer, Tier, TouchType
from planning.actions.curves import Curves, curves_of, store_curves
from planning.engine import added_chance, equal_credit, interval, nth_touch, suggested_rhythm, weeks
from planning.engine.courses import LOST, Course, Sample, customers_sample, prospects_sample
from planning.engine.evidence import StageEvidence, stage_evidence
from planning.loaders import Ground, load_ground
from planning.loaders.costs import load_touch_costs
from planning.loaders.courses import Courses, joined, load_courses
from planning.loaders.ground import so_far
from planning.models import EvidenceRun, PlanningSettings, TouchEvidence, ValueStage
from territory import clock
from territory.jobs.runner import Progress

# The version of the formulas: raised when the same log gives other figures.
ENGINE = 2
# The facts of so many customers are read at once, to hold memory.
CUSTOMERS_AT_ONCE = 2000


def parameters(settings: PlanningSettings) -> dict[str, Any]:
    """What evidence is computed with, as it is kept with a run."""
    return {
        "kinds": ["equal credit", "chance at the n-th touch", "added chance"],
        "interval": [interval.LOWER, interval.UPPER],
        "fewest_wins": equal_credit.FEWEST_WINS,
        "draws": equal_credit.DRAWS,
        "seed": equal_credit.SEED,
        "prior_weight": nth_touch.PRIOR_WEIGHT,
        "ridge": added_chance.RIDGE,
        "weeks": weeks.WINDOW_WEEKS,
        "margin_share": None if settings.margin_share is None else f"{settings.margin_share:.4f}",
        "repeats_count_once": settings.repeats_count_once,
    }


def margin_of(settings: PlanningSettings) -> float | None:
    """How much of the business of a win is margin; None: not set, all of it counts."""
    return None if settings.margin_share is None else float(settings.margin_share)


def compute_evidence(*, now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Evidence of the company's day at `now`, in the place of an earlier one of the same month; returns what it rests on.

    What is dated later that day has not happened yet. Where no course has ended yet there is none.
    """
    on = clock.day_of(now, clock.company_zone())
    ground = so_far(load_ground(on), now)
    say = _Steps(progress)
    courses = _all_courses(ground, say)
    samples = {
        ValueStage.PROSPECT: prospects_sample(courses.prospects, on),
        ValueStage.CUSTOMER: customers_sample(courses.customers, on),
    }
    if not any(sample.courses for sample in samples.values()):
        return {"courses": 0, "figures": 0}
    costs, cells = load_touch_costs(ground), _cells()
    rows: list[TouchEvidence] = []
    said: dict[str, Any] = {}
    for stage, sample in samples.items():
        found = stage_evidence(sample.courses, cells, costs=costs, margin=margin_of(ground.settings))
        rows += _rows(stage, found)
        said[stage.value] = {**_summary(sample), **_beside(found), "rhythms": _rhythms(sample)}
        say()
    run = EvidenceRun(
        on=on,
        computed_at=now,
        engine=ENGINE,
        parameters=parameters(ground.settings),
        samples=said,
        left_out=asdict(courses.left_out),
    )
    _store(run, rows, curves_of(courses, on))
    say()
    return {"courses": sum(len(sample.courses) for sample in samples.values()), "figures": len(rows)}


class _Steps:
    """Tells step after step how far the job is."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self.done = progress, 0

    def begin(self, total: int) -> None:
        if self.progress:
            self.progress(0, total)

    def __call__(self) -> None:
        self.done += 1
        if self.progress:
            self.progress(self.done)


def _all_courses(ground: Ground, say: _Steps) -> Courses:
    """Of all customers, some at once."""
    keys = list(Customer.objects.live().order_by("pk").values_list("pk", flat=True))
    chunks = [keys[start : start + CUSTOMERS_AT_ONCE] for start in range(0, len(keys), CUSTOMERS_AT_ONCE)]
    say.begin(len(chunks) + len(ValueStage) + 1)
    parts = []
    for chunk in chunks:
        parts.append(load_courses(chunk, ground))
        say()
    return joined(parts)


@transaction.atomic
def _store(found: EvidenceRun, rows: list[TouchEvidence], curves: Curves) -> None:
    """Safe beside another of the same day: the later one stands."""
    names = ("computed_at", "engine", "parameters", "samples", "left_out")
    said = {name: getattr(found, name) for name in names}
    run, _is_new = EvidenceRun.objects.update_or_create(on=found.on, defaults=said)
    EvidenceRun.objects.filter(on__year=run.on.year, on__month=run.on.month).exclude(pk=run.pk).delete()
    run.rows.all().delete()
    for row in rows:
        row.run = run
    TouchEvidence.objects.bulk_create(rows)
    store_curves(run, curves)


def _cells() -> list[equal_credit.Cell]:
    types = TouchType.objects.live().order_by("pk").values_list("pk", flat=True)
    tiers = list(Tier.objects.live().order_by("pk").values_list("pk", flat=True))
    return [(touch_type, tier) for touch_type in types for tier in tiers]


def _rows(stage: ValueStage, found: StageEvidence) -> Iterator[TouchEvidence]:
    for cell, credit in found.credit.cells.items():
        chance, added = found.chances[cell], found.added.cells[cell]
        yield TouchEvidence(
            stage=stage,
            touch_type_id=cell[0],
            tier_id=cell[1],
            value=credit.value,
            low=credit.low,
            high=credit.high,
            touches=credit.touches,
            wins=credit.wins,
            is_pooled=credit.is_pooled,
            chance=chance.chance,
            chance_value=chance.value,
            chance_low=chance.low,
            chance_high=chance.high,
            cost=chance.cost,
            stops_at=chance.stops_at,
            chances=[_short(asdict(row)) for row in chance.curve],
            added_value=added.value,
            added_low=added.low,
            added_high=added.high,
        )


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """What a picture needs of it: six digits."""
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in row.items()}


def _beside(found: StageEvidence) -> dict[str, Any]:
    """What belongs to no touch type and tier."""
    return {
        "without_touches": str(found.credit.without_touches),
        "added": {"reason": found.added.reason, "weeks": found.added.weeks},
        "model": _model(found.added.model),
    }


def _model(model: added_chance.ChanceModel | None) -> dict[str, Any] | None:
    """The chance to win in a week, for what-if; tiers and types by their keys as text."""
    if model is None:
        return None
    said = asdict(model)
    said["tiers"], said["types"] = [str(key) for key in model.tiers], [str(key) for key in model.types]
    return said | {"most": {str(key): count for key, count in model.most.items()}}


def _rhythms(sample: Sample) -> list[dict[str, Any]]:
    """By touch type and tier the share won by rhythm (planning.engine.suggested_rhythm)."""
    found = suggested_rhythm.bands(sample.courses)
    return [
        {"type": touch_type, "tier": tier, "bands": [_short(asdict(band)) for band in of_cell]}
        for (touch_type, tier), of_cell in found.items()
    ]


def _summary(sample: Sample) -> dict[str, Any]:
    """What the figures of a stage rest on: of each tier, and of all under ""."""
    tiers = {course.tier for course in sample.courses if course.tier is not None}
    return {
        "is_growing": sample.is_growing,
        "tiers": {
            "": _counts(sample.courses),
            **{str(tier): _counts([course for course in sample.courses if course.tier == tier]) for tier in tiers},
        },
    }


def _counts(courses: Any) -> dict[str, Any]:
    won: list[Course] = [course for course in courses if course.is_won]
    return {
        "won": len(won),
        "lost": sum(course.outcome == LOST for course in courses),
        "business": str(sum((course.business for course in won), Decimal(0))),
    }
