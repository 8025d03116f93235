"""Value of work done: touches x their official value on their day, beside the time they took.

By person (the default) each row is a person's own participation, in the team that they worked in: a touch that two people
made stands in the row of each, with each one's own minutes and travel, and with its whole value, since each of them made
it. By team it counts once for each team that took part, by type once in all, so these add up to the company's. Touches of
a person unknown are, by person, rows without a person and team; by team, rows without a team.

A touch is worth what its type is worth on the tier and for the stage of its day, by the values in force on that day (the
stage at the day's end; lapsed and lost as prospects). Where none is set it is the mean of the other tiers, else 0, and
counted in `not_set`. Touches before the customer's history begins are counted and worth 0. `counted` of the touches have
a value: all, or, where repeats count once (planning settings), the first of each customer, type and day; by person of
their own touches. Implausible touches count, their minutes do not. Cost is time and travel at the person's cost per hour,
and what such touches cost besides; it is empty where nobody knows it.

Without --from: 90 days.
"""

import datetime as dt
from collections.abc import Callable

from accounts.permissions import Act, Area, may_all
from planning.engine.work import Work
from planning.loaders.work import Made, load_behind
from planning.queries.work_value import Place, Valuation, WorkDone, made_before, valuation
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.evidence import tier_names
from planning.reports.figures import exported, people_names, seen_people, team_names, touch_type_names

# Days of the window where none is asked for.
WINDOW = 90

COLUMNS = (
    Column("person"),
    Column("team"),
    Column("type"),
    Column("tier"),
    Column("touches", Kind.COUNT),
    Column("value", Kind.MONEY),
    Column("minutes", Kind.MINUTES),
    Column("cost", Kind.MONEY, Area.COST),
    Column("travel_minutes", Kind.MINUTES),
    Column("counted", Kind.COUNT),
    Column("not_set", Kind.COUNT),
    Column("implausible", Kind.COUNT),
)

BY: dict[str, Callable[[WorkDone], dict[Place, Work]]] = {
    "person": lambda done: done.by_person,
    "team": lambda done: done.by_team,
    "type": lambda done: done.in_all,
}


def answer(asked: Asked) -> Answer:
    """A row for each person (or team) with touches in the window, type and tier, in their own order; unknown ones last."""
    last = min(asked.until, asked.on)
    valued = valuation(asked.starts_on or last - dt.timedelta(days=WINDOW - 1), last, asked.reader)
    made = _made(asked, valued)
    done = WorkDone(valued, made, load_behind(made.touches, asked.now))
    sees_value = asked.reader is None or may_all(asked.reader, Area.TOUCH_VALUES, Act.SEE)
    names = (people_names(), team_names(), touch_type_names(), tier_names())
    rows = []
    for place, work in sorted(BY[asked.by or "person"](done).items(), key=_order(names)):
        person, team, touch_type, tier = (
            None if key is None else known[key] for key, known in zip(place, names, strict=True)
        )
        rows.append(
            {
                "person": person,
                "team": team,
                "type": touch_type,
                "tier": tier,
                "touches": work.touches,
                "value": work.value if sees_value else None,
                "minutes": work.minutes,
                "cost": work.cost,
                "travel_minutes": work.travel_minutes,
                "counted": work.counted,
                "not_set": work.not_set if sees_value else None,
                "implausible": work.implausible,
            }
        )
    return Answer(rows, asked.now)


def _order(names: tuple[dict[int, str], ...]) -> Callable[[tuple[Place, Work]], tuple]:
    """As people, teams, types and tiers stand in their own lists; what is unknown last."""
    places = [{key: place for place, key in enumerate(known)} for known in names]
    return lambda row: tuple(
        len(known) if key is None else known[key] for key, known in zip(row[0], places, strict=True)
    )


def _made(asked: Asked, valued: Valuation) -> Made:
    if asked.reader is None:
        return Made(valued.span.touches())
    made = made_before(asked.reader, valued.span)
    return Made(exported(asked, made.touches), seen_people(asked, Area.TOUCHES), made.unknown)


REPORT = Report("work_value", COLUMNS, answer, by=tuple(BY), takes_window=True)
