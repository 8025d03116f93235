"""Touches to a customer: the share of selling courses won within n touches, by tier and, without a tier, over all."""

from planning.engine.touches_to_customer import touches_to_customer
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import evidence

COLUMNS = (
    Column("tier"),
    Column("n", Kind.COUNT),
    Column("at_risk", Kind.COUNT),
    Column("won_share", Kind.SHARE),
    Column("low", Kind.SHARE),
    Column("high", Kind.SHARE),
)


def answer(asked: Asked) -> Answer:
    """A row for each n up to the most that a course of the tier had; tiers from the highest, then all together.

    `low` and `high`: the 80 % band of the share, unknown while nobody has won and where everybody has.
    """
    known = evidence(asked)
    courses = known.courses.prospects
    curves = [(name, [row for row in courses if row.tier == tier]) for tier, name in known.tiers.items()]
    rows = [
        {
            "tier": name,
            "n": step.n,
            "at_risk": step.at_risk,
            "won_share": step.won_share,
            "low": step.low,
            "high": step.high,
        }
        for name, of_tier in [*curves, (None, courses)]
        for step in touches_to_customer(of_tier)
    ]
    return Answer(rows, asked.now)


REPORT = Report("touches_to_customer", COLUMNS, answer)
