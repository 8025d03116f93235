"""Orders: open, change, win, lose, open again, archive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from msgspec.structs import replace

from accounts.models import User
from customers.actions.lifecycle import sale_types_by_kind
from customers.actions.writing import archive, bring_back, locked, require_text, take, tell, write
from customers.facts import load_facts, order_fact
from customers.lifecycle import Lifecycle
from customers.models import Customer, Order, OrderStatus
from customers.working_as import membership_at_work
from territory import clock
from territory.conflicts import claim

# The allowed moves: from -> to. An ended order is opened again before it ends otherwise.
TRANSITIONS = {
    OrderStatus.PENDING: (OrderStatus.WON, OrderStatus.LOST),
    OrderStatus.WON: (OrderStatus.PENDING,),
    OrderStatus.LOST: (OrderStatus.PENDING,),
}

EDITABLE = (
    "external_id",
    "title",
    "amount",
    "step",
    "probability",
    "product_line",
    "sale_type",
    "opened_at",
    "expected_on",
    "salesperson",
    "note",
)
# Frozen at closing (domain 2), and what only a pending order has.
FROZEN = ("salesperson", "step", "probability", "expected_on")


@transaction.atomic
def open_order(*, actor: User, now: dt.datetime, customer: Customer, values: Mapping[str, Any]) -> Order:
    """A pending order, opened now unless said otherwise, of `salesperson` (its opener where none is named).

    Its team is that of the salesperson's membership, without a salesperson the customer's. Errors: by field.
    """
    customer = locked(customer)
    if customer.archived_at is not None:
        raise ValidationError({"customer": _("This customer was archived.")})
    order = Order(customer=customer, opened_at=now, salesperson=actor)
    take(order, values, EDITABLE)
    order.sale_type_chosen = order.sale_type_id is not None
    _take_team(order, now)
    _check_moments(order, now)
    order.full_clean()
    write(order, actor=actor, now=now)
    _tell(order, actor, now)
    return order


@transaction.atomic
def change_order(*, actor: User, now: dt.datetime, order: Order, version: int, values: Mapping[str, Any]) -> Order:
    """Change an order as it was shown. Raises Conflict where another changed it meanwhile.

    Errors: by field; of an ended one also what is frozen at closing: salesperson (and team), step, expected close.
    """
    locked(order.customer)
    before = Order.objects.get(pk=order.pk)
    fields = take(order, values, EDITABLE)
    if before.status != OrderStatus.PENDING:
        _refuse_frozen(before, order, fields)
    if "sale_type" in values and order.sale_type_id != before.sale_type_id:
        order.sale_type_chosen = order.sale_type_id is not None
        fields.append("sale_type_chosen")
    if order.status == OrderStatus.PENDING and order.salesperson_id != before.salesperson_id:
        _take_team(order, now)
        fields.append("team")
    _check_moments(order, now)
    order.full_clean()
    claim(order, version)
    write(order, actor=actor, now=now, fields=fields)
    _tell(order, actor, now)
    return order


@transaction.atomic
def win_order(
    *,
    actor: User,
    now: dt.datetime,
    order: Order,
    version: int,
    closed_at: dt.datetime | None = None,
    amount: Decimal | None = None,
) -> Order:
    """The order is won (now unless said otherwise): its customer is one by itself. Errors: see `_end`."""
    if amount is not None:
        order.amount = amount
    return _end(order, OrderStatus.WON, closed_at or now, "", version, actor=actor, now=now)


@transaction.atomic
def lose_order(
    *,
    actor: User,
    now: dt.datetime,
    order: Order,
    version: int,
    reason: str,
    closed_at: dt.datetime | None = None,
) -> Order:
    """The order is lost, with a reason. Errors: `reason` missing; see `_end`."""
    reason = require_text("reason", reason, _("Say why it was lost."))
    return _end(order, OrderStatus.LOST, closed_at or now, reason, version, actor=actor, now=now)


@transaction.atomic
def reopen_order(*, actor: User, now: dt.datetime, order: Order, version: int) -> Order:
    """A won or lost order is pending again; stage and tier of its customer follow. Errors: `status` where it is."""
    locked(order.customer)
    claim(order, version)
    order.refresh_from_db()
    _move(order, OrderStatus.PENDING)
    order.closed_at, order.lost_reason = None, ""
    if not order.sale_type_chosen:
        order.sale_type = None
    _take_team(order, now)
    write(order, actor=actor, now=now, fields=["status", "closed_at", "lost_reason", "sale_type", "team"])
    _tell(order, actor, now)
    return order


@transaction.atomic
def archive_order(*, actor: User, now: dt.datetime, order: Order) -> None:
    """Put an order away: it counts nowhere, until it is brought back."""
    locked(order.customer)
    if archive(order, actor=actor, now=now):
        _tell(order, actor, now)


@transaction.atomic
def restore_order(*, actor: User, now: dt.datetime, order: Order) -> None:
    """Bring an archived order back."""
    locked(order.customer)
    if bring_back(order, actor=actor, now=now):
        _tell(order, actor, now)


def _end(
    order: Order, status: str, closed_at: dt.datetime, reason: str, version: int, *, actor: User, now: dt.datetime
) -> Order:
    """Close an order: salesperson and team are frozen, the sale type is set where nobody chose one.

    Errors: `status` where it has ended already; `closed_at` in the future or before it was opened; Conflict.
    """
    locked(order.customer)
    amount = order.amount
    claim(order, version)
    order.refresh_from_db()
    _move(order, status)
    order.amount, order.closed_at, order.lost_reason = amount, closed_at, reason
    _check_moments(order, now)
    _take_team(order, closed_at)
    if not order.sale_type_chosen:
        order.sale_type_id = _sale_type(order)
    order.full_clean(exclude=["customer"])
    fields = ["status", "amount", "closed_at", "lost_reason", "team", "sale_type"]
    write(order, actor=actor, now=now, fields=fields)
    _tell(order, actor, now)
    return order


def _move(order: Order, status: str) -> None:
    if order.archived_at is not None:
        raise ValidationError({"status": _("This order was archived.")})
    if status not in TRANSITIONS[OrderStatus(order.status)]:
        label = OrderStatus(order.status).label
        raise ValidationError({"status": _("The order is %(status)s already.") % {"status": label}})
    order.status = status


def _take_team(order: Order, at: dt.datetime) -> None:
    """The team of the salesperson's membership on that day; where there is none it stays, at first the customer's."""
    day = clock.day_of(at, clock.company_zone())
    membership = membership_at_work(order.salesperson, order.customer, day) if order.salesperson else None
    if membership is not None:
        order.team = membership.team
    elif order.team_id is None or not order.salesperson_id:
        order.team = order.customer.team


def _sale_type(order: Order) -> int | None:
    """The sale type that the order gets by itself, judged among all orders of its customer."""
    zone = clock.company_zone()
    facts = load_facts([order.customer_id], zone=zone)[order.customer_id]
    own = order_fact(order)
    others = tuple(each for each in facts.orders if each.number != order.pk)
    kind = Lifecycle.of(replace(facts, orders=(*others, own)), tiers=(), zone=zone).sale_type(own)
    return sale_types_by_kind().get(str(kind))


def _check_moments(order: Order, now: dt.datetime) -> None:
    for name in ("opened_at", "closed_at"):
        at = getattr(order, name)
        if at is not None and at > now:
            raise ValidationError({name: _("This time is still to come.")})
    if order.opened_at and order.closed_at and order.closed_at < order.opened_at:
        raise ValidationError({"closed_at": _("The order closed before it was opened.")})


def _refuse_frozen(before: Order, order: Order, fields: Iterable[str]) -> None:
    changed = [name for name in FROZEN if name in fields and getattr(before, name) != getattr(order, name)]
    if changed:
        raise ValidationError({name: _("This was settled when the order closed.") for name in changed})


def _tell(order: Order, actor: User, now: dt.datetime) -> None:
    tell([order.customer_id], actor=actor, now=now)
