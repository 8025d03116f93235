"""Cover: who may stand in for whom, when, and on what; and that nothing is covered twice."""

import datetime as dt

import pytest

from accounts.actions.absences import change_absence, remove_absence
from accounts.models import Cover
from accounts.signals import people_facts_changed
from customers.actions.covers import add_cover, change_cover, remove_cover
from customers.models import CoveredCustomer
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

LATER = TODAY + dt.timedelta(days=6)


@pytest.fixture
def away(cast):
    return factories.absence(cast.rep, TODAY, LATER)


def add(cast, **fields):
    values = {"user": cast.rep, "membership": cast.mate_membership, "starts_on": TODAY, "ends_on": LATER, **fields}
    return add_cover(actor=cast.manager, now=NOW, **values)


def test_a_cover_has_a_history_entry_and_tells_whom_it_concerns(cast, away):
    told = []

    def receive(user_ids, **_):
        told.extend(user_ids)

    people_facts_changed.connect(receive)
    row = add(cast)
    people_facts_changed.disconnect(receive)
    assert (row.covers_all, row.history.get().history_user, row.history.get().history_date) == (True, cast.manager, NOW)
    assert told == [cast.rep.pk]


def test_chosen_customers_are_kept_with_their_history(cast, away):
    row = add(cast, customers=[cast.own])
    assert (row.covers_all, row.customers.get().customer) == (False, cast.own)
    other = factories.customer("Another", owner=cast.rep_membership)
    change_cover(
        actor=cast.manager, now=NOW, cover=row, version=1, membership=cast.mate_membership, starts_on=TODAY,
        ends_on=TODAY, customers=[other],
    )  # fmt: skip
    assert [each.customer for each in row.customers.all()] == [other]
    assert CoveredCustomer.history.filter(history_user=cast.manager).count() == 3


def test_of_two_changes_the_second_is_a_conflict(cast, away):
    row = add(cast)
    said = {"membership": cast.mate_membership, "starts_on": TODAY, "ends_on": TODAY, "customers": None}
    change_cover(actor=cast.manager, now=NOW, cover=Cover.objects.get(pk=row.pk), version=1, **said)
    with pytest.raises(Conflict):
        change_cover(actor=cast.admin, now=NOW, cover=row, version=1, **said)


def test_a_removed_cover_is_gone_and_its_history_stays(cast, away):
    row = add(cast, customers=[cast.own])
    remove_cover(actor=cast.manager, now=NOW, cover=row)
    assert not Cover.objects.exists()
    assert not CoveredCustomer.objects.exists()
    assert [entry.history_type for entry in Cover.history.order_by("history_id")] == ["+", "-"]


def test_the_last_day_is_not_before_the_first(cast, away, refused):
    with refused("ends_on"):
        add(cast, starts_on=LATER, ends_on=TODAY)


def test_only_days_away_are_covered(cast, away, refused):
    with refused("ends_on") as caught:
        add(cast, ends_on=LATER + dt.timedelta(days=1))
    assert caught.value.messages == ["Rep is not away on 2 Dec. Add the absence first."]


def test_nobody_covers_themselves(cast, away, refused):
    with refused("membership"):
        add(cast, membership=cast.rep_membership)


def test_who_is_deactivated_covers_nobody(cast, away, refused):
    with refused("membership") as caught:
        add(cast, membership=cast.leaver.memberships.get())
    assert caught.value.messages == ["Leaver is deactivated. Choose somebody else."]


def test_who_is_away_too_covers_nobody(cast, away, refused):
    factories.absence(cast.mate, LATER, LATER + dt.timedelta(days=3))
    with refused("membership") as caught:
        add(cast)
    assert caught.value.messages == ["Mate is away then too, from 1 Dec to 4 Dec. Choose somebody else, or other days."]


def test_who_covers_is_a_member_on_all_days(cast, away, refused):
    cast.mate_membership.ends_on = TODAY
    cast.mate_membership.save()
    with refused("membership"):
        add(cast)


def test_work_is_not_covered_twice(cast, away, refused):
    add(cast)
    with refused("starts_on") as caught:
        add(cast, membership=cast.technician_membership, customers=[cast.own])
    assert caught.value.messages == [
        "Mate covers this work already, from 25 Nov to 1 Dec. Change that, or choose other days."
    ]


def test_different_customers_may_be_covered_by_different_people(cast, away, refused):
    other = factories.customer("Another", owner=cast.rep_membership)
    add(cast, customers=[cast.own])
    add(cast, membership=cast.technician_membership, customers=[other])
    with refused("starts_on"):
        add(cast, membership=cast.technician_membership, customers=[cast.own], starts_on=LATER)


def test_no_customer_chosen_is_refused(cast, away, refused):
    with refused("customers"):
        add(cast, customers=[])


def test_with_the_absence_goes_its_cover(cast, away):
    add(cast)
    remove_absence(actor=cast.manager, now=NOW, absence=away)
    assert not Cover.objects.exists()
    assert Cover.history.first().history_user == cast.manager


def test_a_cover_of_days_still_away_stays(cast, away):
    add(cast)
    change_absence(actor=cast.manager, now=NOW, absence=away, version=1, ends_on=TODAY)
    assert Cover.objects.count() == 1
