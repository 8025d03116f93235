"""The curves that the nightly run keeps: steps for a picture, exact figures beside them."""

import datetime as dt

import pytest

from customers.models import Customer, Potential
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


def kept(tier, kind=CurveKind.TIME_TO_BUSINESS):
    return TierCurve.objects.get(kind=kind, tier=tier)


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


def test_touches_to_a_customer_are_kept_by_tier_and_over_all(tiers):
    voice, field = (factories.touch_types()[kind] for kind in ("voice", "field"))
    first, second = Customer.objects.filter(name__in=["P01", "P02"]).order_by("name")
    at = dt.datetime.combine(STARTED + dt.timedelta(days=1), dt.time(9), dt.UTC)
    for customer, types in ((first, [voice]), (second, [voice, voice, field])):
        for touch_type in types:
            factories.touch(customer, at=at, type=touch_type)

    compute_evidence(now=NOW)

    row = kept(tiers["A"], CurveKind.TOUCHES_TO_CUSTOMER)
    assert row.amount is None
    assert row.steps["at"] == [0, 1, 2, 3]
    assert row.steps["at_risk"] == [25, 2, 1, 1]
    assert row.steps["share"] == [0.72, 0.86, 0.86, 1]
    assert row.steps["low"][0] < 0.72 < row.steps["high"][0]
    assert row.steps["low"][3] is row.steps["high"][3] is None
    assert row.figures == {
        "courses": 25,
        "won": 20,
        "lost": 0,
        "quartiles": [0, 0, 0],
        "mix": [
            {"type": voice.pk, "touches": 3, "share": 0.75, "each": 0.15},
            {"type": field.pk, "touches": 1, "share": 0.25, "each": 0.05},
        ],
        "longest": 3,
        "is_final": True,
    }
    of_none = kept(tiers["C"], CurveKind.TOUCHES_TO_CUSTOMER)
    assert (of_none.steps["at"], of_none.figures["quartiles"], of_none.figures["longest"]) == ([], None, -1)
    assert kept(None, CurveKind.TOUCHES_TO_CUSTOMER).figures["courses"] == Customer.objects.count()
