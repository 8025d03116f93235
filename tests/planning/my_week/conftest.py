"""Everybody who plans a week: four towns round Exeter, visits and calls."""

import datetime as dt

import pytest

from customers.models import TouchChannel
from tests import factories
from tests.planning.my_week.weeks import (
    EXETER,
    MONDAY,
    NOW,
    PLACES,
)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def visit():
    return factories.touch_type("Field sales call", channel=TouchChannel.FIELD, travels=True, default_seconds=3600)


@pytest.fixture
def book(cast, visit):
    """The rep's customers: four towns round Exeter, all due, and a mate's that is due for the mate."""
    cast.rep.base_latitude, cast.rep.base_longitude = EXETER
    cast.rep.save()
    found = {}
    for number, (name, (latitude, longitude)) in enumerate(PLACES.items()):
        row = factories.customer(name, owner=cast.rep_membership, town=name, latitude=latitude, longitude=longitude)
        rule = factories.contact_rule(touch_type=visit, tier=factories.tier(f"T{number}", number + 1, number + 9))
        factories.due_touch(row, cast.rep, MONDAY - dt.timedelta(days=number), rule, value=90 + number, minutes=60)
        found[name] = row
    return found


@pytest.fixture
def call():
    return factories.touch_type("Voice call", channel=TouchChannel.VOICE, default_seconds=900)
