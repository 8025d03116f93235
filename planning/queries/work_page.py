"""The screen of work done: who made how many touches of what value in how much time, and one person's by type and tier."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import Team, User
from accounts.permissions import Area
from customers.models import Tier, TouchType
from planning.engine.work import Sums, Work
from planning.loaders.work import Made, load_sums
from planning.queries.named import named_people
from planning.queries.work_value import Place, Valuation, WorkDone, made_before, valuation
from planning.queries.workload import Person
from territory.folding import fold
from territory.together import prepared, together

NO_COST = Decimal(-1)


class Kind(NamedTuple):
    """A touch type as it is named."""

    pk: int
    name: str
    icon: str


class PersonSum(Struct, frozen=True):
    """What one person (None: unknown) did: by key the teams that they worked in, and how many touches by type."""

    person: int | None
    teams: list[int]
    work: Work
    mix: dict[int, int]


class WorkSums(Struct, frozen=True):
    """All people's work of a period without names, as it is kept. `total`, `types` and `tiers` (by key) hold each touch once, `teams`
    once for each team that took part (None: not asked for); there is no cost in those of types and tiers."""

    people: list[PersonSum]
    total: Work
    types: list[tuple[int, Work]]
    tiers: list[tuple[int | None, Work]]
    teams: list[tuple[int | None, Work]] | None
    repeats_once: bool
    sees_cost: bool


@dataclass(frozen=True)
class PersonRow:
    """A person (None: unknown) with what they did; a page shows few of all rows, and only these are put into words."""

    person: Person | None
    sums: PersonSum
    names: _Names = field(repr=False, compare=False)

    @property
    def work(self) -> Work:
        return self.sums.work

    @property
    def teams(self) -> str:
        """The teams that they worked in."""
        return self.names.teams_of(self.sums.teams)

    @property
    def mix(self) -> list[tuple[Kind, int]]:
        """Touches by type, in the types' order."""
        return [(row, self.sums.mix[pk]) for pk, row in self.names.types.items() if pk in self.sums.mix]


class Lines(Struct, frozen=True):
    """Touches of one type together, and by tier (None: before the customer's history begins)."""

    touch_type: Kind
    whole: Work
    by_tier: list[tuple[Tier | None, Work]]


class Board(Struct, frozen=True):
    """All people's work of a period. `unknown` None: everyone is known. `total`, `types` and `tiers` hold each touch once, `teams`
    once for each team that took part (None: not asked for). `has_teams`: there are several. There is no cost in sums of types and tiers."""

    rows: list[PersonRow]
    unknown: PersonRow | None
    total: Work
    types: list[tuple[Kind, Work]]
    tiers: list[tuple[Tier | None, Work]]
    teams: list[tuple[str, Work]] | None
    has_teams: bool
    repeats_once: bool
    sees_cost: bool


class Own(Struct, frozen=True):
    """One person's work of a period by type and tier."""

    person: User
    teams: str
    total: Work
    types: list[Lines]
    repeats_once: bool
    sees_cost: bool


# By what the list is sorted; it starts by name, which is no order of merit.
SORTS: dict[str, Callable[[PersonRow], Any]] = {
    "name": lambda row: fold(str(row.person)),
    "team": lambda row: fold(row.teams),
    "touches": lambda row: row.work.touches,
    "value": lambda row: row.work.value,
    "minutes": lambda row: row.work.seconds,
    "travel": lambda row: row.work.travel_seconds,
    "cost": lambda row: NO_COST if row.work.cost is None else row.work.cost,
}
USUAL_SORT = "name"


def question_of(first: dt.date, last: dt.date, *, follows: bool) -> str:
    """These days as a question that is kept; `follows`: so many days up to the one on which it is answered."""
    return str((last - first).days + 1) if follows else f"{first}/{last}"


def answer(reader: User, question: str, today: dt.date) -> list[Any]:
    """The work of the days that a question says, as it is kept."""
    first, slash, last = question.partition("/")
    if slash:
        return _stored(work_sums(reader, dt.date.fromisoformat(first), dt.date.fromisoformat(last), with_teams=True))
    return _stored(work_sums(reader, today - dt.timedelta(days=int(first) - 1), today, with_teams=True))


def work_sums(reader: User, first: dt.date, last: dt.date, *, with_teams: bool = False) -> WorkSums:
    """What the reader sees of everyone's work, in two queries."""
    valued = valuation(first, last, reader)
    made = made_before(reader, valued.span)
    people, touches, teams = load_sums(made, valued.span, valued.seats, valued.tables, with_teams=with_teams)
    members = _sorted(people, valued.team_of)
    of_teams = [
        (team, valued.sum_of_team(rows, members[team])) for team, rows in _sorted(teams, lambda row: row.who).items()
    ]
    return WorkSums(
        [_of_person(person, rows, valued) for person, rows in _sorted(people, lambda row: row.who).items()],
        valued.sum_of_all(touches, people),
        [(kind, valued.sum_of(rows)) for kind, rows in _sorted(touches, lambda row: row.touch_type).items()],
        [(tier, valued.sum_of(rows)) for tier, rows in _sorted(touches, lambda row: row.tier).items()],
        of_teams if with_teams else None,
        valued.span.repeats_once,
        valued.rates is not None,
    )


def _sorted(rows: list[Sums], key: Callable[[Sums], Any]) -> dict[Any, list[Sums]]:
    found: dict[Any, list[Sums]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _of_person(person: int | None, rows: list[Sums], valued: Valuation) -> PersonSum:
    mix: dict[Any, int] = defaultdict(int)
    for row in rows:
        mix[row.touch_type] += row.touches
    teams = {valued.team_of(row) for row in rows} - {None}
    return PersonSum(person, sorted(teams), valued.sum_of_person(rows), dict(mix))  # type: ignore[type-var]


def _stored(sums: WorkSums) -> list[Any]:
    """As JSON, without the names of its parts: it is read by each look at the page."""
    return [
        [[row.person, row.teams, _numbers(row.work), list(row.mix.items())] for row in sums.people],
        _numbers(sums.total),
        *([[key, _numbers(work)] for key, work in part] for part in (sums.types, sums.tiers, sums.teams or [])),
        sums.repeats_once,
        sums.sees_cost,
    ]


def kept_sums(stored: list[Any]) -> WorkSums:
    """What `answer` came to."""
    people, total, types, tiers, teams, repeats_once, sees_cost = stored
    return WorkSums(
        [PersonSum(person, teams, _work(work), dict(mix)) for person, teams, work, mix in people],
        _work(total),
        _works(types),
        _works(tiers),
        _works(teams),
        repeats_once,
        sees_cost,
    )


def _works(stored: list[Any]) -> list[tuple[Any, Work]]:
    return [(key, _work(numbers)) for key, numbers in stored]


def _numbers(work: Work) -> list[Any]:
    """Amounts as text, to the last digit."""
    cost = None if work.cost is None else str(work.cost)
    return [
        work.touches, work.counted, work.not_set, str(work.value), work.seconds, work.travel_seconds, work.implausible, cost,
    ]  # fmt: skip


def _work(numbers: list[Any]) -> Work:
    touches, counted, not_set, value, seconds, travel_seconds, implausible, cost = numbers
    cost = None if cost is None else Decimal(cost)
    return Work(touches, counted, not_set, Decimal(value), seconds, travel_seconds, implausible, cost)


def board(reader: User, sums: WorkSums, sort: str) -> Board:
    """These sums with the names of those whose work the reader sees now, in one query."""
    names = _Names(reader, {row.person for row in sums.people if row.person is not None})
    rows = [names.row(row) for row in sums.people if row.person in names.people]
    unknown = next((names.row(row) for row in sums.people if row.person is None), None)
    key, works = sort.removeprefix("-"), dict(sums.types)
    rows.sort(key=SORTS["name"])
    rows.sort(key=SORTS.get(key, SORTS["name"]), reverse=sort.startswith("-"))
    types = [(row, works[pk]) for pk, row in names.types.items() if pk in works]
    return Board(
        rows,
        unknown,
        sums.total,
        types,
        names.tiers_in_order(dict(sums.tiers)),
        None if sums.teams is None else names.teams_in_order(dict(sums.teams)),
        len({team for row in sums.people for team in row.teams}) > 1,
        sums.repeats_once,
        sums.sees_cost,
    )


def own_work(reader: User, person: User, first: dt.date, last: dt.date) -> Own:
    """What the reader sees of one person's work, in three queries."""
    valued = valuation(first, last, reader)
    seen = made_before(reader, valued.span)
    made = Made(seen.touches, User.objects.filter(pk=person.pk), unknown=False)
    works = WorkDone(valued, made).by_person
    names = _Names(reader, ())
    return Own(
        person,
        names.teams_of({team for _person, team, *_rest in works}),
        sum(works.values(), Work()),
        names.lines(works),
        valued.span.repeats_once,
        valued.rates is not None,
    )


class _Names:
    """People within the reader's reach, teams, types and tiers by key, in one query."""

    def __init__(self, reader: User, people: Collection[int]) -> None:
        named, teams, types, tiers = together(named_people(reader, Area.TOUCHES, people), _teams(), _types(), _tiers())
        self.people = {pk: Person(pk, name) for pk, name in named}
        self.teams: dict[int, str] = dict(teams)
        self.types = {pk: Kind(pk, name, icon) for pk, name, icon in types}
        self.tiers: dict[int, Tier] = {row.pk: row for row in tiers}

    def row(self, sums: PersonSum) -> PersonRow:
        return PersonRow(None if sums.person is None else self.people[sums.person], sums, self)

    def teams_of(self, teams: Collection[int | None]) -> str:
        return ", ".join(name for pk, name in self.teams.items() if pk in teams)

    def teams_in_order(self, works: dict[int | None, Work]) -> list[tuple[str, Work]]:
        """Teams by name with their work; without a name what was made in none, or by people unknown."""
        order = {**self.teams, None: ""}
        return [(name, works[pk]) for pk, name in order.items() if pk in works]

    def tiers_in_order(self, works: dict[int | None, Work]) -> list[tuple[Tier | None, Work]]:
        """Tiers from the highest on with their work; None: before the customer's history begins."""
        return [(self.tiers.get(pk), works[pk]) for pk in (*self.tiers, None) if pk in works]  # type: ignore[arg-type]

    def lines(self, works: dict[Place, Work]) -> list[Lines]:
        by_type: dict[int, dict[int | None, Work]] = defaultdict(lambda: defaultdict(Work))
        for (_person, _team, touch_type, tier), work in works.items():
            by_type[touch_type][tier] += work
        return [
            Lines(
                row,
                sum(by_type[pk].values(), Work()),
                self.tiers_in_order(by_type[pk]),
            )
            for pk, row in self.types.items()
            if pk in by_type
        ]


@prepared
def _teams() -> QuerySet:
    return Team.objects.order_by("name").values_list("pk", "name")


@prepared
def _types() -> QuerySet:
    return TouchType.objects.order_by("position", "name").values_list("pk", "name", "icon")


@prepared
def _tiers() -> QuerySet[Tier]:
    return Tier.objects.order_by("position", "name")
