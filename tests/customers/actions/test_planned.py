"""Planned touches: plan, change, put off, cancel."""

import datetime as dt
import uuid

import pytest

from customers.actions.planned import cancel_planned, change_planned, plan_touch, put_off, restore_planned
from customers.actions.touches import ConflictError
from customers.models import PlannedTouch
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def voice(company):
    return factories.touch_types()["voice"]


def plan(cast, voice, **fields):
    values = {"actor": cast.rep, "now": NOW, "customer": cast.own, "touch_type": voice, "due_on": TODAY + DAY}
    return plan_touch(**(values | fields))


def test_a_touch_is_planned_for_who_plans_it_at_its_usual_length(cast, voice, heard):
    row = plan(cast, voice, reason=" they asked for it ")
    assert (row.assignee, row.planned_by, row.planned_at, row.source) == (cast.rep, cast.rep, NOW, "by_hand")
    assert (row.duration_seconds, row.reason, row.closed_at) == (900, "they asked for it", None)
    assert heard == [[cast.own.pk]]


def test_a_touch_can_be_planned_for_another_at_a_time_for_an_order(cast, voice):
    order = factories.order(cast.own)
    row = plan(cast, voice, assignee=cast.mate, due_at=NOW + DAY, duration_seconds=60, order=order)
    assert (row.assignee, row.due_at, row.duration_seconds, row.order) == (cast.mate, NOW + DAY, 60, order)


def test_the_same_plan_sent_twice_is_one(cast, voice):
    one = plan(cast, voice, uuid=uuid.UUID(int=1))
    assert plan(cast, voice, uuid=uuid.UUID(int=1)) == one
    with pytest.raises(ConflictError):
        plan(cast, voice, uuid=uuid.UUID(int=1), actor=cast.mate)
    with pytest.raises(ConflictError):
        plan(cast, voice, uuid=uuid.UUID(int=1), customer=cast.team_mates)
    with pytest.raises(ConflictError):
        plan(cast, voice, uuid=uuid.UUID(int=1), reason="Something else.")
    assert PlannedTouch.objects.count() == 1


def test_a_plan_that_was_changed_since_is_still_the_one_that_was_sent(cast, voice):
    one = plan(cast, voice, uuid=uuid.UUID(int=1))
    change_planned(
        actor=cast.rep, now=NOW, planned=one, version=1, touch_type=voice, due_on=TODAY + 2 * DAY, due_at=None,
        assignee=cast.rep, duration_seconds=60, reason="Later.",
    )  # fmt: skip
    again = plan(cast, voice, uuid=uuid.UUID(int=1))
    assert (again.pk, again.reason) == (one.pk, "Later.")
    assert PlannedTouch.objects.count() == 1


def test_wrong_plans_are_refused_by_field(cast, voice, refused):
    with refused("due_on"):
        plan(cast, voice, due_on=TODAY - DAY)
    with refused("order"):
        plan(cast, voice, order=factories.order(cast.foreign))
    with refused("reason"):
        plan(cast, voice, reason="x" * 301)
    voice.retired_at = NOW
    with refused("touch_type"):
        plan(cast, voice)


def change(cast, row, version, **fields):
    values = {
        "touch_type": row.type,
        "due_on": row.due_on,
        "due_at": row.due_at,
        "assignee": row.assignee,
        "duration_seconds": row.duration_seconds,
        "reason": row.reason,
    }
    return change_planned(actor=cast.rep, now=NOW, planned=row, version=version, **(values | fields))


def test_a_plan_is_changed_by_version(cast, voice, refused):
    row = plan(cast, voice)
    change(cast, row, 1, due_on=TODAY + 3 * DAY, assignee=cast.mate)
    row.refresh_from_db()
    assert (row.due_on, row.assignee, row.version) == (TODAY + 3 * DAY, cast.mate, 2)
    with pytest.raises(Conflict):
        change(cast, row, 1, reason="late")
    with refused("due_on"):
        change(cast, row, 2, due_on=TODAY - DAY)


def later(cast, voice, **fields):
    values = {"customer": cast.own, "touch_type": voice, "until": TODAY + 5 * DAY, "reason": "on holiday"}
    return put_off(actor=cast.rep, now=NOW, **(values | fields))


def test_what_a_rule_asks_for_is_put_off_by_planning_it(cast, voice, heard):
    row = later(cast, voice, assignee=cast.mate)
    assert (row.due_on, row.source, row.reason, row.assignee) == (
        TODAY + 5 * DAY,
        "put_off",
        "on holiday",
        cast.mate,
    )
    assert heard == [[cast.own.pk]]


def test_a_planned_touch_is_put_off_by_moving_it(cast, voice):
    named = plan(cast, voice, due_at=NOW + DAY)
    first = plan(cast, voice, due_on=TODAY)
    assert later(cast, voice, planned=named) == named
    assert later(cast, voice) == first
    named.refresh_from_db()
    assert (named.due_on, named.due_at, named.source, named.version) == (TODAY + 5 * DAY, None, "put_off", 2)
    assert named.history.count() == 2


def test_what_was_done_meanwhile_is_not_put_off(cast, voice, refused):
    shown = plan(cast, voice)
    cancel_planned(actor=cast.rep, now=NOW, planned=PlannedTouch.objects.get(pk=shown.pk))
    with refused("planned"):
        later(cast, voice, planned=shown)
    assert not PlannedTouch.objects.open().exists()


def test_it_is_put_off_to_a_later_day_with_a_reason(cast, voice, refused):
    with refused("until"):
        later(cast, voice, until=TODAY)
    with refused("reason"):
        later(cast, voice, reason=" ")


def test_a_plan_is_cancelled_and_brought_back(cast, voice, heard):
    row = plan(cast, voice)
    cancel_planned(actor=cast.rep, now=NOW, planned=row, reason="no longer there")
    cancel_planned(actor=cast.rep, now=NOW, planned=row)
    row.refresh_from_db()
    assert (row.closed_at, row.history.first().history_change_reason) == (NOW, "no longer there")
    restore_planned(actor=cast.rep, now=NOW, planned=row)
    restore_planned(actor=cast.rep, now=NOW, planned=row)
    assert PlannedTouch.objects.open().get() == row
    assert len(heard) == 3


def test_what_was_done_is_not_brought_back(cast, voice, refused):
    touch = factories.touch(cast.own)
    row = factories.planned_touch(cast.own, closed_at=NOW, closed_by_touch=touch)
    with refused("planned"):
        restore_planned(actor=cast.rep, now=NOW, planned=row)
