"""Assignments from files: one owner at a time, within the job profile."""

import datetime as dt
from decimal import Decimal

from customers.models import Assignment
from tests import factories
from tests.customers.imports.results import counts, reasons

FIELDS = {
    "customer": "customer",
    "person": "person",
    "kind": "as",
    "share": "share",
    "starts_on": "from",
    "ends_on": "to",
}
HEAD = "customer,person,as,share,from,to\n"


def test_an_owner_follows_another(load, ground):
    factories.customer("Acme", ground["south"], external_id="C1")
    text = HEAD + "C1,Ann,lead,,,2024-12-31\nC1,Bob,sole,0.5,2025-01-01,\n"
    assert counts(load("assignments", text, FIELDS)) == (2, 0, 0, 0)
    bob = Assignment.objects.get(membership__user__name="Bob")
    assert (bob.kind, bob.share, bob.starts_on) == ("sole", Decimal("0.5"), dt.date(2025, 1, 1))
    assert counts(load("assignments", text, FIELDS)) == (0, 0, 2, 0)
    assert Assignment.history.count() == 2


def test_two_owners_at_a_time_are_refused(load, acme):
    report = load("assignments", HEAD + "C1,Bob,lead,,2025-01-01,2025-12-31\n", FIELDS)
    assert reasons(report) == [(2, "person", "person", "Bob", "the customer has another owner at that time")]


def test_an_owner_can_be_ended_and_followed_in_one_file(load, acme):
    text = HEAD + "C1,Ann,lead,,,2024-12-31\nC1,Bob,lead,,2025-01-01,\n"
    assert counts(load("assignments", text, FIELDS)) == (1, 1, 0, 0)


def test_the_job_profile_limits_what_a_person_may_be(load, ground, acme):
    factories.membership(factories.person("Tess"), ground["south"], profile="support")
    report = load("assignments", HEAD + "C1,Tess,lead,,2030-01-01,\nC1,Tess,support,,,\n", FIELDS)
    assert counts(report) == (1, 0, 0, 1)
    assert report.rejected_rows[0].field == "kind"


def test_shares_of_a_role_add_up_to_one_at_most(load, acme):
    text = HEAD + "C1,Ann,lead,0.7,,\nC1,Bob,support,0.4,,\n"
    report = load("assignments", text, FIELDS)
    assert reasons(report) == [(3, "share", "share", "0.4", "the shares of this role add up to more than 1")]


def test_a_person_without_such_a_membership(load, ground, acme):
    factories.person("Zoe")
    report = load("assignments", HEAD + "C1,Zoe,support,,,\n", FIELDS)
    assert reasons(report) == [(2, "person", "person", "Zoe", "has no such membership at that time")]
