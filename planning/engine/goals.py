"""Activity goals: which goal somebody has, what it asks in a day, week or month, and how far they are (domain 3.2).

Decisions where the definition leaves room:

- A week begins on Monday. A goal asks on working days: of ``count`` a period, each working day on which it holds and the
  person is there asks ``count`` / weekdays of the period worked without holidays. So a day off asks nothing, and who is away
  2 of 5 days is asked 15 where 25 a week are set. What a period asks is rounded half up, at least 1 where a day asks.
- A goal holds for whoever is a member that day: of the role, or of any team where it is the person's own.
- A person's own goal stands in the place of the role's for that type and period; of several that one which started last. In
  two roles with a goal each, the higher counts, for a touch is made once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from msgspec import Struct

from planning.engine.calendar import ONE_DAY, Span, WorkCalendar, monday
from planning.engine.rules import Key

DAY, WEEK, MONTH = PERIODS = ("day", "week", "month")
ALWAYS = Span()


class Goal(Struct, frozen=True):
    """``count`` touches of a type a period, of one ``person`` or of everyone in a ``role``."""

    key: int
    person: Key | None
    role: Key | None
    touch_type: Key
    period: str
    count: int
    span: Span = ALWAYS


class Seat(Struct, frozen=True):
    """A person in a role of a team, for a time."""

    person: Key
    role: Key
    team: Key
    span: Span = ALWAYS


class Asked(Struct, frozen=True):
    """What a goal asks of a person in one period.

    ``goal``: as it is set, the latest that holds in the period; ``role`` None: the person's own. ``asked``: touches, on
    ``days`` of the ``of_days`` that are worked in such a period; ``by_now``: of these, what the days before today asked.
    """

    person: Key
    touch_type: Key
    period: str
    starts_on: date
    ends_on: date
    goal: int
    role: Key | None
    team: Key
    asked: int
    by_now: float
    days: int
    of_days: int


def period_of(day: date, period: str) -> tuple[date, date]:
    """First and last day of the day, week or month that holds ``day``."""
    if period == DAY:
        return day, day
    if period == WEEK:
        first = monday(day)
        return first, first + timedelta(days=6)
    return day.replace(day=1), _next_month(day) - ONE_DAY


def periods_between(first: date, last: date, period: str) -> list[tuple[date, date]]:
    """The periods that have a day from first to last, in order."""
    found = [period_of(first, period)]
    while found[-1][1] < last:
        found.append(period_of(found[-1][1] + ONE_DAY, period))
    return found


def periods_until(day: date, period: str, count: int) -> list[tuple[date, date]]:
    """The period that holds ``day`` and those before it, ``count`` in all, in order."""
    found = [period_of(day, period)]
    while len(found) < count:
        found.append(period_of(found[-1][0] - ONE_DAY, period))
    return found[::-1]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


class Goals:
    """Everyone's goals. ``absences``: by person."""

    def __init__(
        self,
        goals: Iterable[Goal],
        seats: Iterable[Seat],
        calendar: WorkCalendar,
        absences: Mapping[Key, Sequence[Span]],
    ) -> None:
        self.absences = absences
        # The same days are asked for everyone.
        self._worked = cache(calendar.working_days)
        self._weekdays = cache(calendar.weekdays_between)
        self._seats: dict[Key, list[Seat]] = defaultdict(list)
        for seat in seats:
            self._seats[seat.person].append(seat)
        self._own: dict[tuple[Key, Key, str], list[Goal]] = defaultdict(list)
        self._of_roles: dict[tuple[Key, Key, str], list[Goal]] = defaultdict(list)
        self._kinds: set[tuple[Key, str]] = set()
        for goal in sorted(goals, key=lambda row: (row.span.starts_on or date.min, row.key), reverse=True):
            rows, who = (self._of_roles, goal.role) if goal.person is None else (self._own, goal.person)
            rows[who, goal.touch_type, goal.period].append(goal)
            self._kinds.add((goal.touch_type, goal.period))

    @property
    def kinds(self) -> set[tuple[Key, str]]:
        """Touch types with the periods for which there is a goal."""
        return self._kinds

    @property
    def people(self) -> list[Key]:
        """Everyone with a seat, in the order of these."""
        return list(self._seats)

    def people_with(self, touch_type: Key, period: str) -> list[Key]:
        """Of everyone with a seat, those for whom such a goal may hold some day."""
        return [
            person
            for person, seats in self._seats.items()
            if (person, touch_type, period) in self._own
            or any((seat.role, touch_type, period) in self._of_roles for seat in seats)
        ]

    def asked(self, person: Key, touch_type: Key, period: str, days: tuple[date, date], today: date) -> Asked | None:
        """What the period from first to last day asks of the person; None where no goal holds on any of its days."""
        first, last = days
        of_days = self._weekdays(first, last)
        away = self.absences.get(person, ())
        latest: tuple[Goal, Seat] | None = None
        total = passed = asking = 0
        for begins, ends in self._unchanged(person, touch_type, period, first, last):
            found = self._on(person, touch_type, period, begins)
            if found is None:
                continue
            latest = found
            there = [day for day in self._worked(begins, ends) if not any(span.holds(day) for span in away)]
            asking += len(there)
            total += found[0].count * len(there)
            passed += found[0].count * sum(day < today for day in there)
        if latest is None:
            return None
        goal, seat = latest
        return Asked(
            person=person,
            touch_type=touch_type,
            period=period,
            starts_on=first,
            ends_on=last,
            goal=goal.count,
            role=goal.role,
            team=seat.team,
            asked=max(1, (2 * total + of_days) // (2 * of_days)) if asking else 0,
            by_now=passed / of_days if of_days else 0.0,
            days=asking,
            of_days=of_days,
        )

    def _unchanged(
        self, person: Key, touch_type: Key, period: str, first: date, last: date
    ) -> Iterable[tuple[date, date]]:
        """These days cut where a goal or a seat begins or has ended: on each piece, first and last day, the same holds."""
        seats = self._seats.get(person, ())
        spans = [seat.span for seat in seats]
        spans += [goal.span for goal in self._own.get((person, touch_type, period), ())]
        for role in {seat.role for seat in seats}:
            spans += [goal.span for goal in self._of_roles.get((role, touch_type, period), ())]
        begins = {span.starts_on for span in spans if span.starts_on is not None}
        # Where it ends later nothing is cut, and after the last day there is there is none.
        begins |= {span.ends_on + ONE_DAY for span in spans if span.ends_on is not None and span.ends_on < last}
        starts = [first, *sorted(day for day in begins if first < day <= last)]
        return zip(starts, [*(day - ONE_DAY for day in starts[1:]), last], strict=True)

    def _on(self, person: Key, touch_type: Key, period: str, day: date) -> tuple[Goal, Seat] | None:
        """The goal that holds for the person on a day, and the seat in which it does."""
        seats = [seat for seat in self._seats.get(person, ()) if seat.span.holds(day)]
        if not seats:
            return None
        own = _in_force(self._own.get((person, touch_type, period), ()), day)
        if own is not None:
            return own, seats[0]
        found = [(_in_force(self._of_roles.get((seat.role, touch_type, period), ()), day), seat) for seat in seats]
        held = [(goal, seat) for goal, seat in found if goal is not None]
        return max(held, key=lambda row: row[0].count, default=None)


def _in_force(goals: Sequence[Goal], day: date) -> Goal | None:
    """Of goals that stand latest first, the first that holds on the day."""
    return next((goal for goal in goals if goal.span.holds(day)), None)


class Progress(Struct, frozen=True):
    """Goal against done in one period."""

    asked: Asked
    done: int

    @property
    def missing(self) -> int:
        """How many touches are left to make."""
        return max(0, self.asked.asked - self.done)

    @property
    def is_reached(self) -> bool:
        return self.done >= self.asked.asked

    @property
    def behind(self) -> int:
        """How many whole touches fewer than the days before today asked."""
        return max(0, int(min(self.asked.by_now, self.asked.asked)) - self.done)

    @property
    def share(self) -> float | None:
        """Done of asked; None where nothing is asked."""
        return self.done / self.asked.asked if self.asked.asked else None

    @property
    def by_now_share(self) -> float:
        """Where one should be by now, as a share of what is asked."""
        return min(1.0, self.asked.by_now / self.asked.asked) if self.asked.asked else 0.0
