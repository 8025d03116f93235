"""Customers as things that access reaches, for the count of what a change of access opens and closes."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F, IntegerField, Value

from accounts.access_effects import Thing
from customers.models import Assignment, Customer, Order
from territory import clock


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
        )
    )
    memberships: dict[int, set[int]] = {}
    paths: dict[int, set[str]] = {}
    for customer, membership, path in links.iterator():
        paths.setdefault(customer, set()).add(path)
        if membership is not None:
            memberships.setdefault(customer, set()).add(membership)
    nothing: set[int] = set()
    counts = Counter((frozenset(memberships.get(pk, nothing)), frozenset(found)) for pk, found in paths.items())
    return [Thing(own, teams, count) for (own, teams), count in counts.items()]
