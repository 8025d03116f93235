"""Expected business: what the open prospects may bring in a month, by tier, team and owner, with the middle 80 %."""

import datetime as dt
from collections.abc import Iterator

from accounts.models import Membership
from accounts.permissions import Area
from planning.actions.expected_business import expected_of
from planning.engine.expected_business import Expected
from planning.loaders.prospects import Place
from planning.models import EvidenceRun, ExpectedBusiness
from planning.queries.expected_business import reached
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import evidence, tier_names
from planning.reports.figures import people_names, team_names

COLUMNS = (
    Column("tier"),
    Column("team"),
    Column("person"),
    Column("month", Kind.DAY),
    Column("expected", Kind.MONEY),
    Column("low", Kind.MONEY),
    Column("high", Kind.MONEY),
    Column("prospects", Kind.COUNT),
    Column("unknown", Kind.COUNT),
)
Found = tuple[Place, dt.date | None, Expected]


def answer(asked: Asked) -> Answer:
    """A row for each month by its first day, and one without a month for all of them together. For today what the night
    kept, of the rows that the reader's amounts reach; as of a day from the log of the customers that the reader sees wholly.
    """
    run = EvidenceRun.objects.order_by("-on").first() if asked.as_of is None else None
    found, computed_at = (_kept(asked), run.computed_at) if run else (_from_log(asked), asked.now)
    tiers, teams, people = tier_names(), team_names(), people_names()
    owners = dict(Membership.objects.values_list("pk", "user_id"))
    order = {tier: number for number, tier in enumerate(tiers)}
    rows = [
        {
            "tier": tiers.get(place.tier) if place.tier else None,
            "team": teams[place.team],
            "person": people[owners[place.membership]] if place.membership else None,
            "month": month,
            "expected": row.mean,
            "low": row.range[0],
            "high": row.range[1],
            "prospects": row.prospects,
            "unknown": row.unknown,
            "place": order.get(place.tier, len(order)),
        }
        for place, month, row in found
    ]
    rows.sort(key=lambda row: (row["place"], row["team"], row["person"] or "", row["month"] or dt.date.max))
    return Answer(rows, computed_at)


def _kept(asked: Asked) -> Iterator[Found]:
    rows = ExpectedBusiness.objects.all()
    if asked.reader is not None:
        rows = rows.filter(reached(asked.reader, Area.EXPORT))
    for row in rows:
        place = Place(row.team_id, row.membership_id, row.tier_id)
        yield place, row.month, Expected(row.mean, row.variance, row.prospects, row.unknown)


def _from_log(asked: Asked) -> Iterator[Found]:
    for place, months in expected_of(evidence(asked).courses, asked.on).expected.items():
        for month, row in months.items():
            yield place, month, row


REPORT = Report("expected_business", COLUMNS, answer)
