"""Calls between visits: when they stand, and what is left over."""

import datetime as dt

from planning.engine.visits.calls import Call, Calls, free_windows, place_calls
from planning.engine.visits.week import Window

MONDAY = dt.date(2026, 6, 8)
TUESDAY = MONDAY + dt.timedelta(days=1)
QUARTER = 900


def test_free_windows_are_what_is_left_of_the_hours():
    taken = [Window(500, 700), Window(100, 300), Window(200, 400), Window(950, 2000)]
    assert list(free_windows(Window(0, 1000), taken)) == [Window(0, 100), Window(400, 500), Window(700, 950)]
    assert list(free_windows(Window(0, 1000), taken, shortest=200)) == [Window(700, 950)]
    assert list(free_windows(Window(0, 1000), [])) == [Window(0, 1000)]
    assert list(free_windows(Window(300, 1000), [Window(0, 400), Window(900, 1000)])) == [Window(400, 900)]
    assert list(free_windows(Window(0, 1000), [Window(1200, 1300)])) == [Window(0, 1000)]


def test_calls_stand_on_their_day_or_later_each_as_early_as_it_can():
    days = [(MONDAY, [Window(0, 2 * QUARTER), Window(10_000, 10_000 + QUARTER)]), (TUESDAY, [Window(0, 90_000)])]
    calls = [Call(TUESDAY, QUARTER), *[Call(MONDAY - dt.timedelta(days=9), QUARTER)] * 4]
    assert place_calls(days, calls) == {
        MONDAY: [Calls(Window(0, 2 * QUARTER), 2), Calls(Window(10_000, 10_000 + QUARTER), 1)],
        TUESDAY: [Calls(Window(0, 2 * QUARTER), 2)],
    }


def test_a_long_call_does_not_hold_up_a_short_one():
    days = [(MONDAY, [Window(0, QUARTER)])]
    assert place_calls(days, [Call(MONDAY, 3600), Call(MONDAY, 600)]) == {MONDAY: [Calls(Window(0, 600), 1)]}
    assert place_calls(days, [Call(MONDAY, 3600)]) == {}
