"""From a file into a database: all of it, or the database stays as it was.

PostgreSQL: in one transaction that drops the tables, makes them anew by the backup's own migrations and fills them. SQLite: in a new
file, which SQLite's backup API then puts into the place of the old in one transaction. What was filled is read back and held to
the backup's counts and checksums before anybody sees it; then it is upgraded to the version of the program.
"""

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

import territory
from territory.backup.archive import Archive, BackupError, Checksum
from territory.backup.snapshot import copy_sqlite, sqlite_file
from territory.backup.tables import (
    WITHOUT_MODEL,
    Node,
    Table,
    applied,
    go_on_after,
    leaves,
    tables_after,
    unknown_migrations,
)

Say = Callable[[str], None]


def restore(archive: Archive, *, replace: bool, say: Say = lambda text: None) -> None:
    """Put a backup into the place of the database; raises BackupError and changes nothing where that cannot be done."""
    current = connections[DEFAULT_DB_ALIAS]
    _check(archive, say)
    if not replace and holds_data(current):
        raise BackupError("The database holds data. To throw it away and put the backup in its place, say --replace.")
    try:
        if current.vendor == "sqlite":
            _into_new_file(archive, Path(current.settings_dict["NAME"]), say)
        else:
            _in_one_transaction(archive, current, say)
    except (DatabaseError, sqlite3.Error) as error:
        reason = " ".join(str(error).split())
        raise BackupError(f"The database did not take it, and stays as it was: {reason}") from error


def try_out(archive: Archive, say: Say = lambda text: None) -> None:
    """Restore a backup into a new SQLite file beside it, which is thrown away: it can be restored. Raises BackupError."""
    _check(archive, say)
    with tempfile.TemporaryDirectory(dir=archive.file.resolve().parent, prefix=".try-") as place:
        try:
            with sqlite_file(Path(place) / "try.sqlite3") as connection:
                _fill(archive, connection, say)
        except (DatabaseError, sqlite3.Error) as error:
            raise BackupError(f"It cannot be restored: {' '.join(str(error).split())}") from error


def holds_data(connection: BaseDatabaseWrapper) -> bool:
    """Whether anybody or a company is in it."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        for table in ("company_company", "accounts_user"):
            if table in there:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608  names of our own
                if cursor.fetchone():
                    return True
    return False


def _check(archive: Archive, say: Say) -> None:
    """The file is whole, and this program can read it."""
    manifest = archive.manifest
    if _numbers(manifest.version) > _numbers(territory.__version__):
        raise BackupError(
            f"{archive.file} was made by version {manifest.version}; this is {territory.__version__}. Install that one first."
        )
    if unknown_migrations(MigrationLoader(None), [(app, name) for app, name in manifest.migrations]):
        raise BackupError(
            f"{archive.file} was made by a newer state of version {manifest.version}. Install that one first."
        )
    say(
        f"Backup of {manifest.made_at}, version {manifest.version}: {len(manifest.tables)} tables, {manifest.rows} rows. Checking …"
    )
    archive.check()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _into_new_file(archive: Archive, live: Path, say: Say) -> None:
    connections[DEFAULT_DB_ALIAS].close()
    with tempfile.TemporaryDirectory(dir=live.parent, prefix=".restore-") as place:
        new = Path(place) / "restored.sqlite3"
        with sqlite_file(new) as connection:
            _fill(archive, connection, say)
        say("Putting it into place …")
        copy_sqlite(new, live)
        live.chmod(0o600)


def _in_one_transaction(archive: Archive, connection: BaseDatabaseWrapper, say: Say) -> None:
    _refuse_while_others_work(connection)
    with transaction.atomic(using=connection.alias):
        _drop_tables(connection)
        _fill(archive, connection, say)


def _refuse_while_others_work(connection: BaseDatabaseWrapper) -> None:
    """Web, worker and beat would work on with what they know of rows that are not there any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        raise BackupError(f"{others} other connections to the database are open. Stop web, worker and beat first.")


def _drop_tables(connection: BaseDatabaseWrapper) -> None:
    """Those of our own; what somebody else made in the database stays, and what hangs on ours refuses to let go."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
        ours = {table.name for table in tables_after(connection, applied(connection))} | WITHOUT_MODEL
        names = [connection.ops.quote_name(name) for name in sorted(there & ours)]
        if names:
            cursor.execute(f"DROP TABLE {', '.join(names)}")


def _fill(archive: Archive, connection: BaseDatabaseWrapper, say: Say) -> None:
    """Tables of the backup's version in an empty database, its rows, the check, and the upgrade."""
    migrations = [(app, name) for app, name in archive.manifest.migrations]
    say("Making tables …")
    make_tables(connection, migrations)
    tables = {table.name: table for table in tables_after(connection, migrations)}
    say("Filling them …")
    with transaction.atomic(using=connection.alias):
        if connection.vendor == "postgresql":
            # Django sets a foreign key that a migration adds to be checked at once until the transaction ends; here it goes on.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for name in archive.manifest.tables:
            _fill_table(archive, connection, _known(tables, name))
        connection.check_constraints()
    say("Comparing …")
    for name, entry in archive.manifest.tables.items():
        checksum = Checksum()
        for lines in tables[name].lines(connection):
            checksum.add(lines)
        if (checksum.rows, checksum.sha256) != (entry.rows, entry.sha256):
            raise BackupError(f"The rows of {name} did not arrive as they were written; nothing was changed.")
    call_command(_Upgrade(connection), database=connection.alias, interactive=False, verbosity=0)


class _Upgrade(Migrate):
    """What one migration wrote is checked before the next: PostgreSQL alters no table whose rows it has still to check,
    and all of a restore is one transaction."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__()
        self._restored = connection

    def migration_progress_callback(self, action: str, migration: Any | None = None, fake: bool = False) -> None:
        super().migration_progress_callback(action, migration, fake)
        if action == "apply_success" and self._restored.vendor == "postgresql":  # SQLite's schema editor does it itself
            self._restored.check_constraints()


def make_tables(connection: BaseDatabaseWrapper, migrations: list[Node]) -> None:
    """In an empty database, the tables as these migrations leave them."""
    executor = MigrationExecutor(connection)
    executor.migrate(leaves(executor.loader, migrations))


def _known(tables: dict[str, Table], name: str) -> Table:
    if name not in tables:
        raise BackupError(f"The backup holds a table that its version does not have: {name}.")
    return tables[name]


def _fill_table(archive: Archive, connection: BaseDatabaseWrapper, table: Table) -> None:
    entry = archive.manifest.tables[table.name]
    if set(entry.columns) != set(table.columns):
        raise BackupError(f"The backup's columns of {table.name} are not those of its version.")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table.name)}")  # noqa: S608  what a migration put there
    try:
        for rows in archive.rows(table.name):
            if rows:
                table.insert(connection, entry.columns, rows)
    except (DatabaseError, ValueError, TypeError) as error:
        raise BackupError(f"The rows of {table.name} cannot be stored: {' '.join(str(error).split())}") from error
    if entry.last_key:
        go_on_after(connection, table, entry.last_key)
