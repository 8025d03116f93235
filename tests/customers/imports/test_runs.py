"""What holds of every import: refused before anything is written, in chunks, resumable, within reach."""

import datetime as dt
import time

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from customers.imports import runs
from customers.imports.errors import CouldNot
from customers.imports.runs import run_import
from customers.locks import held
from customers.models import Customer, Order, Touch
from territory.company.models import Company
from tests import factories
from tests.customers.imports.conftest import NOW
from tests.customers.imports.results import counts, reasons

CUSTOMER = {"external_id": "id", "name": "name", "team": "team", "since": "since"}
HEAD = "id,name,team,since\n"


def test_ambiguous_dates_are_refused_before_anything_is_written(load):
    text = HEAD + "C1,Acme,South,2021-04-03\nC2,Beta,South,03/04/2021\n"
    with pytest.raises(CouldNot) as caught:
        load("customers", text, CUSTOMER)
    assert str(caught.value) == (
        "Row 3, column “since”: “03/04/2021” can be read in more than one way. "
        "Choose “dates” in the mapping, for instance DD/MM/YYYY or MM/DD/YYYY."
    )
    assert not Customer.objects.exists()


def test_ambiguous_dates_go_in_once_the_format_is_chosen(load):
    for pattern, day in (("DD/MM/YYYY", dt.date(2021, 4, 3)), ("MM/DD/YYYY", dt.date(2021, 3, 4))):
        load("customers", HEAD + "C1,Acme,South,03/04/2021\n", mapping={"dates": pattern, "fields": CUSTOMER})
        assert Customer.objects.get().since == day


def test_ambiguous_times_of_a_span_are_refused_too(load, acme):
    fields = {"customer": "c", "type": "t", "at": {"constant": "2026-01-01"}, "minutes": {"from": "a", "to": "b"}}
    with pytest.raises(CouldNot, match="column “b”: “03/04/2021 10:00”"):
        load("touches", "c,t,a,b\nC1,Voice call,2021-04-03T09:00,03/04/2021 10:00\n", fields)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("customers", {"name": "nam"}, "fields.name: The file has no column “nam”. It has: id, name, team, since."),
        ("customers", {"town": "name"}, "fields: the mapping must name name."),
        ("touches", {"customer": "id", "type": "name"}, "fields: the mapping must name at."),
        ("customers", {"name": "name", "team": {"constant": "Moon"}}, "fields.team.constant: “Moon” no team with this"),
        (
            "customers",
            {"name": "name", "since": {"constant": "1/2/2021"}},
            "fields.since.constant: “1/2/2021” is not a day",
        ),
        ("goats", {"name": "name"}, "“goats” cannot be imported. Kinds: teams, people, product_lines"),
    ],
)
def test_what_stops_an_import_names_its_place(load, kind, fields, words):
    with pytest.raises(CouldNot) as caught:
        load(kind, HEAD + "C1,Acme,South,\n", fields)
    assert str(caught.value).startswith(words)


def test_an_amount_in_another_currency_stops_it(load):
    with pytest.raises(CouldNot, match="currency: the file is in EUR, the company's currency is GBP"):
        load("customers", HEAD, mapping={"currency": "EUR", "fields": CUSTOMER})


@pytest.mark.django_db
def test_without_a_company_there_is_nothing_to_import_into():
    Company.objects.all().delete()
    with pytest.raises(CouldNot, match="not set up"):
        run_import(kind="teams", data=b"name\nSouth\n", mapping={"fields": {"name": "name"}}, actor=None, now=NOW)


def test_a_header_without_rows_is_nothing_to_do(load):
    assert counts(load("customers", HEAD, CUSTOMER)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("if_blank", "outcome"),
    [
        ("default", (1, 0, 0, 0, 0)),
        ("reject", (0, 0, 0, 0, 1)),
        ("skip", (0, 0, 0, 1, 0)),
        ({"default": "2020-01-01"}, (1, 0, 0, 0, 0)),
        ({"column": "other"}, (1, 0, 0, 0, 0)),
    ],
)
def test_what_a_blank_cell_means(load, if_blank, outcome):
    fields = CUSTOMER | {"since": {"column": "since", "if_blank": if_blank}}
    report = load("customers", "id,name,team,since,other\nC1,Acme,South,,2019-01-01\n", fields)
    assert (report.created, report.changed, report.unchanged, report.skipped, report.rejected) == outcome
    since = {"{'default': '2020-01-01'}": dt.date(2020, 1, 1), "{'column': 'other'}": dt.date(2019, 1, 1)}
    if report.created:
        assert Customer.objects.get().since == since.get(str(if_blank))


def test_words_that_stand_for_blank(load):
    mapping = {"blank": ["NULL", "-"], "fields": CUSTOMER}
    load("customers", HEAD + "C1,Acme,South,NULL\n", mapping=mapping)
    assert Customer.objects.get().since is None


def test_values_stand_for_others_and_for_nothing(load):
    fields = CUSTOMER | {
        "team": {"column": "team", "values": {"S": "South"}},
        "since": {"column": "since", "values": {"?": ""}},
    }
    load("customers", HEAD + "C1,Acme,S,?\n", fields)
    assert Customer.objects.get().team.name == "South"


def test_a_dry_run_stores_nothing(load, heard):
    report = load("customers", HEAD + "C1,Acme,South,\nC2,Beta,Moon,\n", CUSTOMER, dry_run=True)
    assert counts(report) == (1, 0, 0, 1)
    assert not Customer.objects.exists()
    assert not Customer.history.exists()


def test_a_dry_run_holds_nobody_up(load, monkeypatch):
    load("customers", HEAD + "C1,Acme,South,\n", CUSTOMER)
    asked = []
    monkeypatch.setattr(runs, "held", lambda keys: asked.append(keys) or held(keys))
    load("customers", HEAD + "C1,Acme Ltd,South,\n", CUSTOMER, dry_run=True)
    assert not asked
    load("customers", HEAD + "C1,Acme Ltd,South,\n", CUSTOMER)
    assert asked


def test_facts_changed_is_said_once_a_chunk(load, heard):
    text = HEAD + "".join(f"C{n},Acme {n},South,2020-01-01\n" for n in range(5))
    load("customers", text, CUSTOMER, chunk=2)
    assert [len(call) for call in heard] == [2, 2, 1]


def queries_of_a_chunk(load, kind, text, fields):
    with CaptureQueriesContext(connection) as queries:
        load(kind, text, fields)
    return len(queries)


ORDER = {
    "external_id": "id",
    "customer": "c",
    "status": {"constant": "won"},
    "amount": "n",
    "closed": "d",
    "salesperson": "p",
}
TOUCH = {
    "external_id": "id",
    "customer": "c",
    "type": {"constant": "Voice call"},
    "at": "d",
    "minutes": "n",
    "person": "p",
}
ROWS = {
    "customers": (CUSTOMER, HEAD, "N{n},New {n},South,2020-01-01\n"),
    "orders": (ORDER, "id,c,n,d,p\n", "O{n},C{n},10,2026-03-01,P1\n"),
    "touches": (TOUCH, "id,c,n,d,p\n", "T{n},C{n},10,2026-03-01,P1\n"),
    "contacts": ({"customer": "c", "name": "n"}, "c,n\n", "C{n},Eva\n"),
    "assignments": ({"customer": "c", "person": "p", "kind": "k"}, "c,p,k\n", "C{n},P2,support\n"),
    "internal_work": (
        {"external_id": "id", "person": "p", "spent_on": "d", "minutes": "n", "customer": "c"},
        "id,c,n,d,p\n",
        "W{n},C{n},10,2026-03-01,P1\n",
    ),
    "stages": (
        {"customer": "c", "stage": {"constant": "lost"}, "at": "d", "reason": "r"},
        "c,d,r\n",
        "C{n},2026-03-01,no\n",
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_chunk_takes_as_many_queries_for_one_row_as_for_twenty(load, ground, kind):
    fields, head, row = ROWS[kind]
    for n in range(22):
        factories.customer(f"Acme {n}", ground["south"], external_id=f"C{n}")
    load(kind, head + row.format(n=21), fields)
    one = queries_of_a_chunk(load, kind, head + row.format(n=0), fields)
    twenty = queries_of_a_chunk(load, kind, head + "".join(row.format(n=n) for n in range(1, 21)), fields)
    assert twenty == one


@pytest.mark.parametrize("kind", ROWS)
def test_the_same_file_again_writes_no_row(load, ground, kind):
    fields, head, row = ROWS[kind]
    for n in range(3):
        factories.customer(f"Acme {n}", ground["south"], external_id=f"C{n}")
    text = head + "".join(row.format(n=n) for n in range(3))
    load(kind, text, fields)
    with CaptureQueriesContext(connection) as queries:
        assert counts(load(kind, text, fields)) == (0, 0, 3, 0)
    assert [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_is_finished_by_running_again(load, monkeypatch):
    text = HEAD + "".join(f"C{n},Acme {n},South,2020-01-01\n" for n in range(5))
    store = runs._store
    calls = []

    def killed(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        store(*args)

    monkeypatch.setattr(runs, "_store", killed)
    with pytest.raises(KeyboardInterrupt):
        load("customers", text, CUSTOMER, chunk=2)
    monkeypatch.undo()
    assert Customer.objects.count() == 4
    assert counts(load("customers", text, CUSTOMER, chunk=2)) == (1, 0, 4, 0)
    assert counts(load("customers", text, CUSTOMER, chunk=2)) == (0, 0, 5, 0)


def test_what_the_database_refuses_rejects_its_row_only(load, ground):
    """A name that is another's is found by the database alone."""
    load("product_lines", "id,name\nL1,Alpha\nL2,Beta\n", {"external_id": "id", "name": "name"})
    text = "id,name\nL3,Gamma\nL1,Beta\nL4,Delta\n"
    report = load("product_lines", text, {"external_id": "id", "name": "name"})
    assert counts(report) == (2, 0, 0, 1)
    assert reasons(report) == [(3, "", "", "", "is stored already in a row that cannot be changed this way")]


def test_ten_thousand_rows_of_which_a_thousand_are_bad(load, ground):
    factories.customer("Acme", ground["south"], external_id="C1")
    rows = (f"T{n},C{1 if n % 10 else 9},5,2026-03-01T{n % 24:02}:{n % 60:02},P1\n" for n in range(10_000))
    began = time.process_time()  # however busy the machine is
    report = load("touches", "id,c,n,d,p\n" + "".join(rows), TOUCH)
    assert counts(report) == (9000, 0, 0, 1000)
    assert Touch.objects.count() == 9000
    assert time.process_time() - began < 60


def test_bad_rows_within_a_chunk_do_not_slow_down_the_good_ones(load, ground):
    """Only what the database itself refuses is stored row by row."""
    text = HEAD + "".join(f"C{n},Acme {n},{'South' if n % 2 else 'Moon'},\n" for n in range(40))
    with CaptureQueriesContext(connection) as queries:
        assert counts(load("customers", text, CUSTOMER)) == (20, 0, 0, 20)
    assert len(queries) < 60


class TestReach:
    """To an importing person no other customer, team or person exists than those within reach."""

    @pytest.fixture
    def manager(self, ground) -> User:
        return factories.membership(factories.person("Boss"), ground["south"], "Sales manager").user

    def test_customers_outside_reach_are_unknown(self, load, ground, acme, manager):
        factories.customer("Far", ground["north"], external_id="C2")
        text = "id,c,n,d,p\nBig,C1,10,2026-03-01,\nFar,C2,10,2026-03-01,\nNone,C9,10,2026-03-01,\n"
        fields = {name: row for name, row in ORDER.items() if name != "external_id"} | {"title": "id"}
        report = load("orders", text, fields, actor=manager)
        assert counts(report) == (1, 0, 0, 2)
        assert [row.reason for row in report.rejected_rows] == ["no customer with this external id / name"] * 2
        order = Order.objects.get()
        assert {row.history_user for row in order.history.all()} == {manager}

    def test_teams_outside_reach_are_unknown(self, load, manager):
        report = load("customers", HEAD + "C1,Acme,North,\n", CUSTOMER, actor=manager)
        assert reasons(report) == [(2, "team", "team", "North", "no team with this external id / name")]

    def test_who_may_not_import_is_refused(self, load, ground):
        rep = ground["south"].memberships.get().user
        with pytest.raises(PermissionDenied):
            load("customers", HEAD + "C1,Acme,South,\n", CUSTOMER, actor=rep)

    def test_what_belongs_to_the_whole_company_takes_reach_over_all(self, load, manager, ground):
        for kind, text in (("teams", "name\nEast\n"), ("people", "name\nCy\n"), ("product_lines", "name\nPro\n")):
            with pytest.raises(PermissionDenied):
                load(kind, text, {"name": "name"}, actor=manager)

    def test_the_author_of_imported_touches_is_the_importing_person(self, load, acme, manager):
        fields = {name: row for name, row in TOUCH.items() if name != "external_id"}
        load("touches", "id,c,n,d,p\nT1,C1,10,2026-03-01,P1\n", fields, actor=manager)
        assert Touch.objects.get().logged_by == manager
