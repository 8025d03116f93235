"""Every page asks the database as often about 1,000 customers, with all that is about them, as about 10."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.accounts.signing_in import client_of
from tests.busy_customer import busy_customer
from tests.copies import copies
from tests.every_page import every_page

FEW, MANY = 10, 1_000


@pytest.mark.slow
@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_statements_do_not_grow(cast, time_machine, who):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    customer = busy_customer(cast.rep_membership)
    addresses = every_page(cast)
    client = client_of(getattr(cast, who))
    copies(customer, FEW)
    asked(client, addresses)  # what a process keeps is looked up once
    few = asked(client, addresses)
    copies(customer, MANY - FEW)
    many = asked(client, addresses)
    assert {address: (few[address], many[address]) for address in few if many.get(address, 0) > few[address]} == {}
    assert len(many) == len(few) > 60


def asked(client: Client, addresses: list[str]) -> dict[str, int]:
    """Statements, by the address of a page that is there for this person."""
    found = {}
    for address in addresses:
        cache.clear()  # who asks too often is stopped otherwise
        with CaptureQueriesContext(connection) as statements:
            answer = client.get(address)
        if answer.status_code == 200:
            found[address] = len(statements)
    return found
