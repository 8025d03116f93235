"""Contacts."""

import datetime as dt

import pytest

from customers.actions.contacts import add_contact, archive_contact, change_contact, restore_contact
from customers.models import Contact
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def add(cast, **fields):
    return add_contact(actor=cast.rep, now=NOW, customer=cast.own, values={"name": "Ann Example", **fields})


def test_a_contact_is_known_since_today_unless_said_otherwise(cast, heard):
    contact = add(cast)
    assert (contact.customer, contact.since, contact.history.get().history_user) == (cast.own, TODAY, cast.rep)
    assert add(cast, since=None).since is None
    assert heard == [[cast.own.pk], [cast.own.pk]]


def test_wrong_fields_are_named(cast, refused):
    with refused("email"):
        add(cast, email="nobody")
    with refused("name"):
        add(cast, name="")


def test_a_change_raises_the_version_and_a_stale_one_is_a_conflict(cast):
    contact = add(cast)
    change_contact(actor=cast.rep, now=NOW, contact=contact, version=1, values={"phone": "1", "decides": True})
    contact.refresh_from_db()
    assert (contact.phone, contact.decides, contact.version) == ("1", True, 2)
    with pytest.raises(Conflict):
        change_contact(actor=cast.rep, now=NOW, contact=contact, version=1, values={"phone": "2"})


def test_an_archived_contact_can_be_brought_back(cast, heard):
    contact = add(cast)
    archive_contact(actor=cast.rep, now=NOW, contact=contact)
    assert not Contact.objects.live().exists()
    restore_contact(actor=cast.rep, now=NOW, contact=contact)
    assert Contact.objects.live().get() == contact
    assert len(heard) == 3


def test_a_contact_known_earlier_moves_a_since_that_was_not_given(cast):
    customer = factories.customer(since=None)
    add_contact(actor=cast.rep, now=NOW, customer=customer, values={"name": "Ann", "since": dt.date(2020, 5, 5)})
    customer.refresh_from_db()
    assert customer.stage_began_at == dt.datetime(2020, 5, 4, 23, tzinfo=dt.UTC)
