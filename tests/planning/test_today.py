"""Today: best first, one row a customer and type, only what is the reader's, in a fixed number of queries."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from planning.queries import today
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def days_ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def test_the_worked_score(cast):
    factories.due_touch(cast.own, cast.rep, days_ago(7))
    (row,) = today.rows(cast.rep)
    assert f"{row.score:.2f}" == "4.00"
    assert row.overdue_days == 7
    assert row.lateness == "Voice call due 7 days ago"


@pytest.mark.parametrize(
    ("stage", "days", "words"),
    [
        ("customer", 2061, "Voice call: never touched, customer since October 2020"),
        ("prospect", 31, "Voice call: never touched, prospect since 9 May"),
        ("prospect", 1, "Voice call: never touched, prospect since 8 Jun"),
        ("prospect", 0, "Voice call due today"),
    ],
)
def test_who_was_never_touched_is_not_days_overdue_but_known_since(client, cast, stage, days, words):
    cast.own.stage, cast.own.stage_began_at = stage, NOW - dt.timedelta(days=days)
    cast.own.save()
    factories.due_touch(cast.own, cast.rep, days_ago(days))
    (row,) = today.rows(cast.rep)
    assert (row.lateness, row.overdue_days) == (words, days)
    client.force_login(cast.rep)
    page = client.get(reverse("today")).content.decode()
    assert words in page
    assert "2061" not in strip_tags(page)
    assert page.count("prospect") <= 1


def test_who_was_touched_once_is_days_overdue(cast):
    cast.own.stage, cast.own.stage_began_at = "customer", NOW - dt.timedelta(days=2061)
    cast.own.save()
    factories.due_touch(cast.own, cast.rep, days_ago(7), last_touch_at=NOW - dt.timedelta(days=14))
    (row,) = today.rows(cast.rep)
    assert row.lateness == "Voice call due 7 days ago"


def test_the_never_touched_stand_where_their_days_put_them(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    cast.own.stage_began_at = NOW - dt.timedelta(days=2061)
    cast.own.save()
    factories.due_touch(other, cast.rep, days_ago(1), last_touch_at=NOW - dt.timedelta(days=8))
    factories.due_touch(cast.own, cast.rep, days_ago(2061))
    assert [row.customer for row in today.rows(cast.rep)] == [cast.own, other]


def test_best_first(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    factories.due_touch(cast.own, cast.rep, TODAY, value=90)
    factories.due_touch(other, cast.rep, TODAY, value=300)
    assert [row.customer.name for row in today.rows(cast.rep)] == ["Another", "Own customer"]


def test_future_ones_are_not_shown(cast):
    factories.due_touch(cast.own, cast.rep, TODAY + dt.timedelta(days=1))
    assert today.rows(cast.rep) == []


def test_a_planned_touch_hides_its_rules_row_until_its_day(cast):
    factories.due_touch(cast.own, cast.rep, days_ago(3))
    factories.planned_touch(cast.own, cast.rep, TODAY + dt.timedelta(days=2))
    assert today.rows(cast.rep) == []


def test_on_its_day_a_planned_touch_is_one_row_with_the_rules(cast):
    factories.due_touch(cast.own, cast.rep, days_ago(3))
    factories.planned_touch(cast.own, cast.rep, TODAY, reason="promised")
    assert len(today.rows(cast.rep)) == 1


def test_what_was_just_logged_is_gone_before_the_worker_came(cast):
    factories.due_touch(cast.own, cast.rep, days_ago(3))
    factories.figures(cast.own)
    factories.touch(cast.own, cast.rep, NOW, outcome="no_answer", logged_at=NOW + dt.timedelta(seconds=1))
    assert len(today.rows(cast.rep)) == 1
    factories.touch(cast.own, cast.rep, NOW, logged_at=NOW + dt.timedelta(seconds=1))
    assert today.rows(cast.rep) == []


def test_somebody_elses_row_is_not_mine(cast):
    factories.due_touch(cast.team_mates, cast.mate, TODAY)
    assert today.rows(cast.rep) == []


def test_a_customer_out_of_reach_does_not_appear(cast):
    factories.due_touch(cast.foreign, cast.rep, TODAY)
    assert today.rows(cast.rep) == []


def test_a_pending_order_is_a_reason_only_for_those_who_may_see_amounts(cast):
    factories.order(cast.own, 80_000)
    factories.due_touch(cast.own, cast.rep, TODAY)
    technical = factories.contact_rule(
        role=factories.role("Technical support"), touch_type=factories.touch_types()["online"]
    )
    factories.due_touch(cast.own, cast.technician, TODAY, rule=technical)
    assert today.rows(cast.rep)[0].order_amount == Decimal(80_000)
    assert today.rows(cast.technician)[0].order_amount is None


def test_whom_to_call_is_who_decides(cast):
    factories.contact(cast.own, "Ann Other", phone="01 234", decides=False)
    factories.contact(cast.own, "Zoe Chief", phone="01 567", decides=True)
    factories.contact(cast.own, "Old Chief", phone="01 999", decides=True, left_on=days_ago(9))
    factories.due_touch(cast.own, cast.rep, TODAY)
    assert today.rows(cast.rep)[0].phone == "01 567"


def test_the_page_names_the_touch_and_offers_to_log_it(client, cast):
    factories.due_touch(cast.own, cast.rep, days_ago(1))
    client.force_login(cast.rep)
    page = client.get(reverse("today"))
    assert "Voice call due yesterday" in page.content.decode()
    assert f"{reverse('log_touch')}?customer={cast.own.pk}" in page.content.decode()


def test_nothing_due_says_what_comes_next(client, cast):
    factories.planned_touch(cast.own, cast.rep, TODAY + dt.timedelta(days=2))
    client.force_login(cast.rep)
    page = client.get(reverse("today")).content.decode()
    assert "Nothing is due or overdue." in page
    assert "Own customer" in page


def queries_of(client) -> int:
    client.get(reverse("today"))  # the first request after signing in notes the session
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse("today")).status_code == 200
    return len(queries)


def test_queries_do_not_grow_with_rows(client, cast):
    def one_more(number: int):
        customer = factories.customer(f"C {number}", owner=cast.rep_membership, tier=factories.tier())
        factories.contact(customer, phone="01 234")
        factories.order(customer, 500)
        factories.due_touch(customer, cast.rep, days_ago(number))
        factories.planned_touch(customer, cast.rep, TODAY, type=factories.touch_types()["field"])
        factories.figures(customer)

    client.force_login(cast.rep)
    one_more(1)
    first = queries_of(client)
    for number in range(2, 6):
        one_more(number)
    assert queries_of(client) == first


def test_home_is_each_ones_own(client, cast):
    for user, name in [(cast.rep, "today"), (cast.manager, "workload"), (cast.admin, "rules_home")]:
        client.force_login(user)
        assert client.get(reverse("home")).url == reverse(name)


def test_the_cover_is_shown_the_covered_persons_touches_and_for_whom(client, cast):
    factories.due_touch(cast.own, cast.rep, days_ago(2))
    factories.planned_touch(cast.own, cast.rep, TODAY, type=factories.touch_types()["field"])
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY)
    rows = today.rows(cast.mate)
    assert sorted(row.touch_type.name for row in rows) == ["Field sales call", "Voice call"]
    assert [row.covered for row in rows] == [cast.rep, cast.rep]
    client.force_login(cast.mate)
    assert "for Rep" in client.get(reverse("today")).content.decode()


def test_while_covered_ones_own_touches_are_the_covers_and_move_back_afterwards(client, cast, time_machine):
    factories.due_touch(cast.own, cast.rep, days_ago(2))
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY)
    assert today.rows(cast.rep) == []
    client.force_login(cast.rep)
    assert "Mate stands in for you until 9 Jun" in client.get(reverse("today")).content.decode()
    time_machine.move_to(NOW + dt.timedelta(days=1), tick=False)
    assert [row.customer for row in today.rows(cast.rep)] == [cast.own]
    cast.mate.__dict__.pop("_memberships_of_day", None)
    assert today.rows(cast.mate) == []


def test_a_cover_of_chosen_customers_is_shown_these_only(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    for customer in (cast.own, other):
        factories.due_touch(customer, cast.rep, TODAY)
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY, other)
    assert [row.customer for row in today.rows(cast.mate)] == [other]
    assert [row.customer for row in today.rows(cast.rep)] == [cast.own]


def test_covering_adds_no_statement_a_customer(client, cast):
    def one_more(number: int):
        customer = factories.customer(f"C {number}", owner=cast.rep_membership)
        factories.due_touch(customer, cast.rep, TODAY)
        factories.planned_touch(customer, cast.rep, TODAY, type=factories.touch_types()["field"])

    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY)
    client.force_login(cast.mate)
    one_more(1)
    first = queries_of(client)
    for number in range(2, 6):
        one_more(number)
    assert queries_of(client) == first
