"""The report on where customers stand."""

import datetime as dt

import pytest

from customers.actions.lifecycle import rebuild_all_lifecycles
from customers.models import CustomerTeam, Potential, StageDecision
from planning.reports import Asked
from planning.reports.standing import REPORT
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


def at(day):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), tzinfo=dt.UTC)


def ask(as_of=None, reader=None):
    day = dt.date.fromisoformat(as_of) if as_of else None
    rows, _ = REPORT.rows(Asked(NOW.date(), NOW, day, reader=reader))
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def stood(cast):
    """The rep's customer won 20,000 in March, the mate's was lost in April, the other rep's has a potential."""
    factories.tiers()
    factories.order(cast.own, 20000, "won", at("2026-03-01"))
    StageDecision.objects.create(customer=cast.team_mates, stage="lost", at=at("2026-04-01"), reason="gone")
    Potential.objects.create(customer=cast.foreign, amount=50000, noted_on=dt.date(2026, 5, 1))
    factories.customer("Gone", team=cast.leeds, archived_at=NOW)
    factories.customer("To come", team=cast.leeds, since=dt.date(2027, 1, 1))
    rebuild_all_lifecycles(now=NOW)
    return cast


NOW_ROWS = [("prospect", "A", "Leeds", 1), ("customer", "B", "Exeter", 1), ("lost", "D", "Exeter", 1)]


def test_customers_are_counted_by_stage_tier_and_team(stood):
    assert ask() == NOW_ROWS


def test_as_of_today_the_log_says_the_same(stood):
    assert ask("2026-11-25") == NOW_ROWS


def test_as_of_a_day_later_facts_are_left_out(stood):
    assert ask("2026-03-01") == [
        ("prospect", "D", "Exeter", 1),
        ("prospect", "D", "Leeds", 1),
        ("customer", "D", "Exeter", 1),
    ]
    assert ask("2026-03-02")[-1] == ("customer", "B", "Exeter", 1)
    assert ask("2025-12-31") == []


def test_as_of_a_day_a_customer_is_of_the_team_it_then_had(stood):
    CustomerTeam.objects.create(customer=stood.own, team=stood.north, starts_on=None)
    CustomerTeam.objects.create(customer=stood.own, team=stood.exeter, starts_on=dt.date(2026, 6, 1))
    assert ask("2026-05-31")[1] == ("customer", "B", "North", 1)


def test_as_of_a_later_day_what_changes_by_itself_has_changed(stood):
    assert ask("2027-03-01")[-2:] == [("lapsed", "B", "Exeter", 1), ("lost", "D", "Exeter", 1)]


def test_equal_rows_are_added_up_and_without_tiers_there_is_none(cast):
    rebuild_all_lifecycles(now=NOW)
    assert ask() == [("prospect", None, "Exeter", 2), ("prospect", None, "Leeds", 1)]


def test_a_reader_counts_the_customers_they_see(stood):
    assert ask(reader=stood.rep) == [("customer", "B", "Exeter", 1)]
    assert ask("2026-11-25", reader=stood.other_manager) == [("prospect", "A", "Leeds", 1)]
