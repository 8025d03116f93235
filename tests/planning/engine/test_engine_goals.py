"""Activity goals: which holds, what it asks, and where one should be by now."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine.calendar import Span, WorkCalendar
from planning.engine.goals import Goal, Goals, Progress, Seat, period_of, periods_between, periods_until

MONDAY, SUNDAY = date(2026, 6, 8), date(2026, 6, 14)
THURSDAY = date(2026, 6, 11)
WEEK = (MONDAY, SUNDAY)
CALENDAR = WorkCalendar(holidays=frozenset({date(2026, 6, 1)}))
ANN = Seat("ann", "rep", "exeter")


def weekly(count=25, key=1, person=None, role="rep", span=Span(), touch_type="voice", period="week"):  # noqa: B008
    return Goal(key, person, None if person else role, touch_type, period, count, span)


def asked(*goals, seats=(ANN,), days=WEEK, period="week", today=MONDAY, away=(), touch_type="voice"):
    found = Goals(goals, seats, CALENDAR, {"ann": away})
    return found.asked("ann", touch_type, period, days, today)


def test_a_role_s_goal_asks_its_members():
    row = asked(weekly())
    assert (row.goal, row.asked, row.days, row.of_days, row.role, row.team) == (25, 25, 5, 5, "rep", "exeter")
    assert asked(weekly(role="manager")) is None
    assert asked(weekly(), touch_type="field") is None
    assert asked(weekly(), period="month") is None


def test_one_s_own_goal_stands_in_the_place_of_the_role_s():
    row = asked(weekly(25), weekly(10, key=2, person="ann"))
    assert (row.goal, row.asked, row.role) == (10, 10, None)
    assert asked(weekly(25), weekly(10, key=2, person="bob")).goal == 25


def test_where_one_s_own_goal_ended_the_role_s_holds_again():
    row = asked(weekly(25), weekly(10, key=2, person="ann", span=Span(None, date(2026, 6, 9))))
    assert (row.goal, row.asked) == (25, (2 * 10 + 3 * 25) // 5)


def test_the_one_that_started_last_holds():
    rows = [weekly(30, 1, span=Span(THURSDAY)), weekly(25, 2), weekly(20, 3, span=Span(date(2026, 1, 1)))]
    row = asked(*rows)
    assert (row.goal, row.asked) == (30, (3 * 20 + 2 * 30) // 5)


def test_an_ended_and_a_later_goal_ask_nothing():
    assert asked(weekly(span=Span(None, date(2026, 6, 7)))) is None
    assert asked(weekly(span=Span(date(2026, 6, 15)))) is None


def test_in_two_roles_the_higher_goal_counts_once():
    seats = (ANN, Seat("ann", "prospect manager", "leeds"))
    row = asked(weekly(25), weekly(40, 2, role="prospect manager"), seats=seats)
    assert (row.goal, row.asked, row.team) == (40, 40, "leeds")


def test_who_is_away_two_of_five_days_is_asked_less():
    row = asked(weekly(25), away=[Span(date(2026, 6, 9), date(2026, 6, 10))])
    assert (row.goal, row.asked, row.days) == (25, 15, 3)


def test_who_joins_or_leaves_within_the_week_is_asked_for_their_days():
    assert asked(weekly(25), seats=(Seat("ann", "rep", "exeter", Span(THURSDAY)),)).asked == 10
    assert asked(weekly(25), seats=(Seat("ann", "rep", "exeter", Span(None, MONDAY)),)).asked == 5


def test_a_holiday_asks_nothing():
    row = asked(weekly(25), days=(date(2026, 6, 1), date(2026, 6, 7)))
    assert (row.asked, row.days, row.of_days) == (20, 4, 5)


@pytest.mark.parametrize(
    ("day", "away", "expected"),
    [
        (MONDAY, (), 5),
        (SUNDAY, (), 0),  # not worked
        (date(2026, 6, 1), (), 0),  # a holiday
        (MONDAY, (Span(MONDAY, MONDAY),), 0),  # away
    ],
)
def test_a_daily_goal_asks_on_days_that_are_worked(day, away, expected):
    row = asked(weekly(5, period="day"), days=(day, day), period="day", today=day, away=away)
    assert (row.goal, row.asked, row.by_now) == (5, expected, 0)


def test_a_month_is_asked_for_by_its_working_days():
    june = period_of(MONDAY, "month")
    row = asked(weekly(44, period="month"), days=june, period="month", today=MONDAY)
    assert june == (date(2026, 6, 1), date(2026, 6, 30))
    assert (row.days, row.of_days, row.asked) == (21, 22, 42)  # 1 June is a holiday
    assert row.by_now == 44 * 4 / 22


def test_while_there_at_all_one_is_asked_for_one():
    away = [Span(date(2026, 6, 9), SUNDAY)]
    assert asked(weekly(1), away=away).asked == 1
    assert asked(weekly(1), away=[Span(MONDAY, SUNDAY)]).asked == 0


@pytest.mark.parametrize(("today", "by_now"), [(MONDAY, 0), (THURSDAY, 15), (SUNDAY, 25), (date(2026, 6, 15), 25)])
def test_where_one_should_be_is_what_the_days_before_asked(today, by_now):
    assert asked(weekly(25), today=today).by_now == by_now


def progress(done, count=25, today=THURSDAY, away=()):
    return Progress(asked(weekly(count), today=today, away=away), done)


def test_how_far_somebody_is():
    row = progress(12)
    assert (row.missing, row.behind, row.is_reached, row.share, row.by_now_share) == (13, 3, False, 0.48, 0.6)
    assert (progress(15).behind, progress(30).missing, progress(30).is_reached) == (0, 0, True)
    away = progress(2, away=[Span(MONDAY, SUNDAY)])
    assert (away.share, away.is_reached, away.behind, away.by_now_share) == (None, True, 0, 0)


def test_only_whole_touches_are_missed():
    assert progress(0, count=3).behind == 1  # by now 1.8
    assert progress(1, count=3).behind == 0


def test_periods():
    assert period_of(date(2024, 2, 29), "month") == (date(2024, 2, 1), date(2024, 2, 29))
    assert period_of(date(2026, 12, 31), "month") == (date(2026, 12, 1), date(2026, 12, 31))
    assert period_of(SUNDAY, "week") == WEEK
    assert periods_between(SUNDAY, date(2026, 6, 15), "week") == [WEEK, (date(2026, 6, 15), date(2026, 6, 21))]
    assert [first.month for first, _last in periods_until(MONDAY, "month", 8)] == [11, 12, 1, 2, 3, 4, 5, 6]


DAYS = st.integers(0, 40).map(lambda number: date(2026, 5, 25) + timedelta(number))
SPANS = st.builds(Span, st.none() | DAYS, st.none() | DAYS | st.just(date.max))
GOALS = st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["ann", "rep", "manager"]), SPANS), max_size=5)
SEATS = st.lists(st.tuples(st.sampled_from(["rep", "manager"]), SPANS), max_size=3)


@settings(max_examples=200, deadline=None)
@given(GOALS, SEATS, st.lists(SPANS, max_size=2), st.sampled_from(["week", "month"]), st.integers(0, 29))
def test_a_period_asks_what_its_days_ask_one_by_one(goals, seats, away, period, number):
    today = date(2026, 6, 1) + timedelta(number)
    rows = [
        Goal(key, who if who == "ann" else None, None if who == "ann" else who, "voice", period, count, span)
        for key, (count, who, span) in enumerate(goals)
    ]
    found = Goals(rows, [Seat("ann", role, "exeter", span) for role, span in seats], CALENDAR, {"ann": away})
    first, last = days = period_of(date(2026, 6, 10), period)
    row = found.asked("ann", "voice", period, days, today)
    each_day = [first + timedelta(n) for n in range((last - first).days + 1)]
    one_by_one = [found.asked("ann", "voice", period, (day, day), today) for day in each_day]
    held = [each for each in one_by_one if each is not None]
    assert (row is None) == (not held)
    if row is not None:
        assert (row.goal, row.role, row.days) == (held[-1].goal, held[-1].role, sum(each.days for each in held))
        total = sum(each.goal * each.days for each in held)
        of_days = sum(day.weekday() < 5 for day in each_day)
        assert row.of_days == of_days
        assert row.asked == (max(1, (2 * total + of_days) // (2 * of_days)) if row.days else 0)
        assert row.by_now * of_days == pytest.approx(
            sum(each.goal * each.days for each in held if each.starts_on < today)
        )


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 1000),
    st.sampled_from(["week", "month"]),
    st.integers(0, 600),
    st.integers(-9, 20),
    st.integers(0, 9),
)
def test_an_absence_never_raises_what_is_asked_and_by_now_never_exceeds_it(count, period, number, start, length):
    day = date(2025, 6, 1) + timedelta(number)
    days = period_of(day, period)
    away = [Span(day + timedelta(start), day + timedelta(start + length))]
    one = asked(weekly(count, period=period), days=days, period=period, today=day, away=away)
    full = asked(weekly(count, period=period), days=days, period=period, today=day)
    assert one.asked <= full.asked <= count
    assert (one.asked == 0) == (one.days == 0)
    assert one.by_now <= count * one.days / one.of_days
    assert 0 <= Progress(one, 0).by_now_share <= 1
