"""Selling courses, and spans between a customer's orders, with their touches, from the log up to a day (domain 3.1)."""

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from msgspec import Struct
from msgspec.structs import astuple

from customers import lifecycle
from customers.facts import lifecycles
from customers.models import Customer, Touch
from planning.engine.courses import LOST, OPEN, WON, Course
from planning.engine.time_to_business import Start
from planning.loaders.ground import Ground
from territory import clock
from territory.rows import among

ONE_DAY = dt.timedelta(days=1)
# Business of a win: what is won from its closing to so many days later.
BUSINESS_DAYS = 365
# A span looks back on touches at most so far.
LOOK_BACK_DAYS = 365


class LeftOut(Struct, frozen=True):
    """Touches that no figure counts: `future`, made after the day; `before` the customer's history began; `outside`, when
    nothing was under way (lost or lapsed, or longer than a year before an order); `repeats`, where these count once.
    """

    future: int = 0
    before: int = 0
    outside: int = 0
    repeats: int = 0

    def __add__(self, other: "LeftOut") -> "LeftOut":
        return LeftOut(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


class Courses(Struct, frozen=True):
    """`prospects`: selling courses; `customers`: spans from one won order to the next; both by key. `starts`: of each
    selling course, what it brought and when. `brought`: of those who are customers that day, tier and orders of a year.
    """

    prospects: tuple[Course, ...]
    customers: tuple[Course, ...]
    starts: tuple[Start, ...]
    brought: tuple[tuple[int | None, Decimal], ...]
    left_out: LeftOut = LeftOut()


class _Made(Struct, frozen=True):
    """The touches of one customer in the order they were made."""

    at: Sequence[dt.datetime] = ()
    types: Sequence[int] = ()

    def between(self, after: dt.datetime, until: dt.datetime, *, first: bool = False) -> slice:
        """Where those later than `after` (with `first`: or at it) and not later than `until` stand."""
        return slice((bisect_left if first else bisect_right)(self.at, after), bisect_right(self.at, until))

    def without_repeats(self, zone: ZoneInfo) -> "_Made":
        """Of those of one type on one day the first."""
        kept: dict[tuple[dt.date, int], dt.datetime] = {}
        for at, touch_type in zip(self.at, self.types, strict=True):
            kept.setdefault((lifecycle.local_day(at, zone), touch_type), at)
        return _Made(list(kept.values()), [touch_type for _day, touch_type in kept])


NOTHING_MADE = _Made()


def load_courses(ids: Collection[int] | None, ground: Ground) -> Courses:
    """Those of live customers (None: of all) up to the end of the ground's day, in a fixed number of queries.

    Where repeats count once, a customer's touches of one type on one day (the company's) are one.
    """
    customers = Customer.objects.live() if ids is None else Customer.objects.live().filter(among("pk", ids))
    rows = customers.order_by("pk").values_list("pk", "external_id", "name")
    names = {pk: external or name for pk, external, name in rows}
    known, made = lifecycles(ids), _touches(ids, ground)
    prospects: list[Course] = []
    spans: list[Course] = []
    starts: list[Start] = []
    brought: list[tuple[int | None, Decimal]] = []
    left_out = LeftOut(future=_live_touches(ids).filter(at__gte=ground.until).count())
    for pk, name in names.items():
        everything = made.get(pk, NOTHING_MADE)
        counted = everything.without_repeats(ground.zone) if ground.settings.repeats_count_once else everything
        reader = _Reader(pk, name, known[pk], counted, ground)
        of_it, after_it = list(reader.courses()), list(reader.spans())
        prospects += of_it
        spans += after_it
        starts += reader.starts()
        brought += reader.brought()
        left_out += reader.left_out(of_it + after_it, repeats=len(everything.at) - len(counted.at))
    return joined([Courses(tuple(prospects), tuple(spans), tuple(starts), tuple(brought), left_out)])


def joined(parts: Sequence[Courses]) -> Courses:
    """Courses of several parts of the customers as one."""
    return Courses(
        tuple(sorted((row for part in parts for row in part.prospects), key=_key)),
        tuple(sorted((row for part in parts for row in part.customers), key=_key)),
        tuple(row for part in parts for row in part.starts),
        tuple(row for part in parts for row in part.brought),
        sum((part.left_out for part in parts), LeftOut()),
    )


def _key(course: Course) -> tuple[str, int]:
    return course.key


def _live_touches(ids: Collection[int] | None) -> QuerySet[Touch]:
    touches = Touch.objects.live().filter(customer__archived_at__isnull=True)
    return touches if ids is None else touches.filter(among("customer_id", ids))


def _touches(ids: Collection[int] | None, ground: Ground) -> dict[int, _Made]:
    touches = _live_touches(ids).filter(at__lt=ground.until)
    found: dict[int, list[tuple[dt.datetime, int, int]]] = defaultdict(list)
    # Sorted here: for the first rows of a sorted cursor a database reads through the touches of all customers by time.
    for customer, *row in (
        touches.order_by().values_list("customer_id", "at", "pk", "type_id").iterator(chunk_size=5000)
    ):
        found[customer].append(tuple(row))
    return {customer: _in_order(rows) for customer, rows in found.items()}


def _in_order(rows: list[tuple[dt.datetime, int, int]]) -> _Made:
    rows.sort()
    return _Made([at for at, _pk, _type in rows], [touch_type for _at, _pk, touch_type in rows])


class _Reader(Struct, frozen=True):
    """Reads the courses of one customer as they stood at the end of the ground's day."""

    pk: int
    name: str
    known: lifecycle.Lifecycle
    made: _Made
    ground: Ground

    @property
    def end(self) -> dt.datetime:
        return self.ground.until - clock.ONE_TICK

    def _day(self, at: dt.datetime) -> dt.date:
        return lifecycle.local_day(at, self.ground.zone)

    def _won(self) -> list[tuple[dt.datetime, lifecycle.Order]]:
        orders = self.known.facts.won_orders()
        return [(order.closed_at, order) for order in orders if order.closed_at and order.closed_at <= self.end]

    def courses(self) -> Iterator[Course]:
        for course in self.known.courses(self.end):
            ended = course.ended_at
            yield self._course(
                course.number,
                course.started_at,
                ended,
                course.outcome.value,
                self._business(course.order) if course.order else Decimal(0),
                self.made.between(course.started_at, ended or self.end, first=True),
            )

    def _course(
        self,
        number: int,
        began_at: dt.datetime,
        ended_at: dt.datetime | None,
        outcome: str,
        business: Decimal,
        touched: slice,
        looked_at_from: dt.datetime | None = None,
    ) -> Course:
        first = looked_at_from or began_at
        tier, at = self.known.tier_on(self._day(began_at)), self.made.at[touched]
        tiers = tuple(self.known.tier_on(self._day(made_at)) for made_at in at)
        return Course(
            key=(self.name, number),
            tier=tier,
            outcome=outcome,
            ended_on=ended_at and self._day(ended_at),
            business=business,
            touches=tuple(self.made.types[touched]),
            tiers=() if all(of_touch == tier for of_touch in tiers) else tiers,
            at=tuple((made_at - first) / ONE_DAY for made_at in at),
            days=((ended_at or self.end) - first) / ONE_DAY,
        )

    def left_out(self, courses: Sequence[Course], repeats: int) -> LeftOut:
        """What belongs to none of the customer's courses and spans."""
        first = next(iter(self.known.courses(self.end)), None)
        before = bisect_left(self.made.at, first.started_at) if first else len(self.made.at)
        within = sum(len(course.touches) for course in courses)
        return LeftOut(before=before, outside=max(0, len(self.made.at) - before - within), repeats=repeats)

    def _business(self, winner: lifecycle.Order) -> Decimal:
        """Orders won from the winning one's closing to a year later, that day included."""
        assert winner.closed_at is not None  # noqa: S101  a course is won by an order that closed
        last = self._day(winner.closed_at) + dt.timedelta(days=BUSINESS_DAYS)
        return sum(
            (order.amount for at, order in self._won() if at >= winner.closed_at and self._day(at) <= last), Decimal(0)
        )

    def starts(self) -> Iterator[Start]:
        courses = self.known.courses(self.end)
        for course, following in zip(courses, [*courses[1:], None][: len(courses)], strict=True):
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
        """With the touches of at most 365 days; a longer one is looked at from there on."""
        until = ended_at or self.end
        earliest = lifecycle.start_of_day(self._day(until) - dt.timedelta(days=LOOK_BACK_DAYS - 1), self.ground.zone)
        first = max(began_at, earliest - clock.ONE_TICK)
        return self._course(number, began_at, ended_at, outcome, business, self.made.between(first, until), first)
