"""Who spends time on an order: touches and internal work for it, and on its customer while it is open but for another order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q, QuerySet, Sum
from msgspec import Struct

from accounts.models import RoleFunction, User
from accounts.permissions import Act, Area
from customers.models import InternalWork, Order, TouchPerson
from customers.scope import hangs_within
from territory import clock
from territory.together import together

# So many are named, who spent most first.
NAMED = 6


class Part(Struct, frozen=True):
    """A person with the role in which they spent most, and their minutes without travel."""

    name: str
    role: str
    minutes: float


class InIt(Struct, frozen=True):
    """`more`: how many people beside those named; `has_senior`: a senior manager among all of them."""

    parts: list[Part]
    more: int
    has_senior: bool


def who_is_in_it(order: Order, user: User) -> InIt | None:
    """In one query; None where the reader does not see the customer's touches."""
    seen = Order.objects.filter(hangs_within(user, Area.TOUCHES, Act.SEE), pk=order.pk).order_by()
    may, touches, work = together(seen.values_list("pk"), _touches(order, seen), _work(order, seen))
    return _in_it((*touches, *work)) if may else None


def _touches(order: Order, seen: QuerySet[Order]) -> QuerySet:
    on_customer = Q(touch__order__isnull=True)
    if order.opened_at:
        on_customer &= Q(touch__at__gte=order.opened_at)
    if order.closed_at:
        on_customer &= Q(touch__at__lte=order.closed_at)
    rows = TouchPerson.objects.filter(
        on_customer | Q(touch__order=order.pk),
        touch__customer__in=seen.values("customer"),
        touch__archived_at__isnull=True,
        touch__is_implausible=False,
    )
    return _by_person(rows)


def _work(order: Order, seen: QuerySet[Order]) -> QuerySet:
    zone = clock.company_zone()
    on_customer = Q(order__isnull=True)
    if order.opened_at:
        on_customer &= Q(spent_on__gte=clock.day_of(order.opened_at, zone))
    if order.closed_at:
        on_customer &= Q(spent_on__lte=clock.day_of(order.closed_at, zone))
    rows = InternalWork.objects.live().filter(
        on_customer | Q(order=order.pk), Q(customer__in=seen.values("customer")) | Q(order__in=seen.values("pk"))
    )
    return _by_person(rows)


def _by_person(rows: QuerySet) -> QuerySet:
    about = ("user", "user__name", "role__name", "role__function")
    return rows.order_by().values_list(*about).annotate(Sum("duration_seconds"))


def _in_it(rows: Iterable[tuple]) -> InIt:
    names: dict[int, str] = {}
    roles: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    has_senior = False
    for person, name, role, function, seconds in rows:
        names[person] = name
        roles[person][role or ""] += seconds
        has_senior = has_senior or function == RoleFunction.SENIOR_MANAGEMENT
    found = [
        Part(names[person], max(theirs, key=lambda role: theirs[role]), sum(theirs.values()) / 60)
        for person, theirs in roles.items()
    ]
    found.sort(key=lambda part: (-part.minutes, part.name))
    return InIt(found[:NAMED], max(0, len(found) - NAMED), has_senior)
