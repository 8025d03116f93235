"""History as it was before somebody kept it: only tests take it away, and PostgreSQL must be told to let them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

ALTER = "ALTER TABLE {} {} TRIGGER audit_refuses"


@contextmanager
def rewritten(row: models.Model) -> Iterator[models.QuerySet]:
    """The history rows of a row, to be changed or removed inside."""
    table = connection.ops.quote_name(row.history.model._meta.db_table)
    guarded = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if guarded:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks that wait cannot be altered
            cursor.execute(ALTER.format(table, "DISABLE"))
        yield row.history.all()
        if guarded:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(ALTER.format(table, "ENABLE"))
