"""The report `situations` tells of every kind, stored and as of a day, as far as its reader may see and export."""

import pytest

from planning.reports.definition import Asked
from planning.reports.situations import answer
from planning.situations.registry import KINDS
from planning.situations.runner import find_situations
from tests import factories
from tests.planning.situations.finding import NOW, TODAY, day
from tests.planning.situations.test_runner import out_of_the_ordinary


def rows(as_of=None, reader=None) -> list[dict]:
    return list(answer(Asked(today=TODAY, now=NOW, as_of=as_of, reader=reader)).rows)


@pytest.fixture
def odd():
    out_of_the_ordinary(1)
    return out_of_the_ordinary(2)


def test_stored_and_of_today_it_tells_of_the_same(odd):
    find_situations(now=NOW)
    stored, logged = rows(), rows(as_of=TODAY)
    assert {row["kind"] for row in stored} == {kind.key for kind in KINDS}
    # Budgets of the log are not those that the test stored.
    told = [[row for row in found if row["kind"] != "under_served"] for found in (stored, logged)]
    assert told[0] == told[1]
    assert [row["kind"] for row in stored] == sorted(
        (row["kind"] for row in stored), key=[kind.key for kind in KINDS].index
    )


def test_subjects_are_named(odd):
    find_situations(now=NOW)
    subjects = {row["kind"]: row["subject"] for row in rows() if row["team"] == odd.team.name}
    assert subjects["single_contact"] == subjects["decider_left"] == odd.name
    assert subjects["new_market"].startswith(f"{odd.market.name}, ")
    assert subjects["sole_away"] == odd.assignments.get().membership.user.name


def test_as_of_a_day_before_anything_happened_there_is_none(odd):
    assert rows(as_of=day(399)) == []


def test_a_reader_gets_what_they_see(cast):
    factories.situation_of("sole_away", cast.exeter, person=cast.rep)
    factories.situation_of("new_market", cast.exeter, market=factories.market(), share=0.03)
    factories.situation_of("decider_left", cast.exeter, customer=cast.own)
    assert [row["kind"] for row in rows(reader=cast.manager)] == ["new_market", "sole_away", "decider_left"]
    assert rows(reader=cast.other_manager) == []
    assert [row["kind"] for row in rows(reader=cast.rep)] == ["decider_left"]


def test_of_a_market_whose_customers_stand_under_several_teams_at_the_top_only_who_sees_all_gets_the_share(cast):
    row = factories.situation_of("new_market", cast.exeter, market=factories.market(), share=0.03)
    row.evidence = {**row.evidence, "shared": True}
    row.save(update_fields=["evidence"])
    assert [row["share"] for row in rows(reader=cast.manager)] == [None]
    assert [row["share"] for row in rows(reader=cast.admin)] == [row["share"] for row in rows()] == [0.03]
