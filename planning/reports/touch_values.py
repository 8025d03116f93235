"""Touch values: the official value of each touch type, beside what such touches brought (equal credit, 80 % interval)."""

from collections.abc import Iterator
from typing import Any

from planning.engine.courses import Sample, customers_sample, prospects_sample
from planning.engine.equal_credit import equal_credit
from planning.engine.value import CUSTOMERS, PROSPECTS
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import Evidence, evidence

COLUMNS = (
    Column("type"),
    Column("tier"),
    Column("stage"),
    Column("official", Kind.MONEY),
    Column("equal_credit", Kind.MONEY),
    Column("low", Kind.MONEY),
    Column("high", Kind.MONEY),
    Column("touches", Kind.COUNT),
    Column("wins", Kind.COUNT),
    Column("pooled", Kind.COUNT),
)


def answer(asked: Asked) -> Answer:
    """Every touch type on every tier, for prospects, then for customers. `pooled` is 1 where wins are too few to tell."""
    known = evidence(asked)
    rows = [
        *_rows(known, PROSPECTS, prospects_sample(known.courses.prospects, asked.on)),
        *_rows(known, CUSTOMERS, customers_sample(known.courses.customers, asked.on)),
    ]
    return Answer(rows, asked.now)


def _rows(known: Evidence, stage: str, sample: Sample) -> Iterator[dict[str, Any]]:
    cells = [(touch_type, tier) for touch_type in known.types for tier in known.tiers]
    found = equal_credit(sample.courses, cells).cells
    for touch_type, tier in cells:
        credit = found[touch_type, tier]
        yield {
            "type": known.types[touch_type],
            "tier": known.tiers[tier],
            "stage": stage,
            "official": known.ground.context.values.worth(touch_type, tier, stage).amount,
            "equal_credit": credit.value,
            "low": credit.low,
            "high": credit.high,
            "touches": credit.touches,
            "wins": credit.wins,
            "pooled": credit.is_pooled,
        }


REPORT = Report("touch_values", COLUMNS, answer)
