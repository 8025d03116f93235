"""As what a person works on a customer: "under the membership of the assignment on that customer, else the earliest
current one" (domain 1). Who stands in for somebody does so under the membership that covers, in the covered role: so their
touch is the one that the covered person's rules ask for. Who works on the customer as well does so as their own, but for
what they say they did in the covered person's place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Cover, Membership, Role, User
from customers.models import Assignment, CoveredCustomer, Customer
from territory.rows import on_day
from territory.together import prepared, together

# "Since always" is earlier than any day.
EARLIEST_FIRST = (F("starts_on").asc(nulls_first=True), "pk")

AtWork = tuple[Membership, Role]


def memberships_at_work(user_ids: Iterable[int], customer: Customer | None, on: dt.date) -> dict[int, Membership]:
    """The membership under which each person works on that day, in two queries at most; who has none is left out."""
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
    wanted, key = frozenset(user_ids), customer.pk if customer else 0
    assigned, covers, current = together(_assigned(wanted, key, on), _covers(wanted, key, on), _current(wanted, on))
    found: dict[int, AtWork] = {}
    for assignment in assigned:
        membership = assignment.membership
        found.setdefault(membership.user_id, (membership, membership.role))
    missing = [cover for cover in covers if cover.membership.user_id not in found]
    for cover, role in _with_roles(missing, key, on):
        found.setdefault(cover.membership.user_id, (cover.membership, role))
    for membership in current:
        found.setdefault(membership.user_id, (membership, membership.role))
    return found


@prepared
def _assigned(people: frozenset[int], customer: int, on: dt.date) -> QuerySet[Assignment]:
    rows = Assignment.objects.on(on).filter(on_day(on, "membership__"), customer=customer, membership__user__in=people)
    return rows.select_related("membership__role", "membership__team").order_by(*EARLIEST_FIRST)


@prepared
def _current(people: frozenset[int], on: dt.date) -> QuerySet[Membership]:
    rows = Membership.objects.on(on).filter(user__in=people).select_related("role", "team")
    return rows.order_by(*EARLIEST_FIRST)


@prepared
def _covers(people: frozenset[int], customer: int, on: dt.date) -> QuerySet[Cover]:
    """Covers by these people of somebody's customers, this one among them."""
    chosen = CoveredCustomer.objects.filter(cover=OuterRef("pk"), customer=customer)
    covers = Cover.objects.on(on).filter(Q(covers_all=True) | Q(Exists(chosen)), membership__user__in=people)
    return covers.select_related("membership__role", "membership__team").order_by("starts_on", "pk")


def covered_roles(user: int, customer: Customer, on: dt.date) -> dict[int, Role]:
    """Whom a person stands in for on a customer on that day, and the role in which each of these works on it."""
    [covers] = together(_covers(frozenset([user]), customer.pk, on))
    return {cover.user_id: role for cover, role in _with_roles(covers, customer.pk, on)}


def _with_roles(covers: list[Cover], customer: int, on: dt.date) -> list[tuple[Cover, Role]]:
    """These covers of a customer, each with the role of whom it covers there; without those who do not work on it."""
    if not covers:
        return []
    [assigned] = together(_assigned(frozenset(cover.user_id for cover in covers), customer, on))
    roles: dict[int, Role] = {}
    for assignment in assigned:
        roles.setdefault(assignment.membership.user_id, assignment.membership.role)
    return [(cover, roles[cover.user_id]) for cover in covers if cover.user_id in roles]
