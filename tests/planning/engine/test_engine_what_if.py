"""What another rhythm of touches would bring."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from planning.engine.added_chance import ChanceModel
from planning.engine.rules import CUSTOMER, PROSPECT
from planning.engine.what_if import Rhythm, beyond, expected_wins, total

WEEKS = 365 / 7
# Odds of 1 to 99 a week on tier B; a voice call more in 4 weeks makes them half as large again.
MODEL = ChanceModel(
    tiers=("A", "B"),
    types=("field", "voice"),
    theta=(math.log(1 / 99), 0.7, 0.0, 1.0, math.log(1.5)),
    covariance=tuple(tuple(0.01 if row == column else 0.0 for column in range(5)) for row in range(5)),
    lost=(0.0, 0.0),
    most={"voice": 4.0, "field": 1.0},
)


def test_a_prospect_wins_once_however_many_weeks_a_year_has():
    [row] = expected_wins(MODEL, PROSPECT, [Rhythm("B", 100, {}, {"voice": 1})])
    assert row.now == pytest.approx(100 * (1 - 0.99**WEEKS))
    assert row.then == pytest.approx(100 * (1 - (99 / 100.5) ** WEEKS))


def test_losses_compete_with_wins():
    losing = replace(MODEL, lost=(0.0, 0.02))
    [row] = expected_wins(losing, PROSPECT, [Rhythm("B", 100, {}, {})])
    # Week after week: of those still there one in a hundred is won and two are lost.
    still, won = 1.0, 0.0
    for _week in range(52):
        won, still = won + still * 0.01, still * 0.97
    assert row.now == pytest.approx(100 * won, rel=0.002)


def test_a_customer_orders_again_and_again():
    [row] = expected_wins(MODEL, CUSTOMER, [Rhythm("B", 100, {}, {"voice": 1})])
    assert (row.now, row.then) == (pytest.approx(WEEKS), pytest.approx(100 * WEEKS * 1.5 / 100.5))


def test_nothing_changed_changes_nothing_for_certain():
    same = {"voice": 2.0, "field": 0.25}
    [row] = expected_wins(MODEL, PROSPECT, [Rhythm("A", 40, same, dict(same))])
    assert (row.change, row.low, row.high) == (0.0, 0.0, 0.0)


def test_the_interval_is_that_of_drawn_parameters():
    numpy = pytest.importorskip("numpy")
    losing = replace(MODEL, lost=(0.0, 0.02))
    [row] = expected_wins(losing, PROSPECT, [Rhythm("B", 100, {"voice": 1}, {"voice": 1.2})])
    drawn = numpy.random.default_rng(1).normal(MODEL.theta, 0.1, size=(200_000, 5))

    def wins(count):
        weekly = 1 / (1 + numpy.exp(-(drawn[:, 0] + drawn[:, 2] + count * drawn[:, 4])))
        return 100 * weekly / (weekly + 0.02) * (1 - (0.98 - weekly) ** WEEKS)

    low, high = numpy.quantile(wins(1.2) - wins(1), [0.1, 0.9])
    assert (row.low, row.high) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.1))


@given(st.floats(0, 30), st.floats(0, 30), st.integers(0, 1000))
@settings(max_examples=60)
def test_more_of_what_helps_never_brings_less_nor_more_than_all(fewer, more, number):
    fewer, more = sorted((fewer, more))
    [row] = expected_wins(MODEL, PROSPECT, [Rhythm("A", number, {"voice": fewer}, {"voice": more})])
    assert 0 <= row.now <= row.then + 1e-9
    assert row.then <= number + 1e-9


def test_what_was_hardly_ever_done_is_named_and_what_is_unknown_adds_nothing():
    row = Rhythm("B", 10, {}, {"voice": 4.0, "field": 1.5, "demo": 1.0})
    assert beyond(MODEL, row) == ["field", "demo"]
    [known] = expected_wins(MODEL, PROSPECT, [Rhythm("Z", 10, {"demo": 3}, {})])
    assert known.change == 0


def test_sums_are_those_of_their_parts():
    rows = expected_wins(MODEL, PROSPECT, [Rhythm("A", 10, {}, {"voice": 1}), Rhythm("B", 20, {}, {"voice": 1})])
    whole = total([(rows[0], 1000.0), (rows[1], 200.0)])
    assert whole.change == pytest.approx(1000 * rows[0].change + 200 * rows[1].change)
    assert whole.low == pytest.approx(1000 * rows[0].low + 200 * rows[1].low)
