"""What ticks keeps one row; what a person asks for runs once; failures are told."""

import datetime as dt

import pytest

from territory import clock
from territory.jobs import registry, tasks
from territory.jobs.models import JobRun, JobState
from territory.jobs.runner import asked_and_left, run_asked, run_tick
from territory.jobs.signals import job_failed
from territory.jobs.tasks import pick_up, run_now
from tests import factories

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def count(monkeypatch, time_machine):
    """A job that counts how often it ran."""
    time_machine.move_to(NOW, tick=False)
    ran = []
    monkeypatch.setattr(registry, "_jobs", {})
    registry.add(registry.Job(name="count", label="Count", run=lambda progress: ran.append(1)))
    return ran


@pytest.fixture
def heard(monkeypatch):
    """Runs that were announced."""
    found = []
    monkeypatch.setattr(tasks.run_asked, "apply_async", lambda args, **options: found.append(*args))
    return found


def fail(progress):
    raise ValueError("no such thing")


def test_a_tick_keeps_one_row():
    for number in range(3):
        run_tick("sweep", lambda progress, number=number: {"number": number})

    row = JobRun.objects.get()
    assert (row.state, row.result, row.ticks) == (JobState.DONE, {"number": 2}, True)


def test_failures_of_a_tick_stay_as_one_row_a_day(time_machine):
    run_tick("sweep", fail)
    run_tick("sweep", fail)
    run_tick("sweep", lambda progress: None)

    failed = JobRun.objects.get(state=JobState.FAILED)
    assert (failed.attempts, failed.error, failed.key) == (2, "ValueError: no such thing", "sweep failed 2026-06-09")


def test_a_failed_job_is_told():
    told = []

    def listen(run, **signal):
        told.append(run.name)

    job_failed.connect(listen)
    run_tick("sweep", fail)
    job_failed.disconnect(listen)

    assert told == ["sweep"]


def test_a_second_click_changes_nothing(count, heard, company):
    person = factories.person()
    first = run_now("count", requested_by=person, now=NOW)
    second = run_now("count", requested_by=factories.person(), now=NOW)

    assert (first, heard) == (second, [first.pk])
    assert JobRun.objects.get().requested_by == person


def test_what_was_asked_for_runs_once(count, heard):
    run = run_now("count", requested_by=None, now=NOW)
    for _ in range(3):
        run_asked(run.pk)

    assert len(count) == 1
    assert JobRun.objects.get().state == JobState.DONE


def test_when_it_is_done_it_can_be_asked_for_again(count, heard):
    for _ in range(2):
        run_asked(run_now("count", requested_by=None, now=NOW).pk)

    assert len(count) == 2


def test_what_no_worker_heard_is_picked_up(count, heard, time_machine):
    run_now("count", requested_by=None, now=NOW)
    pick_up()
    assert count == []
    time_machine.move_to(NOW + dt.timedelta(minutes=1), tick=False)
    pick_up()

    assert count == [1]
    assert asked_and_left() == []


def test_what_a_dead_worker_left_is_taken_up_again(count, heard, time_machine):
    run = run_now("count", requested_by=None, now=NOW)
    JobRun.objects.update(state=JobState.RUNNING, heard_at=NOW, attempts=1)
    time_machine.move_to(NOW + dt.timedelta(minutes=11), tick=False)
    pick_up()

    run.refresh_from_db()
    assert (count, run.state) == ([1], JobState.DONE)


def test_a_job_that_kills_its_worker_five_times_is_failed_and_can_be_asked_for_again(count, heard, time_machine):
    run_now("count", requested_by=None, now=NOW)
    JobRun.objects.update(state=JobState.RUNNING, heard_at=NOW, attempts=5)
    time_machine.move_to(NOW + dt.timedelta(minutes=11), tick=False)
    pick_up()

    assert (count, JobRun.objects.get().state) == ([], JobState.FAILED)
    assert run_now("count", requested_by=None, now=clock.now()).state == JobState.QUEUED


def test_one_that_fails_can_be_asked_for_again(heard):
    registry.add(registry.Job(name="bad", label="Bad", run=fail))
    run_asked(run_now("bad", requested_by=None, now=NOW).pk)

    assert JobRun.objects.get().state == JobState.FAILED
    assert run_now("bad", requested_by=None, now=NOW).state == JobState.QUEUED
