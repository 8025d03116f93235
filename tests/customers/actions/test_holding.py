"""Who holds a customer is waited for: edits of what hangs on it, imports and changes of rules come one after the other."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from customers.actions.contacts import add_contact, change_contact
from customers.actions.internal_work import WorkEntry, edit_work
from customers.actions.planned import change_planned
from customers.actions.writing import locked
from customers.imports import runs
from customers.models import Contact, Touch
from planning.models import RulesVersion
from territory.again import asks_again
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _rows_are_locked(company):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks the whole database")


def waits(call) -> bool:
    """Whether the call, on a connection of its own, waits for a lock that is held."""

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            call()
        except OperationalError as error:
            return asks_again(error)
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def edits(cast):
    contact = factories.contact(cast.own, "Eva")
    planned = factories.planned_touch(cast.own, cast.rep, TODAY)
    work = factories.internal_work(cast.rep, cast.own)
    who = {"actor": cast.rep, "now": NOW, "version": 1}
    entry = WorkEntry(user=cast.rep, kind="meeting", spent_on=TODAY, duration_seconds=60, customer=cast.own)
    return {
        "contact": lambda: change_contact(contact=contact, values={"name": "Ada"}, **who),
        "new contact": lambda: add_contact(actor=cast.rep, now=NOW, customer=cast.own, values={"name": "Bo"}),
        "plan": lambda: change_planned(
            planned=planned, touch_type=planned.type, due_on=TODAY, due_at=None, assignee=cast.mate,
            duration_seconds=60, reason="", **who,
        ),
        "work": lambda: edit_work(work=work, entry=entry, **who),
    }  # fmt: skip


def test_edits_wait_for_who_holds_the_customer(cast, time_machine):
    time_machine.move_to(NOW, tick=False)
    calls = edits(cast)
    with transaction.atomic():
        locked(cast.own)
        assert {name: waits(call) for name, call in calls.items()} == dict.fromkeys(calls, True)
    assert {name: waits(call) for name, call in calls.items()} == dict.fromkeys(calls, False)


def test_who_holds_a_customer_does_not_keep_others_from_adding_rows_that_name_it(cast):
    with transaction.atomic():
        locked(cast.own)
        assert not waits(lambda: factories.touch(cast.own, cast.rep, NOW))
    assert Touch.objects.count() == 1


@pytest.mark.parametrize("kind", ["customers", "contacts", "touches", "orders"])
def test_an_import_holds_the_customers_of_a_piece_while_it_stores_them(cast, time_machine, monkeypatch, kind):
    """What it reads of them is what it writes over: an edit in between would be lost, or pass for unchanged."""
    time_machine.move_to(NOW, tick=False)
    factories.touch_type()
    call = edits(cast)["contact"]
    files = {
        "customers": "name,town\nOwn customer,Bath\n",
        "contacts": "customer,name,title\nOwn customer,Eva,Head\n",
        "touches": "customer,type,at\nOwn customer,Voice call,2026-11-20 10:00\n",
        "orders": "customer,title,status,amount\nOwn customer,Ovens,pending,5\n",
    }
    held = []
    monkeypatch.setattr(runs, "_store", lambda *args, store=runs._store: (store(*args), held.append(waits(call)))[0])
    text = files[kind]
    mapping = {"fields": {name: name for name in text.splitlines()[0].split(",")}}
    report = runs.run_import(kind=kind, data=text.encode(), mapping=mapping, actor=None, now=NOW)
    assert (held, report.rejected) == ([True], 0)
    assert Contact.objects.get(name="Eva").title == ("Head" if kind == "contacts" else "")


def test_versions_of_the_rules_become_visible_in_their_order(company):
    """A higher number that is visible before a lower one would let figures count as fresh without the lower one's change."""
    raised = transaction.atomic(lambda: RulesVersion.raised(changed_at=NOW, what="x"))
    with transaction.atomic():
        first = RulesVersion.raised(changed_at=NOW, what="x")
        assert waits(raised)
    assert raised().number > first.number
