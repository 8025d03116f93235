"""Customers' facts from the database, for the lifecycle: a fixed number of queries, for some customers or for all."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo

from django.db.models import F, Min, QuerySet

from customers import lifecycle
from customers.models import (
    Assignment,
    Contact,
    Customer,
    InternalWork,
    Order,
    Potential,
    StageDecision,
    Tier,
    TierFix,
    Touch,
)
from territory import clock
from territory.rows import among


def lifecycles(
    customer_ids: Collection[int] | None = None,
    *,
    tiers: Iterable[lifecycle.TierBound] | None = None,
    zone: ZoneInfo | None = None,
) -> dict[int, lifecycle.Lifecycle]:
    """The lifecycle of each customer by primary key; of all customers, archived ones too, where none are named.

    Under the tiers in use and in the company's zone, unless others are given.
    """
    zone = zone or clock.company_zone()
    tiers = tier_bounds() if tiers is None else tuple(tiers)
    facts = load_facts(customer_ids, zone=zone)
    return {pk: lifecycle.Lifecycle.of(known, tiers=tiers, zone=zone) for pk, known in facts.items()}


def tier_bounds() -> tuple[lifecycle.TierBound, ...]:
    """The tiers in use."""
    rows = Tier.objects.live().values_list("pk", "lower_bound", "position")
    return tuple(lifecycle.TierBound(pk, bound, position) for pk, bound, position in rows)


def load_facts(customer_ids: Collection[int] | None, *, zone: ZoneInfo) -> dict[int, lifecycle.Facts]:
    """The facts of each customer; archived orders and touches are none."""
    customers = _of(Customer.objects.all(), customer_ids, "pk").values_list("pk", "since", "created_at")
    rows = {pk: (since, created_at) for pk, since, created_at in customers}
    orders = _orders(customer_ids)
    decisions = _decisions(customer_ids)
    potentials = _potentials(customer_ids)
    fixes = _fixes(customer_ids)
    known_from = _known_from([pk for pk, (since, _) in rows.items() if since is None], zone)
    return {
        pk: lifecycle.Facts(
            since=since,
            orders=tuple(orders[pk]),
            decisions=tuple(decisions[pk]),
            potentials=tuple(potentials[pk]),
            fixes=tuple(fixes[pk]),
            known_from=min([known_from.get(pk, dt.date.max), clock.day_of(created_at, zone)]),
        )
        for pk, (since, created_at) in rows.items()
    }


def order_fact(order: Order) -> lifecycle.Order:
    """An order as a fact."""
    return _order_fact(
        order.pk,
        order.external_id,
        order.amount,
        order.status,
        order.opened_at,
        order.closed_at,
        order.sale_type_id if order.sale_type_chosen else None,
    )


def _order_fact(pk, external_id, amount, status, opened_at, closed_at, chosen) -> lifecycle.Order:
    return lifecycle.Order(
        external_id=external_id or "",
        amount=amount,
        status=status,
        opened_at=opened_at,
        closed_at=closed_at,
        chosen_sale_type=None if chosen is None else str(chosen),
        number=pk or 0,
    )


def _of(rows: QuerySet, customer_ids: Collection[int] | None, field: str = "customer_id") -> QuerySet:
    return rows if customer_ids is None else rows.filter(among(field, customer_ids))


def _orders(customer_ids: Collection[int] | None) -> dict[int, list[lifecycle.Order]]:
    found: dict[int, list[lifecycle.Order]] = defaultdict(list)
    fields = ("customer_id", "pk", "external_id", "amount", "status", "opened_at", "closed_at")
    rows = _of(Order.objects.live(), customer_ids).values_list(*fields, "sale_type_id", "sale_type_chosen")
    for customer, pk, external_id, amount, status, opened_at, closed_at, sale_type, chosen in rows.iterator(2000):
        choice = sale_type if chosen else None
        found[customer].append(_order_fact(pk, external_id, amount, status, opened_at, closed_at, choice))
    return found


def _decisions(customer_ids: Collection[int] | None) -> dict[int, list[lifecycle.Decision]]:
    found: dict[int, list[lifecycle.Decision]] = defaultdict(list)
    rows = _of(StageDecision.objects.all(), customer_ids).values_list("customer_id", "stage", "at", "reason", "pk")
    for customer, *values in rows:
        found[customer].append(lifecycle.Decision(*values))
    return found


def _potentials(customer_ids: Collection[int] | None) -> dict[int, list[lifecycle.Potential]]:
    found: dict[int, list[lifecycle.Potential]] = defaultdict(list)
    for customer, *values in _of(Potential.objects.all(), customer_ids).values_list(
        "customer_id", "amount", "noted_on", "pk"
    ):
        found[customer].append(lifecycle.Potential(*values))
    return found


def _fixes(customer_ids: Collection[int] | None) -> dict[int, list[lifecycle.TierFix]]:
    found: dict[int, list[lifecycle.TierFix]] = defaultdict(list)
    for customer, *values in _of(TierFix.objects.all(), customer_ids).values_list(
        "customer_id", "tier_id", "starts_on", "ends_on", "pk"
    ):
        found[customer].append(lifecycle.TierFix(*values))
    return found


def _known_from(customer_ids: list[int], zone: ZoneInfo) -> dict[int, dt.date]:
    """The day of the earliest touch, contact, assignment or internal work of customers without a since of their own."""
    if not customer_ids:
        return {}
    found: dict[int, dt.date] = {}

    def keep(rows: Iterable[tuple[int, dt.date]]) -> None:
        for customer, day in rows:
            found[customer] = min(found.get(customer, day), day)

    touched = _earliest(Touch.objects.live(), "at", customer_ids)
    keep((customer, clock.day_of(at, zone)) for customer, at in touched)
    keep(_earliest(Contact.objects.live(), "since", customer_ids))
    keep(_earliest(Assignment.objects.all(), "starts_on", customer_ids))
    keep(_earliest(InternalWork.objects.live(), "spent_on", customer_ids))
    return found


def _earliest(rows: QuerySet, field: str, customer_ids: list[int]) -> QuerySet:
    dated = rows.filter(among("customer_id", customer_ids), **{f"{field}__isnull": False}).order_by()
    return dated.values_list("customer_id").annotate(earliest=Min(F(field)))
