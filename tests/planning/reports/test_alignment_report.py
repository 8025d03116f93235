"""The report on proposals of territories: within reach, money only for who sees it, in a fixed number of queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planning.actions.alignment import discard
from planning.reports import Asked
from planning.reports.alignment import REPORT
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def rows(reader=None):
    return REPORT.rows(Asked(NOW.date(), NOW, reader=reader))[0]


def test_a_row_for_each_customer_who_would_change_hands(cast):
    factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    [row] = rows()
    assert (row["team"], row["customer"], row["from"], row["to"], row["state"], row["starts_on"]) == (
        "Exeter", "Own customer", "Rep", "Mate", "proposed", None,
    )  # fmt: skip
    assert row["yearly_value"] == "0.00"


def test_of_teams_within_reach_alone(cast):
    factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    assert len(rows(cast.manager)) == 1
    assert rows(cast.other_manager) == rows(cast.rep) == []


def test_what_was_thrown_away_is_gone(cast):
    proposal = factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    discard(proposal=proposal, actor=cast.manager, now=NOW)
    assert rows() == []


def test_queries_do_not_grow_with_rows(cast):
    factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    with CaptureQueriesContext(connection) as few:
        rows(cast.manager)
    moves = [(factories.customer(f"Mill {n}", owner=cast.rep_membership), cast.mate_membership) for n in range(20)]
    factories.alignment(cast.exeter, cast.manager, *moves)
    with CaptureQueriesContext(connection) as many:
        assert len(rows(cast.manager)) == 21
    assert len(many) == len(few)
