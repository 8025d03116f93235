"""What a touch is worth by its chance to win: worked examples, where to stop, and SciPy's beta distribution."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from planning.engine.beta import beta_quantiles
from planning.engine.chance import Chance, chances
from planning.engine.courses import LOST, WON, Course
from planning.engine.nth_touch import Trials, intervals, nth_touches

VOICE, FIELD = "voice", "field"
ON = dt.date(2026, 6, 30)


def course(name, outcome, *touches, business=0, tier="A"):
    return Course((name, 1), tier, outcome, ON, Decimal(business), touches)


P1 = course("P1", WON, *[VOICE] * 10, *[FIELD] * 2, business=12_000)
P2 = course("P2", LOST, *[VOICE] * 5)
P3 = course("P3", WON, FIELD, FIELD, business=6_000)


def won_at(n, *, of, business=1000, tier="A", touches=None):
    """Courses of which so many won at their n-th call, the others lost after `touches` calls."""
    wins = [course(f"{tier}W{k}", WON, *[VOICE] * n, business=business, tier=tier) for k in range(of[0])]
    lost = [course(f"{tier}L{k}", LOST, *[VOICE] * (touches or n), tier=tier) for k in range(of[1] - of[0])]
    return [*wins, *lost]


def test_a_touch_is_worth_its_chance_times_the_business_of_a_win_less_its_cost():
    cells = [(VOICE, "A"), (FIELD, "A")]

    found = chances([P1, P2, P3], cells, pooled=cells, costs={VOICE: 10, FIELD: 45})

    # 15 calls were followed by one win, 4 visits by two; a win brought 9,000.
    assert found[VOICE, "A"].chance == pytest.approx(1 / 15)
    assert round(found[VOICE, "A"].value, 2) == 590.00
    assert found[FIELD, "A"].chance == 0.5
    assert round(found[FIELD, "A"].value, 2) == 4455.00
    assert [row.value for row in found[FIELD, "A"].curve] == [-45, pytest.approx(8955)]


def test_where_a_margin_is_set_it_is_the_margin_of_the_business_that_counts():
    (found,) = chances([P3], [(FIELD, "A")], costs={FIELD: 45}, margin=0.25).values()

    assert found.value == pytest.approx(0.5 * 6000 * 0.25 - 45)


def test_a_tier_s_chance_is_drawn_towards_that_of_all_tiers_and_its_business_is_its_own():
    rows = won_at(1, of=(15, 30), business=2000) + won_at(1, of=(0, 30), tier="B")

    found = chances(rows, [(VOICE, "A"), (VOICE, "B")])

    assert found[VOICE, "A"].chance == pytest.approx((15 + 30 * 15 / 60) / 60)
    assert found[VOICE, "A"].value == pytest.approx(0.375 * 2000)
    assert found[VOICE, "B"] == Chance()  # nothing was won there: what a win brings is not known


def test_with_too_few_wins_chance_and_business_are_those_over_all_tiers():
    rows = won_at(1, of=(12, 24), business=2000) + won_at(1, of=(4, 40), business=1000, tier="B")

    found = chances(rows, [(VOICE, "B")], pooled=[(VOICE, "B")])[VOICE, "B"]

    assert found.chance == pytest.approx(16 / 64)
    assert found.value == pytest.approx(0.25 * 1750)
    assert (found.low, found.high) == pytest.approx(tuple(1750 * beta.ppf([0.1, 0.9], 16, 48)))


def test_the_chance_of_the_whole_cell_is_the_mean_of_those_by_n():
    rows = won_at(3, of=(9, 20), touches=4) + won_at(2, of=(5, 31), tier="B")
    found = chances(rows, [(VOICE, "A")], pooled=[(VOICE, "A")])[VOICE, "A"]

    touches = sum(row.reached for row in found.curve)
    assert found.chance == pytest.approx(sum(row.chance * row.reached for row in found.curve) / touches)


def test_selling_should_stop_where_going_on_costs_more_than_it_brings():
    rows = won_at(2, of=(30, 100), touches=6)

    found = chances(rows, [(VOICE, "A")], costs={VOICE: 5})[VOICE, "A"]

    assert [row.value > 0 for row in found.curve] == [False, True, False, False, False, False]
    assert found.stops_at == 3  # not at 1, which a good second touch follows


def test_where_every_touch_pays_or_none_was_made_there_is_no_end():
    assert chances(won_at(2, of=(30, 100)), [(VOICE, "A")])[VOICE, "A"].stops_at is None
    assert chances([P3], [(VOICE, "A")])[VOICE, "A"] == Chance()
    assert chances([], [(VOICE, "A")]) == {(VOICE, "A"): Chance()}


def test_a_type_that_never_pays_is_not_to_be_begun():
    assert chances(won_at(2, of=(3, 100)), [(VOICE, "A")], costs={VOICE: 100})[VOICE, "A"].stops_at == 1


def test_the_interval_of_a_chance_is_the_middle_of_its_beta_distribution():
    rows = won_at(1, of=(15, 30)) + won_at(1, of=(3, 30), tier="B")

    first = nth_touches(rows, "AB")[0]

    rate = 18 / 60
    assert (first.low, first.high) == pytest.approx(tuple(beta.ppf([0.1, 0.9], 15 + 30 * rate, 15 + 30 * (1 - rate))))


def test_without_any_win_or_any_loss_the_interval_is_not_a_point():
    never, always = intervals([Trials(0, 10, 0.0), Trials(10, 10, 1.0)])

    assert never == (0.0, pytest.approx(beta.ppf(0.9, 0.5, 40.5)))
    assert always == (pytest.approx(beta.ppf(0.1, 40.5, 0.5)), 1.0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0.01, 50_000), st.floats(0.01, 50_000)), min_size=1, max_size=5),
    st.sampled_from([0.1, 0.5, 0.9]),
)
def test_quantiles_agree_with_scipy(parameters, share):
    a, b = np.array(parameters).T

    assert beta_quantiles(share, a, b) == pytest.approx(beta.ppf(share, a, b), rel=1e-7, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 9000), st.sampled_from("AB")), max_size=12))
def test_a_chance_lies_in_its_interval_and_the_order_of_rows_does_not_matter(rows):
    made = [
        course(f"P{n}", WON if won else LOST, *[VOICE] * count, business=business if won else 0, tier=tier)
        for n, (won, count, business, tier) in enumerate(rows)
    ]
    cells = [(VOICE, "A"), (VOICE, "B")]

    found = chances(made, cells, pooled=[(VOICE, "B")], costs={VOICE: 3})

    assert chances(made[::-1], cells, pooled=[(VOICE, "B")], costs={VOICE: 3}) == found
    for row in found.values():
        assert all(step.low <= step.chance <= step.high for step in row.curve)
        reached = [step.reached for step in row.curve]
        assert reached == sorted(reached, reverse=True)
