"""What is due, whose it is, what to do first (domain 3.2)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.engine import due as engine
from planning.engine.calendar import Span, WorkCalendar, uncovered
from planning.engine.cover import Away, StandIn
from planning.engine.due import Candidate, due_touches, one_row_each, planned_score, score, urgency
from planning.engine.facts import CustomerFacts, LastTouches
from planning.engine.rhythm import interval_days, whole_days
from planning.engine.rules import ContactRule, Rules
from planning.engine.shares import Assigned
from planning.engine.value import OfficialValue, ValueTable, Worth

TUESDAY = date(2026, 6, 9)
CALENDAR = WorkCalendar(holidays=frozenset({date(2026, 6, 1)}))
VALUES = ValueTable((OfficialValue("voice", "A", "customer", date(2026, 1, 1), Decimal(90)),), TUESDAY)
WEEKLY = ContactRule(1, "A", "customer", "rep", "voice", 1, "week", 15)


def assigned(person="ann", role="rep", key=1, share=None, kind="lead", starts_on=None):
    return Assigned(key, person, role, 1, kind, share, starts_on)


def customer(**facts):
    defaults = {
        "key": 1,
        "stage": "customer",
        "tier": "A",
        "team": 1,
        "began_on": date(2026, 1, 5),
        "assigned": (assigned(),),
    }
    return CustomerFacts(**defaults | facts)


def only(facts, rule=WEEKLY, away=None, values=VALUES, bases=None, calendar=CALENDAR):
    [row] = due_touches(facts, Rules((rule,)), bases or {}, calendar, Away(away or {}), values, TUESDAY)
    return row


def last(**days):
    return LastTouches(**days)


def test_worked_example_value_90_weekly_7_days_overdue_45_minutes_scores_4():
    assert f"{score(90.0, urgency(7, 7.0), 15 + 30):.2f}" == "4.00"


def test_worked_example_from_facts():
    row = only(customer(last=last(by_role={("rep", "voice"): date(2026, 5, 26)})))

    assert (row.due_on, row.overdue_days, row.person) == (date(2026, 6, 2), 7, "ann")
    assert f"{row.score:.2f}" == "12.00"  # 90 x 2 / 15: no travel


@pytest.mark.parametrize(
    ("overdue", "expected"), [(0, 1.0), (7, 2.0), (14, 3.0), (70, 3.0), (-7, 0.0), (-70, 0.0), (-3.5, 0.5)]
)
def test_urgency_is_held_between_0_and_3(overdue, expected):
    assert urgency(overdue, 7.0) == expected


def test_no_minutes_count_as_one():
    assert score(90.0, 1.0, 0.0) == 90.0


@pytest.mark.parametrize(
    ("count", "period", "days"),
    [
        (1, "day", 1),
        (3, "day", 1),
        (1, "week", 7),
        (2, "week", 4),
        (1, "month", 30),
        (2, "month", 15),
        (1, "quarter", 91),
        (1, "year", 365),
        (4, "year", 91),
    ],
)
def test_interval_in_days_is_rounded_half_up_at_least_1(count, period, days):
    assert whole_days(interval_days(count, period)) == days


def test_never_touched_is_due_on_the_day_the_stage_began():
    assert only(customer(began_on=date(2026, 6, 4))).due_on == date(2026, 6, 4)


def test_stage_began_on_a_sunday_is_due_on_monday():
    assert only(customer(began_on=date(2026, 6, 7))).due_on == date(2026, 6, 8)


def test_due_day_on_a_weekend_before_a_holiday_moves_past_both():
    row = only(customer(last=last(by_role={("rep", "voice"): date(2026, 5, 23)})))

    assert row.due_on == date(2026, 6, 2)  # Saturday 30 May, Monday 1 June is a holiday


def test_due_day_in_an_absence_moves_to_the_day_the_person_is_back():
    away = {"ann": [Span(date(2026, 6, 8), date(2026, 6, 12))]}

    row = only(customer(last=last(by_role={("rep", "voice"): date(2026, 6, 1)})), away=away)

    assert row.due_on == date(2026, 6, 15)


def test_a_covered_absence_moves_nothing():
    absences = [Span(date(2026, 6, 8), date(2026, 6, 12))]
    away = {"ann": uncovered(absences, [Span(date(2026, 6, 1), date(2026, 6, 30))])}

    row = only(customer(last=last(by_role={("rep", "voice"): date(2026, 6, 1)})), away=away)

    assert row.due_on == date(2026, 6, 8)


def test_an_absence_without_an_end_moves_nothing_but_weekends_do():
    away = {"ann": [Span(date(2026, 6, 1), None)]}

    assert only(customer(began_on=date(2026, 6, 6)), away=away).due_on == date(2026, 6, 8)


def test_another_persons_absence_does_not_matter():
    away = {"bob": [Span(date(2026, 6, 1), date(2026, 6, 30))]}

    assert only(customer(began_on=date(2026, 6, 4)), away=away).due_on == date(2026, 6, 4)


def test_a_touch_by_a_person_unknown_counts_for_the_role():
    touched = last(by_role={("rep", "voice"): date(2026, 5, 1)}, unknown={"voice": date(2026, 6, 2)})

    assert only(customer(last=touched)).due_on == date(2026, 6, 9)


def test_a_touch_by_another_role_does_not_count():
    touched = last(by_role={("boss", "voice"): date(2026, 6, 2)}, anyone={"voice": date(2026, 6, 2)})

    assert only(customer(began_on=date(2026, 6, 4), last=touched)).due_on == date(2026, 6, 4)


def test_where_nobody_is_assigned_in_the_role_anyones_touch_counts():
    touched = last(by_role={("boss", "voice"): date(2026, 6, 2)}, anyone={"voice": date(2026, 6, 2)})
    facts = customer(last=touched, assigned=(assigned("bea", role="boss"),))

    row = only(facts)

    assert (row.due_on, row.person) == (date(2026, 6, 9), "bea")


def test_whose_is_the_largest_share():
    team = (
        assigned("ann", share=Decimal("0.4")),
        assigned("bob", key=2, share=Decimal("0.6"), kind="support", starts_on=date(2026, 5, 1)),
    )

    assert only(customer(assigned=team)).person == "bob"


def test_equal_shares_go_to_the_earliest_assignment():
    team = (
        assigned("ann", key=1, starts_on=date(2026, 5, 2)),
        assigned("bob", key=2, kind="support", starts_on=date(2026, 5, 1)),
        assigned("cem", key=3, kind="support", starts_on=date(2026, 5, 3)),
    )

    assert only(customer(assigned=team)).person == "bob"


def test_an_assignment_since_always_is_the_earliest():
    team = (assigned("ann", key=1, starts_on=date(2020, 5, 2)), assigned("bob", key=2, kind="support"))

    assert only(customer(assigned=team)).person == "bob"


def test_nobody_in_the_role_and_no_owner_is_nobodys():
    assert only(customer(assigned=(assigned("bea", role="boss", kind="support"),))).person is None


def test_lapsed_is_due_only_where_a_rule_names_it():
    rules = Rules((WEEKLY, ContactRule(2, "A", "lost", "rep", "voice", 1, "year", 15)))

    assert due_touches(customer(stage="lapsed"), rules, {}, CALENDAR, {}, VALUES, TUESDAY) == []


def test_travel_counts_in_the_score_only_where_the_type_travels():
    there = (52.0, 5.0)
    rule = ContactRule(1, "A", "customer", "rep", "voice", 1, "week", 15, travels=True)

    row = only(
        customer(place=there, last=last(by_role={("rep", "voice"): date(2026, 6, 2)})), rule, bases={"ann": (52.0, 5.1)}
    )

    assert row.travel.minutes > 20
    assert row.score == pytest.approx(90 / (15 + row.travel.minutes))


def test_a_planned_touch_has_the_urgency_of_its_own_day_with_an_interval_of_7():
    worth = Worth(Decimal(90), True)

    scores = [planned_score(worth, TUESDAY - timedelta(days=days), TUESDAY, 45) for days in (7, 0, -7)]

    assert [f"{value:.2f}" for value in scores] == ["4.00", "2.00", "0.00"]


# Official values


def value(amount, tier="A", starts_on=date(2026, 1, 1), audience="customer", touch_type="voice"):
    return OfficialValue(touch_type, tier, audience, starts_on, Decimal(amount))


def test_the_latest_start_not_after_the_day_holds():
    values = (value(10), value(20, starts_on=date(2026, 6, 9)), value(30, starts_on=date(2026, 6, 10)))

    assert ValueTable(values, TUESDAY).worth("voice", "A", "customer") == Worth(Decimal(20), True)


def test_lapsed_and_lost_are_worth_what_prospects_are():
    values = ValueTable((value(10), value(7, audience="prospect")), TUESDAY)

    assert [values.worth("voice", "A", stage).amount for stage in ("customer", "prospect", "lapsed", "lost")] == [
        10,
        7,
        7,
        7,
    ]


def test_where_none_is_set_it_is_the_mean_of_the_other_tiers_marked_not_set():
    values = ValueTable((value(10, "B"), value(40, "C"), value(99, "B", audience="prospect")), TUESDAY)

    assert values.worth("voice", "A", "customer") == Worth(Decimal(25), False)


def test_nothing_set_at_all_is_0():
    assert ValueTable((value(10),), TUESDAY).worth("field", "A", "customer") == Worth(Decimal(0), False)


# One row per customer and type


def row(key, planned_on=None, score=1.0, customer=1, touch_type="voice", overdue=0, tier=0, name="Acme"):
    return Candidate(key, customer, touch_type, score, overdue, tier, name, planned_on)


def keys(rows):
    return [found.key for found in one_row_each(rows, TUESDAY)]


def test_a_planned_touch_hides_its_rules_row_until_its_day():
    assert keys([row("rule", score=9.0), row("planned", TUESDAY + timedelta(days=3), score=1.0)]) == ["planned"]


def test_from_its_day_on_the_more_urgent_of_both_stands():
    assert keys([row("rule", score=9.0), row("planned", TUESDAY, score=1.0)]) == ["rule"]
    assert keys([row("rule", score=1.0), row("planned", TUESDAY, score=9.0)]) == ["planned"]


def test_what_is_planned_for_now_is_not_hidden_by_what_is_planned_for_later():
    now, later = row("now", TUESDAY, score=1.0), row("later", TUESDAY + timedelta(days=1), score=9.0)

    assert keys([now, later]) == ["now"]
    assert keys([now, later, row("rule", score=5.0)]) == ["now"]
    assert keys([now, row("later", TUESDAY + timedelta(days=1), score=0.5), row("rule", score=5.0)]) == ["now"]


def test_other_types_and_customers_keep_their_rows():
    rows = [row("a"), row("b", touch_type="field", score=0.5), row("c", customer=2, score=0.4)]

    assert keys(rows) == ["a", "b", "c"]


def test_ties_go_by_overdue_then_tier_then_name():
    rows = [
        row("d", customer=4, name="Zeta"),
        row("c", customer=3, name="Beta"),
        row("b", customer=2, tier=-1, name="Zulu"),
        row("a", customer=1, overdue=1, tier=3, name="Zz"),
    ]

    assert keys(rows) == ["a", "b", "c", "d"]


# Properties

days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
spans = st.tuples(days, st.integers(0, 40)).map(lambda pair: Span(pair[0], pair[0] + timedelta(days=pair[1])))
calendars = st.builds(WorkCalendar, st.frozensets(st.integers(0, 6), min_size=1), st.frozensets(days, max_size=20))


@given(days, calendars, st.lists(spans, max_size=4))
def test_the_next_working_day_is_the_first_one_worked_and_present(day, calendar, away):
    found = calendar.next_working_day(day, away)

    def fits(candidate):
        return calendar.works(candidate) and not any(span.holds(candidate) for span in away)

    naive = day
    while not fits(naive):
        naive += timedelta(days=1)
    assert found == naive


@given(st.lists(spans, max_size=3), st.lists(spans, max_size=3), days)
def test_a_day_is_uncovered_where_it_is_absent_and_not_covered(absences, covers, day):
    left = uncovered(absences, covers)

    assert any(span.holds(day) for span in left) == (
        any(span.holds(day) for span in absences) and not any(span.holds(day) for span in covers)
    )


@given(st.integers(-400, 400), st.integers(-400, 400), st.floats(0.1, 400))
def test_more_overdue_is_never_less_urgent(one, other, interval):
    less, more = sorted((one, other))

    assert 0 <= engine.urgency(less, interval) <= engine.urgency(more, interval) <= 3


def stand_in(first: date, last: date, customers=None) -> StandIn:
    return StandIn("ann", "bob", Span(first, last), customers)


AWAY_A_WEEK = {"ann": [Span(date(2026, 6, 8), date(2026, 6, 12))]}


@pytest.mark.parametrize(
    ("stand_ins", "days"),
    [
        ([], [Span(date(2026, 6, 8), date(2026, 6, 12))]),
        ([stand_in(date(2026, 6, 8), date(2026, 6, 12))], []),
        ([stand_in(date(2026, 6, 8), date(2026, 6, 9))], [Span(date(2026, 6, 10), date(2026, 6, 12))]),
        ([stand_in(date(2026, 6, 8), date(2026, 6, 12), frozenset({"other"}))], AWAY_A_WEEK["ann"]),
        ([stand_in(date(2026, 6, 8), date(2026, 6, 12), frozenset({"acme"}))], []),
    ],
)
def test_days_away_that_nobody_covers_on_a_customer(stand_ins, days):
    assert Away.of(AWAY_A_WEEK, stand_ins).uncovered("ann", "acme") == days


def test_who_is_away_too_covers_nothing_then():
    absences = AWAY_A_WEEK | {"bob": [Span(date(2026, 6, 9), date(2026, 6, 30))]}
    away = Away.of(absences, [stand_in(date(2026, 6, 8), date(2026, 6, 12))])
    assert away.uncovered("ann", "acme") == [Span(date(2026, 6, 9), date(2026, 6, 12))]


@pytest.mark.parametrize(("day", "who"), [(7, "ann"), (8, "bob"), (12, "bob"), (13, "ann")])
def test_who_stands_in_does_it_on_the_days_away_only(day, who):
    away = Away.of(AWAY_A_WEEK, [stand_in(date(2026, 6, 1), date(2026, 6, 30))])
    assert away.doing("ann", "acme", date(2026, 6, day)) == who
