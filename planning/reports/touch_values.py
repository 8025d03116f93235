"""Touch values: the official value of each touch type, beside what such touches brought (equal credit, 80 % interval)."""

from collections.abc import Iterator
from typing import Any

from accounts.permissions import Act, Area, may_all
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
    Column("official_set", Kind.COUNT),
    Column("equal_credit", Kind.MONEY),
    Column("low", Kind.MONEY),
    Column("high", Kind.MONEY),
    Column("touches", Kind.COUNT),
    Column("wins", Kind.COUNT),
    Column("pooled", Kind.COUNT),
    Column("growing", Kind.COUNT),
)


def answer(asked: Asked) -> Answer:
    """Every touch type on every tier, for prospects, then for customers.

    Of what is 0 or 1: `official_set` 0 says that the mean of the other tiers, or 0, stands in; `pooled` that wins are too
    few to tell and the figures are those of all tiers; `growing` that the first year of the courses is not complete.
    """
    known = evidence(asked)
    rows = [
        *_rows(known, PROSPECTS, prospects_sample(known.courses.prospects, asked.on)),
        *_rows(known, CUSTOMERS, customers_sample(known.courses.customers, asked.on)),
    ]
    return Answer(rows, asked.now)


def _rows(known: Evidence, stage: str, sample: Sample) -> Iterator[dict[str, Any]]:
    cells = [(touch_type, tier) for touch_type in known.types for tier in known.tiers]
    found = equal_credit(sample.courses, cells).cells
    sees_official = known.reader is None or may_all(known.reader, Area.TOUCH_VALUES, Act.SEE)
    for touch_type, tier in cells:
        credit = found[touch_type, tier]
        official = known.ground.context.values.worth(touch_type, tier, stage) if sees_official else None
        yield {
            "type": known.types[touch_type],
            "tier": known.tiers[tier],
            "stage": stage,
            "official": official and official.amount,
            "official_set": official and official.is_set,
            "equal_credit": credit.value,
            "low": credit.low,
            "high": credit.high,
            "touches": credit.touches,
            "wins": credit.wins,
            "pooled": credit.is_pooled,
            "growing": sample.is_growing,
        }


REPORT = Report("touch_values", COLUMNS, answer)
