"""Workload: person x week for 8 weeks, and each team's unstaffed work, split into parts that add up."""

from collections.abc import Callable
from typing import Any

from accounts.permissions import Area
from planning.engine import workload as engine
from planning.loaders import load, load_ground, load_workload, weeks_from
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import computed_at, people_names, seen_people, seen_teams, team_names

COLUMNS = (
    Column("person"),
    Column("unstaffed_team"),
    Column("week", Kind.DAY),
    Column("workload_minutes", Kind.MINUTES),
    Column("prospecting", Kind.MINUTES),
    Column("keeping", Kind.MINUTES),
    Column("travel", Kind.MINUTES),
    Column("team", Kind.MINUTES),
    Column("set_aside", Kind.MINUTES),
    Column("capacity_minutes", Kind.MINUTES),
    Column("load", Kind.SHARE),
)


def answer(asked: Asked) -> Answer:
    """From stored shares of budgets; with a day from the log. Unstaffed work has no person but a team that it is of."""
    stored = asked.as_of is None
    ground = load_ground(asked.on)
    weeks = weeks_from(asked.on)
    figures = None if stored else load(None, ground, from_log=True).figures()
    cells = engine.workload(load_workload(ground, weeks, figures), weeks)
    people, teams = people_names(), team_names()
    rows = [_row(cell, people, teams) for cell in filter(_seen(asked), cells)]
    return Answer(rows, computed_at(asked) if stored else asked.now)


def _seen(asked: Asked) -> Callable[[engine.Cell], bool]:
    """Whether the reader may see a cell: of people, and of teams' totals, within reach."""
    if asked.reader is None:
        return lambda cell: True
    people = set(seen_people(asked, Area.BUDGETS).values_list("pk", flat=True))
    teams = seen_teams(asked, Area.BUDGETS) or set()
    return lambda cell: cell.team in teams if cell.person is None else cell.person in people


def _row(cell: engine.Cell, people: dict[int, str], teams: dict[int, str]) -> dict[str, Any]:
    return {
        "person": people.get(cell.person),
        "unstaffed_team": teams.get(cell.team) if cell.person is None else None,
        "week": cell.week,
        "workload_minutes": cell.workload,
        "prospecting": cell.prospecting,
        "keeping": cell.keeping,
        "travel": cell.travel,
        "team": cell.team_load,
        "set_aside": cell.set_aside,
        "capacity_minutes": cell.capacity,
        "load": cell.load,
    }


REPORT = Report("workload", COLUMNS, answer)
