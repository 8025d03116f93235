"""Runs jobs and writes down how they went.

A job with a key happens once, whoever announces it how often: the first to claim the row runs it, and a run that failed or
whose worker died is taken up by the next announcement, five times in all, then left as failed where an administrator sees
it. A job without a key runs whenever it is asked for, once. What ticks every minute keeps one row that says how it went
last (`run_tick`), and what a person asked for is run once however often they ask (`ask`, `run_asked`).
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.db.models import F, Q

from territory import clock
from territory.again import again
from territory.audit.origin import acting_as
from territory.jobs import registry
from territory.jobs.models import JobRun, JobState
from territory.jobs.signals import job_failed
from territory.logs import kind_of

MOST_ATTEMPTS = 5

# A worker kills a task after 240 s; a command that takes longer reports progress meanwhile.
SILENT_FOR = dt.timedelta(minutes=10)

# A worker hears the bell within seconds; after this the sweep takes up what was asked for.
UNHEARD_FOR = dt.timedelta(seconds=30)

DIED = "The process that ran it ended without a word."

# How keys begin: of what ticks, and of what a person asked for and is not done.
TICK, ASKED = "tick ", "asked "

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
    run = again(partial(_claimed, name, key, requested_by))
    if run is not None:
        _run(run, function, most_attempts=MOST_ATTEMPTS if key is not None else 1)
    return run


def run_tick(name: str, function: Callable[[Progress], Any]) -> JobRun:
    """Run what ticks often. One row holds how it went last; failures stay as one row a day (UTC), the latest of it.

    Errors are recorded and logged, not raised. Not to be called inside a transaction.
    """
    run = again(partial(_begun, name))
    _run(run, function, most_attempts=1)
    return run


def _begun(name: str) -> JobRun:
    now = clock.now()
    run, _ = JobRun.objects.get_or_create(key=f"{TICK}{name}", defaults={"name": name, "queued_at": now})
    run.state, run.attempts, run.progress, run.total, run.error = JobState.RUNNING, 1, 0, None, ""
    run.queued_at = run.started_at = run.heard_at = now
    run.finished_at = None
    run.save()
    return run


def ask(name: str, *, requested_by: Any, now: dt.datetime) -> tuple[JobRun, bool]:
    """Ask for a run of a registered job; while one that was asked for waits or runs, that one. Says whether it is new."""
    return JobRun.objects.get_or_create(
        key=f"{ASKED}{name}", defaults={"name": name, "queued_at": now, "requested_by": requested_by}
    )


def run_asked(run_id: int) -> JobRun | None:
    """Run what a person asked for, if nobody does; then the job can be asked for again."""
    job = None
    row = JobRun.objects.filter(pk=run_id, key__startswith=ASKED).first()
    if row is not None:
        job = registry.get(row.name)
    if row is None or job is None or job.run is None:
        return None
    run = _claim(row)
    if run is None:
        JobRun.objects.filter(pk=row.pk, state=JobState.FAILED).update(key=None)
        return None
    _run(run, job.run, most_attempts=1)
    JobRun.objects.filter(pk=run.pk).update(key=None)
    return run


def asked_and_left() -> list[int]:
    """Runs that were asked for and that no worker took up, or whose worker died; oldest first."""
    now = clock.now()
    left = Q(state=JobState.QUEUED, queued_at__lt=now - UNHEARD_FOR) | Q(
        state=JobState.RUNNING, heard_at__lt=now - SILENT_FOR
    )
    return list(JobRun.objects.filter(left, key__startswith=ASKED).order_by("queued_at").values_list("pk", flat=True))


def give_up_silent() -> int:
    """Runs that nobody takes up again and whose worker died are failed, not running for ever; returns how many.

    Nobody is told: what they were about is taken up by a run of its own, and is told of if that fails.
    """
    now = clock.now()
    dead = JobRun.objects.filter(key__isnull=True, state=JobState.RUNNING, heard_at__lt=now - SILENT_FOR)
    return dead.update(state=JobState.FAILED, finished_at=now, error=DIED)


def _run(run: JobRun, function: Callable[[Progress], Any], *, most_attempts: int) -> None:
    """Do it and write down how it ended."""
    with structlog.contextvars.bound_contextvars(job_run=run.pk, job=run.name):
        _run_with_ids_in_its_log(run, function, most_attempts)


def _run_with_ids_in_its_log(run: JobRun, function: Callable[[Progress], Any], most_attempts: int) -> None:
    try:
        # A job run twice does what it does once, so that it may be begun anew where it met others who write.
        with acting_as(f"job {run.name}"):
            result = again(partial(function, Progress(run)))
    except Exception as error:
        logger.exception("job failed", key=run.key, attempt=run.attempts)
        once_more = run.attempts < most_attempts
        _close(run, JobState.QUEUED if once_more else JobState.FAILED, error=f"{type(error).__name__}: {error}"[:2000])
    else:
        _close(run, JobState.DONE, result=result)


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
    return _claim(row)


def _claim(row: JobRun) -> JobRun | None:
    """The row as ours to run; None where another runs it, it is done, or its attempts are used up."""
    now = clock.now()
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
    given_up = JobRun.objects.filter(free, pk=row.pk, attempts__gte=MOST_ATTEMPTS).update(
        state=JobState.FAILED, finished_at=clock.now(), error=DIED
    )
    if given_up:
        row.refresh_from_db()
        _tell(row)


def _close(run: JobRun, state: JobState, *, result: Any = None, error: str = "") -> None:
    run.state, run.result, run.error, run.finished_at = state, result, error, clock.now()
    again(partial(run.save, update_fields=["state", "result", "error", "finished_at"]))
    if state == JobState.FAILED:
        if run.key is not None and run.key.startswith(TICK):
            _remember_failure(run)
        _tell(run)


def _remember_failure(run: JobRun) -> None:
    """The next tick overwrites the row; the day's row of failures keeps the latest and how many."""
    values = {
        name: getattr(run, name)
        for name in ("name", "state", "error", "started_at", "heard_at", "finished_at", "queued_at")
    }
    day = run.started_at.astimezone(dt.UTC).date() if run.started_at else ""
    row, _ = JobRun.objects.update_or_create(key=f"{run.name} failed {day}", defaults=values)
    JobRun.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)


def _tell(run: JobRun) -> None:
    """Whoever wants to know; their faults are not the job's."""
    for receiver, answer in job_failed.send_robust(sender=JobRun, run=run):
        if isinstance(answer, Exception):
            logger.error(
                "nobody was told of a failed job", receiver=getattr(receiver, "__qualname__", ""), error=kind_of(answer)
            )


def write_down(name: str, *, started_at: dt.datetime, result: Any = None, error: str = "") -> JobRun:
    """Note a run that is over and that nobody could follow while it went on; a failed one is told as any other."""
    now = clock.now()
    run = JobRun.objects.create(
        name=name, attempts=1, queued_at=started_at, started_at=started_at, heard_at=now, state=JobState.RUNNING
    )
    _close(run, JobState.FAILED if error else JobState.DONE, result=result, error=error[:2000])
    return run


def forget_old_jobs(now: dt.datetime, keep_days: int = 90) -> int:
    """Remove runs that ended more than `keep_days` days ago; returns how many."""
    return JobRun.objects.filter(finished_at__lt=now - dt.timedelta(days=keep_days)).delete()[0]
