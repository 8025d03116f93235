"""Touch values: the official value of each touch type, beside what such touches brought (equal credit, 80 % interval)."""

from collections.abc import Iterable, Iterator
from typing import Any

from accounts.permissions import Act, Area, may_all
from planning.engine.courses import customers_sample, prospects_sample
from planning.engine.equal_credit import Credit, equal_credit
from planning.engine.value import CUSTOMERS, PROSPECTS
from planning.loaders.ground import load_values
from planning.models import EvidenceRun, TouchEvidence
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import evidence, stored_evidence, tier_names
from planning.reports.figures import touch_type_names

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
    """Every touch type on every tier, for prospects, then for customers: as the nightly run stored it, else from the log.

    Of what is 0 or 1: `official_set` 0 says that the mean of the other tiers, or 0, stands in; `pooled` that wins are too
    few to tell and the figures are those of all tiers; `growing` that the first year of the courses is not complete.
    """
    run = stored_evidence(asked)
    rows = _rows(asked, _stored(run) if run else _from_log(asked))
    return Answer(rows, run.computed_at if run else asked.now)


# Stage, touch type, tier, its credit, and whether the sample is still growing.
Told = tuple[str, int, int, Credit | TouchEvidence, bool]


def _from_log(asked: Asked) -> Iterator[Told]:
    known = evidence(asked)
    if asked.reader is not None and not (known.courses.prospects or known.courses.customers):
        return  # nothing is theirs to take away
    cells = [(touch_type, tier) for touch_type in known.types for tier in known.tiers]
    samples = {
        PROSPECTS: prospects_sample(known.courses.prospects, asked.on),
        CUSTOMERS: customers_sample(known.courses.customers, asked.on),
    }
    for stage, sample in samples.items():
        for (touch_type, tier), credit in equal_credit(sample.courses, cells).cells.items():
            yield stage, touch_type, tier, credit, sample.is_growing


def _stored(run: EvidenceRun) -> Iterator[Told]:
    for row in run.rows.order_by("pk"):
        yield row.stage, row.touch_type_id, row.tier_id, row, run.samples[row.stage]["is_growing"]


def _rows(asked: Asked, told: Iterable[Told]) -> list[dict[str, Any]]:
    types, tiers = touch_type_names(), tier_names()
    type_place, tier_place = ({key: place for place, key in enumerate(names)} for names in (types, tiers))
    sees_official = asked.reader is None or may_all(asked.reader, Area.TOUCH_VALUES, Act.SEE)
    values = load_values(asked.on)
    rows = []
    for stage, touch_type, tier, credit, is_growing in sorted(
        told, key=lambda row: (row[0] == CUSTOMERS, type_place[row[1]], tier_place[row[2]])
    ):
        official = values.worth(touch_type, tier, stage) if sees_official else None
        rows.append(
            {
                "type": types[touch_type],
                "tier": tiers[tier],
                "stage": stage,
                "official": official and official.amount,
                "official_set": official and official.is_set,
                "equal_credit": credit.value,
                "low": credit.low,
                "high": credit.high,
                "touches": credit.touches,
                "wins": credit.wins,
                "pooled": credit.is_pooled,
                "growing": is_growing,
            }
        )
    return rows


REPORT = Report("touch_values", COLUMNS, answer)
