"""The report on sales."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planning.reports import Asked
from planning.reports.sales import REPORT
from tests import factories
from tests.factories.history import rewritten

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def day(text):
    return dt.date.fromisoformat(text) if text else None


def ask(by, *, as_of=None, starts_on=None, ends_on=None, reader=None):
    asked = Asked(NOW.date(), NOW, day(as_of), day(starts_on), day(ends_on), by, reader)
    rows, _ = REPORT.rows(asked)
    return rows


def short(by, **asked):
    """Key, won amount and won amount below of each row."""
    return [(row["key"], row["won_amount"], row["won_amount_below"]) for row in ask(by, **asked)]


@pytest.fixture
def sold(cast):
    """The rep won 300 and lost one; the other rep won 200 and 50; one of 70 is pending, opened in June."""
    factories.order(cast.own, 300, "won", at("2026-03-01"), salesperson=cast.rep, external_id="1")
    factories.order(cast.own, 900, "lost", at("2026-04-01"), salesperson=cast.rep)
    factories.order(cast.own, 70, opened_at=at("2026-06-01"), salesperson=cast.rep, external_id="2")
    factories.order(cast.foreign, 200, "won", at("2026-05-01"), salesperson=cast.other_rep)
    factories.order(cast.foreign, 50, "won", at("2026-07-01"), salesperson=cast.other_rep)
    factories.order(cast.foreign, 999, "won", at("2026-07-01"), salesperson=cast.other_rep, archived_at=NOW)
    return cast


def test_every_team_appears_with_its_own_and_all_under_it(sold):
    assert ask("team")[0] == {
        "key": "Exeter",
        "name": "Exeter",
        "won": 1,
        "won_amount": "300.00",
        "won_amount_below": "300.00",
        "lost": 1,
        "pending": 1,
        "pending_amount": "70.00",
    }
    assert short("team")[1:] == [
        ("Leeds", "250.00", "250.00"),
        ("North", "0.00", "250.00"),
        ("South West", "0.00", "300.00"),
    ]


def test_external_ids_are_the_keys_where_there_are_any(sold):
    sold.exeter.external_id = "T7"
    sold.exeter.save()
    first = ask("team")[0]
    assert (first["key"], first["name"]) == ("T7", "Exeter")


def test_every_person_appears_and_orders_of_nobody_are_a_row_without_key(sold):
    factories.order(sold.own, 5, "won", at("2026-08-01"))
    rows = short("person")
    assert rows[:2] == [("Rep", "300.00", "300.00"), ("Other rep", "250.00", "250.00")]
    assert rows[-1] == (None, "5.00", "5.00")
    assert ("Leaver", "0.00", "0.00") in rows


def test_by_market_all_under_it_counts_too(sold):
    south = factories.market("South")
    coast = factories.market("Coast", parent=south)
    sold.own.market = coast
    sold.own.save()
    assert short("market") == [
        ("Coast", "300.00", "300.00"),
        ("South", "0.00", "300.00"),
        (None, "250.00", "250.00"),
    ]


def test_by_line(sold):
    factories.order(sold.own, 40, "won", at("2026-08-01"), product_line=factories.product_line("Pumps"))
    factories.product_line("Valves")
    assert short("line") == [
        ("Pumps", "40.00", "40.00"),
        ("Valves", "0.00", "0.00"),
        (None, "550.00", "550.00"),
    ]


def test_up_to_a_day_later_orders_do_not_count_and_what_ended_later_is_pending(sold):
    factories.order(sold.foreign, 11, "lost", at("2026-09-01"), opened_at=at("2026-02-01"), salesperson=sold.other_rep)
    rows = {row["key"]: row for row in ask("team", as_of="2026-05-31")}
    leeds, exeter = rows["Leeds"], rows["Exeter"]
    assert (leeds["won"], leeds["won_amount"], leeds["lost"]) == (1, "200.00", 0)
    assert (leeds["pending"], leeds["pending_amount"]) == (2, "61.00")
    assert (exeter["pending"], exeter["pending_amount"]) == (0, "0.00")


def test_the_day_is_the_company_s_and_counts_to_its_end(sold):
    factories.order(sold.own, 1, "won", dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC))  # 00:30 in London
    assert short("team", as_of="2026-06-30")[0][1] == "300.00"
    assert short("team", as_of="2026-07-01")[0][1] == "301.00"


def test_a_window_counts_both_its_days(sold):
    assert short("team", starts_on="2026-05-01", ends_on="2026-07-01")[0] == ("Leeds", "250.00", "250.00")
    assert short("team", starts_on="2026-05-02", ends_on="2026-06-30")[0][1] == "0.00"
    assert short("team", starts_on="2026-03-01", ends_on="2026-12-31", as_of="2026-05-01")[1][1] == "200.00"


def test_as_of_a_day_a_pending_order_has_the_amount_that_history_knows(sold):
    order = sold.own.orders.get(external_id="2")
    with rewritten(order) as history:
        history.update(history_date=at("2026-06-01"))
    order.amount = 500
    order._history_date = at("2026-08-01")
    order.save()
    assert ask("team", as_of="2026-07-31")[0]["pending_amount"] == "70.00"
    assert ask("team", as_of="2026-08-01")[0]["pending_amount"] == "500.00"
    with rewritten(order) as history:
        history.delete()
    assert ask("team", as_of="2026-07-31")[0]["pending_amount"] == "500.00"


def test_pending_orders_of_archived_customers_do_not_count(sold):
    sold.own.archived_at = NOW
    sold.own.save()
    row = ask("team")[0]
    assert (row["won_amount"], row["pending"]) == ("300.00", 0)


def test_who_sees_the_amounts_of_a_team_sees_its_totals_and_of_no_other(sold):
    assert short("team", reader=sold.manager) == [("Exeter", "300.00", "300.00"), ("South West", "0.00", "300.00")]
    assert short("team", reader=sold.rep) == []
    assert [key for key, *_ in short("team", reader=sold.admin)] == ["Exeter", "Leeds", "North", "South West"]


def test_a_reader_sees_their_people_and_the_orders_whose_amounts_they_may_see(sold):
    factories.order(sold.foreign, 40, "won", at("2026-08-01"), salesperson=sold.rep)
    factories.order(sold.own, 5, "won", at("2026-08-01"))
    assert short("person", reader=sold.rep) == [("Rep", "300.00", "300.00")]
    assert short("line", reader=sold.rep) == [(None, "305.00", "305.00")]
    assert short("person", reader=sold.technician) == []
    assert short("line", reader=sold.technician) == []


@pytest.mark.parametrize("by", ["team", "person", "market", "line"])
def test_the_number_of_queries_is_the_same_for_few_and_for_many(sold, by):
    ask(by, as_of="2026-08-01")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            ask(by, as_of="2026-08-01")
        return len(asked)

    few = queries()
    for number in range(5):
        owner = factories.membership(team=factories.team(f"T{number}"))
        customer = factories.customer(owner=owner, market=factories.market())
        factories.order(customer, 5, "won", at("2026-02-01"), product_line=factories.product_line())
        factories.order(customer, 5, opened_at=at("2026-02-01"), salesperson=owner.user)
    assert queries() == few
