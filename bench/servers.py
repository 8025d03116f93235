"""The processes that are measured: started as ./run starts them, on the bench's settings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.place import PORT, ROOT

MB = 1_048_576
PATIENCE = 60


@contextmanager
def running(*names: str, settings: str = "bench.settings") -> Iterator[dict[str, int]]:
    """These of web, worker and beat until the end; gives the first process of each."""
    from territory.embedded.children import Children, wait_until
    from territory.management.commands.up import commands

    folder = Path(os.environ["DATA_DIR"]) / "logs"
    folder.mkdir(exist_ok=True)
    children = Children(folder)
    try:
        found = {}
        for name, command in commands().items():
            if name in names:
                child = children.start(name, command, cwd=ROOT, env={"DJANGO_SETTINGS_MODULE": settings})
                found[name] = child.process.pid
        ready = {"web": web_answers, "worker": worker_answers, "beat": lambda: True}
        for name in names:
            if not wait_until(lambda name=name: children.dead() or ready[name](), PATIENCE) or children.dead():
                dead = children.dead()
                raise SystemExit(f"{name} did not start.\n{dead.last_lines() if dead else ''}")
        yield found
    finally:
        children.stop()


def web_answers(port: str = PORT) -> bool:
    from territory.embedded import children

    return children.web_answers(f"http://127.0.0.1:{port}")


def worker_answers() -> bool:
    from territory.celery import app

    return bool(app.control.ping(timeout=1))


def family(pid: int) -> list[int]:
    """A process and all that it started, itself first."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop(0))
        waiting += sorted(parents.get(found[-1], []))
    return found


def resident_mb(pid: int, *, peak: bool = False) -> float:
    """Resident memory of a process now, or the most it had; shared pages count in each process. 0 of one that has ended."""
    return _told_mb(pid, "status", "VmHWM:" if peak else "VmRSS:")


def own_mb(pid: int) -> float:
    """Memory that a process takes of the machine: what it shares with others counts in parts, which add up. 0 of one that has
    ended."""
    return _told_mb(pid, "smaps_rollup", "Pss:")


def cpu_seconds(pid: int) -> float:
    """CPU that a process used so far; of another user's too. 0 of one that has ended."""
    fields = _told(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def _told_mb(pid: int, file: str, name: str) -> float:
    lines = (line for line in _told(pid, file).splitlines() if line.startswith(name))
    return next((int(line.split()[1]) * 1024 / MB for line in lines), 0.0)


def _told(pid: int, file: str) -> str:
    """What the system tells of a process; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def backend() -> int:
    """The process of the database server that this process talks to; the bench runs on the server's machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
