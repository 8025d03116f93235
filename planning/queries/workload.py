"""Who has how much to do in the coming weeks: the manager's heat map, one cell explained, one's own week."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from accounts.models import Absence, Membership, Team, User
from accounts.permissions import Act, Area, Scope, people_reached, people_within, scope, teams_within
from customers.models import PlannedTouch
from planning.engine import workload as engine
from planning.engine.cover import Away
from planning.loaders.ground import Ground, away_from, away_questions, weeks_ground, weeks_questions
from planning.loaders.workload import WEEKS_SHOWN, load_workload, span_of, weeks_from
from planning.models import BudgetShare, CustomerFigures, PlanningSettings
from territory import clock
from territory.rows import ends_from, starts_by
from territory.together import Prepared, in_groups, prepared, together


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
    """The heat map: weeks, teams with their people, who is away, and sums of the first week.

    `seen`: teams whose totals the reader may see, archived ones too.
    """

    weeks: list[dt.date]
    teams: list[TeamRows]
    away: list[Absent]
    computed_at: dt.datetime | None
    settings: PlanningSettings
    seen: list[Team]
    rows: list[PersonRow]

    @property
    def people(self) -> int:
        return len(self.rows)

    @property
    def first_week(self) -> "Sums":
        return Sums.of(row.cells[0] for row in self.rows)

    @property
    def lines(self) -> list[tuple[TeamRows, PersonRow | None]]:
        """The map from top to bottom: each team's people, and None for its unstaffed work."""
        return [(rows, line) for rows in self.teams for line in (*rows.people, *([None] if rows.has_unstaffed else []))]

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
    """The heat map of the people whom the reader may see, of one team and below or of all.

    In 2 queries, one more where somebody covers chosen customers.
    """
    today, reached = clock.company_today(), scope(user, Area.BUDGETS, Act.SEE)
    mondays = weeks_from(today, weeks)
    span = span_of(mondays)
    ground_rows, away_rows, (members, seats, absences, seen, computed) = in_groups(
        weeks_questions(),
        away_questions(*span),
        (
            _ever_members(reached),
            _seats(reached, *span, today, team.path if team else ""),
            _absences(scope(user, Area.ABSENCES, Act.SEE), *span, today),
            teams_within(user, Area.BUDGETS, Act.SEE),
            _computed_at(),
        ),
    )
    ground = weeks_ground(*ground_rows)
    concerned = None if reached.everything else frozenset(members) | {user.pk}
    facts = load_workload(ground, mondays, people=concerned, away=away_from(*away_rows))
    cells = engine.workload(facts, mondays)
    people = _people(seats)
    teams = _teams(_person_rows(cells, people), cells, {row.pk: row for row in seen}, team, mondays)
    return Board(
        weeks=mondays,
        teams=teams,
        away=[
            Absent(people[row.user_id][0], row.starts_on, row.ends_on, row.get_kind_display())
            for row in absences
            if row.user_id in people
        ],
        computed_at=computed[0] if computed else None,
        settings=ground.settings,
        seen=seen,
        rows=[row for rows in teams for row in rows.people],
    )


@prepared
def _ever_members(reached: Scope) -> QuerySet:
    """Whoever was, is or will be a member of the teams within reach: their cells, and what they leave there unstaffed."""
    rows = (
        Membership.objects.none() if reached.everything else Membership.objects.filter(reached.teams_through("team__"))
    )
    return rows.order_by().values_list("user_id", flat=True).distinct()


@prepared
def _seats(reached: Scope, first: dt.date, last: dt.date, today: dt.date, below: str) -> QuerySet[Membership]:
    """Memberships of these weeks, of those whom the reader may see, in all teams or below one."""
    people = people_reached(reached, today).filter(is_active=True).order_by()
    rows = Membership.objects.filter(starts_by(last), ends_from(first), user__in=people.values("pk"))
    if below:
        rows = rows.filter(team__path__startswith=below)
    shown = ("user__name", "team__name", "team__path", "role__name", "weekly_hours", "selling_share", "starts_on")
    return rows.select_related("user", "team", "role").only(*shown).order_by()


def _people(seats: Iterable[Membership]) -> dict[int, tuple[User, Membership]]:
    """People with the membership under which they are listed: the earliest of these weeks."""
    found: dict[int, tuple[User, Membership]] = {}
    for row in sorted(seats, key=lambda row: (row.starts_on or dt.date.min, row.pk)):
        found.setdefault(row.user_id, (row.user, row))
    return found


@prepared
def _absences(seen: Scope, first: dt.date, last: dt.date, today: dt.date) -> QuerySet[Absence]:
    """Absences of these weeks, of those whose absences the reader may see."""
    people = people_reached(seen, today).order_by()
    return Absence.objects.between(first, last).filter(user__in=people.values("pk")).order_by("starts_on", "pk")


@prepared
def _computed_at() -> QuerySet:
    """When the oldest of the stored figures were computed."""
    return CustomerFigures.objects.order_by("computed_at").values_list("computed_at", flat=True)[:1]


def _person_rows(
    cells: Iterable[engine.Cell], people: dict[int, tuple[User, Membership]]
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
    seen: dict[int, Team],
    only: Team | None,
    mondays: Sequence[dt.date],
) -> list[TeamRows]:
    """Teams with people or unstaffed work, by name; `seen`: those whose totals the reader may see."""
    left: dict[int, dict[dt.date, engine.Cell]] = defaultdict(dict)
    for cell in cells:
        if cell.person is None and cell.team in seen:
            left[cell.team][cell.week] = cell
    teams = {team.pk: team for team in rows} | {pk: seen[pk] for pk in left}
    shown = [team for team in teams.values() if only is None or team.path.startswith(only.path)]
    return [
        TeamRows(team, rows.get(team, []), [left[team.pk].get(week) for week in mondays], team.pk in seen)
        for team in sorted(shown, key=lambda team: team.name)
    ]


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
    facts = load_workload(ground, week, people=frozenset({user.pk}), unstaffed=False, away=away)
    cells = engine.workload(facts, week)
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
