"""What each sale took and cost, and what belongs to no order (domain 3.4).

Money is counted in grains, whole numbers throughout: one grain is what a second costs at one cent an hour, 1/3,600 of a
cent. So whatever is split adds up again exactly, and sums are rounded to cents once, where they are shown.

How the corners are decided:

- An order bears what is marked for it. What is not marked goes to the orders open on its day, both ends counted, in equal
  parts; an order that won a selling course counts as open from the course's first day on.
- On a day without an open order it is prospecting while a course is under way that has not ended; it is told as
  "no order" within a course that was lost; all else is keeping. Once the first order of a course is won, all of it is that
  order's.
- What a team spends for itself (expenses, internal work) is its overhead: shared within each month over the orders of that
  team and all under it, and over what belongs to no order there, by minutes of touches and internal work of that month.
  Of a month without such minutes it stays by itself ("unshared").
- A touch counts as one, in parts where several orders share it. Implausible touches count, their minutes do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import fields

GRAINS_OF_A_CENT = 3600
GRAINS_OF_A_UNIT = 100 * GRAINS_OF_A_CENT
PARTS = ("time", "travel", "demos", "overhead", "other")


class Line(StrEnum):
    """What belongs to no order, each a line of its own."""

    KEEPING = "keeping"
    PROSPECTING = "prospecting"
    NO_ORDER = "no_order"
    UNSHARED = "unshared"


class Spending(StrEnum):
    """Kinds of expenses, as they enter the parts of a cost."""

    TRAVEL = "travel"
    DEMO = "demo"
    OVERHEAD = "overhead"
    OTHER = "other"


_PART_OF = {Spending.TRAVEL: "travel", Spending.DEMO: "demos", Spending.OVERHEAD: "overhead", Spending.OTHER: "other"}


class Unsold(NamedTuple):
    """What bears the cost of what belongs to no order: a line, of a team, in a month (its first day)."""

    line: Line
    team: int
    month: date


# The key of an order, or what belongs to none.
Bearer = int | Unsold


class Worker(NamedTuple):
    """A person in the role of that time (None: not known)."""

    user: int
    role: int | None


class Share(Struct):
    """A worker's part: seconds without travel, of travel, and both in grains. Of `unknown` seconds nobody knows what they cost."""

    seconds: int = 0
    travel_seconds: int = 0
    time: int = 0
    travel: int = 0
    unknown: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(
            self.seconds + other.seconds,
            self.travel_seconds + other.travel_seconds,
            self.time + other.time,
            self.travel + other.travel,
            self.unknown + other.unknown,
        )


class Effort(Struct):
    """What an order, or what belongs to none, took. Money in grains; ``overhead_time`` is the part of overhead that is work.

    ``unknown_seconds``, travel too, have no cost per hour, or nobody knows whose they are; they are counted, not costed.
    """

    touches: float = 0.0
    seconds: int = 0
    travel_seconds: int = 0
    unknown_seconds: int = 0
    manager_seconds: int = 0
    senior_seconds: int = 0
    time: int = 0
    travel: int = 0
    demos: int = 0
    overhead: int = 0
    overhead_time: int = 0
    other: int = 0
    workers: dict[Worker, Share] = field(default_factory=dict)

    @property
    def parts(self) -> tuple[int, ...]:
        """Grains, as PARTS are named."""
        return (self.time, self.travel, self.demos, self.overhead, self.other)

    @property
    def total(self) -> int:
        return sum(self.parts)

    @property
    def people(self) -> int:
        """How many people took part."""
        return len({worker.user for worker in self.workers})


NUMBERS = tuple(each.name for each in fields(Effort) if each.name != "workers")


class Spell(Struct, frozen=True):
    """The days on which an order bears what is not marked for another, both ends counted."""

    order: int
    first: date
    last: date


class Attempt(Struct, frozen=True):
    """The days of a selling course that no order won: open, or lost."""

    line: Line
    first: date
    last: date


class Account(Struct):
    """A customer: when which order bears what is not marked. ``teams``: of which team it was from which day on, in order."""

    spells: Sequence[Spell] = ()
    attempts: Sequence[Attempt] = ()
    teams: Sequence[tuple[date, int]] = ()
    _bearers: dict[date, tuple[Bearer, ...]] = field(default_factory=dict)

    def bearers(self, day: date, marked: int | None = None) -> tuple[Bearer, ...]:
        """Who bears, in equal parts, what was done on a day; `marked`: for that order."""
        if marked is not None:
            return (marked,)
        found = self._bearers.get(day)
        if found is None:
            found = self._bearers[day] = self._on(day)
        return found

    def _on(self, day: date) -> tuple[Bearer, ...]:
        orders = tuple(spell.order for spell in self.spells if spell.first <= day <= spell.last)
        if orders:
            return orders
        lines = (attempt.line for attempt in self.attempts if attempt.first <= day <= attempt.last)
        return (Unsold(next(lines, Line.KEEPING), self.team_on(day), first_of_month(day)),)

    def team_on(self, day: date) -> int:
        """The customer's team on a day; before the first it is known of, that one."""
        known = [team for since, team in self.teams if since <= day]
        return known[-1] if known else self.teams[0][1]


class Rank(StrEnum):
    """Whose minutes are told apart."""

    NONE = ""
    MANAGER = "manager"
    SENIOR = "senior"


class Book:
    """Takes up everything that was done and spent, and gives each its bearer.

    `teams`: of each order its team; `above`: of each team itself and those above it.
    """

    def __init__(self, teams: Mapping[int, int], above: Mapping[int, Sequence[int]]) -> None:
        self.teams, self.above = teams, above
        self.efforts: dict[Bearer, Effort] = defaultdict(Effort)
        self._minutes: dict[date, dict[Bearer, int]] = defaultdict(lambda: defaultdict(int))
        self._pools: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0])

    def touch(self, bearers: Sequence[Bearer], cents: int, is_demo: bool) -> None:
        """A touch, and what it costs besides time."""
        for bearer, grains in zip(bearers, equal_parts(cents * GRAINS_OF_A_CENT, len(bearers)), strict=True):
            effort = self.efforts[bearer]
            effort.touches += 1 / len(bearers)
            if is_demo:
                effort.demos += grains
            else:
                effort.other += grains

    def work(
        self,
        bearers: Sequence[Bearer],
        day: date,
        worker: Worker | None,
        seconds: int,
        travel_seconds: int,
        cents_per_hour: int | None,
        rank: Rank = Rank.NONE,
    ) -> None:
        """A person's time at a touch, or internal work; without a worker it is nobody knows whose."""
        if len(bearers) == 1:
            self._work(bearers[0], day, worker, seconds, travel_seconds, cents_per_hour, rank)
            return
        parts = zip(bearers, equal_parts(seconds, len(bearers)), equal_parts(travel_seconds, len(bearers)), strict=True)
        for bearer, its_seconds, its_travel in parts:
            self._work(bearer, day, worker, its_seconds, its_travel, cents_per_hour, rank)

    def _work(
        self,
        bearer: Bearer,
        day: date,
        worker: Worker | None,
        seconds: int,
        travel_seconds: int,
        rate: int | None,
        rank: Rank,
    ) -> None:
        effort = self.efforts[bearer]
        effort.seconds += seconds
        effort.travel_seconds += travel_seconds
        if rank is Rank.MANAGER:
            effort.manager_seconds += seconds
        elif rank is Rank.SENIOR:
            effort.senior_seconds += seconds
        self._minutes[first_of_month(day)][bearer] += seconds
        if worker is None:
            effort.unknown_seconds += seconds + travel_seconds
            return
        share = effort.workers.get(worker)
        if share is None:
            share = effort.workers[worker] = Share()
        share.seconds += seconds
        share.travel_seconds += travel_seconds
        if rate is None:
            share.unknown += seconds + travel_seconds
            effort.unknown_seconds += seconds + travel_seconds
            return
        share.time += seconds * rate
        share.travel += travel_seconds * rate
        effort.time += seconds * rate
        effort.travel += travel_seconds * rate

    def expense(self, bearers: Sequence[Bearer], kind: Spending, cents: int) -> None:
        """Money spent on an order or a customer."""
        name = _PART_OF[kind]
        for bearer, grains in zip(bearers, equal_parts(cents * GRAINS_OF_A_CENT, len(bearers)), strict=True):
            effort = self.efforts[bearer]
            setattr(effort, name, getattr(effort, name) + grains)

    def overhead(self, team: int, day: date, cents: int) -> None:
        """Money that a team spent for itself."""
        self._pools[team, first_of_month(day)][0] += cents * GRAINS_OF_A_CENT

    def team_work(self, team: int, day: date, seconds: int, cents_per_hour: int | None) -> None:
        """Internal work for a team."""
        month = first_of_month(day)
        if cents_per_hour is None:
            self.efforts[Unsold(Line.UNSHARED, team, month)].unknown_seconds += seconds
        else:
            self._pools[team, month][1] += seconds * cents_per_hour

    def share_overheads(self) -> None:
        """Give every team's overhead to its bearers; once, after everything was taken up."""
        takers = self._takers()
        for (team, month), (money, work) in sorted(self._pools.items()):
            bearers = takers.get((team, month)) or {Unsold(Line.UNSHARED, team, month): 1}
            weights = list(bearers.values())
            for bearer, of_money, of_work in zip(
                bearers, in_proportion(money, weights), in_proportion(work, weights), strict=True
            ):
                effort = self.efforts[bearer]
                effort.overhead += of_money + of_work
                effort.overhead_time += of_work
        self._pools.clear()

    def _takers(self) -> dict[tuple[int, date], dict[Bearer, int]]:
        """Of each overhead the bearers with their seconds of that month."""
        found: dict[tuple[int, date], dict[Bearer, int]] = defaultdict(dict)
        for month, minutes in self._minutes.items():
            for bearer, seconds in minutes.items():
                if not seconds:
                    continue
                team = bearer.team if isinstance(bearer, Unsold) else self.teams[bearer]
                for above in self.above[team]:
                    if (above, month) in self._pools:
                        found[above, month][bearer] = seconds
        return found


def first_of_month(day: date) -> date:
    """By which months are named."""
    return day.replace(day=1)


def equal_parts(amount: int, number: int) -> list[int]:
    """A whole number in as many parts as equal as can be; the first ones get what is left."""
    if number == 1:
        return [amount]
    part, left = divmod(amount, number)
    return [part + 1] * left + [part] * (number - left)


def in_proportion(amount: int, weights: Sequence[int]) -> list[int]:
    """A whole number not below 0, split by weights: each its part rounded down, what is left to the largest remainders."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [divmod(amount * weight, whole) for weight in weights]
    found = [part for part, _rest in parts]
    left = amount - sum(found)
    if left:
        by_rest = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
        for place in by_rest[:left]:
            found[place] += 1
    return found


def cents_of(grains: int) -> int:
    """Rounded half up."""
    return int((Decimal(grains) / GRAINS_OF_A_CENT).to_integral_value(ROUND_HALF_UP))


def units_of(grains: int) -> float:
    """In the company's currency, not rounded."""
    return grains / GRAINS_OF_A_UNIT


def money_of(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def in_cents(rows: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Rows of grains, each in parts, as rows of whole cents: together they are their sum rounded half up, and no part is a
    cent away from itself (largest remainder, first among the rows, then within each)."""
    known = [tuple(row) for row in rows]
    totals = _nearest([sum(row) for row in known], cents_of(sum(sum(row) for row in known)))
    return [tuple(_nearest(row, total)) for row, total in zip(known, totals, strict=True)]


def _nearest(grains: Sequence[int], cents: int) -> list[int]:
    """Whole cents that add up to `cents`, which is at most the number of rows away from what they are rounded down."""
    found = [amount // GRAINS_OF_A_CENT for amount in grains]
    by_rest = sorted(range(len(grains)), key=lambda place: (-(grains[place] % GRAINS_OF_A_CENT), place))
    for place in by_rest[: cents - sum(found)]:
        found[place] += 1
    return found
