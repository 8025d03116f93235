"""Days and moments as people read them."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone, translation

from territory.formats import days
from territory.templatetags import territory as filters

NOON = dt.datetime(2026, 6, 9, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False), timezone.override("Europe/Amsterdam"), translation.override("en-gb"):
        yield


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (dt.date(2026, 6, 9), "today"),
        (dt.date(2026, 6, 10), "tomorrow"),
        (dt.date(2026, 6, 8), "yesterday"),
        (dt.date(2026, 6, 12), "in 3 days"),
        (dt.date(2026, 6, 5), "4 days ago"),
        (dt.date(2026, 7, 10), "in 31 days"),
        (dt.date(2026, 7, 11), "11 Jul"),
        (dt.date(2025, 7, 11), "11 Jul 2025"),
        (None, ""),
    ],
)
def test_distance_in_days(day, text):
    assert days.when_text(day) == text


def test_a_moment_belongs_to_the_reader_s_day():
    late = dt.datetime(2026, 6, 9, 22, 30, tzinfo=dt.UTC)
    assert days.when_text(late) == "tomorrow"
    assert days.moment_text(late) == "10 Jun, 00:30"


def test_each_reads_dates_their_own_way():
    day = dt.date(2025, 6, 2)
    assert (days.day_text(day), days.full_text(day)) == ("2 Jun 2025", "2 June 2025")
    with translation.override("en-us"):
        assert (days.day_text(day), days.full_text(day)) == ("Jun 2, 2025", "June 2, 2025")


def test_a_time_in_the_united_states_has_halves():
    with translation.override("en-us"):
        assert days.time_text(NOON) == "2:00 p.m."


def test_the_full_date_shows_on_hover():
    assert filters.when(dt.date(2026, 6, 12)) == '<time datetime="2026-06-12" title="12 June 2026">in 3 days</time>'


@pytest.mark.parametrize(
    ("name", "letters"), [("Nell Ashcombe", "NA"), ("Anna van den Berg", "AB"), ("Cher", "C"), ("", ""), (None, "")]
)
def test_initials(name, letters):
    assert filters.initials(name) == letters


def test_stored_seconds_are_shown_as_minutes():
    assert filters.seconds_as_minutes(1200) == "20 min"
    assert filters.seconds_as_minutes(None) == ""
