"""Who works on a customer: at most one owner at a time, within the job profile, shares up to 1."""

import datetime as dt
from decimal import Decimal

import pytest

from customers.actions.assignments import assign, change_assignment, change_owner, end_assignment
from customers.models import Assignment
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


@pytest.fixture
def customer(cast):
    return factories.customer(team=cast.exeter)


def put(cast, customer, membership, kind="lead", **fields):
    return assign(actor=cast.manager, now=NOW, customer=customer, membership=membership, kind=kind, **fields)


def periods(customer):
    rows = customer.assignments.order_by("starts_on", "pk")
    return [(str(row.membership.user), row.kind, row.starts_on, row.ends_on) for row in rows]


def test_an_assignment_starts_today_unless_said_otherwise(cast, customer, heard):
    row = put(cast, customer, cast.rep_membership)
    assert (row.starts_on, row.ends_on, row.history.get().history_user) == (TODAY, None, cast.manager)
    assert heard == [[customer.pk]]


@pytest.mark.parametrize(
    ("profile", "authorised"),
    [("sole", {"sole", "lead", "support"}), ("lead", {"lead", "support"}), ("support", {"support"})],
)
@pytest.mark.parametrize("kind", ["sole", "lead", "support"])
def test_the_job_profile_says_as_what_one_may_work(cast, customer, refused, profile, authorised, kind):
    membership = factories.membership(team=cast.exeter, profile=profile)
    if kind in authorised:
        assert put(cast, customer, membership, kind).kind == kind
    else:
        with refused("kind"):
            put(cast, customer, membership, kind)


def test_there_is_one_owner_at_a_time(cast, customer, refused):
    put(cast, customer, cast.rep_membership, starts_on=day("2026-01-01"), ends_on=day("2026-06-30"))
    with refused("kind"):
        put(cast, customer, cast.mate_membership, "sole", starts_on=day("2026-06-30"))
    with refused("kind"):
        put(cast, customer, cast.mate_membership, starts_on=day("2025-01-01"), ends_on=day("2027-01-01"))
    put(cast, customer, cast.mate_membership, starts_on=day("2026-07-01"))
    put(cast, customer, cast.technician_membership, "support", starts_on=day("2026-03-01"))


def test_the_same_membership_works_on_a_customer_once_at_a_time(cast, customer, refused):
    put(cast, customer, cast.rep_membership, "support")
    with refused("membership"):
        put(cast, customer, cast.rep_membership, "lead", starts_on=day("2027-01-01"))


def test_the_membership_must_be_in_force_then(cast, customer, refused):
    former = factories.membership(team=cast.exeter, ends_on=day("2026-06-30"))
    with refused("membership"):
        put(cast, customer, former)
    put(cast, customer, former, starts_on=day("2026-06-30"))


def test_shares_of_a_role_add_up_to_one_at_most(cast, customer, refused):
    put(cast, customer, cast.rep_membership, share=Decimal("0.6"))
    with refused("share") as caught:
        put(cast, customer, cast.mate_membership, "support", share=Decimal("0.5"))
    assert "40 %" in str(caught.value)
    put(cast, customer, cast.mate_membership, "support", share=Decimal("0.4"))
    put(cast, customer, cast.technician_membership, "support", share=Decimal("1"))  # another role


def test_shares_that_never_meet_do_not_add_up(cast, customer, refused):
    put(cast, customer, cast.rep_membership, "support", share=Decimal("0.7"), ends_on=TODAY)
    tomorrow = TODAY + dt.timedelta(days=1)
    put(cast, customer, cast.mate_membership, "support", share=Decimal("0.7"), starts_on=tomorrow)
    third = factories.membership(team=cast.exeter)
    with refused("share"):
        put(cast, customer, third, "support", share=Decimal("0.4"))
    put(cast, customer, third, "support", share=Decimal("0.3"))


def test_wrong_dates_and_shares_are_named(cast, customer, refused):
    with refused("ends_on"):
        put(cast, customer, cast.rep_membership, ends_on=TODAY - dt.timedelta(days=1))
    with refused("share"):
        put(cast, customer, cast.rep_membership, share=Decimal("1.5"))


def test_a_change_keeps_the_rules_and_the_version(cast, customer, refused):
    row = put(cast, customer, cast.rep_membership)
    values = {"kind": "sole", "share": Decimal("0.5"), "starts_on": day("2026-01-01"), "ends_on": None}
    change_assignment(actor=cast.manager, now=NOW, assignment=row, version=1, **values)
    row.refresh_from_db()
    assert (row.kind, row.share, row.starts_on, row.version) == ("sole", Decimal("0.5"), day("2026-01-01"), 2)
    with pytest.raises(Conflict):
        change_assignment(actor=cast.manager, now=NOW, assignment=row, version=1, **values)
    other = put(cast, customer, cast.mate_membership, "support")
    with refused("kind"):
        change_assignment(
            actor=cast.manager,
            now=NOW,
            assignment=other,
            version=1,
            kind="lead",
            share=None,
            starts_on=TODAY,
            ends_on=None,
        )


def test_an_assignment_ends_on_a_day_also_where_its_profile_no_longer_authorises_it(cast, customer, refused):
    row = put(cast, customer, cast.rep_membership, "sole")
    cast.rep_membership.profile = "support"
    cast.rep_membership.save()
    with refused("ends_on"):
        end_assignment(actor=cast.manager, now=NOW, assignment=row, version=1, ends_on=TODAY - dt.timedelta(days=1))
    end_assignment(actor=cast.manager, now=NOW, assignment=row, version=1, ends_on=TODAY)
    row.refresh_from_db()
    assert (row.ends_on, row.version) == (TODAY, 2)


def test_an_end_moved_later_does_not_run_into_the_next_owner(cast, customer, refused):
    row = put(cast, customer, cast.rep_membership, starts_on=day("2026-01-01"), ends_on=day("2026-06-30"))
    put(cast, customer, cast.mate_membership, starts_on=day("2026-07-01"))
    with refused("kind"):
        end_assignment(actor=cast.manager, now=NOW, assignment=row, version=1, ends_on=day("2026-07-01"))


def test_the_owner_changes_from_one_day_to_the_next(cast, customer, heard):
    put(cast, customer, cast.rep_membership, starts_on=day("2026-01-01"))
    put(cast, customer, cast.mate_membership, "support", starts_on=day("2026-02-01"))
    heard.clear()
    change_owner(actor=cast.manager, now=NOW, customer=customer, membership=cast.mate_membership)
    yesterday = TODAY - dt.timedelta(days=1)
    assert periods(customer) == [
        ("Rep", "lead", day("2026-01-01"), yesterday),
        ("Mate", "support", day("2026-02-01"), yesterday),
        ("Mate", "lead", TODAY, None),
    ]
    assert heard == [[customer.pk]]


def test_an_owner_of_the_same_day_is_replaced(cast, customer):
    put(cast, customer, cast.rep_membership)
    change_owner(actor=cast.manager, now=NOW, customer=customer, membership=cast.mate_membership, kind="sole")
    assert periods(customer) == [("Mate", "sole", TODAY, None)]


def test_a_customer_without_an_owner_gets_one(cast, customer, refused):
    with refused("kind"):
        change_owner(actor=cast.rep, now=NOW, customer=customer, membership=cast.rep_membership, kind="support")
    change_owner(actor=cast.rep, now=NOW, customer=customer, membership=cast.rep_membership, on=day("2026-01-01"))
    with refused("on"):
        change_owner(actor=cast.rep, now=NOW, customer=customer, membership=cast.mate_membership, on=day("2025-01-01"))
    assert Assignment.objects.filter(customer=customer).count() == 1
