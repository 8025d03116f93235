"""The file of a backup: a ZIP with `manifest.json` and, table by table, one line of JSON a row in the order of keys."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1
PROGRAM = "Territory"
MANIFEST = "manifest.json"


# What is read of a table at a time: so many rows, or so many bytes where these hold files.
MOST_ROWS, MOST_BYTES = 2000, 32 * 1024 * 1024


class BackupError(Exception):
    """What is wrong with a backup, or why it cannot be made or taken back, in a sentence."""


@dataclass
class TableEntry:
    """What the manifest says of a table: its columns, how many rows, their checksum, the last key that was given out."""

    columns: list[str]
    rows: int
    sha256: str
    last_key: int | None = None


@dataclass
class Manifest:
    """What the file holds and which program wrote it. `migrations` are [app, name] as the database had them."""

    version: str
    made_at: str
    database: str
    migrations: list[list[str]]
    tables: dict[str, TableEntry] = field(default_factory=dict)
    format: int = FORMAT
    program: str = PROGRAM

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


class Checksum:
    """Counts lines and sums them up."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = hashlib.sha256()

    def add(self, lines: list[str]) -> bytes:
        """Take these in; answers them as bytes."""
        text = "".join(f"{line}\n" for line in lines).encode()
        self._sum.update(text)
        self.rows += len(lines)
        return text

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()


def member(table: str) -> str:
    return f"tables/{table}.jsonl"


class Writer:
    """Writes a backup: tables, then the manifest."""

    def __init__(self, file: Path, manifest: Manifest) -> None:
        self._zip = zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED, allowZip64=True)
        self._manifest = manifest

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self._zip.writestr(MANIFEST, json.dumps(asdict(self._manifest), indent=1))
        self._zip.close()

    def add(self, table: str, columns: list[str], batches: Iterable[list[str]], last_key: int | None) -> None:
        """One table, its rows in batches of lines."""
        checksum = Checksum()
        with self._zip.open(member(table), "w", force_zip64=True) as out:
            for lines in batches:
                out.write(checksum.add(lines))
        self._manifest.tables[table] = TableEntry(columns, checksum.rows, checksum.sha256, last_key)


class Archive:
    """An existing backup, read. Raises BackupError where it is none, or damaged."""

    def __init__(self, file: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            said = json.loads(self._zip.read(MANIFEST))
        except OSError as error:
            raise BackupError(f"{file} cannot be read: {error.strerror}.") from error
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise BackupError(f"{file} is no backup of {PROGRAM}, or was cut off.") from error
        self.file = file
        self.manifest = _manifest(file, said)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_rest: object) -> None:
        self._zip.close()

    def check(self) -> None:
        """Every table is there, whole and as it was written."""
        for table, entry in self.manifest.tables.items():
            checksum = Checksum()
            for lines in self._batches(table):
                checksum.add(lines)
            if (checksum.rows, checksum.sha256) != (entry.rows, entry.sha256):
                raise BackupError(f"{self.file} is damaged: the rows of {table} are not those that were written.")

    def rows(self, table: str) -> Iterator[list[list[Any]]]:
        """The rows of a table in batches."""
        for lines in self._batches(table):
            yield [json.loads(line) for line in lines]

    def _batches(self, table: str) -> Iterator[list[str]]:
        try:
            with self._zip.open(member(table)) as lines:
                batch: list[str] = []
                size = 0
                for line in lines:
                    batch.append(line.decode().rstrip("\n"))
                    size += len(line)
                    if len(batch) == MOST_ROWS or size > MOST_BYTES:
                        yield batch
                        batch, size = [], 0
                yield batch
        except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
            raise BackupError(f"{self.file} is damaged: {table} cannot be read.") from error


def _manifest(file: Path, said: Any) -> Manifest:
    if not isinstance(said, dict) or said.get("program") != PROGRAM:
        raise BackupError(f"{file} is no backup of {PROGRAM}.")
    if said.get("format") != FORMAT:
        raise BackupError(f"{file} was written by another version of {PROGRAM}, {said.get('version')}; use that one.")
    try:
        tables = {name: TableEntry(**entry) for name, entry in said.pop("tables").items()}
        return Manifest(**said, tables=tables)
    except (TypeError, KeyError, AttributeError) as error:
        raise BackupError(f"{file} is damaged: its manifest is not whole.") from error
