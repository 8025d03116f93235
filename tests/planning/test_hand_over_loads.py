"""The preview of a hand-over: loads of both people in the weeks to come, before and after."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from msgspec.structs import replace

from customers.actions.foreseen import foresee
from customers.actions.hand_over import hand_over
from planning.models import BudgetShare
from planning.queries import workload
from planning.queries.hand_over import loads
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def share(customer, membership, touch, *, seat=True, travel=0.0, other=0.0):
    return BudgetShare.objects.create(
        customer=customer, role=membership.role, membership=membership if seat else None, team=membership.team, share=1,
        touch_minutes=touch, travel_minutes=travel, other_minutes=other,
    )  # fmt: skip


@pytest.fixture
def work(cast):
    """800 touch and 100 other minutes a week of the rep's on one customer, 100 on a second; 200 of the mate's own."""
    second = factories.customer("Second", owner=cast.rep_membership)
    share(cast.own, cast.rep_membership, 3478.4, other=434.8)
    share(second, cast.rep_membership, 434.8)
    share(cast.team_mates, cast.mate_membership, 869.6)
    return second


def foreseen(cast, receiver, *customers, reader=None, on=TODAY, leaves=False):
    seen = foresee(actor=cast.manager, person=cast.rep, receiver=receiver, on=on)
    moves = [move for move in seen.moves if move.customer in customers]
    found = loads(reader or cast.manager, replace(seen, leaves=leaves), moves)
    return found and {
        person.name: [tuple(load and round(load * 1200) for load in week.loads[number]) for week in found.weeks]
        for number, person in enumerate(found.people)
    }


def test_what_goes_is_less_for_one_and_more_for_the_other_from_the_week_of_the_day_on(cast, work):
    """Capacity is 40 h x 0.5 = 1,200 minutes; what is ticked counts alone."""
    found = foreseen(cast, cast.mate_membership, cast.own, on=TODAY + dt.timedelta(days=8))
    assert found == {
        "Rep": [(1000, 1000)] + [(1000, 100)] * 7,
        "Mate": [(200, 200)] + [(200, 1100)] * 7,
    }


def test_the_weeks_shown_are_those_of_the_map_afterwards(cast, work):
    """With a planned touch that outweighs the budgets of its week, and an absence in another."""
    factories.planned_touch(cast.own, cast.rep, TODAY + dt.timedelta(days=1), duration_seconds=2000 * 60)
    factories.absence(cast.mate, dt.date(2026, 6, 15), dt.date(2026, 6, 16))
    found = foreseen(cast, cast.mate_membership, cast.own)
    chosen = {cast.own.assignments.get(membership=cast.rep_membership).pk: 1}
    hand_over(
        actor=cast.manager, now=NOW, person=cast.rep, receiver=cast.mate_membership, on=TODAY, chosen=chosen,
        with_orders=False,
    )  # fmt: skip
    BudgetShare.objects.filter(customer=cast.own).update(membership=cast.mate_membership)
    after = {
        row.person.name: [round(cell.load * 1200) for cell in row.cells] for row in workload.board(cast.manager).rows
    }
    assert {name: [load for _before, load in weeks] for name, weeks in found.items()} == {
        name: after[name] for name in ("Rep", "Mate")
    }


def test_travel_is_the_receivers_own_way(cast):
    """The rep travels 10 km, the mate 40 km: four times the minutes."""
    BudgetShare.objects.all().delete()
    cast.own.latitude, cast.own.longitude = 50.0, 0.0
    cast.own.save()
    for person, degrees in ((cast.rep, 0.1), (cast.mate, 0.4)):
        person.base_latitude, person.base_longitude = 50.0 + degrees, 0.0
        person.save()
    share(cast.own, cast.rep_membership, 434.8, travel=434.8)
    assert foreseen(cast, cast.mate_membership, cast.own)["Mate"][0] == (0, 500)


def test_in_another_role_the_receiver_does_what_that_role_has_unstaffed_there(cast, work):
    coordinator = cast.coordinator.memberships.get()
    share(cast.own, coordinator, 869.6, seat=False)
    share(work, coordinator, 1000, seat=False)
    found = foreseen(cast, coordinator, cast.own)
    assert (found["Rep"][0], found["Coordinator"][0]) == ((1000, 100), (0, 200))


def test_of_who_leaves_only_the_receiver_is_shown_and_of_who_is_out_of_reach_nobody(cast, work):
    assert list(foreseen(cast, cast.mate_membership, cast.own, leaves=True)) == ["Mate"]
    assert foreseen(cast, cast.mate_membership, cast.own, reader=cast.other_manager) is None
    role = cast.manager.memberships.get().role
    role.access["budgets"] = {"see": "none"}
    role.save()
    page = client_of(cast.manager).get(
        reverse("person_hand_over", args=[cast.rep.pk]), {"to": cast.mate_membership.pk, "on": TODAY}
    )
    assert "Load before and after" not in page.content.decode()


def test_the_page_shows_it_within_12_statements(cast, work):
    data = {"to": cast.mate_membership.pk, "on": "2026-06-09", "act": "look", "seen": ""}
    factories.planned_touch(cast.team_mates, cast.rep, TODAY)
    factories.order(cast.team_mates, 500, salesperson=cast.rep)
    for who, name in ((cast.manager, "person_hand_over"), (cast.admin, "person_deactivate")):
        client, address = client_of(who), reverse(name, args=[cast.rep.pk])
        client.post(address, data)
        with CaptureQueriesContext(connection) as queries:
            text = client.post(address, data).content.decode()
        assert "Load before and after" in text
        assert len(queries) <= 12, "\n".join(row["sql"][:150] for row in queries)
