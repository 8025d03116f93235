"""What the weeks of one person are made of, before covers and weeks of absence are settled between people (domain 3.3).

Most weeks of most people are alike. So what nothing of the person's own falls into is worked out once for all weeks of a
kind: as many working days, the same memberships everywhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from planning.engine.calendar import Span
from planning.engine.rhythm import WEEKS_PER_MONTH
from planning.engine.rules import Key
from planning.engine.workload_facts import (
    ALWAYS,
    SIX_DAYS,
    BudgetShare,
    Cover,
    Member,
    PlannedTouches,
    WorkloadFacts,
)


class Minutes(Struct):
    """Minutes a week while they are being put together."""

    prospecting: float = 0.0
    keeping: float = 0.0
    travel: float = 0.0

    def add(self, prospecting: bool, minutes: float, travel: float = 0.0) -> None:
        if prospecting:
            self.prospecting += minutes
        else:
            self.keeping += minutes
        self.travel += travel

    def take(self, other: "Minutes | PlannedTouches", part: float = 1.0) -> None:
        self.prospecting += other.prospecting * part
        self.keeping += other.keeping * part
        self.travel += other.travel * part

    def total(self) -> float:
        return self.prospecting + self.keeping + self.travel


class Shares:
    """A week's part of somebody's budgets: touch and travel, and the other parts."""

    def __init__(self, rows: Sequence[BudgetShare] = ()) -> None:
        self._rows = rows
        self.touch, self.other = Minutes(), Minutes()
        for row in rows:
            self.touch.add(row.prospecting, row.touch / WEEKS_PER_MONTH, row.travel / WEEKS_PER_MONTH)
            self.other.add(row.prospecting, row.other / WEEKS_PER_MONTH)

    def by_team(self) -> Mapping[Key, "Shares"]:
        """The same of each team."""
        teams: dict[Key, list[BudgetShare]] = defaultdict(list)
        for row in self._rows:
            teams[row.team].append(row)
        return {team: Shares(rows) for team, rows in teams.items()}

    @property
    def home(self) -> Key | None:
        """The team of the first of them."""
        return self._rows[0].team if self._rows else None


NO_SHARES = Shares()


class Week(NamedTuple):
    """What a person's week is made of. ``by_plan``: ``touch`` is of planned touches, which exceed budgets.

    ``present``: on how many of the ``days`` worked; ``covered``: parts of ``touch`` that others do, by who they are.
    """

    touch: Minutes | PlannedTouches
    by_plan: bool
    shares: Shares
    team_load: Mapping[Key, float]
    set_aside: float
    capacity: float
    present: int
    days: int
    covered: Mapping[Key, float]
    home: Key | None

    def as_planned(self, planned: PlannedTouches) -> "Week":
        """The same with planned touches in the place of those of budgets."""
        return Week(planned, True, *self[2:])


class Everyone:
    """The facts by person, with what is the same for all of them."""

    def __init__(self, facts: WorkloadFacts, weeks: Sequence[date]) -> None:
        self.weeks = weeks
        self.places = {week: number for number, week in enumerate(weeks)}
        self.first, self.last = weeks[0], weeks[-1] + SIX_DAYS
        self.ordinary = facts.calendar.ordinary_week
        self.days = [facts.calendar.working_days(week, week + SIX_DAYS) for week in weeks]
        self.kinds = self._kinds(facts.members)
        self.first_of_kind = set(self.kinds)
        self.members = _by_person(facts.members)
        self.away = _by_person(facts.away)
        self.covers = _by_person(facts.covers)
        self.set_aside = _by_person(facts.set_aside)
        shares = _by_person(facts.shares)
        self.unstaffed: list[BudgetShare] = shares.pop(None, [])
        self.shares = {person: Shares(rows) for person, rows in shares.items()}
        self.planned: dict[Key, dict[date, PlannedTouches]] = defaultdict(dict)
        for row in facts.planned:
            mine = self.planned[row.person]
            mine[row.week] = mine[row.week].with_more(row) if row.week in mine else row
        self.load: dict[Key, float] = defaultdict(float)
        for load in facts.team_loads:
            self.load[load.role] += load.minutes
        self._teams: dict[Key, list[Member]] = defaultdict(list)
        for member in facts.members:
            self._teams[member.team].append(member)
        self._colleagues: dict[tuple[Key, date], int] = {}
        self.people = dict.fromkeys([*self._members(), *self.shares, *self._planned()])

    def _kinds(self, members: Iterable[Member]) -> list[int]:
        """The kind of each week, as the place of the first of its kind."""
        changing = [row for row in members if not (row.holds(self.first) and row.holds(self.last))]
        kinds = [
            (len(days), *(row.touches_week(week) for row in changing))
            for week, days in zip(self.weeks, self.days, strict=True)
        ]
        return [kinds.index(kind) for kind in kinds]

    def _members(self) -> list[Key]:
        """Whoever is a member in one of the weeks."""
        first, last = self.first, self.last
        return [person for person, rows in self.members.items() if any(row.touches(first, last) for row in rows)]

    def _planned(self) -> list[Key]:
        """Whoever has something planned in one of the weeks."""
        return [person for person, by_week in self.planned.items() if not by_week.keys().isdisjoint(self.weeks)]

    def colleagues(self, team: Key, week: date) -> int:
        """How many people's membership of the team touches the week."""
        found = self._colleagues.get((team, week))
        if found is None:
            found = len({row.person for row in self._teams[team] if row.touches_week(week)})
            self._colleagues[team, week] = found
        return found


def _by_person(rows: Iterable) -> dict:
    found: dict = defaultdict(list)
    for row in rows:
        found[row.person].append(row)
    return dict(found)


def weeks_of(person: Key, everyone: Everyone) -> list[Week]:
    """The person's weeks in their order; equal ones are one and the same."""
    return _Person(person, everyone).weeks()


class _Person:
    def __init__(self, person: Key, everyone: Everyone) -> None:
        self.everyone = everyone
        self.members = everyone.members.get(person, [])
        self.away = [row.span for row in everyone.away.get(person, [])]
        self.covers = everyone.covers.get(person, [])
        self.set_aside = everyone.set_aside.get(person, [])
        self.shares = everyone.shares.get(person, NO_SHARES)
        self.planned = everyone.planned.get(person, {})
        self.is_steady = self._is_steady()

    def weeks(self) -> list[Week]:
        everyone = self.everyone
        if self.is_steady:
            alike = {kind: self._week(kind, ()) for kind in everyone.first_of_kind}
            found = [alike[kind] for kind in everyone.kinds]
        else:
            found = [self._week(number, ()) for number in range(len(everyone.weeks))]
        for span in self.away:
            for number, week in enumerate(everyone.weeks):
                if span.touches(week, week + SIX_DAYS):
                    found[number] = self._week(number, self.away)
        if self.planned:
            budgeted = self.shares.touch.total()
            for week, planned in self.planned.items():
                place = everyone.places.get(week)
                if place is not None and planned.total() > budgeted:
                    found[place] = found[place].as_planned(planned)
        return found

    def _is_steady(self) -> bool:
        """Whether memberships and hours set aside are the same on all days."""
        first, last = self.everyone.first, self.everyone.last
        return all(row.holds(first) and row.holds(last) for row in self.members) and all(
            row.span == ALWAYS for row in self.set_aside
        )

    def _week(self, number: int, away: Sequence[Span]) -> Week:
        """As budgets have it, with these absences."""
        everyone, shares = self.everyone, self.shares
        week, working = everyone.weeks[number], everyone.days[number]
        members = self.members if self.is_steady else [row for row in self.members if row.touches_week(week)]
        absent = {day for day in working if any(span.holds(day) for span in away)} if away else set()
        days = [day for day in working if day not in absent] if absent else working
        held = [len(days)] * len(members) if self.is_steady else [row.held(days) for row in members]
        return Week(
            touch=shares.touch,
            by_plan=False,
            shares=shares,
            team_load=self._team_load(members, week),
            set_aside=self._set_aside(week) if self.set_aside else 0.0,
            capacity=_capacity(members, held, everyone.ordinary),
            present=len(days) if len(days) in held else sum(any(row.holds(day) for row in members) for day in days),
            days=len(working),
            covered=self._covered(absent, members) if absent and self.covers else {},
            home=_home(members or self.members) or shares.home,
        )

    def _set_aside(self, week: date) -> float:
        return sum(row.hours * 60 for row in self.set_aside if row.span.touches(week, week + SIX_DAYS))

    def _team_load(self, members: Iterable[Member], week: date) -> dict[Key, float]:
        found: dict[Key, float] = {}
        for member in members:
            minutes = self.everyone.load.get(member.role)
            if minutes:
                others = self.everyone.colleagues(member.team, week) - 1
                found[member.team] = found.get(member.team, 0.0) + minutes * others / WEEKS_PER_MONTH
        return found

    def _covered(self, absent: set[date], members: Sequence[Member]) -> dict[Key, float]:
        """By whom, and what part of a week's work; whoever is not among the people takes nothing over."""
        ordinary = self.everyone.ordinary
        found: dict[Key, float] = defaultdict(float)
        for cover in self.covers:
            days = _days_covered(cover, absent, members)
            if days and ordinary:
                found[cover.by] += cover.part * days / ordinary
        parts = _at_most(found, len(absent) / ordinary if ordinary else 0.0)
        return {by: part for by, part in parts.items() if by in self.everyone.people}


def _home(members: Sequence[Member]) -> Key | None:
    """The team of the earliest membership."""
    if len(members) == 1:
        return members[0].team
    return min(members, key=lambda row: row.starts_on or date.min).team if members else None


def _capacity(members: Sequence[Member], held: Sequence[int], ordinary: int) -> float:
    """Minutes for customers in a week.

    Weekly hours x selling share x days present / days of an ordinary week, over all memberships; ``held``: on how many working
    days each is in force and the person not absent.
    """
    return sum(row.base * count / ordinary for row, count in zip(members, held, strict=True)) if ordinary else 0.0


def _days_covered(cover: Cover, absent: Iterable[date], members: Sequence[Member]) -> int:
    return sum(cover.span.holds(day) and any(member.holds(day) for member in members) for day in absent)


def _at_most(parts: dict[Key, float], whole: float) -> dict[Key, float]:
    """Where several cover the same days they do it together: never more than there was."""
    total = sum(parts.values())
    return {key: part * whole / total for key, part in parts.items()} if total > whole else parts
