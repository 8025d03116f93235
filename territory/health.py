"""Whether the installation is well, for monitors and for administrators. Nothing in it is about anybody.

What is asked may hang: a database behind a dead network, a broker that took the question and never answers. So each of the two is asked
in a thread of its own, by one thread at a time, and whoever asks waits for it a limited time only. An answer holds for a
moment, so that asking often costs nothing.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.db import connection
from django.db.models import Max
from msgspec import Struct

from territory import clock
from territory.jobs import registry
from territory.jobs.models import Heartbeat, JobRun, JobState
from territory.jobs.runner import TICK

PATIENCE_SECONDS = 2.0
FRESH_SECONDS = 1.0

DATABASE, BROKER, BEAT, WORKER, BACKUP = "database", "broker", "beat", "worker", "backup"

# Silent or waiting for longer, something is wrong. Beat ticks every minute; a worker may be busy for four; what waits may have been
# announced while many thousand customers are computed, or be a mail that is tried again.
LIMITS = {BEAT: dt.timedelta(minutes=3), WORKER: dt.timedelta(minutes=10)}
LIMIT_OF_WAITING = dt.timedelta(minutes=15)

# A nightly backup, late by two hours. A warning: nothing fails without it today.
LIMIT_OF_BACKUP = dt.timedelta(hours=26)


class Ages(Struct, frozen=True):
    """What the database says: when something was last heard, and since when the oldest thing waits; None: never, nothing."""

    heard: dict[str, dt.datetime | None]
    waits: dict[str, dt.datetime | None]


class Health(Struct, frozen=True):
    """One look. `ages` is None where the database does not answer."""

    at: dt.datetime
    broker: bool
    ages: Ages | None

    @property
    def failing(self) -> list[str]:
        """The parts that fail, the cause before what follows from it."""
        found = [] if self.ages else [DATABASE]
        found += [] if self.broker else [BROKER]
        if self.ages is None:
            return found
        for name, limit in LIMITS.items():
            age = self.age(name)
            found += [name] if age is None or age > limit else []
        return found + [name for name in self.ages.waits if (self.age(name) or dt.timedelta()) > LIMIT_OF_WAITING]

    @property
    def backup_is_late(self) -> bool:
        """Whether the last backup is too old, or there is none."""
        age = self.age(BACKUP)
        return age is None or age > LIMIT_OF_BACKUP

    def age(self, name: str) -> dt.timedelta | None:
        """How long ago it was heard, or how long it waits."""
        if self.ages is None:
            return None
        since = (self.ages.heard | self.ages.waits).get(name)
        return None if since is None else max(self.at - since, dt.timedelta())

    def as_json(self) -> dict[str, Any]:
        """For monitors: names, words and seconds."""
        failing = self.failing
        waits = {f"oldest_{gauge.name}_seconds": self._seconds(gauge.name) for gauge in registry.gauges()}
        return {
            "status": "failing" if failing else "ok",
            "failing": failing,
            DATABASE: "ok" if self.ages else "does not answer",
            BROKER: "ok" if self.broker else "does not answer",
            **waits,
            "last_beat_seconds": self._seconds(BEAT),
            "worker_last_heard_seconds": self._seconds(WORKER),
            "last_backup_seconds": self._seconds(BACKUP),
        }

    def _seconds(self, name: str) -> int | None:
        age = self.age(name)
        return None if age is None else int(age.total_seconds())


class Question:
    """Something that may never answer, asked by one thread at a time; its answer holds for FRESH_SECONDS."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._answer: Any = None
        self._fresh_until = 0.0

    def start(self) -> None:
        """Ask, unless it is being asked or was a moment ago."""
        with self._lock:
            asked = self._thread is not None and self._thread.is_alive()
            if asked or time.monotonic() < self._fresh_until:
                return
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def answer(self, patience: float) -> Any:
        """The answer; None where it failed or did not come within `patience` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(max(patience, 0))
        return None if thread is None or thread.is_alive() else self._answer

    def forget(self) -> None:
        """Ask anew the next time."""
        self._fresh_until = 0.0

    def _run(self) -> None:
        try:
            self._answer = self._ask()
        except Exception:  # noqa: BLE001  whatever went wrong, there is no answer, and that is what is told
            self._answer = None
        self._fresh_until = time.monotonic() + FRESH_SECONDS


def read_ages() -> Ages:
    """What the database says, in a fixed number of queries."""
    ticks = JobRun.objects.filter(key__in=[f"{TICK}{job.name}" for job in registry.jobs()])
    backups = JobRun.objects.filter(name=BACKUP, state=JobState.DONE)
    return Ages(
        heard={
            BEAT: Heartbeat.objects.filter(name=BEAT).values_list("at", flat=True).first(),
            WORKER: ticks.aggregate(last=Max("heard_at"))["last"],
            BACKUP: backups.aggregate(last=Max("started_at"))["last"],
        },
        waits={gauge.name: gauge.oldest() for gauge in registry.gauges()},
    )


def _ask_database() -> Ages:
    try:
        return read_ages()
    finally:
        connection.close()  # the thread's own


def _ask_broker() -> bool:
    with current_app.connection_for_write() as broker:
        broker.transport.establish_connection()
    return True


_database, _broker = Question(_ask_database), Question(_ask_broker)


def look() -> Health:
    """One look at all parts, within PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    for question in (_database, _broker):
        question.start()
    ages = _database.answer(end - time.monotonic())
    broker = _broker.answer(end - time.monotonic())
    return Health(at=clock.now(), broker=bool(broker), ages=ages)


def forget() -> None:
    """Look anew the next time."""
    _database.forget()
    _broker.forget()
