"""The sale type of an order where nobody chose one (domain 2).

New business if it closes no later than the first order won in the customer's course, else repeat. How the corners are
decided:

- The course is the latest one that had started when the order closed. Its first order is the first won since its
  start, also where the course was lost meanwhile: a lost prospect that simply orders brings new business, its next
  order is a repeat.
- Same instant: the one opened earlier is the first (an unknown opening is the earliest), then by external id.
- An order that was lost is judged alike: before the first win it was new business. A course without any win leaves
  every order new business, and so does a closing before the customer's first course.
- A pending order has none yet; it is set at closing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from customers.lifecycle.facts import Facts, Order, closing_key
from customers.lifecycle.stages import Course


class SaleKind(StrEnum):
    NEW_BUSINESS = "new_business"
    REPEAT = "repeat"


class FirstWins(Struct, frozen=True):
    """When each course started, and the first order won since (None = none)."""

    started_at: tuple[datetime, ...]
    orders: tuple[Order | None, ...]


def first_wins(facts: Facts, courses: Iterable[Course]) -> FirstWins:
    """The first order won since the start of each course; courses in the order of their start."""
    started = tuple(course.started_at for course in courses)
    wins = facts.won_orders()
    closed = [order.closed_at for order in wins if order.closed_at is not None]
    found = (bisect_left(closed, at) for at in started)
    return FirstWins(started, tuple(wins[index] if index < len(wins) else None for index in found))


def sale_type(order: Order, first: FirstWins) -> SaleKind | str | None:
    """The chosen sale type of an order, else new business or repeat; None while it is pending."""
    if order.chosen_sale_type is not None:
        return order.chosen_sale_type
    if order.closed_at is None:
        return None
    index = bisect_right(first.started_at, order.closed_at) - 1
    winner = first.orders[index] if index >= 0 else None
    if winner is None or closing_key(order) <= closing_key(winner):
        return SaleKind.NEW_BUSINESS
    return SaleKind.REPEAT
