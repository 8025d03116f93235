"""Handing over: what somebody works on goes to somebody else from a day on, with what is planned and pending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import HandedOver, Membership, User
from customers.actions.assignments import assign, change_owner, end_before
from customers.actions.foreseen import (
    HandOver,
    Move,
    customers_elsewhere,
    foresee,
    orders_elsewhere,
    orders_of,
    planned_elsewhere,
    planned_of,
)
from customers.actions.orders import change_order
from customers.actions.writing import tell, write
from customers.locks import held
from customers.models import OWNER_KINDS, Assignment, Customer, Order, PlannedTouch
from territory.rows import among, ends_from


class Changed(Exception):
    """What was shown is not so any more: nothing was handed over."""


class Done(Struct, frozen=True):
    """What was handed over: customers, with them planned touches and orders; `elsewhere`: of these on other customers.

    `already` had been before, by the same request sent twice.
    """

    customers: int = 0
    planned: int = 0
    orders: int = 0
    elsewhere: int = 0
    already: int = 0


@transaction.atomic
def hand_over(
    *,
    actor: User,
    now: dt.datetime,
    person: User,
    receiver: Membership,
    on: dt.date,
    chosen: Mapping[int, int],
    with_orders: bool,
    with_others: bool = False,
) -> Done:
    """Hand the chosen assignments (primary key -> version as shown) over from a day on, all or nothing.

    With them go the person's planned touches from that day on and, if wanted, the pending orders, at once; `with_others`:
    also what they have planned and pending on customers that they do not work on (see `Other`). What was handed over
    already by the same request is left alone. Raises Changed where an assignment is not as it was shown.
    Errors: `to` where the receiver is deactivated or the person themselves.
    """
    if not receiver.user.is_active or receiver.user_id == person.pk:
        raise ValidationError({"to": _("Choose somebody else.")})
    _lock(chosen, customers_elsewhere(actor, person, on) if with_others else Customer.objects.none())
    seen = foresee(actor=actor, person=person, receiver=receiver, on=on)
    known = {move.assignment.pk: move for move in seen.moves}
    wanted, already = [], 0
    for pk, version in chosen.items():
        move = known.get(pk)
        if move is not None and not move.stays and move.assignment.version == version:
            wanted.append(move)
        elif _handed_over(actor, pk, receiver, on):
            already += 1
        else:
            raise Changed
    elsewhere = _give_others(seen, actor=actor, now=now) if with_others else 0
    for move in sorted(wanted, key=lambda each: (each.customer.pk, each.kind not in OWNER_KINDS)):
        _carry_out(move, receiver, on, actor=actor, now=now)
    customers = {move.customer.pk for move in wanted}
    going = planned_of(person, on).filter(customer__in=customers)
    planned = take_planned(going, receiver.user, actor=actor, now=now)
    orders = 0
    if with_orders:
        pending = orders_of(actor, person).filter(customer__in=customers)
        orders = take_orders(pending, receiver.user, actor=actor, now=now)
    _note(actor, now, person, receiver.user, on, customers=len(customers), planned=planned, orders=orders)
    return Done(len(customers), planned, orders, elsewhere, already)


@transaction.atomic
def give_others(*, actor: User, now: dt.datetime, person: User, on: dt.date) -> Done:
    """What a person has planned and pending on customers that they do not work on goes to the owners of these."""
    _lock((), customers_elsewhere(actor, person, on))
    seen = foresee(actor=actor, person=person, receiver=None, on=on)
    return Done(elsewhere=_give_others(seen, actor=actor, now=now))


def _give_others(seen: HandOver, *, actor: User, now: dt.datetime) -> int:
    given = 0
    for taker in {row.taker.pk: row.taker for row in seen.others if row.taker}.values():
        customers = [row.customer.pk for row in seen.others if row.taker == taker]
        theirs = planned_elsewhere(actor, seen.person, seen.on).filter(customer__in=customers)
        planned = take_planned(theirs, taker, actor=actor, now=now)
        pending = orders_elsewhere(actor, seen.person, seen.on).filter(customer__in=customers)
        orders = take_orders(pending, taker, actor=actor, now=now)
        _note(actor, now, seen.person, taker, seen.on, planned=planned, orders=orders)
        given += planned + orders
    return given


def _note(actor: User, now: dt.datetime, person: User, to: User, on: dt.date, **how_much: int) -> None:
    """For the history of both people; nothing where nothing went."""
    if any(how_much.values()):
        write(HandedOver(user=person, to=to, starts_on=on, **how_much), actor=actor, now=now)


def _lock(assignments: Iterable[int], customers: QuerySet[Customer]) -> None:
    """Lock the customers in the order of their keys: whoever logs or changes one meanwhile waits, or is waited for."""
    ids = Assignment.objects.filter(among("pk", assignments)).order_by().values_list("customer", flat=True)
    list(held({*ids, *customers.values_list("pk", flat=True)}).values_list("pk"))


def _handed_over(actor: User, pk: int, receiver: Membership, on: dt.date) -> bool:
    """Whether what the assignment was about is the receiver's on that day, and the assignment is over."""
    if Assignment.objects.filter(ends_from(on), pk=pk).exists():
        return False
    customer = Assignment.history.filter(id=pk).values_list("customer_id", flat=True).first()
    editable = Customer.objects.editable_by(actor).filter(pk=customer)
    return Assignment.objects.on(on).filter(customer__in=editable.values("pk"), membership=receiver).exists()


def _carry_out(move: Move, receiver: Membership, on: dt.date, *, actor: User, now: dt.datetime) -> None:
    row = move.assignment
    start = max(on, row.starts_on or on)
    # A share is one of a role's work; in another role the receiver has an equal part.
    share = row.share if row.membership.role_id == receiver.role_id else None
    if move.kind in OWNER_KINDS:
        change_owner(
            actor=actor, now=now, customer=row.customer, membership=receiver, kind=move.kind, on=start, share=share,
            ends_on=row.ends_on,
        )  # fmt: skip
        return
    ends_on = row.ends_on
    end_before(row, start, actor=actor, now=now)
    if move.kind:
        assign(
            actor=actor, now=now, customer=row.customer, membership=receiver, kind=move.kind, share=share,
            starts_on=start, ends_on=ends_on,
        )  # fmt: skip
    else:
        tell([row.customer_id], actor=actor, now=now, lifecycle=False)


def take_planned(rows: QuerySet[PlannedTouch], user: User, *, actor: User, now: dt.datetime) -> int:
    """These planned touches are another's; how many. Part of an action."""
    found = list(rows.select_for_update())
    for row in found:
        row.assignee = user
        row.version += 1
        write(row, actor=actor, now=now, fields=["assignee", "version"])
    tell({row.customer_id for row in found}, actor=actor, now=now, lifecycle=False)
    return len(found)


def take_orders(rows: QuerySet[Order], user: User, *, actor: User, now: dt.datetime) -> int:
    """These pending orders are another's; how many. Part of an action."""
    found = list(rows.select_related("customer"))
    for row in found:
        change_order(actor=actor, now=now, order=row, version=row.version, values={"salesperson": user})
    return len(found)
