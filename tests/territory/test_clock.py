"""Days belong to a zone."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

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


@given(
    zone=st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    at=st.integers(0, 2**32).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)),
)
def test_every_moment_is_in_exactly_one_day_of_every_zone(zone, at):
    day = clock.day_of(at, zone)
    near = [day + n * dt.timedelta(days=1) for n in range(-2, 3)]
    assert [each for each in near if clock.start_of_day(each, zone) <= at < clock.end_of_day(each, zone)] == [day]


def test_days_of_a_year_follow_one_another_in_every_zone_whenever_clocks_change():
    days = [dt.date(2026, 1, 1) + n * dt.timedelta(days=1) for n in range(365)]
    year = dt.timedelta(days=365)
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        bounds = [(clock.start_of_day(day, zone), clock.end_of_day(day, zone)) for day in days]
        assert [end for _start, end in bounds[:-1]] == [start for start, _end in bounds[1:]], name
        assert sum((end - start for start, end in bounds), dt.timedelta()) == year, name
