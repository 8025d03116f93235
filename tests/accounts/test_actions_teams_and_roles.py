"""Rules of the tree of teams, of roles and of memberships."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.actions import memberships, roles, teams
from accounts.actions.absences import add_absence, change_absence
from accounts.actions.starting_rows import create_starting_roles
from accounts.models import Membership, Role, Team
from accounts.signals import objections
from territory.conflicts import Conflict
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)


def test_starting_roles_are_made_once(company):
    create_starting_roles()
    create_starting_roles()
    assert Role.objects.count() == 9
    assert Role.objects.get(name="Salesperson").access["touches"] == {"see": "own", "change": "authored"}


def test_starting_roles_are_named_as_starting_values(company):
    create_starting_roles()
    assert set(Role.history.values_list("history_change_reason", flat=True)) == {"Starting value"}


def test_a_starting_role_that_was_changed_stays_so(company):
    create_starting_roles()
    Role.objects.filter(name="Engineering").update(cost_per_hour=Decimal("50"))
    create_starting_roles()
    assert Role.objects.get(name="Engineering").cost_per_hour == Decimal("50")


def test_a_team_moves_with_all_under_it(cast):
    deep = factories.team("Deep", cast.exeter)
    teams.change_team(actor=None, now=NOW, team=cast.exeter, version=1, parent=cast.north)
    assert Team.objects.get(pk=deep.pk).path == f"/{cast.north.pk}/{cast.exeter.pk}/{deep.pk}/"


def test_a_team_moves_to_the_top(cast):
    teams.change_team(actor=None, now=NOW, team=cast.exeter, version=1, parent=None)
    assert Team.objects.get(pk=cast.exeter.pk).path == f"/{cast.exeter.pk}/"


@pytest.mark.parametrize("under", ["south_west", "exeter"])
def test_a_team_is_never_part_of_itself(cast, under):
    with pytest.raises(ValidationError) as error:
        teams.change_team(actor=None, now=NOW, team=cast.south_west, version=1, parent=getattr(cast, under))
    assert error.value.message_dict == {"parent": ["A team cannot be part of itself or of a team under it."]}
    assert Team.objects.get(pk=cast.south_west.pk).path == f"/{cast.south_west.pk}/"


def test_a_name_once_under_one_parent(cast):
    with pytest.raises(ValidationError) as error:
        teams.create_team(actor=None, now=NOW, name="exeter", parent=cast.south_west)
    assert error.value.message_dict == {"name": ["There is a team of this name already."]}
    assert teams.create_team(actor=None, now=NOW, name="Exeter", parent=cast.north).pk


def test_another_change_of_a_team_is_a_conflict(cast):
    teams.change_team(actor=None, now=NOW, team=cast.exeter, version=1, name="First")
    with pytest.raises(Conflict):
        teams.change_team(actor=None, now=NOW, team=cast.exeter, version=1, name="Second")


def archive(team):
    teams.archive_team(actor=None, now=NOW, on=TODAY, team=team)


def test_a_team_with_people_is_not_archived(cast):
    with pytest.raises(ValidationError, match="People are members"):
        archive(cast.exeter)


def test_a_team_with_teams_is_not_archived(cast):
    factories.team("Deep", factories.team("Upper"))
    with pytest.raises(ValidationError, match="Teams are part"):
        archive(Team.objects.get(name="Upper"))


def test_a_team_that_others_need_is_not_archived(company):
    team = factories.team("Empty")

    def receiver(row, change, **kwargs):
        return "3 customers belong to it." if change == "archive" else None

    objections.connect(receiver, sender=Team)
    try:
        with pytest.raises(ValidationError, match="3 customers"):
            archive(team)
    finally:
        objections.disconnect(receiver, sender=Team)


def test_an_empty_team_is_archived_and_comes_back(company):
    team = factories.team("Empty")
    archive(team)
    assert not Team.objects.live().exists()
    teams.restore_team(actor=None, now=NOW, team=team)
    assert Team.objects.live().get() == team


def test_a_team_whose_people_all_left_is_archived(company):
    team = factories.team("Was")
    factories.membership(factories.person(), team, ends_on=dt.date(2026, 6, 8))
    archive(team)
    assert not Team.objects.live().exists()


def test_nothing_is_put_under_an_archived_team(company):
    team = factories.team("Gone", archived_at=NOW)
    with pytest.raises(ValidationError) as error:
        teams.create_team(actor=None, now=NOW, name="New", parent=team)
    assert error.value.message_dict == {"parent": ["Gone is archived."]}


def test_a_new_role_may_do_what_another_may(cast):
    like = factories.role("Salesperson")
    role = roles.add_role(actor=cast.admin, now=NOW, name="Junior", function="sales", like=like)
    assert role.access == like.access
    assert role.access is not like.access


def test_a_role_name_once_whatever_its_case(cast):
    with pytest.raises(ValidationError) as error:
        roles.add_role(actor=None, now=NOW, name="salesperson", function="sales")
    assert error.value.message_dict == {"name": ["There is a role of this name already."]}


def test_a_role_somebody_is_in_is_not_retired(cast):
    with pytest.raises(ValidationError, match="4 memberships have this role"):
        roles.retire_role(actor=None, now=NOW, on=TODAY, role=factories.role("Salesperson"))


def test_a_role_nobody_is_in_is_retired_and_comes_back(cast):
    role = factories.role("Engineering")
    roles.retire_role(actor=None, now=NOW, on=TODAY, role=role)
    assert not Role.objects.live().filter(pk=role.pk).exists()
    roles.restore_role(actor=None, now=NOW, role=role)
    assert Role.objects.live().filter(pk=role.pk).exists()


def test_a_negative_cost_is_refused(cast):
    with pytest.raises(ValidationError) as error:
        roles.change_role(
            actor=None, now=NOW, on=TODAY, role=factories.role("Salesperson"), version=1, cost_per_hour=Decimal("-1")
        )
    assert "cost_per_hour" in error.value.message_dict


def join(person, team, role="Salesperson", actor=None, **fields):
    return memberships.create_membership(
        actor=actor, now=NOW, on=TODAY, user=person, team=team, role=factories.role(role), **fields
    )


def test_a_person_may_be_in_two_teams_at_once(cast):
    join(cast.rep, cast.leeds)
    assert cast.rep.memberships.count() == 2


@pytest.mark.parametrize(
    "dates",
    [
        {},
        {"starts_on": dt.date(2026, 6, 30)},
        {"ends_on": dt.date(2026, 6, 1)},
        {"starts_on": dt.date(2026, 6, 10), "ends_on": dt.date(2026, 6, 20)},
    ],
)
def test_nobody_is_twice_in_one_team_and_role_at_once(cast, dates):
    factories.membership(cast.rep, cast.leeds, starts_on=dt.date(2026, 6, 1), ends_on=dt.date(2026, 6, 30))
    with pytest.raises(ValidationError) as error:
        join(cast.rep, cast.leeds, **dates)
    assert error.value.message_dict == {"starts_on": ["They are in this team in this role already at that time."]}


def test_one_membership_may_follow_another(cast):
    factories.membership(cast.rep, cast.leeds, starts_on=dt.date(2026, 6, 1), ends_on=dt.date(2026, 6, 30))
    assert join(cast.rep, cast.leeds, starts_on=dt.date(2026, 7, 1)).pk


def test_a_membership_never_ends_before_it_starts(cast):
    with pytest.raises(ValidationError) as error:
        join(cast.rep, cast.leeds, starts_on=dt.date(2026, 6, 2), ends_on=dt.date(2026, 6, 1))
    assert error.value.message_dict == {"ends_on": ["The last day is before the first."]}


@pytest.mark.parametrize("fields", [{"weekly_hours": 169}, {"selling_share": Decimal("1.1")}, {"profile": "owner"}])
def test_what_cannot_be_is_refused_by_field(cast, fields):
    with pytest.raises(ValidationError) as error:
        join(cast.rep, cast.leeds, **fields)
    assert next(iter(error.value.message_dict)) == next(iter(fields))


def test_a_retired_role_is_given_to_nobody(cast):
    Role.objects.filter(name="Engineering").update(retired_at=NOW)
    with pytest.raises(ValidationError) as error:
        join(cast.rep, cast.leeds, "Engineering")
    assert list(error.value.message_dict) == ["role"]


def test_nobody_gives_themselves_a_role(cast):
    with pytest.raises(ValidationError, match="their own"):
        join(cast.manager, cast.north, "Administrator", actor=cast.manager)


@pytest.mark.parametrize(
    "fields", [{"ends_on": dt.date(2027, 1, 1)}, {"starts_on": dt.date(2020, 1, 1)}, {"role": None}, {"team": None}]
)
def test_nobody_changes_their_own_role_team_or_dates(cast, fields):
    seat = cast.manager.memberships.get()
    fields = {
        name: value or (factories.role("Senior manager") if name == "role" else cast.north)
        for name, value in fields.items()
    }
    with pytest.raises(ValidationError, match="their own"):
        memberships.change_membership(actor=cast.manager, now=NOW, on=TODAY, membership=seat, version=1, **fields)
    assert Membership.objects.get(pk=seat.pk).version == 1


def test_one_may_change_ones_own_hours(cast):
    seat = cast.admin.memberships.get()
    row = memberships.change_membership(
        actor=cast.admin, now=NOW, on=TODAY, membership=seat, version=1, weekly_hours=Decimal("30")
    )
    assert row.weekly_hours == Decimal("30")


def test_absences_may_touch_but_not_overlap(cast):
    first = add_absence(actor=None, now=NOW, user=cast.rep, starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 7, 3))
    add_absence(actor=None, now=NOW, user=cast.rep, starts_on=dt.date(2026, 7, 4), ends_on=dt.date(2026, 7, 4))
    with pytest.raises(ValidationError) as error:
        change_absence(actor=None, now=NOW, absence=first, version=1, ends_on=dt.date(2026, 7, 4))
    assert error.value.message_dict == {
        "starts_on": ["Rep is away then already: holiday from 2026-07-04 to 2026-07-04."]
    }


def test_of_two_who_change_an_absence_the_second_is_told(cast):
    first = add_absence(actor=None, now=NOW, user=cast.rep, starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 7, 3))
    change_absence(actor=None, now=NOW, absence=first, version=1, ends_on=dt.date(2026, 7, 4))
    with pytest.raises(Conflict):
        change_absence(actor=None, now=NOW, absence=first, version=1, note="By the sea")
    first.refresh_from_db()
    assert (first.ends_on, first.note, first.version) == (dt.date(2026, 7, 4), "", 2)


def test_two_people_may_be_away_at_once(cast):
    for person in (cast.rep, cast.mate):
        add_absence(actor=None, now=NOW, user=person, starts_on=dt.date(2026, 7, 1), ends_on=dt.date(2026, 7, 3))
    assert (cast.rep.absences.count(), cast.mate.absences.count()) == (1, 1)


def test_an_absence_never_ends_before_it_starts(cast):
    with pytest.raises(ValidationError) as error:
        add_absence(actor=None, now=NOW, user=cast.rep, starts_on=dt.date(2026, 7, 3), ends_on=dt.date(2026, 7, 1))
    assert error.value.message_dict == {"ends_on": ["The last day is before the first."]}
