"""What work was worth in a window: sums of touches, value, time and cost, for reports and for the screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import User
from accounts.permissions import Act, Area, may, people_within, scope
from customers.models import TouchType
from customers.scope import hangs_within
from planning.engine.value import ValueTable
from planning.engine.work import Pile, Rates, Work, summed, time_costs, value_days, value_tables, work_of
from planning.loaders.ground import load_official
from planning.loaders.work import By, Made, Seat, Span, load_piles, load_seats
from planning.models import PlanningSettings
from territory import clock

# Person (None: unknown), team (None: none that day), touch type, tier (None: before the customer's history begins).
Place = tuple[int | None, int | None, int, int | None]


@dataclass(frozen=True)
class Valuation:
    """What touches of a span are worth and cost. `rates` None: the reader may see no cost."""

    span: Span
    tables: tuple[ValueTable, ...]
    seats: dict[int, Seat]
    repeats_once: bool
    rates: Rates | None
    behind: Collection[int] = ()

    def by_person(self, made: Made) -> dict[Place, Work]:
        """Each person's own participation, by team, type and tier; that of people unknown without a person; two queries."""
        return summed(self._placed(self._known(made))) | summed(self._placed(self._piles(made, By.NOBODY)))

    def by_team(self, made: Made) -> dict[Place, Work]:
        """A touch once for each team that took part; without a person. Two queries, with cost three."""
        piles = [*self._piles(made, By.TEAM), *self._piles(made, By.NOBODY)]
        works = (((None, pile.who, pile.touch_type, pile.tier), work) for pile, work in self._once(piles))
        return summed([*works, *self._time(made, by_team=True)])

    def in_all(self, made: Made) -> dict[Place, Work]:
        """Each touch once, by type and tier; without person and team. One query, with cost two."""
        works = (
            ((None, None, pile.touch_type, pile.tier), work) for pile, work in self._once(self._piles(made, By.TOUCH))
        )
        return summed([*works, *self._time(made, by_team=False)])

    def _piles(self, made: Made, by: By) -> list[Pile]:
        return load_piles(made, self.span, by, self.seats, behind=self.behind)

    def _known(self, made: Made) -> list[Pile]:
        return self._piles(made, By.PERSON)

    def _team(self, pile: Pile) -> int | None:
        seat = self.seats.get(pile.seat) if pile.seat is not None else None  # type: ignore[call-overload]
        return seat and seat.team

    def _placed(self, piles: Iterable[Pile]) -> Iterator[tuple[Place, Work]]:
        cost = self.rates.of if self.rates else None
        for pile in piles:
            work = work_of(pile, self.tables, repeats_once=self.repeats_once, cost=cost)
            yield (pile.who, self._team(pile), pile.touch_type, pile.tier), work  # type: ignore[misc]

    def _once(self, piles: Iterable[Pile]) -> Iterator[tuple[Pile, Work]]:
        cost = self.rates.of_touches if self.rates else None
        return ((pile, work_of(pile, self.tables, repeats_once=self.repeats_once, cost=cost)) for pile in piles)

    def _time(self, made: Made, *, by_team: bool) -> Iterator[tuple[Place, Work]]:
        if self.rates is None:
            return iter(())
        rates = self.rates
        return time_costs(
            ((None, self._team(pile) if by_team else None, pile.touch_type, pile.tier), rates.of_time(pile))  # type: ignore[misc]
            for pile in self._known(made)
        )


def valuation(first: dt.date, last: dt.date, reader: User | None, *, behind: Collection[int] = ()) -> Valuation:
    """For the days from first to last, both counted, in three queries, with cost five. `reader` None sees all."""
    zone = clock.company_zone()
    official = load_official()
    days = value_days(official, first, last)
    span = Span(first, last, days, zone)
    seats = load_seats(span)
    settings = PlanningSettings.current()
    tables = value_tables(official, days)
    return Valuation(span, tables, seats, settings.repeats_count_once, _rates(seats, reader), behind)


def _rates(seats: dict[int, Seat], reader: User | None) -> Rates | None:
    """Rates of the people whose cost the reader may see."""
    if reader is not None and not may(reader, Area.COST, Act.SEE):
        return None
    people = None if reader is None else set(people_within(reader, Area.COST, Act.SEE).values_list("pk", flat=True))
    per_hour: dict[int, Decimal] = {
        pk: seat.per_hour
        for pk, seat in seats.items()
        if seat.per_hour is not None and (people is None or seat.user in people)
    }
    return Rates(per_hour, dict(TouchType.objects.values_list("pk", "cost")))


def made_before(reader: User, span: Span) -> Made:
    """What the reader sees of the work of these days: on customers whose touches they see, of people within their reach.

    Not one's own touches on other customers: their tier is not the reader's to know, not in sums either.
    """
    touches = span.touches().filter(hangs_within(reader, Area.TOUCHES, Act.SEE))
    return Made(touches, people_within(reader, Area.TOUCHES, Act.SEE), sees_others(reader))


def sees_others(reader: User) -> bool:
    """Whether more than one's own work is within reach, and so that of people unknown."""
    reached = scope(reader, Area.TOUCHES, Act.SEE)
    return reached.everything or reached.has_teams
