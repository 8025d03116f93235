"""Standing: how many prospects, customers, lapsed and lost there are, by tier and team."""

from collections import Counter

from accounts.permissions import Act, Area
from customers.models import Customer, Stage, Tier
from planning.loaders import load_ground
from planning.loaders.standings import Standing, as_of_standings, stored_standings
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import team_names

COLUMNS = (Column("stage"), Column("tier"), Column("team"), Column("customers", Kind.COUNT))

STAGES = list(Stage.values)


def answer(asked: Asked) -> Answer:
    """Counts as stored; with a day those of its end, from the log. By stage, then tier from the highest, then team."""
    counts = Counter((row.stage, row.tier, row.team) for row in _standings(asked))
    tiers = dict(Tier.objects.order_by("position", "name").values_list("pk", "name"))
    position = {pk: number for number, pk in enumerate(tiers)}
    teams = team_names()
    named = sorted(
        counts.items(),
        key=lambda row: (STAGES.index(row[0][0]), position.get(row[0][1] or 0, len(position)), teams[row[0][2]]),
    )
    rows = [
        {"stage": stage, "tier": None if tier is None else tiers[tier], "team": teams[team], "customers": count}
        for (stage, tier, team), count in named
    ]
    return Answer(rows, asked.now)


def _standings(asked: Asked) -> list[Standing]:
    ids = None
    if asked.reader is not None:
        rows = Customer.objects.visible_to(asked.reader).within(asked.reader, Area.EXPORT, Act.SEE)
        ids = list(rows.values_list("pk", flat=True))
    if asked.as_of is None:
        return stored_standings(ids)
    return as_of_standings(ids, load_ground(asked.on))


REPORT = Report("standing", COLUMNS, answer)
