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

from collections.abc import Iterable
from enum import StrEnum

from customers.lifecycle.facts import Facts, Order, closing_key
from customers.lifecycle.stages import Course


class SaleKind(StrEnum):
    NEW_BUSINESS = "new business"
    REPEAT = "repeat"


def sale_type(order: Order, facts: Facts, courses: Iterable[Course]) -> SaleKind | str | None:
    """The chosen sale type of an order, else new business or repeat; None while it is pending."""
    if order.chosen_sale_type is not None:
        return order.chosen_sale_type
    if order.closed_at is None:
        return None
    started = [course.started_at for course in courses if course.started_at <= order.closed_at]
    wins = (win for win in facts.won_orders() if not started or win.closed_at >= max(started))  # type: ignore[operator]
    first = next(wins, None)
    if first is None or closing_key(order) <= closing_key(first):
        return SaleKind.NEW_BUSINESS
    return SaleKind.REPEAT
