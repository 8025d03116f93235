"""Every page asks the database as often about 1,000 customers, with all that is about them, as about one."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.views import orders, parts
from tests import factories
from tests.accounts.signing_in import client_of
from tests.busy_customer import busy_customer
from tests.copies import copies
from tests.every_page import every_page
from tests.planning.answering import compute_answers

FEW, MANY = 1, 1_000
# What is chosen in a form and is not among the first that a list offers is read by itself.
ONE_MORE = 1


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_statements_do_not_grow(cast, time_machine, monkeypatch, who):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    customer = busy_customer(cast.rep_membership)
    addresses = every_page(cast)
    factories.alignment(cast.exeter, cast.manager, (customer, cast.mate_membership))
    for views in (parts, orders):
        monkeypatch.setattr(views, "FILE_PIECE", 2 * MANY)  # files are read in pieces: one
    client = client_of(getattr(cast, who))
    copies(customer, FEW)
    few = asked_once_answered(client, addresses)
    copies(customer, MANY - FEW)
    many = asked_once_answered(client, addresses)
    assert {
        address: (few[address], many[address]) for address in few if many.get(address, 0) > few[address] + ONE_MORE
    } == {}
    assert len(many) == len(few) > 60


def asked_once_answered(client: Client, addresses: list[str]) -> dict[str, int]:
    """What a process keeps is looked up, and what a job answers is there."""
    asked(client, addresses)
    compute_answers()
    return asked(client, addresses)


def asked(client: Client, addresses: list[str]) -> dict[str, int]:
    """Statements, by the address of a page that is there for this person."""
    found = {}
    for address in addresses:
        cache.clear()  # who asks too often is stopped otherwise
        with CaptureQueriesContext(connection) as statements:
            answer = client.get(address)
            if answer.streaming:
                answer.getvalue()  # a file asks while it is read
        if answer.status_code == 200:
            found[address] = len(statements)
    return found
