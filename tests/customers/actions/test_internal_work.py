"""Internal work."""

import datetime as dt
import uuid

import pytest

from customers.actions.internal_work import WorkEntry, edit_work, log_work, restore_work, undo_work
from customers.actions.touches import ConflictError
from customers.models import InternalWork
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def entry(cast, **fields):
    values = {"user": cast.rep, "kind": "preparation", "spent_on": TODAY, "duration_seconds": 1800}
    if not {"customer", "order", "team"} & set(fields):
        values["customer"] = cast.own
    return WorkEntry(**(values | fields))


def log(cast, said, number=1, actor=None):
    return log_work(actor=actor or cast.rep, now=NOW, uuid=uuid.UUID(int=number), entry=said)


def test_work_is_logged_in_the_role_of_that_time(cast, heard):
    row = log(cast, entry(cast, note="drawings"))
    assert (row.customer, row.user, row.role.name, row.spent_on) == (cast.own, cast.rep, "Salesperson", TODAY)
    assert (row.duration_seconds, row.logged_by, row.logged_at, row.note) == (1800, cast.rep, NOW, "drawings")
    assert row.history.get().history_user == cast.rep
    assert heard == [[cast.own.pk]]


def test_work_for_an_order_is_for_its_customer(cast):
    order = factories.order(cast.own)
    assert log(cast, entry(cast, order=order)).customer == cast.own


def test_work_for_a_team_concerns_no_customer(cast, heard):
    assert log(cast, entry(cast, team=cast.exeter, kind="meeting")).customer is None
    assert heard == []


def test_wrong_work_is_refused_by_field(cast, refused):
    with refused("__all__"):
        log(cast, entry(cast, customer=None))
    with refused("order"):
        log(cast, entry(cast, customer=cast.own, order=factories.order(cast.foreign)))
    with refused("duration_seconds"):
        log(cast, entry(cast, duration_seconds=0))
    with refused("spent_on"):
        log(cast, entry(cast, spent_on=TODAY + dt.timedelta(days=2)))
    with refused("kind"):
        log(cast, entry(cast, kind="juggling"))
    assert not InternalWork.objects.exists()


def test_the_same_work_sent_twice_is_one_also_after_an_edit(cast):
    row = log(cast, entry(cast))
    edit_work(actor=cast.rep, now=NOW, work=row, version=1, entry=entry(cast, duration_seconds=60))
    assert log(cast, entry(cast)) == row
    assert InternalWork.objects.count() == 1


def test_the_same_uuid_with_other_content_or_from_another_is_refused(cast):
    log(cast, entry(cast))
    with pytest.raises(ConflictError):
        log(cast, entry(cast, duration_seconds=60))
    with pytest.raises(ConflictError):
        log(cast, entry(cast), actor=cast.mate)


def test_an_edit_tells_of_both_customers(cast, heard):
    row = log(cast, entry(cast))
    heard.clear()
    edit_work(actor=cast.rep, now=NOW, work=row, version=1, entry=entry(cast, customer=cast.team_mates))
    row.refresh_from_db()
    assert (row.customer, row.version) == (cast.team_mates, 2)
    assert heard == [sorted([cast.own.pk, cast.team_mates.pk])]
    with pytest.raises(Conflict):
        edit_work(actor=cast.rep, now=NOW, work=row, version=1, entry=entry(cast))


def test_work_is_undone_and_brought_back(cast, heard):
    row = log(cast, entry(cast))
    undo_work(actor=cast.rep, now=NOW, work=row)
    undo_work(actor=cast.rep, now=NOW, work=row)
    assert not InternalWork.objects.live().exists()
    restore_work(actor=cast.rep, now=NOW, work=row)
    assert InternalWork.objects.live().get() == row
    assert len(heard) == 3
