"""On PostgreSQL what history says cannot be changed or removed, by whatever code: the database refuses.

Who owns the tables (the role that migrates) could take the guard away; the application need not be that role (docs/deploy.md).
"""

from typing import Any

from django.apps import apps
from django.db import connections
from simple_history.models import HistoricalChanges

from territory.audit.models import Denial

FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What the audit keeps is not changed: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
TRIGGER = (
    "CREATE TRIGGER audit_refuses BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuses()"
)
GUARDED = """
SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname = 'audit_refuses' AND relnamespace = current_schema()::regnamespace
"""


def guarded_tables() -> set[str]:
    """Tables that only grow: every history, and the denials."""
    histories = {model._meta.db_table for model in apps.get_models() if issubclass(model, HistoricalChanges)}
    return histories | {Denial._meta.db_table}


def protect(using: str = "default", **_signal: Any) -> None:
    """After migrations: guard what is not guarded yet. One question where all are."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(GUARDED)
        known = {row[0] for row in cursor.fetchall()}
        missing = guarded_tables() & set(connection.introspection.table_names(cursor)) - known
        if missing:
            cursor.execute(FUNCTION)
        for table in sorted(missing):
            cursor.execute(TRIGGER.format(table=connection.ops.quote_name(table)))
