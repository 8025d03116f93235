"""Evidence on touches: worked examples, properties, and an oracle that shares no code with the engine."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from planning.engine.courses import LOST, OPEN, WON, Course, customers_sample, prospects_sample
from planning.engine.equal_credit import equal_credit
from planning.engine.nth_touch import Trials, nth_touches

VOICE, FIELD = "voice", "field"
ON = dt.date(2026, 6, 30)


def course(name, outcome, *touches, business=0, tier="A", ended_on=ON):
    return Course((name, 1), tier, outcome, None if outcome == OPEN else ended_on, Decimal(business), touches)


P1 = course("P1", WON, *[VOICE] * 10, *[FIELD] * 2, business=12_000)
P2 = course("P2", LOST, *[VOICE] * 5)
P3 = course("P3", WON, FIELD, FIELD, business=6_000)


def test_the_business_of_a_win_is_shared_equally_over_the_touches_of_its_course():
    found = equal_credit([P1, P2, P3], [(VOICE, "A"), (FIELD, "A")]).cells

    assert round(found[VOICE, "A"].value, 2) == 666.67
    assert round(found[FIELD, "A"].value, 2) == 2000.00
    assert (found[VOICE, "A"].touches, found[VOICE, "A"].wins) == (15, 1)
    assert (found[FIELD, "A"].touches, found[FIELD, "A"].wins) == (4, 2)


def test_below_ten_wins_a_cell_shows_what_is_pooled_over_tiers_beside_its_own_numbers():
    elsewhere = course("P4", WON, VOICE, business=900, tier="B")

    found = equal_credit([P1, P2, P3, elsewhere], [(VOICE, "A"), (VOICE, "B")]).cells

    assert found[VOICE, "A"].is_pooled
    assert found[VOICE, "A"].value == found[VOICE, "B"].value == pytest.approx(10_900 / 16)
    assert (found[VOICE, "B"].touches, found[VOICE, "B"].wins) == (1, 1)


def test_from_ten_wins_on_a_cell_shows_its_own_figure():
    own = [course(f"A{n}", WON, VOICE, business=100 + n) for n in range(10)]
    other = course("B", WON, VOICE, business=100_000, tier="B")

    found = equal_credit([*own, other], [(VOICE, "A")]).cells[VOICE, "A"]

    assert not found.is_pooled
    assert found.value == pytest.approx(104.5)
    assert found.low < 104.5 < found.high


def test_a_touch_is_judged_by_the_tier_of_its_day():
    moved = Course(("P", 1), "A", WON, ON, Decimal(900), (VOICE, VOICE, VOICE), tiers=("A", "B", "B"))
    rows = [moved] * 10

    found = equal_credit(rows, [(VOICE, "A"), (VOICE, "B"), (VOICE, "C")]).cells

    assert [(found[VOICE, tier].touches, found[VOICE, tier].wins) for tier in "ABC"] == [(10, 10), (20, 10), (0, 0)]
    assert [found[VOICE, tier].value for tier in "AB"] == [300, 300]
    assert found[VOICE, "C"].is_pooled


def test_a_win_without_touches_credits_nobody_and_is_told():
    found = equal_credit([course("P", WON, business=500), P3], [(FIELD, "A")])

    assert found.without_touches == Decimal(500)
    assert found.cells[FIELD, "A"].value == 3000


def test_where_no_such_touch_was_made_there_is_no_figure():
    assert equal_credit([P3], [(VOICE, "A")]).cells[VOICE, "A"].value is None
    assert equal_credit([], [(VOICE, "A")]).cells[VOICE, "A"].value is None


courses = st.lists(
    st.builds(
        lambda outcome, touches, business, tier: (outcome, touches, business, tier),
        st.sampled_from([WON, LOST]),
        st.lists(st.sampled_from([VOICE, FIELD]), max_size=6),
        st.integers(0, 10_000),
        st.sampled_from("AB"),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: [
        course(f"P{n:02}", outcome, *touches, business=business if outcome == WON else 0, tier=tier)
        for n, (outcome, touches, business, tier) in enumerate(rows)
    ]
)


@settings(deadline=None, max_examples=25)
@given(courses)
def test_credit_adds_up_to_the_business_of_the_wins_less_that_without_touches(rows):
    cells = [(touch_type, tier) for touch_type in (VOICE, FIELD) for tier in "AB"]
    found = equal_credit(rows, cells)

    # Pooled values times all touches of the type are the credit of the type (with 12 courses no cell of one tier reaches
    # 10 wins unless nearly all are in it, so the oracle sums by type).
    credit = 0.0
    for touch_type in (VOICE, FIELD):
        by_hand, touches = _by_hand(rows, touch_type)
        value = next(
            (found.cells[touch_type, tier].value for tier in "AB" if found.cells[touch_type, tier].is_pooled), None
        )
        if value is not None:
            assert value == pytest.approx(by_hand / touches)
        credit += by_hand
    assert credit + float(found.without_touches) == pytest.approx(float(sum(row.business for row in rows)))


@settings(deadline=None, max_examples=25)
@given(courses, st.randoms())
def test_the_credit_of_all_cells_adds_up_also_where_the_tier_changes_meanwhile(rows, chance):
    moved = [replace(row, tiers=tuple(chance.choice("AB") for _ in row.touches)) for row in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planning.engine.equal_credit.FEWEST_WINS", 0)
        found = equal_credit(moved, [(touch_type, tier) for touch_type in (VOICE, FIELD) for tier in "AB"])

    credit = sum(row.value * row.touches for row in found.cells.values() if row.touches)
    assert sum(row.touches for row in found.cells.values()) == sum(len(row.touches) for row in rows)
    assert credit + float(found.without_touches) == pytest.approx(float(sum(row.business for row in rows)))


def test_the_same_courses_have_the_same_interval_whatever_else_is_asked_for():
    rows = [course(f"P{n:02}", WON if n % 3 else LOST, *[VOICE] * (1 + n % 4), business=100 * n) for n in range(40)]

    alone = equal_credit(rows, [(VOICE, "A")]).cells[VOICE, "A"]

    assert equal_credit(rows, [(VOICE, "A")]).cells[VOICE, "A"] == alone
    among = equal_credit(rows, [(FIELD, "B"), (VOICE, "A"), (VOICE, "B")]).cells[VOICE, "A"]
    assert (among.low, among.high) == pytest.approx((alone.low, alone.high))


def _by_hand(rows, touch_type):
    credit = touches = 0.0
    for row in rows:
        mine = row.touches.count(touch_type)
        touches += mine
        if row.outcome == WON and row.touches:
            credit += float(row.business) * mine / len(row.touches)
    return credit, touches


def test_the_interval_is_that_of_drawing_courses_anew_a_thousand_times():
    chance = np.random.default_rng(7)
    rows = [
        course(f"P{n:03}", WON if chance.random() < 0.4 else LOST, *[VOICE] * int(chance.integers(0, 5)),
               *[FIELD] * int(chance.integers(0, 3)), business=int(chance.integers(100, 9000)))
        for n in range(60)
    ]  # fmt: skip

    found = equal_credit(rows, [(VOICE, "A")]).cells[VOICE, "A"]

    drawn = np.random.Generator(np.random.PCG64(1)).multinomial(60, np.full(60, 1 / 60), size=1000)
    values = []
    for times in drawn:
        credit = touches = 0.0
        for count, row in zip(times, rows, strict=True):
            one_credit, one_touches = _by_hand([row], VOICE)
            credit += count * one_credit
            touches += count * one_touches
        if touches:
            values.append(credit / touches)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(values, [10, 90])))


def test_the_nth_touch_wins_where_the_win_came_after_it_and_before_the_next():
    found = {(row.touch_type, row.n): row for row in nth_touches([P1, P2, P3], ["A"])}

    assert (found[VOICE, 5].reached, found[VOICE, 5].wins) == (2, 0)
    assert (found[VOICE, 10].reached, found[VOICE, 10].wins) == (1, 1)
    assert (found[FIELD, 1].reached, found[FIELD, 1].wins) == (2, 0)
    assert (found[FIELD, 2].reached, found[FIELD, 2].wins) == (2, 2)


def test_a_chance_is_drawn_towards_the_rate_over_all_tiers():
    assert Trials(wins=2, reached=10, rate=0.1).chance == pytest.approx(5 / 40)


def test_the_rate_that_draws_is_that_of_the_same_type_and_number_over_all_tiers():
    rows = [course("A", WON, VOICE), course("B", LOST, VOICE, tier="B"), course("C", LOST, FIELD, tier="B")]

    found = {(row.touch_type, row.tier): row for row in nth_touches(rows, ["A", "B"])}

    assert found[VOICE, "A"].chance == pytest.approx((1 + 30 * 0.5) / 31)
    assert found[VOICE, "B"].chance == pytest.approx(30 * 0.5 / 31)
    assert found[FIELD, "B"].chance == 0


@settings(deadline=None)
@given(courses, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, chance):
    turned = list(rows)
    chance.shuffle(turned)
    on = ON + dt.timedelta(days=400)

    cells = [(VOICE, "A"), (FIELD, "B")]
    assert equal_credit(prospects_sample(turned, on).courses, cells) == equal_credit(
        prospects_sample(rows, on).courses, cells
    )
    assert nth_touches(turned, "AB") == nth_touches(rows, "AB")


def test_the_sample_of_prospects_is_of_courses_whose_first_year_is_complete():
    def ended(days):
        return [course(f"P{days}-{n}", WON, ended_on=ON - dt.timedelta(days=days)) for n in range(5)]

    found = prospects_sample([*ended(364), *ended(365), *ended(1095), *ended(1096)], ON)

    assert not found.is_growing
    assert {(ON - row.ended_on).days for row in found.courses} == {365, 1095}


def test_with_fewer_than_ten_such_wins_the_sample_is_of_the_last_730_days_and_growing():
    ends = [0, 729, 730, 900]
    rows = [course(f"P{days}", WON, ended_on=ON - dt.timedelta(days=days)) for days in ends]

    found = prospects_sample([*rows, course("open", OPEN)], ON)

    assert found.is_growing
    assert sorted((ON - row.ended_on).days for row in found.courses) == [0, 729]


def test_the_sample_of_customers_is_of_spans_that_ended_in_the_last_1095_days():
    rows = [course(f"P{days}", WON, ended_on=ON - dt.timedelta(days=days)) for days in (-1, 0, 1094, 1095)]

    assert sorted((ON - row.ended_on).days for row in customers_sample(rows, ON).courses) == [0, 1094]
