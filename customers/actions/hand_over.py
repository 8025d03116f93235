"""Handing over: what somebody works on goes to somebody else from a day on, with what is planned and pending."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from accounts.models import JobProfile, Membership, User
from customers.actions.assignments import AUTHORISES, assign, change_owner, end_before
from customers.actions.orders import change_order
from customers.actions.writing import tell, write
from customers.models import OWNER_KINDS, Assignment, AssignmentKind, Customer, Order, OrderStatus, PlannedTouch
from territory import clock
from territory.rows import ends_from


class Changed(Exception):
    """What was shown is not so any more: nothing was handed over."""


@dataclass(frozen=True)
class Move:
    """What becomes of one assignment: as what the receiver takes it, or why it stays.

    `kind` is empty where the receiver works on the customer already, so that only this part ends. `planned` and `orders`
    are how many go with it.
    """

    assignment: Assignment
    kind: str = ""
    stays: str = ""
    planned: int = 0
    orders: int = 0

    @property
    def customer(self) -> Customer:
        return self.assignment.customer

    @property
    def key(self) -> str:
        """The assignment as it was shown: its primary key and version."""
        return f"{self.assignment.pk}:{self.assignment.version}"

    @property
    def as_what(self) -> str:
        """As what the receiver works on the customer, in words."""
        if not self.kind:
            return _("works on it already: this part ends")
        return str(AssignmentKind(self.kind).label)


@dataclass(frozen=True)
class Done:
    """What was handed over; `already` had been before, by the same request sent twice."""

    customers: int = 0
    planned: int = 0
    orders: int = 0
    already: int = 0


@dataclass
class _Open:
    """Planned touches and pending orders of a person, counted by customer."""

    planned: Counter = field(default_factory=Counter)
    orders: Counter = field(default_factory=Counter)


def assignments_of(actor: User, person: User, on: dt.date) -> QuerySet[Assignment]:
    """What a person works on from a day on, of customers that the actor may change; owned ones first, by tier and name."""
    rows = Assignment.objects.visible_to(actor).editable_by(actor)
    rows = rows.filter(ends_from(on), membership__user=person, customer__archived_at__isnull=True)
    order = (F("customer__tier__position").asc(nulls_last=True), "customer__name", "pk")
    return rows.select_related("customer__tier", "membership").order_by(*order)


def moves(*, actor: User, person: User, receiver: Membership | None, on: dt.date) -> list[Move]:
    """What a hand-over to `receiver` from a day on would do, by assignment; without a receiver what there is."""
    rows = list(assignments_of(actor, person, on))
    customers = {row.customer_id for row in rows}
    theirs: dict[int, list[Assignment]] = defaultdict(list)
    if receiver is not None:
        for each in Assignment.objects.filter(ends_from(on), membership=receiver, customer__in=customers):
            theirs[each.customer_id].append(each)
    counted = _Open(
        Counter(planned_of(actor, person, customers, on).values_list("customer_id", flat=True)),
        Counter(orders_of(actor, person, customers).values_list("customer_id", flat=True)),
    )
    found: dict[int, Move] = {}
    # Owners first: whoever becomes one works on the customer, and supports it no more.
    for row in sorted(rows, key=lambda each: each.kind not in OWNER_KINDS):
        move = Move(row, row.kind) if receiver is None else _move(row, receiver, on, theirs[row.customer_id])
        if not move.stays and receiver is not None:
            theirs[row.customer_id].append(Assignment(kind=move.kind, starts_on=on))
        if not move.stays:
            counts = counted.planned.pop(row.customer_id, 0), counted.orders.pop(row.customer_id, 0)
            move = Move(row, move.kind, "", *counts)
        found[row.pk] = move
    return [found[row.pk] for row in rows]


def _move(row: Assignment, receiver: Membership, on: dt.date, theirs: list[Assignment]) -> Move:
    start = max(on, row.starts_on or on)
    kind = _kind(row.kind, receiver)
    words = {"name": receiver.user.name, "profile": JobProfile(receiver.profile).label}
    if kind is None:
        return Move(row, stays=_("%(name)s may be %(profile)s at most.") % words)
    if (receiver.starts_on or dt.date.min) > start or (receiver.ends_on or dt.date.max) < start:
        return Move(row, stays=_("%(name)s is not in that team and role then.") % words)
    there = [each for each in theirs if (each.starts_on or dt.date.min) <= (row.ends_on or dt.date.max)]
    if any((each.starts_on or dt.date.min) > start for each in there):
        return Move(row, stays=_("%(name)s works on it from a later day already.") % words)
    if there and kind not in OWNER_KINDS:
        return Move(row)
    return Move(row, kind)


def _kind(kind: str, receiver: Membership) -> str | None:
    """The kind that the receiver takes: the same, or lead for sole, where the job profile authorises no more."""
    authorised = AUTHORISES[JobProfile(receiver.profile)]
    if kind in authorised:
        return kind
    return AssignmentKind.LEAD if kind in OWNER_KINDS and AssignmentKind.LEAD in authorised else None


def planned_of(actor: User, person: User, customers: Iterable[int], on: dt.date) -> QuerySet[PlannedTouch]:
    """Open planned touches of a person on these customers that are still to be done on a day."""
    rows = PlannedTouch.objects.open().filter(assignee=person, customer__in=customers)
    if on > clock.company_today():
        rows = rows.filter(due_on__gte=on)
    return rows.order_by("pk")


def orders_of(actor: User, person: User, customers: Iterable[int]) -> QuerySet[Order]:
    """Pending orders of a person on these customers that the actor may change."""
    rows = Order.objects.live().visible_to(actor).editable_by(actor)
    return rows.filter(salesperson=person, status=OrderStatus.PENDING, customer__in=customers).order_by("pk")


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
) -> Done:
    """Hand the chosen assignments (primary key -> version as shown) over from a day on, all or nothing.

    With them go the person's planned touches from that day on and, if wanted, the pending orders, at once. What was
    handed over already by the same request is left alone. Raises Changed where an assignment is not as it was shown.
    Errors: `to` where the receiver is deactivated or the person themselves.
    """
    if not receiver.user.is_active or receiver.user_id == person.pk:
        raise ValidationError({"to": _("Choose somebody else.")})
    _lock(chosen)
    known = {move.assignment.pk: move for move in moves(actor=actor, person=person, receiver=receiver, on=on)}
    wanted, already = [], 0
    for pk, version in chosen.items():
        move = known.get(pk)
        if move is not None and not move.stays and move.assignment.version == version:
            wanted.append(move)
        elif _handed_over(actor, pk, receiver, on):
            already += 1
        else:
            raise Changed
    for move in sorted(wanted, key=lambda each: (each.customer.pk, each.kind not in OWNER_KINDS)):
        _carry_out(move, receiver, on, actor=actor, now=now)
    customers = {move.customer.pk for move in wanted}
    planned = take_planned(planned_of(actor, person, customers, on), receiver.user, actor=actor, now=now)
    orders = 0
    if with_orders:
        orders = take_orders(orders_of(actor, person, customers), receiver.user, actor=actor, now=now)
    return Done(len(customers), planned, orders, already)


def _lock(assignments: Iterable[int]) -> None:
    """Lock the customers in the order of their keys: whoever logs or changes one meanwhile waits, or is waited for."""
    ids = Assignment.objects.filter(pk__in=list(assignments)).order_by().values("customer")
    list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


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
