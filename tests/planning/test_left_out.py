"""What no course counts is left out and told; what counts has the tier of its day."""

import datetime as dt
from decimal import Decimal

import pytest

from customers.models import Potential, StageDecision
from planning.engine.courses import LOST, WON
from planning.loaders import load_ground
from planning.loaders.courses import LeftOut, joined, load_courses
from planning.models import PlanningSettings
from tests import factories

pytestmark = pytest.mark.django_db

ON = dt.date(2024, 12, 31)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def touch(customer, *days, **fields):
    for day in days:
        factories.touch(customer, at=at(day), **fields)


def won(customer, day, amount=1000):
    return factories.order(customer, amount=amount, status="won", closed_at=at(day))


def decide(customer, stage, day):
    StageDecision.objects.create(customer=customer, stage=stage, at=at(day), reason="price")


def courses(ids=None):
    return load_courses(ids, load_ground(ON))


@pytest.fixture
def customer(company):
    factories.tiers()
    return factories.customer("Acme", since=dt.date(2024, 1, 1), external_id="C1")


def test_touches_before_the_registration_and_in_the_future_are_left_out_and_counted(customer):
    touch(customer, "2023-11-01", "2023-12-31", "2024-02-01", "2025-01-01")

    found = courses()

    assert found.left_out == LeftOut(before=2, future=1)
    assert len(found.prospects[0].touches) == 1


def test_what_is_made_while_nothing_is_under_way_belongs_to_none(customer):
    decide(customer, "lost", "2024-03-01")
    touch(customer, "2024-02-01", "2024-04-01", "2024-05-01", "2024-07-01")
    decide(customer, "prospect", "2024-06-01")

    found = courses()

    assert found.left_out == LeftOut(outside=2)
    assert [len(course.touches) for course in found.prospects] == [1, 1]


def test_a_customer_s_touches_belong_to_its_spans_or_are_counted(customer):
    won(customer, "2024-03-01")
    won(customer, "2024-06-01")
    touch(customer, "2024-02-01", "2024-04-01", "2024-06-01", "2024-07-01")

    found = courses()

    assert [len(course.touches) for course in (*found.prospects, *found.customers)] == [1, 2, 1]
    assert found.left_out == LeftOut()


def test_repeats_of_a_type_on_a_day_of_the_company_count_once_where_that_is_set(customer):
    types = factories.touch_types()
    PlanningSettings.objects.update_or_create(pk=1, defaults={"repeats_count_once": True})
    for instant in ("2024-06-01T08:00", "2024-06-01T09:00", "2024-06-01T22:30", "2024-06-01T23:30"):
        factories.touch(customer, at=dt.datetime.fromisoformat(instant).replace(tzinfo=dt.UTC), type=types["voice"])
    touch(customer, "2024-06-01", type=types["field"])

    found = courses()

    # London is an hour ahead: half past eleven there is half past midnight of the next day.
    assert found.left_out == LeftOut(repeats=2)
    assert found.prospects[0].touches == (types["voice"].pk, types["field"].pk, types["voice"].pk)


def test_and_each_counts_where_it_is_not(customer):
    touch(customer, "2024-06-01", "2024-06-01")

    assert len(courses().prospects[0].touches) == 2


def test_a_touch_has_the_tier_of_its_day_and_a_course_that_of_its_first(customer):
    tiers = factories.tiers()
    Potential.objects.create(customer=customer, amount=20_000)
    Potential.objects.create(customer=customer, amount=50_000, noted_on=dt.date(2024, 3, 1))
    touch(customer, "2024-02-01", "2024-02-29", "2024-03-01")

    (course,) = courses().prospects

    assert course.tier == tiers["B"].pk
    assert course.tiers == (tiers["B"].pk, tiers["B"].pk, tiers["A"].pk)


def test_an_order_does_not_change_the_tier_of_the_touches_that_won_it(customer):
    touch(customer, "2024-02-01", "2024-03-01")
    won(customer, "2024-03-01", 90_000)

    (course,) = courses().prospects

    assert (course.tier, course.tiers) == (factories.tiers()["D"].pk, ())


def test_touches_are_told_in_days_since_the_beginning(customer):
    touch(customer, "2024-01-03")
    won(customer, "2024-01-11")

    first, after = courses().prospects[0], courses().customers[0]

    assert (first.at, first.days) == ((2.5,), 10.5)
    assert after.days == pytest.approx(355.5)


def test_a_span_longer_than_a_year_is_looked_at_from_a_year_before_its_end(customer):
    won(customer, "2023-06-01")
    touch(customer, "2023-07-01", "2024-09-01")
    won(customer, "2024-10-01", 70)

    span = courses().customers[0]

    assert (span.outcome, span.business, len(span.touches)) == (WON, Decimal(70), 1)
    assert span.days == pytest.approx(364 + 12.5 / 24 - 1 / 24, abs=0.1)
    assert 0 <= span.at[0] <= span.days


def test_one_without_touches_and_one_won_for_nothing_and_a_touch_by_nobody_count(customer):
    other = factories.customer("Other", since=dt.date(2024, 1, 1), external_id="C2")
    touch(customer, "2024-02-01")
    won(customer, "2024-03-01", 0)
    decide(other, "lost", "2024-03-01")

    first, second = courses().prospects

    assert (first.outcome, first.business, len(first.touches)) == (WON, 0, 1)
    assert (second.outcome, second.touches) == (LOST, ())


def test_parts_of_the_customers_add_up_to_all(customer):
    others = [factories.customer(name, since=dt.date(2024, 1, 1), external_id=name) for name in ("B", "A", "D")]
    for row in (customer, *others):
        touch(row, "2023-01-01", "2024-02-01", "2025-03-01")
        won(row, "2024-03-01")

    parts = joined([courses([customer.pk, others[2].pk]), courses([others[0].pk, others[1].pk])])

    everything = courses()
    assert (parts.prospects, parts.customers, parts.left_out) == (
        everything.prospects,
        everything.customers,
        LeftOut(before=4, future=4),
    )
    assert sorted(map(repr, parts.starts)) == sorted(map(repr, everything.starts))
