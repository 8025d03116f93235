"""A large pending order (domain 3.5): worked example, hysteresis, short history, the day it opened."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine.large_order import SalesHistory, Thresholds, base_sales, judge, opened_on, uplift

DAY = date(2026, 6, 9)
LIMITS = Thresholds(minimum=Decimal(10_000))


def history(*rows):
    return SalesHistory((day, Decimal(amount)) for day, amount in rows)


MILLION = history((DAY - timedelta(days=800), 1), (DAY - timedelta(days=100), 1_000_000))


def verdict(amount, is_open=False, sales=MILLION, day=DAY):
    return judge(is_open, Decimal(amount), sales.on(day), LIMITS)


def test_worked_example_21_percent_opens():
    found = verdict(210_000)

    assert (found.is_open, f"{float(found.share):.6f}") == (True, "0.210000")


def test_worked_example_20_percent_does_not():
    assert not verdict(200_000).is_open


def test_one_cent_above_a_fifth_opens():
    assert verdict("200000.01").is_open


@pytest.mark.parametrize(("amount", "stays"), [("150000.00", True), ("149999.99", False), ("200000", True)])
def test_an_open_one_resolves_below_15_percent_only(amount, stays):
    assert verdict(amount, is_open=True).is_open is stays


def test_a_sale_365_days_ago_no_longer_counts_and_one_364_days_ago_does():
    sales = history((DAY - timedelta(days=365), 100), (DAY - timedelta(days=364), 7), (DAY, 3))

    assert sales.on(DAY).won == 10


def test_sales_after_the_day_do_not_count():
    sales = history((DAY, 3), (DAY + timedelta(days=1), 100))

    assert sales.on(DAY).won == 3


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2017, 3, 1), Fraction(365, 306)),
        (date(2017, 12, 31), Fraction(365, 90)),
        (date(2017, 10, 3), Fraction(365, 90)),
        (date(2017, 1, 1), Fraction(1)),
        (date(2017, 1, 2), Fraction(365, 364)),
    ],
)
def test_short_history_is_scaled_to_a_year(first, expected):
    assert history((first, 1)).on(date(2017, 12, 31)).base == expected


def test_a_fifth_of_a_scaled_base_is_exact_to_the_cent():
    sales = history((date(2017, 3, 1), 2_251_930))
    fifth = sales.on(date(2017, 12, 31)).base / 5
    cents = Decimal(int(fifth * 100)) / 100

    assert not verdict(cents, sales=sales, day=date(2017, 12, 31)).is_open
    assert verdict(cents + Decimal("0.01"), sales=sales, day=date(2017, 12, 31)).is_open


@pytest.mark.parametrize(("amount", "opens"), [("10000", True), ("9999.99", False)])
def test_first_sales_open_from_the_minimum_amount(amount, opens):
    found = verdict(amount, sales=history())

    assert (found.is_open, found.share) == (opens, None)
    assert found.because == ("first sales" if opens else "below minimum")


def test_a_team_without_sales_for_a_year_is_told_apart_from_first_sales():
    assert verdict(20_000, sales=history((DAY - timedelta(days=400), 1))).because == "no sales in a year"


def test_uplift_is_weighted_by_probability():
    assert uplift(Decimal(210_000), Decimal("0.5"), Fraction(1_000_000)) == Fraction("0.105")


def test_it_opened_on_the_day_its_share_first_passed_the_threshold():
    sales = history((date(2025, 1, 1), 400_000), (date(2026, 1, 10), 600_000))

    # 1,000,000 until 31 December 2025 (400,000 then leave), 600,000 from 10 January on.
    assert opened_on(sales, date(2026, 2, 1), DAY, lambda _: Decimal(125_000), LIMITS) == date(2026, 2, 1)
    assert opened_on(sales, date(2025, 6, 1), DAY, lambda _: Decimal(75_000), LIMITS) is None


def test_it_opens_when_old_sales_leave_the_window():
    sales = history((date(2024, 1, 1), 1), (date(2025, 3, 1), 500_000), (date(2025, 9, 1), 500_000))

    assert opened_on(sales, date(2025, 10, 1), DAY, lambda _: Decimal(150_000), LIMITS) == date(2026, 3, 1)


def test_seen_from_a_day_between_15_and_20_percent_there_is_none():
    sales = history((date(2024, 1, 1), 1), (date(2025, 9, 1), 500_000), (date(2026, 1, 1), 200_000))

    assert opened_on(sales, date(2025, 10, 1), DAY, lambda _: Decimal(110_000), LIMITS) is None


def test_days_between_15_and_20_percent_do_not_interrupt():
    sales = history((date(2024, 1, 1), 1), (date(2025, 9, 1), 500_000))
    amounts = {
        date(2025, 10, 1): Decimal(110_000),
        date(2025, 11, 1): Decimal(80_000),
        date(2025, 12, 1): Decimal(101_000),
    }

    def amount_on(day):
        return amounts[max(changed for changed in amounts if changed <= day)]

    assert opened_on(sales, date(2025, 10, 1), DAY, amount_on, LIMITS, amounts) == date(2025, 10, 1)


def test_resolved_and_passed_anew_it_opened_the_second_time():
    sales = history((date(2024, 1, 1), 1), (date(2025, 9, 1), 500_000))
    amounts = {
        date(2025, 10, 1): Decimal(110_000),
        date(2025, 11, 1): Decimal(70_000),
        date(2025, 12, 1): Decimal(101_000),
    }

    def amount_on(day):
        return amounts[max(changed for changed in amounts if changed <= day)]

    assert opened_on(sales, date(2025, 10, 1), DAY, amount_on, LIMITS, amounts) == date(2025, 12, 1)


@given(st.decimals(1, 10**9, places=2), st.booleans())
def test_open_and_closed_differ_only_between_15_and_20_percent(amount, is_open):
    share = Fraction(amount) / 1_000_000
    expected = share > Fraction(1, 5) or (is_open and share >= Fraction(15, 100))

    assert verdict(amount, is_open).is_open is expected


sales_rows = st.lists(st.tuples(st.dates(date(2024, 1, 1), DAY), st.integers(1, 1000)), min_size=1, max_size=12)


@given(sales_rows, st.dates(date(2024, 1, 1), DAY), st.integers(1, 2000))
def test_the_opening_day_agrees_with_looking_at_every_day(rows, starts_on, amount):
    sales = history(*rows)
    opened = None
    for n in range((DAY - starts_on).days + 1):
        day = starts_on + timedelta(days=n)
        now = judge(opened is not None, Decimal(amount), sales.on(day), Thresholds(minimum=Decimal(500)))
        opened = (opened or day) if now.is_open else None
    if not judge(False, Decimal(amount), sales.on(DAY), Thresholds(minimum=Decimal(500))).is_open:
        opened = None

    assert opened_on(sales, starts_on, DAY, lambda _: Decimal(amount), Thresholds(minimum=Decimal(500))) == opened


@given(st.decimals(0, 10**9, places=2), st.integers(1, 364))
def test_scaling_never_lowers_sales(won, days):
    assert base_sales(won, days) >= won
