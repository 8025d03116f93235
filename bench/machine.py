"""The machine in words: what figures depend on, and nothing that names it."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from django.db import connection


def description() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0].split()[0]
        cursor.execute("SHOW shared_buffers")
        buffers = cursor.fetchone()[0]
    return (
        f"{os.cpu_count()} cores ({_processor()}), {_memory_gb():.0f} GB of memory, {platform.system()}; "
        f"Python {platform.python_version()}, Django {version('django')}, PostgreSQL {postgresql} "
        f"(shared_buffers {buffers}), Redis {_redis()}; everything on this one machine, whose load was "
        f"{os.getloadavg()[0]:.1f} when it began (above 1, other work makes times longer; CPU, SQL and sizes hardly)"
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def _redis() -> str:
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return client.info("server")["redis_version"]


def commit() -> str:
    """What was measured."""
    found = subprocess.run(["git", "log", "-1", "--format=%h of %cs"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
