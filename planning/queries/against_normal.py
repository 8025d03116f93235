"""Open orders held against the normal sale: what one expects for their salesperson, customer and circumstances, and where they are
now (domain 3.6). From what the night keeps, and the order's own counts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area
from customers.models import (
    Circumstance,
    CourseOutcome,
    Customer,
    Order,
    OrderStatus,
    SaleType,
    SaleTypeKind,
    SellingCourse,
    Stage,
    Touch,
)
from customers.scope import customers_within
from planning.engine.crossed_effects import Effect, Effects, ExpectedSale, Sale, expected
from planning.engine.sale_cost import units_of
from planning.loaders.sale_cost import whole_cost
from planning.models import ConditionEffect, ConditionKind, MovedMeasure, SaleMeasure, SalePart
from planning.queries.conditions import effects_kept, people_named
from planning.queries.sold import Rates, rates_from, rates_questions
from territory import clock
from territory.together import Asking, prepared

# An order is out of the ordinary where nine of ten such sales stay below it, or above it.
FROM, TO = 0.1, 0.9


class Held(Struct, frozen=True):
    """One measure of an open order: where it is now (None: not known yet), and what one expects at its close.

    `growing`: it only grows until then, so that little of it says nothing yet.
    """

    measure: SaleMeasure
    now: float | None
    expected: ExpectedSale
    growing: bool

    @property
    def is_above(self) -> bool:
        return self.now is not None and self.expected.share_below(self.now) > TO

    @property
    def is_below(self) -> bool:
        """Never of what still grows."""
        return self.now is not None and not self.growing and self.expected.share_below(self.now) < FROM


class Moves(Struct, frozen=True):
    """What moves the days of an order; `name` of a circumstance."""

    kind: ConditionKind
    name: str
    effect: Effect


class OpenOrder(Struct, frozen=True):
    """An order by its own name, what is measured of it, and what moves its days, as far as the reader may know."""

    pk: int
    name: str
    held: list[Held]
    moving: list[Moves]

    @property
    def unusual(self) -> list[Held]:
        """What is out of the ordinary."""
        return [row for row in self.held if row.is_above or row.is_below]

    @property
    def shows_cost(self) -> bool:
        return any(row.measure == SaleMeasure.COST for row in self.held)

    @property
    def days(self) -> Held | None:
        """How long it has been open; None: its opening is not known, or nothing can be told of days."""
        return next((row for row in self.held if row.measure == SaleMeasure.DAYS), None)


class AgainstNormal(Struct, frozen=True):
    """Open orders of a customer, the one open longest first. `computed_at`: when what is normal was."""

    orders: list[OpenOrder]
    computed_at: dt.datetime


def order_against_normal(user: User, order: Order) -> Asking[AgainstNormal | None]:
    """Of an order that the reader sees; None where it is not pending, or nothing is known of what is normal."""
    if order.status != OrderStatus.PENDING or order.archived_at:
        return None
    return (yield from _held(user, order.customer, order.pk))


def customer_against_normal(user: User, customer: Customer) -> Asking[AgainstNormal | None]:
    """Of all pending orders of a customer whose orders the reader sees; None where there are none."""
    if not customer.orders_seen or customer.archived_at:  # type: ignore[attr-defined]
        return None
    return (yield from _held(user, customer, None))


class _Pending(NamedTuple):
    """A pending order as it is asked for; `tier`, `touches` and what it cost as of last night, None where it is younger."""

    pk: int
    title: str
    external_id: str | None
    opened_at: dt.datetime | None
    amount: Decimal
    salesperson: int | None
    sale_type: int | None
    is_chosen: bool
    tier: int | None
    touches: float | None
    team: int | None
    grains: int | None
    overhead_time: int | None


def _held(user: User, customer: Customer, only: int | None) -> Asking[AgainstNormal | None]:
    (pending,) = yield [_pending(customer.pk)]
    orders = [row for row in map(_Pending._make, pending) if only in (None, row.pk)]
    if not orders:
        return None
    people = frozenset(row.salesperson for row in orders if row.salesperson)
    moved, effects, circumstances, types, touched, sight, named, parts, *rates = yield [
        _moved(),
        _effects(customer.pk, customer.market_id, people),
        _circumstances(customer.pk),
        _types(),
        _touched(customer.pk, clock.now()),
        _sight(customer.pk, *(customers_within(user, area, Act.SEE) for area in _BESIDES.values())),
        people_named(user, SaleMeasure.DAYS).filter(pk__in=people).order_by().values_list("pk"),
        _parts(frozenset(row.pk for row in orders)),
        *rates_questions(user),
    ]
    seen = {SaleMeasure.DAYS, *(measure for measure, is_seen in zip(_BESIDES, *sight, strict=True) if is_seen)}
    known = {
        SaleMeasure(row.measure): told
        for row in moved
        if row.measure in seen and (told := effects_kept(row, effects)) is not None
    }
    costs = _Costs(rates_from(user, *rates), parts)
    people = {user.pk, *(pk for (pk,) in named)}
    reader = _Reader(customer, known, circumstances, dict(types), dict(touched), people, costs)
    shown = [found for found in map(reader.read, orders) if found.held]
    if not shown:
        return None
    return AgainstNormal(shown, min(row.computed_at for row in moved if row.measure in known))


# What else must be within reach to see a measure of an order that one sees.
_BESIDES = {SaleMeasure.TOUCHES: Area.TOUCHES, SaleMeasure.COST: Area.COST, SaleMeasure.AMOUNT: Area.AMOUNTS}


class _Costs:
    """What orders cost, without the time of people whose cost rates the reader may not see."""

    def __init__(self, rates: Rates, parts: Sequence[tuple[int, int, int]]) -> None:
        self.rates, self.hidden = rates, Counter[int]()
        for order, user, grains in parts:
            if rates.hides(user):
                self.hidden[order] += grains

    def known(self, row: _Pending) -> float | None:
        """In the company's currency; None where the night has not seen the order yet."""
        if row.grains is None or row.team is None:
            return None
        return units_of(self.rates.known(row.grains, row.team, row.overhead_time or 0, self.hidden[row.pk]))


class _Reader:
    """Makes orders of one customer into what is told of them."""

    def __init__(
        self,
        customer: Customer,
        known: Mapping[SaleMeasure, Effects],
        circumstances: Sequence[tuple],
        types: Mapping[str, int],
        touched: Mapping[int | None, int],
        people: Collection[int],
        costs: _Costs,
    ) -> None:
        self.customer, self.known, self.circumstances = customer, known, circumstances
        self.types, self.touched, self.people, self.costs = types, touched, people, costs
        self.today, self.zone = clock.company_today(), clock.company_zone()

    def read(self, row: _Pending) -> OpenOrder:
        opened_on = row.opened_at and clock.day_of(row.opened_at, self.zone)
        held = {kind: name for kind, name, since, until in self.circumstances if self._holds(since, until, opened_on)}
        is_first = self.customer.stage == Stage.PROSPECT
        usual = self.types.get(SaleTypeKind.NEW_BUSINESS if is_first else SaleTypeKind.REPEAT)
        sale = Sale(
            1.0,
            row.sale_type if row.is_chosen else usual,
            row.tier or self.customer.tier_id,
            row.salesperson,
            self.customer.market_id,
            self.customer.pk,
            tuple(held),
        )
        now = {
            SaleMeasure.DAYS: (self.today - opened_on).days if opened_on else None,
            SaleMeasure.TOUCHES: self._touches(row) if is_first else row.touches,
            # What a first order took before it was opened is known once it is won.
            SaleMeasure.COST: None if is_first else self.costs.known(row),
            SaleMeasure.AMOUNT: float(row.amount),
        }
        measured = [
            Held(measure, now[measure], expected(told, sale), measure != SaleMeasure.AMOUNT)
            for measure, told in self.known.items()
        ]
        days = next((each.expected for each in measured if each.measure == SaleMeasure.DAYS), None)
        name = row.title or row.external_id or str(row.pk)
        return OpenOrder(row.pk, name, measured, list(self._moving(days, held)) if days else [])

    def _holds(self, since: dt.date | None, until: dt.date | None, opened_on: dt.date | None) -> bool:
        """Whether a circumstance held on any day since the order was opened (not known: holds today)."""
        return (since is None or since <= self.today) and (until is None or until >= (opened_on or self.today))

    def _touches(self, row: _Pending) -> float:
        """Those of the whole course but what was for another order: the first one won bears all of it."""
        return float(self.touched.get(None, 0) + self.touched.get(row.pk, 0))

    def _moving(self, days: ExpectedSale, circumstances: Mapping[int, str]) -> Iterator[Moves]:
        for kind, key, effect in days.parts:
            if kind != ConditionKind.SALESPERSON or key in self.people:
                yield Moves(
                    ConditionKind(kind),
                    circumstances.get(key, "") if kind == ConditionKind.CIRCUMSTANCE else "",
                    effect,
                )


@prepared
def _pending(customer: int) -> QuerySet:
    rows = Order.objects.live().filter(customer=customer, status=OrderStatus.PENDING)
    own = ("pk", "title", "external_id", "opened_at", "amount", "salesperson_id", "sale_type_id", "sale_type_chosen")
    return rows.order_by(F("opened_at").asc(nulls_last=True), "pk").values_list(
        *own,
        "figures__tier_id",
        "figures__touches",
        "figures__team_id",
        whole_cost("figures__"),
        "figures__overhead_time",
    )


@prepared
def _parts(orders: frozenset[int]) -> QuerySet:
    """Whose time cost what of these orders."""
    rows = SalePart.objects.filter(figures__in=orders).order_by()
    return rows.values_list("figures_id", "user_id", F("time") + F("travel"))


@prepared
def _moved() -> QuerySet[MovedMeasure]:
    return MovedMeasure.objects.order_by("pk")


@prepared
def _effects(customer: int, market: int | None, people: frozenset[int]) -> QuerySet[ConditionEffect]:
    """Those of a customer's sales by these people."""
    kinds = Circumstance.objects.live().filter(customer=customer).order_by().values("kind")
    about = (
        Q(kind=ConditionKind.CUSTOMER, key=customer)
        | Q(kind=ConditionKind.SALESPERSON, key__in=people)
        | Q(kind=ConditionKind.CIRCUMSTANCE, key__in=kinds)
    )
    if market is not None:
        about |= Q(kind=ConditionKind.MARKET, key=market)
    return ConditionEffect.objects.filter(about).order_by("pk")


@prepared
def _circumstances(customer: int) -> QuerySet:
    rows = Circumstance.objects.live().filter(customer=customer).order_by("pk")
    return rows.values_list("kind_id", "kind__name", "starts_on", "ends_on")


@prepared
def _types() -> QuerySet:
    """The sale types that orders get by themselves."""
    rows = SaleType.objects.filter(kind__in=(SaleTypeKind.NEW_BUSINESS, SaleTypeKind.REPEAT)).order_by()
    return rows.values_list("kind", "pk")


@prepared
def _touched(customer: int, now: dt.datetime) -> QuerySet:
    """Touches of the open course until now, by the order that they were for."""
    course = SellingCourse.objects.filter(customer=customer, outcome=CourseOutcome.OPEN).order_by("-started_at")
    rows = Touch.objects.live().filter(
        customer=customer, at__lte=now, at__gte=Subquery(course.values("started_at")[:1])
    )
    return rows.order_by().values_list("order_id").annotate(Count("pk"))


@prepared
def _sight(customer: int, *within: Q) -> QuerySet:
    """Whether the customer is within each of these reaches: looked up as a row, or everything within would be gathered."""
    names = [f"is_seen_{place}" for place in range(len(within))]
    same = Customer.objects.filter(pk=OuterRef("pk")).order_by()
    rows = Customer.objects.filter(pk=customer).order_by()
    seen = {name: Exists(same.filter(each)) for name, each in zip(names, within, strict=True)}
    return rows.annotate(**seen).values_list(*names)
