"""The mark of a customer: how often its facts changed. Raised in the transaction of the change, by one statement."""

import datetime as dt
from collections.abc import Collection, Iterator

from django.db import connection

from planning.models import FactsMark

# Rows a statement, well below what the databases take as parameters.
BATCH = 5_000


def mark_changed(customer_ids: Collection[int], *, now: dt.datetime) -> None:
    """Raise the number of these customers' facts by one: their figures are stale from the commit on.

    In the order of their keys, so that two who mark the same customers never wait for each other.
    """
    for ids in _batches(sorted(set(customer_ids))):
        _raise(ids, now)


def _raise(ids: list[int], now: dt.datetime) -> None:
    table = FactsMark._meta.db_table
    at = connection.ops.adapt_datetimefield_value(now)
    values = ", ".join(["(%s, 1, %s)"] * len(ids))
    statement = (
        f"INSERT INTO {table} (customer_id, number, changed_at) VALUES {values} "  # noqa: S608  names of our own
        f"ON CONFLICT (customer_id) DO UPDATE SET number = {table}.number + 1, changed_at = excluded.changed_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for pk in ids for value in (pk, at)])


def _batches(ids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
