"""What work was worth in a window: sums of touches, value, time and cost, for reports and for the screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import chain

from django.db.models import QuerySet
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, Scope, people_reached, people_within, scope
from customers.models import TouchType
from customers.scope import hangs_within
from planning.engine.value import ValueTable
from planning.engine.work import (
    Pile,
    Rates,
    Sums,
    Work,
    parts_of,
    summed,
    time_costs,
    value_days,
    value_tables,
    work_of,
    work_of_sums,
)
from planning.loaders.ground import official_from, official_question, settings_question
from planning.loaders.work import By, Made, Seat, Span, load_piles, seats_from, seats_question
from territory import clock
from territory.together import prepared, together

# Person (None: unknown), team (None: none that day), touch type, tier (None: before the customer's history begins).
Place = tuple[int | None, int | None, int, int | None]


class Valuation(Struct, frozen=True, dict=True):
    """What touches of a span are worth and cost. `rates` None: the reader may see no cost."""

    span: Span
    tables: tuple[ValueTable, ...]
    seats: dict[int, Seat]
    rates: Rates | None

    def team_of(self, pile: Pile | Sums) -> int | None:
        """The team in which a person's pile was made."""
        seat = self.seats.get(pile.seat) if pile.seat is not None else None  # type: ignore[call-overload]
        return seat and seat.team

    @cached_property
    def parts(self) -> int:
        return parts_of(self.tables)

    def sum_of(self, rows: Sequence[Sums], costs: Iterable[Decimal | None] = ()) -> Work:
        """What these come to together."""
        return work_of_sums(rows, self.parts, costs)

    def sum_of_person(self, rows: Sequence[Sums]) -> Work:
        """The same of one person, with what their time and their touches cost."""
        rates = self.rates
        return self.sum_of(rows, () if rates is None else (rates.of(row) for row in rows))

    def sum_of_all(self, touches: Sequence[Sums], people: Iterable[Sums]) -> Work:
        """The same of touches that are counted once, with what the time of those who took part cost."""
        rates = self.rates
        if rates is None:
            return self.sum_of(touches)
        return self.sum_of(touches, chain(map(rates.of_touches, touches), map(rates.of_time, people)))

    def sum_of_team(self, touches: Sequence[Sums], people: Sequence[Sums]) -> Work:
        """The same of a team; no cost where not everybody's time has one that is known."""
        rates = self.rates
        if rates is None or any(rates.of_time(row) is None for row in people):
            return self.sum_of(touches)
        return self.sum_of_all(touches, people)

    def work_of(self, pile: Pile, *, whole_cost: bool) -> Work:
        """What a pile comes to; with `whole_cost` its people's time too, else only what touches cost besides."""
        rates = self.rates
        cost = None if rates is None else rates.of if whole_cost else rates.of_touches
        return work_of(pile, self.tables, repeats_once=self.span.repeats_once, cost=cost)


def valuation(first: dt.date, last: dt.date, reader: User | None) -> Valuation:
    """For the days from first to last, both counted, in one query. `reader` None sees all."""
    reached = None if reader is None else scope(reader, Area.COST, Act.SEE)
    values, settings, seat_rows, types, *within = together(
        official_question(),
        settings_question(),
        seats_question(first, last),
        _costs(),
        *([] if reached is None or reached.everything else [_people(reached, clock.company_today())]),
    )
    official = official_from(values)
    days = value_days(official, first, last)
    repeats_once = settings[0].repeats_count_once if settings else False
    span = Span(first, last, days, clock.company_zone(), repeats_once)
    seats = seats_from(seat_rows, span)
    per_hour = _per_hour(seats, set(within[0]) if within else None)
    return Valuation(
        span,
        value_tables(official, days),
        seats,
        Rates(per_hour, dict(types)) if reached is None or reached else None,
    )


@prepared
def _costs() -> QuerySet:
    return TouchType.objects.order_by().values_list("pk", "cost")


@prepared
def _people(reached: Scope, today: dt.date) -> QuerySet:
    return people_reached(reached, today).order_by().values_list("pk", flat=True)


def _per_hour(seats: dict[int, Seat], people: Collection[int] | None) -> dict[int, Decimal]:
    """Rates by membership, of these people (None: of all)."""
    return {
        pk: seat.per_hour
        for pk, seat in seats.items()
        if seat.per_hour is not None and (people is None or seat.user in people)
    }


class WorkDone:
    """Sums of what was made, by place; the database is asked once for each kind of piles, when they are needed."""

    def __init__(self, valued: Valuation, made: Made, behind: Collection[int] = ()) -> None:
        self.valued = valued
        self.made = made
        self.behind = behind

    @cached_property
    def by_person(self) -> dict[Place, Work]:
        """Each person's own participation, by team, type and tier; that of people unknown without a person and team."""
        return self._summed(self._of_people, lambda pile: (pile.who, self.valued.team_of(pile)), True)

    @cached_property
    def by_team(self) -> dict[Place, Work]:
        """A touch once for each team that took part; without a person."""
        piles = self._piles(By.TEAM)
        return self._with_time(self._summed(piles, lambda pile: (None, pile.who), False), self.valued.team_of)

    @cached_property
    def in_all(self) -> dict[Place, Work]:
        """Each touch once, by type and tier; without person and team."""
        piles = self._piles(By.TOUCH)
        return self._with_time(self._summed(piles, lambda _pile: (None, None), False), lambda _pile: None)

    def _piles(self, by: By) -> list[Pile]:
        return load_piles(self.made, self.valued.span, by, self.valued.seats, behind=self.behind)

    @cached_property
    def _of_people(self) -> list[Pile]:
        return self._piles(By.PERSON)

    def _summed(self, piles: Iterable[Pile], whose: Callable[[Pile], tuple], whole_cost: bool) -> dict[Place, Work]:
        return summed(
            ((*whose(pile), pile.touch_type, pile.tier), self.valued.work_of(pile, whole_cost=whole_cost))
            for pile in piles
        )

    def _with_time(self, found: dict[Place, Work], team: Callable[[Pile], int | None]) -> dict[Place, Work]:
        """With what the time of those who took part costs."""
        rates = self.valued.rates
        if rates is None:
            return found
        costs: Iterator[tuple[Place, Work]] = time_costs(
            ((None, team(pile), pile.touch_type, pile.tier), rates.of_time(pile))  # type: ignore[misc]
            for pile in self._of_people
        )
        return summed([*found.items(), *costs])


def made_before(reader: User, span: Span) -> Made:
    """What the reader sees of the work of these days: on customers whose touches they see, of people within their reach.

    Not one's own touches on other customers: their tier is not the reader's to know, not in sums either.
    """
    touches = span.touches().filter(hangs_within(reader, Area.TOUCHES, Act.SEE))
    everyone = scope(reader, Area.TOUCHES, Act.SEE).everything
    return Made(touches, None if everyone else people_within(reader, Area.TOUCHES, Act.SEE), sees_others(reader))


def sees_others(reader: User) -> bool:
    """Whether more than one's own work is within reach, and so that of people unknown."""
    reached = scope(reader, Area.TOUCHES, Act.SEE)
    return reached.everything or reached.has_teams
