"""The bell: rung once after the commit, never in the way of people, and nothing is lost when nobody hears it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import transaction

from customers.models import Customer
from customers.signals import customer_facts_changed
from planning import nudge, tasks
from planning.models import FactsMark
from territory.company.signals import company_changed
from territory.jobs import bell
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What was announced."""
    found = []
    monkeypatch.setattr(
        tasks.recompute_customers, "apply_async", lambda args, **options: found.append(("customers", *args))
    )
    monkeypatch.setattr(tasks.sweep, "apply_async", lambda args, **options: found.append(("sweep", *args)))
    return found


def change(*ids):
    customer_facts_changed.send(sender=Customer, customer_ids=ids)


def test_one_message_a_transaction(heard, company, django_capture_on_commit_callbacks):
    one, other = factories.customer(), factories.customer()
    with django_capture_on_commit_callbacks(execute=True):
        change(one.pk)
        change(other.pk)
        change(one.pk)

    assert heard == [("customers", [one.pk, other.pk])]


def test_many_customers_are_left_to_the_sweep(heard, company, django_capture_on_commit_callbacks, monkeypatch):
    monkeypatch.setattr(nudge, "MOST_IDS", 1)
    with django_capture_on_commit_callbacks(execute=True):
        change(factories.customer().pk, factories.customer().pk)

    assert heard == [("sweep",)]


def test_a_change_of_the_company_asks_for_everything(heard, company, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        company_changed.send(sender=None)

    assert heard == [("sweep",)]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_announced_or_marked_when_the_transaction_is_rolled_back(heard, company):
    customer = factories.customer()
    with transaction.atomic():
        change(customer.pk)
        transaction.set_rollback(True)

    assert heard == []
    assert not FactsMark.objects.exists()


def test_a_broker_that_is_down_fails_nothing_and_is_left_alone_for_a_while(
    company, django_capture_on_commit_callbacks, monkeypatch
):
    calls = []

    def down(args, **options):
        calls.append(args)
        raise OSError("nobody there")

    monkeypatch.setattr(tasks.recompute_customers, "apply_async", down)
    customer = factories.customer()
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            change(customer.pk)

    assert len(calls) == 1
    assert FactsMark.objects.get().number == 3


def test_after_a_while_it_is_tried_again(company, django_capture_on_commit_callbacks, monkeypatch, heard):
    monkeypatch.setattr(bell, "_silent_until", time.monotonic() - 0.001)
    with django_capture_on_commit_callbacks(execute=True):
        change(factories.customer().pk)

    assert len(heard) == 1


def test_nobody_waits_for_a_broker_that_hangs(company, django_capture_on_commit_callbacks, monkeypatch):
    """Two save while the broker hangs; once it is given up, what had been asked for meanwhile is not tried."""
    ringer, asked, given_up, calls = ThreadPoolExecutor(1), threading.Event(), threading.Event(), []

    def hangs(args, **options):
        calls.append(args)
        asked.set()
        given_up.wait(30)
        raise TimeoutError

    monkeypatch.setattr(bell, "_ringer", ringer)
    monkeypatch.setattr(tasks.recompute_customers, "apply_async", hangs)
    with ringer:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                change(factories.customer().pk)
            assert asked.wait(30)
        assert not given_up.is_set()
        given_up.set()

    assert len(calls) == 1
    assert FactsMark.objects.count() == 2


def test_a_forked_process_rings_with_a_thread_of_its_own(monkeypatch):
    """The parent's thread is not there any more, and nothing would ring."""
    of_parent = ThreadPoolExecutor(1)
    monkeypatch.setattr(bell, "_ringer", of_parent)
    bell._new_ringer()
    heard = []
    with bell._ringer:
        bell.publish(SimpleNamespace(name="sweep", apply_async=lambda args, **options: heard.append(args)), 1)

    assert bell._ringer is not of_parent
    assert heard == [(1,)]


def test_a_process_that_ends_leaves_it_to_the_sweep(monkeypatch):
    ended = ThreadPoolExecutor(1)
    ended.shutdown()
    monkeypatch.setattr(bell, "_ringer", ended)
    heard = []
    bell.publish(SimpleNamespace(name="sweep", apply_async=lambda args, **options: heard.append(args)))

    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_of_200_rolled_back_transactions_none_is_announced_and_of_200_commits_all(heard, company):
    rolled_back, kept = factories.customer(), factories.customer()
    for _ in range(200):
        with transaction.atomic():
            change(rolled_back.pk)
            transaction.set_rollback(True)
        with transaction.atomic():
            change(kept.pk)

    assert heard == [("customers", [kept.pk])] * 200


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_part_of_a_transaction_is_not_announced_with_the_rest(heard, company):
    first, undone, last = factories.customer(), factories.customer(), factories.customer()
    with transaction.atomic():
        with transaction.atomic():
            change(first.pk)
        with transaction.atomic():
            change(undone.pk)
            transaction.set_rollback(True)
        with transaction.atomic():
            change(last.pk)

    assert heard == [("customers", [first.pk, last.pk])]


@pytest.mark.django_db(transaction=True)
def test_what_the_last_part_of_a_transaction_undid_does_not_silence_the_rest(heard, company):
    kept, undone = factories.customer(), factories.customer()
    with transaction.atomic():
        change(kept.pk)
        with transaction.atomic():
            change(undone.pk)
            transaction.set_rollback(True)

    assert heard == [("customers", [kept.pk])]
