"""The tables of a database as its migrations have left them, and their rows as text that any database can take back.

The models are those of the database's own migrations, not of the program: so a database that waits for its upgrade can be backed
up, and a backup of an older version goes into tables of that version, which are then upgraded.
"""

import base64
import datetime as dt
import json
import uuid
from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.duration import duration_iso_string
from msgspec import Struct

from territory.backup.archive import BackupError

# A session that comes back could be one that was ended since: everybody signs in again.
LEFT_OUT = {"sessions.Session", "accounts.UserSession"}

# Not of any model: what the migrations wrote down is in the manifest, and a cache is made anew.
WITHOUT_MODEL = {"django_migrations", "cache"}

BATCH = 2000
# Of rows that hold files: 2,000 of them would not fit into a memory.
BATCH_OF_FILES = 8

Node = tuple[str, str]


class Table(Struct, frozen=True):
    """A table by the model that it had."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> list[Any]:
        return list(self.model._meta.concrete_fields)

    @property
    def columns(self) -> list[str]:
        return [field.column for field in self.fields]

    @property
    def counts_up(self) -> bool:
        """Whether the database gives out its keys."""
        return isinstance(self.model._meta.pk, models.AutoField)

    @property
    def is_kept(self) -> bool:
        return self.model._meta.label not in LEFT_OUT

    @property
    def batch(self) -> int:
        """How many of its rows are held at a time."""
        return BATCH_OF_FILES if any(isinstance(field, models.BinaryField) for field in self.fields) else BATCH

    def lines(self, connection: BaseDatabaseWrapper) -> Iterator[list[str]]:
        """Its rows as text, in the order of their keys, in batches."""
        names = [field.attname for field in self.fields]
        rows = self.model._base_manager.using(connection.alias).order_by("pk").values_list(*names)
        batch: list[str] = []
        for row in rows.iterator(chunk_size=self.batch):
            batch.append(as_text(row))
            if len(batch) == self.batch:
                yield batch
                batch = []
        yield batch

    def insert(self, connection: BaseDatabaseWrapper, columns: list[str], rows: list[list[Any]]) -> None:
        """Write rows as a backup holds them, exactly: no default, no “now” of its own."""
        fields = {field.column: field for field in self.fields}
        chosen = [fields[column] for column in columns]
        readers = [_reader(field) for field in chosen]
        written = [
            [
                field.get_db_prep_save(read(value), connection)
                for field, read, value in zip(chosen, readers, row, strict=True)
            ]
            for row in rows
        ]
        quote = connection.ops.quote_name
        target = f"{quote(self.name)} ({', '.join(map(quote, columns))})"
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                    for row in written:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {target} VALUES ({places})", written)  # noqa: S608  names of our own


def applied(connection: BaseDatabaseWrapper) -> list[Node]:
    """The migrations that a database has had, in the order of their names."""
    return sorted(MigrationRecorder(connection).applied_migrations())


def tables_after(connection: BaseDatabaseWrapper, migrations: Collection[Node]) -> list[Table]:
    """The tables after these migrations; raises BackupError where the program does not know one of them."""
    loader = MigrationLoader(connection)
    unknown = unknown_migrations(loader, migrations)
    if unknown:
        raise BackupError(
            f"The database is of a newer version: this one does not know {unknown[0][0]}.{unknown[0][1]}."
        )
    state = loader.project_state(leaves(loader, migrations))
    found = state.apps.get_models(include_auto_created=True)
    return [Table(model) for model in found if model._meta.managed and not model._meta.proxy]


def unknown_migrations(loader: MigrationLoader, migrations: Collection[Node]) -> list[Node]:
    return sorted(set(migrations) - set(loader.graph.nodes))


def leaves(loader: MigrationLoader, migrations: Collection[Node]) -> list[Node]:
    """The last of these migrations of each app."""
    wanted = set(migrations)
    followed = {
        parent.key for node in wanted for parent in loader.graph.node_map[node].parents if parent.key[0] == node[0]
    }
    return sorted(wanted - followed)


def as_text(row: Collection[Any]) -> str:
    """A row as a line of JSON; the same row gives the same line on both databases."""
    return json.dumps(row, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return duration_iso_string(value)
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"no way to write a {type(value).__name__}")


def _reader(field: Any) -> Callable[[Any], Any]:
    """How a value of a line becomes one of the field."""
    if isinstance(field, models.JSONField):
        return lambda value: value
    if isinstance(field, models.BinaryField):
        return lambda value: None if value is None else base64.b64decode(value)
    return field.to_python


def last_key(connection: BaseDatabaseWrapper, table: Table) -> int | None:
    """The last key that the database gave out, also if its row is gone; None where it gives out none or gave none yet."""
    if not table.counts_up:
        return None
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)",
                [table.name, table.model._meta.pk.column],
            )
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name])
        row = cursor.fetchone()
    return row[0] if row else None


def go_on_after(connection: BaseDatabaseWrapper, table: Table, key: int) -> None:
    """The next key that the database gives out is above `key`: history speaks of rows that are gone by their keys."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s)::regclass, %s)",
                [table.name, table.model._meta.pk.column, key],
            )
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, key])
