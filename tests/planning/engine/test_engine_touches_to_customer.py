"""Touches to a customer: the worked example, properties, and oracles that share no code with the engine."""

import datetime as dt
import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter

from planning.engine.courses import LOST, OPEN, WON, Course
from planning.engine.touches_to_customer import TypeOfWon, curve, mix_of_types, thinned, touches_to_customer

VOICE, FIELD = "voice", "field"
ON = dt.date(2026, 6, 30)


def course(name, outcome, *touches):
    return Course((name, 1), "A", outcome, None if outcome == OPEN else ON, touches=touches)


def courses(rows):
    """One course for each outcome and number of touches."""
    return [course(str(place), outcome, *[VOICE] * count) for place, (outcome, count) in enumerate(rows)]


P1 = course("P1", WON, *[VOICE] * 10, *[FIELD] * 2)
P2 = course("P2", LOST, *[VOICE] * 5)
P3 = course("P3", WON, FIELD, FIELD)


def test_the_share_won_within_n_touches_counts_lost_ones_as_a_competing_end():
    shares = {step.n: step.won_share for step in touches_to_customer([P1, P2, P3])}

    assert shares[0] == shares[1] == 0
    assert shares[2] == shares[5] == shares[11] == pytest.approx(1 / 3)
    assert shares[12] == pytest.approx(2 / 3)


def test_of_the_same_count_ended_courses_leave_before_open_ones():
    steps = touches_to_customer([course("W", WON, VOICE), course("O", OPEN, VOICE), course("L", LOST, VOICE, VOICE)])

    assert [(step.n, step.at_risk) for step in steps] == [(0, 3), (1, 3), (2, 1)]
    assert steps[1].won_share == steps[2].won_share == pytest.approx(1 / 3)


def test_without_courses_there_is_nothing_to_say():
    found = curve([])

    assert (found.steps, found.courses, found.won, found.lost) == ((), 0, 0, 0)
    assert (found.quartiles, found.mix, found.is_final) == (None, (), False)


def test_there_is_no_band_while_nobody_has_won_and_where_everybody_has():
    steps = touches_to_customer(courses([(WON, 1), (WON, 2)]))

    assert [(step.won_share, step.low is None, step.high is None) for step in steps] == [
        (0, True, True),
        (0.5, False, False),
        (1, True, True),
    ]


outcomes = st.lists(st.tuples(st.sampled_from([WON, LOST, OPEN]), st.integers(0, 8)), min_size=1, max_size=40)
ended = st.lists(st.tuples(st.sampled_from([WON, LOST]), st.integers(0, 8)), min_size=1, max_size=40)


@settings(deadline=None)
@given(outcomes, st.randoms())
def test_a_curve_never_falls_lies_within_its_band_and_knows_no_order_of_rows(rows, chance):
    turned = list(rows)
    chance.shuffle(turned)
    steps = touches_to_customer(courses(rows))

    shares = [step.won_share for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] <= 1 + 1e-12
    assert all(0 <= step.low <= step.won_share <= step.high <= 1 for step in steps if step.low is not None)
    assert curve(courses(turned)) == curve(courses(rows))


@settings(deadline=None)
@given(ended)
def test_with_no_course_open_the_share_is_a_plain_fraction_and_its_variance_binomial(rows):
    steps = touches_to_customer(courses(rows))

    won = Counter(count for outcome, count in rows if outcome == WON)
    for step in steps:
        share = sum(won[n] for n in range(step.n + 1)) / len(rows)
        assert step.won_share == pytest.approx(share)
        assert (step.low is None) == (share in (0, 1))
        if step.low is not None:
            assert (step.low, step.high) == pytest.approx(band(share, share * (1 - share) / len(rows)), rel=1e-6)


def band(share, variance):
    """80 % on the scale of log(-log), from the variance."""
    width = 1.2815515655446004 * variance**0.5 / abs(share * np.log(share))
    return [share ** np.exp(width), share ** np.exp(-width)]


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.sampled_from([WON, LOST, OPEN]), st.integers(1, 8)), min_size=1, max_size=40))
def test_curve_and_band_are_those_of_lifelines(rows):
    # It moves wins and losses of the same count apart at random, so that they have counts of their own here.
    apart = [(outcome, 2 * count + (outcome == LOST)) for outcome, count in rows] + [(WON, 2), (OPEN, 19)]
    fitted = AalenJohansenFitter(alpha=0.2).fit(
        [count for _, count in apart], [(OPEN, WON, LOST).index(outcome) for outcome, _ in apart], event_of_interest=1
    )

    steps = {step.n: step for step in touches_to_customer(courses(apart))}
    for n, share in fitted.cumulative_density_.iloc[:, 0].items():
        assert steps[int(n)].won_share == pytest.approx(share)
    for n, low, high in fitted.confidence_interval_.loc[2:].itertuples():
        assert (steps[int(n)].low, steps[int(n)].high) == pytest.approx((low, high))


def test_the_band_is_about_as_wide_as_drawing_the_courses_anew_says():
    chance = np.random.default_rng(3)
    rows = list(zip(chance.choice([WON, LOST, OPEN], 400, p=[0.3, 0.4, 0.3]), chance.poisson(5, 400), strict=True))
    step = touches_to_customer(courses(rows))[8]

    shares = []
    for _draw in range(300):
        drawn = [rows[place] for place in chance.integers(0, len(rows), len(rows))]
        shares.append(touches_to_customer(courses(drawn))[8].won_share)
    low, high = np.percentile(shares, [10, 90])
    assert step.high - step.low == pytest.approx(high - low, rel=0.15)


def test_median_and_middle_half_are_those_of_the_won_and_interpolate():
    rows = courses([(WON, 2), (WON, 4), (WON, 5), (WON, 10), (LOST, 1), (OPEN, 90)])

    assert curve(rows).quartiles == (3.5, 4.5, 6.25)
    assert curve(courses([(WON, 6), (LOST, 1)])).quartiles == (6, 6, 6)
    assert curve(courses([(LOST, 1)])).quartiles is None


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=2, max_size=30))
def test_quartiles_are_those_of_the_standard_library(counts):
    found = curve(courses([(WON, count) for count in counts])).quartiles

    assert found == pytest.approx(tuple(statistics.quantiles(counts, n=4, method="inclusive")))


def test_the_mix_is_of_the_touches_of_the_won():
    assert mix_of_types([P1, P2, P3]) == [
        TypeOfWon(VOICE, 10, pytest.approx(10 / 14), 5),
        TypeOfWon(FIELD, 4, pytest.approx(4 / 14), 2),
    ]


@settings(deadline=None)
@given(outcomes)
def test_the_mix_adds_up_to_all_touches_of_the_won(rows):
    found = mix_of_types(courses(rows))

    assert sum(row.touches for row in found) == sum(count for outcome, count in rows if outcome == WON)
    assert sum(row.share for row in found) == pytest.approx(1 if found else 0)


def test_beyond_the_most_touches_the_share_is_known_where_nobody_is_left_under_way():
    assert curve([P1, P2, P3]).is_final
    assert curve([P1, P2, course("O", OPEN, VOICE)]).is_final
    assert not curve([P2, course("O", OPEN, *[VOICE] * 5)]).is_final


def test_of_hundreds_of_touches_only_the_steps_with_a_win_are_kept():
    steps = thinned(touches_to_customer(courses([(WON, 2), (LOST, 310), (WON, 320), (OPEN, 400)])))

    assert [step.n for step in steps] == [*range(301), 320]
