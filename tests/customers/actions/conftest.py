"""What the tests of this room's actions share: a moment, who is told, and reading errors."""

import contextlib
import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from customers.signals import customer_facts_changed

# A Wednesday.
NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture
def heard():
    """The customers named by customer_facts_changed, call by call."""
    calls = []

    def receive(customer_ids, **_):
        calls.append(list(customer_ids))

    customer_facts_changed.connect(receive)
    yield calls
    customer_facts_changed.disconnect(receive)


@pytest.fixture
def refused():
    """`with refused("amount"):` the action raises ValidationError for exactly these fields."""

    @contextlib.contextmanager
    def expect(*fields):
        with pytest.raises(ValidationError) as caught:
            yield caught
        assert sorted(caught.value.message_dict) == sorted(fields)

    return expect
