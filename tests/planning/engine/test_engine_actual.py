"""The time a customer really gets, and its status (domain 3.3)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.actual import minutes_per_month, status, window
from planning.engine.rhythm import interval_days

DAY = date(2026, 6, 9)
LONG_AGO = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("period", "count", "days"),
    [("month", 1, 90), ("quarter", 1, 92), ("year", 1, 366), ("year", 2, 183), ("quarter", 2, 90)],
)
def test_window_is_at_least_90_days_and_the_longest_interval_rounded_up(period, count, days):
    found = window(DAY, float(interval_days(count, period)), LONG_AGO)

    assert (found.days, found.ends_on) == (days, DAY)


def test_window_of_90_days_counts_both_ends():
    assert window(DAY, 7.0, LONG_AGO).starts_on == date(2026, 3, 12)


def test_window_begins_with_the_stage():
    found = window(DAY, 7.0, date(2026, 5, 1))

    assert (found.starts_on, found.days) == (date(2026, 5, 1), 40)


def test_300_minutes_in_90_days_are_101_46_a_month():
    assert f"{minutes_per_month(300, window(DAY, 7.0, LONG_AGO)):.2f}" == "101.46"


@pytest.mark.parametrize(("began_on", "known"), [(date(2026, 5, 11), True), (date(2026, 5, 12), False)])
def test_below_30_days_it_is_too_early(began_on, known):
    assert (minutes_per_month(60, window(DAY, 7.0, began_on)) is not None) is known


@pytest.mark.parametrize(
    ("actual", "budget", "expected"),
    [
        (125.0, 100.0, "as planned"),
        (125.01, 100.0, "over"),
        (75.0, 100.0, "as planned"),
        (74.99, 100.0, "under"),
        (None, 100.0, "too early"),
        (10.0, 0.0, None),
    ],
)
def test_status(actual, budget, expected):
    assert status(actual, budget) == expected


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(0.1, 1000))
def test_more_time_never_lowers_the_status(less, more, budget):
    order = ["under", "as planned", "over"]
    less, more = sorted((less, more))

    assert order.index(status(less, budget)) <= order.index(status(more, budget))
