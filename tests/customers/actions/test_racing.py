"""Requests that race each other: what the database's constraints and the lock on the customer are for."""

import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from customers.actions.assignments import assign
from customers.actions.customers import change_customer
from customers.actions.hand_over import hand_over
from customers.actions.internal_work import WorkEntry, log_work
from customers.actions.orders import open_order, win_order
from customers.actions.touches import ConflictError, Participant, TouchEntry, log_touch
from customers.models import Assignment, InternalWork, PlannedTouch, StagePeriod, Touch, TouchPerson
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)


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


def handing_over(cast, chosen):
    """The rep's customers to their mate."""
    return lambda: hand_over(
        actor=cast.manager, now=NOW, person=cast.rep, receiver=cast.mate_membership, on=TODAY, chosen=chosen,
        with_orders=True,
    )  # fmt: skip


def books(cast, count):
    """Customers of the rep with something planned and pending each, by assignment and version."""
    chosen = {}
    for number in range(count):
        row = factories.customer(f"Book {number}", owner=cast.rep_membership)
        factories.planned_touch(row, cast.rep, TODAY, planned_at=NOW)
        factories.order(row, 500, salesperson=cast.rep)
        chosen[row.assignments.get().pk] = 1
    return chosen


def test_touches_logged_during_a_hand_over_are_kept_and_the_hand_over_is_done(cast, time_machine):
    time_machine.move_to(NOW, tick=False)
    chosen = books(cast, 6)
    rows = list(Assignment.objects.filter(pk__in=chosen).select_related("customer").order_by("-pk"))

    def log(number, row):
        said = entry(cast, customer=row.customer)
        return lambda: log_touch(actor=cast.rep, now=NOW, uuid=uuid.UUID(int=number), entry=said)

    logs = [log(number, row) for number, row in enumerate(rows, start=1)]
    done, *touches = race(handing_over(cast, chosen), *logs)
    assert (done.customers, done.orders) == (6, 6)
    assert [touch.is_new for touch in touches] == [True] * 6
    assert Touch.objects.count() == 6
    # What a touch did is done; what it did not is the receiver's. None is lost, none is done and handed over.
    assert PlannedTouch.objects.filter(closed_at__isnull=True).exclude(assignee=cast.mate).count() == 0
    owners = Assignment.objects.on(TODAY).owners().filter(customer__name__startswith="Book")
    assert {row.membership for row in owners} == {cast.mate_membership}


def test_a_hand_over_sent_twice_at_once_is_done_once(cast, time_machine):
    time_machine.move_to(NOW, tick=False)
    chosen = books(cast, 3)
    results = race(handing_over(cast, chosen), handing_over(cast, chosen))
    assert sorted((done.customers, done.already) for done in results) == [(0, 3), (3, 0)]
    assert Assignment.objects.owners().filter(customer__name__startswith="Book").on(TODAY).count() == 3


def test_an_order_won_during_a_hand_over_stays_its_sellers(cast, time_machine):
    time_machine.move_to(NOW, tick=False)
    chosen = books(cast, 1)
    order = cast.rep.orders.get()
    won, done = race(lambda: win_order(actor=cast.rep, now=NOW, order=order, version=1), handing_over(cast, chosen))
    order.refresh_from_db()
    if isinstance(won, Conflict):  # the hand-over was first: the seller is shown what it is now
        assert (order.status, order.salesperson) == ("pending", cast.mate)
    else:
        assert (order.status, order.salesperson) == ("won", cast.rep)
    assert done.customers == 1
