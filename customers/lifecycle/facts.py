"""What is known of one customer, as plain values: the only input of the lifecycle.

Instants are aware datetimes, days are local days of the company's time zone, money is Decimal in its currency.
The order in which facts are listed never matters; `number` (the row's id) breaks ties that the facts leave.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from customers.lifecycle.days import local_day, start_of_day


class Stage(StrEnum):
    PROSPECT = "prospect"
    CUSTOMER = "customer"
    LAPSED = "lapsed"
    LOST = "lost"


class Status(StrEnum):
    PENDING = "pending"
    WON = "won"
    LOST = "lost"


class Order(Struct, frozen=True):
    """One order. `opened_at` None = not known, always open; `closed_at` is None while pending.

    `chosen_sale_type` is what a person chose (any name), None where nobody chose.
    """

    external_id: str
    amount: Decimal
    status: Status | str
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    chosen_sale_type: str | None = None
    number: int = 0

    @property
    def is_won(self) -> bool:
        return self.status == Status.WON and self.closed_at is not None


class Decision(Struct, frozen=True):
    """A stage set by hand or by import: lost (with a reason), or back to prospect."""

    stage: Stage | str
    at: datetime
    reason: str = ""
    number: int = 0


class Potential(Struct, frozen=True):
    """Yearly potential. `noted_on` None = known since the customer's since."""

    amount: Decimal
    noted_on: date | None = None
    number: int = 0


class TierFix(Struct, frozen=True):
    """A tier that someone fixed, from a day (None = always) to a day (None = open), both included."""

    tier: int
    starts_on: date | None = None
    ends_on: date | None = None
    number: int = 0


class TierBound(Struct, frozen=True):
    """A value tier: `lower_bound` belongs to it; `rank` 1 is the highest."""

    tier: int
    lower_bound: Decimal
    rank: int


class Facts(Struct, frozen=True):
    """All facts of one customer.

    `since` is the imported or entered day, None where none was given; `known_from` is the day of the earliest fact of
    another kind (touch, contact, assignment), read only where `since` is None.
    """

    since: date | None = None
    orders: tuple[Order, ...] = ()
    decisions: tuple[Decision, ...] = ()
    potentials: tuple[Potential, ...] = ()
    fixes: tuple[TierFix, ...] = ()
    known_from: date | None = None

    def won_orders(self) -> list[Order]:
        """Won orders, first won first."""
        return sorted((order for order in self.orders if order.is_won), key=closing_key)


def closing_key(order: Order) -> tuple[datetime, bool, datetime, str, int]:
    """Which of two ended orders closed first (domain 2, sale type): closing, then opening, then external id.

    An unknown opening means "always open", so it counts as the earlier one.
    """
    if order.closed_at is None:
        raise ValueError(f"Order {order.external_id!r} has not ended.")
    known = order.opened_at is not None
    return (order.closed_at, known, order.opened_at or order.closed_at, order.external_id, order.number)


def earliest_fact_on(facts: Facts, zone: ZoneInfo) -> date | None:
    """The day of the earliest dated fact, None where there is none.

    An end of a fact (the last day of a fixed tier) is no beginning; an order counts from its opening, else its closing.
    """
    days = [local_day(decision.at, zone) for decision in facts.decisions]
    days += [potential.noted_on for potential in facts.potentials if potential.noted_on is not None]
    days += [fix.starts_on for fix in facts.fixes if fix.starts_on is not None]
    for order in facts.orders:
        days += [local_day(at, zone) for at in (order.opened_at, order.closed_at) if at is not None]
    if facts.known_from is not None:
        days.append(facts.known_from)
    return min(days, default=None)


def since_day(facts: Facts, *, zone: ZoneInfo, today: date) -> date:
    """The customer's since (domain 2): as imported, else the day of its earliest fact, else today."""
    return facts.since or earliest_fact_on(facts, zone) or today


def as_of(facts: Facts, day: date, *, zone: ZoneInfo) -> Facts:
    """The facts as they stood at the end of a day (domain 4).

    What is dated later is left out; an order that ended later is pending. A `since` later than the day stays, so that
    the customer has no stage on that day. An order whose opening is (wrongly) later than its closing is judged by its
    closing.
    """
    return replace(
        facts,
        orders=tuple(_order_as_of(order, day, zone) for order in facts.orders if _is_known(order, day, zone)),
        decisions=tuple(decision for decision in facts.decisions if local_day(decision.at, zone) <= day),
        potentials=tuple(row for row in facts.potentials if row.noted_on is None or row.noted_on <= day),
        fixes=tuple(fix for fix in facts.fixes if fix.starts_on is None or fix.starts_on <= day),
        known_from=facts.known_from if facts.known_from and facts.known_from <= day else None,
    )


def _has_ended(order: Order, day: date, zone: ZoneInfo) -> bool:
    return order.closed_at is not None and local_day(order.closed_at, zone) <= day


def _is_known(order: Order, day: date, zone: ZoneInfo) -> bool:
    return order.opened_at is None or local_day(order.opened_at, zone) <= day or _has_ended(order, day, zone)


def _order_as_of(order: Order, day: date, zone: ZoneInfo) -> Order:
    if order.closed_at is None or _has_ended(order, day, zone):
        return order
    return replace(order, status=Status.PENDING, closed_at=None)


def begins_at(facts: Facts, zone: ZoneInfo) -> datetime | None:
    """The instant at which the customer's history begins, None where nothing at all is known.

    The first instant of its since; without one, of the day of its earliest fact. Where a won order closed, or a stage
    was set, before an imported since, these are dated by the fact all the same: the history then begins there.
    """
    day = facts.since or earliest_fact_on(facts, zone)
    if day is None:
        return None
    moving = [order.closed_at for order in facts.orders if order.is_won and order.closed_at is not None]
    moving += [decision.at for decision in facts.decisions]
    return min([start_of_day(day, zone), *moving])
