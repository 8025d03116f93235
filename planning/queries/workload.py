"""Who has how much to do in the coming weeks: the manager's heat map, one cell explained, one's own week."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum
from msgspec import Struct

from accounts.models import Absence, Membership, Team, User
from accounts.permissions import Act, Area, Scope, people_reached, people_within, scope
from customers.models import PlannedTouch
from customers.scope import EVERYTHING, yes
from planning.engine import workload as engine
from planning.engine.calendar import WorkCalendar
from planning.engine.cover import Away
from planning.engine.rhythm import WEEKS_PER_MONTH
from planning.engine.workload_facts import Member
from planning.loaders.ground import Ground, away_from, away_questions, weeks_ground, weeks_questions
from planning.loaders.workload import WEEKS_SHOWN, load_workload, span_of, weeks_from
from planning.models import BudgetShare, CustomerFigures, PlanningSettings
from territory import clock
from territory.rows import ends_from, starts_by
from territory.together import Prepared, in_groups, prepared, together


class Person(NamedTuple):
    """Whom a row is about."""

    pk: int
    name: str

    def __str__(self) -> str:
        return self.name


class PersonRow(NamedTuple):
    """A person's weeks; `base_minutes` is the capacity of an ordinary week."""

    person: Person
    base_minutes: float
    line: engine.Line

    @property
    def cells(self) -> list[engine.Cell]:
        return self.line.cells

    @property
    def load(self) -> float | None:
        return Sums.of(self.line.sums).load


class TeamRows(Struct, frozen=True):
    """A team's people, its sums a week (where the reader may see its totals) and its unstaffed work a week."""

    team: Team
    people: list[PersonRow]
    unstaffed: list[engine.Cell | None]
    shows_totals: bool

    @property
    def base_minutes(self) -> float:
        return sum(row.base_minutes for row in self.people)

    @property
    def loads(self) -> list[float | None]:
        return [Sums.of(week).load for week in zip(*(row.line.sums for row in self.people), strict=True)]

    @property
    def load(self) -> float | None:
        return Sums.of(week for row in self.people for week in row.line.sums).load

    @property
    def has_unstaffed(self) -> bool:
        return any(self.unstaffed)


class Absent(Struct, frozen=True):
    """Somebody away in the weeks shown, whose absences the reader may see."""

    person: Person
    starts_on: dt.date
    ends_on: dt.date


class Board(Struct, frozen=True, dict=True):
    """The heat map: weeks, teams with their people, who is away, and sums of the first week; the working days it rests on.

    `seen`: teams whose totals the reader may see, archived ones too.
    """

    weeks: list[dt.date]
    teams: list[TeamRows]
    away: list[Absent]
    computed_at: dt.datetime | None
    settings: PlanningSettings
    seen: list[Team]
    rows: list[PersonRow]
    calendar: WorkCalendar

    @property
    def people(self) -> int:
        return len(self.rows)

    @property
    def first_week(self) -> "Sums":
        return self.by_week[0]

    @property
    def lines(self) -> list[tuple[TeamRows, PersonRow | None]]:
        """The map from top to bottom: each team's people, and None for its unstaffed work."""
        return [(rows, line) for rows in self.teams for line in (*rows.people, *([None] if rows.has_unstaffed else []))]

    @property
    def last_week(self) -> dt.date:
        return self.weeks[-1]

    @cached_property
    def by_week(self) -> list["Sums"]:
        by_week = zip(*(row.line.sums for row in self.rows), strict=True)
        return [Sums.of(week) for week in by_week] or [Sums(0.0, 0.0)] * len(self.weeks)

    @property
    def week_sums(self) -> list[tuple[dt.date, "Sums"]]:
        return list(zip(self.weeks, self.by_week, strict=True))


class Sums(Struct, frozen=True):
    """Workload and capacity of several people, minutes."""

    workload: float
    capacity: float

    @classmethod
    def of(cls, weeks: Iterable[tuple[float, float]]) -> "Sums":
        """Of several people's or weeks' workload and capacity."""
        workload = capacity = 0.0
        for work, room in weeks:
            workload += work
            capacity += room
        return cls(workload, capacity)

    @property
    def load(self) -> float | None:
        return self.workload / self.capacity if self.capacity else None


def band_ends(settings: PlanningSettings) -> tuple[float, float, float, float]:
    """The administrator's thresholds: the upper ends of the bands."""
    room, good, full, over = settings.room_below, settings.good_up_to, settings.full_up_to, settings.over_up_to
    return float(room), float(good), float(full), float(over)


def board(user: User, team: Team | None = None, weeks: int = WEEKS_SHOWN) -> Board:
    """The heat map of the people whom the reader may see, of one team and below or of all.

    In 2 queries, three more for everyone's, one more where somebody covers chosen customers.
    """
    today, reached = clock.company_today(), scope(user, Area.BUDGETS, Act.SEE)
    mondays = weeks_from(today, weeks)
    span = span_of(mondays)
    ground_rows, away_rows, (members, names, absences, teams, computed) = in_groups(
        weeks_questions(),
        away_questions(*span),
        (
            _ever_members(reached),
            _names(reached, today),
            _absences(scope(user, Area.ABSENCES, Act.SEE), *span, today),
            _teams(reached, *span, today),
            _computed_at(),
        ),
    )
    ground = weeks_ground(*ground_rows)
    concerned = None if reached.everything else frozenset(members) | {user.pk}
    totals = frozenset(row.pk for row in teams if row.shows_totals)
    facts = load_workload(ground, mondays, people=concerned, unstaffed=totals, away=away_from(*away_rows))
    lines, unstaffed = engine.by_line(facts, mondays)
    teams.sort(key=attrgetter("name"))
    places = {row.pk: row for row in teams if team is None or row.path.startswith(team.path)}
    people = {pk: Person(pk, name) for pk, name in sorted(names, key=itemgetter(1))}
    seats = _seats(row for row in facts.members if row.person in people and row.team in places)
    shown = _team_rows(_person_rows(lines, seats, people), unstaffed, places, mondays)
    return Board(
        weeks=mondays,
        teams=shown,
        away=[Absent(people[pk], starts_on, ends_on) for pk, starts_on, ends_on in absences if pk in seats],
        computed_at=computed[0] if computed else None,
        settings=ground.settings,
        seen=[row for row in teams if row.shows_totals],
        rows=[row for rows in shown for row in rows.people],
        calendar=ground.context.calendar,
    )


@prepared
def _ever_members(reached: Scope) -> QuerySet:
    """Whoever was, is or will be a member of the teams within reach: their cells, and what they leave there unstaffed."""
    rows = (
        Membership.objects.none() if reached.everything else Membership.objects.filter(reached.teams_through("team__"))
    )
    return rows.order_by().values_list("user_id", flat=True).distinct()


@prepared
def _names(reached: Scope, today: dt.date) -> QuerySet:
    """Active people whom the reader may see."""
    return people_reached(reached, today).filter(is_active=True).order_by("pk").values_list("pk", "name")


@prepared
def _teams(reached: Scope, first: dt.date, last: dt.date, today: dt.date) -> QuerySet[Team]:
    """Teams whose totals the reader may see (`shows_totals`), and those in which the people whom they may see are members in
    these weeks."""
    people = people_reached(reached, today).order_by()
    members = Membership.objects.filter(starts_by(last), ends_from(first), user__in=people.values("pk")).order_by()
    seen = EVERYTHING if reached.everything else reached.teams
    found = Team.objects.filter(seen | Q(pk__in=members.values("team"))).annotate(shows_totals=yes(seen))
    return found.only("name", "path", "archived_at")


def _seats(members: Iterable[Member]) -> dict[int, Member]:
    """The membership under which each person is listed: the earliest."""
    found: dict[int, Member] = {}
    for row in sorted(members, key=lambda row: row.starts_on or dt.date.min):
        found.setdefault(row.person, row)
    return found


@prepared
def _absences(seen: Scope, first: dt.date, last: dt.date, today: dt.date) -> QuerySet:
    """Absences of these weeks, of those whose absences the reader may see."""
    people = people_reached(seen, today).order_by()
    found = Absence.objects.between(first, last).filter(user__in=people.values("pk")).order_by("starts_on", "pk")
    return found.values_list("user_id", "starts_on", "ends_on")


@prepared
def _computed_at() -> QuerySet:
    """When the oldest of the stored figures were computed."""
    return CustomerFigures.objects.order_by("computed_at").values_list("computed_at", flat=True)[:1]


def _person_rows(
    lines: Mapping[int, engine.Line], seats: Mapping[int, Member], people: Mapping[int, Person]
) -> dict[int, list[PersonRow]]:
    """Rows by team; people without any time for customers and without work (administrators) are left out."""
    found: dict[int, list[PersonRow]] = defaultdict(list)
    for pk, person in people.items():
        if pk not in seats or pk not in lines:
            continue
        seat, line = seats[pk], lines[pk]
        if seat.base or any(work for work, _capacity in line.sums):
            found[seat.team].append(PersonRow(person, seat.base, line))
    return found


def _team_rows(
    rows: Mapping[int, list[PersonRow]],
    unstaffed: Mapping[int, list[engine.Cell]],
    teams: Mapping[int, Team],
    mondays: Sequence[dt.date],
) -> list[TeamRows]:
    """Teams with people, or with unstaffed work that the reader may see, by name."""
    found = []
    for pk, team in teams.items():
        left = {cell.week: cell for cell in unstaffed.get(pk, ())} if team.shows_totals else {}
        if pk in rows or left:
            found.append(TeamRows(team, rows.get(pk, []), [left.get(week) for week in mondays], team.shows_totals))
    return found


def own_week(user: User) -> engine.Cell | None:
    """The person's present week from stored shares, in 2 queries; None for somebody without a membership."""
    ground, away = in_groups(weeks_questions(), own_away(user))
    return week_of(user, weeks_ground(*ground), away_from(*away))


def own_away(user: User) -> tuple[Prepared, ...]:
    """The questions about who is away in the present week, as far as the person's own week needs it."""
    return away_questions(*span_of(weeks_from(clock.company_today(), 1)), user.pk)


def week_of(user: User, ground: Ground, away: Away) -> engine.Cell | None:
    """The same from a ground and the answers about `own_away`, in 1 query."""
    week = weeks_from(clock.company_today(), 1)
    facts = load_workload(ground, week, people=frozenset({user.pk}), unstaffed=frozenset(), away=away)
    cells = engine.workload(facts, week)
    return next((cell for cell in cells if cell.person == user.pk), None)


class Explained(Struct, frozen=True):
    """One cell of the heat map and what it is made of; whom and who covers, None where the reader may not see that they
    are away."""

    person: User | None
    team: Team | None
    cell: engine.Cell
    memberships: list[Membership]
    absences: list[Absence]
    planned: list[PlannedTouch]
    covering: list[tuple[User | None, float]]
    covered_by: list[tuple[User | None, float]]
    weekly_by_stage: list[tuple[bool, float, float, float]]


def explain(user: User, person: User | None, team: Team | None, week: dt.date) -> Explained | None:
    """What a person's week (or a team's unstaffed work) is made of, with the numbers of this case."""
    ground = weeks_ground(*together(*weeks_questions()))
    cells = engine.workload(load_workload(ground, [week], people=frozenset({person.pk}) if person else None), [week])
    if person:
        cell = next((c for c in cells if c.person == person.pk), None)
        shares = BudgetShare.objects.filter(membership__user=person)
    else:
        cell = next((c for c in cells if c.person is None and team and c.team == team.pk), None)
        shares = BudgetShare.objects.filter(membership__isnull=True, team=team)
    if cell is None:
        return None
    sunday = week + dt.timedelta(days=6)
    # Oneself: whom one covers is no secret.
    seen = people_within(user, Area.ABSENCES, Act.SEE) if user != person else User.objects.all()
    in_force = Q(starts_by(sunday) & ends_from(week))
    planned = PlannedTouch.objects.open().visible_to(user).filter(assignee=person, due_on__range=(week, sunday))
    return Explained(
        person=person,
        team=team,
        cell=cell,
        memberships=list(Membership.objects.filter(in_force, user=person).select_related("team", "role"))
        if person
        else [],
        absences=list(Absence.objects.between(week, sunday).filter(user__in=seen.filter(pk=person.pk).values("pk")))
        if person
        else [],
        planned=list(planned.select_related("customer__tier", "type")) if person else [],
        covering=_named(seen, cell.covering),
        covered_by=_named(User.objects.all(), cell.covered_by) if person in seen else [],
        weekly_by_stage=[
            (prospecting, *(minutes / WEEKS_PER_MONTH for minutes in parts))
            for prospecting, *parts in shares.order_by("is_prospecting")
            .values_list("is_prospecting")
            .annotate(Sum("touch_minutes"), Sum("travel_minutes"), Sum("other_minutes"))
        ],
    )


def _named(seen: QuerySet[User], parts: Sequence[tuple[int, float]]) -> list[tuple[User | None, float]]:
    """People with their minutes; those not `seen` without a name."""
    known = seen.in_bulk([pk for pk, _minutes in parts]) if parts else {}
    return [(known.get(pk), minutes) for pk, minutes in parts]
