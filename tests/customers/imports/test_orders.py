"""Orders and stages from files."""

import datetime as dt
from decimal import Decimal

from customers.models import Order, SellingCourse, StageDecision
from tests import factories
from tests.customers.imports.results import counts, reasons

FIELDS = {
    "external_id": "id",
    "customer": "customer",
    "status": {"column": "stage", "values": {"Won": "won", "Lost": "lost", "Engaging": "pending"}},
    "amount": "amount",
    "opened": "from",
    "closed": "to",
    "lost_reason": "why",
    "salesperson": "agent",
}
HEAD = "id,customer,stage,amount,from,to,why,agent\n"


def test_orders_make_a_prospect_a_customer(load, acme, ground):
    text = HEAD + (
        "O1,C1,Won,1000,2026-01-01,2026-02-01,,P2\n"
        "O2,C1,Won,500.50,2026-01-05,2026-03-01,,\n"
        "O3,C1,Lost,70,,2026-03-02,Too dear,P1\n"
        "O4,C1,Engaging,9000,2026-03-05,,,P1\n"
    )
    assert counts(load("orders", text, FIELDS)) == (4, 0, 0, 0)
    rows = Order.objects.order_by("external_id").values_list(
        "status", "amount", "team__name", "sale_type__name", "lost_reason"
    )
    assert list(rows) == [
        ("won", Decimal("1000.00"), "North", "New business", ""),
        ("won", Decimal("500.50"), "South", "Repeat", ""),
        ("lost", Decimal("70.00"), "South", "Repeat", "Too dear"),
        ("pending", Decimal("9000.00"), "South", None, ""),
    ]
    assert [order.history.count() for order in Order.objects.all()] == [1, 1, 1, 1]
    acme.refresh_from_db()
    assert (acme.stage, acme.stage_began_at) == ("customer", dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    assert SellingCourse.objects.get().outcome == "won"
    assert counts(load("orders", text, FIELDS)) == (0, 0, 4, 0)


def test_days_are_their_first_moment_in_the_companys_zone(load, acme):
    load("orders", HEAD + "O1,C1,Won,1000,2026-06-01,2026-07-01,,\n", FIELDS)
    order = Order.objects.get()
    assert order.opened_at == dt.datetime(2026, 5, 31, 23, 0, tzinfo=dt.UTC)
    assert order.closed_at == dt.datetime(2026, 6, 30, 23, 0, tzinfo=dt.UTC)


def test_a_pending_order_closes_with_the_next_file(load, acme):
    load("orders", HEAD + "O1,C1,Engaging,1000,2026-01-01,,,P1\n", FIELDS)
    assert counts(load("orders", HEAD + "O1,C1,Won,1100,2026-01-01,2026-02-01,,P1\n", FIELDS)) == (0, 1, 0, 0)
    order = Order.objects.get()
    assert (order.status, order.amount, order.sale_type.name, order.version) == (
        "won",
        Decimal(1100),
        "New business",
        2,
    )


def test_salesperson_and_team_are_frozen_once_closed(load, acme, ground):
    text = HEAD + "O1,C1,Won,1000,2026-01-01,2026-02-01,,P1\n"
    load("orders", text, FIELDS)
    factories.membership(acme.assignments.get().membership.user, ground["north"])
    assert counts(load("orders", text, FIELDS)) == (0, 0, 1, 0)
    report = load("orders", text.replace("P1", "P2"), FIELDS)
    assert reasons(report) == [(2, "salesperson", "agent", "P2", "the salesperson is frozen since the order closed")]


def test_an_order_that_was_later_moved_by_hand_is_known_by_its_id(load, acme):
    load("orders", HEAD + "O1,C1,Engaging,1000,2026-01-01,,,\n", FIELDS)
    Order.objects.update(title="Kept")
    load("orders", HEAD + "O1,C1,Engaging,2000,2026-01-01,,,\n", FIELDS)
    assert Order.objects.values_list("title", "amount").get() == ("Kept", Decimal(2000))


def test_rows_that_cannot_go_in_say_why(load, acme):
    text = HEAD + (
        "O1,C1,Won,1000,2026-01-01,,,\n"
        "O2,C1,Engaging,1000,2026-01-01,2026-02-01,,\n"
        "O3,C1,Won,1000,2026-02-02,2026-02-01,,\n"
        "O4,C1,Won,,2026-01-01,2026-02-01,,\n"
        "O5,C1,Maybe,10,2026-01-01,2026-02-01,,\n"
        "O6,,Won,10,2026-01-01,2026-02-01,,\n"
        ",C1,Won,10,,2026-02-01,,\n"
        "O8,C1,Won,10,2026-01-01,2027-02-01,,\n"
        "O9,C1,Won,-10,2026-01-01,2026-02-01,,\n"
    )
    report = load("orders", text, FIELDS)
    assert [(row.row, row.field, row.column, row.reason) for row in report.rejected_rows] == [
        (2, "closed", "to", "a won or lost order needs the day it closed"),
        (3, "closed", "to", "a pending order has not closed yet"),
        (4, "closed", "to", "the order closed before it was opened"),
        (5, "amount", "amount", "is blank"),
        (6, "status", "stage", "is none of: pending, won, lost"),
        (7, "customer", "customer", "is blank"),
        (8, "external_id", "id", "without an external id say what the order is for, or when it was opened"),
        (9, "closed", "to", "is still to come"),
        (10, "amount", "amount", "Ensure this value is greater than or equal to 0."),
    ]


def test_another_currency_is_refused(load, acme):
    fields = FIELDS | {"currency": "money"}
    head = "id,customer,stage,amount,from,to,why,agent,money\n"
    report = load(
        "orders", head + "O1,C1,Engaging,1,,,,,EUR\nO2,C1,Engaging,1,,,,,gbp\nO3,C1,Engaging,1,,,,,\n", fields
    )
    assert counts(report) == (2, 0, 0, 1)
    assert reasons(report) == [(2, "currency", "money", "EUR", "is not the company's currency, GBP")]


def test_a_chosen_sale_type_stays(load, acme):
    fields = FIELDS | {"sale_type": "kind"}
    load("orders", "id,customer,stage,amount,from,to,why,agent,kind\nO1,C1,Won,5,,2026-02-01,,,Extension\n", fields)
    order = Order.objects.get()
    assert (order.sale_type.name, order.sale_type_chosen) == ("Extension", True)


STAGE = {"customer": "who", "stage": {"constant": "lost"}, "at": "at", "reason": "why"}


def test_lost_with_a_reason_ends_the_course(load, acme):
    text = "who,at,why\nC1,2026-03-01T10:00:00Z,went elsewhere\n"
    assert counts(load("stages", text, STAGE)) == (1, 0, 0, 0)
    acme.refresh_from_db()
    assert acme.stage == "lost"
    assert SellingCourse.objects.get().outcome == "lost"
    assert counts(load("stages", text, STAGE)) == (0, 0, 1, 0)
    assert counts(load("stages", text.replace("elsewhere", "bust"), STAGE)) == (0, 1, 0, 0)
    assert StageDecision.objects.get().reason == "went bust"


def test_lost_without_a_reason_is_refused(load, acme):
    report = load("stages", "who,at,why\nC1,2026-03-01,\n", STAGE)
    assert reasons(report) == [(2, "reason", "why", "", "say why it was lost")]
