"""Selling courses, and spans between a customer's orders, with their touches, from the log up to a day (domain 3.1)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from customers import lifecycle
from customers.facts import lifecycles
from customers.models import Customer, Touch
from planning.engine.courses import LOST, OPEN, WON, Course
from planning.engine.time_to_business import Start
from planning.loaders.ground import Ground
from territory.rows import among

ONE_TICK = dt.timedelta(microseconds=1)
# Business of a win: what is won from its closing to so many days later.
BUSINESS_DAYS = 365
# A span looks back on touches at most so far.
LOOK_BACK_DAYS = 365


@dataclass(frozen=True)
class Courses:
    """`prospects`: selling courses; `customers`: spans from one won order to the next; both by key. `starts`: of each
    selling course, what it brought and when. `brought`: of those who are customers that day, tier and orders of a year.
    """

    prospects: tuple[Course, ...]
    customers: tuple[Course, ...]
    starts: tuple[Start, ...]
    brought: tuple[tuple[int | None, Decimal], ...]


@dataclass(frozen=True)
class _Made:
    """The touches of one customer in the order they were made."""

    at: Sequence[dt.datetime] = ()
    types: Sequence[int] = ()

    def between(self, after: dt.datetime, until: dt.datetime, *, first: bool = False) -> tuple[int, ...]:
        """Types of those later than `after` (with `first`: or at it) and not later than `until`."""
        return tuple(
            touch_type
            for at, touch_type in zip(self.at, self.types, strict=True)
            if (after <= at if first else after < at) and at <= until
        )


NOTHING_MADE = _Made()


def load_courses(ids: Collection[int] | None, ground: Ground) -> Courses:
    """Those of live customers (None: of all) up to the end of the ground's day, in a fixed number of queries."""
    customers = Customer.objects.live() if ids is None else Customer.objects.live().filter(among("pk", ids))
    rows = customers.order_by("pk").values_list("pk", "external_id", "name")
    names = {pk: external or name for pk, external, name in rows}
    known, made = lifecycles(ids), _touches(ids, ground)
    prospects: list[Course] = []
    spans: list[Course] = []
    starts: list[Start] = []
    brought: list[tuple[int | None, Decimal]] = []
    for pk, name in names.items():
        reader = _Reader(pk, name, known[pk], made.get(pk, NOTHING_MADE), ground)
        prospects += reader.courses()
        spans += reader.spans()
        starts += reader.starts()
        brought += reader.brought()
    return Courses(tuple(sorted(prospects, key=_key)), tuple(sorted(spans, key=_key)), tuple(starts), tuple(brought))


def _key(course: Course) -> tuple[str, int]:
    return course.key


def _touches(ids: Collection[int] | None, ground: Ground) -> dict[int, _Made]:
    touches = Touch.objects.live().filter(at__lt=ground.until, customer__archived_at__isnull=True)
    if ids is not None:
        touches = touches.filter(among("customer_id", ids))
    found: dict[int, tuple[list[dt.datetime], list[int]]] = defaultdict(lambda: ([], []))
    rows = touches.order_by("at", "pk").values_list("customer_id", "at", "type_id")
    for customer, at, touch_type in rows.iterator(chunk_size=5000):
        found[customer][0].append(at)
        found[customer][1].append(touch_type)
    return {customer: _Made(at, types) for customer, (at, types) in found.items()}


@dataclass(frozen=True)
class _Reader:
    """Reads the courses of one customer as they stood at the end of the ground's day."""

    pk: int
    name: str
    known: lifecycle.Lifecycle
    made: _Made
    ground: Ground

    @property
    def end(self) -> dt.datetime:
        return self.ground.until - ONE_TICK

    def _day(self, at: dt.datetime) -> dt.date:
        return lifecycle.local_day(at, self.ground.zone)

    def _won(self) -> list[tuple[dt.datetime, lifecycle.Order]]:
        orders = self.known.facts.won_orders()
        return [(order.closed_at, order) for order in orders if order.closed_at and order.closed_at <= self.end]

    def courses(self) -> Iterator[Course]:
        for course in self.known.courses(self.end):
            ended = course.ended_at
            yield Course(
                key=(self.name, course.number),
                tier=self.known.tier_on(self._day(course.started_at)),
                outcome=course.outcome.value,
                ended_on=ended and self._day(ended),
                business=self._business(course.order) if course.order else Decimal(0),
                touches=self.made.between(course.started_at, ended or self.end, first=True),
            )

    def _business(self, winner: lifecycle.Order) -> Decimal:
        """Orders won from the winning one's closing to a year later, that day included."""
        assert winner.closed_at is not None  # noqa: S101  a course is won by an order that closed
        last = self._day(winner.closed_at) + dt.timedelta(days=BUSINESS_DAYS)
        return sum(
            (order.amount for at, order in self._won() if at >= winner.closed_at and self._day(at) <= last), Decimal(0)
        )

    def starts(self) -> Iterator[Start]:
        courses = self.known.courses(self.end)
        for course, following in zip(courses, [*courses[1:], None], strict=True):
            until = following.started_at if following else self.ground.until
            won = ((self._day(at), order.amount) for at, order in self._won() if course.started_at <= at < until)
            yield self._start(course, tuple(won))

    def _start(self, course: lifecycle.Course, won: tuple[tuple[dt.date, Decimal], ...]) -> Start:
        started_on = self._day(course.started_at)
        return Start(
            tier=self.known.tier_on(started_on),
            started_on=started_on,
            won=won,
            outcome=course.outcome.value,
            ended_on=course.ended_at and self._day(course.ended_at),
            customer=self.pk,
        )

    def brought(self) -> Iterator[tuple[int | None, Decimal]]:
        """Where this is a customer on the day: its tier, and its orders of the last 365 days."""
        on = self.ground.on
        if self.known.stage_at(self.end) == lifecycle.Stage.CUSTOMER:
            first = on - dt.timedelta(days=BUSINESS_DAYS - 1)
            yield (
                self.known.tier_on(on),
                sum((order.amount for at, order in self._won() if self._day(at) >= first), Decimal(0)),
            )

    def spans(self) -> Iterator[Course]:
        """From each won order to the next; after the last, or where the next one won a selling course: to lapse or loss."""
        won = self._won()
        winners = {course.order.number for course in self.known.courses(self.end) if course.order}
        for number, (at, _order) in enumerate(won, start=1):
            following = won[number] if number < len(won) else None
            if following is not None and following[1].number not in winners:
                yield self._span(number, at, following[0], WON, following[1].amount)
            else:
                left_at = self._left_at(at)
                yield self._span(number, at, left_at, LOST if left_at else OPEN)

    def _left_at(self, won_at: dt.datetime) -> dt.datetime | None:
        """When the customer stage that holds from an order on ended; None: it still holds."""
        for period in self.known.stage_history(self.end):
            holds = period.began_at <= won_at and (period.ended_at is None or won_at < period.ended_at)
            if holds and period.stage == lifecycle.Stage.CUSTOMER:
                return period.ended_at
        return won_at  # lost at the very instant

    def _span(
        self,
        number: int,
        began_at: dt.datetime,
        ended_at: dt.datetime | None,
        outcome: str,
        business: Decimal = Decimal(0),
    ) -> Course:
        until = ended_at or self.end
        earliest = lifecycle.start_of_day(self._day(until) - dt.timedelta(days=LOOK_BACK_DAYS - 1), self.ground.zone)
        return Course(
            key=(self.name, number),
            tier=self.known.tier_on(self._day(began_at)),
            outcome=outcome,
            ended_on=ended_at and self._day(ended_at),
            business=business,
            touches=self.made.between(max(began_at, earliest - ONE_TICK), until),
        )
