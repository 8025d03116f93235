"""What the recorded runs share: an empty installation to hurt, its processes, and the table of what was lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.faults.outcome import Outcome

ROOT = Path(__file__).resolve().parent.parent.parent


def set_up() -> None:
    """Django with the settings of the environment; DATA_DIR, and on PostgreSQL DATABASE_URL, must be for this run alone."""
    if not os.environ.get("DATA_DIR"):
        sys.exit(
            "Say where: DATA_DIR=/a/new/folder (and DATABASE_URL, REDIS_URL). The run fills and breaks what is there."
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
    Path(os.environ["DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()


def empty_database() -> None:
    """Tables without rows; refuses a database that holds a company."""
    from django.core.management import call_command

    from territory.company.models import Company

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if Company.objects.exists():
        sys.exit("There is a company in this database already. The run needs one of its own.")


def database_name() -> str:
    from django.db import connection

    return {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]


class Process:
    """A process of the product with all its children, which can be killed as a whole."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        log = Path(os.environ["DATA_DIR"]) / f"{name}.log"
        with log.open("a") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As the power does: signal 9 to all of its processes at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()


def worker() -> Process:
    """The product's own worker."""
    return Process(
        "worker", sys.executable, "-m", "celery", "--app", "territory.celery", "worker", "--concurrency", "1",
        "--without-gossip", "--without-mingle",
    )  # fmt: skip


def beat() -> Process:
    """What gives the worker its ticks."""
    return Process("beat", sys.executable, "-m", "celery", "--app", "territory.celery", "beat", "--pidfile", "")


def table(rows: Iterable[tuple[str, object]], say: Callable[[str], object] = print) -> None:
    """What was tried and found, as a table of two columns."""
    say("| what | how often |")
    say("| --- | --- |")
    for what, number in rows:
        say(f"| {what} | {number} |")


def hand_over(outcome: "Outcome") -> int:
    """The last line that is printed, for the one table of `bench/faults/run`; gives the status to end with."""
    print(json.dumps(outcome.as_json()))
    return 1 if outcome.is_broken else 0
