"""The value of work done: touches x their official value on their day (domain 3.1), beside the time they took.

Touches that are worth the same stand in one pile: same type, same tier and stage of their day, same official values in
force. What a pile comes to, and sums of piles, are pure functions of piles, values and rates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import lcm
from typing import NamedTuple, TypeVar

from msgspec import Struct, field

from planning.engine.rules import Key
from planning.engine.value import OfficialValue, ValueTable, Worth

NOTHING = Decimal(0)
NOT_SET = Worth(NOTHING, False)

Sorted = TypeVar("Sorted", bound=Hashable)


class Pile(Struct, frozen=True):
    """Touches alike. ``who`` made them (a person or a team; None: unknown, or whoever did), ``seat`` is the membership.

    ``tier`` and ``stage`` are those of their day, None before the customer's history begins. ``piece`` counts the days on
    which official values change, from 0. ``firsts``: touches that are the first of their customer, type and day (where that is asked for, else all).
    ``seconds`` leave implausible touches out.
    """

    who: Key | None
    seat: Key | None
    touch_type: Key
    tier: Key | None
    stage: str | None
    piece: int
    touches: int
    firsts: int
    seconds: int
    travel_seconds: int
    implausible: int


class Sums(NamedTuple):
    """What piles of any stage and day come to together, of one ``who``, ``seat`` and type. ``tier`` None: of any, or before the
    customer's history begins. ``parts``: their value, as a whole number of what `parts_of` divides 1 into."""

    who: Key | None
    seat: Key | None
    touch_type: Key
    tier: Key | None
    touches: int
    counted: int
    not_set: int
    parts: int
    seconds: int
    travel_seconds: int
    implausible: int


class Work(Struct, frozen=True):
    """What touches come to. ``counted`` of them have a value, of ``not_set`` of these it is the mean of the other tiers or 0.

    ``cost`` None: nothing of it is known.
    """

    touches: int = 0
    counted: int = 0
    not_set: int = 0
    value: Decimal = NOTHING
    seconds: int = 0
    travel_seconds: int = 0
    implausible: int = 0
    cost: Decimal | None = None

    def __add__(self, other: Work) -> Work:
        return Work(
            self.touches + other.touches,
            self.counted + other.counted,
            self.not_set + other.not_set,
            self.value + other.value,
            self.seconds + other.seconds,
            self.travel_seconds + other.travel_seconds,
            self.implausible + other.implausible,
            plus(self.cost, other.cost),
        )

    @property
    def minutes(self) -> float:
        """Without travel."""
        return self.seconds / 60

    @property
    def travel_minutes(self) -> float:
        return self.travel_seconds / 60


def plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """What is known of a sum."""
    return one if other is None else other if one is None else one + other


class Rates(Struct, frozen=True):
    """What an hour of each membership costs, as far as it may be known, and what each touch type costs besides time."""

    per_hour: Mapping[Key, Decimal] = field(default_factory=dict)
    besides: Mapping[Key, Decimal] = field(default_factory=dict)

    def of_time(self, pile: Pile | Sums) -> Decimal | None:
        """Minutes and travel of a person's pile at their rate; None where there is none."""
        rate = self.per_hour.get(pile.seat) if pile.seat is not None else None
        return None if rate is None else rate * (pile.seconds + pile.travel_seconds) / 3600

    def of_touches(self, pile: Pile | Sums) -> Decimal:
        """What the touches cost besides time."""
        return self.besides.get(pile.touch_type, NOTHING) * pile.touches

    def of(self, pile: Pile | Sums) -> Decimal | None:
        """A person's pile whole; None where their rate is not known. Of people unknown, only what is besides time."""
        if pile.who is None:
            return self.of_touches(pile)
        time = self.of_time(pile)
        return None if time is None else time + self.of_touches(pile)


def value_days(values: Iterable[OfficialValue], first: date, last: date) -> tuple[date, ...]:
    """The first day of a window, and each day in it on which an official value starts."""
    starts = {value.starts_on for value in values if value.starts_on is not None and first < value.starts_on <= last}
    return (first, *sorted(starts))


def value_tables(values: Iterable[OfficialValue], days: Sequence[date]) -> tuple[ValueTable, ...]:
    """The official values in force from each of these days on."""
    held = tuple(values)
    return tuple(ValueTable(held, day) for day in days)


def parts_of(tables: Iterable[ValueTable]) -> int:
    """Into how many parts 1 is divided so that what any touch is worth by these tables is a whole number of them."""
    return lcm(*(table.parts for table in tables))


def work_of_sums(rows: Iterable[Sums], parts: int, costs: Iterable[Decimal | None] = ()) -> Work:
    """What they come to together; 1 has so many parts."""
    columns = [sum(column) for column in zip(*(row[4:] for row in rows), strict=True)] or [0] * len(Sums._fields[4:])
    touches, counted, not_set, value, seconds, travel_seconds, implausible = columns
    known = [cost for cost in costs if cost is not None]
    cost = sum(known, NOTHING) if known else None
    return Work(touches, counted, not_set, Decimal(value) / parts, seconds, travel_seconds, implausible, cost)


def work_of(
    pile: Pile,
    tables: Sequence[ValueTable],
    *,
    repeats_once: bool,
    cost: Callable[[Pile], Decimal | None] | None = None,
) -> Work:
    """What a pile comes to. Touches before the customer's history are counted, and are worth nothing."""
    counted = pile.firsts if repeats_once else pile.touches
    known = pile.stage is not None
    worth = tables[pile.piece].worth(pile.touch_type, pile.tier, pile.stage) if known else NOT_SET  # type: ignore[arg-type]
    return Work(
        touches=pile.touches,
        counted=counted,
        not_set=0 if worth.is_set else counted,
        value=worth.amount * counted,
        seconds=pile.seconds,
        travel_seconds=pile.travel_seconds,
        implausible=pile.implausible,
        cost=cost(pile) if cost else None,
    )


def summed(works: Iterable[tuple[Sorted, Work]]) -> dict[Sorted, Work]:
    """The sum for each key."""
    found: dict[Sorted, Work] = defaultdict(Work)
    for key, work in works:
        found[key] += work
    return dict(found)


def time_costs(costs: Iterable[tuple[Sorted, Decimal | None]]) -> Iterator[tuple[Sorted, Work]]:
    """What people's time costs as far as it is known, to be added to touches that are counted once whoever made them."""
    return ((key, Work(cost=cost)) for key, cost in costs if cost is not None)
