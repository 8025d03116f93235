"""Runs jobs and writes down how they went.

A job with a key happens once, whoever announces it how often: the first to claim the row runs it, and a run that failed or
whose worker died is taken up by the next announcement, five times in all, then left as failed where an administrator sees
it. A job without a key runs whenever it is asked for, once.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog
from django.db.models import F, Q

from territory import clock
from territory.jobs.models import JobRun, JobState

MOST_ATTEMPTS = 5

# A worker kills a task after 240 s; a command that takes longer reports progress meanwhile.
SILENT_FOR = dt.timedelta(minutes=10)

logger = structlog.get_logger(__name__)


class Progress:
    """Lets a job say how far it is; also the sign that it is alive."""

    def __init__(self, run: JobRun) -> None:
        self._run = run

    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` of `total` so far."""
        self._run.progress, self._run.heard_at = done, clock.now()
        if total is not None:
            self._run.total = total
        self._run.save(update_fields=["progress", "total", "heard_at"])


def run_job(
    name: str, function: Callable[[Progress], Any], *, key: str | None = None, requested_by=None
) -> JobRun | None:
    """Run `function` (it gets a Progress; what it returns must fit JSON) as the job `name`.

    Returns the finished row, done or failed or waiting for its next attempt; None when a job of that key is not to be run
    (it was done, is running elsewhere, or failed for good). Errors of the job are recorded and logged, not raised.
    Not to be called inside a transaction: an error would take the record with it.
    """
    run = _claimed(name, key, requested_by)
    if run is None:
        return None
    try:
        result = function(Progress(run))
    except Exception as error:
        logger.exception("job failed", job=name, key=key, attempt=run.attempts)
        again = key is not None and run.attempts < MOST_ATTEMPTS
        _close(run, JobState.QUEUED if again else JobState.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
    else:
        _close(run, JobState.DONE, result=result)
    return run


def _claimed(name: str, key: str | None, requested_by) -> JobRun | None:
    now = clock.now()
    if key is None:
        return JobRun.objects.create(
            name=name,
            state=JobState.RUNNING,
            attempts=1,
            queued_at=now,
            started_at=now,
            heard_at=now,
            requested_by=requested_by,
        )
    row, _ = JobRun.objects.get_or_create(
        key=key, defaults={"name": name, "queued_at": now, "requested_by": requested_by}
    )
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, heard_at__lt=now - SILENT_FOR)
    claimed = JobRun.objects.filter(free, pk=row.pk, attempts__lt=MOST_ATTEMPTS).update(
        state=JobState.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heard_at=now,
        finished_at=None,
        progress=0,
        error="",
    )
    if claimed:
        row.refresh_from_db()
        return row
    _give_up(free, row)
    return None


def _give_up(free: Q, row: JobRun) -> None:
    """A run whose worker died at the last attempt is failed, not running for ever."""
    JobRun.objects.filter(free, pk=row.pk, attempts__gte=MOST_ATTEMPTS).update(
        state=JobState.FAILED, finished_at=clock.now(), error="The process that ran it ended without a word."
    )


def _close(run: JobRun, state: JobState, *, result: Any = None, error: str = "") -> None:
    run.state, run.result, run.error, run.finished_at = state, result, error, clock.now()
    run.save(update_fields=["state", "result", "error", "finished_at"])


def forget_old_jobs(now: dt.datetime, keep_days: int = 90) -> int:
    """Remove runs that ended more than `keep_days` days ago; returns how many."""
    return JobRun.objects.filter(finished_at__lt=now - dt.timedelta(days=keep_days)).delete()[0]
