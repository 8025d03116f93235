"""The nightly run on evidence: what it keeps of each kind, what with, and how far it is; and the report of all three."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import Role
from customers.models import StageDecision, TouchType
from planning.actions.evidence import compute_evidence
from planning.loaders import load_ground
from planning.loaders.costs import load_touch_costs
from planning.models import EvidenceRun, PlanningSettings
from planning.reports import Asked, find
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)


def day(month, day=1):
    return dt.datetime(2025, month, day, 9, tzinfo=dt.UTC)


@pytest.fixture
def log(cast):
    """Twelve prospects of tier D won 1,000 each, three weeks after two calls and one after a third; four are lost."""
    types, _tiers = factories.touch_types(), factories.tiers()
    for number in range(16):
        row = factories.customer(f"P{number:02}", cast.exeter, since=dt.date(2025, 1, 1))
        for at in (day(2), day(2), day(2, 15)):
            factories.touch(row, cast.rep, at=at, type=types["voice"])
        if number < 12:
            factories.order(row, amount=1000, status="won", closed_at=day(2, 22))
        else:
            StageDecision.objects.create(customer=row, stage="lost", at=day(6), reason="price")
    Role.objects.update(cost_per_hour=40)
    return types


def stored(types):
    return EvidenceRun.objects.get().rows.get(stage="prospect", touch_type=types["voice"], tier=factories.tiers()["D"])


def test_the_chance_is_kept_with_its_cost_and_by_n(log):
    compute_evidence(now=NOW)

    row = stored(log)
    # 12 of 48 calls were followed by a win; 15 minutes at 40 an hour cost 10.
    assert (row.chance, row.cost, row.is_pooled) == (pytest.approx(0.25), 10, False)
    assert row.chance_value == pytest.approx(240)
    assert row.chance_low < 240 < row.chance_high
    assert [(step["n"], step["reached"], step["wins"], step["value"]) for step in row.chances] == [
        (1, 16, 0, -10),
        (2, 16, 0, -10),
        (3, 16, 12, 740),
    ]
    assert row.stops_at is None


def test_what_one_more_adds_is_kept_with_the_weeks_that_it_rests_on(log):
    compute_evidence(now=NOW)

    row, run = stored(log), EvidenceRun.objects.get()
    assert row.added_low < row.added_value < row.added_high
    assert run.samples["prospect"]["added"] == {"reason": "", "weeks": 12 * 8 + 4 * 22}
    # Nobody ordered twice.
    assert run.samples["customer"]["added"]["reason"] == "no wins"
    assert not run.rows.filter(stage="customer", added_value__isnull=False).exists()


def test_it_is_kept_what_the_figures_were_computed_with_and_what_was_left_out(log, cast):
    factories.touch(cast.own, at=NOW + dt.timedelta(days=2))
    PlanningSettings.objects.update_or_create(
        pk=1, defaults={"margin_share": Decimal("0.5"), "repeats_count_once": True}
    )

    compute_evidence(now=NOW)

    run = EvidenceRun.objects.get()
    assert run.left_out == {"future": 1, "before": 0, "outside": 0, "repeats": 16}
    assert run.parameters == {
        "kinds": ["equal credit", "chance at the n-th touch", "added chance"],
        "interval": [0.1, 0.9],
        "fewest_wins": 10,
        "draws": 1000,
        "seed": 1,
        "prior_weight": 30,
        "ridge": 1.0,
        "weeks": 4,
        "margin_share": "0.5000",
        "repeats_count_once": True,
    }
    row = stored(log)
    assert (row.touches, row.chance) == (32, pytest.approx(12 / 32))
    assert row.chance_value == pytest.approx(12 / 32 * 1000 * 0.5 - 10)


def test_what_is_dated_later_today_has_not_happened_yet(log, cast):
    """A call and a won order of that afternoon, as seen in the morning."""
    compute_evidence(now=NOW)
    calls = stored(log).touches
    row = factories.customer("Afternoon", cast.exeter, since=dt.date(2026, 1, 1))
    factories.touch(row, cast.rep, at=NOW, type=log["voice"])
    factories.touch(row, cast.rep, at=NOW + dt.timedelta(hours=4), type=log["voice"])
    factories.order(row, amount=1000, status="won", closed_at=NOW + dt.timedelta(hours=5))

    compute_evidence(now=NOW)

    assert stored(log).touches == calls
    run = EvidenceRun.objects.get()
    assert (run.left_out["future"], run.samples["prospect"]["tiers"][""]["won"]) == (1, 12)


def test_progress_is_told_step_by_step_with_customers_read_in_parts(log, monkeypatch):
    monkeypatch.setattr("planning.actions.evidence.CUSTOMERS_AT_ONCE", 8)
    told = []

    compute_evidence(now=NOW, progress=lambda done, total=None: told.append((done, total)))

    # 19 customers in 3 parts, two stages, storing.
    assert told == [(0, 6), (1, None), (2, None), (3, None), (4, None), (5, None), (6, None)]


def test_a_touch_costs_its_usual_minutes_at_the_rates_of_those_who_make_it(cast):
    types = factories.touch_types()
    TouchType.objects.filter(pk=types["field"].pk).update(cost=5)
    Role.objects.filter(name="Salesperson").update(cost_per_hour=40)
    technical = factories.role("Engineer", cost_per_hour=100, function="technical")
    for role in (None, None, technical):
        factories.touch(cast.own, cast.rep, at=day(6), type=types["field"], role=role)
    factories.touch(cast.own, cast.rep, at=day(6), type=types["field"], role=technical, archived_at=NOW)

    found = load_touch_costs(load_ground(NOW.date()))

    assert found[types["field"].pk] == pytest.approx((40 + 40 + 100) / 3 + 5)
    assert found[types["voice"].pk] == pytest.approx(10)  # nobody made one: as who sells costs


def test_without_any_rate_only_the_cost_besides_time_counts(cast):
    types = factories.touch_types()
    TouchType.objects.filter(pk=types["field"].pk).update(cost=5)

    assert load_touch_costs(load_ground(NOW.date()))[types["field"].pk] == 5


def rows(reader=None, as_of=None):
    found = find("touch_values").rows(Asked(NOW.date(), NOW, as_of, reader=reader))[0]
    return {(row["type"], row["tier"], row["stage"]): row for row in found}


def test_the_report_has_all_kinds_as_stored_and_from_the_log_alike(log):
    from_log = rows(as_of=NOW.date())
    compute_evidence(now=NOW)

    found = rows()

    assert found == from_log
    row = found["Voice call", "D", "prospect"]
    assert (row["equal_credit"], row["chance_value"]) == ("250.00", "240.00")
    assert Decimal(row["added_low"]) < Decimal(row["added_value"]) < Decimal(row["added_high"])


def test_after_a_setting_was_changed_the_report_is_computed_anew(log):
    compute_evidence(now=NOW)
    PlanningSettings.objects.update_or_create(pk=1, defaults={"repeats_count_once": True})

    assert rows()["Voice call", "D", "prospect"]["touches"] == 32


def test_what_tells_of_cost_rates_is_for_who_sees_all_of_them(log, cast):
    compute_evidence(now=NOW)
    areas = ("customers", "touches", "orders", "amounts", "export", "touch_values")
    clerk = factories.role("Clerk", access={area: {"see": "all"} for area in areas})
    partly = factories.role("Chief", access={area: {"see": "all"} for area in areas} | {"cost": {"see": "below"}})

    def kinds(role):
        row = rows(factories.membership(factories.person(), cast.exeter, role=role).user)["Voice call", "D", "prospect"]
        return row["equal_credit"], row.get("chance_value", "no column"), row["added_value"] is None

    assert kinds(clerk) == ("250.00", "no column", False)
    assert kinds(partly) == ("250.00", None, False)
    assert rows(cast.admin)["Voice call", "D", "prospect"]["chance_value"] == "240.00"


def test_the_report_on_the_nth_touch_has_its_interval(log):
    (row,) = [row for row in find("nth_touch").rows(Asked(NOW.date(), NOW, NOW.date()))[0] if row["n"] == 3]

    assert (row["reached"], row["wins"], row["chance"]) == (16, 12, "0.750000")
    assert Decimal(row["low"]) < Decimal("0.75") < Decimal(row["high"])
