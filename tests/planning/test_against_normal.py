"""Open orders held against the normal sale, on an order's page and its customer's, for whom each figure is."""

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Membership, Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Order
from planning.actions.runs import renew_sales
from planning.models import ConditionEffect, MovedMeasure
from planning.queries.against_normal import Held, order_against_normal
from planning.templatetags.against_normal import unusual_words
from territory.together import answer
from tests import factories
from tests.accounts.signing_in import client_of
from tests.planning.won_orders import NOW, ON, at, won_orders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def book(cast):
    return won_orders(cast)


def pending(customer, person, days=10, **fields):
    """An order open so many days, with the night's figures."""
    fields = {"opened_at": at(ON - dt.timedelta(days=days)), **fields}
    order = factories.order(customer, fields.pop("amount", 1000), salesperson=person, **fields)
    renew_sales(NOW)
    return order


def told(user, order):
    found = answer(order_against_normal(user, Order.objects.select_related("customer").get(pk=order.pk)))
    return found.orders[0] if found else None


def text_of(user, order):
    return page(user, "order_detail", order.pk)


def page(user, name, pk):
    response = client_of(user).get(reverse(name, args=[pk]))
    assert response.status_code == 200
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def effect_on_days(kind, key):
    return ConditionEffect.objects.get(moved__measure="days", kind=kind, key=key).mean


def test_expected_days_are_the_normal_ones_moved_by_all_that_holds(book, cast):
    customer = book.customers["rep"][0]
    order = pending(customer, cast.rep)
    days = told(cast.manager, order).days

    moved = MovedMeasure.objects.get(measure="days").figures
    repeat = factories.sale_types()["repeat"].pk
    normal = {(row[0], row[1]): row[2] for row in moved["normals"]}
    tier = Order.objects.get(pk=order.pk).figures.tier_id
    mean = normal.get((repeat, tier), normal.get((repeat, None)))
    mean += effect_on_days("salesperson", cast.rep.pk) + effect_on_days("customer", customer.pk)
    mean += effect_on_days("market", customer.market_id) + effect_on_days("circumstance", book.freeze.pk)
    assert days.expected.mean == pytest.approx(mean)
    assert days.now == 10


def test_a_circumstance_that_ended_before_the_opening_moves_nothing(book, cast):
    customer = book.customers["rep"][1]
    factories.circumstance(customer, "Budget freeze", dt.date(2026, 1, 1), ON - dt.timedelta(days=11))
    order = pending(customer, cast.rep, 10)
    before = told(cast.manager, order).days.expected.mean
    customer.circumstances.update(ends_on=ON - dt.timedelta(days=10))

    after = told(cast.manager, order).days.expected.mean
    assert after - before == pytest.approx(effect_on_days("circumstance", book.freeze.pk))


@pytest.mark.parametrize(("days", "is_unusual"), [(20, False), (400, True)])
def test_an_order_open_longer_than_nine_of_ten_is_unusual(book, cast, days, is_unusual):
    order = pending(book.customers["other_rep"][1], cast.other_rep, days)
    held = told(cast.other_rep, order)
    text = text_of(cast.other_rep, order)

    assert held.days.is_above is is_unusual
    assert (
        f"Open {days} days: nine of ten such sales that were won had closed by {int(held.days.expected.high)}." in text
    ) is is_unusual


def test_the_edge_is_what_nine_of_ten_stay_below(book, cast):
    order = pending(book.customers["other_rep"][1], cast.other_rep)
    edge = told(cast.other_rep, order).days.expected.high
    found = []
    for days in (int(edge), int(edge) + 1):
        Order.objects.filter(pk=order.pk).update(opened_at=at(ON - dt.timedelta(days=days)))
        found.append(told(cast.other_rep, order).days.is_above)

    assert found == [False, True]


@pytest.mark.parametrize(
    ("measure", "now", "high", "said"),
    [("touches", 2, 1.6, "no more than 1.6."), ("touches", 12, 11.4, "no more than 11."), ("days", 37, 36.7, "by 36.")],
)
def test_what_is_unusual_is_never_told_as_no_more_than_itself(measure, now, high, said):
    expected = SimpleNamespace(high=high, low=0.7, value=1.0)
    assert unusual_words(Held(measure, now, expected, growing=True)).endswith(said)


def test_what_is_said_of_cost_is_for_who_sees_it(book, cast):
    Role.objects.update(cost_per_hour=60)
    for order in Order.objects.all():
        factories.touch(
            order.customer, cast.rep, order.closed_at - dt.timedelta(hours=1), 10 + order.pk % 7, order=order
        )
    renew_sales(now=NOW)
    order = pending(book.customers["rep"][1], cast.rep)
    assert "its cost is known once it is won" in text_of(cast.manager, order)
    text = text_of(cast.rep, order)
    assert "Touches up to last night; a first order has those of its whole course." in text


@pytest.mark.parametrize(("amount", "word"), [(1000, ""), (100_000, "large"), (10, "small")])
def test_an_amount_may_be_unusual_either_way(book, cast, amount, word):
    text = text_of(cast.rep, pending(book.customers["rep"][1], cast.rep, amount=amount))

    assert re.findall(r"Its amount of £[\d,]+ is (\w+):", text) == ([word] if word else [])


def test_touches_of_a_prospect_are_those_of_its_course(book, cast):
    Role.objects.update(cost_per_hour=60)
    for number, order in enumerate(Order.objects.order_by("pk")):
        for _touch in range(1 + number % 5):
            factories.touch(order.customer, cast.rep, order.closed_at - dt.timedelta(hours=1), order=order)
    prospect = factories.customer(owner=cast.rep_membership, since=ON - dt.timedelta(days=100))
    order = pending(prospect, cast.rep)

    rebuild_lifecycle([prospect.pk], now=NOW)
    for days in (101, 90, 5):
        factories.touch(prospect, cast.rep, NOW - dt.timedelta(days=days))
    other = factories.order(prospect, 5)
    factories.touch(prospect, cast.rep, NOW - dt.timedelta(days=4), order=other)
    factories.touch(prospect, cast.rep, NOW - dt.timedelta(days=3), order=order)
    held = {row.measure: row for row in told(cast.admin, order).held}

    assert held["touches"].now == 3
    assert held["cost"].now is None  # what its course cost before is known once it is won


def test_each_sees_what_is_within_their_reach(book, cast):
    Role.objects.update(cost_per_hour=60)
    for number, order in enumerate(Order.objects.order_by("pk")):
        for _touch in range(1 + number % 5):
            factories.touch(order.customer, cast.rep, order.closed_at - dt.timedelta(hours=1), order=order)
    customer = book.customers["rep"][1]
    factories.assign(customer, cast.technician_membership, kind="support")
    order = pending(customer, cast.rep)
    seen = {
        who: {row.measure.value for row in told(getattr(cast, who), order).held}
        for who in ("rep", "coordinator", "technician", "manager")
    }

    assert seen == {
        "rep": {"days", "touches", "amount"},
        "coordinator": {"days", "touches", "amount"},
        "technician": {"days", "touches"},
        "manager": {"days", "touches", "cost", "amount"},
    }


def test_what_somebody_costs_is_in_no_figure_for_who_may_not_know_it(book, cast):
    """The rep of Leeds helped with an order of Exeter: what it cost so far is told to Exeter's manager without that."""
    Role.objects.update(cost_per_hour=60)
    for number, order in enumerate(Order.objects.order_by("pk")):
        for _touch in range(1 + number % 5):
            factories.touch(order.customer, cast.rep, order.closed_at - dt.timedelta(hours=1), order=order)
    customer = book.customers["rep"][1]
    order = pending(customer, cast.rep)
    factories.touch(customer, cast.rep, NOW - dt.timedelta(days=1), 30, order=order)
    factories.touch(customer, cast.other_rep, NOW - dt.timedelta(days=2), 45, order=order)
    factories.internal_work(cast.other_rep, None, 60, team=cast.south_west, spent_on=ON)
    seen = {}
    for rate in (60, 600):
        Membership.objects.filter(pk=cast.other_rep_membership.pk).update(cost_per_hour=rate)
        renew_sales(NOW)
        for who in ("manager", "admin"):
            [held] = [row for row in told(getattr(cast, who), order).held if row.measure == "cost"]
            seen[who, rate] = held.now

    assert seen["manager", 60] == seen["manager", 600] == 30
    assert seen["admin", 60] > 75
    assert seen["admin", 600] > 480


def test_how_a_person_moves_sales_is_for_themselves_and_whom_it_is_for(book, cast):
    customer = book.customers["rep"][1]
    factories.assign(customer, cast.technician_membership, kind="support")
    order = pending(customer, cast.rep)
    shown = {
        who: "salesperson" in {row.kind.value for row in told(getattr(cast, who), order).moving}
        for who in ("rep", "coordinator", "technician", "manager")
    }

    assert shown == {"rep": True, "coordinator": True, "technician": False, "manager": True}


def test_orders_that_ended_and_what_nobody_knows_are_held_against_nothing(cast):
    order = factories.order(cast.own, 10, salesperson=cast.rep, opened_at=at(ON - dt.timedelta(days=9)))

    assert told(cast.rep, order) is None  # before the first night
    assert 'id="against-normal"' not in text_of(cast.rep, order)
    won_orders(cast)
    assert 'id="against-normal"' in text_of(cast.rep, order)
    Order.objects.filter(pk=order.pk).update(status="lost", closed_at=NOW)
    assert told(cast.rep, order) is None


def test_an_order_of_today_has_its_days_before_the_night(book, cast):
    order = factories.order(book.customers["rep"][1], 10, salesperson=cast.rep, opened_at=NOW)

    assert told(cast.rep, order).days.now == 0


def test_without_an_opening_the_days_are_not_known(book, cast):
    text = text_of(cast.rep, pending(book.customers["rep"][1], cast.rep, opened_at=None))

    assert '<th scope="row">Days</th><td class="num">–</td>' in text


def test_the_customers_page_has_its_open_orders(book, cast):
    customer = book.customers["rep"][1]
    pending(customer, cast.rep, 400, title="A slow one")
    pending(customer, cast.rep, 12, title="A normal one")
    text = page(cast.rep, "customer_detail", customer.pk).split('id="against-normal"')[1].split("</section>")[0]

    assert re.findall(r">(A \w+ one)</a>", text) == ["A slow one", "A normal one"]
    assert "Open 400 days: nine of ten such sales" in text
    assert "Open 12 days; such sales close after" in text


def test_more_open_orders_cost_no_more_queries(book, cast):
    customer = book.customers["rep"][1]
    client, counted = client_of(cast.rep), []
    for _times in range(2):
        for days in (5, 50, 500):
            pending(customer, cast.rep, days)
        factories.circumstance(customer, f"Something {len(counted)}")
        url = reverse("customer_detail", args=[customer.pk])
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counted.append(len(queries))

    assert counted[0] == counted[1] <= 12
