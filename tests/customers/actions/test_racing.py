"""Requests that race each other: what the database's constraints and the lock on the customer are for."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customers.actions.assignments import assign
from customers.actions.customers import change_customer
from customers.actions.internal_work import WorkEntry, log_work
from customers.actions.orders import open_order, win_order
from customers.actions.touches import ConflictError, Participant, TouchEntry, log_touch
from customers.models import Assignment, InternalWork, PlannedTouch, StagePeriod, Touch, TouchPerson
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)


def race(*calls):
    """Run the calls at the same time, each on a connection of its own; returns results or exceptions, in order."""
    start = threading.Barrier(len(calls))

    def run(call):
        start.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001  the error is the result
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def entry(cast, **fields):
    values = {
        "customer": cast.own,
        "type": factories.touch_type(),
        "at": NOW,
        "participants": (Participant(user=cast.rep, duration_seconds=600),),
    }
    return TouchEntry(**(values | fields))


def test_ten_replays_at_a_time_of_a_touch_are_one_touch(cast):
    said = entry(cast, outcome="no_answer")
    for number in range(1, 6):

        def send(number=number):
            return log_touch(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=number), entry=said)

        results = race(*[send] * 10)
        assert len({result.touch.pk for result in results}) == 1
        assert [result.is_new for result in results].count(True) == 1
    assert (Touch.objects.count(), TouchPerson.objects.count(), PlannedTouch.objects.count()) == (5, 5, 5)


def test_of_two_touches_with_one_uuid_one_is_refused(cast):
    one, other = entry(cast), entry(cast, customer=cast.team_mates)
    results = race(
        *[
            lambda said=said: log_touch(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=1), entry=said)
            for said in (one, other)
        ]
    )
    assert [type(result) for result in results].count(ConflictError) == 1
    assert Touch.objects.count() == 1


def test_ten_replays_at_a_time_of_internal_work_are_one(cast):
    said = WorkEntry(user=cast.rep, kind="meeting", spent_on=TODAY, duration_seconds=600, customer=cast.own)
    results = race(*[lambda: log_work(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=1), entry=said)] * 10)
    assert len({result.pk for result in results}) == 1
    assert InternalWork.objects.count() == 1


def test_two_touches_at_a_time_close_two_planned_touches(cast):
    planned = [factories.planned_touch(cast.own, cast.rep, TODAY, planned_at=NOW) for _ in range(2)]
    said = entry(cast)
    results = race(*[lambda n=n: log_touch(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=n), entry=said) for n in (1, 2)])
    assert sorted(row.pk for result in results for row in result.closed) == [row.pk for row in planned]


def test_of_two_owners_at_a_time_one_is_refused(cast):
    customer = factories.customer(team=cast.exeter)
    tomorrow = TODAY.replace(day=TODAY.day + 1)

    def own(membership):
        return lambda: assign(
            actor=cast.manager, now=NOW, customer=customer, membership=membership, kind="lead", ends_on=tomorrow
        )

    results = race(own(cast.rep_membership), own(cast.mate_membership))
    assert [type(result) for result in results].count(ValidationError) == 1
    assert Assignment.objects.filter(customer=customer).count() == 1


def test_of_two_edits_at_a_time_one_is_a_conflict(cast):
    def edit(name):
        row = type(cast.own).objects.get(pk=cast.own.pk)
        return lambda: change_customer(actor=cast.rep, now=NOW, customer=row, version=1, values={"name": name})

    results = race(edit("One"), edit("Two"))
    assert [type(result) for result in results].count(Conflict) == 1


def test_two_orders_won_at_a_time_make_one_customer_stage(cast):
    def order():
        return open_order(actor=cast.rep, now=NOW, customer=cast.own, values={"amount": Decimal(10)})

    orders = [order(), order()]
    race(*[lambda row=row: win_order(actor=cast.rep, now=NOW, order=row, version=1) for row in orders])
    cast.own.refresh_from_db()
    assert cast.own.stage == "customer"
    assert list(StagePeriod.objects.filter(customer=cast.own).values_list("stage", flat=True)) == [
        "prospect",
        "customer",
    ]
