"""Customers as things that access reaches, for the count of what a change of access opens and closes."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import CharField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value

from accounts.access_effects import Thing
from accounts.models import Cover
from customers.models import Assignment, CoveredCustomer, Customer, Order
from territory import clock
from territory.rows import on_day


def customers_as_things() -> Iterable[Thing]:
    """Live customers, those on the same memberships and teams together; the rule of `customers.scope`, in one statement."""
    nobody = Value(None, output_field=IntegerField())
    live = {"customer__archived_at__isnull": True}
    assigned = Assignment.objects.on(clock.company_today()).filter(**live)
    pending = Order.objects.filter(status="pending", archived_at__isnull=True, **live)
    links = (
        Customer.objects.live()
        .order_by()
        .values_list("pk", nobody, F("team__path"))
        .union(
            assigned.order_by().values_list("customer_id", "membership_id", "membership__team__path"),
            pending.order_by().exclude(team=None).values_list("customer_id", nobody, "team__path"),
            _covered(),
        )
    )
    memberships: dict[int, set[int]] = {}
    paths: dict[int, set[str]] = {}
    for customer, membership, path in links.iterator():
        paths.setdefault(customer, set()).update([path] if path else [])
        if membership is not None:
            memberships.setdefault(customer, set()).add(membership)
    nothing: set[int] = set()
    counts = Counter((frozenset(memberships.get(pk, nothing)), frozenset(found)) for pk, found in paths.items())
    return [Thing(own, teams, count) for (own, teams), count in counts.items()]


def _covered() -> QuerySet:
    """Customers of whom somebody stands in for today, with the membership that covers."""
    today, worked_on = clock.company_today(), "user__memberships__assignments"
    chosen = CoveredCustomer.objects.filter(cover=OuterRef("pk"), customer=OuterRef(f"{worked_on}__customer"))
    rows = Cover.objects.on(today).filter(
        on_day(today, "user__memberships__"),
        on_day(today, f"{worked_on}__"),
        Q(covers_all=True) | Exists(chosen),
        **{f"{worked_on}__customer__archived_at__isnull": True},
    )
    no_team = Value(None, output_field=CharField())
    return rows.order_by().values_list(f"{worked_on}__customer_id", "membership_id", no_team)
