"""On PostgreSQL what history says cannot be changed or removed, by whatever code: the database refuses.

Of denials it lets the same count up, and lets those go that are older than the shortest time they may be kept.
Who owns the tables (the role that migrates) could take the guard away; the application need not be that role (docs/deploy.md).
"""

from typing import Any

from django.apps import apps
from django.db import connections
from simple_history.models import HistoricalChanges

from territory.audit.models import Denial

FUNCTIONS = """
CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What the audit keeps is not changed: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE FUNCTION audit_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
        RETURN OLD;
    ELSIF TG_OP = 'UPDATE' AND NEW.times > OLD.times AND NEW.last_at >= COALESCE(OLD.last_at, OLD.at)
        AND to_jsonb(NEW) - 'times' - 'last_at' = to_jsonb(OLD) - 'times' - 'last_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What the audit keeps is not changed: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""
TRIGGER = "CREATE TRIGGER {guard} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {guard}()"
GUARDED = """
SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname IN ('audit_refuses', 'audit_counts') AND relnamespace = current_schema()::regnamespace
"""


def guards() -> dict[str, str]:
    """By table, what guards it: every history, and the denials."""
    histories = {model._meta.db_table for model in apps.get_models() if issubclass(model, HistoricalChanges)}
    return dict.fromkeys(histories, "audit_refuses") | {Denial._meta.db_table: "audit_counts"}


def protect(using: str = "default", **_signal: Any) -> None:
    """After migrations: guard what is not guarded yet. One question where all are."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(GUARDED)
        known = set(cursor.fetchall())
        wanted = set(guards().items())
        tables = set(connection.introspection.table_names(cursor)) if wanted != known else set()
        missing = sorted((table, guard) for table, guard in wanted - known if table in tables)
        if missing:
            cursor.execute(FUNCTIONS)
        for table, guard in sorted(known - wanted):
            cursor.execute(f"DROP TRIGGER {guard} ON {connection.ops.quote_name(table)}")
        for table, guard in missing:
            cursor.execute(TRIGGER.format(guard=guard, table=connection.ops.quote_name(table)))
