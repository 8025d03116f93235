"""A job with a key happens once; what fails is tried again, five times in all."""

import datetime as dt

import pytest
import time_machine

from territory import clock
from territory.jobs.models import JobRun, JobState
from territory.jobs.runner import SILENT_FOR, forget_old_jobs, give_up_silent, run_job

pytestmark = pytest.mark.django_db
MIDNIGHT = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)


def fail(progress):
    raise ValueError("no such thing")


def test_a_run_leaves_its_result_and_progress():
    def work(progress):
        progress(3, 10)
        return {"changed": 3}

    run = run_job("count", work)
    run.refresh_from_db()
    assert (run.state, run.result, run.progress, run.total, run.attempts) == (JobState.DONE, {"changed": 3}, 3, 10, 1)
    assert run.finished_at is not None


def test_the_same_key_runs_once():
    calls = []
    for _ in range(3):
        run_job("nightly", calls.append, key="nightly 2026-06-09")
    assert len(calls) == 1
    assert JobRun.objects.count() == 1


def test_another_key_runs_too():
    calls = []
    run_job("nightly", calls.append, key="nightly 2026-06-09")
    run_job("nightly", calls.append, key="nightly 2026-06-10")
    assert len(calls) == 2


def test_a_failure_is_tried_again_until_the_fifth():
    runs = [run_job("nightly", fail, key="a") for _ in range(7)]
    assert [run and run.state for run in runs] == ["queued"] * 4 + ["failed"] + [None] * 2
    row = JobRun.objects.get()
    assert (row.attempts, row.error) == (5, "ValueError: no such thing")


def test_a_later_attempt_can_succeed():
    run_job("nightly", fail, key="a")
    run = run_job("nightly", lambda progress: "fine", key="a")
    assert (run.state, run.attempts, run.error, run.result) == ("done", 2, "", "fine")


def test_a_failure_without_a_key_is_final():
    assert run_job("once", fail).state == JobState.FAILED


def test_a_running_job_is_left_alone():
    now = clock.now()
    JobRun.objects.create(name="nightly", key="a", state="running", attempts=1, queued_at=now, heard_at=now)
    assert run_job("nightly", fail, key="a") is None


def test_a_job_whose_worker_died_is_taken_up_again():
    with time_machine.travel(MIDNIGHT, tick=False):
        now = clock.now()
        JobRun.objects.create(name="nightly", key="a", state="running", attempts=1, queued_at=now, heard_at=now)
    with time_machine.travel(MIDNIGHT + dt.timedelta(minutes=11), tick=False):
        assert run_job("nightly", lambda progress: None, key="a").state == JobState.DONE


def test_a_worker_that_dies_at_the_last_attempt_leaves_a_failed_job():
    with time_machine.travel(MIDNIGHT, tick=False):
        now = clock.now()
        JobRun.objects.create(name="nightly", key="a", state="running", attempts=5, queued_at=now, heard_at=now)
    with time_machine.travel(MIDNIGHT + dt.timedelta(minutes=11), tick=False):
        assert run_job("nightly", fail, key="a") is None
    assert JobRun.objects.get().state == JobState.FAILED


def test_old_runs_are_forgotten():
    with time_machine.travel(MIDNIGHT, tick=False):
        run_job("once", lambda progress: None)
    assert forget_old_jobs(MIDNIGHT + dt.timedelta(days=89)) == 0
    assert forget_old_jobs(MIDNIGHT + dt.timedelta(days=91)) == 1


def test_a_run_whose_worker_died_does_not_run_for_ever():
    with time_machine.travel(MIDNIGHT, tick=False):
        dead = JobRun.objects.create(
            name="import", state=JobState.RUNNING, queued_at=MIDNIGHT, started_at=MIDNIGHT, heard_at=MIDNIGHT
        )
        assert give_up_silent() == 0
    with time_machine.travel(MIDNIGHT + SILENT_FOR + dt.timedelta(seconds=1), tick=False):
        assert give_up_silent() == 1
    dead.refresh_from_db()
    assert (dead.state, dead.error) == (JobState.FAILED, "The process that ran it ended without a word.")
