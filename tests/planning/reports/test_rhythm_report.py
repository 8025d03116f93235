"""The report on rhythm: from the log, by rule, tier, team and person, within reach, in a fixed number of queries."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import CustomerTeam, Potential, TouchOutcome
from planning.reports import Asked
from planning.reports.rhythm import REPORT
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 30, 10, tzinfo=dt.UTC)  # the first of its 90 days is 2 April
ON = NOW.date()


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def rows(by="rule", reader=None, **asked):
    found, _computed_at = REPORT.rows(Asked(ON, NOW, by=by, reader=reader, **asked))
    return found


def figures(by="rule", reader=None, **asked):
    """What each row is about, asked and made, those of whom nothing was asked left out."""
    return {row[by]: (float(row["asked"]), float(row["made"])) for row in rows(by, reader, **asked) if row["adherence"]}


@pytest.fixture
def tiers(cast):
    """Every prospect of tier D is called twice a month by salespeople and seen once a quarter by technicians."""
    tiers, types = factories.tiers(), factories.touch_types()
    factories.contact_rule(tiers["D"], count=2, period="month")
    factories.contact_rule(tiers["D"], factories.role("Technical support"), types["field"], 1, "quarter", 60)
    return tiers


CALLS, VISITS = "D, prospect, Salesperson, Voice call", "D, prospect, Technical support, Field sales call"
A_MONTH = 2 / 30.4375


def test_by_rule_what_was_asked_made_and_kept(cast, tiers):
    field = factories.touch_types()["field"]
    for day in ("2026-04-01", "2026-04-02", "2026-04-16", "2026-06-30"):
        factories.touch(cast.own, cast.rep, at(day))
    factories.touch(cast.own, cast.rep, at("2026-05-05"), outcome=TouchOutcome.NO_ANSWER)
    factories.touch(cast.own, cast.rep, at("2026-05-06"), archived_at=NOW)
    factories.touch(cast.own, cast.rep, at("2026-05-07"), type=field)  # the technician is assigned
    factories.touch(cast.foreign, cast.other_rep, at("2026-05-07"), type=field)  # here nobody is

    calls, visits = rows()

    assert [calls[name] for name in ("rule", "tier", "stage", "role", "type", "interval", "team", "person")] == [
        CALLS, "D", "prospect", "Salesperson", "Voice call", "15.2188", None, None,
    ]  # fmt: skip
    assert float(calls["asked"]) == pytest.approx(3 * 90 * A_MONTH, abs=1e-6)
    assert (calls["made"], calls["kept_median"]) == ("3.000000", "44.5000")  # 14 and 75 days
    assert float(calls["adherence"]) == pytest.approx(3 / (3 * 90 * A_MONTH), abs=1e-6)
    assert (visits["rule"], visits["made"], visits["kept_median"]) == (VISITS, "0.985626", None)  # 90 / 91.3125


def test_the_owner_of_the_day_answers_and_what_nobody_owns_is_of_the_customers_team(cast, tiers):
    ours = cast.own.assignments.get(kind="lead")
    ours.ends_on = dt.date(2026, 4, 30)
    ours.save()
    factories.assign(cast.own, cast.other_rep_membership, starts_on=dt.date(2026, 6, 1))
    CustomerTeam.objects.create(customer=cast.own, team=cast.south_west, starts_on=None)
    factories.touch(cast.own, cast.rep, at("2026-04-20"))
    factories.touch(cast.own, cast.rep, at("2026-05-20"))

    people, teams = figures("person"), figures("team")

    quarter = 1 / 91.3125
    assert people["Rep"] == pytest.approx((29 * (A_MONTH + quarter), 1), abs=1e-6)
    assert people[None] == pytest.approx((31 * (A_MONTH + quarter), 1), abs=1e-6)
    assert teams["South West"] == people[None]
    assert people["Other rep"] == pytest.approx(((90 + 30) * (A_MONTH + quarter), 0), abs=1e-6)


def test_a_day_has_the_tier_and_stage_at_its_end(cast, tiers):
    Potential.objects.create(customer=cast.own, amount=50_000, noted_on=dt.date(2026, 4, 12))  # tier A from then on
    factories.order(cast.team_mates, 1, "won", closed_at=at("2026-04-07"))  # a customer from that day on
    for row in (cast.own, cast.team_mates):
        factories.touch(row, None, at("2026-04-07", 8))
    cast.foreign.archived_at = NOW
    cast.foreign.save()

    assert figures("tier")["D"] == pytest.approx(((10 + 5) * (A_MONTH + 1 / 91.3125), 10 * A_MONTH), abs=1e-6)


def test_a_customers_own_rule_asks_on_its_days(cast, tiers):
    factories.own_rule(cast.own, dt.date(2026, 6, 3))
    for day in ("2026-05-05", "2026-06-10", "2026-06-11"):
        factories.touch(cast.own, cast.rep, at(day))
    found = figures()
    assert found["own rules"] == pytest.approx((28 / 7, 2), abs=1e-6)
    assert found[CALLS] == pytest.approx(((2 * 90 + 62) * A_MONTH, 1), abs=1e-6)
    rep = (28 / 7 + 62 * A_MONTH + 90 / 91.3125, 3)
    assert figures("person")["Rep"] == pytest.approx(rep, abs=1e-6)


def test_as_of_a_day_and_in_a_window(cast, tiers):
    for day in ("2026-04-05", "2026-04-20", "2026-05-01"):
        factories.touch(cast.own, cast.rep, at(day))
    window = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2026, 4, 30)}
    in_april = pytest.approx((3 * 30 * A_MONTH, 30 * A_MONTH), abs=1e-6)
    assert figures(**window)[CALLS] == in_april
    assert figures(**{**window, "ends_on": dt.date(2026, 12, 31)}, as_of=dt.date(2026, 4, 30))[CALLS] == in_april
    assert figures(starts_on=dt.date(2026, 5, 2))[CALLS][1] == 0
    assert figures(starts_on=dt.date(2027, 1, 1)) == {}
    # Nothing was asked before they were customers, on 1 January.
    assert figures(as_of=dt.date(2026, 1, 10))[CALLS] == pytest.approx((3 * 10 * A_MONTH, 0), abs=1e-6)


def test_a_reader_gets_what_is_asked_of_the_people_within_reach(cast, tiers):
    nobodys = factories.customer("Nobody's", team=cast.exeter)
    for row in (cast.own, cast.team_mates, cast.foreign, nobodys):
        factories.touch(row, None, at("2026-05-05"))
    assert set(figures("person", cast.rep)) == {"Rep"}
    assert figures("rule", cast.rep)[CALLS] == pytest.approx((90 * A_MONTH, 1), abs=1e-6)
    assert set(figures("person", cast.manager)) == {"Rep", "Mate", None}
    assert figures("team", cast.other_manager) == {"Leeds": figures("team")["Leeds"]}
    assert set(figures("person", cast.admin)) == {"Rep", "Mate", "Other rep", None}
    assert figures("person", cast.technician) == {}  # may export nothing


@pytest.mark.parametrize("by", ["rule", "tier", "team", "person"])
def test_the_number_of_queries_is_the_same_for_few_and_for_many(cast, tiers, by):
    rows(by)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            rows(by)
        return len(asked)

    few = queries()
    for number in range(4):
        owner = factories.membership(team=factories.team())
        factories.contact_rule(tiers["ABCD"[number]], count=3, stage="customer")
        factories.touch(factories.customer(owner=owner), owner.user, at("2026-05-01"))
    assert queries() == few
