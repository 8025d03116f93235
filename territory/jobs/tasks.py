"""Tasks of jobs that people asked for."""

from celery import shared_task

from territory.jobs import runner
from territory.jobs.models import JobRun


@shared_task
def run_asked(run_id: int) -> None:
    """Run one that a person asked for."""
    runner.run_asked(run_id)


@shared_task
def pick_up() -> None:
    """Run what was asked for and no worker heard of: one a tick, so that a tick stays within a worker's limit."""
    runner.give_up_silent()
    for run_id in runner.asked_and_left()[:1]:
        runner.run_asked(run_id)


def run_now(name: str, *, requested_by, now) -> JobRun:
    """Ask for a run and ring the bell, once however often; the sweep finds what nobody heard."""
    from territory.jobs.bell import publish

    run, new = runner.ask(name, requested_by=requested_by, now=now)
    if new:
        publish(run_asked, run.pk)
    return run
