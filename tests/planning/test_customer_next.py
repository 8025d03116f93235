"""What is next on a customer's page: what rules ask for and what is planned, one row a type."""

import datetime as dt

import pytest

from customers.queries.customer import customers_for
from planning.queries.customer import next_touches
from territory.together import answer
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def days(cast):
    customer = customers_for(cast.rep).get(pk=cast.own.pk)
    return [row.due_on for row in answer(next_touches(cast.rep, customer))]


@pytest.mark.parametrize("planned_in", [-1, 0, 3])
def test_what_is_planned_stands_for_its_rules_row(cast, planned_in):
    factories.due_touch(cast.own, cast.rep, TODAY - dt.timedelta(days=5))
    planned_on = TODAY + dt.timedelta(days=planned_in)
    factories.planned_touch(cast.own, cast.rep, planned_on)
    assert days(cast) == [planned_on]


def test_without_a_plan_the_rule_speaks(cast):
    factories.due_touch(cast.own, cast.rep, TODAY - dt.timedelta(days=5))
    assert days(cast) == [TODAY - dt.timedelta(days=5)]
