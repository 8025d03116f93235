"""The volume that is measured at: made by SQL from a seed, the same every time, seen from the day it is made."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from bench.volume.activity import insert_planned, insert_touches
from bench.volume.book import insert_customers, insert_orders
from bench.volume.history import first_histories
from bench.volume.people import create_company, create_people
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer

SEED = 0.2026
LIFECYCLES_AT_A_TIME = 500


@dataclass(frozen=True)
class Size:
    """How much there is to be. The busiest customer has `busiest` of the touches."""

    customers: int = 20_000
    touches: int = 500_000
    orders: int = 50_000
    users: int = 200
    busiest: int = 1_000

    def times(self, factor: int) -> "Size":
        """The same with so many times the touches, of the busiest customer too."""
        return Size(self.customers, self.touches * factor, self.orders, self.users, self.busiest * factor)


def fill(size: Size, now: dt.datetime, say: Callable[[str], None] = lambda text: None) -> None:
    """Fill an empty database: all rows in one transaction, then stages and tiers as the product derives them."""
    with transaction.atomic():
        _prepare()
        create_company(now)
        create_people(size.users)
        say("customers, contacts, assignments")
        insert_customers(size, now)
        say("orders")
        insert_orders(size, now)
        say("touches")
        insert_touches(size, now)
        insert_planned(now)
        say("their history")
        first_histories(now)
    _settle()
    say("stages and tiers")
    for chunk in _chunks(list(Customer.objects.order_by("pk").values_list("pk", flat=True))):
        rebuild_lifecycle(chunk, now=now)
    _settle()


def _prepare() -> None:
    """One process, one order of random numbers; rows refer to rows made here, so that looking each up again is left out."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute("SELECT setseed(%s)", [SEED])
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            cursor.execute("SET LOCAL session_replication_role = replica")


def _settle() -> None:
    """What autovacuum does to a database that is in use for a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _chunks(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), LIFECYCLES_AT_A_TIME):
        yield keys[start : start + LIFECYCLES_AT_A_TIME]
