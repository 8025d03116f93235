"""Touch values: the official value of each touch type, beside evidence of three kinds, each with its 80 % interval."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from accounts.permissions import Act, Area, may_all
from planning.actions.evidence import margin_of
from planning.engine.courses import customers_sample, prospects_sample
from planning.engine.equal_credit import Credit
from planning.engine.evidence import stage_evidence
from planning.engine.value import CUSTOMERS, PROSPECTS
from planning.loaders.costs import load_touch_costs
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
    Column("chance_value", Kind.MONEY, Area.COST),
    Column("chance_low", Kind.MONEY, Area.COST),
    Column("chance_high", Kind.MONEY, Area.COST),
    Column("added_value", Kind.MONEY),
    Column("added_low", Kind.MONEY),
    Column("added_high", Kind.MONEY),
)


def answer(asked: Asked) -> Answer:
    """Every touch type on every tier, for prospects, then for customers: as the nightly run stored it, else from the log.

    Of what is 0 or 1: `official_set` 0 says that the mean of the other tiers, or 0, stands in; `pooled` that wins are too
    few to tell and the figures are those of all tiers; `growing` that the first year of the courses is not complete.
    `chance_value` is after the cost of a touch: for who sees the cost rates of all.
    """
    run = stored_evidence(asked)
    rows = _rows(asked, _stored(run) if run else _from_log(asked))
    return Answer(rows, run.computed_at if run else asked.now)


class _Told(Struct, frozen=True):
    """The evidence of a touch type on a tier, and whether its sample is still growing."""

    stage: str
    touch_type: int
    tier: int
    credit: Credit | TouchEvidence
    chance: tuple[float | None, float | None, float | None]
    added: tuple[float | None, float | None, float | None]
    is_growing: bool


def _from_log(asked: Asked) -> Iterator[_Told]:
    known = evidence(asked)
    if asked.reader is not None and not (known.courses.prospects or known.courses.customers):
        return  # nothing is theirs to take away
    cells = [(touch_type, tier) for touch_type in known.types for tier in known.tiers]
    samples = {
        PROSPECTS: prospects_sample(known.courses.prospects, asked.on),
        CUSTOMERS: customers_sample(known.courses.customers, asked.on),
    }
    costs, margin = load_touch_costs(known.ground), margin_of(known.ground.settings)
    for stage, sample in samples.items():
        found = stage_evidence(sample.courses, cells, costs=costs, margin=margin)
        for cell, credit in found.credit.cells.items():
            chance, added = found.chances[cell], found.added.cells[cell]
            yield _Told(
                stage,
                *cell,
                credit,
                (chance.value, chance.low, chance.high),
                (added.value, added.low, added.high),
                sample.is_growing,
            )


def _stored(run: EvidenceRun) -> Iterator[_Told]:
    for row in run.rows.order_by("pk").defer("chances"):
        yield _Told(
            row.stage,
            row.touch_type_id,
            row.tier_id,
            row,
            (row.chance_value, row.chance_low, row.chance_high),
            (row.added_value, row.added_low, row.added_high),
            run.samples[row.stage]["is_growing"],
        )


def _rows(asked: Asked, told: Iterable[_Told]) -> list[dict[str, Any]]:
    types, tiers = touch_type_names(), tier_names()
    type_place, tier_place = ({key: place for place, key in enumerate(names)} for names in (types, tiers))
    sees_official, sees_costs = (
        asked.reader is None or may_all(asked.reader, area, Act.SEE) for area in (Area.TOUCH_VALUES, Area.COST)
    )
    values = load_values(asked.on)
    rows = []
    for row in sorted(told, key=lambda row: (row.stage == CUSTOMERS, type_place[row.touch_type], tier_place[row.tier])):
        official = values.worth(row.touch_type, row.tier, row.stage) if sees_official else None
        chance = row.chance if sees_costs else (None, None, None)
        rows.append(
            {
                "type": types[row.touch_type],
                "tier": tiers[row.tier],
                "stage": row.stage,
                "official": official and official.amount,
                "official_set": official and official.is_set,
                "equal_credit": row.credit.value,
                "low": row.credit.low,
                "high": row.credit.high,
                "touches": row.credit.touches,
                "wins": row.credit.wins,
                "pooled": row.credit.is_pooled,
                "growing": row.is_growing,
                **dict(zip(("chance_value", "chance_low", "chance_high"), chance, strict=True)),
                **dict(zip(("added_value", "added_low", "added_high"), row.added, strict=True)),
            }
        )
    return rows


REPORT = Report("touch_values", COLUMNS, answer)
