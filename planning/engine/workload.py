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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from planning.engine.calendar import Span, WorkCalendar, monday
from planning.engine.rhythm import WEEKS_PER_MONTH
from planning.engine.rules import Key

AWAY, ROOM, GOOD, FULL, OVER, FAR_OVER = "away", "room", "good", "full", "over", "far"

ALWAYS = Span()

#: upper ends of the bands: below 70 % room, to 90 good, to 100 full, to 120 over
BAND_ENDS = (0.7, 0.9, 1.0, 1.2)


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """Minutes per month of a person's shares of budgets, summed for one team and for prospects or others.

    ``person`` None: the unstaffed part, ``team`` then the customer's; else the team of the assignment's membership.
    """

    person: Key | None
    team: Key
    prospecting: bool
    touch: float = 0.0
    travel: float = 0.0
    other: float = 0.0


@dataclass(frozen=True, slots=True)
class Member:
    """A dated membership with what it gives to customers."""

    person: Key
    team: Key
    role: Key
    weekly_hours: float
    selling_share: float
    starts_on: date | None = None
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)

    def held(self, days: Sequence[date]) -> int:
        """How many of these days, the earliest first."""
        if days and self.holds(days[0]) and self.holds(days[-1]):
            return len(days)
        return sum(self.holds(day) for day in days)

    def touches_week(self, week: date) -> bool:
        return (self.ends_on is None or self.ends_on >= week) and (
            self.starts_on is None or self.starts_on <= week + timedelta(days=6)
        )


@dataclass(frozen=True, slots=True)
class TeamLoad:
    """Minutes per month that each other member of a team adds for a role in it."""

    role: Key
    minutes: float


@dataclass(frozen=True, slots=True)
class PlannedTouch:
    """An open planned touch: its day, its minutes, and the travel of its assignee where the type travels."""

    person: Key
    day: date
    prospecting: bool
    minutes: float
    travel: float = 0.0


@dataclass(frozen=True, slots=True)
class Away:
    """Days a person is absent."""

    person: Key
    span: Span


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody (``by``) stands in for ``person``; ``part`` of the touch part, where only some assignments are
    covered.
    """

    person: Key
    by: Key
    span: Span
    part: float = 1.0


@dataclass(frozen=True, slots=True)
class SetAside:
    """Hours a week kept free for a special situation, while it is open."""

    person: Key
    hours: float
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True)
class WorkloadFacts:
    """Everything that weeks are computed from."""

    shares: Sequence[BudgetShare] = ()
    members: Sequence[Member] = ()
    team_loads: Sequence[TeamLoad] = ()
    planned: Sequence[PlannedTouch] = ()
    away: Sequence[Away] = ()
    covers: Sequence[Cover] = ()
    set_aside: Sequence[SetAside] = ()
    calendar: WorkCalendar = field(default_factory=WorkCalendar)


@dataclass(frozen=True, slots=True)
class Cell:
    """One person in one week, minutes; or with ``person`` None a team's unstaffed work.

    ``by_plan``: planned touches exceed the budgets and stand in their place. ``days_present`` of ``days`` working days.
    ``covering``: minutes in it that are another's, by whom they are covered for; ``covered_by``: minutes of this
    person's that are in others' cells, by who covers.
    """

    person: Key | None
    team: Key | None
    week: date
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


@dataclass(slots=True)
class _Minutes:
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

    def take(self, other: "_Minutes", part: float = 1.0) -> None:
        self.prospecting += other.prospecting * part
        self.keeping += other.keeping * part
        self.travel += other.travel * part

    def total(self) -> float:
        return self.prospecting + self.keeping + self.travel


def workload(facts: WorkloadFacts, weeks: Sequence[date]) -> list[Cell]:
    """All cells: everyone who has a membership in one of the weeks or a share of a budget, then each team's
    unstaffed row.

    ``weeks``: Mondays. A team without unstaffed work in a week has no cell there. Order: people as they appear in
    members, then those without one; weeks ascending.
    """
    people = list(dict.fromkeys(member.person for member in facts.members if any(map(member.touches_week, weeks))))
    doers = [share.person for share in facts.shares] + [
        row.person for row in facts.planned if _in_weeks(row.day, weeks)
    ]
    known = {None, *people}
    people += [person for person in dict.fromkeys(doers) if person not in known]
    index = _Index(facts)
    cells: dict[Key, list[Cell]] = {person: [] for person in people}
    unstaffed: dict[Key, list[Cell]] = defaultdict(list)
    for week in weeks:
        own, left = _week(facts, index, people, week)
        for cell in own:
            cells[cell.person].append(cell)
        for cell in left:
            unstaffed[cell.team].append(cell)
    rows = [cell for person in people for cell in cells[person]]
    return rows + [cell for team in unstaffed for cell in unstaffed[team]]


def _in_weeks(day: date, weeks: Sequence[date]) -> bool:
    return any(week <= day < week + timedelta(days=7) for week in weeks)


class _Index:
    """The facts by person, so that a week is one pass over people; what is the same in every week is worked out once."""

    def __init__(self, facts: WorkloadFacts) -> None:
        self.unstaffed = [share for share in facts.shares if share.person is None]
        self.members = _grouped(facts.members)
        self.away = _grouped(facts.away)
        self.covers = _grouped(facts.covers)
        self.set_aside = _grouped(facts.set_aside)
        self.shares = {person: _Shares.of(rows) for person, rows in _grouped(facts.shares).items()}
        self.planned: dict[tuple[Key, date], _Minutes] = defaultdict(_Minutes)
        for row in facts.planned:
            self.planned[row.person, monday(row.day)].add(row.prospecting, row.minutes, row.travel)
        self.load = {load.role: 0.0 for load in facts.team_loads}
        for load in facts.team_loads:
            self.load[load.role] += load.minutes
        self._teams: dict[Key, list[Member]] = defaultdict(list)
        for member in facts.members:
            self._teams[member.team].append(member)
        self._present: dict[tuple[Key, date], set[Key]] = {}

    def colleagues(self, team: Key, week: date) -> set[Key]:
        """The people whose membership of the team touches the week."""
        if (team, week) not in self._present:
            self._present[team, week] = {row.person for row in self._teams[team] if row.touches_week(week)}
        return self._present[team, week]


@dataclass(frozen=True, slots=True)
class _Shares:
    """A week's part of somebody's budgets: touch and travel, and the other parts, by team and in all."""

    touch: _Minutes
    other: _Minutes
    touch_by_team: dict[Key, _Minutes]
    other_by_team: dict[Key, _Minutes]

    @classmethod
    def of(cls, shares: Iterable[BudgetShare]) -> "_Shares":
        touches: dict[Key, _Minutes] = defaultdict(_Minutes)
        others: dict[Key, _Minutes] = defaultdict(_Minutes)
        for share in shares:
            touch, travel = share.touch / WEEKS_PER_MONTH, share.travel / WEEKS_PER_MONTH
            touches[share.team].add(share.prospecting, touch, travel)
            others[share.team].add(share.prospecting, share.other / WEEKS_PER_MONTH)
        return cls(_sum(touches.values()), _sum(others.values()), touches, others)

    @property
    def home(self) -> Key | None:
        """The team of the first of them."""
        return next(iter(self.touch_by_team), None)


def _grouped(rows: Iterable) -> dict:
    found: dict = defaultdict(list)
    for row in rows:
        found[row.person].append(row)
    return found


@dataclass(slots=True)
class _Person:
    """What one person's week is made of, before cover and absence are settled."""

    touch: _Minutes
    other: _Minutes
    team_load: dict[Key, float]
    set_aside: float
    by_plan: bool
    capacity: float
    present: int
    covered: dict[Key, float]
    touch_by_team: dict[Key, _Minutes]
    other_by_team: dict[Key, _Minutes]
    home: Key | None


def _week(facts: WorkloadFacts, index: _Index, people: list[Key], week: date) -> tuple[list[Cell], list[Cell]]:
    working = facts.calendar.working_days(week, week + timedelta(days=6))
    made = {person: _person_week(facts, index, person, week, working) for person in people}
    gained: dict[Key, _Minutes] = defaultdict(_Minutes)
    covering: dict[Key, list[tuple[Key, float]]] = defaultdict(list)
    left: dict[Key, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0, 0.0])
    for share in index.unstaffed:
        _join(left[share.team], share.prospecting, (share.touch + share.other) / WEEKS_PER_MONTH)
        left[share.team][2] += share.travel / WEEKS_PER_MONTH
    for person, mine in made.items():
        if mine.covered:
            mine.covered = {by: part for by, part in mine.covered.items() if by in made}
        for by, part in mine.covered.items():
            gained[by].take(mine.touch, part)
            covering[by].append((person, mine.touch.total() * part))
    cells = []
    for person, mine in made.items():
        kept = 1 - sum(mine.covered.values())
        entirely_away = not mine.present
        if entirely_away:
            _hand_to_teams(left, mine, kept)
        more = gained.get(person), tuple(covering.get(person, ()))
        cells.append(_cell(person, week, mine, 0.0 if entirely_away else kept, *more, len(working)))
    rows = [
        Cell(None, team, week, prospecting, keeping, travel, team_load, set_aside, days=len(working))
        for team, (prospecting, keeping, travel, team_load, set_aside) in left.items()
        if prospecting > 0 or keeping > 0 or travel > 0 or team_load > 0 or set_aside > 0
    ]
    return cells, rows


def _cell(
    person: Key,
    week: date,
    mine: _Person,
    kept: float,
    gained: _Minutes | None,
    covering: tuple[tuple[Key, float], ...],
    days: int,
) -> Cell:
    total = _Minutes()
    total.take(mine.touch, kept)
    if mine.present:
        total.take(mine.other)
    if gained:
        total.take(gained)
    return Cell(
        person=person,
        team=mine.home,
        week=week,
        prospecting=total.prospecting,
        keeping=total.keeping,
        travel=total.travel,
        team_load=sum(mine.team_load.values()) if mine.present else 0.0,
        set_aside=mine.set_aside if mine.present else 0.0,
        capacity=mine.capacity,
        days_present=mine.present,
        days=days,
        by_plan=mine.by_plan,
        covering=covering,
        covered_by=tuple((by, mine.touch.total() * part) for by, part in mine.covered.items()),
    )


def _join(minutes: list[float], prospecting: bool, amount: float) -> None:
    minutes[0 if prospecting else 1] += amount


def _hand_to_teams(left: dict[Key, list[float]], mine: _Person, kept: float) -> None:
    """The work of somebody who is away all week joins the unstaffed minutes of its team."""
    for team, touch in mine.touch_by_team.items():
        _pour(left[team], touch, kept)
    for team, other in mine.other_by_team.items():
        _pour(left[team], other, 1.0)
    for team, minutes in mine.team_load.items():
        left[team][3] += minutes
    if mine.set_aside:
        left[mine.home][4] += mine.set_aside


def _pour(minutes: list[float], more: _Minutes, part: float) -> None:
    minutes[0] += more.prospecting * part
    minutes[1] += more.keeping * part
    minutes[2] += more.travel * part


_NO_SHARES = _Shares(_Minutes(), _Minutes(), {}, {})


def _person_week(facts: WorkloadFacts, index: _Index, person: Key, week: date, working: list[date]) -> _Person:
    members = [member for member in index.members.get(person, ()) if member.touches_week(week)]
    spans = [row.span for row in index.away.get(person, ())]
    absent = {day for day in working if any(span.holds(day) for span in spans)} if spans else set()
    days = [day for day in working if day not in absent] if absent else working
    ordinary = facts.calendar.ordinary_week
    shares = index.shares.get(person, _NO_SHARES)
    home = _home(index.members.get(person, ()), members) or shares.home
    touch, by_team = shares.touch, shares.touch_by_team
    planned = index.planned.get((person, week))
    by_plan = planned is not None and planned.total() > touch.total()
    if planned is not None and by_plan:
        touch, by_team = planned, {home: planned}
    return _Person(
        touch=touch,
        other=shares.other,
        team_load=_team_load(index, members, week),
        set_aside=sum(row.hours * 60 for row in index.set_aside.get(person, ()) if _overlaps(row.span, week)),
        by_plan=by_plan,
        capacity=capacity(members, days, ordinary),
        present=_days_held(members, days),
        covered=_covered(index.covers[person], absent, members, ordinary) if person in index.covers else {},
        touch_by_team=by_team,
        other_by_team=shares.other_by_team,
        home=home,
    )


def _days_held(members: Sequence[Member], days: Sequence[date]) -> int:
    """On how many of these days one membership at least is in force."""
    if any(member.held(days) == len(days) for member in members):
        return len(days)
    return sum(any(member.holds(day) for member in members) for day in days)


def capacity(members: Iterable[Member], days: Sequence[date], ordinary_week: int) -> float:
    """Minutes for customers in a week: weekly hours x selling share x days present / days of an ordinary week, over all
    memberships; ``days``: working days on which the person is not absent."""
    if not ordinary_week:
        return 0.0
    return sum(
        member.weekly_hours * 60 * member.selling_share * member.held(days) / ordinary_week for member in members
    )


def _sum(parts: Iterable[_Minutes]) -> _Minutes:
    whole = _Minutes()
    for part in parts:
        whole.take(part)
    return whole


def _home(all_members: Sequence[Member], members: Sequence[Member]) -> Key | None:
    """The team of the earliest membership of the week, else of the earliest of all."""
    rows = members or all_members
    return min(rows, key=lambda member: member.starts_on or date.min).team if rows else None


def _team_load(index: _Index, members: Iterable[Member], week: date) -> dict[Key, float]:
    found: dict[Key, float] = defaultdict(float)
    for member in members:
        minutes = index.load.get(member.role)
        if minutes:
            others = index.colleagues(member.team, week) - {member.person}
            found[member.team] += minutes * len(others) / WEEKS_PER_MONTH
    return found


def _covered(covers: Iterable[Cover], absent: set[date], members: Sequence[Member], ordinary: int) -> dict[Key, float]:
    found: dict[Key, float] = defaultdict(float)
    for cover in covers:
        days = sum(cover.span.holds(day) and any(member.holds(day) for member in members) for day in absent)
        if days and ordinary:
            found[cover.by] += cover.part * days / ordinary
    return _at_most(found, len(absent) / ordinary if ordinary else 0.0)


def _at_most(parts: dict[Key, float], whole: float) -> dict[Key, float]:
    """Where several cover the same days they do it together: never more than there was."""
    total = sum(parts.values())
    return {key: part * whole / total for key, part in parts.items()} if total > whole else parts


def _overlaps(span: Span, week: date) -> bool:
    sunday = week + timedelta(days=6)
    return (span.starts_on is None or span.starts_on <= sunday) and (span.ends_on is None or span.ends_on >= week)
