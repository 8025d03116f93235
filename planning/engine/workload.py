"""A person's week: workload, capacity and how the one is made up (domain 3.3).

Workload = max(touch and travel parts of their share of budgets / 4.348, touches planned for that week with travel)
  + their share of the other parts / 4.348 + team load / 4.348 + hours set aside.

Decisions where the definition leaves room:

- Shares, budgets and stages are those of the day asked for, in every week shown; memberships, absences, covers,
  holidays and planned touches are those of the week. A colleague whose membership touches a week counts in that
  week's team load.
- A week is "entirely away" when no working day of it finds the person present: all holiday, all absent, or no
  membership. What is not covered then joins the unstaffed minutes of the team of the assignment (team load: of that
  team; planned touches and hours set aside: of the earliest membership's team) and leaves the person's own row, so
  that every minute is counted once. Someone who is present with no hours for customers (capacity 0) keeps theirs.
- Covered work: the touch part (touch and travel, or the planned touches where these are more) x covered days / days
  of an ordinary week goes to the cover. Only days on which the covered person is absent, on a working day of
  theirs, count.
- Touches planned for a week are those whose day lies in it and that are still open; older open ones stay where they
  were.
- prospecting holds all minutes of prospects but travel (touch, orders, contacts, team selling); keeping those of
  everyone else.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from planning.engine.rules import Key
from planning.engine.week import NO_SHARES, Everyone, Minutes, Shares, Week, weeks_of
from planning.engine.workload_facts import WorkloadFacts

AWAY, ROOM, GOOD, FULL, OVER, FAR_OVER = "away", "room", "good", "full", "over", "far"

#: upper ends of the bands: below 70 % room, to 90 good, to 100 full, to 120 over
BAND_ENDS = (0.7, 0.9, 1.0, 1.2)


class Cell(NamedTuple):
    """One person in one week, minutes; or with ``person`` None a team's unstaffed work.

    ``by_plan``: planned touches exceed the budgets and stand in their place. ``days_present`` of ``days`` working days.
    ``covering``: minutes in it that are another's, by whom they are covered for; ``covered_by``: minutes of this
    person's that are in others' cells, by who covers.
    """

    person: Key | None
    week: date
    team: Key | None
    prospecting: float = 0.0
    keeping: float = 0.0
    travel: float = 0.0
    team_load: float = 0.0
    set_aside: float = 0.0
    capacity: float = 0.0
    days_present: int = 0
    days: int = 0
    by_plan: bool = False
    covering: tuple[tuple[Key, float], ...] = ()
    covered_by: tuple[tuple[Key, float], ...] = ()

    @property
    def workload(self) -> float:
        return self.prospecting + self.keeping + self.travel + self.team_load + self.set_aside

    @property
    def load(self) -> float | None:
        """Workload / capacity; None, which reads "away", where there is no capacity."""
        return self.workload / self.capacity if self.capacity > 0 else None


def band(load: float | None, ends: Sequence[float] = BAND_ENDS) -> str:
    """below 70 % room, to 90 % good, to 100 % full, to 120 % over, above far over; nothing: away."""
    if load is None:
        return AWAY
    load = round(load, 9)
    room, good, full, over = ends
    if load < room:
        return ROOM
    if load <= good:
        return GOOD
    if load <= full:
        return FULL
    return OVER if load <= over else FAR_OVER


class Line:
    """A person's weeks: what each sums up to, and its cells where somebody looks. A map of 200 people shows twelve."""

    def __init__(self, person: Key, weeks: Sequence[date], parts: list[tuple]) -> None:
        self._person, self._weeks, self._parts = person, weeks, parts

    @cached_property
    def sums(self) -> list[tuple[float, float]]:
        """Of each week workload and capacity, minutes."""
        found: list[tuple[float, float]] = []
        last = None
        for parts in self._parts:
            if parts is not last:
                last = parts
                _team, prospecting, keeping, travel, team_load, set_aside, capacity = parts[:7]
                sums = (prospecting + keeping + travel + team_load + set_aside, capacity)
            found.append(sums)
        return found

    @cached_property
    def cells(self) -> list[Cell]:
        return [Cell(self._person, week, *parts) for week, parts in zip(self._weeks, self._parts, strict=True)]


def workload(facts: WorkloadFacts, weeks: Sequence[date]) -> list[Cell]:
    """All cells: everyone who has a membership in one of the weeks or a share of a budget, then each team's
    unstaffed row.

    ``weeks``: Mondays, one after the other. A team without unstaffed work in a week has no cell there. Order: people as
    they appear in members, then those without one; weeks ascending.
    """
    people, teams = by_line(facts, weeks)
    own = [cell for line in people.values() for cell in line.cells]
    return own + [cell for cells in teams.values() for cell in cells]


def by_line(facts: WorkloadFacts, weeks: Sequence[date]) -> tuple[Mapping[Key, Line], Mapping[Key, list[Cell]]]:
    """The same by person, and the unstaffed cells by team."""
    if not weeks:
        return {}, {}
    everyone = Everyone(facts, weeks)
    people = {person: weeks_of(person, everyone) for person in everyone.people}
    return _own(people, everyone), _unstaffed(people, everyone)


def _own(people: Mapping[Key, list[Week]], everyone: Everyone) -> Mapping[Key, Line]:
    taken, weeks = _taken_over(people, everyone), everyone.weeks
    return {
        person: Line(person, weeks, _parts(person, rows, weeks, taken.get(person, {})))
        for person, rows in people.items()
    }


def _parts(person: Key, rows: list[Week], weeks: Sequence[date], taken: Mapping[date, "Taken"]) -> list[tuple]:
    """What cells say after person and week; weeks that are alike share it."""
    found: list[tuple] = []
    last, parts = None, ()
    for week, mine in zip(weeks, rows, strict=True):
        if not mine.present or mine.covered or week in taken:
            found.append(_settled(person, week, mine, taken.get(week, []))[2:])
            continue
        if mine is not last:
            last, parts = mine, _alone(mine)
        found.append(parts)
    return found


def _alone(mine: Week) -> tuple:
    """The same of a week that is the person's alone."""
    touch, other = mine.touch, mine.shares.other
    return (
        mine.home,
        touch.prospecting + other.prospecting,
        touch.keeping + other.keeping,
        touch.travel + other.travel,
        sum(mine.team_load.values()),
        mine.set_aside,
        mine.capacity,
        mine.present,
        mine.days,
        mine.by_plan,
    )


Taken = list[tuple[Key, Week]]  # for whom, and what their week is made of


def _taken_over(people: Mapping[Key, list[Week]], everyone: Everyone) -> Mapping[Key, Mapping[date, Taken]]:
    """By who covers and week: whom they cover."""
    found: dict[Key, dict[date, Taken]] = defaultdict(lambda: defaultdict(list))
    for person in everyone.people:
        if person in everyone.covers:
            for week, mine in zip(everyone.weeks, people[person], strict=True):
                for by in mine.covered:
                    found[by][week].append((person, mine))
    return found


def _settled(person: Key, week: date, mine: Week, taken: Taken) -> Cell:
    """The cell of a week of which others do a part, or that has a part of others', or in which the person is away."""
    total = Minutes()
    if mine.present:
        total.take(mine.touch, _kept(mine))
        total.take(mine.shares.other)
    for _whom, theirs in taken:
        total.take(theirs.touch, theirs.covered[person])
    return Cell(
        person=person,
        week=week,
        team=mine.home,
        prospecting=total.prospecting,
        keeping=total.keeping,
        travel=total.travel,
        team_load=sum(mine.team_load.values()) if mine.present else 0.0,
        set_aside=mine.set_aside if mine.present else 0.0,
        capacity=mine.capacity,
        days_present=mine.present,
        days=mine.days,
        by_plan=mine.by_plan,
        covering=tuple((whom, theirs.touch.total() * theirs.covered[person]) for whom, theirs in taken),
        covered_by=tuple((by, mine.touch.total() * part) for by, part in mine.covered.items()),
    )


def _kept(mine: Week) -> float:
    """The part of the touches that nobody else does."""
    return 1 - sum(mine.covered.values())


class _Left:
    """A team's unstaffed minutes of a week: what nobody has in any week, and what is said of this one."""

    def __init__(self, nobodys: Shares = NO_SHARES) -> None:
        self.minutes, self.team_load, self.set_aside = Minutes(), 0.0, 0.0
        self.minutes.take(nobodys.touch)
        self.minutes.take(nobodys.other)

    def cell(self, team: Key, week: date, days: int) -> Cell:
        parts = (self.minutes.prospecting, self.minutes.keeping, self.minutes.travel, self.team_load, self.set_aside)
        return Cell(None, week, team, *parts, days=days)


class _LeftThen(dict[Key, _Left]):
    """By team what is left of one week, for teams of which something is said; with it what nobody has in any week."""

    def __init__(self, nobodys: Mapping[Key, Shares]) -> None:
        self.nobodys = nobodys

    def __missing__(self, team: Key) -> _Left:
        self[team] = _Left(self.nobodys.get(team, NO_SHARES))
        return self[team]


def _unstaffed(people: Mapping[Key, list[Week]], everyone: Everyone) -> Mapping[Key, list[Cell]]:
    """What nobody has, and what those have who are away all week."""
    cells: dict[Key, list[Cell]] = defaultdict(list)
    nobodys = Shares(everyone.unstaffed).by_team()
    every_week = {team: _Left(shares) for team, shares in nobodys.items()}
    for number, week in enumerate(everyone.weeks):
        left = _LeftThen(nobodys)
        for rows in people.values():
            if not rows[number].present:
                _hand_to_teams(left, rows[number])
        for team, found in {**every_week, **left}.items():
            cell = found.cell(team, week, len(everyone.days[number]))
            if cell.prospecting > 0 or cell.keeping > 0 or cell.travel > 0 or cell.team_load > 0 or cell.set_aside > 0:
                cells[team].append(cell)
    return cells


def _hand_to_teams(left: _LeftThen, mine: Week) -> None:
    """The work of somebody who is away all week joins the unstaffed minutes of its team."""
    for team, shares in mine.shares.by_team().items():
        if not mine.by_plan:
            left[team].minutes.take(shares.touch, _kept(mine))
        left[team].minutes.take(shares.other)
    if mine.by_plan:
        left[mine.home].minutes.take(mine.touch, _kept(mine))
    for team, minutes in mine.team_load.items():
        left[team].team_load += minutes
    if mine.set_aside:
        left[mine.home].set_aside += mine.set_aside
