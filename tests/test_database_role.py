"""The role that web, worker and beat work as: what deploy/database-roles.sh lets it do, it cannot turn against the audit."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from customers.models import Order
from territory import clock
from territory.audit import guard
from territory.audit.models import Denial
from tests import factories

SCRIPT = Path(__file__).resolve().parent.parent / "deploy" / "database-roles.sh"
INSUFFICIENT_PRIVILEGE = "42501"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has roles"),
]


def statements(role: str, password: str) -> str:
    """Those of the script. It runs before there are tables and says what later ones shall grant; here they are there already."""
    said = re.search(r"<<'SQL'\n(.*)\nSQL", SCRIPT.read_text(), re.DOTALL)
    assert said
    present = re.sub(
        r"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT (.*) ON (TABLES|SEQUENCES) TO",
        r"GRANT \1 ON ALL \2 IN SCHEMA public TO",
        said[1],
    )
    assert "DEFAULT" not in present
    return present.replace("territory_app", role).replace(":'password'", f"'{password}'")


@pytest.fixture
def application(cast) -> Iterator[BaseDatabaseWrapper]:
    """A connection as the application's role, to a database with one row of history and one denial."""
    role = password = f"application_{uuid.uuid4().hex}"  # roles are the server's, which others test on meanwhile
    factories.order(cast.own)
    Denial.objects.create(at=clock.now(), method="GET", path="/jobs/", status=403)
    with connection.cursor() as cursor:
        cursor.execute(statements(role, password))
    joined = connection.copy()
    joined.settings_dict |= {"USER": role, "PASSWORD": password}
    try:
        yield joined
    finally:
        joined.close()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def not_refused(application: BaseDatabaseWrapper, *statements: str) -> list[str]:
    """Those of the statements that do anything but fail for want of a privilege."""
    done = []
    for statement in statements:
        with application.cursor() as cursor:
            try:
                cursor.execute(statement)
                done.append(statement)
            except DatabaseError as error:
                if getattr(error.__cause__, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
                    done.append(f"{statement}: {error}")
    return done


def test_it_does_the_work_of_the_application(application):
    with application.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        name, *rights = cursor.fetchone()
        assert name.startswith("application_")
        assert rights == [False, False]
        cursor.execute("UPDATE audit_denial SET times = times + 1, last_at = now()")
        cursor.execute("UPDATE customers_order SET version = version + 1")
        cursor.execute("SELECT nextval(pg_get_serial_sequence('customers_order', 'id'))")


def test_rows_that_the_audit_keeps_stay_as_they_are(application):
    tried = (
        "UPDATE customers_historicalorder SET history_type = '~'",
        "DELETE FROM customers_historicalorder",
        "WITH gone AS (DELETE FROM customers_historicalorder RETURNING 1) SELECT count(*) FROM gone",
        "MERGE INTO customers_historicalorder USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
        "UPDATE audit_denial SET path = '/'",
        "UPDATE audit_denial SET times = times - 1",
        "DELETE FROM audit_denial",
    )
    assert not_refused(application, *tried) == []
    assert (Order.history.get().history_type, Denial.objects.get().path) == ("+", "/jobs/")


def test_no_table_of_the_audit_is_altered_and_no_guard_goes(application):
    tried = (
        "TRUNCATE {table}",
        "TRUNCATE {table} CASCADE",
        "ALTER TABLE {table} ADD COLUMN more integer",
        "ALTER TABLE {table} RENAME TO other",
        "ALTER TABLE {table} OWNER TO CURRENT_USER",
        "ALTER TABLE {table} DISABLE TRIGGER {guard}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "ALTER TRIGGER {guard} ON {table} RENAME TO other",
        "DROP TRIGGER {guard} ON {table}",
        "DROP TABLE {table} CASCADE",
        "CREATE TRIGGER other BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE other AS ON UPDATE TO {table} DO INSTEAD NOTHING",
    )
    guards = guard.guards()
    assert {"customers_historicalorder", "audit_denial"} <= set(guards)
    for table, name in guards.items():
        assert not_refused(application, *(text.format(table=table, guard=name) for text in tried)) == []


def test_there_is_no_way_around_the_guards(application):
    tried = (
        "SET session_replication_role = replica",  # triggers do not fire then
        "CREATE OR REPLACE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "ALTER FUNCTION audit_refuses() RENAME TO other",
        "DROP FUNCTION audit_counts() CASCADE",
        "ALTER SCHEMA public RENAME TO other",
        "CREATE TABLE other (id integer)",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        f"SET ROLE {connection.settings_dict['USER']}",
    )
    assert not_refused(application, *tried) == []
