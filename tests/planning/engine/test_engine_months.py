"""Calendar months, and what holds at their ends."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from planning.engine.months import Run, last_day_of, month_after, month_before, months_until, runs


def day(text):
    return dt.date.fromisoformat(text)


def test_months_have_a_day_before_and_one_after():
    assert month_after(day("2026-12-01")) == day("2027-01-01")
    assert month_before(day("2026-01-01")) == day("2025-12-01")
    assert last_day_of(day("2024-02-01")) == day("2024-02-29")
    assert last_day_of(day("9999-12-01")) == dt.date.max
    assert months_until(day("2026-02-01"), 3) == [day("2025-12-01"), day("2026-01-01"), day("2026-02-01")]


def test_equal_months_are_one_run_and_the_last_goes_on():
    held = {day("2026-01-01"): "a", day("2026-03-01"): "b", day("2026-04-01"): "b", day("2026-05-01"): "a"}
    found = runs([day("2026-05-20"), *held, day("2026-06-02")], held.get, day("2026-05-01"))
    assert found == [
        Run(day("2026-01-01"), day("2026-02-01"), "a"),
        Run(day("2026-03-01"), day("2026-04-01"), "b"),
        Run(day("2026-05-01"), None, "a"),
    ]


def test_nothing_is_in_no_run():
    held = {day("2026-01-01"): "a", day("2026-03-01"): None, day("2026-06-01"): "a"}
    found = runs(held, held.get, day("2026-12-01"))
    assert found == [Run(day("2026-01-01"), day("2026-02-01"), "a"), Run(day("2026-06-01"), None, "a")]


@given(st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=30))
def test_every_month_is_read_back(states):
    months = months_until(day("2026-12-01"), len(states))
    held = dict(zip(months, states, strict=True))

    found = runs(months, held.get, months[-1])

    for month in months:
        holding = [run.held for run in found if run.first <= month and (run.last is None or run.last >= month)]
        assert holding == ([held[month]] if held[month] else [])
