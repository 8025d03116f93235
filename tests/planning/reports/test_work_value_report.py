"""The report on the value of work done."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, Team
from accounts.permissions import Act, Area
from customers.actions.lifecycle import mark_lifecycles_due, rebuild_lifecycle
from customers.models import Customer, Potential, Tier, TouchPerson
from planning.models import PlanningSettings
from planning.reports import Asked
from planning.reports.work_value import REPORT
from planning.reports.writing import csv_text
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 7, 10, 10, 0, tzinfo=dt.UTC)
YEAR = (dt.date(2026, 1, 1), dt.date(2026, 7, 10))


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def asked(by="person", *, as_of=None, window=YEAR, reader=None):
    return Asked(NOW.date(), NOW, as_of and dt.date.fromisoformat(as_of), *window, by, reader)


def ask(*args, columns=("person", "team", "type", "tier", "touches", "value", "minutes"), **options):
    rows, _computed_at = REPORT.rows(asked(*args, **options))
    return [tuple(row[name] for name in columns) for row in rows]


def rebuild():
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)


@pytest.fixture
def types(cast):
    """A call is worth 10 with prospects of tier D, 40 with those of tier B, 5 with customers; a visit 100 on tier D."""
    tiers, types = factories.tiers(), factories.touch_types()
    for tier, amount, stage in (
        ("D", 10, "prospect"),
        ("B", 40, "prospect"),
        ("D", 5, "customer"),
        ("C", 6, "customer"),
    ):
        factories.touch_value(types["voice"], tiers[tier], amount, stage)
    factories.touch_value(types["field"], tiers["D"], 100)
    rebuild()
    return types


def test_touches_are_worth_what_is_official_on_their_day_and_tier(cast, types):
    for day in ("2026-03-01", "2026-05-31", "2026-06-01"):
        factories.touch(cast.own, cast.rep, at(day), 10)
    factories.touch(cast.own, cast.rep, at("2026-03-01"), 60, 30, types["field"])
    assert ask() == [
        ("Rep", "Exeter", "Voice call", "D", 3, "30.00", "30.00"),
        ("Rep", "Exeter", "Field sales call", "D", 1, "100.00", "60.00"),
    ]
    # The value changes on 1 June, and the customer is of tier B from 1 May on.
    Potential.objects.create(customer=cast.own, amount=20_000, noted_on=dt.date(2026, 5, 1))
    rebuild()
    factories.touch_value(types["voice"], Tier.objects.get(name="B"), 44, starts_on=dt.date(2026, 6, 1))
    assert ask()[:2] == [
        ("Rep", "Exeter", "Voice call", "B", 2, "84.00", "20.00"),
        ("Rep", "Exeter", "Voice call", "D", 1, "10.00", "10.00"),
    ]


def test_the_stage_is_that_at_the_day_s_end_and_lapsed_ones_are_worth_what_prospects_are(cast, types):
    Customer.objects.filter(pk=cast.own.pk).update(since=dt.date(2025, 1, 1))
    cast.own.refresh_from_db()
    factories.order(cast.own, 100, "won", at("2025-06-01"))
    rebuild()
    for day in ("2026-05-31", "2026-06-01"):  # customer until the 365th day
        factories.touch(cast.own, cast.rep, at(day))
    assert ask() == [("Rep", "Exeter", "Voice call", "D", 2, "15.00", "30.00")]
    factories.order(cast.foreign, 100, "won", at("2026-03-02", 15))
    rebuild()
    factories.touch(cast.foreign, cast.other_rep, at("2026-03-01", 9))
    factories.touch(cast.foreign, cast.other_rep, at("2026-03-02", 9))
    assert ask()[0] == ("Other rep", "Leeds", "Voice call", "D", 2, "15.00", "30.00")


def test_where_no_value_is_set_the_mean_of_the_other_tiers_stands_in(cast, types):
    columns = ("type", "tier", "value", "counted", "not_set")
    Potential.objects.create(customer=cast.own, amount=6_000, noted_on=dt.date(2026, 1, 1))
    rebuild()
    factories.touch(cast.own, cast.rep, at("2026-03-01"))
    factories.touch(cast.own, cast.rep, at("2026-03-01"), type=types["online"])
    assert ask(columns=columns) == [("Voice call", "C", "25.00", 1, 1), ("Online meeting", "C", "0.00", 1, 1)]


def test_touches_before_the_customer_s_history_are_counted_and_worth_nothing(cast, types):
    factories.touch(cast.own, cast.rep, at("2025-12-31"))
    window = (dt.date(2025, 12, 1), dt.date(2026, 7, 1))
    assert ask(window=window) == [("Rep", "Exeter", "Voice call", None, 1, "0.00", "15.00")]


def test_what_two_made_stands_with_each_and_counts_once_in_all(cast, types):
    visit = factories.touch(cast.own, cast.rep, at("2026-03-01"), 60, 30, types["field"])
    visit.duration_seconds, visit.travel_seconds = 90 * 60, 40 * 60
    visit.save()
    part = {"touch": visit, "duration_seconds": 1800, "travel_seconds": 600}
    TouchPerson.objects.create(user=cast.technician, **part)
    factories.touch(cast.own, None, at("2026-06-01"), 7)
    assert ask() == [
        ("Rep", "Exeter", "Field sales call", "D", 1, "100.00", "60.00"),
        ("Technician", "Exeter", "Field sales call", "D", 1, "100.00", "30.00"),
        (None, None, "Voice call", "D", 1, "10.00", "7.00"),
    ]
    assert ask("team") == [
        (None, "Exeter", "Field sales call", "D", 1, "100.00", "90.00"),
        (None, None, "Voice call", "D", 1, "10.00", "7.00"),
    ]
    assert ask("type") == [
        (None, None, "Voice call", "D", 1, "10.00", "7.00"),
        (None, None, "Field sales call", "D", 1, "100.00", "90.00"),
    ]


def test_repeats_of_customer_type_and_day_count_once_where_the_setting_says_so(cast, types):
    columns = ("person", "touches", "counted", "value", "minutes")
    for hour in (9, 10, 11):
        factories.touch(cast.own, cast.rep, at("2026-03-01", hour), 5)
    # 23:30 and 00:30 in London's summer: two days, one in UTC.
    factories.touch(cast.own, cast.rep, at("2026-06-01", 22) + dt.timedelta(minutes=30), 5)
    factories.touch(cast.own, cast.rep, at("2026-06-01", 23) + dt.timedelta(minutes=30), 5)
    factories.touch(cast.own, cast.mate, at("2026-03-01", 8), 5)
    factories.touch(cast.foreign, cast.rep, at("2026-03-01", 9), 5)
    assert ask(columns=columns) == [("Mate", 1, 1, "10.00", "5.00"), ("Rep", 6, 6, "60.00", "30.00")]
    PlanningSettings.objects.create(repeats_count_once=True)
    assert ask(columns=columns) == [("Mate", 1, 1, "10.00", "5.00"), ("Rep", 6, 4, "40.00", "30.00")]
    assert ask("team", columns=columns) == [(None, 7, 4, "40.00", "35.00")]
    assert ask("type", columns=columns) == [(None, 7, 4, "40.00", "35.00")]


def test_implausible_touches_count_without_their_minutes(cast, types):
    factories.touch(cast.own, cast.rep, at("2026-03-01"), 481, 60)
    columns = ("touches", "value", "minutes", "travel_minutes", "implausible")
    for by in ("person", "team", "type"):
        assert ask(by, columns=columns) == [(1, "10.00", "0.00", "60.00", 1)]


def test_as_of_and_window(cast, types):
    for day in ("2026-04-11", "2026-04-12", "2026-07-10", "2026-07-11"):
        factories.touch(cast.own, cast.rep, at(day))
    assert ask(window=(None, None))[0][4] == 2
    assert ask(window=(None, None), as_of="2026-07-09")[0][4] == 2
    assert ask(window=(dt.date(2026, 4, 12), dt.date(2026, 12, 31)), as_of="2026-07-11")[0][4] == 3


def test_tiers_that_wait_to_be_worked_out_are_worked_out_for_the_report(cast, types):
    factories.touch(cast.own, cast.rep, at("2026-03-01"))
    factories.touch(cast.foreign, cast.rep, at("2026-03-01"))
    Potential.objects.create(customer=cast.own, amount=20_000, noted_on=dt.date(2026, 2, 1))
    Customer.objects.filter(pk=cast.own.pk).update(next_change_at=NOW)
    assert [row[3:6] for row in ask()] == [("B", 1, "40.00"), ("D", 1, "10.00")]
    mark_lifecycles_due(now=NOW)
    assert [row[3:6] for row in ask()] == [("B", 1, "40.00"), ("D", 1, "10.00")]


@pytest.fixture
def two_places(cast, types):
    """The mate sells in Leeds, too, since June; one customer is theirs there, and costs differ."""
    Role.objects.filter(name="Salesperson").update(cost_per_hour=Decimal("60.00"))
    there = factories.membership(
        cast.mate,
        cast.leeds,
        starts_on=dt.date(2026, 6, 1),
        cost_per_hour=Decimal("30.00"),
        role=cast.rep_membership.role,
    )
    factories.assign(cast.foreign, there, kind="support", starts_on=dt.date(2026, 6, 1))
    return there


def test_work_is_done_under_the_assignment_s_membership_of_the_day_else_the_earliest(cast, types, two_places):
    types["field"].cost = Decimal("8.00")
    types["field"].save()
    factories.touch(cast.foreign, cast.mate, at("2026-05-31"), 60)  # before: in Exeter
    factories.touch(cast.foreign, cast.mate, at("2026-06-01"), 60, 60, types["field"])
    factories.touch(cast.team_mates, cast.mate, at("2026-06-02"), 60)
    factories.touch(cast.team_mates, None, at("2026-06-02"), 60, type=types["field"])
    columns = ("person", "team", "type", "touches", "cost")
    assert ask(columns=columns) == [
        ("Mate", "Exeter", "Voice call", 2, "120.00"),
        ("Mate", "Leeds", "Field sales call", 1, "68.00"),
        (None, None, "Field sales call", 1, "8.00"),
    ]
    assert ask("team", columns=columns) == [
        (None, "Exeter", "Voice call", 2, "120.00"),
        (None, "Leeds", "Field sales call", 1, "68.00"),
        (None, None, "Field sales call", 1, "8.00"),
    ]
    assert ask("type", columns=columns) == [
        (None, None, "Voice call", 2, "120.00"),
        (None, None, "Field sales call", 2, "76.00"),
    ]


def test_readers_get_what_is_within_their_reach_and_cost_only_with_cost_rates(cast, types, two_places):
    for customer, person in ((cast.own, cast.rep), (cast.team_mates, cast.mate), (cast.foreign, cast.other_rep)):
        factories.touch(customer, person, at("2026-03-01"), 60)
    factories.touch(cast.own, None, at("2026-03-01"), 60)
    factories.touch(cast.foreign, cast.rep, at("2026-03-01"), 60)
    export = {Area.EXPORT: {Act.SEE: "own"}}
    for role in Role.objects.filter(name__in=["Salesperson"]):
        role.access = {**role.access, **export}
        role.save()
    columns = ("person", "touches", "value")
    assert ask(columns=columns, reader=cast.rep) == [("Rep", 1, "10.00")]
    assert ask("type", columns=columns, reader=cast.rep) == [(None, 1, "10.00")]
    assert ask(columns=columns, reader=cast.manager) == [("Mate", 1, "10.00"), ("Rep", 1, "10.00"), (None, 1, "10.00")]
    assert ask("type", columns=columns, reader=cast.manager) == [(None, 3, "30.00")]
    assert "cost" not in csv_text(REPORT, asked(reader=cast.rep))
    assert "cost" not in REPORT.rows(asked(reader=cast.rep))[0][0]
    assert csv_text(REPORT, asked(reader=cast.manager)).splitlines()[:2] == [
        "person,team,type,tier,touches,value,minutes,cost,travel_minutes,counted,not_set,implausible",
        "Mate,Exeter,Voice call,D,1,10.00,60.00,60.00,0.00,1,0,0",
    ]


@pytest.mark.parametrize("by", ["person", "team", "type"])
def test_the_number_of_queries_is_the_same_for_few_and_for_many(cast, types, by):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            ask(by)
        return len(captured)

    factories.touch(cast.own, cast.rep, at("2026-02-01"))
    ask(by)
    few = queries()
    for number in range(5):
        owner = factories.membership(team=Team.objects.get(name="Leeds"))
        kind = factories.touch_type(f"Type {number}")
        factories.touch(factories.customer(owner=owner), owner.user, at("2026-02-01"), type=kind)
    rebuild()
    assert queries() == few
