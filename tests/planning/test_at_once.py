"""Two at once: recomputing and finding situations twice at the same time gives what doing it once gives."""

import datetime as dt
import threading

import pytest
from django.db import connection

from customers.actions.lifecycle import rebuild_lifecycle
from planning.actions import recompute as action
from planning.actions.recompute import recompute_all
from planning.models import Budget, BudgetShare, ContactRule, CustomerFigures, DueTouch, FactsMark, Situation
from planning.receivers import customers_changed
from planning.situations.runner import find_of_orders
from planning.staleness import stale_customers
from territory import clock
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*functions):
    """Run functions in threads that start together; errors are raised here."""
    ready, errors = threading.Barrier(len(functions)), []

    def run(function):
        try:
            ready.wait(timeout=10)
            function()
        except Exception as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if errors:
        raise errors[0]


@pytest.fixture
def book(company):
    tier, voice = factories.tiers()["D"], factories.touch_types()["voice"]
    rep = factories.membership()
    customers = [factories.customer(owner=rep, since=dt.date(2025, 1, 6)) for _ in range(12)]
    ContactRule.objects.create(
        tier=tier, stage="prospect", role=rep.role, touch_type=voice, count=1, period="week", duration_seconds=900
    )
    rebuild_lifecycle([row.pk for row in customers], now=clock.now())
    return customers


def test_two_recomputations_give_one_result(book):
    at_once(*[lambda: recompute_all(now=clock.now())] * 3)

    assert [model.objects.count() for model in (CustomerFigures, Budget, BudgetShare, DueTouch)] == [12, 12, 12, 12]
    assert not stale_customers(clock.company_today()).exists()


def test_two_sweeps_share_the_work(book, monkeypatch):
    """Each waits in its first chunk until the other is in one too, and neither finds a customer of the other's."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one write at a time")
    both, taken, real = threading.Barrier(2), [], action.recompute_chunk

    def computes(ids, **kwargs):
        if len(taken) < 2:
            taken.append(ids)
            both.wait(timeout=10)
        return real(ids, **kwargs)

    monkeypatch.setattr(action, "CHUNK", 3)
    monkeypatch.setattr(action, "recompute_chunk", computes)
    done = []

    at_once(*[lambda: done.append(action.recompute_stale(now=clock.now()).customers)] * 2)

    assert len(set(taken[0]) | set(taken[1])) == 6
    assert sum(done) == 12
    assert not stale_customers(clock.company_today()).exists()


def test_changes_while_recomputing_are_recomputed_or_stale(book):
    ids = [row.pk for row in book]

    def change():
        for _ in range(10):
            customers_changed(None, ids)

    at_once(change, change, lambda: recompute_all(now=clock.now()))

    assert set(FactsMark.objects.values_list("number", flat=True)) == {20}
    fresh = CustomerFigures.objects.filter(facts_number=20).count()
    assert stale_customers(clock.company_today()).count() == 12 - fresh


def test_two_searches_open_one_situation_each(book):
    factories.order(book[0], 50_000, opened_at=clock.now())

    at_once(*[lambda: find_of_orders(now=clock.now())] * 3)

    assert Situation.objects.count() == 1
