"""What an hour costs appears nowhere for who may not see it."""

from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Membership, Role
from tests import factories
from tests.accounts.signing_in import client_of

OWN, ROLES = "77.31", "88.42"


@pytest.fixture
def costly(cast):
    """The rep costs 77.31 an hour, once 66.53; salespeople cost 88.42."""
    seat = cast.rep_membership
    seat.cost_per_hour = Decimal("66.53")
    seat.save(update_fields=["cost_per_hour"])
    seat.cost_per_hour = Decimal(OWN)
    seat.save(update_fields=["cost_per_hour"])
    role = seat.role
    role.cost_per_hour = Decimal(ROLES)
    role.save(update_fields=["cost_per_hour"])
    return cast


def pages(cast):
    yield reverse("people_list")
    yield reverse("person_detail", args=[cast.rep.pk])
    yield reverse("person_detail", args=[cast.mate.pk])
    yield reverse("team_list")
    yield reverse("profile")


@pytest.mark.parametrize("who", ["rep", "mate", "coordinator", "technician", "other_manager"])
def test_who_may_not_see_cost_never_does(costly, who):
    client = client_of(getattr(costly, who))
    for url in pages(costly):
        content = client.get(url).content.decode()
        for figure in (OWN, ROLES, "66.53"):
            assert figure not in content, url
        assert "an hour" not in content, url


def test_a_manager_sees_the_cost_of_people_below(costly):
    content = client_of(costly.manager).get(reverse("person_detail", args=[costly.rep.pk])).content.decode()
    assert OWN in content
    assert "66.53" in content
    content = client_of(costly.manager).get(reverse("person_detail", args=[costly.mate.pk])).content.decode()
    assert ROLES in content


@pytest.fixture
def keeper_of_people(costly):
    """Somebody who may change all people and see no cost."""
    access = {"people": {"see": "all", "change": "all"}, "names": {"see": "all"}}
    role = factories.role("Personnel", access=access, function="administration")
    return factories.membership(factories.person("Keeper"), costly.south_west, role).user


def test_forms_leave_cost_out_for_who_may_not_change_it(costly, keeper_of_people):
    client = client_of(keeper_of_people)
    for name, pk in [("membership_edit", costly.rep_membership.pk), ("role_edit", costly.rep_membership.role_id)]:
        response = client.get(reverse(name, args=[pk]))
        assert "cost_per_hour" not in response.context["form"].fields
        assert OWN not in response.content.decode()
        assert ROLES not in response.content.decode()


def test_cost_posted_by_who_may_not_change_it_changes_nothing(costly, keeper_of_people):
    seat = costly.rep_membership
    data = {
        "team": seat.team_id,
        "role": seat.role_id,
        "profile": "sole",
        "weekly_hours": "30",
        "selling_share": "50",
        "cost_per_hour": "1.00",
        "version": 1,
    }
    client = client_of(keeper_of_people)
    assert client.post(reverse("membership_edit", args=[seat.pk]), data).status_code == 302
    row = Membership.objects.get(pk=seat.pk)
    assert (row.weekly_hours, row.cost_per_hour) == (Decimal("30"), Decimal(OWN))
    data = {"name": "Salesperson", "function": "sales", "cost_per_hour": "1.00", "version": 1}
    assert client.post(reverse("role_edit", args=[seat.role_id]), data).status_code == 302
    assert Role.objects.get(pk=seat.role_id).cost_per_hour == Decimal(ROLES)


def test_a_conflict_shows_no_cost_to_who_may_not_see_it(costly, keeper_of_people):
    seat = costly.rep_membership
    data = {
        "team": seat.team_id,
        "role": seat.role_id,
        "profile": "sole",
        "weekly_hours": "30",
        "selling_share": "50",
        "version": 0,
    }
    response = client_of(keeper_of_people).post(reverse("membership_edit", args=[seat.pk]), data)
    assert response.status_code == 409
    assert OWN not in response.content.decode()


def test_an_administrator_changes_cost(costly):
    seat = costly.rep_membership
    data = {
        "team": seat.team_id,
        "role": seat.role_id,
        "profile": "sole",
        "weekly_hours": "40",
        "selling_share": "50",
        "cost_per_hour": "80.00",
        "version": 1,
    }
    client = client_of(costly.admin)
    assert client.post(reverse("membership_edit", args=[seat.pk]), data).status_code == 302
    assert Membership.objects.get(pk=seat.pk).cost_per_hour == Decimal("80.00")


def test_a_change_of_cost_alone_leaves_no_trace_for_others(costly):
    response = client_of(costly.rep).get(reverse("person_detail", args=[costly.rep.pk]))
    assert [entry.kind for entry in response.context["history"] if entry.what.startswith("Salesperson")] == ["+"]
