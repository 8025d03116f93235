"""Activity goals on screens: as they are set, one's own on Today, a team's in the present periods and over the last eight."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within, scope
from customers.models import TouchType
from planning.engine.calendar import WorkCalendar
from planning.engine.goals import PERIODS, Progress, periods_until
from planning.loaders.goals import (
    Current,
    current_progress,
    current_question,
    done_by_day,
    done_by_period,
    goals_from,
    goals_questions,
)
from planning.loaders.ground import load_calendar
from planning.models import ActivityGoal
from territory import clock
from territory.rows import on_day
from territory.together import Prepared, prepared, together

PERIODS_SHOWN = 8
PEOPLE_SHOWN = 20


class Line(NamedTuple):
    """One goal of one person, and the touch type in words."""

    touch_type: str
    progress: Progress


def own_questions(user: User) -> tuple[Prepared, ...]:
    """What `own_lines` makes something of, to be asked together: the user's goals and what was done, by their own day."""
    return progress_questions(frozenset({user.pk}), _now(user))


def own_lines(
    user: User, goals: list, seats: list, absences: list, done: list, types: list, *, calendar: WorkCalendar
) -> list[Line]:
    """The user's goals of the present day, week and month that ask something, from the answers to `own_questions`."""
    if not goals:
        return []
    found = current_progress(goals_from(goals, seats, absences, calendar=calendar), done, _now(user))
    names = dict(types)
    return [Line(names[row.asked.touch_type], row) for row in found.get(user.pk, ()) if row.asked.asked]


def _now(user: User) -> Current:
    return Current(clock.today(user), clock.zone_of(user))


def progress_questions(people: frozenset[int], now: Current) -> tuple[Prepared, ...]:
    """Goals, members, absences, what was done and touch types: of some people in the present periods."""
    return *goals_questions(now.first, now.last, people, now.until), current_question(people, now), _types()


@prepared
def _types() -> QuerySet:
    """Touch types that somebody has a goal for, in their order."""
    wanted = ActivityGoal.objects.live().order_by().values("touch_type")
    return TouchType.objects.live().filter(pk__in=wanted).order_by("position", "name").values_list("pk", "name")


class Kind(NamedTuple):
    """A touch type and a period for which there are goals."""

    touch_type: int
    name: str
    period: str

    @property
    def key(self) -> str:
        return f"{self.touch_type}-{self.period}"


class Board(Struct, frozen=True):
    """Goal against done of several people in the present periods: a column a kind, a line a person, and their sums."""

    kinds: list[Kind]
    lines: list[tuple[str, list[Progress | None]]]
    sums: list[tuple[int, int]]


def company_now() -> Current:
    """The present day, week and month of the company."""
    return Current(clock.company_today(), clock.company_zone())


def board(
    names: Mapping[int, str],
    goals: list,
    seats: list,
    absences: list,
    done: list,
    types: list,
    *,
    calendar: WorkCalendar,
) -> Board:
    """From the answers to `progress_questions` about these people; who has no goal is left out, and so is a kind without any."""
    if not goals:
        return Board([], [], [])
    found = current_progress(goals_from(goals, seats, absences, calendar=calendar), done, company_now())
    by_kind = {
        pk: {(row.asked.touch_type, row.asked.period): row for row in found[pk]} for pk in names if found.get(pk)
    }
    kinds = [kind for kind in _kinds(types) if any((kind.touch_type, kind.period) in row for row in by_kind.values())]
    lines = [(names[pk], [rows.get((kind.touch_type, kind.period)) for kind in kinds]) for pk, rows in by_kind.items()]
    sums = [_sum(cells) for cells in zip(*(cells for _name, cells in lines), strict=True)]
    return Board(kinds, lines, sums)


def _kinds(types: Iterable[tuple[int, str]]) -> list[Kind]:
    return [Kind(pk, name, period) for pk, name in types for period in PERIODS]


def _sum(cells: Iterable[Progress | None]) -> tuple[int, int]:
    """Done and asked of all of them."""
    known = [cell for cell in cells if cell is not None]
    return sum(cell.done for cell in known), sum(cell.asked.asked for cell in known)


class Person(NamedTuple):
    """Whom a line is about."""

    pk: int
    name: str


class History(Struct, frozen=True):
    """Goal against done of one kind over the last periods: a line a person on this page, and their sums."""

    kinds: list[Kind]
    kind: Kind | None
    periods: list[tuple[dt.date, dt.date]]
    page: Page | None
    lines: list[tuple[Person, list[Progress | None]]]
    sums: list[tuple[int, int]]


def history(user: User, team: Team | None, wanted: str, page: str | None) -> History:
    """The last eight days, weeks or months of the people whom the reader may see, of a team and below or of all.

    `wanted`: the key of a kind, else the first that somebody has. In 4 queries.
    """
    today, zone = clock.company_today(), clock.company_zone()
    spans = {period: periods_until(today, period, PERIODS_SHOWN) for period in PERIODS}
    first, last = min(found[0][0] for found in spans.values()), max(found[-1][1] for found in spans.values())
    people = dict(_people(user, team))
    reached = None if team is None and scope(user, Area.BUDGETS, Act.SEE).everything else frozenset(people)
    *rows, types = together(*goals_questions(first, last, reached, clock.end_of_day(today, zone)), _types())
    goals = goals_from(*rows, calendar=load_calendar())
    with_goal = {
        kind: [pk for pk in goals.people_with(kind.touch_type, kind.period) if pk in people] for kind in _kinds(types)
    }
    kinds = [kind for kind, found in with_goal.items() if found]
    kind = next((row for row in kinds if row.key == wanted), kinds[0] if kinds else None)
    if kind is None:
        return History([], None, [], None, [], [])
    periods = spans[kind.period]
    shown = Paginator(with_goal[kind], PEOPLE_SHOWN).get_page(page)
    made = done_by_day(frozenset(shown), periods[0][0], today, zone)
    done = done_by_period((row for row in made if row[1] == kind.touch_type), [kind.period])
    lines = []
    for pk in shown:
        asked = [goals.asked(pk, kind.touch_type, kind.period, span, today) for span in periods]
        counts = [done[pk, kind.touch_type, kind.period, start] for start, _end in periods]
        lines.append((Person(pk, people[pk]), [row and Progress(row, n) for row, n in zip(asked, counts, strict=True)]))
    sums = [_sum(cells) for cells in zip(*(cells for _person, cells in lines), strict=True)]
    return History(kinds, kind, periods, shown, lines, sums)


def _people(user: User, team: Team | None) -> Iterable[tuple[int, str]]:
    """Active people whom the reader may see, of a team and below where one is named, by name."""
    people = people_within(user, Area.BUDGETS, Act.SEE).filter(is_active=True)
    if team is not None:
        people = people.filter(
            on_day(clock.company_today(), "memberships__"), memberships__team__path__startswith=team.path
        ).distinct()
    return people.order_by("name", "pk").values_list("pk", "name")


class Set(Struct, frozen=True):
    """A goal as it is set, and what may be done with it."""

    goal: ActivityGoal
    state: str
    may_change: bool


def goals_set(user: User, archived: bool) -> list[Set]:
    """Goals that the reader may see, those of roles first; in 2 queries."""
    today = clock.company_today()
    rows = ActivityGoal.objects.visible_to(user).filter(archived_at__isnull=not archived)
    mine = set(ActivityGoal.objects.editable_by(user).order_by().values_list("pk", flat=True))
    shown = rows.select_related("role", "user", "touch_type").order_by(
        "user__name", "role__position", "touch_type__position", "period", "-starts_on", "-pk"
    )
    found = [Set(row, _state(row, today), row.pk in mine) for row in shown]
    return sorted(found, key=lambda row: row.goal.role_id is None)


def _state(goal: ActivityGoal, today: dt.date) -> str:
    """Whether it asks something today: "now", "later", "ended", or "retired" where its role or type is not in use."""
    if goal.ends_on is not None and goal.ends_on < today:
        return "ended"
    if goal.starts_on is not None and goal.starts_on > today:
        return "later"
    return "retired" if goal.touch_type.retired_at or (goal.role and goal.role.retired_at) else "now"
