"""The call plan against oracles of its own: every combination of small instances, a dynamic programme where no trips are."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine.call_plan import Account, Question, TooFewMinutes, best_calls, ranges_within
from planning.engine.call_price import priced

SECONDS = 20


def account(calls, each, value, *areas, trips=None):
    calls = np.array(calls, float)
    return Account(
        calls, calls * each, np.array(value, float), calls if trips is None else np.array(trips, float), areas
    )


def question(accounts, minutes, trip_minutes=(), trip_cost=()):
    return Question(accounts, np.array(trip_minutes, float), np.array(trip_cost, float), minutes)


def by_trying_all(asked):
    """Value of the best of all combinations."""
    every = itertools.product(*(range(len(row.calls)) for row in asked.accounts))
    return max(asked.value_of(levels) for levels in every if asked.minutes_of(levels) <= asked.minutes)


def by_dynamic_programme(asked):
    """The best value where nobody travels and minutes are whole."""
    best = np.zeros(int(asked.minutes) + 1)
    for row in asked.accounts:
        after = np.full_like(best, -np.inf)
        for minutes, value in zip(row.minutes.astype(int), row.value, strict=True):
            if minutes <= asked.minutes:
                after[minutes:] = np.maximum(after[minutes:], best[: len(best) - minutes] + value)
        best = after
    return float(best.max())


def made(seed, number, areas, part, width=4, several=False):
    """Values that rise, some slowly at first: as the response does."""
    rng = np.random.default_rng(seed)
    accounts = []
    for _ in range(number):
        size = int(rng.integers(2, width + 1))
        calls = np.concatenate([[0], np.cumsum(rng.integers(1, 4, size - 1))])
        value = np.round(np.cumsum(rng.uniform(0, 100, size)), 2)
        lies = tuple(rng.permutation(areas)[: int(rng.integers(0, 3)) if several else 1].tolist()) if areas else ()
        accounts.append(account(calls, int(rng.integers(5, 60)), value, *lies))
    trips = rng.integers(10, 90, areas), rng.integers(0, 30, areas)
    most = question(accounts, 0, *trips)
    whole = most.minutes_of([len(row.calls) - 1 for row in accounts])
    return question(accounts, float(int(whole * part)), *trips)


def is_feasible(asked, plan):
    return plan.minutes <= asked.minutes + 1e-6 and plan.minutes == pytest.approx(asked.minutes_of(plan.levels))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3), st.floats(0, 1.1))
def test_small_instances_come_out_as_the_best_of_all_combinations(seed, number, areas, part):
    asked = made(seed, number, areas, part)
    plan = best_calls(asked, seconds=SECONDS)
    assert is_feasible(asked, plan)
    assert plan.value == pytest.approx(by_trying_all(asked), rel=1e-6, abs=1e-6)
    assert plan.value - 1e-6 <= plan.bound <= plan.value * (1 + 2e-6) + 1e-6


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 3), st.floats(0, 1.1))
def test_an_account_may_lie_in_several_areas(seed, number, areas, part):
    asked = made(seed, number, areas, part, several=True)
    plan = best_calls(asked, seconds=SECONDS)
    assert is_feasible(asked, plan)
    assert plan.value == pytest.approx(by_trying_all(asked), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("part", [0.15, 0.5])
def test_without_trips_it_is_what_a_dynamic_programme_finds(seed, part):
    asked = made(seed, 40, 0, part, width=8)
    plan = best_calls(asked, seconds=SECONDS)
    assert is_feasible(asked, plan)
    assert plan.value == pytest.approx(by_dynamic_programme(asked), rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_a_minute_bounds_every_plan_and_leaves_out_none_that_is_better(seed):
    asked = made(seed, 6, 2, 0.4)
    found, best = priced(asked), by_trying_all(asked)
    assert found.value <= best + 1e-9 <= found.bound + 1e-6
    for levels in itertools.product(*(range(len(row.calls)) for row in asked.accounts)):
        if asked.minutes_of(levels) <= asked.minutes and asked.value_of(levels) > found.value + 1e-6:
            assert all(level in kept for level, kept in zip(levels, found.left, strict=True))


def test_accounts_of_an_area_share_its_trips():
    # Each brings 100 for 10 minutes of call and 60 of trip: two in one area cost one trip, in two areas two.
    rows = [account([0, 1], 10, [0, 100], 0), account([0, 1], 10, [0, 100], 0)]
    together = best_calls(question(rows, 80, [60], [0]), seconds=SECONDS)
    assert (together.levels, together.minutes) == ((1, 1), 80)
    apart = [rows[0], account([0, 1], 10, [0, 100], 1)]
    assert best_calls(question(apart, 80, [60, 60], [0, 0]), seconds=SECONDS).value == 100


def test_an_s_curve_is_not_taken_half():
    # A little brings nothing, all of it much: better one whole than two halves.
    rows = [account([0, 1, 2], 10, [0, 1, 50]), account([0, 1, 2], 10, [0, 1, 50])]
    assert sorted(best_calls(question(rows, 20), seconds=SECONDS).levels) == [0, 2]


def test_too_few_minutes_for_the_fewest_calls_are_told():
    with pytest.raises(TooFewMinutes):
        best_calls(question([account([2, 3], 10, [1, 2])], 19), seconds=SECONDS)


def test_nobody_to_call_is_a_plan_too():
    plan = best_calls(question([], 100), seconds=SECONDS)
    assert (plan.levels, plan.value, plan.gap) == ((), 0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_ranges_are_the_last_levels_within_the_share_of_the_best(seed):
    asked = made(seed, 4, 2, 0.5, several=True)
    plan = best_calls(asked, seconds=SECONDS)
    found = ranges_within(asked, plan, 0.05, seconds=SECONDS)
    every = [
        levels
        for levels in itertools.product(*(range(len(row.calls)) for row in asked.accounts))
        if asked.minutes_of(levels) <= asked.minutes and asked.value_of(levels) >= 0.95 * plan.value - 1e-6
    ]
    for number, row in enumerate(asked.accounts):
        calls = [row.calls[levels[number]] for levels in every]
        assert (found[number].fewest, found[number].most) == (min(calls), max(calls))
        assert found[number].is_proven


def test_the_same_question_gives_the_same_plan():
    asked = made(5, 40, 5, 0.4, width=8)
    assert best_calls(asked, seconds=SECONDS).levels == best_calls(asked, seconds=SECONDS).levels


def test_four_hundred_accounts_come_within_a_ten_thousandth_of_the_bound():
    plan = best_calls(made(7, 400, 20, 0.3, width=13), seconds=SECONDS)
    assert plan.gap < 1e-4
