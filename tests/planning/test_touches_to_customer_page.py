"""The screen of touches to a customer: who sees it, what it says, how small it is."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Tier
from planning.queries.touches_to_customer import CurveOfTouches, touches_to_customer
from planning.templatetags.touches_to_customer import steps_told
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
URL = "touches_to_customer"


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def curves(db):
    """Tier A with too few wins, tier B whose longest course had 12 touches and is open, and all."""
    voice, field = (factories.touch_types()[kind] for kind in ("voice", "field"))
    mix = [
        {"type": voice.pk, "touches": 60, "share": 0.996, "each": 3},
        {"type": field.pk, "touches": 1, "share": 0.004, "each": 0.02},
    ]
    tiers = factories.tiers()
    factories.touches_curve(tiers["A"], {2: 0.1, 18: 0.2}, won=3)
    factories.touches_curve(tiers["B"], {1: 0.05, 5: 0.23, 12: 0.4}, mix=mix)
    factories.touches_curve(None, {3: 0.3, 18: 0.4}, won=23, courses=1234)


def page(user):
    return client_of(user).get(reverse(URL))


def test_the_figures_of_all_teams_are_for_who_leads(cast, curves):
    answers = {name: page(getattr(cast, name)).status_code for name in ("rep", "coordinator", "manager", "admin")}

    assert answers == {"rep": 403, "coordinator": 403, "manager": 200, "admin": 200}
    group = reverse("time_to_business")
    assert group not in client_of(cast.rep).get(reverse("standing")).content.decode()
    assert group in client_of(cast.manager).get(reverse("standing")).content.decode()
    assert reverse(URL) in client_of(cast.manager).get(group).content.decode()


def test_it_says_in_words_what_the_curves_show(cast, curves):
    text = page(cast.manager).content.decode()

    assert "Of all prospects, 30\xa0% became customers within 5 touches. Half of those that did had by 6." in text
    assert "Of prospects of tier B, 23\xa0% became customers within 5 touches." in text
    assert 'aria-label="Of prospects of tier B, 40\xa0% became customers within 12 touches."' in text
    assert "Only 3 became customers: too few to tell." in text
    assert 'aria-label="Half by 6 touches, the middle half by 4 to 9.5"' in text
    assert "1,234" in text
    assert "under 1 %" in text
    assert "under 0.1 each" in text


def test_of_more_touches_than_anybody_had_it_says_so(cast):
    factories.touches_curve(factories.tiers()["A"], {1: 0.1})
    kept = factories.touches_curve(factories.tiers()["B"], {0: 0}, won=0, courses=0, quartiles=None, longest=-1)
    kept.steps = {name: [] for name in kept.steps}
    kept.save()
    factories.touches_curve(None, {1: 0.1})
    text = page(cast.manager).content.decode()
    assert "No prospect has had 2 touches yet." in text
    assert "No prospect of tier A has had 2 touches yet." in text
    assert "Nobody was a prospect of tier B yet." in text


def test_the_table_beside_a_picture_ends_where_nobody_got_to(cast, curves):
    norm = touches_to_customer()
    assert [step.n for step in steps_told(norm.rows[1], norm)] == [0, 2, 4, 6, 8, 10, 12, 14]


def test_pictures_have_one_scale_and_end_where_nothing_is_known(cast, curves):
    charts = [picture["chart"] for picture in page(cast.manager).context["pictures"]]

    assert [chart["labels"][-1] for chart in charts] == [20, 20, 20]
    assert {chart["max"] for chart in charts} == {50}
    own = charts[1]["series"][0]
    assert (own["label"], own["colour"]) == ("B", "tier-b")
    assert own["values"][4:7] == [5.0, 23.0, 23.0]
    assert (own["low"][5], own["high"][5]) == (18.0, 28.0)
    assert own["values"][12:14] == [40.0, None]


def test_before_the_first_night_and_without_wins_it_says_so(cast):
    assert "Nobody has become a customer yet" in page(cast.manager).content.decode()
    factories.touches_curve(None, {3: 0.0}, won=0, quartiles=None)
    assert "Nobody has become a customer yet" in page(cast.manager).content.decode()


def test_more_tiers_cost_no_more_questions_and_the_page_stays_small(cast):
    factories.touches_curve(factories.tiers()["A"], {2: 0.1, 95: 0.6})
    factories.touches_curve(None, {3: 0.3, 95: 0.6})
    client = client_of(cast.manager)

    def asked():
        client.get(reverse(URL))
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(URL))
        assert len(answer.content) < 60_000
        return len(queries)

    few = asked()
    for tier in [*Tier.objects.exclude(name="A"), Tier.objects.create(name="E", position=5, lower_bound=1)]:
        factories.touches_curve(tier, {n: n / 200 for n in range(1, 96)})
    assert asked() == few <= 12


def test_what_a_kept_curve_says_of_a_number_of_touches():
    steps = {"at": [0, 1, 2, 9], "at_risk": [10, 8, 5, 1], "share": [0, 0.1, 0.2, 0.5], "low": [None, 0, 0.1, 0.3],
             "high": [None, 0.2, 0.3, 0.7]}  # fmt: skip
    kept = CurveOfTouches(steps, {"longest": 9, "is_final": False, "won": 5})

    assert [kept.share_within(n) for n in (0, 1, 5, 9, 10)] == [0, 0.1, 0.2, 0.5, None]
    assert [kept.within(n).at_risk for n in (1, 5, 9, 10)] == [8, 1, 1, 0]
    assert CurveOfTouches(steps, {"longest": 9, "is_final": True}).share_within(10) == 0.5
    assert kept.until == 9
    assert CurveOfTouches({"at": [], "at_risk": [], "share": []}, {"longest": -1, "is_final": False}).until == 0
