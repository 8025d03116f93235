"""The report on where customers stand."""

import datetime as dt

import pytest

from customers.actions.lifecycle import rebuild_all_lifecycles
from customers.models import Customer, CustomerTeam, Potential, StageDecision
from planning.actions.standing import renew_standing
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


def ask_months(months, as_of=None, by=None, reader=None):
    day = dt.date.fromisoformat(as_of) if as_of else None
    rows, _ = REPORT.rows(Asked(NOW.date(), NOW, day, by=by, reader=reader, months=months))
    return [tuple(row.values()) for row in rows]


def test_months_stand_before_the_other_columns_and_the_last_is_as_far_as_the_day(stood):
    renew_standing(now=NOW)
    own = [row for row in ask_months(10) if row[3] == "Exeter" and row[1] == "customer"]
    assert own[1] == ("2026-04", "customer", "B", "Exeter", 1)
    assert [row[0] for row in own] == [f"2026-{month:02}" for month in range(3, 12)]
    assert ask_months(1) == [("2026-11", *row) for row in NOW_ROWS]


def test_months_as_of_a_day_are_those_of_the_log(stood):
    renew_standing(now=NOW)
    assert ask_months(11, "2026-11-25") == ask_months(11)
    assert {row[0] for row in ask_months(3, "2026-04-02")} == {"2026-02", "2026-03", "2026-04"}
    assert ask_months(3, "2026-04-02", reader=stood.rep)[-1] == ("2026-04", "customer", "B", "Exeter", 1)


def test_it_is_divided_by_market_or_person_too(stood):
    renew_standing(now=NOW)
    Customer.objects.filter(pk=stood.own.pk).update(market=factories.market("Dairy"))
    assert ask_months(2, by="market")[0] == ("2026-10", "prospect", "A", None, 1)
    assert ("2026-10", "customer", "B", "Dairy", 1) in ask_months(2, by="market")
    assert ask_months(2, by="market") == ask_months(2, "2026-11-25", by="market")
    assert ("2026-11", "lost", "D", "Mate", 1) in ask_months(1, by="person")
    assert ask_months(2, by="person") == ask_months(2, "2026-11-25", by="person")


@pytest.mark.parametrize("months", [0, -1, 241])
def test_months_are_a_number_of_them(months):
    with pytest.raises(ValueError, match="from 1 to 240"):
        REPORT.check(by=None, starts_on=None, ends_on=None, months=months)
