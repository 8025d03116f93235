"""Who has how much to do in the coming weeks: the manager's heat map, one cell explained, one's own week."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet, Sum

from accounts.models import Absence, Membership, Team, User
from accounts.permissions import Act, Area, people_within, teams_within
from customers.models import PlannedTouch
from planning.engine import workload as engine
from planning.engine.customer import Context
from planning.engine.rules import Rules
from planning.engine.value import ValueTable
from planning.loaders.ground import Ground, load_bases, load_calendar
from planning.loaders.workload import WEEKS_SHOWN, load_workload, weeks_from
from planning.models import BudgetShare, CustomerFigures, PlanningSettings
from territory import clock
from territory.rows import ends_from, starts_by


@dataclass(frozen=True)
class PersonRow:
    """A person's weeks; `base_minutes` is the capacity of an ordinary week."""

    person: User
    role: str
    base_minutes: float
    cells: list[engine.Cell]

    @property
    def load(self) -> float | None:
        return load_of(self.cells)


@dataclass(frozen=True)
class TeamRows:
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
        return [load_of(cells) for cells in zip(*(row.cells for row in self.people), strict=True)]

    @property
    def load(self) -> float | None:
        return load_of([cell for row in self.people for cell in row.cells])

    @property
    def has_unstaffed(self) -> bool:
        return any(self.unstaffed)


@dataclass(frozen=True)
class Absent:
    """Somebody away in the weeks shown, whose absences the reader may see."""

    person: User
    starts_on: dt.date
    ends_on: dt.date
    kind: str


@dataclass(frozen=True)
class Board:
    """The heat map: weeks, teams with their people, who is away, and sums of the first week."""

    weeks: list[dt.date]
    teams: list[TeamRows]
    away: list[Absent]
    computed_at: dt.datetime | None
    settings: PlanningSettings
    rows: list[PersonRow] = field(default_factory=list)

    @property
    def people(self) -> int:
        return len(self.rows)

    @property
    def first_week(self) -> "Sums":
        return Sums.of(row.cells[0] for row in self.rows)

    @property
    def last_week(self) -> dt.date:
        return self.weeks[-1]

    @property
    def by_week(self) -> list["Sums"]:
        return [Sums.of(row.cells[number] for row in self.rows) for number in range(len(self.weeks))]

    @property
    def week_sums(self) -> list[tuple[dt.date, "Sums"]]:
        return list(zip(self.weeks, self.by_week, strict=True))


@dataclass(frozen=True)
class Sums:
    """Workload and capacity of several people, minutes."""

    workload: float
    capacity: float

    @classmethod
    def of(cls, cells: Iterable[engine.Cell]) -> "Sums":
        rows = list(cells)
        return cls(sum(cell.workload for cell in rows), sum(cell.capacity for cell in rows))

    @property
    def load(self) -> float | None:
        return self.workload / self.capacity if self.capacity else None


def load_of(cells: Iterable[engine.Cell]) -> float | None:
    """Workload of several cells over their capacity; None where there is none."""
    return Sums.of(cells).load


def band_of(load: float | None, settings: PlanningSettings) -> str:
    """The band of a load under the administrator's thresholds: room, good, full, over, far or away."""
    ends = (settings.room_below, settings.good_up_to, settings.full_up_to, settings.over_up_to)
    return engine.band(load, [float(end) for end in ends])


def board(user: User, team: Team | None = None, weeks: int = WEEKS_SHOWN) -> Board:
    """The heat map of the people whom the reader may see, of one team and below or of all; a fixed number of queries."""
    mondays = weeks_from(clock.company_today(), weeks)
    ground = _ground()
    cells = engine.workload(load_workload(ground, mondays), mondays)
    people = _people(user, team, mondays)
    totals = set(teams_within(user, Area.BUDGETS, Act.SEE).values_list("pk", flat=True))
    rows = _person_rows(cells, people, mondays)
    teams = _teams(rows, cells, totals, team, mondays)
    return Board(
        weeks=mondays,
        teams=teams,
        away=_away(user, people, mondays),
        computed_at=CustomerFigures.objects.order_by("computed_at").values_list("computed_at", flat=True).first(),
        settings=ground.settings,
        rows=[row for rows in teams for row in rows.people],
    )


def _ground() -> Ground:
    """What weeks need of today's ground: thresholds, speed, calendar, bases. Contact rules are in the stored shares."""
    today = clock.company_today()
    settings = PlanningSettings.current()
    context = Context(
        on=today,
        rules=Rules(detour=float(settings.detour_factor), speed_kmh=float(settings.travel_speed_kmh)),
        values=ValueTable((), today),
        calendar=load_calendar(),
        bases=load_bases(),
    )
    zone = clock.company_zone()
    return Ground(context, settings, zone, clock.end_of_day(today, zone), rules_number=0)


def _people(user: User, team: Team | None, mondays: Sequence[dt.date]) -> dict[int, tuple[User, Membership]]:
    """Those the reader may see, with the membership under which they are listed: the earliest of these weeks."""
    memberships = Membership.objects.filter(
        starts_by(mondays[-1] + dt.timedelta(days=6)),
        ends_from(mondays[0]),
        user__in=people_within(user, Area.BUDGETS, Act.SEE).filter(is_active=True).values("pk"),
    ).select_related("user", "team", "role")
    if team:
        memberships = memberships.filter(team__path__startswith=team.path)
    found: dict[int, tuple[User, Membership]] = {}
    for row in sorted(memberships, key=lambda row: (row.starts_on or dt.date.min, row.pk)):
        found.setdefault(row.user_id, (row.user, row))
    return found


def _person_rows(
    cells: Iterable[engine.Cell], people: dict[int, tuple[User, Membership]], mondays: Sequence[dt.date]
) -> dict[Team, list[PersonRow]]:
    """Rows by team; people without any time for customers and without work (administrators) are left out."""
    mine: dict[int, list[engine.Cell]] = defaultdict(list)
    for cell in cells:
        if cell.person is not None:
            mine[cell.person].append(cell)
    found: dict[Team, list[PersonRow]] = defaultdict(list)
    for pk, (person, membership) in sorted(people.items(), key=lambda item: item[1][0].name):
        row = mine.get(pk, [])
        base = float(membership.weekly_hours) * 60 * float(membership.selling_share)
        if row and (base or any(cell.workload for cell in row)):
            found[membership.team].append(PersonRow(person, membership.role.name, base, row))
    return found


def _teams(
    rows: dict[Team, list[PersonRow]],
    cells: Iterable[engine.Cell],
    totals: set[int],
    only: Team | None,
    mondays: Sequence[dt.date],
) -> list[TeamRows]:
    left: dict[int, dict[dt.date, engine.Cell]] = defaultdict(dict)
    for cell in cells:
        if cell.person is None and cell.team in totals:
            left[cell.team][cell.week] = cell
    teams = {team.pk: team for team in rows}
    missing = [pk for pk in left if pk not in teams]
    teams |= {team.pk: team for team in Team.objects.filter(pk__in=missing)}
    shown = [team for team in teams.values() if only is None or team.path.startswith(only.path)]
    return [
        TeamRows(team, rows.get(team, []), [left[team.pk].get(week) for week in mondays], team.pk in totals)
        for team in sorted(shown, key=lambda team: team.name)
    ]


def _away(user: User, people: dict[int, tuple[User, Membership]], mondays: Sequence[dt.date]) -> list[Absent]:
    """Who is away, of those whose absences the reader may see."""
    seen = people_within(user, Area.ABSENCES, Act.SEE).filter(pk__in=list(people))
    absences = Absence.objects.between(mondays[0], mondays[-1] + dt.timedelta(days=6)).filter(
        user__in=seen.values("pk")
    )
    return [
        Absent(people[row.user_id][0], row.starts_on, row.ends_on, row.get_kind_display())
        for row in absences.order_by("starts_on", "pk")
    ]


def own_week(user: User) -> engine.Cell | None:
    """The person's present week from stored shares; None for somebody without a membership."""
    week = weeks_from(clock.company_today(), 1)
    cells = engine.workload(load_workload(_ground(), week, person=user.pk), week)
    return next((cell for cell in cells if cell.person == user.pk), None)


@dataclass(frozen=True)
class Explained:
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
    cells = engine.workload(load_workload(_ground(), [week], person=person.pk if person else None), [week])
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
            (prospecting, *(minutes / float(engine.WEEKS_PER_MONTH) for minutes in parts))
            for prospecting, *parts in shares.order_by("is_prospecting")
            .values_list("is_prospecting")
            .annotate(Sum("touch_minutes"), Sum("travel_minutes"), Sum("other_minutes"))
        ],
    )


def _named(seen: QuerySet[User], parts: Sequence[tuple[int, float]]) -> list[tuple[User | None, float]]:
    """People with their minutes; those not `seen` without a name."""
    known = seen.in_bulk([pk for pk, _minutes in parts]) if parts else {}
    return [(known.get(pk), minutes) for pk, minutes in parts]
