"""Where a prospect is on its tier's curve, for who sees its touches."""

import datetime as dt

import pytest
from django.urls import reverse

from customers.models import SellingCourse, TierPeriod, Touch
from customers.queries.customer import customers_for
from planning.queries.place_on_curve import place_on_curve
from territory.together import answer
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
STARTED = NOW - dt.timedelta(days=60)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def prospect(cast):
    """The rep's: tier B when its course began, tier A now; seven touches since, one before, one archived, one tomorrow."""
    tiers = factories.tiers()
    SellingCourse.objects.create(customer=cast.own, started_at=STARTED)
    for starts_on, tier in (
        (STARTED.date() - dt.timedelta(days=30), "B"),
        (STARTED.date() + dt.timedelta(days=1), "A"),
    ):
        TierPeriod.objects.create(customer=cast.own, starts_on=starts_on, tier=tiers[tier])
    touch_type = factories.touch_type()
    days = [STARTED + dt.timedelta(days=number) for number in range(7)]
    for at in [STARTED - dt.timedelta(seconds=1), *days, NOW + dt.timedelta(days=1)]:
        factories.touch(cast.own, cast.rep, at, type=touch_type)
    factories.touch(cast.own, cast.rep, days[0], type=touch_type, archived_at=NOW)
    return cast.own


def place(reader, customer):
    return answer(place_on_curve(customers_for(reader).get(pk=customer.pk)))


def test_a_prospect_is_held_against_the_tier_of_its_courses_first_day(cast, prospect):
    factories.touches_curve(factories.tiers()["A"], {2: 0.9})
    factories.touches_curve(factories.tiers()["B"], {2: 0.1, 6: 0.23, 9: 0.3})
    factories.touches_curve(None, {1: 0.5})

    found = place(cast.rep, prospect)

    assert (found.touches, found.tier, found.share, found.is_pooled) == (7, "B", 0.23, False)
    assert found.curve.quartiles == [4, 6, 9.5]


def test_with_fewer_than_ten_wins_of_the_tier_it_is_held_against_all_tiers(cast, prospect):
    factories.touches_curve(factories.tiers()["B"], {2: 0.1}, won=9)
    factories.touches_curve(None, {1: 0.5, 8: 0.6}, won=10)

    found = place(cast.rep, prospect)

    assert (found.tier, found.own_wins, found.share, found.is_pooled) == ("B", 9, 0.5, True)


def test_where_curves_count_repeats_once_so_does_a_prospect(cast, prospect):
    run = factories.touches_curve(None, {1: 0.5}).run
    run.parameters = {"repeats_count_once": True}
    run.save()
    factories.touch(cast.own, cast.rep, STARTED + dt.timedelta(hours=1), type=factories.touch_type())
    factories.touch(cast.own, cast.rep, STARTED + dt.timedelta(hours=2), type=factories.touch_types()["field"])

    assert place(cast.rep, prospect).touches == 8


def test_beyond_what_any_open_course_has_the_share_is_not_known_yet(cast, prospect):
    factories.touches_curve(None, {6: 0.5})
    assert place(cast.rep, prospect).share is None


def test_before_a_run_and_with_too_few_wins_of_all_there_is_nothing(cast, prospect):
    assert place(cast.rep, prospect) is None
    factories.touches_curve(None, {1: 0.5}, won=9)
    assert place(cast.rep, prospect) is None


@pytest.mark.parametrize("stage", ["customer", "lapsed", "lost"])
def test_who_is_no_prospect_has_no_place(cast, prospect, stage):
    factories.touches_curve(None, {1: 0.5})
    type(prospect).objects.filter(pk=prospect.pk).update(stage=stage)
    assert place(cast.rep, prospect) is None


def test_the_number_of_touches_is_for_who_sees_them(cast, prospect):
    factories.touches_curve(None, {1: 0.5})
    access = {"customers": {"see": "team"}, "touches": {"see": "none"}, "orders": {"see": "team"}}
    seat = factories.membership(factories.person("Clerk"), cast.exeter, role=factories.role("Clerk", access=access))
    Touch.objects.filter(customer=prospect).update(logged_by=seat.user)

    assert place(seat.user, prospect) is None
    assert place(cast.technician, prospect).touches == 7
    page = client_of(seat.user).get(reverse("customer_detail", args=[prospect.pk])).content.decode()
    assert 'id="place"' not in page


def test_the_page_says_it_in_words_and_draws_it(cast, prospect):
    factories.touches_curve(factories.tiers()["B"], {2: 0.1, 6: 0.23, 9: 0.3})
    factories.touches_curve(None, {1: 0.5})

    page = client_of(cast.rep).get(reverse("customer_detail", args=[prospect.pk])).content.decode()

    assert "<b>7 touches</b>; half of those that became customers had by 6." in page
    assert "the middle half, 4 to 9.5." in page
    assert "23\xa0% of prospects of tier B became customers within 7 touches." in page
    assert 'aria-label="7 touches; of those that became customers half had by 6, the middle half by 4 to 9.5"' in page
    assert "20 became customers" in page


def test_a_page_over_all_tiers_says_so(cast, prospect):
    factories.touches_curve(factories.tiers()["B"], {2: 0.1}, won=3)
    factories.touches_curve(None, {1: 0.5})
    page = client_of(cast.rep).get(reverse("customer_detail", args=[prospect.pk])).content.decode()
    assert "Too few to tell of tier B (3): this is of all tiers." in page
