"""Expected business: worked numbers, plain counting where nobody is censored, and many futures drawn at random."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.courses import LOST, OPEN, WON, Course
from planning.engine.expected_business import (
    Expected,
    FirstYear,
    Outlook,
    chances,
    expected_business,
    months_ahead,
    outlooks,
    range_of,
    worth,
)
from planning.engine.time_to_business import Start

ON = dt.date(2026, 6, 15)
START = dt.date(2020, 1, 1)


def course(days, outcome, tier="A"):
    """A course that ended so many days after its start; open: that started so many days ago."""
    if outcome == OPEN:
        return Start(tier, ON - dt.timedelta(days))
    return Start(tier, START, (), outcome, START + dt.timedelta(days))


def won(business, tier="A"):
    return Course(("C", 1), tier, WON, business=Decimal(business))


def test_the_chance_is_that_of_those_still_under_way():
    # Of four one is won after 10 days, one lost after 20, one won after 40, one open for 50.
    found = chances([course(10, WON), course(20, LOST), course(40, WON), course(50, OPEN)], ON)

    assert found.of_winning(0, 0, 10) == 0.25
    assert found.of_winning(10, 10, 50) == pytest.approx(1 / 3)
    assert found.of_winning(20, 20, 50) == pytest.approx(1 / 2)  # without the lost one: 1 of 2, not 1 of 3
    assert found.of_winning(20, 40, 50) == 0
    assert found.of_winning(20, 20, 51) is None
    assert (found.wins, found.longest) == (2, 50)


courses = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([WON, LOST])), min_size=1, max_size=60)


@given(courses, st.integers(0, 29), st.integers(0, 10), st.integers(0, 10))
def test_with_nobody_censored_it_is_the_plain_share_of_those_that_got_so_far(ended, age, later, longer):
    found = chances([course(days, outcome) for days, outcome in ended], ON)
    after, until = age + later, age + later + longer
    left = [outcome for days, outcome in ended if days > age]
    then = sum(outcome == WON for days, outcome in ended if after < days <= until)

    if left and until <= found.longest:
        assert found.of_winning(age, after, until) == pytest.approx(then / len(left))
    else:
        assert found.of_winning(age, after, until) is None


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from([WON, LOST, OPEN])), min_size=1, max_size=60))
def test_chances_lie_between_none_and_all_and_months_add_up(rows):
    found = chances([course(*row) for row in rows], ON)
    for age in {days for days, outcome in rows if outcome == OPEN}:
        parts = [found.of_winning(age, day, day + 1) for day in range(age, found.longest)]
        assert all(0 <= part <= 1 for part in parts)
        if parts:
            assert sum(parts) == pytest.approx(found.of_winning(age, age, found.longest))
            assert sum(parts) <= 1 + 1e-9


def test_worth_is_mean_and_variance_of_what_won_courses_brought():
    assert worth([won(1000), won(2000), won(6000)]) == FirstYear(3000, 7_000_000, 3)
    assert worth([won(500)]) == FirstYear(500, 0, 1)
    assert worth([]) is None


def test_a_prospect_adds_its_chance_times_worth_and_their_spread():
    found = Expected()
    found.add(0.25, FirstYear(1000, 90_000, 12))

    # 0.25 x 90,000 + 0.25 x 0.75 x 1,000,000
    assert (found.mean, found.variance, found.prospects) == (250, 210_000, 1)
    low, high = range_of(1000, 10_000)
    assert (round(low, 2), round(high, 2)) == (871.84, 1128.16)
    assert range_of(10, 10_000)[0] == 0


def test_months_are_the_rest_of_this_one_and_twelve_more():
    found = months_ahead(ON)

    assert found[0] == (dt.date(2026, 6, 16), dt.date(2026, 6, 30))
    assert found[1] == (dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert found[-1] == (dt.date(2027, 6, 1), dt.date(2027, 6, 30))
    assert months_ahead(dt.date(2026, 6, 30), 1) == [(dt.date(2026, 7, 1), dt.date(2026, 7, 31))]


def test_by_group_and_month_with_what_is_not_known():
    # Everybody is won on the 40th day; followed for 60.
    sure = chances([course(40, WON)] * 4 + [course(60, OPEN)], ON)
    outlook = {"A": Outlook(sure, FirstYear(100, 0, 20)), None: Outlook(sure, None)}
    months = months_ahead(ON, 1)  # until June 30 and July 31

    found = expected_business(
        [("rep", "A", ON - dt.timedelta(30)), ("rep", "A", ON - dt.timedelta(20)), ("mate", None, ON)],
        outlook,
        months,
        ON,
    )

    june, july, both = (found["rep"][key] for key in (dt.date(2026, 6, 1), dt.date(2026, 7, 1), None))
    # In June the first is 30 to 45 days old, in July both go beyond 60.
    assert (june.mean, june.prospects, june.unknown) == (pytest.approx(80), 2, 0)
    assert (july.mean, july.prospects, july.unknown) == (0, 2, 2)
    assert (both.mean, both.prospects, both.unknown) == (pytest.approx(80), 2, 2)
    assert (found["mate"][None].prospects, found["mate"][None].unknown) == (1, 1)


def test_too_few_wins_take_chances_and_worth_over_all_tiers():
    starts = [course(5, WON)] * 19 + [course(9, WON, "B")] * 20
    ended = [won(100)] * 9 + [won(1000, "B")] * 10

    found = outlooks(starts, ended, ["A", "B"], ON)

    assert (found["A"].chances.is_pooled, found["A"].chances.wins) == (True, 39)
    assert (found["B"].chances.is_pooled, found["B"].chances.wins) == (False, 20)
    assert (found["A"].worth.is_pooled, found["A"].worth.wins) == (True, 19)
    assert (found["B"].worth.is_pooled, found["B"].worth.mean) == (False, 1000)


def test_many_futures_drawn_at_random_have_this_mean_and_lie_within_the_range():
    """400 prospects of ages 0 to 39 in a world of constant hazards: each day 1 % are won, 2 % lost."""
    random = np.random.default_rng(4)
    ages = random.integers(0, 40, 400)
    brought = FirstYear(1000.0, 600.0**2, 50)
    rows = [course(int(day), outcome) for day, outcome in _history(random, 40_000)]
    outlook = {"A": Outlook(chances(rows, ON), brought), None: Outlook(chances(rows, ON), None)}
    months = months_ahead(ON, 2)

    found = expected_business([("all", "A", ON - dt.timedelta(int(age))) for age in ages], outlook, months, ON)

    shape = brought.mean**2 / brought.variance
    for month, total in found["all"].items():
        first, last = (months[0][0], months[-1][1]) if month is None else next(m for m in months if m[0] >= month)
        # Constant hazards know no age: won then with this chance, from whatever day on.
        after, until = (first - ON).days - 1, (last - ON).days
        chance = (0.97**after - 0.97**until) / 3
        wins = random.binomial(len(ages), chance, 20_000)
        futures = random.gamma(shape * wins, brought.variance / brought.mean)
        assert total.mean == pytest.approx(futures.mean(), rel=0.04)
        assert total.variance == pytest.approx(futures.var(), rel=0.06)
        low, high = total.range
        assert 0.75 < ((low <= futures) & (futures <= high)).mean() < 0.85


def _history(random, count):
    days = random.geometric(0.03, count)
    return zip(days, np.where(random.random(count) < 1 / 3, WON, LOST), strict=True)
