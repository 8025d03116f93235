"""What another official value would change, before it is saved: the order of people's lists of today, the value of work.

It is computed for a reader with the keys of whom and what it is about, and kept; names are looked up when it is shown, of
those alone whom the reader sees then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within
from customers.models import Customer, TouchType
from customers.scope import customers_within
from planning.engine.calendar import last_quarter
from planning.engine.reordering import Reordered, places, reordered
from planning.engine.value import OfficialValue, ValueTable
from planning.loaders.ground import official_from
from planning.loaders.lists import Item, list_questions, load_lists
from planning.loaders.work import seats_from, seats_question
from planning.queries.named import named_people
from planning.queries.value_work import Revalued, WorkEffect, span_of, work_effect
from territory.together import prepared, together

# Whose lists are shown row by row.
MOST_PEOPLE = 6


class TodayEffect(Struct, frozen=True):
    """The lists of today of those whom the reader may see: of how many people and rows, whose change, and the first of these."""

    people: int
    rows: int
    moved: int
    changed: int
    new_first: int
    shown: list[Reordered]


class ValueEffect(Struct, frozen=True):
    """What a value would change: lists of today, and what last quarter's work would have been worth."""

    today: TodayEffect
    work: WorkEffect


def question_of(value: OfficialValue) -> str:
    """A value as a question that is kept."""
    return f"{value.touch_type}/{value.tier}/{value.audience}/{value.amount:.2f}/{value.starts_on}"


def answer(user: User, question: str, today: dt.date) -> dict[str, Any]:
    """What the value of a question would change, as it is kept."""
    kind, tier, audience, amount, starts_on = question.split("/")
    value = OfficialValue(int(kind), int(tier), audience, dt.date.fromisoformat(starts_on), Decimal(amount))
    return _stored(value_effect(user, value, today))


def value_effect(user: User, value: OfficialValue, today: dt.date) -> ValueEffect:
    """All of it, as far as the reader may see people, customers and touches; in 5 queries."""
    seen, seats, values, settings, *rest = together(
        people_within(user, Area.BUDGETS, Act.SEE).order_by().values_list("pk", flat=True),
        seats_question(*last_quarter(today)),
        *list_questions(),
    )
    known = tuple(official_from(values))
    span = span_of(known, value, today, repeats_once=bool(settings and settings[0].repeats_count_once))
    work = work_effect(user, known, value, span, seats_from(seats, span))
    return ValueEffect(_today(value, known, load_lists(today, set(seen), settings, *rest), today), work)


def _today(
    value: OfficialValue, known: tuple[OfficialValue, ...], lists: Mapping[int, list[Item]], today: dt.date
) -> TodayEffect:
    before = ValueTable(known, today)
    # The later of two of one day holds; a value that starts later is looked at as if it held today.
    after = ValueTable((*known, replace(value, starts_on=min(value.starts_on or today, today))), today)
    found = [_compared(person, items, before, after, today) for person, items in lists.items()]
    # Whose first rows change most comes first: these are the rows that are shown.
    changed = sorted((row for row in found if row.moved), key=lambda row: (-row.first_changed, -row.moved, row.person))
    return TodayEffect(
        people=sum(row.rows > 0 for row in found),
        rows=sum(row.rows for row in found),
        moved=sum(row.moved for row in changed),
        changed=len(changed),
        new_first=sum(row.has_new_first for row in changed),
        shown=changed[:MOST_PEOPLE],
    )


def _compared(person: int, items: list[Item], before: ValueTable, after: ValueTable, today: dt.date) -> Reordered:
    old, new = [item.valued(before) for item in items], [item.valued(after) for item in items]
    was = places(old, today)
    return reordered(person, was, was if old == new else places(new, today))


def _stored(effect: ValueEffect) -> dict[str, Any]:
    """As JSON; amounts as text, to the last digit."""
    lists, work = effect.today, effect.work

    def worth(row: Revalued) -> list[Any]:
        return [row.person, row.team, row.touches, str(row.before), str(row.after)]

    return {
        "people": lists.people,
        "rows": lists.rows,
        "moved": lists.moved,
        "changed": lists.changed,
        "new_first": lists.new_first,
        "lists": [
            [row.person, row.rows, row.moved, row.first_before, row.first_after, [row.was[place] for place in row.first_after]]
            for row in lists.shown
        ],
        "first": work.first.isoformat(),
        "last": work.last.isoformat(),
        "keeps": work.keeps,
        "others": work.others,
        "total": worth(work.total),
        "by_team": [worth(row) for row in work.teams],
        "by_person": [worth(row) for row in work.people],
    }  # fmt: skip


class NamedRow(Struct, frozen=True):
    """A row of a list in words: `customer` is empty where the reader may not see it; `step`: by how many places it moves
    up (below 0: down) with the other value."""

    customer: str
    touch_type: str
    step: int


class PersonList(Struct, frozen=True):
    """Whose list changes, how many of its rows change place, and its first rows before and after."""

    person: str
    rows: int
    moved: int
    before: list[NamedRow]
    after: list[NamedRow]


class NamedWorth(Struct, frozen=True):
    """What touches of somebody (empty: unknown, or a whole team) were worth whose value differs, and would have been."""

    name: str
    team: str
    touches: int
    before: Decimal
    after: Decimal


class EffectShown(Struct, frozen=True):
    """A kept effect in words. `others`: how many lists and people's work change, too, and are not shown."""

    people: int
    rows: int
    moved: int
    changed: int
    new_first: int
    lists: list[PersonList]
    first: dt.date
    last: dt.date
    keeps: bool
    total: NamedWorth
    teams: list[NamedWorth]
    workers: list[NamedWorth]
    other_workers: int

    @property
    def other_lists(self) -> int:
        return self.changed - len(self.lists)


class _Names:
    """Names by key of what a kept effect is about, as far as the reader sees it now; in one query."""

    def __init__(self, user: User, kept: dict[str, Any]) -> None:
        places = [place for row in kept["lists"] for place in (*row[3], *row[4])]
        worths = [*kept["by_team"], *kept["by_person"]]
        found = together(
            named_people(user, Area.BUDGETS, [row[0] for row in kept["lists"]]),
            named_people(user, Area.TOUCHES, [row[0] for row in worths if row[0]]),
            _teams(frozenset(row[1] for row in worths if row[1])),
            _customers(customers_within(user, Area.CUSTOMERS, Act.SEE), frozenset(pk for pk, _ in places)),
            _types(frozenset(pk for _, pk in places)),
        )
        self.people, self.workers, self.teams, self.customers, self.types = (dict(rows) for rows in found)

    def list_of(self, row: list[Any]) -> PersonList:
        person, rows, moved, before, after, was = row
        steps = [place - number for number, place in enumerate(was, start=1)]
        return PersonList(
            self.people[person], rows, moved, self._rows(before, [0] * len(before)), self._rows(after, steps)
        )

    def _rows(self, places: list[list[int]], steps: list[int]) -> list[NamedRow]:
        return [
            NamedRow(self.customers.get(customer, ""), self.types.get(kind, ""), step)
            for (customer, kind), step in zip(places, steps, strict=True)
        ]

    def worth(self, row: list[Any]) -> NamedWorth:
        person, team, touches, before, after = row
        return NamedWorth(
            self.workers.get(person, ""), self.teams.get(team, ""), touches, Decimal(before), Decimal(after)
        )

    def worths(self, rows: Iterable[list[Any]]) -> list[NamedWorth]:
        """Of those alone who are named, and of people unknown."""
        return [self.worth(row) for row in rows if row[0] is None or row[0] in self.workers]


def effect_shown(user: User, kept: dict[str, Any]) -> EffectShown:
    """What is kept of an effect, with names; in one query."""
    names = _Names(user, kept)
    return EffectShown(
        *(kept[name] for name in ("people", "rows", "moved", "changed", "new_first")),
        lists=[names.list_of(row) for row in kept["lists"] if row[0] in names.people],
        first=dt.date.fromisoformat(kept["first"]),
        last=dt.date.fromisoformat(kept["last"]),
        keeps=kept["keeps"],
        total=names.worth(kept["total"]),
        teams=names.worths(kept["by_team"]),
        workers=names.worths(kept["by_person"]),
        other_workers=kept["others"],
    )


@prepared
def _teams(teams: frozenset[int]) -> QuerySet:
    return Team.objects.filter(pk__in=teams).order_by().values_list("pk", "name")


@prepared
def _customers(seen: Q, customers: frozenset[int]) -> QuerySet:
    return Customer.objects.filter(seen, pk__in=customers).order_by().values_list("pk", "name")


@prepared
def _types(types: frozenset[int]) -> QuerySet:
    return TouchType.objects.filter(pk__in=types).order_by().values_list("pk", "name")
