"""The tasks: what a worker does when the bell rings, when it ticks, and at night."""

import datetime as dt

import pytest

from customers.actions.lifecycle import rebuild_lifecycle
from planning import tasks
from planning.models import CustomerFigures, Situation
from planning.staleness import stale_customers
from territory.jobs.models import JobRun
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def customer(time_machine, company):
    time_machine.move_to(NOW, tick=False)
    factories.tiers()
    row = factories.customer(since=dt.date(2025, 1, 6))
    factories.order(row, 20_000, "won", NOW - dt.timedelta(days=300))
    rebuild_lifecycle([row.pk], now=NOW)
    return row


def test_recompute_customers(customer):
    tasks.recompute_customers([customer.pk])

    assert CustomerFigures.objects.get().customer == customer


def test_a_large_order_is_found_when_it_is_written(customer):
    factories.order(customer, 90_000)

    tasks.recompute_customers([customer.pk])

    assert Situation.objects.get().order.amount == 90_000


def test_without_a_new_order_nobody_looks_for_situations(customer, time_machine):
    factories.order(customer, 90_000)
    time_machine.move_to(NOW + dt.timedelta(minutes=5), tick=False)

    tasks.recompute_customers([customer.pk])

    assert not Situation.objects.exists()


def test_the_sweep_finds_what_no_message_announced(customer):
    tasks.sweep()

    assert not stale_customers(NOW.date()).exists()


def test_the_sweep_moves_lifecycles_that_are_due(customer, time_machine):
    time_machine.move_to(NOW + dt.timedelta(days=66), tick=False)

    tasks.sweep()

    customer.refresh_from_db()
    assert customer.stage == "lapsed"
    assert not stale_customers(NOW.date() + dt.timedelta(days=66)).exists()


def test_the_night_runs_once_a_day(customer):
    for _ in range(3):
        tasks.nightly()

    run = JobRun.objects.get()
    assert (run.key, run.state, run.result["customers"], run.attempts) == ("nightly 2026-06-09", "done", 1, 1)


def test_the_night_runs_again_the_next_day(customer, time_machine):
    tasks.nightly()
    time_machine.move_to(NOW + dt.timedelta(days=1), tick=False)
    tasks.nightly()

    assert JobRun.objects.filter(state="done").count() == 2


def test_a_night_that_fails_is_tried_five_times_then_left_as_failed(customer, monkeypatch):
    def fails(**kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("planning.actions.runs.refresh_due_lifecycles", fails)
    for _ in range(7):
        tasks.nightly()

    run = JobRun.objects.get()
    assert (run.state, run.attempts) == ("failed", 5)


def test_find_situations(customer):
    factories.order(customer, 90_000, opened_at=NOW)

    tasks.find_situations()

    assert Situation.objects.count() == 1
