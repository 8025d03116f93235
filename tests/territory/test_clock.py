"""Days belong to a zone."""

import datetime as dt
from zoneinfo import ZoneInfo

from territory import clock


def test_a_late_evening_in_utc_is_the_next_day_in_amsterdam():
    moment = dt.datetime(2026, 6, 9, 22, 30, tzinfo=dt.UTC)
    assert clock.day_of(moment, ZoneInfo("Europe/Amsterdam")) == dt.date(2026, 6, 10)


def test_start_of_a_day_is_given_in_utc():
    start = clock.start_of_day(dt.date(2026, 6, 10), ZoneInfo("Europe/Amsterdam"))
    assert start == dt.datetime(2026, 6, 9, 22, 0, tzinfo=dt.UTC)


def test_a_day_of_changing_clocks_has_23_hours():
    zone, day = ZoneInfo("Europe/Amsterdam"), dt.date(2026, 3, 29)
    assert clock.end_of_day(day, zone) - clock.start_of_day(day, zone) == dt.timedelta(hours=23)


def test_the_ends_of_all_time_are_days_like_others():
    east, west = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
    assert clock.start_of_day(dt.date.min, east) == clock.FIRST_MOMENT
    for zone in (east, west):
        assert clock.end_of_day(dt.date.max, zone) == clock.LAST_MOMENT
