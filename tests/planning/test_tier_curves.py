"""The curves that the nightly run keeps: steps for a picture, exact figures beside them."""

import datetime as dt

import pytest

from customers.models import Potential
from planning.actions.evidence import compute_evidence
from planning.models import CurveKind, TierCurve
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)
STARTED = dt.date(2025, 11, 25)


@pytest.fixture
def tiers(cast):
    """Of 25 prospects of tier A 20 brought 1,000 after 10, 20, 30 … days; one of tier B brought 500 after 50."""
    tiers = factories.tiers()
    factories.touch_types()
    for number in range(1, 27):
        row = factories.customer(f"P{number:02}", cast.exeter, since=STARTED)
        Potential.objects.create(customer=row, amount=50_000 if number < 26 else 15_000)
        if number < 21 or number == 26:
            days = 10 * number if number < 21 else 50
            at = dt.datetime.combine(STARTED + dt.timedelta(days=days), dt.time(9), dt.UTC)
            factories.order(row, amount=1000 if number < 21 else 500, status="won", closed_at=at)
    return tiers


def kept(tier):
    return TierCurve.objects.get(kind=CurveKind.TIME_TO_BUSINESS, tier=tier)


def test_a_tiers_curve_is_kept_with_exact_figures(tiers):
    compute_evidence(now=NOW)

    row = kept(tiers["A"])
    assert row.amount == 1000
    assert row.steps["at"] == [10 * number for number in range(1, 21)]
    assert row.steps["share"][:2] == [0.04, 0.08]
    assert row.steps["low"][1] < 0.08 < row.steps["high"][1]
    assert row.figures == {
        "prospects": 25,
        "arrivals": 20,
        "pooled": False,
        "longest": 365,
        "median": 130,
        "p80": 200,
        "chances": pytest.approx({"30": 0.12, "90": 0.36, "180": 0.72, "365": 0.8}),
    }


def test_with_too_few_arrivals_that_of_all_stands_in_beside_the_tiers_own_counts(tiers):
    compute_evidence(now=NOW)

    row = kept(tiers["B"])
    assert row.amount == 500
    assert (row.figures["prospects"], row.figures["arrivals"], row.figures["pooled"]) == (1, 1, True)
    assert row.steps["at"][:5] == [10, 20, 30, 40, 50]
    assert (kept(None).amount, kept(None).figures["arrivals"]) == (1000, 20)


def test_a_second_run_of_the_day_puts_its_curves_in_their_place(tiers):
    for hour in (10, 11):
        compute_evidence(now=NOW.replace(hour=hour))

    assert TierCurve.objects.filter(kind=CurveKind.TIME_TO_BUSINESS).count() == 4 + 1
