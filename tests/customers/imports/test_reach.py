"""Whoever imports with less than the whole company's reach writes no more than by hand, and learns of no other row."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from customers.imports.errors import CouldNot
from customers.models import Assignment, Contact, Customer, InternalWork, Order, Potential, Touch
from territory.formats.cells import csv_lines
from tests import factories
from tests.customers.imports.results import counts, reasons

UNKNOWN = "no row within your reach has this external id; new ones are given by who may import everything"
LONG_AGO = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)


@pytest.fixture
def manager(ground) -> User:
    return factories.membership(factories.person("Boss"), ground["south"], "Sales manager").user


@pytest.fixture
def far(ground):
    """A customer of the other team."""
    return factories.customer("Far", ground["north"], external_id="C2")


def test_an_order_of_another_team_is_not_drawn_over_by_its_external_id(load, acme, far, manager):
    factories.order(far, 700, external_id="O2", title="Theirs")
    fields = {"external_id": "id", "customer": "c", "status": {"constant": "pending"}, "amount": "n"}
    report = load("orders", "id,c,n\nO2,C1,10\nO9,C1,10\n", fields, actor=manager)
    assert reasons(report) == [(2, "external_id", "id", "O2", UNKNOWN), (3, "external_id", "id", "O9", UNKNOWN)]
    assert Order.objects.get().customer == far


def test_a_touch_of_another_team_is_not_drawn_over_by_its_external_id(load, acme, far, manager):
    factories.touch(far, at=LONG_AGO, external_id="T2")
    fields = {"external_id": "id", "customer": "c", "type": {"constant": "Voice call"}, "at": "d"}
    report = load("touches", "id,c,d\nT2,C1,2026-03-01\nT9,C1,2026-03-01\n", fields, actor=manager)
    assert [row.reason for row in report.rejected_rows] == [UNKNOWN, UNKNOWN]
    assert Touch.objects.get().customer == far


def test_internal_work_of_another_team_is_not_drawn_over_by_its_external_id(load, ground, acme, far, manager):
    bob = ground["north"].memberships.get().user
    factories.internal_work(bob, far, external_id="W2")
    fields = {"external_id": "id", "person": "p", "spent_on": "d", "minutes": "n", "customer": {"constant": "C1"}}
    report = load("internal_work", "id,p,d,n\nW2,P1,2026-03-01,5\nW9,P1,2026-03-01,5\n", fields, actor=manager)
    assert [row.reason for row in report.rejected_rows] == [UNKNOWN, UNKNOWN]
    assert InternalWork.objects.get().user == bob


@pytest.mark.parametrize(
    ("kind", "fields", "row"),
    [
        ("customers", {"external_id": "id", "name": "n", "team": {"constant": "South"}}, "{},New"),
        ("contacts", {"external_id": "id", "customer": {"constant": "C1"}, "name": "n"}, "{},Eva"),
    ],
)
def test_an_external_id_of_a_hidden_row_answers_as_a_free_one(load, acme, far, manager, kind, fields, row):
    factories.contact(far, external_id="K2")
    hidden = "C2" if kind == "customers" else "K2"
    reports = [load(kind, f"id,n\n{row.format(name)}\n", fields, actor=manager) for name in (hidden, "Z9")]
    assert [row.reason for report in reports for row in report.rejected_rows] == [UNKNOWN, UNKNOWN]
    assert Customer.objects.count() == 2
    assert Contact.objects.count() == 1


def test_rows_within_reach_are_changed_by_their_external_id_and_new_ones_made_without(load, acme, manager):
    text = "id,n,t\nC1,Acme Ltd,South\n,Newcomer,South\n"
    fields = {"external_id": "id", "name": "n", "team": "t"}
    assert counts(load("customers", text, fields, actor=manager)) == (1, 1, 0, 0)
    assert counts(load("customers", text, fields, actor=manager)) == (0, 0, 2, 0)


def test_an_order_without_an_external_id_is_known_again_by_what_it_is_for(load, acme, manager):
    fields = {"customer": "c", "title": "t", "status": "s", "amount": "n", "opened": "d"}
    text = "c,t,s,n,d\nC1,Line 4,pending,100,2026-02-01\nC1,Line 5,pending,100,2026-02-01\n"
    assert counts(load("orders", text, fields, actor=manager)) == (2, 0, 0, 0)
    assert counts(load("orders", text.replace("100", "110"), fields, actor=manager)) == (0, 2, 0, 0)
    assert counts(load("orders", text.replace("100", "110"), fields, actor=manager)) == (0, 0, 2, 0)


def test_an_administrator_gives_external_ids_and_changes_old_touches_of_others(load, acme, ground):
    boss = factories.membership(factories.person("Admin"), ground["north"], "Administrator").user
    fields = {"external_id": "id", "customer": "c", "type": {"constant": "Voice call"}, "at": "d", "note": "n"}
    text = "id,c,d,n\nT1,C1,2026-01-05T09:00Z,{}\n"
    assert counts(load("touches", text.format("one"), fields)) == (1, 0, 0, 0)
    assert counts(load("touches", text.format("two"), fields, actor=boss)) == (0, 1, 0, 0)
    assert Touch.objects.get().note == "two"


def with_access(ground, **access) -> User:
    """Somebody in South who may do what is said and nothing else."""
    role = factories.role("Special", access={area.replace("_", "-"): acts for area, acts in access.items()})
    return factories.membership(factories.person("Special"), ground["south"], role).user


def test_the_smaller_reach_counts(load, ground, acme):
    """Imports below, customers below, touches of one's own customers only."""
    both = {"see": "below", "change": "below"}
    who = with_access(
        ground, customers=both, touches={"see": "own", "change": "own"}, **{"import": {"change": "below"}}
    )
    fields = {"customer": "c", "type": {"constant": "Voice call"}, "at": "d"}
    report = load("touches", "c,d\nC1,2026-03-01\n", fields, actor=who)
    assert [row.reason for row in report.rejected_rows] == ["no customer with this external id / name"]


def test_without_reach_over_amounts_nobody_learns_whether_one_is_right(load, ground, acme):
    both = {"see": "below", "change": "below"}
    who = with_access(ground, customers=both, orders=both, **{"import": {"change": "below"}})
    factories.order(acme, 700, external_id="O1", title="Line 4")
    Potential.objects.create(customer=acme, amount=900)
    fields = {"external_id": "id", "customer": "c", "status": {"constant": "pending"}, "amount": "n"}
    for amount in ("700", "800"):
        report = load("orders", f"id,c,n\nO1,C1,{amount}\n", fields, actor=who, dry_run=True)
        assert reasons(report) == [(2, "amount", "n", amount, "you may not see amounts of this customer")]
        report = load("customers", f"n,p\nAcme,{amount}\n", {"name": "n", "potential": "p"}, actor=who, dry_run=True)
        assert reasons(report) == [(2, "potential", "p", amount, "you may not see amounts of this customer")]


def test_cost_rates_take_reach_over_cost(load, ground):
    everything = {"see": "all", "change": "all"}
    who = with_access(ground, people=everything, **{"import": {"change": "all"}})
    with pytest.raises(CouldNot, match="you may not change this"):
        load("people", "n,c\nCy,10\n", {"name": "n", "cost_per_hour": "c"}, actor=who)
    assert counts(load("people", "n,c\nCy,10\n", {"name": "n"}, actor=who)) == (1, 0, 0, 0)


def test_an_assignment_takes_no_membership_of_a_team_outside_reach(load, ground, acme, manager):
    ann = ground["south"].memberships.get(user__name="Ann").user
    Assignment.objects.all().delete()
    factories.membership(ann, ground["north"], "Technical support", starts_on=dt.date(2020, 1, 1))
    fields = {"customer": "c", "person": "p", "role": "r", "kind": {"constant": "support"}}
    report = load("assignments", "c,p,r\nC1,P1,Technical support\n", fields, actor=manager)
    assert reasons(report) == [(2, "person", "p", "P1", "has no such membership at that time")]


def test_absences_of_people_outside_reach_are_refused_as_unknown(load, manager):
    fields = {"person": "p", "starts_on": "a", "ends_on": "a"}
    report = load("absences", "p,a\nP2,2026-12-01\nP99,2026-12-01\nP1,2026-12-01\n", fields, actor=manager)
    assert counts(report) == (1, 0, 0, 2)
    assert len({row.reason for row in report.rejected_rows}) == 1


def test_a_coordinator_imports_no_absences(load, ground):
    who = factories.membership(factories.person("Co"), ground["south"], "Sales coordinator").user
    with pytest.raises(PermissionDenied):
        load("absences", "p,a\nP1,2026-12-01\n", {"person": "p", "starts_on": "a", "ends_on": "a"}, actor=who)


def test_a_thousand_contacts_come_back_as_they_were_written(load, acme):
    names = [f"{sign}Eva {number}" for number in range(250) for sign in ("", "=", "-", "'+")]
    rows = [["C1", name, f"+358 40 {number:07}", f"-{number}.5"] for number, name in enumerate(names)]
    text = "".join(csv_lines(["customer", "name", "phone", "note"], rows))
    fields = {name: name for name in ("customer", "name", "phone", "note")}
    assert counts(load("contacts", text, fields)) == (1000, 0, 0, 0)
    assert [["C1", *row] for row in Contact.objects.order_by("pk").values_list("name", "phone", "note")] == rows
    assert counts(load("contacts", text, fields)) == (0, 0, 1000, 0)
