"""Rebalancing proposals: the fewest things to a colleague with room, so that both keep within their hours."""

import datetime as dt
import itertools
import random
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.hand_over import Changed
from customers.models import Assignment, PlannedTouch
from planning.actions.rebalancing import (
    RebalancingClosed,
    accept_rebalancing,
    dismiss_rebalancing,
    find_rebalancings,
)
from planning.engine.rebalancing import Item, fewest
from planning.models import BudgetShare, Rebalancing
from planning.queries import workload
from tests import factories
from tests.accounts.signing_in import client_of
from tests.racing import race

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)
MONTH = 4.348


def by_trying(items, excess, room):
    """All sets of items, the smallest first."""
    for count in range(1, len(items) + 1):
        found = [
            sum(item.extra for item in chosen)
            for chosen in itertools.combinations(items, count)
            if all(
                sum(item.frees[at] for item in chosen) >= excess[at] - 1e-9
                and sum(item.takes[at] for item in chosen) <= room[at] + 1e-9
                for at in range(len(excess))
            )
        ]
        if found:
            return count, min(found)
    return None


@pytest.mark.parametrize("seed", range(40))
def test_as_few_and_as_near_as_trying_all_finds(seed):
    chance = random.Random(seed)
    items = [
        Item(
            (chance.randint(1, 9), chance.randint(0, 6)),
            (chance.randint(1, 9), chance.randint(0, 6)),
            chance.randint(-3, 9),
        )
        for _each in range(chance.randint(1, 9))
    ]
    excess, room = (chance.randint(0, 30), chance.randint(0, 12)), (chance.randint(5, 40), chance.randint(5, 40))
    if not any(excess):
        excess = (1, 0)
    chosen, best = fewest(items, excess, room), by_trying(items, excess, room)
    if best is None:
        assert chosen is None
    else:
        assert chosen is not None
        assert (len(chosen), sum(items[at].extra for at in chosen)) == best


@pytest.fixture
def full(cast, time_machine):
    """Rep: 20 hours a week, 24 asked for by five customers; mate has ten to spare. One of the five lies beside mate."""
    time_machine.move_to(NOW, tick=False)
    for person, longitude in ((cast.rep, -4.0), (cast.mate, -2.0)):
        person.base_latitude, person.base_longitude = 51.0, longitude
        person.save()
    customers = [
        factories.customer(f"Mill {n}", owner=cast.rep_membership, latitude=51.0, longitude=-2.1 if n == 3 else -4.1)
        for n in range(5)
    ]
    for customer in customers:
        share(customer, cast.rep_membership, touch=258 * MONTH, travel=30 * MONTH)
    share(cast.team_mates, cast.mate_membership, touch=600 * MONTH)
    return customers


def share(customer, membership, **minutes):
    parts = {f"{name}_minutes": value for name, value in minutes.items()}
    role = factories.role("Salesperson")
    BudgetShare.objects.create(
        customer=customer, role=role, membership=membership, team=membership.team, share=1, **parts
    )


def found():
    find_rebalancings(now=NOW)
    return Rebalancing.objects.get()


def test_the_customer_beside_the_colleague_goes(cast, full):
    row = found()
    assert (row.giver, row.taker, row.customers) == (cast.rep_membership, cast.mate_membership, [full[3].pk])
    assert (row.giver_before, row.giver_after) == (pytest.approx(1.2), pytest.approx(0.96))
    assert row.taker_before == pytest.approx(0.5)
    assert 0.5 < row.taker_after <= 1
    assert row.extra_minutes < 0


def test_the_loads_told_are_those_of_the_heat_map(cast, full):
    row = found()
    before = {each.person.pk: each.cells[0].load for each in workload.board(cast.manager).rows}
    assert row.giver_before == pytest.approx(before[cast.rep.pk])
    assert row.taker_before == pytest.approx(before[cast.mate.pk])


def test_nobody_above_their_hours_is_left_alone(cast, full):
    BudgetShare.objects.filter(customer=full[0]).delete()
    find_rebalancings(now=NOW)
    assert not Rebalancing.objects.exists()


def test_a_colleague_without_room_takes_nothing(cast, full):
    share(cast.foreign, cast.mate_membership, touch=500 * MONTH)
    find_rebalancings(now=NOW)
    assert not Rebalancing.objects.exists()


@pytest.fixture
def planned_too_much(cast, full):
    """Rep's budgets ask for nothing, but 25 hours are planned with one customer."""
    BudgetShare.objects.filter(membership=cast.rep_membership).update(touch_minutes=0, travel_minutes=0)
    for minutes in (400, 500, 600):
        factories.planned_touch(cast.own, cast.rep, TODAY + dt.timedelta(days=1), duration_seconds=minutes * 60)


def test_what_is_planned_too_much_for_a_week_goes_as_touches(cast, planned_too_much):
    factories.assign(cast.own, cast.mate_membership, kind="support")
    row = found()
    assert row.touches
    assert row.giver_before == pytest.approx(1.25)
    assert accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW) == 1
    [moved] = PlannedTouch.objects.filter(assignee=cast.mate)
    assert moved.duration_seconds in (400 * 60, 500 * 60, 600 * 60)


def test_touches_go_to_nobody_who_does_not_see_them(cast, planned_too_much):
    find_rebalancings(now=NOW)
    assert not Rebalancing.objects.filter(touches=True).exists()
    there = factories.assign(cast.own, cast.mate_membership, kind="support")
    row = found()
    assert row.touches
    there.delete()
    with pytest.raises(Changed):
        accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW)
    assert not PlannedTouch.objects.filter(assignee=cast.mate).exists()


def test_accepting_hands_over_once_and_history_knows_who(cast, full):
    row = found()
    assert accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW) == 1
    assert Assignment.objects.on(TODAY).owners().get(customer=full[3]).membership == cast.mate_membership
    entry = Assignment.history.get(customer=full[3], membership=cast.mate_membership)
    assert entry.history_user == cast.manager
    assert accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW) == 0
    assert Assignment.history.filter(customer=full[3], membership=cast.mate_membership).count() == 1


@pytest.mark.django_db(transaction=True)
def test_accepting_in_two_tabs_at_once_is_accepting_once(cast, full):
    row = found()
    accept = partial(accept_rebalancing, proposal=row, found_at=NOW, actor=cast.manager, now=NOW)
    assert sorted(race(accept, accept)) == [0, 1]
    assert Assignment.history.filter(customer=full[3], membership=cast.mate_membership).count() == 1


def test_what_changed_since_is_refused(cast, full):
    row = found()
    with pytest.raises(Changed):
        accept_rebalancing(proposal=row, found_at=NOW - dt.timedelta(days=1), actor=cast.manager, now=NOW)
    Assignment.objects.filter(customer=full[3]).update(version=2)
    with pytest.raises(Changed):
        accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW)
    row.refresh_from_db()
    assert row.state == "open"


def test_what_is_dismissed_is_not_proposed_again(cast, full):
    row = found()
    dismiss_rebalancing(proposal=row, actor=cast.manager, now=NOW)
    find_rebalancings(now=NOW)
    assert not Rebalancing.objects.open().filter(items=row.items).exists()
    with pytest.raises(RebalancingClosed):
        accept_rebalancing(proposal=row, found_at=NOW, actor=cast.manager, now=NOW)


def test_what_holds_no_more_goes(cast, full):
    found()
    BudgetShare.objects.filter(customer=full[0]).delete()
    assert find_rebalancings(now=NOW) == {"rebalancings": 0, "rebalancings_gone": 1}


def test_the_home_tells_it_and_who_leads_accepts(cast, full):
    row = found()
    client = client_of(cast.manager)
    assert "Rep → Mate" in client.get(reverse("workload")).content.decode()
    page = client.get(reverse("rebalancing_list")).content.decode()
    assert "Mill 3" in page
    answer = client.post(reverse("rebalancing_accept", args=[row.pk]), {"found_at": NOW.isoformat()})
    assert answer.status_code == 302
    assert Assignment.objects.on(TODAY).owners().get(customer=full[3]).membership == cast.mate_membership
    assert client_of(cast.other_manager).post(reverse("rebalancing_dismiss", args=[row.pk])).status_code == 404
    assert client_of(cast.rep).get(reverse("rebalancing_list")).status_code == 403
    assert "Rep → Mate" not in client_of(cast.rep).get(reverse("workload")).content.decode()


def test_the_number_of_queries_does_not_grow_with_proposals(cast, full, django_assert_num_queries):
    row = found()
    client = client_of(cast.manager)
    url = reverse("rebalancing_list")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(5):
        giver = factories.membership(factories.person(f"Person {number}"), cast.exeter)
        Rebalancing.objects.create(
            giver=giver, taker=row.taker, week=row.week, items=row.items, giver_before=2, giver_after=1,
            taker_before=0, taker_after=1, found_at=NOW,
        )  # fmt: skip
    with django_assert_num_queries(len(few)):
        assert "Person 4" in client.get(url).content.decode()


def test_what_may_not_be_seen_takes_no_room_from_what_may(cast, full):
    row = found()
    for number in range(20):
        giver = factories.membership(factories.person(f"Person {number}"), cast.exeter)
        Rebalancing.objects.create(
            giver=giver, taker=row.taker, week=row.week, items=[[1, 1, cast.foreign.pk]], giver_before=2, giver_after=1,
            taker_before=0, taker_after=1, found_at=NOW,
        )  # fmt: skip
    page = client_of(cast.manager).get(reverse("rebalancing_list"))
    assert [one.row for one in page.context["shown"]] == [row]


def test_the_page_stays_small_with_many_proposals_about_many_customers(cast, full):
    row = found()
    customers = [factories.customer(f"Customer {n}", owner=cast.rep_membership, town="Exeter") for n in range(40)]
    for number in range(25):
        giver = factories.membership(factories.person(f"Person {number}"), cast.exeter)
        Rebalancing.objects.create(
            giver=giver, taker=row.taker, week=row.week, items=[[each.pk, 1, each.pk] for each in customers],
            giver_before=2, giver_after=1, taker_before=0, taker_after=1, found_at=NOW,
        )  # fmt: skip
    page = client_of(cast.manager).get(reverse("rebalancing_list"))
    assert len(page.content) < 60_000
    assert "and 34 more" in page.content.decode()
