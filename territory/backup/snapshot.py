"""Further connections beside the usual one: one that sees a single moment, one to a new file."""

import copy
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from territory import checked

ALIAS = "backup"


@contextmanager
def one_moment(folder: Path) -> Iterator[BaseDatabaseWrapper]:
    """A connection that sees the database as it is now, whatever others write meanwhile; it holds up nobody.

    PostgreSQL: a transaction that reads one snapshot. SQLite: a copy that its backup API makes in `folder`, removed afterwards.
    """
    current = connections[DEFAULT_DB_ALIAS]
    if current.vendor == "sqlite":
        with tempfile.TemporaryDirectory(dir=folder, prefix=".moment-") as place:
            copied = Path(place) / "moment.sqlite3"
            copy_sqlite(Path(current.settings_dict["NAME"]), copied)
            with sqlite_file(copied) as connection:
                yield connection
        return
    settings = copy.deepcopy(current.settings_dict)
    settings["OPTIONS"]["isolation_level"] = _repeatable_read()
    with _another(settings) as connection, transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield connection


@contextmanager
def sqlite_file(file: Path) -> Iterator[BaseDatabaseWrapper]:
    """A connection to this SQLite file, made where there is none. It is a copy of something: it need not survive the power."""
    settings = copy.deepcopy(connections[DEFAULT_DB_ALIAS].settings_dict)
    own = checked.database(f"sqlite:///{file.resolve()}", statement_seconds=0)
    settings |= own | {"NAME": str(file), "HOST": "", "PORT": "", "USER": "", "PASSWORD": ""}
    settings |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    settings["OPTIONS"] = own["OPTIONS"] | {"init_command": "PRAGMA synchronous=OFF;"}
    with _another(settings) as connection:
        yield connection


def copy_sqlite(source: Path, target: Path) -> None:
    """All of a SQLite file into another, in one transaction of either, through SQLite's own backup; raises sqlite3.Error."""
    with _opened(source) as reads, _opened(target) as writes:
        reads.backup(writes)


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(file, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _another(settings: dict[str, Any]) -> Iterator[BaseDatabaseWrapper]:
    """A connection that this thread, and nobody else, knows by a name of its own as long as it is needed."""
    connections.settings[ALIAS] = settings
    connection = connections[ALIAS]
    del connections.settings[ALIAS]
    try:
        yield connection
    finally:
        connection.close()
        del connections[ALIAS]


def _repeatable_read() -> Any:
    import psycopg  # not there where SQLite is all that is used

    return psycopg.IsolationLevel.REPEATABLE_READ
