"""What a hand-over would do: what goes, as what, with what; what stays and why; what is left on other customers."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import JobProfile, Membership, User
from customers.actions.assignments import AUTHORISES
from customers.models import OWNER_KINDS, Assignment, AssignmentKind, Customer, Order, OrderStatus, PlannedTouch
from territory import clock
from territory.rows import ends_from
from territory.together import together


class Move(Struct, frozen=True):
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


class Other(Struct, frozen=True):
    """What a person has planned and pending on a customer that they do not work on, and who takes it: the customer's
    owner, else the receiver; None where there is neither, so that it stays.
    """

    customer: Customer
    planned: int
    orders: int
    taker: User | None


class HandOver(Struct, frozen=True):
    """What a hand-over from a day on would do: customer by customer, and what is left elsewhere.

    `leaves`: the person is deactivated with it.
    """

    person: User
    receiver: Membership | None
    on: dt.date
    moves: list[Move]
    others: list[Other]
    leaves: bool = False


def assignments_of(actor: User, person: User, on: dt.date) -> QuerySet[Assignment]:
    """What a person works on from a day on, of customers that the actor may change; owned ones first, by tier and name."""
    rows = Assignment.objects.visible_to(actor).editable_by(actor)
    rows = rows.filter(ends_from(on), membership__user=person, customer__archived_at__isnull=True)
    order = (F("customer__tier__position").asc(nulls_last=True), "customer__name", "pk")
    return rows.select_related("customer__tier", "membership").order_by(*order)


def foresee(*, actor: User, person: User, receiver: Membership | None, on: dt.date) -> HandOver:
    """What a hand-over to `receiver` from a day on would do, in two statements; without a receiver what there is."""
    rows = list(assignments_of(actor, person, on))
    there, planned, orders, elsewhere, owners, other_planned, other_orders = together(
        _working(receiver, assignments_of(actor, person, on), on),
        planned_of(person, on).values_list("customer_id"),
        orders_of(actor, person).values_list("customer_id"),
        customers_elsewhere(actor, person, on).select_related("tier").order_by("name", "pk"),
        _owners(actor, person, on),
        planned_elsewhere(actor, person, on).values_list("customer_id"),
        orders_elsewhere(actor, person, on).values_list("customer_id"),
    )
    plans, sales = _counted(other_planned), _counted(other_orders)
    takers = {row.customer_id: row.membership.user for row in owners}
    if receiver is not None:
        takers = {row.pk: receiver.user for row in elsewhere} | takers
    return HandOver(
        person=person,
        receiver=receiver,
        on=on,
        moves=_moves(rows, receiver, on, there, _counted(planned), _counted(orders)),
        others=[Other(row, plans[row.pk], sales[row.pk], takers.get(row.pk)) for row in elsewhere],
    )


def _counted(rows: Iterable[tuple[int]]) -> Counter:
    """How many of these rows each customer has."""
    return Counter(customer for (customer,) in rows)


def _working(receiver: Membership | None, rows: QuerySet[Assignment], on: dt.date) -> QuerySet[Assignment]:
    """What the receiver works on already, from a day on, of the customers of these assignments."""
    if receiver is None:
        return Assignment.objects.none()
    customers = rows.order_by().values("customer")
    return Assignment.objects.filter(ends_from(on), membership=receiver, customer__in=customers)


def _moves(
    rows: list[Assignment],
    receiver: Membership | None,
    on: dt.date,
    there: Iterable[Assignment],
    planned: Counter,
    orders: Counter,
) -> list[Move]:
    theirs: dict[int, list[Assignment]] = defaultdict(list)
    for each in there:
        theirs[each.customer_id].append(each)
    found: dict[int, Move] = {}
    # Owners first: whoever becomes one works on the customer, and supports it no more.
    for row in sorted(rows, key=lambda each: each.kind not in OWNER_KINDS):
        move = Move(row, row.kind) if receiver is None else _move(row, receiver, on, theirs[row.customer_id])
        if not move.stays and receiver is not None:
            theirs[row.customer_id].append(Assignment(kind=move.kind, starts_on=on))
        if not move.stays:
            counts = planned.pop(row.customer_id, 0), orders.pop(row.customer_id, 0)
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


def planned_of(person: User, on: dt.date) -> QuerySet[PlannedTouch]:
    """A person's open planned touches that are still to be done on a day."""
    rows = PlannedTouch.objects.open().filter(assignee=person)
    if on > clock.company_today():
        rows = rows.filter(due_on__gte=on)
    return rows.order_by("pk")


def orders_of(actor: User, person: User) -> QuerySet[Order]:
    """A person's pending orders that the actor may change."""
    rows = Order.objects.live().visible_to(actor).editable_by(actor)
    return rows.filter(salesperson=person, status=OrderStatus.PENDING).order_by("pk")


def planned_elsewhere(actor: User, person: User, on: dt.date) -> QuerySet[PlannedTouch]:
    """What a person has still planned on customers that they do not work on, as far as the actor may change it."""
    return planned_of(person, on).editable_by(actor).filter(_elsewhere(person, on))


def orders_elsewhere(actor: User, person: User, on: dt.date) -> QuerySet[Order]:
    """A person's pending orders of customers that they do not work on, as far as the actor may change them."""
    return orders_of(actor, person).filter(_elsewhere(person, on))


def customers_elsewhere(actor: User, person: User, on: dt.date) -> QuerySet[Customer]:
    """The customers that these are of."""
    return Customer.objects.filter(_with_others(actor, person, on))


def _elsewhere(person: User, on: dt.date) -> Q:
    """Condition on rows with a customer: it is not archived, and the person does not work on it from a day on."""
    theirs = Assignment.objects.filter(ends_from(on), membership__user=person).order_by()
    return Q(customer__archived_at__isnull=True) & ~Q(customer__in=theirs.values("customer"))


def _with_others(actor: User, person: User, on: dt.date, prefix: str = "pk") -> Q:
    """Condition on customers, or rows that name one: the person does not work on them and has something there."""
    planned = planned_elsewhere(actor, person, on).order_by().values("customer")
    orders = orders_elsewhere(actor, person, on).order_by().values("customer")
    return Q(**{f"{prefix}__in": planned}) | Q(**{f"{prefix}__in": orders})


def _owners(actor: User, person: User, on: dt.date) -> QuerySet[Assignment]:
    """Who owns these customers on a day, as far as they are active."""
    rows = Assignment.objects.on(on).owners().filter(_with_others(actor, person, on, "customer"))
    return rows.filter(membership__user__is_active=True).select_related("membership__user").order_by("pk")
