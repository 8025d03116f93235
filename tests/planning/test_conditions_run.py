"""What moves a sale, as the night keeps it and as the report tells it."""

import datetime as dt

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from customers.models import Circumstance, Order
from planning.actions.conditions import compute_conditions
from planning.actions.runs import renew_sales, run_sales
from planning.loaders import load_ground
from planning.loaders.conditions import stored_window, window_from_log
from planning.models import ConditionEffect, ConditionKind, MovedMeasure, SaleFigures, SaleMeasure
from planning.reports import Asked, effects
from tests import factories
from tests.planning.won_orders import FREEZE, NOW, ON, ORDERS, at, won_orders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def book(cast):
    return won_orders(cast)


def asked(of="days", reader=None, as_of=None):
    return Asked(ON, NOW, as_of, reader=reader, of=of)


def rows_of(kind, **about):
    return {row["key"]: row for row in effects.answer(asked(**about)).rows if row["kind"] == kind}


def test_people_and_circumstances_move_the_days(book, cast):
    people, circumstances = rows_of("salesperson"), rows_of("circumstance")

    assert people["Rep"]["effect"] < people["Other rep"]["effect"] < people["Mate"]["effect"]
    assert people["Rep"]["high"] < 0 < people["Mate"]["low"]
    assert sum(row["n"] for row in people.values()) == ORDERS
    assert pytest.approx(circumstances["Budget freeze"]["effect"], abs=0.5) == 2.718**FREEZE - 1
    assert circumstances["Budget freeze"]["low"] > 0


def test_shares_of_variation_add_up(book):
    rows = list(effects.answer(asked()).rows)
    shares = {row["kind"]: row["share"] for row in rows}

    assert rows[-1]["kind"] == "unexplained"
    assert (rows[-1]["n"], rows[-1]["key"], rows[-1]["effect"]) == (ORDERS, None, None)
    assert sum(shares.values()) == pytest.approx(1)


def test_what_the_night_keeps_is_what_the_log_tells(book):
    assert stored_window(ON) == window_from_log(load_ground(ON))
    for measure in ("days", "amount"):
        kept, told = (list(effects.answer(asked(measure, as_of=day)).rows) for day in (None, ON))
        assert len(kept) > 10
        for one, other in zip(kept, told, strict=True):
            assert (one["kind"], one["key"], one["n"]) == (other["kind"], other["key"], other["n"])
            assert one["effect"] == pytest.approx(other["effect"], abs=1e-6)


def test_as_of_an_earlier_day_later_sales_are_left_out(book):
    rows = rows_of("salesperson", as_of=ON - dt.timedelta(days=100))

    assert sum(row["n"] for row in rows.values()) == sum(1 for n in range(ORDERS) if 1 + n * 3 >= 100)


def test_running_twice_is_running_once(book):
    before = list(
        ConditionEffect.objects.order_by("moved__measure", "kind", "key").values_list(
            "moved__measure", "kind", "key", "mean"
        )
    )
    compute_conditions(now=NOW)

    again = list(
        ConditionEffect.objects.order_by("moved__measure", "kind", "key").values_list(
            "moved__measure", "kind", "key", "mean"
        )
    )
    assert again == before
    assert MovedMeasure.objects.count() == len(SaleMeasure)


def test_the_job_keeps_it_once_a_day(cast):
    won_orders(cast, compute=False)

    assert run_sales(now=NOW).result["effects"] == ConditionEffect.objects.count() > 0
    assert run_sales(now=NOW) is None


def test_it_says_of_which_sales_and_window_it_is(book):
    moved = MovedMeasure.objects.get(measure="days")

    assert (moved.first_on, moved.last_on) == (
        ON - dt.timedelta(days=1094),
        ON,
    )  # fewer than 100 in one year, and in two
    assert (moved.sales, moved.computed_at, moved.figures["converged"]) == (ORDERS, NOW, True)
    assert len(moved.figures["apart"]) == 2


def test_without_rates_of_cost_and_touches_nothing_is_told_of_them(book):
    assert MovedMeasure.objects.get(measure="cost").figures is None
    assert MovedMeasure.objects.get(measure="touches").figures is None
    assert list(effects.answer(asked("cost")).rows) == []


def test_cost_is_told_once_it_is_known(cast):
    Role.objects.filter(name="Salesperson").update(cost_per_hour=60)
    book = won_orders(cast, compute=False)
    for number, order in enumerate(Order.objects.order_by("pk")):
        factories.touch(
            order.customer, cast.rep, order.closed_at - dt.timedelta(hours=1), 20 + number % 7 * 10, order=order
        )
    renew_sales(NOW)

    assert MovedMeasure.objects.get(measure="cost").figures is not None
    assert {key.split()[0] for key in rows_of("customer", of="cost")} == set(book.people)


def test_a_sale_with_a_special_situation_is_none_of_the_normal_ones(book):
    first = Order.objects.order_by("pk").first()
    factories.situation(first, opened_at=first.closed_at - dt.timedelta(hours=1))
    renew_sales(NOW)

    assert SaleFigures.objects.get(pk=first.pk).is_special
    assert MovedMeasure.objects.get(measure="days").sales == ORDERS - 1


@pytest.mark.parametrize(
    ("starts", "ends", "held"),
    [
        (None, None, True),
        (-50, -31, False),
        (-50, -30, True),
        (0, None, True),
        (1, None, False),
        (-20, -10, True),
    ],
)
def test_a_circumstance_held_on_some_day_from_opening_to_close(cast, starts, ends, held):
    closed = ON - dt.timedelta(days=5)
    factories.order(cast.own, 10, "won", at(closed), cast.rep, opened_at=at(closed - dt.timedelta(days=30)))
    kind = factories.circumstance(
        cast.own,
        starts_on=None if starts is None else closed + dt.timedelta(days=starts),
        ends_on=None if ends is None else closed + dt.timedelta(days=ends),
    ).kind
    renew_sales(NOW)

    assert stored_window(ON).circumstances == [(kind.pk,) if held else ()]


def test_what_was_noted_by_mistake_never_held(book):
    Circumstance.objects.update(archived_at=NOW)
    compute_conditions(now=NOW)

    assert rows_of("circumstance") == {}


def test_managers_are_told_of_their_people_and_customers(book, cast):
    people, customers = (rows_of(kind, reader=cast.manager) for kind in ("salesperson", "customer"))

    assert set(people) == {"Rep", "Mate"}
    assert {key.split()[0] for key in customers} == {"rep", "mate"}
    assert set(rows_of("circumstance", reader=cast.manager)) == {"Budget freeze"}
    assert set(rows_of("salesperson", reader=cast.admin)) == {"Rep", "Mate", "Other rep"}


@pytest.mark.parametrize("who", ["rep", "coordinator", "technician", "leaver"])
def test_others_are_told_nothing(book, cast, who):
    assert list(effects.answer(asked(reader=getattr(cast, who))).rows) == []


def test_what_sales_cost_is_for_whom_costs_are(book, cast):
    access = {area: {"see": "below"} for area in ("customers", "touches", "orders", "amounts", "budgets", "export")}
    leader = factories.membership(
        factories.person("Leader"), cast.south_west, factories.role("Leader", access=access)
    ).user

    assert rows_of("salesperson", reader=leader)
    assert list(effects.answer(asked("cost", reader=leader)).rows) == []


def test_the_command_tells_the_same(book, capsys):
    call_command("report", "effects", "--of", "amount", "--format", "csv")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "kind,key,n,effect,low,high,share"
    assert lines[-1].startswith("unexplained,,90,")


def test_what_is_measured_is_asked_by_its_name(book):
    with pytest.raises(ValueError, match="days, touches, cost, amount"):
        effects.REPORT.check(by=None, starts_on=None, ends_on=None, of="joy")


def test_more_sales_cost_no_more_queries(cast):
    won_orders(cast)
    few, many = CaptureQueriesContext(connection), CaptureQueriesContext(connection)
    with few:
        compute_conditions(now=NOW)
    customer = factories.customer(owner=cast.rep_membership)
    for number in range(20):
        factories.order(
            customer, 10, "won", at(ON - dt.timedelta(days=number)), cast.mate, opened_at=at(ON - dt.timedelta(days=40))
        )
    renew_sales(NOW)
    with many:
        compute_conditions(now=NOW)

    assert len(many) == len(few)
    assert set(ConditionEffect.objects.values_list("kind", flat=True)) == set(ConditionKind.values)
