"""Where the bench works: a database, a Redis database, a folder and a port of its own, which it may empty.

The servers are those of DATABASE_URL and REDIS_URL; whatever these name on them is left alone.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "territory_bench"
REDIS_NUMBER = 15
PORT = os.environ.get("PORT", "8115")


def on_server(url: str, name: str | int) -> str:
    """The same server's database of that name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def database_url() -> str:
    return on_server(os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/", DATABASE)


def redis_url() -> str:
    return on_server(os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/", REDIS_NUMBER)


@contextmanager
def own_place(*, keep: bool) -> Iterator[bool]:
    """Settings of the environment point to the bench's own place inside; says whether its database is as it was left.

    Not `keep`: the database is made anew. It stays afterwards, for a look or for `--keep`.
    """
    database, redis_at = database_url(), redis_url()
    is_kept = _prepare_database(database, keep)
    _empty_redis(redis_at)
    with TemporaryDirectory(prefix="territory-bench-") as folder:
        os.environ.update(
            DATABASE_URL=database,
            REDIS_URL=redis_at,
            DATA_DIR=folder,
            PORT=PORT,
            PROFILE="local",
            DEBUG="no",
            EXPORTS_A_MINUTE="0",
            DJANGO_SETTINGS_MODULE="bench.settings",
        )
        for name in ("SITE_URL", "HOST", "EMAIL_URL", "SECRET_KEY"):
            os.environ.pop(name, None)
        try:
            yield is_kept
        finally:
            _empty_redis(redis_at)


def _prepare_database(url: str, keep: bool) -> bool:
    import psycopg

    try:
        with psycopg.connect(
            on_server(url, "postgres").replace("postgres://", "postgresql://"), autocommit=True
        ) as server:
            known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known and keep:
                return True
            server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError as error:
        sys.exit(f"The bench needs PostgreSQL, named by DATABASE_URL: {' '.join(str(error).split())}")
    return False


def _empty_redis(url: str) -> None:
    import redis

    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            client.flushdb()
    except redis.RedisError as error:
        sys.exit(f"The bench needs Redis, named by REDIS_URL: {error}")
