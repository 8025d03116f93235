"""The report on proposals of territories: within reach, money only for who sees it, in a fixed number of queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planning.actions.alignment import discard
from planning.models import AlignmentProposal
from planning.reports import Asked
from planning.reports.alignment import REPORT
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def rows(reader=None, **asked):
    return REPORT.rows(Asked(NOW.date(), NOW, reader=reader, **asked))[0]


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


def test_people_and_teams_stand_with_their_own_ids_where_they_have_some(cast):
    for row, key in ((cast.rep, "P-1"), (cast.mate, "P-2"), (cast.exeter, "T-1")):
        type(row).objects.filter(pk=row.pk).update(external_id=key)
    factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    [row] = rows()
    assert (row["team"], row["from"], row["to"]) == ("T-1", "P-1", "P-2")


def test_as_of_a_day_it_is_what_was_known_then(cast):
    proposal = factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    day = dt.timedelta(days=1)
    AlignmentProposal.objects.filter(pk=proposal.pk).update(computed_at=NOW - 3 * day)
    proposal.moves.update(accepted_at=NOW - day, accepted_by=cast.manager, starts_on=NOW.date())
    told = {
        back: [(row["state"], row["starts_on"]) for row in rows(as_of=NOW.date() - back * day)] for back in (0, 2, 4)
    }
    assert told == {0: [("accepted", NOW.date().isoformat())], 2: [("proposed", None)], 4: []}
    assert rows()[0]["state"] == "accepted"


def test_queries_do_not_grow_with_rows(cast):
    factories.alignment(cast.exeter, cast.manager, (cast.own, cast.mate_membership))
    with CaptureQueriesContext(connection) as few:
        rows(cast.manager)
    moves = [(factories.customer(f"Mill {n}", owner=cast.rep_membership), cast.mate_membership) for n in range(20)]
    factories.alignment(cast.exeter, cast.manager, *moves)
    with CaptureQueriesContext(connection) as many:
        assert len(rows(cast.manager)) == 21
    assert len(many) == len(few)
