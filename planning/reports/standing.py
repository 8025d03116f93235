"""Standing: how many prospects, customers, lapsed and lost there are, by tier and team."""

from collections import Counter

from django.db.models import Count, QuerySet

from accounts.permissions import Act, Area
from customers.models import Customer, Stage, Tier
from planning.loaders import load_ground
from planning.loaders.standings import as_of_standings
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import team_names

COLUMNS = (Column("stage"), Column("tier"), Column("team"), Column("customers", Kind.COUNT))

STAGES = list(Stage.values)

# Stage, tier (or none), team.
Place = tuple[str, int | None, int]


def answer(asked: Asked) -> Answer:
    """Counts as stored; with a day those of its end, from the log. By stage, then tier from the highest, then team."""
    counts = _stored_counts(asked) if asked.as_of is None else _counts_as_of(asked)
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


def _within(asked: Asked) -> QuerySet[Customer]:
    customers = Customer.objects.live()
    if asked.reader is None:
        return customers
    return customers.visible_to(asked.reader).within(asked.reader, Area.EXPORT, Act.SEE)


def _stored_counts(asked: Asked) -> dict[Place, int]:
    """One question; customers since a day to come stand nowhere yet."""
    rows = _within(asked).filter(stage_began_at__isnull=False).order_by()
    places = rows.values_list("stage", "tier_id", "team_id").annotate(count=Count("pk"))
    return {(stage, tier, team): count for stage, tier, team, count in places}


def _counts_as_of(asked: Asked) -> dict[Place, int]:
    ids = None if asked.reader is None else list(_within(asked).values_list("pk", flat=True))
    return Counter((row.stage, row.tier, row.team) for row in as_of_standings(ids, load_ground(asked.on)))


REPORT = Report("standing", COLUMNS, answer)
