"""Nth touch: of the selling courses that reached an n-th touch of a type, how many it won, and the chance of that."""

from planning.engine.courses import prospects_sample
from planning.engine.nth_touch import nth_touches
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import evidence

COLUMNS = (
    Column("type"),
    Column("tier"),
    Column("n", Kind.COUNT),
    Column("reached", Kind.COUNT),
    Column("wins", Kind.COUNT),
    Column("chance", Kind.SHARE),
    Column("growing", Kind.COUNT),
    Column("low", Kind.SHARE),
    Column("high", Kind.SHARE),
)


def answer(asked: Asked) -> Answer:
    """Of the courses that evidence on prospects rests on; by type, tier and n. `growing` 1: their first year is not complete.

    `low` and `high`: an 80 % interval of the chance.
    """
    known = evidence(asked)
    place = {key: number for number, key in enumerate(known.types)}
    sample = prospects_sample(known.courses.prospects, asked.on)
    found = nth_touches(sample.courses, list(known.tiers))
    rows = [
        {
            "type": known.types[row.touch_type],
            "tier": known.tiers.get(row.tier),
            "n": row.n,
            "reached": row.reached,
            "wins": row.wins,
            "chance": row.chance,
            "growing": sample.is_growing,
            "low": row.low,
            "high": row.high,
        }
        for row in sorted(found, key=lambda row: place[row.touch_type])
    ]
    return Answer(rows, asked.now)


REPORT = Report("nth_touch", COLUMNS, answer)
