"""Selling courses and spans between orders, read from the log."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Potential, StageDecision
from planning.engine.courses import LOST, OPEN, WON
from planning.loaders import load_ground
from planning.loaders.courses import load_courses
from planning.reports import Asked, find
from tests import factories

pytestmark = pytest.mark.django_db

ON = dt.date(2026, 6, 30)
NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def won(customer, day, amount=1000, **fields):
    return factories.order(customer, amount=amount, status="won", closed_at=at(day), **fields)


def lost(customer, day):
    StageDecision.objects.create(customer=customer, stage="lost", at=at(day), reason="price")


def courses(on=ON):
    return load_courses(None, load_ground(on))


@pytest.fixture
def tiers():
    return factories.tiers()


@pytest.fixture
def customer(company, tiers):
    row = factories.customer("Acme", since=dt.date(2024, 1, 1), external_id="C1")
    Potential.objects.create(customer=row, amount=20_000)
    return row


def test_a_course_is_won_by_the_first_order_with_the_touches_from_its_start_to_its_end(customer, tiers):
    types = factories.touch_types()
    factories.touch(customer, at=at("2023-12-31"), type=types["voice"])
    factories.touch(customer, at=at("2024-01-01", 0), type=types["field"])
    factories.touch(customer, at=at("2024-03-01"), type=types["voice"])
    factories.touch(customer, at=at("2024-03-01", 13), type=types["voice"])
    won(customer, "2024-03-01", 500)

    (course,) = courses().prospects

    assert course.key == ("C1", 1)
    assert (course.outcome, course.ended_on) == (WON, dt.date(2024, 3, 1))
    assert course.tier == tiers["B"].pk
    assert course.touches == (types["field"].pk, types["voice"].pk)


def test_the_business_of_a_win_is_what_is_won_until_365_days_after_it_that_day_included(customer):
    won(customer, "2024-03-01", 500)
    won(customer, "2025-03-01", 40)
    won(customer, "2025-03-02", 7)

    assert courses().prospects[0].business == Decimal(540)


def test_business_is_counted_until_the_day_asked_for(customer):
    won(customer, "2024-03-01", 500)
    won(customer, "2024-09-01", 40)

    assert courses(dt.date(2024, 8, 31)).prospects[0].business == Decimal(500)


def test_a_course_that_ended_later_is_open_with_the_touches_made_so_far(customer):
    factories.touch(customer, at=at("2024-02-01"))
    factories.touch(customer, at=at("2024-02-20"))
    won(customer, "2024-03-01")

    (course,) = courses(dt.date(2024, 2, 10)).prospects

    assert (course.outcome, course.ended_on, course.business, len(course.touches)) == (OPEN, None, 0, 1)


def test_a_lost_prospect_that_comes_back_has_a_second_course(customer):
    lost(customer, "2024-05-01")
    StageDecision.objects.create(customer=customer, stage="prospect", at=at("2024-06-01"))
    won(customer, "2024-07-01", 300)

    first, second = courses().prospects

    assert (first.key, first.outcome, first.business) == (("C1", 1), LOST, 0)
    assert (second.key, second.outcome, second.business) == (("C1", 2), WON, 300)


def test_a_later_order_is_a_win_with_the_touches_since_the_one_before(customer):
    won(customer, "2024-03-01", 500)
    factories.touch(customer, at=at("2024-03-01"))
    factories.touch(customer, at=at("2024-03-01", 13))
    factories.touch(customer, at=at("2024-09-01"))
    won(customer, "2024-09-01", 80)

    first, last = courses(dt.date(2024, 12, 1)).customers

    assert (first.outcome, first.business, len(first.touches)) == (WON, 80, 2)
    assert (last.outcome, last.ended_on) == (OPEN, None)


def test_the_span_after_the_last_order_is_lost_when_the_customer_lapses(customer):
    won(customer, "2024-03-01")
    factories.touch(customer, at=at("2025-02-20"))
    factories.touch(customer, at=at("2025-03-02"))

    (span,) = courses().customers

    assert (span.outcome, span.ended_on, len(span.touches)) == (LOST, dt.date(2025, 3, 1), 1)


def test_and_when_it_is_lost(customer):
    won(customer, "2024-03-01")
    lost(customer, "2024-06-01")

    (span,) = courses().customers

    assert (span.outcome, span.ended_on) == (LOST, dt.date(2024, 6, 1))


def test_a_lapsed_customer_that_simply_orders_is_a_win_with_the_touches_of_at_most_365_days(customer):
    won(customer, "2024-03-01")
    factories.touch(customer, at=at("2025-01-10"))
    factories.touch(customer, at=at("2025-01-11"))
    won(customer, "2026-01-10", 90)

    assert [(span.outcome, span.business, len(span.touches)) for span in courses().customers] == [
        (WON, 90, 1),
        (OPEN, 0, 0),
    ]


def test_an_order_that_wins_a_new_course_ends_no_span_of_a_customer(customer):
    won(customer, "2024-03-01")
    lost(customer, "2024-06-01")
    StageDecision.objects.create(customer=customer, stage="prospect", at=at("2024-07-01"))
    won(customer, "2024-08-01", 70)

    found = courses(dt.date(2024, 12, 1))

    assert [course.outcome for course in found.prospects] == [WON, WON]
    assert [(span.outcome, span.ended_on) for span in found.customers] == [(LOST, dt.date(2024, 6, 1)), (OPEN, None)]


def test_archived_customers_and_touches_are_left_out(customer):
    factories.touch(customer, at=at("2024-02-01"), archived_at=NOW)
    gone = factories.customer("Gone", since=dt.date(2024, 1, 1), archived_at=NOW)
    won(gone, "2024-02-01")

    (course,) = courses().prospects

    assert (course.key[0], course.touches) == ("C1", ())


def test_courses_are_in_the_order_of_external_ids(company, tiers):
    for name in ("C3", "C1", "C2"):
        factories.customer(external_id=name)

    assert [course.key[0] for course in courses().prospects] == ["C1", "C2", "C3"]


def test_the_number_of_queries_does_not_grow_with_customers_and_touches(customer):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            courses()
        return len(queries)

    won(customer, "2024-03-01")
    factories.touch(customer, at=at("2024-02-01"))
    asked()
    few = asked()
    for number in range(3):
        other = factories.customer(f"Other {number}", since=dt.date(2024, 1, 1))
        won(other, "2024-03-01")
        factories.touch(other, at=at("2024-02-01"))
    assert asked() == few


def rows(name, reader=None):
    return find(name).rows(Asked(NOW.date(), NOW, ON, reader=reader))[0]


@pytest.fixture
def example(company, tiers):
    """The example of the definition: 10 voice and 2 field won 12,000; 5 voice were lost; 2 field won 6,000."""
    types = factories.touch_types()
    for name, made, end, amount in (
        ("P1", ["voice"] * 10 + ["field"] * 2, won, 12_000),
        ("P2", ["voice"] * 5, None, 0),
        ("P3", ["field"] * 2, won, 6_000),
    ):
        row = factories.customer(name, external_id=name, since=dt.date(2025, 1, 1))
        for kind in made:
            factories.touch(row, at=at("2025-02-01"), type=types[kind])
        won(row, "2025-03-01", amount) if end else lost(row, "2025-03-01")
    return types


def test_the_report_on_touch_values_has_the_example_of_the_definition(example):
    found = {(row["type"], row["tier"], row["stage"]): row for row in rows("touch_values")}

    voice, field = found["Voice call", "D", "prospect"], found["Field sales call", "D", "prospect"]
    assert (voice["equal_credit"], voice["touches"], voice["wins"], voice["pooled"]) == ("666.67", 15, 1, 1)
    assert (field["equal_credit"], field["touches"], field["wins"], field["pooled"]) == ("2000.00", 4, 2, 1)
    assert len(found) == 4 * 4 * 2
    assert found["Online meeting", "D", "prospect"]["equal_credit"] is None
    assert {row["growing"] for row in found.values() if row["stage"] == "prospect"} == {1}


def test_the_official_value_stands_beside_the_evidence(example):
    factories.touch_value(example["voice"], factories.tiers()["D"], 40)

    found = {(row["type"], row["tier"], row["stage"]): row for row in rows("touch_values")}

    officials = {key: (row["official"], row["official_set"]) for key, row in found.items()}
    assert officials["Voice call", "D", "prospect"] == ("40.00", 1)
    assert officials["Voice call", "A", "prospect"] == ("40.00", 0)
    assert officials["Voice call", "D", "customer"] == ("0.00", 0)


def test_the_reports_on_the_nth_touch_and_on_touches_to_a_customer_have_it_too(example):
    chances = {(row["type"], row["n"]): (row["reached"], row["wins"]) for row in rows("nth_touch")}
    assert chances["Voice call", 5] == (2, 0)
    assert chances["Field sales call", 2] == (2, 2)

    shares = {(row["tier"], row["n"]): row["won_share"] for row in rows("touches_to_customer")}
    assert shares["D", 2] == shares[None, 5] == "0.333333"
    assert shares["D", 12] == shares[None, 12] == "0.666667"
    bands = {(row["tier"], row["n"]): (row["low"], row["high"]) for row in rows("touches_to_customer")}
    assert bands["D", 1] == (None, None)
    assert bands["D", 2] == ("0.057978", "0.654532")


def test_time_to_business_takes_the_orders_since_a_course_began_and_before_the_next(customer, tiers):
    won(customer, "2024-01-31", 400)
    won(customer, "2024-04-10", 600)
    lost(customer, "2024-05-01")
    StageDecision.objects.create(customer=customer, stage="prospect", at=at("2026-05-01"))
    won(customer, "2026-05-11", 1000)

    asked = Asked(NOW.date(), NOW, ON, amount=Decimal(1000))
    found = [(row["days"], row["share"]) for row in find("time_to_business").rows(asked)[0] if row["tier"] == "B"]

    assert found == [(10, "0.500000"), (100, "1.000000")]
    assert {
        (row["amount"], row["prospects"], row["arrivals"], row["pooled"])
        for row in find("time_to_business").rows(asked)[0]
    } == {("1000.00", 2, 2, 1)}


def test_without_an_amount_a_tier_s_own_is_the_lower_quartile_of_what_its_customers_brought(customer, tiers):
    won(customer, "2026-01-01", 400)
    other = factories.customer("Other", since=dt.date(2026, 1, 1))
    Potential.objects.create(customer=other, amount=20_000)
    won(other, "2026-02-01", 800)

    found = [(row["days"], row["share"]) for row in rows("time_to_business") if row["tier"] == "B"]

    # 500 each: the first one, with 400 in the last 365 days, has not brought that much.
    assert found == [(31, "0.500000")]


def test_evidence_rests_on_customers_whose_amounts_the_reader_may_see(cast):
    factories.tiers()
    factories.touch(cast.foreign, at=at("2026-02-01"))
    won(cast.foreign, "2026-03-01", 6_000)

    def credit(reader):
        return {row["equal_credit"] for row in rows("touch_values", reader)}

    assert "6000.00" in credit(None)
    assert "6000.00" in credit(cast.admin)
    assert credit(cast.manager) == {None}


@pytest.mark.parametrize("missing", ["touches", "orders", "amounts", "export"])
def test_evidence_rests_on_customers_whose_touches_orders_and_amounts_the_reader_may_see(cast, missing):
    factories.tiers()
    factories.touch(cast.own, at=at("2026-02-01"))
    won(cast.own, "2026-03-01", 6_000)
    areas = {"customers", "touches", "orders", "amounts", "export", "budgets", "touch_values"}

    def touches(access):
        role = factories.role(f"Clerk {len(access)}", access=access)
        seat = factories.membership(factories.person(f"Clerk {len(access)}"), cast.exeter, role=role)
        return sum(row["touches"] for row in rows("touch_values", seat.user))

    assert touches({area: {"see": "team"} for area in areas}) == 1
    assert touches({area: {"see": "team"} for area in areas - {missing}}) == 0
