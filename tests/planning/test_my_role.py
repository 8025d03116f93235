"""My role: counts now and a month ago, and how much managers are involved."""

import datetime as dt

import pytest

from customers.actions.lifecycle import rebuild_lifecycle
from planning.queries.my_role import my_role
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_counts_now_and_a_month_ago(cast):
    factories.tiers()
    factories.sale_types()
    new = factories.customer("New", owner=cast.rep_membership, since=dt.date(2026, 6, 1))
    won = factories.customer("Won", owner=cast.rep_membership, since=dt.date(2026, 1, 1))
    factories.order(won, 50_000, "won", NOW - dt.timedelta(days=5), salesperson=cast.rep)
    rebuild_lifecycle([cast.own.pk, new.pk, won.pk], now=NOW)
    counts = {row.tier.name: row for row in my_role(cast.rep).standings}
    assert (counts["D"].prospects, counts["D"].prospects_before) == (2, 2)
    assert (counts["A"].customers, counts["A"].customers_before) == (1, 0)


def test_managers_part_of_the_minutes(cast):
    factories.touch(cast.own, cast.rep, NOW - dt.timedelta(days=3), minutes=45)
    factories.touch(cast.own, cast.manager, NOW - dt.timedelta(days=2), minutes=15)
    factories.touch(cast.own, cast.manager, NOW - dt.timedelta(days=200), minutes=300)
    assert my_role(cast.rep).manager_share == pytest.approx(0.25)


def test_without_minutes_no_part_is_claimed(cast):
    assert my_role(cast.rep).manager_share is None
