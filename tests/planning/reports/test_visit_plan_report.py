"""The report of visit plans: who sees whose week, in a fixed number of queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planning.reports import Asked
from planning.reports.visit_plan import REPORT
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 6, 8)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def rows(reader=None, **asked):
    found, _computed_at = REPORT.rows(Asked(NOW.date(), NOW, reader=reader, **asked))
    return found


@pytest.fixture
def weeks(cast):
    """The rep's week and the other rep's, in other teams."""
    factories.visit_plan(cast.rep, MONDAY, (cast.own, dt.date(2026, 6, 10)))
    factories.visit_plan(cast.other_rep, MONDAY, (cast.foreign, None))


def test_a_row_for_each_visit(cast, weeks):
    first = next(row for row in rows() if row["customer"] == cast.own.name)
    assert first["day"] == "2026-06-10"
    assert (first["order"], first["starts"], first["minutes"]) == (1, "10:00", "60.00")
    assert (first["travel_minutes"], first["travel_km"], first["accepted"]) == ("20.00", "20.00", 0)
    left = next(row for row in rows() if row["customer"] == cast.foreign.name)
    assert (left["day"], left["order"], left["starts"]) == (None, None, None)


def test_a_reader_gets_what_is_within_reach(cast, weeks):
    assert {row["customer"] for row in rows(cast.manager)} == {cast.own.name}
    assert {row["customer"] for row in rows(cast.other_manager)} == {cast.foreign.name}
    assert {row["customer"] for row in rows(cast.rep)} == {cast.own.name}
    assert rows(cast.technician) == []
    assert len(rows(cast.admin)) == 2


def test_weeks_are_chosen(cast, weeks):
    assert rows(starts_on=dt.date(2026, 6, 15), ends_on=dt.date(2026, 6, 21)) == []
    assert len(rows(starts_on=dt.date(2026, 6, 10), ends_on=dt.date(2026, 6, 21))) == 2


def test_queries_do_not_grow(cast, weeks):
    rows()
    with CaptureQueriesContext(connection) as two:
        rows()
    factories.visit_plan(cast.mate, MONDAY, (cast.team_mates, dt.date(2026, 6, 10)))
    with CaptureQueriesContext(connection) as three:
        rows()
    assert len(two) == len(three)
