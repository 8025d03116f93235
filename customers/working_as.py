"""As what a person works on a customer: "under the membership of the assignment on that customer, else the earliest
current one" (domain 1). Who stands in for somebody does so under the membership that covers, in the covered role: so their
touch is the one that the covered person's rules ask for. Who works on the customer as well does so as their own, but for
what they say they did in the covered person's place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Cover, Membership, Role, User
from customers.models import Assignment, CoveredCustomer, Customer
from territory.rows import on_day

# "Since always" is earlier than any day.
EARLIEST_FIRST = (F("starts_on").asc(nulls_first=True), "pk")

AtWork = tuple[Membership, Role]


def memberships_at_work(user_ids: Iterable[int], customer: Customer | None, on: dt.date) -> dict[int, Membership]:
    """The membership under which each person works on that day, in four queries at most; who has none is left out."""
    return {user: membership for user, (membership, _role) in _at_work(user_ids, customer, on).items()}


def membership_at_work(user: User, customer: Customer | None, on: dt.date) -> Membership | None:
    """The membership under which a person works on a customer on that day; None where they have none."""
    return memberships_at_work([user.pk], customer, on).get(user.pk)


def roles_at_work(user_ids: Iterable[int], customer: Customer | None, on: dt.date) -> dict[int, Role]:
    """The role in which each person works on a customer on that day: of who stands in, that of whom they stand in for."""
    return {user: role for user, (_membership, role) in _at_work(user_ids, customer, on).items()}


def role_at_work(user: User, customer: Customer | None, on: dt.date) -> Role | None:
    """The role in which a person works on a customer on that day; None where they have no membership."""
    return roles_at_work([user.pk], customer, on).get(user.pk)


def roles_on_many(user_ids: Iterable[int], customers: Collection[Customer], on: dt.date) -> dict[tuple[int, int], int]:
    """The role (its key) in which each person works on each of many customers on that day, by (customer, person).

    A few queries for all; of who stands in for somebody on that day, a few a customer.
    """
    wanted = set(user_ids)
    found: dict[tuple[int, int], int] = {}
    rows = Assignment.objects.on(on).filter(
        on_day(on, "membership__"), membership__user__in=wanted, customer__in=[each.pk for each in customers]
    )
    places = rows.order_by(*EARLIEST_FIRST).values_list("customer_id", "membership__user_id", "membership__role_id")
    for customer, user, role in places:
        found.setdefault((customer, user), role)
    general = {user: role.pk for user, role in roles_at_work(wanted, None, on).items()}
    covering = set(
        Cover.objects.on(on).filter(membership__user__in=wanted).values_list("membership__user_id", flat=True)
    )
    for each in customers:
        missing = {user for user in wanted if (each.pk, user) not in found}
        roles = dict(general)
        if missing & covering:
            roles |= {user: role.pk for user, role in roles_at_work(missing & covering, each, on).items()}
        found |= {(each.pk, user): roles[user] for user in missing if user in roles}
    return found


def _at_work(user_ids: Iterable[int], customer: Customer | None, on: dt.date) -> dict[int, AtWork]:
    wanted = set(user_ids)
    found: dict[int, AtWork] = {}
    if customer is not None:
        assigned = _assigned(customer, on).filter(membership__user__in=wanted)
        for assignment in assigned.order_by(*EARLIEST_FIRST):
            membership = assignment.membership
            found.setdefault(membership.user_id, (membership, membership.role))
        if wanted - set(found):
            found |= _standing_in(wanted - set(found), customer, on)
    if wanted - set(found):
        current = Membership.objects.on(on).filter(user__in=wanted - set(found)).select_related("role", "team")
        for membership in current.order_by(*EARLIEST_FIRST):
            found.setdefault(membership.user_id, (membership, membership.role))
    return found


def _assigned(customer: Customer, on: dt.date):
    rows = Assignment.objects.on(on).filter(on_day(on, "membership__"), customer=customer)
    return rows.select_related("membership__role", "membership__team")


def covered_roles(user: int, customer: Customer, on: dt.date) -> dict[int, Role]:
    """Whom a person stands in for on a customer on that day, and the role in which each of these works on it."""
    return {cover.user_id: role for cover, role in _covers({user}, customer, on)}


def _standing_in(wanted: set[int], customer: Customer, on: dt.date) -> dict[int, AtWork]:
    """Those who cover somebody on this customer: under the membership that covers, in the role of whom they cover."""
    found: dict[int, AtWork] = {}
    for cover, role in _covers(wanted, customer, on):
        found.setdefault(cover.membership.user_id, (cover.membership, role))
    return found


def _covers(wanted: set[int], customer: Customer, on: dt.date) -> list[tuple[Cover, Role]]:
    """Covers of these people on a customer, each with the role of whom it covers there, in two queries at most."""
    chosen = CoveredCustomer.objects.filter(cover=OuterRef("pk"), customer=customer)
    covers = Cover.objects.on(on).filter(Q(covers_all=True) | Q(Exists(chosen)), membership__user__in=wanted)
    rows = list(covers.select_related("membership__role", "membership__team").order_by("starts_on", "pk"))
    if not rows:
        return []
    covered = {cover.user_id for cover in rows}
    roles: dict[int, Role] = {}
    for assignment in _assigned(customer, on).filter(membership__user__in=covered).order_by(*EARLIEST_FIRST):
        roles.setdefault(assignment.membership.user_id, assignment.membership.role)
    return [(cover, roles[cover.user_id]) for cover in rows if cover.user_id in roles]
