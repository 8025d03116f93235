"""Activity goals, who they hold for, and the touches with prospects that count for them.

Questions to be asked together with others (`territory.together`), and what is made of their answers.
"""

import datetime as dt
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db.models import Count, Exists, Func, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from msgspec import Struct

from accounts.models import Absence, Membership
from customers.models import StagePeriod, TouchPerson
from planning.engine.calendar import Span, WorkCalendar
from planning.engine.goals import DAY, MONTH, PERIODS, WEEK, Goal, Goals, Progress, Seat, period_of
from planning.engine.rules import PROSPECT
from planning.models import ActivityGoal
from territory import clock
from territory.rows import ends_from, starts_by
from territory.together import Prepared, prepared

People = frozenset[int] | None
# Touches by person, touch type and the first day of the period.
Done = Counter[tuple[int, int, str, dt.date]]


class Current(Struct, frozen=True):
    """The day, week and month that hold a day, in a zone; touches after `until` do not count, nor do those of later today."""

    day: dt.date
    zone: zoneinfo.ZoneInfo

    @property
    def spans(self) -> dict[str, tuple[dt.date, dt.date]]:
        return {period: period_of(self.day, period) for period in PERIODS}

    @property
    def first(self) -> dt.date:
        return min(first for first, _last in self.spans.values())

    @property
    def last(self) -> dt.date:
        return max(last for _first, last in self.spans.values())

    @property
    def until(self) -> dt.datetime:
        return _until(self.day, self.zone)

    def starts(self) -> dict[str, dt.datetime]:
        """When each of the periods begins."""
        return {period: clock.start_of_day(first, self.zone) for period, (first, _last) in self.spans.items()}


def _until(last: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """An open end: after a day, or after this moment where the day is not over yet."""
    return min(clock.end_of_day(last, zone), clock.now() + clock.ONE_TICK)


def goals_questions(
    first: dt.date, last: dt.date, people: People, until: dt.datetime
) -> tuple[Prepared, Prepared, Prepared]:
    """What `goals_from` makes something of: goals of these days, who is a member, who is away; of some people or of all.

    People deactivated by `until` are in no team any more.
    """
    return _goals(first, last, people), _seats(first, last, people, until), _absences(first, last, people)


def _live_goals() -> QuerySet[ActivityGoal]:
    """Goals that ask something: not archived, of a touch type and a role in use."""
    rows = ActivityGoal.objects.live().filter(touch_type__retired_at__isnull=True, role__retired_at__isnull=True)
    return rows.order_by()


@prepared
def _goals(first: dt.date, last: dt.date, people: People) -> QuerySet:
    rows = _live_goals().filter(starts_by(last), ends_from(first))
    if people is not None:
        rows = rows.filter(Q(user__isnull=True) | Q(user__in=people))
    return rows.order_by("pk").values_list(
        "pk", "user_id", "role_id", "touch_type_id", "period", "count", "starts_on", "ends_on"
    )


@prepared
def _seats(first: dt.date, last: dt.date, people: People, until: dt.datetime) -> QuerySet:
    there = Q(user__is_active=True) | Q(user__deactivated_at__gte=until)
    rows = Membership.objects.filter(there, starts_by(last), ends_from(first), role__retired_at__isnull=True)
    if people is not None:
        rows = rows.filter(user__in=people)
    return rows.order_by("user__name", "user_id", "pk").values_list(
        "user_id", "role_id", "team_id", "starts_on", "ends_on"
    )


@prepared
def _absences(first: dt.date, last: dt.date, people: People) -> QuerySet:
    rows = Absence.objects.between(first, last)
    if people is not None:
        rows = rows.filter(user__in=people)
    return rows.order_by("pk").values_list("user_id", "starts_on", "ends_on")


def goals_from(
    goals: Iterable[tuple], seats: Iterable[tuple], absences: Iterable[tuple], *, calendar: WorkCalendar
) -> Goals:
    """Everyone's goals from the answers to `goals_questions`."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for user, starts_on, ends_on in absences:
        spans[user].append(Span(starts_on, ends_on))
    return Goals(
        [
            Goal(pk, user, role, kind, period, count, Span(*span))
            for pk, user, role, kind, period, count, *span in goals
        ],
        [Seat(user, role, team, Span(*span)) for user, role, team, *span in seats],
        calendar,
        spans,
    )


def _goals_for(people: People) -> QuerySet[ActivityGoal]:
    """Those that may hold for one of these some day: their own, and those of roles that they ever have."""
    if people is None:
        return _live_goals()
    roles = Membership.objects.filter(user__in=people).order_by().values("role")
    return _live_goals().filter(Q(user__in=people) | Q(role__in=roles))


def _made(people: People, since: dt.datetime, until: dt.datetime) -> QuerySet[TouchPerson]:
    """Who took part in touches of that time with customers that were prospects then, of types that somebody has a goal for.

    No answer counts: it is effort. A touch counts once for each who took part.
    """
    prospects = (
        StagePeriod.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gt=OuterRef("at")),
            customer=OuterRef("touch__customer"),
            began_at__lte=OuterRef("at"),
        )
        .alias(what=_WithoutIndex("stage"))
        .filter(what=PROSPECT)
        .order_by()
    )
    # Of some people by what they did in these days, of all by the days: what has an index.
    moment = "touch__at" if people is None else "at"
    span = {f"{moment}__gte": since, f"{moment}__lt": until}
    rows = (
        TouchPerson.objects.filter(
            # Does not depend on the touch: where none has a goal, none is looked at.
            Exists(_goals_for(people)),
            Exists(prospects),
            **span,
            touch__archived_at__isnull=True,
            touch__customer__archived_at__isnull=True,
        )
        .alias(kind=_WithoutIndex("touch__type_id"))
        .filter(kind__in=_live_goals().values("touch_type"))
        .order_by()
    )
    return rows if people is None else rows.filter(user__in=people)


class _WithoutIndex(Func):
    """A column that SQLite does not search by: it would go through all touches of a type rather than through these days, and
    through all prospects rather than one customer's stages."""

    def as_sqlite(self, compiler: Any, connection: Any, **_more: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"+{sql}", params

    def as_postgresql(self, compiler: Any, connection: Any, **_more: Any) -> tuple[str, Any]:
        return compiler.compile(self.source_expressions[0])


def current_question(people: People, now: Current) -> Prepared:
    """The question for what was done so far in the present day, week and month: a row a person and touch type."""
    starts = now.starts()
    return _current(people, starts[DAY], starts[WEEK], starts[MONTH], min(starts.values()), now.until)


@prepared
def _current(
    people: People, day: dt.datetime, week: dt.datetime, month: dt.datetime, since: dt.datetime, until: dt.datetime
) -> QuerySet:
    counts = {
        f"of_{period}": Count("pk", filter=Q(at__gte=start))
        for period, start in ((DAY, day), (WEEK, week), (MONTH, month))
    }
    return _made(people, since, until).values_list("user_id", "touch__type_id").annotate(**counts)


def current_progress(goals: Goals, done: Iterable[tuple], now: Current) -> dict[int, list[Progress]]:
    """Goal against done of everyone in the present periods, from the answer to `current_question`; by person, in the order of days,
    weeks and months."""
    counts = {(user, kind): dict(zip(PERIODS, made, strict=True)) for user, kind, *made in done}
    found: dict[int, list[Progress]] = defaultdict(list)
    kinds = sorted(goals.kinds, key=lambda row: (PERIODS.index(row[1]), row[0]))
    for person in goals.people:
        for kind, period in kinds:
            asked = goals.asked(person, kind, period, now.spans[period], now.day)
            if asked is not None:
                found[person].append(Progress(asked, counts.get((person, kind), {}).get(period, 0)))
    return dict(found)


def done_by_day(people: People, first: dt.date, last: dt.date, zone: zoneinfo.ZoneInfo) -> QuerySet:
    """Person, touch type, day and how many: what counts for goals from first to last day, as far as it is made by now."""
    made = _made(people, clock.start_of_day(first, zone), _until(last, zone))
    day = TruncDate("at", tzinfo=zone)
    return made.annotate(on=day).values_list("user_id", "touch__type_id", "on").annotate(Count("pk"))


def done_by_period(rows: Iterable[tuple], periods: Sequence[str] = PERIODS) -> Done:
    """The same by the first day of each day, week and month, or of some of these."""
    first_of = cache(lambda day, period: period_of(day, period)[0])
    found: Done = Counter()
    for user, kind, day, count in rows:
        for period in periods:
            found[user, kind, period, first_of(day, period)] += count
    return found
