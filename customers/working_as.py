"""As what a person works on a customer: "under the membership of the assignment on that customer, else the earliest
current one" (domain 1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import F

from accounts.models import Membership, User
from customers.models import Assignment, Customer
from territory.rows import on_day

# "Since always" is earlier than any day.
EARLIEST_FIRST = (F("starts_on").asc(nulls_first=True), "pk")


def memberships_at_work(user_ids: Iterable[int], customer: Customer | None, on: dt.date) -> dict[int, Membership]:
    """The membership under which each person works on that day, in two queries; who has none is left out."""
    wanted = set(user_ids)
    found: dict[int, Membership] = {}
    if customer is not None:
        assigned = Assignment.objects.on(on).filter(on_day(on, "membership__"), customer=customer)
        rows = assigned.filter(membership__user__in=wanted).select_related("membership__role", "membership__team")
        for assignment in rows.order_by(*EARLIEST_FIRST):
            found.setdefault(assignment.membership.user_id, assignment.membership)
    current = Membership.objects.on(on).filter(user__in=wanted - set(found)).select_related("role", "team")
    for membership in current.order_by(*EARLIEST_FIRST):
        found.setdefault(membership.user_id, membership)
    return found


def membership_at_work(user: User, customer: Customer | None, on: dt.date) -> Membership | None:
    """The membership under which a person works on a customer on that day; None where they have none."""
    return memberships_at_work([user.pk], customer, on).get(user.pk)
