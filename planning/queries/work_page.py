"""The screen of work done: who made how many touches of what value in how much time, and one person's by type and tier."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import Team, User
from customers.models import Tier, TouchType
from planning.engine.work import Work
from planning.loaders.work import Made
from planning.queries.work_value import Place, Valuation, WorkDone, made_before, valuation
from territory.folding import fold
from territory.together import together

NO_COST = Decimal(-1)


@dataclass(frozen=True)
class PersonRow:
    """A person (None: unknown) with the teams that they worked in, what they did, and touches by type in the types' order."""

    person: User | None
    teams: str
    work: Work
    mix: list[tuple[TouchType, int]]


@dataclass(frozen=True)
class Lines:
    """Touches of one type (None: of all) together, and by tier (None: before the customer's history begins)."""

    touch_type: TouchType | None
    whole: Work
    by_tier: list[tuple[Tier | None, Work]]


@dataclass(frozen=True)
class Board:
    """All people's work of a period. `unknown` None: everyone is known. `total` and `types` hold each touch once."""

    rows: list[PersonRow]
    unknown: PersonRow | None
    total: Work
    types: list[Lines]
    valued: Valuation

    @property
    def sees_cost(self) -> bool:
        return self.valued.rates is not None


@dataclass(frozen=True)
class Own:
    """One person's work of a period by type and tier."""

    person: User
    teams: str
    total: Work
    types: list[Lines]
    valued: Valuation

    @property
    def sees_cost(self) -> bool:
        return self.valued.rates is not None


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


def board(reader: User, first: dt.date, last: dt.date, sort: str) -> Board:
    """What the reader sees of everyone's work, in five queries at most."""
    valued = valuation(first, last, reader)
    done = WorkDone(valued, made_before(reader, valued.span))
    names = _Names({person for person, *_rest in done.by_person if person is not None})
    of_person: dict[int | None, dict[Place, Work]] = defaultdict(dict)
    for place, work in done.by_person.items():
        of_person[place[0]][place] = work
    unknown = of_person.pop(None, None)
    rows = [names.row(person, works) for person, works in of_person.items()]
    key = sort.removeprefix("-")
    rows.sort(key=SORTS["name"])
    rows.sort(key=SORTS.get(key, SORTS["name"]), reverse=sort.startswith("-"))
    return Board(
        rows,
        names.row(None, unknown) if unknown else None,
        sum(done.in_all.values(), Work()),
        names.lines(done.in_all),
        valued,
    )


def own_work(reader: User, person: User, first: dt.date, last: dt.date) -> Own:
    """What the reader sees of one person's work, in three queries."""
    valued = valuation(first, last, reader)
    seen = made_before(reader, valued.span)
    made = Made(seen.touches, User.objects.filter(pk=person.pk), unknown=False)
    works = WorkDone(valued, made).by_person
    names = _Names(set())
    return Own(person, names.teams(works), sum(works.values(), Work()), names.lines(works), valued)


class _Names:
    """People, teams, types and tiers by key, in one query."""

    def __init__(self, people: set[int]) -> None:
        found = together(
            User.objects.filter(pk__in=people).order_by().only("pk", "name"),
            Team.objects.order_by("name").only("pk", "name"),
            TouchType.objects.order_by("position", "name"),
            Tier.objects.order_by("position", "name"),
        )
        self.people, self.all_teams, self.types, self.tiers = ({row.pk: row for row in rows} for rows in found)

    def row(self, person: int | None, works: dict[Place, Work]) -> PersonRow:
        mix: dict[int, int] = defaultdict(int)
        for (_person, _team, touch_type, _tier), work in works.items():
            mix[touch_type] += work.touches
        return PersonRow(
            None if person is None else self.people[person],
            self.teams(works),
            sum(works.values(), Work()),
            [(row, mix[pk]) for pk, row in self.types.items() if pk in mix],
        )

    def teams(self, works: Iterable[Place]) -> str:
        teams = {team for _person, team, _type, _tier in works}
        return ", ".join(row.name for pk, row in self.all_teams.items() if pk in teams)

    def lines(self, works: dict[Place, Work]) -> list[Lines]:
        by_type: dict[int, dict[int | None, Work]] = defaultdict(lambda: defaultdict(Work))
        for (_person, _team, touch_type, tier), work in works.items():
            by_type[touch_type][tier] += work
        order: list[int | None] = [*self.tiers, None]
        return [
            Lines(
                row,
                sum(by_type[pk].values(), Work()),
                [(self.tiers.get(tier), by_type[pk][tier]) for tier in order if tier in by_type[pk]],  # type: ignore[arg-type]
            )
            for pk, row in self.types.items()
            if pk in by_type
        ]
