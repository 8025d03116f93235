"""Who stands in for somebody reaches what that person works on: on the days of the cover, as far as their own role goes."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.permissions import Act, Area
from customers.models import Customer, Order, PlannedTouch, Touch
from customers.queries.touch_choices import loggable
from customers.working_as import membership_at_work, role_at_work
from tests import factories
from tests.two_teams import Ask, filled

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def covered(cast):
    """The mate covers the rep from today on, for three days."""
    return factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY + 2 * DAY)


def seen(user):
    return sorted(Customer.objects.visible_to(user).values_list("name", flat=True))


def test_the_cover_sees_the_covered_persons_customers(cast, covered):
    assert seen(cast.mate) == ["Mate's customer", "Own customer"]


def test_only_on_the_days_of_the_cover(cast, time_machine):
    factories.cover(cast.rep, cast.mate_membership, TODAY + DAY, TODAY + 2 * DAY)
    found = []
    for days in range(4):
        time_machine.move_to(NOW + days * DAY, tick=False)
        cast.mate.__dict__.pop("_memberships_of_day", None)
        found.append("Own customer" in seen(cast.mate))
    assert found == [False, True, True, False]


def test_not_once_the_covered_person_is_back(cast, covered):
    cast.rep.absences.update(ends_on=TODAY - DAY, starts_on=TODAY - DAY)
    assert seen(cast.mate) == ["Mate's customer"]


def test_chosen_customers_only(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY, other)
    assert seen(cast.mate) == ["Another", "Mate's customer"]


def test_a_chosen_customer_that_the_covered_person_no_longer_works_on_is_not_reached(cast):
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY, cast.foreign)
    assert seen(cast.mate) == ["Mate's customer"]


def test_nobody_else_sees_more(cast, covered):
    assert seen(cast.other_rep) == ["Foreign customer"]
    assert seen(cast.rep) == ["Own customer"]


def test_another_team_can_cover_and_reaches_no_more_than_that(cast):
    factories.cover(cast.rep, cast.other_rep_membership, TODAY, TODAY)
    assert seen(cast.other_rep) == ["Foreign customer", "Own customer"]


@pytest.mark.parametrize("area", [Area.CUSTOMERS, Area.ORDERS])
def test_areas_follow_the_covering_role(cast, covered, area):
    within = Customer.objects.within(cast.mate, area, Act.CHANGE)
    assert cast.own in within


def test_a_technician_who_covers_still_may_not_change_customers_or_see_amounts(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    factories.order(other, 700)
    factories.cover(cast.rep, cast.technician_membership, TODAY, TODAY)
    assert "Another" in seen(cast.technician)
    assert not Customer.objects.editable_by(cast.technician).exists()
    assert Order.objects.with_amounts_for(cast.technician).get(customer=other).seen_amount is None


def test_the_cover_sees_orders_with_amounts_and_touches_and_budgets(cast, covered):
    factories.order(cast.own, 700)
    factories.touch(cast.own, cast.rep)
    assert Order.objects.with_amounts_for(cast.mate).get().seen_amount == 700
    assert Touch.objects.visible_to(cast.mate).count() == 1
    assert cast.own in Customer.objects.within(cast.mate, Area.BUDGETS, Act.SEE)


def test_the_cover_may_log(client, cast, covered):
    assert cast.own in loggable(cast.mate)
    client.force_login(cast.mate)
    url = f"{reverse('log_touch')}?customer={cast.own.pk}"
    ask = Ask("log_touch", url, {"type": factories.touch_type().pk, "minutes": "15"})
    assert client.post(url, filled(client, ask)).status_code == 302
    assert Touch.objects.get().people.get().user == cast.mate


def test_work_is_done_under_the_covering_membership_in_the_covered_role(cast):
    manager = cast.manager.memberships.get()
    factories.cover(cast.rep, manager, TODAY, TODAY)
    assert membership_at_work(cast.manager, cast.own, TODAY) == manager
    assert role_at_work(cast.manager, cast.own, TODAY).name == "Salesperson"
    assert role_at_work(cast.manager, cast.own, TODAY + DAY).name == "Sales manager"
    assert role_at_work(cast.manager, cast.team_mates, TODAY).name == "Sales manager"


def test_an_own_assignment_comes_before_a_cover(cast):
    factories.cover(cast.rep, cast.technician_membership, TODAY, TODAY)
    assert role_at_work(cast.technician, cast.own, TODAY).name == "Technical support"


def test_the_cover_may_change_what_the_covered_person_has_planned(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    mine, others = (factories.planned_touch(each, cast.rep) for each in (cast.own, other))
    factories.cover(cast.rep, cast.mate_membership, TODAY, TODAY, cast.own)
    factories.assign(other, cast.mate_membership, kind="support")
    assert list(PlannedTouch.objects.editable_by(cast.mate)) == [mine]
    assert set(PlannedTouch.objects.visible_to(cast.mate)) == {mine, others}


def test_the_customers_address_is_answered(client, cast, covered):
    client.force_login(cast.mate)
    assert client.get(reverse("customer_detail", args=[cast.own.pk])).status_code == 200
    client.force_login(cast.other_rep)
    assert client.get(reverse("customer_detail", args=[cast.own.pk])).status_code == 404
