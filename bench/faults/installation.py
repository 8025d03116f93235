"""Installations to be hurt: each fault gets a database and a folder of its own, copied from ones prepared once.

The servers are those of DATABASE_URL; whatever it names on them is left alone. Several may be hurt at once. A Redis is
started by the faults that need one, on a socket in their folder.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from bench.place import ROOT, on_server

POSTGRESQL, SQLITE = "PostgreSQL", "SQLite"
DATABASE, PREPARED = "territory_faults", "territory_faults_prepared"
PORT = int(os.environ.get("PORT", "8116"))
# What a run must not take from whoever starts it.
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SITE_URL", "HOST", "EMAIL_URL", "SECRET_KEY", "DATA_DIR")


class Installations:
    """Of one run, once they are prepared. `folder` goes away with it."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.server = server
        self._folder = folder
        self._prepared: set[str] = set()
        self._copying = Lock()
        self._numbers = count()

    def prepare(self, databases: Collection[str]) -> None:
        """What each one is copied from; ends the run where a server does not answer."""
        for database in databases:
            self._prepare(database)

    @contextmanager
    def one(self, database: str) -> Iterator[dict[str, str]]:
        """A new installation without a company; gives the environment of its processes."""
        number = next(self._numbers)
        called = f"{DATABASE}_{number}"
        with TemporaryDirectory(prefix="fault-", dir=self._folder) as name:
            shutil.copytree(self._folder / database, name, dirs_exist_ok=True)
            if database == POSTGRESQL:
                # Only one at a time may copy the prepared one.
                with self._copying:
                    self._sql(f"DROP DATABASE IF EXISTS {called} WITH (FORCE)")
                    self._sql(f"CREATE DATABASE {called} TEMPLATE {PREPARED}")
            try:
                yield self._environment(database, Path(name), called, PORT + number)
            finally:
                if database == POSTGRESQL:
                    self._sql(f"DROP DATABASE IF EXISTS {called} WITH (FORCE)")

    def remove(self) -> None:
        if POSTGRESQL in self._prepared:
            self._sql(f"DROP DATABASE IF EXISTS {PREPARED} WITH (FORCE)")

    def _prepare(self, database: str) -> None:
        folder = self._folder / database
        folder.mkdir()
        if database == POSTGRESQL:
            self._sql(f"DROP DATABASE IF EXISTS {PREPARED} WITH (FORCE)")
            self._sql(f"CREATE DATABASE {PREPARED}")
        environment = self._environment(database, folder, PREPARED)
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--no-input", "--verbosity", "0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        self._prepared.add(database)

    def _environment(self, database: str, folder: Path, name: str, port: int = PORT) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in NOT_OURS}
        given = {
            "DATA_DIR": str(folder), "PORT": str(port), "PROFILE": "local", "DEBUG": "no", "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "territory.settings",
        }  # fmt: skip
        if database == POSTGRESQL:
            given["DATABASE_URL"] = on_server(self.server or "", name)
        return kept | given

    def _sql(self, statement: str) -> None:
        import psycopg

        address = on_server(self.server or "", "postgres").replace("postgres://", "postgresql://")
        try:
            with psycopg.connect(address, autocommit=True) as server:
                server.execute(statement)
        except psycopg.OperationalError as error:
            sys.exit(f"No PostgreSQL answers at DATABASE_URL: {' '.join(str(error).split())}")
