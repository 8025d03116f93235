"""Computes what touches brought, and keeps it beside the official values (domain 3.1)."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.models import Tier, TouchType
from planning.actions.expected_business import Forecast, expected_of, store_expected
from planning.actions.tier_curves import store_tier_curves, tier_curves
from planning.engine import equal_credit as engine
from planning.engine.courses import LOST, Course, Sample, customers_sample, prospects_sample
from planning.loaders import load_ground
from planning.loaders.courses import load_courses
from planning.models import EvidenceRun, TierCurve, TouchEvidence, ValueStage
from territory import clock
from territory.jobs.runner import Progress

# The version of the formulas: raised when the same log gives other figures.
ENGINE = 1
PARAMETERS = {"draws": engine.DRAWS, "seed": engine.SEED, "interval": [engine.LOWER, engine.UPPER]}


def compute_evidence(*, now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Evidence of the company's day at `now`, in the place of an earlier one of the same month; returns what it rests on.

    Where no course has ended yet there is none.
    """
    on = clock.day_of(now, clock.company_zone())
    say = progress or (lambda done, total=None: None)
    say(0, 3)
    courses = load_courses(None, load_ground(on))
    say(1)
    samples = {
        ValueStage.PROSPECT: prospects_sample(courses.prospects, on),
        ValueStage.CUSTOMER: customers_sample(courses.customers, on),
    }
    if not any(sample.courses for sample in samples.values()):
        return {"courses": 0, "figures": 0}
    rows: list[TouchEvidence] = []
    said: dict[str, Any] = {}
    for stage, sample in samples.items():
        found = engine.equal_credit(sample.courses, _cells())
        rows += _rows(stage, found)
        said[stage.value] = {**_summary(sample), "without_touches": str(found.without_touches)}
    say(2)
    _store(on, now, said, rows, tier_curves(courses, on), expected_of(courses, on))
    say(3)
    return {"courses": sum(len(sample.courses) for sample in samples.values()), "figures": len(rows)}


@transaction.atomic
def _store(
    on: dt.date,
    now: dt.datetime,
    samples: dict[str, Any],
    rows: list[TouchEvidence],
    curves: list[TierCurve],
    expected: Forecast,
) -> None:
    """Safe beside another of the same day: the later one stands."""
    said = {"computed_at": now, "engine": ENGINE, "parameters": PARAMETERS, "samples": samples}
    run, _is_new = EvidenceRun.objects.update_or_create(on=on, defaults=said)
    EvidenceRun.objects.filter(on__year=on.year, on__month=on.month).exclude(pk=run.pk).delete()
    run.rows.all().delete()
    for row in rows:
        row.run = run
    TouchEvidence.objects.bulk_create(rows)
    store_tier_curves(run, curves)
    store_expected(run, expected)


def _cells() -> list[engine.Cell]:
    types = TouchType.objects.live().order_by("pk").values_list("pk", flat=True)
    tiers = list(Tier.objects.live().order_by("pk").values_list("pk", flat=True))
    return [(touch_type, tier) for touch_type in types for tier in tiers]


def _rows(stage: ValueStage, found: engine.EqualCredit) -> Iterator[TouchEvidence]:
    for (touch_type, tier), credit in found.cells.items():
        yield TouchEvidence(
            stage=stage,
            touch_type_id=touch_type,
            tier_id=tier,
            value=credit.value,
            low=credit.low,
            high=credit.high,
            touches=credit.touches,
            wins=credit.wins,
            is_pooled=credit.is_pooled,
        )


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
