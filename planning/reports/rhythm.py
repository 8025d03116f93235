"""Rhythm: what contact rules asked for in a window and what was made of it, by rule, tier, team or person.

From the log, of 90 days or of any window. The owner of each day answers for it; what nobody owns is a row without a
person. A reader gets what is asked of the people within reach and what nobody owns in teams within reach; by team, all of
these teams.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from accounts.permissions import Area
from planning.engine import adherence as engine
from planning.engine.adherence import AskedAndMade, Cell
from planning.loaders import Ground, load_ground
from planning.loaders.adherence import load_followed
from planning.models import ContactRule
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import tier_names
from planning.reports.figures import people_names, seen_people, seen_teams, team_names

COLUMNS = (
    Column("rule"),
    Column("tier"),
    Column("stage"),
    Column("role"),
    Column("type"),
    Column("interval", Kind.DAYS),
    Column("team"),
    Column("person"),
    Column("asked", Kind.SHARE),
    Column("made", Kind.SHARE),
    Column("adherence", Kind.SHARE),
    Column("kept_median", Kind.DAYS),
)


def answer(asked: Asked) -> Answer:
    """By rule a row for each rule in use (for a reader: that asks something of those within reach), else one for each tier,
    team or person of whom something was asked."""
    ground = load_ground(asked.on)
    cells = kept_of(asked, ground)
    rows = BY[asked.by or "rule"](cells, ground)
    return Answer([_EMPTY | row for row in rows if asked.reader is None or row["adherence"] is not None], asked.now)


def kept_of(asked: Asked, ground: Ground) -> list[tuple[Cell, AskedAndMade]]:
    """What was asked and made in the window, as far as the reader may see it."""
    first, last = _window(asked)
    followed = load_followed(ground, first, last)
    found = engine.kept(followed, ground.context.rules, ground.context.calendar, first, last)
    return list(filter(_seen(asked), found.items()))


def _window(asked: Asked) -> tuple[dt.date, dt.date]:
    """Both counted; nothing is known of days after the one the report is about."""
    last = min(asked.until, asked.on)
    return asked.starts_on or last - dt.timedelta(days=engine.WINDOW - 1), last


def _seen(asked: Asked) -> Callable[[tuple[Cell, AskedAndMade]], bool]:
    if asked.reader is None:
        return lambda row: True
    teams = seen_teams(asked, Area.BUDGETS) or set()
    if asked.by == "team":
        return lambda row: row[0].team in teams
    people = set(seen_people(asked, Area.BUDGETS).values_list("pk", flat=True))
    return lambda row: row[0].team in teams if row[0].owner is None else row[0].owner in people


def _figures(mine: AskedAndMade) -> dict[str, Any]:
    return {"asked": mine.asked, "made": mine.made, "adherence": mine.adherence}


def _by_rule(cells: list[tuple[Cell, AskedAndMade]], ground: Ground) -> Iterable[dict[str, Any]]:
    found = engine.summed(cells, lambda cell: cell.rule)
    intervals = {rule.key: rule.interval for rule in ground.context.rules.contact_rules}
    for row in ContactRule.objects.select_related("tier", "role", "touch_type"):
        if row.pk in intervals:
            mine = found.get(row.pk, AskedAndMade())
            yield {
                "rule": f"{row.tier}, {row.stage}, {row.role}, {row.touch_type}",
                "tier": row.tier.name,
                "stage": row.stage,
                "role": row.role.name,
                "type": row.touch_type.name,
                "interval": intervals[row.pk],
                "kept_median": mine.median_gap,
                **_figures(mine),
            }
    if None in found:
        yield {"rule": OWN, **_figures(found[None])}


def _by_tier(cells: list[tuple[Cell, AskedAndMade]], _ground: Ground) -> Iterable[dict[str, Any]]:
    found = engine.summed(cells, lambda cell: cell.tier)
    return (
        {"tier": name, **_figures(found[tier])} for tier, name in {**tier_names(), None: None}.items() if tier in found
    )


def _by_team(cells: list[tuple[Cell, AskedAndMade]], _ground: Ground) -> Iterable[dict[str, Any]]:
    found, names = engine.summed(cells, lambda cell: cell.team), team_names()
    rows = [{"team": names[team], **_figures(mine)} for team, mine in found.items()]
    return sorted(rows, key=lambda row: row["team"])


def _by_person(cells: list[tuple[Cell, AskedAndMade]], _ground: Ground) -> Iterable[dict[str, Any]]:
    found, names = engine.summed(cells, lambda cell: cell.owner), people_names()
    rows = [{"person": names.get(person), **_figures(mine)} for person, mine in found.items()]
    return sorted(rows, key=lambda row: (row["person"] is None, row["person"]))


# What customers' own rules are called, together.
OWN = "own rules"

_EMPTY = {column.name: None for column in COLUMNS}

# What --by may be.
BY: dict[str, Callable[[list[tuple[Cell, AskedAndMade]], Ground], Iterable[dict[str, Any]]]] = {
    "rule": _by_rule,
    "tier": _by_tier,
    "team": _by_team,
    "person": _by_person,
}

REPORT = Report("rhythm", COLUMNS, answer, by=tuple(BY), takes_window=True)
