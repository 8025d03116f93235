"""Recompute what is stored of customers: load, compute, store what changed.

Each chunk is a transaction of its own, so that it can be stopped at any time and run again; running twice equals running
once. Two at a time wait for each other on the rows of figures they share.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import transaction

from customers.models import Customer
from planning.actions.store import Store
from planning.loaders import Ground, load, load_ground
from planning.models import CustomerFigures, FactsMark
from planning.staleness import stale_customers
from territory import clock

CHUNK = 300


@dataclass
class Done:
    """What a recomputation did."""

    customers: int = 0
    written: int = 0

    def __iadd__(self, other: "Done") -> "Done":
        self.customers += other.customers
        self.written += other.written
        return self


def recompute(customer_ids: Iterable[int], *, now: dt.datetime) -> Done:
    """Recompute these customers in chunks; returns how many, and how many rows were written, changed or removed."""
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    done = Done()
    for chunk in _chunks(sorted(set(customer_ids))):
        done += recompute_chunk(chunk, ground=ground, now=now)
    return done


def recompute_all(*, now: dt.datetime) -> Done:
    """Recompute every customer, whether stale or not."""
    return recompute(Customer.objects.order_by("pk").values_list("pk", flat=True), now=now)


def recompute_stale(*, now: dt.datetime, at_most: int | None = None, after: int = 0) -> Done:
    """Recompute the customers whose figures are stale, with primary keys above `after`, up to `at_most`."""
    today = clock.day_of(now, clock.company_zone())
    stale = stale_customers(today).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return recompute(list(stale if at_most is None else stale[:at_most]), now=now)


@transaction.atomic
def recompute_chunk(customer_ids: Collection[int], *, ground: Ground, now: dt.datetime) -> Done:
    """Recompute some customers in one transaction, in a fixed number of queries. Archived ones lose their figures."""
    ids = list(customer_ids)
    _claim(ids, ground, now)
    # The numbers are read before the facts: what changes in between leaves the figures stale, never wrongly fresh.
    marks = dict(FactsMark.objects.filter(customer_id__in=ids).values_list("customer_id", "number"))
    loaded = load(ids, ground, from_log=False)
    return Done(len(ids), Store(ids, ground, now).save(loaded, marks))


def _claim(ids: list[int], ground: Ground, now: dt.datetime) -> None:
    """Lock the rows of figures of live customers, made where there are none yet: whoever comes second waits here."""
    live = set(Customer.objects.live().filter(pk__in=ids).values_list("pk", flat=True))
    figures = CustomerFigures.objects.select_for_update(no_key=True).filter(customer_id__in=ids).order_by("customer_id")
    missing = live - set(figures.values_list("customer_id", flat=True))
    if missing:
        rows = [
            CustomerFigures(customer_id=pk, rules_number=-1, day=ground.on, computed_at=now) for pk in sorted(missing)
        ]
        CustomerFigures.objects.bulk_create(rows, ignore_conflicts=True)
        list(figures.values_list("customer_id", flat=True))


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
