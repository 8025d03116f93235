"""What the tests of imports share: a company with two teams, and a way to import a few lines."""

import datetime as dt

import pytest

from customers.imports.runs import run_import
from customers.signals import customer_facts_changed
from tests import factories

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def ground(company):
    """The company (GBP, Europe/London), teams South and North, Ann in South and Bob in North, types and tiers."""
    factories.tiers()
    factories.touch_types()
    factories.sale_types()
    south, north = factories.team("South"), factories.team("North")
    factories.membership(factories.person("Ann", external_id="P1"), south)
    factories.membership(factories.person("Bob", external_id="P2"), north)
    return {"south": south, "north": north}


@pytest.fixture
def load(ground, time_machine):
    """Import lines of text (or bytes) as a kind; fields may be given alone."""
    time_machine.move_to(NOW, tick=False)

    def load(kind, text, fields=None, *, mapping=None, actor=None, **options):
        data = text if isinstance(text, bytes) else text.encode()
        given = {"fields": fields} if mapping is None else mapping
        return run_import(kind=kind, data=data, mapping=given, actor=actor, now=NOW, **options)

    return load


@pytest.fixture
def acme(ground):
    """A customer of South that Ann owns."""
    ann = ground["south"].memberships.get()
    return factories.customer("Acme", owner=ann, external_id="C1", since=dt.date(2020, 1, 1))


@pytest.fixture
def heard():
    """The customers named by customer_facts_changed, call by call."""
    calls = []

    def receive(customer_ids, **_):
        calls.append(list(customer_ids))

    customer_facts_changed.connect(receive)
    yield calls
    customer_facts_changed.disconnect(receive)
