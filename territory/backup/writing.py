"""From a database into a file."""

import datetime as dt
import os
import sqlite3
from pathlib import Path

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

import territory
from territory.backup.archive import BackupError, Manifest, Writer
from territory.backup.snapshot import one_moment
from territory.backup.tables import applied, last_key, tables_after


def write_backup(file: Path, *, now: dt.datetime) -> Manifest:
    """Back the database up into `file`, which is there whole or not at all; raises BackupError. Others go on working meanwhile."""
    if file.exists():
        raise BackupError(f"{file} exists already. A backup is never written over another.")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with one_moment(file.parent) as connection:
            manifest = _write(part, connection, now)
        _keep(part, file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from error
    except (DatabaseError, sqlite3.Error) as error:
        raise BackupError(f"The database cannot be read: {' '.join(str(error).split())}") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(part: Path, connection: BaseDatabaseWrapper, now: dt.datetime) -> Manifest:
    migrations = applied(connection)
    if not migrations:
        raise BackupError("The database is empty: there is nothing to back up.")
    manifest = Manifest(
        version=territory.__version__,
        made_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=[list(node) for node in migrations],
    )
    with Writer(part, manifest) as out:
        for table in tables_after(connection, migrations):
            if table.is_kept:
                out.add(table.name, table.columns, table.lines(connection), last_key(connection, table))
    return manifest


def _keep(part: Path, file: Path) -> None:
    """On the disk for sure, then under its name, never over another file."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    os.link(part, file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
