"""The last administrator stays, whatever is done."""

import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.actions import memberships, people, roles
from accounts.administrators import administrators_until
from accounts.models import Membership, Role, User
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)
WORDS = "last administrator"


@pytest.fixture
def seat(cast):
    """The only administrator's membership."""
    return cast.admin.memberships.get()


@pytest.fixture
def other(cast):
    """Somebody who acts, so that "never one's own" is not what refuses."""
    return cast.manager


def change(seat, actor, **fields):
    return memberships.change_membership(
        actor=actor, now=NOW, on=TODAY, membership=seat, version=seat.version, **fields
    )


def test_they_cannot_be_deactivated(cast, seat, other):
    with pytest.raises(ValidationError, match=WORDS):
        people.deactivate_person(actor=other, now=NOW, on=TODAY, person=cast.admin)
    assert User.objects.get(pk=cast.admin.pk).is_active


def test_their_address_cannot_be_taken(cast, seat, other):
    with pytest.raises(ValidationError, match=WORDS):
        people.change_person(actor=other, now=NOW, on=TODAY, person=cast.admin, version=1, email="")
    assert User.objects.get(pk=cast.admin.pk).email


def test_their_role_cannot_change(seat, other):
    with pytest.raises(ValidationError, match=WORDS):
        change(seat, other, role=factories.role("Salesperson"))
    assert Membership.objects.get(pk=seat.pk).role.name == "Administrator"


@pytest.mark.parametrize("ends_on", [dt.date(2026, 6, 8), TODAY, dt.date(2027, 1, 1)])
def test_their_membership_cannot_end_not_even_later(seat, other, ends_on):
    with pytest.raises(ValidationError, match=WORDS):
        memberships.end_membership(actor=other, now=NOW, on=TODAY, membership=seat, version=1, ends_on=ends_on)


def test_their_membership_cannot_start_later(seat, other):
    with pytest.raises(ValidationError, match=WORDS):
        change(seat, other, starts_on=dt.date(2026, 6, 10))


def test_their_hours_may_change(seat, other):
    assert change(seat, other, weekly_hours=20).version == 2


def test_their_role_may_be_renamed_but_not_retired(seat, other):
    role = seat.role
    roles.change_role(actor=other, now=NOW, on=TODAY, role=role, version=1, name="Owner")
    with pytest.raises(ValidationError):
        roles.retire_role(actor=other, now=NOW, on=TODAY, role=role)
    assert Role.objects.get(pk=role.pk).retired_at is None


@pytest.mark.parametrize("fields", [{"is_active": False}, {"email": None}, {"password": None}])
def test_who_cannot_sign_in_does_not_count(cast, seat, other, fields):
    factories.membership(factories.person(**fields), cast.south_west, "Administrator")
    with pytest.raises(ValidationError, match=WORDS):
        people.deactivate_person(actor=other, now=NOW, on=TODAY, person=cast.admin)


def test_with_a_second_one_the_first_may_go(cast, seat, other):
    factories.membership(factories.person(), cast.south_west, "Administrator")
    people.deactivate_person(actor=other, now=NOW, on=TODAY, person=cast.admin)
    assert not User.objects.get(pk=cast.admin.pk).is_active


def test_one_may_follow_the_other_without_a_day_between(cast, seat, other):
    factories.membership(factories.person(), cast.south_west, "Administrator", starts_on=dt.date(2026, 7, 1))
    with pytest.raises(ValidationError, match=WORDS):
        change(seat, other, ends_on=dt.date(2026, 6, 29))
    assert change(seat, other, ends_on=dt.date(2026, 6, 30)).ends_on == dt.date(2026, 6, 30)


def test_a_company_without_one_may_still_be_worked_on(company):
    person = people.create_person(actor=None, now=NOW, name="One")
    people.change_person(actor=None, now=NOW, on=TODAY, person=person, version=1, name="Two")
    assert administrators_until(TODAY) == TODAY


def test_days_are_covered_by_several_in_turn(company):
    team = factories.team()
    for first, last in [("2026-06-01", "2026-06-20"), ("2026-06-15", "2026-07-05"), ("2026-07-10", None)]:
        factories.membership(
            factories.person(),
            team,
            "Administrator",
            starts_on=dt.date.fromisoformat(first),
            ends_on=dt.date.fromisoformat(last) if last else None,
        )
    assert administrators_until(TODAY) == dt.date(2026, 7, 6)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_remove_each_other_one_stays():
    factories.company()
    team = factories.team()
    one = factories.membership(factories.person("One"), team, "Administrator").user
    two = factories.membership(factories.person("Two"), team, "Administrator").user
    together = threading.Barrier(2)
    refused = []

    def deactivate(actor, person):
        together.wait()
        try:
            people.deactivate_person(actor=actor, now=NOW, on=TODAY, person=person)
        except ValidationError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=deactivate, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert User.objects.filter(is_active=True).count() == 1
