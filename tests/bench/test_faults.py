"""Runs of `bench/faults/` at a small size: that they go on working, and that nothing is lost meanwhile."""

import pytest

from bench.faults import clock_changes, money


@pytest.mark.parametrize("fault", [clock_changes.fault, money.fault])
def test_sums_of_days_and_of_money(db, fault):
    for outcome in fault(0.02):
        assert not outcome.is_broken, outcome.wrong[:5]
        assert outcome.tried
