"""The report on touches."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Potential, TouchPerson
from planning.reports import Asked
from planning.reports.touches import REPORT
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def day(text):
    return dt.date.fromisoformat(text) if text else None


def ask(by, *, as_of=None, starts_on=None, ends_on=None, reader=None):
    asked = Asked(NOW.date(), NOW, day(as_of), day(starts_on), day(ends_on), by, reader)
    rows, _ = REPORT.rows(asked)
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def done(cast):
    """Two calls of the rep, a visit of rep and technician together, a call of nobody known, one far too long."""
    factories.tiers()
    types = factories.touch_types()
    factories.touch(cast.own, cast.rep, at("2026-03-01"), 10)
    factories.touch(cast.foreign, cast.rep, at("2026-04-01"), 20)
    visit = factories.touch(cast.own, cast.rep, at("2026-05-01"), 60, 30, types["field"])
    visit.duration_seconds = 90 * 60
    visit.save()
    TouchPerson.objects.create(touch=visit, user=cast.technician, duration_seconds=1800, travel_seconds=600)
    factories.touch(cast.own, None, at("2026-06-01"), 7)
    factories.touch(cast.own, cast.mate, at("2026-07-01"), 481)
    factories.touch(cast.own, cast.rep, at("2026-07-01"), 1000, archived_at=NOW)
    return cast


def test_by_type_a_touch_counts_once_with_all_people_s_minutes(done):
    assert ask("type") == [("Voice call", 4, "37.00", 1, 1), ("Field sales call", 1, "90.00", 0, 0)]


def test_by_person_each_one_s_own_minutes_count_without_travel(done):
    assert ask("person") == [
        ("Mate", 1, "0.00", 1, 0),
        ("Rep", 3, "90.00", 0, 0),
        ("Technician", 1, "30.00", 0, 0),
        (None, 1, "7.00", 0, 1),
    ]


def test_by_tier_a_touch_is_judged_by_the_tier_of_its_day(done):
    Potential.objects.create(customer=done.own, amount=20000, noted_on=dt.date(2026, 5, 1))
    assert ask("tier") == [("B", 3, "97.00", 1, 1), ("D", 2, "30.00", 0, 0)]


def test_a_touch_before_the_customer_was_known_has_no_tier(done):
    done.own.since = dt.date(2026, 4, 1)
    done.own.save()
    assert ask("tier")[-1] == (None, 1, "10.00", 0, 0)


def test_as_of_a_day_and_in_a_window(done):
    assert ask("type", as_of="2026-04-30") == [("Voice call", 2, "30.00", 0, 0)]
    assert ask("type", starts_on="2026-04-01", ends_on="2026-05-01") == [
        ("Voice call", 1, "20.00", 0, 0),
        ("Field sales call", 1, "90.00", 0, 0),
    ]
    assert ask("type", starts_on="2026-04-02", ends_on="2026-04-30") == []


def test_touches_of_archived_customers_do_not_count(done):
    done.own.archived_at = NOW
    done.own.save()
    assert ask("type") == [("Voice call", 1, "20.00", 0, 0)]


def test_a_reader_counts_the_touches_they_may_see(done):
    assert ask("type", reader=done.other_manager) == [("Voice call", 1, "20.00", 0, 0)]
    assert ask("person", reader=done.other_manager) == [("Rep", 1, "20.00", 0, 0)]
    assert ask("tier", reader=done.other_manager) == [("D", 1, "20.00", 0, 0)]
    # Who logged a touch sees it, whosever customer it is; but no sum holds what lies beyond their reach.
    assert ask("type", reader=done.rep)[0] == ("Voice call", 3, "17.00", 1, 1)


@pytest.mark.parametrize("by", ["type", "person", "tier"])
def test_the_number_of_queries_is_the_same_for_few_and_for_many(done, by):
    ask(by)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            ask(by)
        return len(asked)

    few = queries()
    for number in range(5):
        owner = factories.membership(team=done.leeds)
        kind = factories.touch_type(f"Type {number}")
        factories.touch(factories.customer(owner=owner), owner.user, at("2026-02-01"), type=kind)
    assert queries() == few
