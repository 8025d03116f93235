"""Standing: how many prospects, customers, lapsed and lost there are, by tier and team, market or person.

With months also at the end of each, up to the day that the report is about: the last month is as far as it has come.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping

from django.db.models import Min, Q

from accounts.permissions import Act, Area
from customers.models import Customer, Market, Stage, Tier
from customers.scope import EVERYTHING, customers_within, on_customer
from planning.engine.months import last_day_of, month_of, months_until
from planning.loaders.standing_months import stood_on
from planning.models import StandingMark
from planning.queries import standing
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import people_names, team_names

COUNTED = Column("customers", Kind.COUNT)
MONTH = Column("month")
COLUMNS = (Column("stage"), Column("tier"), Column("team"), COUNTED)

STAGES = list(Stage.values)

# Stage, tier (or none), and team, market or person (or none).
Place = tuple[str, int | None, int | None]
Counts = Mapping[Place, int]


def columns(asked: Asked) -> tuple[Column, ...]:
    """Stage, tier, what it is divided by, how many; before them the month where months are asked for."""
    divided = (*COLUMNS[:2], Column(asked.by or "team"), COUNTED)
    return (MONTH, *divided) if asked.months else divided


def answer(asked: Asked) -> Answer:
    """Counts as stored; with a day those of its end, from the log. By month, stage, tier from the highest, then name."""
    by = asked.by or "team"
    days = _days(asked)
    counts = _stored(asked, by, days) if asked.as_of is None else _from_log(asked, by, days)
    tiers = dict(Tier.objects.order_by("position", "name").values_list("pk", "name"))
    position = {pk: number for number, pk in enumerate(tiers)}
    names = NAMES[by]()

    def order(row: tuple[Place, int]) -> tuple:
        stage, tier, key = row[0]
        return STAGES.index(stage), position.get(tier or 0, len(position)), key is None, names.get(key or 0, "")

    rows = [
        {
            "month": f"{day:%Y-%m}",
            "stage": stage,
            "tier": None if tier is None else tiers[tier],
            by: None if key is None else names[key],
            "customers": number,
        }
        for day in days
        for (stage, tier, key), number in sorted(counts[day].items(), key=order)
    ]
    return Answer(rows, _computed_at(asked))


def _days(asked: Asked) -> list[dt.date]:
    """The last days of the months before that of the day, then the day itself."""
    months = months_until(month_of(asked.on), asked.months or 1)
    return [*(last_day_of(month) for month in months[:-1]), asked.on]


def _seen(asked: Asked) -> Q:
    """Condition on Customer: those that the reader may see and export."""
    if asked.reader is None:
        return EVERYTHING
    seen, exported = (customers_within(asked.reader, area, Act.SEE) for area in (Area.CUSTOMERS, Area.EXPORT))
    return EVERYTHING if seen == exported == EVERYTHING else seen & exported


def _stored(asked: Asked, by: str, days: list[dt.date]) -> dict[dt.date, Counts]:
    """One question about now; one more about all ended months."""
    seen, dimensions = _seen(asked), ("tier", by)
    found: dict[dt.date, Counts] = {}
    if len(days) > 1:
        months = [month_of(day) for day in days[:-1]]
        rows = standing.all_between(on_customer(seen), dimensions, months[0], months[-1])
        found = {last_day_of(month): counts for month, counts in standing.by_month(rows, months).items()}
    now = standing.all_now(seen, dimensions, asked.today)
    return found | {days[-1]: {(stage, tier, key): number for stage, tier, key, number in now}}


def _from_log(asked: Asked, by: str, days: list[dt.date]) -> dict[dt.date, Counts]:
    seen = _seen(asked)
    ids = None if seen == EVERYTHING else list(Customer.objects.live().filter(seen).values_list("pk", flat=True))
    markets = dict(Customer.objects.values_list("pk", "market_id")) if by == "market" else {}
    counts: dict[dt.date, Counter[Place]] = {day: Counter() for day in days}
    for day, pk, stood in stood_on(ids, days):
        key = {"team": stood.team, "person": stood.owner, "market": markets.get(pk)}[by]
        counts[day][(stood.stage, stood.tier, key)] += 1
    return dict(counts)


def _computed_at(asked: Asked) -> dt.datetime:
    """When the oldest of the months was read; now where none is asked for or nothing is stored."""
    if not asked.months or asked.as_of is not None:
        return asked.now
    return StandingMark.objects.aggregate(oldest=Min("computed_at"))["oldest"] or asked.now


def _market_names() -> dict[int, str]:
    rows = Market.objects.values_list("pk", "external_id", "name")
    return {pk: shown_id(external_id, name) for pk, external_id, name in rows}


# What --by may be, and how its keys are called.
NAMES: dict[str, Callable[[], dict[int, str]]] = {
    "team": team_names,
    "market": _market_names,
    "person": people_names,
}

REPORT = Report("standing", COLUMNS, answer, by=tuple(NAMES), takes_months=True, shape=columns)
