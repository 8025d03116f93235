"""Time to business: the share of all prospects of a tier that brought an amount within so many days, with an 80 % band."""

from planning.engine.time_to_business import curves, usual_amount
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import evidence

COLUMNS = (
    Column("tier"),
    Column("days", Kind.COUNT),
    Column("share", Kind.SHARE),
    Column("low", Kind.SHARE),
    Column("high", Kind.SHARE),
    Column("amount", Kind.MONEY),
    Column("prospects", Kind.COUNT),
    Column("arrivals", Kind.COUNT),
    Column("pooled", Kind.COUNT),
)


def answer(asked: Asked) -> Answer:
    """A row for each day on which the share rises, tiers from the highest. Without an amount each tier has its own: the
    lower quartile of what its customers brought in the last 365 days. With fewer than 20 arrivals the curve of all tiers
    stands in, and `pooled` is 1.
    """
    known = evidence(asked)
    amounts = {tier: asked.amount or usual_amount(known.courses.brought, tier) for tier in known.tiers}
    found = curves(known.courses.starts, known.tiers, amounts, asked.on)
    rows = [
        {
            "tier": known.tiers[tier],
            "days": step.days,
            "share": step.share,
            "low": step.low,
            "high": step.high,
            "amount": amounts[tier],
            "prospects": curve.prospects,
            "arrivals": curve.arrivals,
            "pooled": curve.is_pooled,
        }
        for tier, curve in found.items()
        for step in curve.steps
    ]
    return Answer(rows, asked.now)


REPORT = Report("time_to_business", COLUMNS, answer, takes_amount=True)
