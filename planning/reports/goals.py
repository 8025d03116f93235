"""Activity goals: goal against done, a row a person, touch type and period.

Of the day, week and month that hold the day asked about; with --from or --to of each that has a day in the window. Touches
after the day asked about are left out; periods before the first touch of the log are, too.

`goal` is as it is set, `asked` what it comes to without holidays, days away and days on which it did not hold.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from accounts.permissions import Area
from customers.models import Touch
from planning.engine.goals import PERIODS, Asked, Goals, periods_between
from planning.loaders.goals import Done, done_by_day, done_by_period, goals_from, goals_questions
from planning.loaders.ground import load_calendar
from planning.reports.definition import Answer, Column, Kind, Report
from planning.reports.definition import Asked as Question
from planning.reports.figures import people_names, role_names, seen_people, team_names, touch_type_names
from territory import clock
from territory.together import together

COLUMNS = (
    Column("person"),
    Column("type"),
    Column("period"),
    Column("goal", Kind.COUNT),
    Column("done", Kind.COUNT),
    Column("asked", Kind.COUNT),
    Column("starts", Kind.DAY),
    Column("ends", Kind.DAY),
    Column("role"),
    Column("team"),
)

Spans = dict[str, list[tuple[dt.date, dt.date]]]


def answer(asked: Question) -> Answer:
    """By person, touch type, then days, weeks and months; `role` is empty where the goal is the person's own."""
    zone, spans = clock.company_zone(), _spans(asked)
    first = min(found[0][0] for found in spans.values())
    last = max(found[-1][1] for found in spans.values())
    seen = None if asked.reader is None else frozenset(seen_people(asked, Area.BUDGETS).values_list("pk", flat=True))
    goals = goals_from(
        *together(*goals_questions(first, last, seen, clock.end_of_day(asked.on, zone))), calendar=load_calendar()
    )
    done = done_by_period(done_by_day(seen, first, asked.on, zone)) if goals.kinds else Done()
    names = {"person": people_names(), "type": touch_type_names(), "role": role_names(), "team": team_names()}
    return Answer([_row(row, done, names) for row in _asked(goals, spans, list(names["type"]), asked.on)], asked.now)


def _spans(asked: Question) -> Spans:
    """The periods that the report is about."""
    last = min(asked.until, asked.on)
    first = min(asked.starts_on or last, last)
    if asked.starts_on is not None:
        began = Touch.objects.live().order_by("at").values_list("at", flat=True).first()
        first = max(first, min(last, clock.day_of(began, clock.company_zone()))) if began else last
    return {period: periods_between(first, last, period) for period in PERIODS}


def _asked(goals: Goals, spans: Spans, types: list[int], today: dt.date) -> Iterator[Asked]:
    for person in goals.people:
        for kind in types:
            for period in PERIODS:
                if (kind, period) not in goals.kinds:
                    continue
                found = (goals.asked(person, kind, period, span, today) for span in spans[period])
                yield from (row for row in found if row is not None)


def _row(row: Asked, done: Done, names: Mapping[str, Mapping[Any, str]]) -> dict[str, Any]:
    return {
        "person": names["person"][row.person],
        "type": names["type"][row.touch_type],
        "period": row.period,
        "goal": row.goal,
        "done": done[row.person, row.touch_type, row.period, row.starts_on],
        "asked": row.asked,
        "starts": row.starts_on,
        "ends": row.ends_on,
        "role": names["role"].get(row.role),
        "team": names["team"][row.team],
    }


REPORT = Report("goals", COLUMNS, answer, takes_window=True)
