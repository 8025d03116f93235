"""Stores what follows from the facts: stages, selling courses, tiers, sale types, and where each customer stands now.

Derived rows have no history of their own; only rows that differ are written, so that running twice equals running once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from django.db import models, transaction
from simple_history.utils import bulk_update_with_history

from customers.facts import lifecycles, order_fact
from customers.lifecycle import Lifecycle, SaleKind
from customers.locks import held
from customers.models import Customer, Order, SaleType, SellingCourse, StagePeriod, TierPeriod
from customers.signals import customer_facts_changed
from territory import clock
from territory.again import again, give_way
from territory.audit import origin

# Customers a transaction: short enough for others to write in between.
CHUNK = 200

# What a customer stores of its lifecycle.
STANDING = ("stage", "stage_began_at", "tier_id", "yearly_value", "next_change_at")


def rebuild_lifecycle(customer_ids: Collection[int], *, now: dt.datetime, actor: Any = None) -> set[int]:
    """Bring what is stored of these customers' lifecycles in line with their facts, in one transaction.

    A fixed number of queries, whatever the number of customers. Returns the customers whose stage, tier or yearly value
    became another; the caller tells others (customer_facts_changed). `actor` goes into the history of orders whose
    sale type follows anew.
    """
    ids = set(customer_ids)
    if not ids:
        return set()
    with transaction.atomic():
        # Locked, so that of two rebuilds at a time the second sees the facts of the first.
        customers = list(held(ids))
        known = lifecycles(ids)
        _store(StagePeriod, "began_at", ("stage", "ended_at", "cause"), ids, _stage_rows(known, now))
        _store(SellingCourse, "started_at", ("ended_at", "outcome", "order_id"), ids, _course_rows(known, now))
        _store(TierPeriod, "starts_on", ("tier_id", "ends_on"), ids, _tier_rows(known, now))
        _store_sale_types(ids, known, actor, now)
        return _store_standings(customers, known, now)


def refresh_due_lifecycles(*, now: dt.datetime) -> int:
    """Rebuild the customers whose stage, tier or yearly value changes by itself by now; returns how many these were.

    Each chunk is a transaction of its own, so that it can be stopped and run again at any time.
    """
    due = Customer.objects.filter(next_change_at__lte=now).order_by("pk").values_list("pk", flat=True)
    return _rebuild_in_chunks(list(due), now=now)


def rebuild_all_lifecycles(*, now: dt.datetime) -> int:
    """Rebuild every customer (bounds of tiers or the company's time zone changed); returns how many there are."""
    return _rebuild_in_chunks(list(Customer.objects.order_by("pk").values_list("pk", flat=True)), now=now)


def mark_lifecycles_due(*, now: dt.datetime) -> None:
    """Let the next `refresh_due_lifecycles` look at every customer: two statements, whatever their number."""
    # Held in the order of their keys first: the update by itself would take them in another one.
    list(Customer.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    Customer.objects.update(next_change_at=now)


def _rebuild_in_chunks(customer_ids: list[int], *, now: dt.datetime) -> int:
    for chunk in _chunks(customer_ids):
        again(partial(_rebuild_chunk, chunk, now))
        give_way()
    return len(customer_ids)


@transaction.atomic
def _rebuild_chunk(customer_ids: list[int], now: dt.datetime) -> None:
    changed = rebuild_lifecycle(customer_ids, now=now)
    if changed:
        customer_facts_changed.send(sender=Customer, customer_ids=sorted(changed))


def _chunks(customer_ids: list[int]) -> Iterator[list[int]]:
    rest = iter(customer_ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _stage_rows(known: dict[int, Lifecycle], now: dt.datetime) -> Iterator[tuple]:
    for pk, lifecycle in known.items():
        for period in lifecycle.stage_history(now):
            yield pk, period.began_at, period.stage.value, period.ended_at, period.reason


def _course_rows(known: dict[int, Lifecycle], now: dt.datetime) -> Iterator[tuple]:
    for pk, lifecycle in known.items():
        for course in lifecycle.courses(now):
            order = course.order.number if course.order else None
            yield pk, course.started_at, course.ended_at, course.outcome.value, order


def _tier_rows(known: dict[int, Lifecycle], now: dt.datetime) -> Iterator[tuple]:
    for pk, lifecycle in known.items():
        for period in lifecycle.tier_history(clock.day_of(now, lifecycle.zone)):
            yield pk, period.starts_on, period.tier, period.ends_on


def _store(model: type[models.Model], key: str, fields: Sequence[str], ids: set[int], wanted: Iterator[tuple]) -> None:
    """Make the rows of these customers the wanted ones: (customer, key, *fields); writes only what differs."""
    rows = model._default_manager.filter(customer_id__in=ids).order_by().values_list("customer_id", key, *fields, "pk")
    present = {(customer, start): (tuple(values), pk) for customer, start, *values, pk in rows}
    changed = []
    for customer, start, *values in wanted:
        stored, _ = present.pop((customer, start), (None, None))
        if stored != tuple(values):
            changed.append(model(customer_id=customer, **{key: start}, **dict(zip(fields, values, strict=True))))
    if present:
        model._default_manager.filter(pk__in=[pk for _, pk in present.values()]).delete()
    model._default_manager.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["customer", key],
        update_fields=[field.removesuffix("_id") for field in fields],
        batch_size=500,
    )


def _store_sale_types(ids: set[int], known: dict[int, Lifecycle], actor: Any, now: dt.datetime) -> None:
    kinds = sale_types_by_kind()
    changed = []
    for order in Order.objects.live().filter(customer_id__in=ids, sale_type_chosen=False).order_by("pk"):
        kind = known[order.customer_id].sale_type(order_fact(order))
        wanted = kinds.get(str(kind)) if kind else None
        if order.sale_type_id != wanted:
            order.sale_type_id = wanted
            changed.append(order)
    if changed:
        bulk_update_with_history(
            changed,
            Order,
            ["sale_type"],
            batch_size=500,
            default_user=actor,
            default_date=now,
            default_change_reason=origin.current(),
        )


def sale_types_by_kind() -> dict[str, int]:
    """The sale types that orders get by themselves: kind -> primary key. A kind without a row gives no sale type."""
    return dict(SaleType.objects.filter(kind__in=list(SaleKind)).values_list("kind", "pk"))


def _store_standings(customers: list[Customer], known: dict[int, Lifecycle], now: dt.datetime) -> set[int]:
    written, moved = [], set()
    for customer in customers:
        before = tuple(getattr(customer, field) for field in STANDING)
        _take_standing(customer, known[customer.pk], now)
        after = tuple(getattr(customer, field) for field in STANDING)
        if before != after:
            written.append(customer)
        if before[:-1] != after[:-1]:
            moved.add(customer.pk)
    Customer.objects.bulk_update(written, [field.removesuffix("_id") for field in STANDING], batch_size=500)
    return moved


def _take_standing(customer: Customer, lifecycle: Lifecycle, now: dt.datetime) -> None:
    standing = lifecycle.standing(now)
    if standing is None:  # since a day to come: a prospect to be
        customer.stage, customer.stage_began_at = Customer._meta.get_field("stage").default, None
        customer.tier_id, customer.yearly_value = None, 0
        customer.next_change_at = lifecycle.next_change_at(now)
        return
    customer.stage, customer.stage_began_at = standing.stage.value, standing.stage_began_at
    customer.tier_id, customer.yearly_value = standing.tier, standing.yearly_value
    customer.next_change_at = standing.next_change_at
