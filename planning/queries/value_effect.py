"""What another official value would change, before it is saved: the order of people's lists of today, the value of work."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within
from customers.models import Customer, TouchType
from planning.engine.calendar import last_quarter
from planning.engine.reordering import Place, Reordered, places, reordered
from planning.engine.value import OfficialValue, ValueTable
from planning.loaders.ground import official_from
from planning.loaders.lists import Item, list_questions, load_lists
from planning.loaders.work import seats_from, seats_question
from planning.queries.value_work import WorkEffect, span_of, work_effect
from territory.together import together

# Whose lists are shown row by row.
MOST_PEOPLE = 6


@dataclass(frozen=True)
class NamedRow:
    """A row of a list in words: `customer` is empty where the reader may not see it; `step`: by how many places it moves
    up (below 0: down) with the other value."""

    customer: str
    touch_type: str
    step: int


@dataclass(frozen=True)
class PersonList:
    """Whose list changes, and its first rows before and after."""

    person: str
    change: Reordered
    before: list[NamedRow]
    after: list[NamedRow]


@dataclass(frozen=True)
class TodayEffect:
    """The lists of today of those whom the reader may see: how many rows change place, and whose."""

    people: int
    rows: int
    changed: list[Reordered]
    shown: list[PersonList]

    @property
    def moved(self) -> int:
        return sum(row.moved for row in self.changed)

    @property
    def up(self) -> int:
        return sum(row.up for row in self.changed)

    @property
    def new_first(self) -> int:
        """People whose first touch is another one."""
        return sum(row.has_new_first for row in self.changed)

    @property
    def others(self) -> int:
        """People whose list changes, too, and is not shown."""
        return len(self.changed) - len(self.shown)


@dataclass(frozen=True)
class ValueEffect:
    """What a value would change: lists of today, and what last quarter's work would have been worth; `until`: the day on
    which a later value of the line starts."""

    today: TodayEffect
    work: WorkEffect
    until: dt.date | None


def value_effect(user: User, value: OfficialValue, today: dt.date) -> ValueEffect:
    """All of it, as far as the reader may see people, customers and touches; in 6 queries."""
    seen, workers, teams, seats, values, settings, *rest = together(
        people_within(user, Area.BUDGETS, Act.SEE).order_by().values_list("pk", "name"),
        people_within(user, Area.TOUCHES, Act.SEE).order_by().values_list("pk", "name"),
        Team.objects.order_by().values_list("pk", "name"),
        seats_question(*last_quarter(today)),
        *list_questions(),
    )
    known = tuple(official_from(values))
    span = span_of(known, value, today, repeats_once=bool(settings and settings[0].repeats_count_once))
    work = work_effect(
        user,
        known,
        value,
        span,
        seats_from(seats, span),
        (dict(workers), dict(teams)),
    )
    people = dict(seen)
    lists = load_lists(today, people, settings, *rest)
    return ValueEffect(_today(user, value, known, lists, people, today), work, _until(value, known))


def _until(value: OfficialValue, known: Iterable[OfficialValue]) -> dt.date | None:
    line = value.touch_type, value.tier, value.audience
    starts = [row.starts_on for row in known if (row.touch_type, row.tier, row.audience) == line and row.starts_on]
    return min((day for day in starts if value.starts_on and day > value.starts_on), default=None)


def _today(
    user: User,
    value: OfficialValue,
    known: tuple[OfficialValue, ...],
    lists: Mapping[int, list[Item]],
    people: dict[int, str],
    today: dt.date,
) -> TodayEffect:
    before = ValueTable(known, today)
    # The later of two of one day holds; a value that starts later is looked at as if it held today.
    after = ValueTable((*known, replace(value, starts_on=min(value.starts_on or today, today))), today)
    found = [_compared(person, items, before, after, today) for person, items in lists.items()]
    # Whose first rows change most comes first: these are the rows that are shown.
    moved = (row for row in found if row.moved)
    changed = sorted(moved, key=lambda row: (-row.first_changed, -row.moved, people[row.person]))
    return TodayEffect(
        people=sum(row.rows > 0 for row in found),
        rows=sum(row.rows for row in found),
        changed=changed,
        shown=_named(user, changed[:MOST_PEOPLE], people),
    )


def _compared(person: int, items: list[Item], before: ValueTable, after: ValueTable, today: dt.date) -> Reordered:
    old, new = [item.valued(before) for item in items], [item.valued(after) for item in items]
    was = places(old, today)
    return reordered(person, was, was if old == new else places(new, today))


def _named(user: User, changed: list[Reordered], people: dict[int, str]) -> list[PersonList]:
    named = {place for row in changed for place in (*row.first_before, *row.first_after)}
    if not named:
        return []
    seen, kinds = together(
        Customer.objects.visible_to(user).filter(pk__in={pk for pk, _ in named}).order_by().values_list("pk", "name"),
        TouchType.objects.filter(pk__in={pk for _, pk in named}).order_by().values_list("pk", "name"),
    )
    customers, types = dict(seen), dict(kinds)

    def rows(first: Iterable[Place], was: Mapping[Place, int]) -> list[NamedRow]:
        return [
            NamedRow(customers.get(place[0], ""), types[place[1]], was.get(place, number) - number)
            for number, place in enumerate(first, start=1)
        ]

    return [
        PersonList(people[row.person], row, rows(row.first_before, {}), rows(row.first_after, row.was))
        for row in changed
    ]
