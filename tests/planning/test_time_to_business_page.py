"""Time to business: the curves of the tiers side by side, for whom they are, small enough."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Potential
from planning.actions.evidence import compute_evidence
from planning.models import CurveKind, TierCurve
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, tzinfo=dt.UTC)
STARTED = dt.date(2025, 11, 25)
URL = reverse("time_to_business")


@pytest.fixture
def run(cast):
    """Of 25 prospects of tier A 20 brought 1,234 after 10, 20, 30 … days; B, C and D have nobody to speak of."""
    tiers = factories.tiers()
    factories.touch_types()
    for number in range(1, 26):
        row = factories.customer(f"P{number:02}", cast.exeter, since=STARTED)
        Potential.objects.create(customer=row, amount=50_000)
        if number < 21:
            at = dt.datetime.combine(STARTED + dt.timedelta(days=10 * number), dt.time(9), dt.UTC)
            factories.order(row, amount=1234, status="won", closed_at=at)
    compute_evidence(now=NOW)
    return tiers


def text_of(user, query=""):
    answer = client_of(user).get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def card(text, tier):
    """What stands in the card of a tier."""
    return text.split(f'id="tier-{tier.pk}"')[1].split("</figure>")[0]


def test_each_tier_has_its_curve_its_chances_and_says_what_it_reads(cast, run):
    text = text_of(cast.manager)

    a, b = card(text, run["A"]), card(text, run["B"])
    assert "Of tier A, 80\N{NO-BREAK SPACE}% brought £1,234 within 365 days, and half after 130 days." in a
    for word, figure in [
        ("within 30 days", "12\N{NO-BREAK SPACE}%"),
        ("within 180 days", "72\N{NO-BREAK SPACE}%"),
        ("half after", "130 days"),
        ("80 % after", "200 days"),
        ("prospects of this tier", "25"),
        ("that brought it", "20"),
    ]:
        assert f"<div><dt>{word}</dt><dd>{figure}</dd></div>" in a
    assert "too few to tell" not in a
    assert "0 of 0 of this tier did: too few to tell, the curve is over all tiers." in b
    assert "<td" in a  # the table of the curve stands there without a script too


def test_it_says_which_amount_the_share_of_all_is_of_on_the_front_page_too(cast, run):
    assert "All prospects together are held against one amount, £1,234" in text_of(cast.manager)
    front = client_of(cast.manager).get(reverse("standing")).content.decode()
    assert "of all prospects brought £1,234 within a year." in front


def test_what_lies_beyond_the_longest_follow_up_is_not_known_yet(cast, run):
    figures = {
        "prospects": 30,
        "arrivals": 20,
        "pooled": False,
        "longest": 100,
        "median": None,
        "p80": None,
        "chances": {"30": 0.2, "90": 0.4, "180": None, "365": None},
    }
    TierCurve.objects.filter(kind=CurveKind.TIME_TO_BUSINESS, tier=run["A"]).update(
        amount=1000,
        steps={"at": [5, 80], "share": [0.2, 0.4], "low": [0.1, 0.3], "high": [0.3, 0.5]},
        figures=figures,
    )

    text = card(text_of(cast.admin), run["A"])

    assert "<dt>within 180 days</dt><dd>not known yet</dd>" in text
    assert "<dt>half after</dt><dd>not reached</dd>" in text
    assert "40\N{NO-BREAK SPACE}% brought £1,000 within 90 days; half have not yet" in text


def test_another_amount_is_read_from_what_the_night_kept(cast, run):
    text = text_of(cast.manager, "?amount=1234.01")

    a = card(text, run["A"])
    assert "<dt>that brought it</dt><dd>0</dd>" in a
    assert "0 of 25 of this tier did" in a


@pytest.mark.parametrize("typed", ["-5", "0", "much", "1e400"])
def test_an_amount_that_is_none_is_said_and_the_curves_stay(cast, run, typed):
    answer = client_of(cast.manager).get(URL, {"amount": typed})

    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'id="amount-error"' in text
    assert "£1,234" in text


def test_it_is_for_who_leads(cast, run):
    seen = {
        name: client_of(getattr(cast, name)).get(URL).status_code
        for name in ("rep", "coordinator", "technician", "manager", "other_manager", "admin")
    }

    assert seen == {
        "rep": 403,
        "coordinator": 403,
        "technician": 403,
        "manager": 200,
        "other_manager": 200,
        "admin": 200,
    }


def test_who_may_not_see_amounts_sees_days_without_them_and_asks_for_none(cast, run):
    areas = ("customers", "touches", "orders", "budgets", "export")
    role = factories.role("Office", access={area: {"see": "all"} for area in areas})
    clerk = factories.membership(factories.person("Clerk"), cast.exeter, role=role).user

    text = text_of(clerk)

    assert "Of tier A, 80\N{NO-BREAK SPACE}% brought the amount within 365 days" in text
    assert "1,234" not in text
    assert client_of(clerk).get(URL, {"amount": "1"}).status_code == 403


def test_before_the_first_night_it_says_what_it_waits_for(cast):
    assert "Nothing to read from yet" in text_of(cast.manager)


def test_many_tiers_with_long_curves_are_asked_for_at_once_and_stay_small(cast, run):
    client = client_of(cast.manager)

    def look():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(URL)
        return len(queries), len(answer.content)

    look()
    few, _size = look()
    steps = range(400)
    for number, row in enumerate(TierCurve.objects.filter(kind=CurveKind.TIME_TO_BUSINESS)):
        row.steps = {
            "at": [1 + 7 * step for step in steps],
            "share": [round((step + 1) / 401, 4) for step in steps],
            "low": [round(step / 401, 4) for step in steps],
            "high": [round((step + 2) / 402 + number / 1e4, 4) for step in steps],
        }
        row.figures["longest"] = 2800
        row.save()
    many, size = look()

    assert many == few <= 12
    assert size < 60_000
