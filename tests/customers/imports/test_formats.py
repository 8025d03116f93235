"""Dates and numbers as files write them."""
# ruff: noqa: DTZ001  files write times without a zone

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from customers.imports.formats import (
    as_day,
    as_instant,
    date_reader,
    is_ambiguous_date,
    number_reader,
    read_iso,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("pattern", "text", "day"),
    [
        ("DD/MM/YYYY", "03/04/2021", dt.date(2021, 4, 3)),
        ("MM/DD/YYYY", "03/04/2021", dt.date(2021, 3, 4)),
        ("M/D/YYYY", "7/4/1996", dt.date(1996, 7, 4)),
        ("DD.MM.YY", "03.04.21", dt.date(2021, 4, 3)),
        ("D MMM YYYY", "4 March 2021", dt.date(2021, 3, 4)),
        ("YYYYMMDD", "20210403", dt.date(2021, 4, 3)),
        ("DD/MM/YYYY HH:mm", "03/04/2021 14:05", dt.datetime(2021, 4, 3, 14, 5)),
        ("M/D/YYYY H:mm AM", "3/4/2021 12:05 am", dt.datetime(2021, 3, 4, 0, 5)),
        ("M/D/YYYY H:mm AM", "3/4/2021 1:05 PM", dt.datetime(2021, 3, 4, 13, 5)),
        (
            "YYYY/MM/DD HH:mm:ssZ",
            "2021/04/03 14:05:09+02:00",
            dt.datetime(2021, 4, 3, 14, 5, 9, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        ),
    ],
)
def test_a_chosen_format_is_read(pattern, text, day):
    assert date_reader(pattern)(text) == day


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("DD/MM/YYYY", "31/02/2021"),
        ("DD/MM/YYYY", "3/4/2021"),
        ("DD/MM/YYYY", "03/04/2021 "),
        ("DD/MM/YYYY", "03-04-2021"),
        ("D MMM YYYY", "4 Smarch 2021"),
        ("H:mm AM D/M/YYYY", "13:00 pm 1/1/2021"),
    ],
)
def test_what_is_not_in_the_format_is_refused(pattern, text):
    with pytest.raises(ValueError, match=r"calendar|written as"):
        date_reader(pattern)(text)


@pytest.mark.parametrize("pattern", ["MM/YYYY", "DD/MM/YYYY DD", "days", "DD/MM/YYYY at HH"])
def test_a_format_that_says_too_little_or_too_much_is_refused(pattern):
    with pytest.raises(ValueError, match=r"date format|twice"):
        date_reader(pattern)


@pytest.mark.parametrize("text", ["03/04/2021", "3.4.2021", "2021/04/03", "3-4-21", "25/04/2021 10:00"])
def test_days_in_no_chosen_format_are_ambiguous(text):
    assert is_ambiguous_date(text)


@pytest.mark.parametrize("text", ["2021-04-03", "2021-04-03T10:00:00Z", "soon", "", "12.5"])
def test_other_words_are_not(text):
    assert not is_ambiguous_date(text)


def test_year_month_day_needs_no_choice():
    assert read_iso("2021-04-03") == dt.date(2021, 4, 3)
    assert read_iso("2021-04-03T10:05:06Z") == dt.datetime(2021, 4, 3, 10, 5, 6, tzinfo=dt.UTC)
    assert read_iso("2021-04-03 10:05") == dt.datetime(2021, 4, 3, 10, 5)


@pytest.mark.parametrize("text", ["2021-02-30", "20210403", "2021-4-3", "2021-W01-1", "2021-04-03T25:00"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match=r"day like|calendar"):
        read_iso(text)


def test_a_day_is_its_first_moment_in_the_zone():
    assert as_instant(dt.date(2012, 1, 5), AMSTERDAM) == dt.datetime(2012, 1, 4, 23, 0, tzinfo=dt.UTC)


def test_a_time_without_an_offset_is_one_of_the_zone():
    assert as_instant(dt.datetime(2012, 7, 5, 12, 0), AMSTERDAM) == dt.datetime(2012, 7, 5, 10, 0, tzinfo=dt.UTC)


def test_a_time_with_an_offset_falls_on_a_day_of_the_zone():
    assert as_day(dt.datetime(2011, 9, 30, 22, 38, tzinfo=dt.UTC), AMSTERDAM) == dt.date(2011, 10, 1)


@pytest.mark.parametrize(
    ("example", "text", "number"),
    [
        ("1234.56", "1234.5", "1234.5"),
        ("1234.56", "-0.25", "-0.25"),
        ("1234,56", "1234,5", "1234.5"),
        ("1.234,56", "1.234.567,89", "1234567.89"),
        ("1.234,56", "1.234", "1234"),
        ("1.234,56", "1234,5", "1234.5"),
        ("1,234.56", "1,234", "1234"),
        ("1 234,56", "1\u202f234,5", "1234.5"),
        ("1'234.56", "1’234.50", "1234.50"),
    ],
)
def test_numbers_as_the_example_writes_them(example, text, number):
    assert number_reader(example)(text) == Decimal(number)


@pytest.mark.parametrize(
    ("example", "text"),
    [
        ("1234.56", "1,234"),
        ("1234.56", "1234,5"),
        ("1.234,56", "12.34"),
        ("1.234,56", "1.2345"),
        ("1234.56", "1e5"),
        ("1234.56", "NaN"),
        ("1234.56", "Infinity"),
        ("1234.56", "£5"),
        ("1234.56", "٣"),
        ("1234.56", "="),
    ],
)
def test_what_is_not_such_a_number_is_refused(example, text):
    with pytest.raises(ValueError, match="not a number"):
        number_reader(example)(text)
