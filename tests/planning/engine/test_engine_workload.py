"""A person's week (domain 3.3): worked examples, corners, sums that add up, and a second implementation."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from planning.engine.calendar import Span, WorkCalendar
from planning.engine.workload import band, workload
from planning.engine.workload_facts import (
    Away,
    BudgetShare,
    Cover,
    Member,
    PlannedTouches,
    SetAside,
    TeamLoad,
    WorkloadFacts,
)

MONDAY = date(2026, 6, 8)
ANN = Member("ann", "north", "rep", 40, 0.5)
BOB = Member("bob", "north", "rep", 40, 0.5)
BUDGETS = BudgetShare("ann", "north", prospecting=False, touch=3478.4, other=434.8)
#: one other member, so 217.4 minutes a month
TEAM_LOAD = TeamLoad("rep", 217.4)


def week(person="ann", weeks=(MONDAY,), **facts):
    defaults = {"shares": (BUDGETS,), "members": (ANN, BOB), "team_loads": (TEAM_LOAD,)}
    cells = workload(WorkloadFacts(**defaults | facts), weeks)
    return next(cell for cell in cells if cell.person == person and cell.week == weeks[0])


def unstaffed(**facts):
    defaults = {"shares": (BUDGETS,), "members": (ANN, BOB)}
    return [cell for cell in workload(WorkloadFacts(**defaults | facts), [MONDAY]) if cell.person is None]


def shown(cell):
    return f"{cell.workload:.2f} of {cell.capacity:.2f}: {cell.load:.6f}"


def planned(minutes, travel=0.0, week=MONDAY, prospecting=False):
    return PlannedTouches("ann", week, minutes * prospecting, minutes * (not prospecting), travel)


def days_off(*days):
    return tuple(Away("ann", Span(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day))) for day in days)


def test_worked_example_is_79_percent():
    cell = week()

    assert shown(cell) == "950.00 of 1200.00: 0.791667"
    assert [
        f"{part:.2f}" for part in (cell.prospecting, cell.keeping, cell.travel, cell.team_load, cell.set_aside)
    ] == [
        "0.00",
        "900.00",
        "0.00",
        "50.00",
        "0.00",
    ]


def test_worked_example_with_900_minutes_planned_is_87_5_percent():
    cell = week(planned=(planned(700, 200),))

    assert shown(cell) == "1050.00 of 1200.00: 0.875000"
    assert cell.by_plan


def test_worked_example_away_2_of_5_days_is_132_percent():
    cell = week(away=days_off(0, 1))

    assert shown(cell) == "950.00 of 720.00: 1.319444"
    assert f"{cell.load:.0%}" == "132%"


def test_the_first_three_parts_are_the_planned_ones_where_these_exceed_budgets():
    shares = (
        BudgetShare("ann", "north", prospecting=True, touch=434.8, travel=434.8, other=43.48),
        BudgetShare("ann", "north", prospecting=False, other=86.96),
    )

    cell = week(shares=shares, planned=(planned(200, 50, prospecting=True), planned(100)))

    assert [f"{part:.2f}" for part in (cell.prospecting, cell.keeping, cell.travel)] == ["210.00", "120.00", "50.00"]


def test_planned_touches_within_budgets_change_nothing():
    assert shown(week(planned=(planned(800),))) == "950.00 of 1200.00: 0.791667"


def test_planned_touches_of_another_week_do_not_count():
    assert not week(
        planned=(planned(900, week=MONDAY - timedelta(days=7)), planned(900, week=MONDAY + timedelta(days=7)))
    ).by_plan


def test_hours_set_aside_are_added():
    cell = week(set_aside=(SetAside("ann", 2.5), SetAside("bob", 9)))

    assert (f"{cell.set_aside:.2f}", f"{cell.workload:.2f}") == ("150.00", "1100.00")


def test_hours_set_aside_end_with_the_situation():
    assert week(set_aside=(SetAside("ann", 2.5, Span(None, MONDAY - timedelta(days=1))),)).set_aside == 0.0


def test_a_holiday_lowers_everyones_capacity():
    calendar = WorkCalendar(holidays=frozenset({MONDAY}))

    assert week(calendar=calendar).capacity == 960.0


def test_a_holiday_during_an_absence_counts_once():
    calendar = WorkCalendar(holidays=frozenset({MONDAY}))

    assert week(calendar=calendar, away=days_off(0, 1)).capacity == 720.0


def test_capacity_is_that_of_all_memberships_for_their_days():
    members = (ANN, Member("ann", "south", "expert", 10, 1.0, starts_on=MONDAY + timedelta(days=3)), BOB)

    assert week(members=members).capacity == 1200.0 + 10 * 60 * 2 / 5


def test_capacity_ends_with_the_membership():
    members = (Member("ann", "north", "rep", 40, 0.5, ends_on=MONDAY + timedelta(days=1)), BOB)

    assert week(members=members).capacity == 480.0


def test_team_load_counts_each_other_member_once_and_only_the_own_team():
    members = (
        ANN,
        BOB,
        Member("bob", "north", "expert", 5, 1.0),
        Member("cem", "north", "expert", 5, 1.0),
        Member("dee", "south", "rep", 40, 1),
    )

    assert f"{week(members=members).team_load:.2f}" == "100.00"
    assert week("dee", members=members).team_load == 0.0


def test_covered_work_goes_to_the_cover():
    facts = {"away": days_off(0, 1), "covers": (Cover("ann", "bob", Span(MONDAY, MONDAY + timedelta(days=6))),)}

    assert f"{week(**facts).keeping:.2f}" == "580.00"  # 800 x 3/5 + 100 other
    assert f"{week('bob', **facts).keeping:.2f}" == "320.00"


def test_entirely_away_joins_the_teams_unstaffed_minutes():
    facts = {"away": days_off(0, 1, 2, 3, 4), "team_loads": (TEAM_LOAD,)}

    cell = week(**facts)
    [row] = unstaffed(**facts)

    assert (cell.workload, cell.capacity, cell.load) == (0.0, 0.0, None)
    assert (row.team, f"{row.keeping:.2f}", f"{row.team_load:.2f}", row.load) == ("north", "900.00", "50.00", None)


def test_entirely_away_and_covered_leaves_only_what_is_not_covered():
    facts = {"away": days_off(0, 1, 2, 3, 4), "covers": (Cover("ann", "bob", Span()),)}

    [row] = unstaffed(**facts)

    assert f"{row.keeping:.2f}" == "100.00"
    assert f"{week('bob', **facts).keeping:.2f}" == "800.00"


def test_a_person_without_a_membership_that_week_is_entirely_away():
    members = (Member("ann", "north", "rep", 40, 0.5, ends_on=MONDAY - timedelta(days=1)), BOB)

    [row] = unstaffed(members=members)

    assert f"{row.keeping:.2f}" == "900.00"


def test_present_with_no_hours_for_customers_keeps_the_work():
    cell = week(members=(Member("ann", "north", "boss", 40, 0.0), BOB))

    assert (f"{cell.workload:.2f}", cell.load) == ("900.00", None)


def test_roles_without_a_person_are_the_teams_unstaffed_row():
    share = BudgetShare(None, "south", prospecting=True, touch=43.48, travel=43.48, other=4.348)

    [row] = unstaffed(shares=(BUDGETS, share))

    assert (row.team, f"{row.prospecting:.2f}", f"{row.travel:.2f}", f"{row.workload:.2f}") == (
        "south",
        "11.00",
        "10.00",
        "21.00",
    )


def test_a_team_without_unstaffed_work_has_no_such_row():
    assert unstaffed() == []


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ("0.699999", "room"),
        ("0.7", "good"),
        ("0.9", "good"),
        ("0.900001", "full"),
        ("1", "full"),
        ("1.000001", "over"),
        ("1.2", "over"),
        ("1.200001", "far"),
    ],
)
def test_bands(load, expected):
    assert band(float(Decimal(load))) == expected


def test_no_capacity_reads_away():
    assert band(None) == "away"


def test_eight_weeks_are_eight_cells_a_person():
    weeks = [MONDAY + timedelta(weeks=n) for n in range(8)]

    cells = workload(WorkloadFacts(shares=(BUDGETS,), members=(ANN, BOB)), weeks)

    assert [(cell.person, cell.week) for cell in cells] == [(person, day) for person in ("ann", "bob") for day in weeks]


def test_an_absence_in_the_first_week_leaves_the_others_as_they_are():
    weeks = [MONDAY + timedelta(weeks=n) for n in range(3)]
    calendar = WorkCalendar(holidays=frozenset({weeks[2]}))

    cells = workload(WorkloadFacts(shares=(BUDGETS,), members=(ANN,), away=days_off(0, 1), calendar=calendar), weeks)

    assert [cell.capacity for cell in cells] == [720.0, 1200.0, 960.0]


def test_a_colleague_who_comes_later_counts_from_then_on():
    weeks = [MONDAY + timedelta(weeks=n) for n in range(3)]
    cem = Member("cem", "north", "expert", 5, 1.0, starts_on=weeks[1] + timedelta(days=4))

    cells = workload(WorkloadFacts(members=(ANN, BOB, cem), team_loads=(TEAM_LOAD,)), weeks)

    assert [f"{cell.team_load:.2f}" for cell in cells if cell.person == "ann"] == ["50.00", "100.00", "100.00"]


# Properties

people = st.sampled_from(["ann", "bob"])
amounts = st.floats(0, 5000).map(lambda minutes: round(minutes, 3))
shares = st.builds(
    BudgetShare, people | st.none(), st.sampled_from(["north", "south"]), st.booleans(), amounts, amounts, amounts
)
plans = st.builds(PlannedTouches, people, st.just(MONDAY), amounts, amounts, amounts)
absences = st.builds(
    Away,
    people,
    st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
        lambda p: Span(MONDAY + timedelta(days=min(p)), MONDAY + timedelta(days=max(p)))
    ),
)
covers = st.just(Cover("ann", "bob", Span()))
weeks_of_facts = st.builds(
    WorkloadFacts,
    shares=st.lists(shares, max_size=5),
    members=st.just((ANN, BOB)),
    team_loads=st.just((TEAM_LOAD,)),
    planned=st.lists(plans, max_size=3),
    away=st.lists(absences, max_size=2),
    covers=st.lists(covers, max_size=1),
    set_aside=st.lists(st.builds(SetAside, people, st.floats(0, 20)), max_size=2),
)


def naive_total(facts):
    """All minutes of the week, wherever they land: absence and cover move them and lose none."""
    total = sum(s.touch + s.travel + s.other for s in facts.shares if s.person is None) / 4.348
    for person in ("ann", "bob"):
        mine = [s for s in facts.shares if s.person == person]
        touch = sum(s.touch + s.travel for s in mine) / 4.348
        planned_minutes = sum(p.prospecting + p.keeping + p.travel for p in facts.planned if p.person == person)
        total += max(touch, planned_minutes) + sum(s.other for s in mine) / 4.348 + 217.4 / 4.348
        total += sum(s.hours for s in facts.set_aside if s.person == person) * 60
    return total


@given(weeks_of_facts)
def test_no_minute_is_lost_or_counted_twice(facts):
    assert sum(cell.workload for cell in workload(facts, [MONDAY])) == pytest.approx(
        naive_total(facts), rel=1e-9, abs=1e-6
    )


three_weeks = [MONDAY + timedelta(weeks=n) for n in (-1, 0, 1)]
memberships = st.builds(
    Member, people, st.sampled_from(["north", "south"]), st.just("rep"), st.just(40), st.sampled_from([0.0, 0.5]),
    st.none() | st.integers(-9, 16).map(lambda n: MONDAY + timedelta(days=n)),
)  # fmt: skip


@given(weeks_of_facts, st.lists(memberships, max_size=3), st.sets(st.sampled_from(three_weeks)))
def test_weeks_together_are_what_each_is_alone(facts, more, holidays):
    calendar = WorkCalendar(holidays=frozenset(holidays))
    facts = replace(facts, members=[*facts.members, *more], calendar=calendar)

    cells = workload(facts, three_weeks)

    assert [cell for cell in cells if cell.person and cell.week == MONDAY] == [
        cell for cell in workload(facts, [MONDAY]) if cell.person
    ]
    assert {cell for cell in cells if not cell.person and cell.week == MONDAY} == {
        cell for cell in workload(facts, [MONDAY]) if not cell.person
    }


@given(weeks_of_facts)
def test_parts_add_up_and_are_never_negative(facts):
    for cell in workload(facts, [MONDAY]):
        parts = (cell.prospecting, cell.keeping, cell.travel, cell.team_load, cell.set_aside)
        assert cell.workload == sum(parts)
        assert all(part >= -1e-9 for part in parts)


@given(weeks_of_facts, absences)
def test_one_absence_more_never_raises_capacity(facts, absence):
    more = WorkloadFacts(facts.shares, facts.members, facts.team_loads, facts.planned, [*facts.away, absence])

    before = {cell.person: cell.capacity for cell in workload(facts, [MONDAY]) if cell.person}
    after = {cell.person: cell.capacity for cell in workload(more, [MONDAY]) if cell.person}

    assert all(after[person] <= minutes for person, minutes in before.items())
