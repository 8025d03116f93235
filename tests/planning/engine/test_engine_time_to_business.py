"""Time to business: against a few lines of numpy that go over the prospects one by one, and by its properties."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.time_to_business import Followed, Start, curve, curves, curves_at, path, thinned, usual_amount

ON = dt.date(2026, 6, 30)


def days(count):
    return dt.timedelta(days=count)


def test_a_prospect_arrives_on_the_day_its_orders_add_up_to_the_amount():
    start = Start("A", ON - days(100), ((ON - days(60), Decimal(400)), (ON - days(20), Decimal(600))))

    assert start.followed(Decimal(400), ON) == Followed(40, True)
    assert start.followed(Decimal(1000), ON) == Followed(80, True)
    assert start.followed(Decimal(1001), ON) == Followed(100, False)


def test_those_not_there_yet_count_until_today():
    found = curve([Followed(10, True), Followed(20, False), Followed(30, True), Followed(40, False)])

    assert [(step.days, step.share) for step in found.steps] == [(10, 0.25), (30, pytest.approx(0.625))]
    assert found.median == 30
    assert found.reached(0.8) is None
    assert (found.share_at(9), found.share_at(10), found.share_at(40), found.share_at(41)) == (0, 0.25, 0.625, None)
    assert (found.prospects, found.arrivals, found.longest) == (4, 2, 40)


def test_where_all_that_were_left_arrived_there_is_no_band():
    (step,) = curve([Followed(5, True)]).steps

    assert (step.share, step.low, step.high) == (1, None, None)


def test_of_the_same_day_arrivals_come_before_the_censored():
    assert curve([Followed(5, True), Followed(5, False)]).steps[0].share == 0.5


def test_without_prospects_nothing_is_known():
    found = curve([])

    assert (found.steps, found.median, found.share_at(0)) == ((), None, None)


rows = st.lists(st.builds(Followed, st.integers(0, 30), st.booleans()), min_size=1, max_size=60)


@given(rows)
def test_the_curve_and_its_band_are_those_of_the_textbook(followed):
    times = np.array([row.days for row in followed])
    arrived = np.array([row.arrived for row in followed])
    for step in curve(followed).steps:
        until = np.unique(times[arrived & (times <= step.days)])
        at_risk = np.array([(times >= day).sum() for day in until])
        events = np.array([(arrived & (times == day)).sum() for day in until])
        still = np.prod(1 - events / at_risk)
        assert step.share == pytest.approx(1 - still)
        if step.low is not None:
            error = np.sqrt((events / (at_risk * (at_risk - events))).sum()) / np.log(still)
            ends = sorted(1 - still ** np.exp(sign * 1.2815515655446004 * error) for sign in (-1, 1))
            assert (step.low, step.high) == pytest.approx(tuple(ends))


@given(rows)
def test_a_curve_never_falls_and_lies_within_its_band(followed):
    steps = curve(followed).steps
    shares = [step.share for step in steps]

    assert shares == sorted(shares)
    assert all(step.low <= step.share <= step.high for step in steps if step.low is not None)


@given(rows, st.floats(0.01, 0.3))
def test_a_thinned_curve_is_nowhere_off_by_more_than_its_fineness(followed, by):
    found = curve(followed)
    thin = thinned(found.steps, by)

    for step in found.steps:
        shown = max((row.share for row in thin if row.days <= step.days), default=0.0)
        assert 0 <= step.share - shown < by
    assert thin[-1:] == list(found.steps[-1:])


@given(rows)
def test_with_nobody_censored_before_the_last_arrival_it_is_the_plain_share(followed):
    everyone = [Followed(row.days, True) for row in followed]

    for step in curve(everyone).steps:
        assert step.share == pytest.approx(sum(row.days <= step.days for row in everyone) / len(everyone))


def test_with_fewer_than_twenty_arrivals_a_tier_shows_the_curve_over_all():
    few = [Start("A", ON - days(100), ((ON - days(90), Decimal(50)),))] * 19
    many = [Start("B", ON - days(100), ((ON - days(50), Decimal(50)),))] * 20

    found = curves([*few, *many], ["A", "B"], {"A": Decimal(50), "B": Decimal(50)}, ON)

    assert [step.days for step in found["A"].steps] == [10, 50]
    assert [step.days for step in found["B"].steps] == [50]
    assert (found["A"].is_pooled, found["B"].is_pooled) == (True, False)
    assert (found["A"].own.prospects, found["A"].own.arrivals) == (19, 19)


@pytest.mark.parametrize(
    ("amounts", "expected"), [([], 0), ([8], 8), ([4, 8], 5), ([1, 2, 3, 4, 5], 2), ([10, 20, 30, 40], Decimal("17.5"))]
)
def test_the_usual_amount_is_the_lower_quartile_of_what_customers_of_the_tier_brought(amounts, expected):
    rows = [("A", Decimal(amount)) for amount in reversed(amounts)]

    assert usual_amount(rows, "A") == expected
    if amounts:
        assert float(expected) == np.quantile(amounts, 0.25)


def test_a_tier_without_customers_takes_the_usual_amount_of_all():
    assert usual_amount([("B", Decimal(6)), ("C", Decimal(2))], "A") == 3
    assert usual_amount([("A", Decimal(9)), ("B", Decimal(6)), ("C", Decimal(2))], "A") == 9


orders = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 99_999)), max_size=4)
courses = st.lists(st.tuples(st.sampled_from(["A", "B"]), st.integers(90, 400), orders), min_size=1, max_size=60)


@given(courses, st.integers(0, 200_000))
def test_paths_give_the_same_curves_as_the_log(rows, cents):
    starts = [
        Start(tier, ON - days(age), tuple((ON - days(age - day), Decimal(part) / 100) for day, part in sorted(won)))
        for tier, age, won in rows
    ]
    amount = Decimal(cents) / 100

    found = curves_at([path(start, ON) for start in starts], ["A", "B"], amount)

    assert {tier: found[tier] for tier in "AB"} == curves(starts, ["A", "B"], {"A": amount, "B": amount}, ON)
    assert found[None] == curve(row.followed(amount, ON) for row in starts)


def test_curve_band_and_median_are_those_of_lifelines():
    from lifelines import KaplanMeierFitter

    random = np.random.default_rng(7)
    for count in (30, 400):
        days, arrived = random.integers(1, 200, count), random.random(count) < 0.6
        found = curve(Followed(int(day), bool(there)) for day, there in zip(days, arrived, strict=True))

        theirs = KaplanMeierFitter(alpha=0.2).fit(days, arrived)

        still, band = theirs.survival_function_["KM_estimate"], theirs.confidence_interval_
        for step in found.steps:
            assert step.share == pytest.approx(1 - still[step.days])
            if step.low is not None:
                ends = (1 - band.loc[step.days].max(), 1 - band.loc[step.days].min())
                assert (step.low, step.high) == pytest.approx(ends)
        assert found.median == theirs.median_survival_time_
