"""Rules that hold whoever changes people."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.actions import people
from accounts.models import User
from accounts.signals import people_facts_changed
from territory.conflicts import Conflict
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)


@pytest.fixture
def announced():
    """Ids of people of whom something was announced, in order."""
    heard = []

    def listen(user_ids, **kwargs):
        heard.extend(user_ids)

    people_facts_changed.connect(listen)
    yield heard
    people_facts_changed.disconnect(listen)


def test_a_person_without_an_address(company):
    person = people.create_person(actor=None, now=NOW, name="Imported", external_id="A-1")
    assert (person.email, person.external_id, person.has_usable_password()) == (None, "A-1", False)


def test_empty_external_ids_are_none(company):
    one = people.create_person(actor=None, now=NOW, name="One", external_id="")
    two = people.create_person(actor=None, now=NOW, name="Two", external_id="")
    assert one.external_id is two.external_id is None


def test_an_address_is_stored_in_lower_case(company):
    person = people.create_person(actor=None, now=NOW, name="One", email=" One@Example.COM ")
    assert person.email == "one@example.com"


def test_an_address_once_whatever_its_case(company):
    people.create_person(actor=None, now=NOW, name="One", email="one@example.com")
    with pytest.raises(ValidationError) as error:
        people.create_person(actor=None, now=NOW, name="Two", email="ONE@example.com")
    assert error.value.message_dict == {"email": ["Somebody else has this e-mail address."]}


def test_a_latitude_past_the_pole_is_refused(company):
    with pytest.raises(ValidationError) as error:
        people.create_person(actor=None, now=NOW, name="One", base_latitude=91, base_longitude=0)
    assert list(error.value.message_dict) == ["base_latitude"]


def test_a_zone_that_is_none_is_refused(company):
    with pytest.raises(ValidationError) as error:
        people.create_person(actor=None, now=NOW, name="One", time_zone="Mars/Base")
    assert list(error.value.message_dict) == ["time_zone"]


def test_the_history_says_who_and_when(cast):
    person = people.change_person(
        actor=cast.admin, now=NOW, on=TODAY, person=cast.rep, version=cast.rep.version, name="Renamed"
    )
    entry = person.history.latest("history_id")
    assert (entry.name, entry.history_user, entry.history_date, entry.version) == ("Renamed", cast.admin, NOW, 2)


def test_of_two_changes_the_second_is_a_conflict(cast):
    version = cast.rep.version
    people.change_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.rep, version=version, name="First")
    with pytest.raises(Conflict) as conflict:
        people.change_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.rep, version=version, name="Second")
    assert conflict.value.row.name == "First"


def test_a_moved_base_is_announced(cast, announced):
    people.change_profile(actor=cast.rep, now=NOW, version=cast.rep.version, base_latitude=50.5, base_longitude=-3.5)
    assert announced == [cast.rep.pk]


def test_another_zone_is_not_announced(cast, announced):
    people.change_profile(actor=cast.rep, now=NOW, version=cast.rep.version, time_zone="Europe/Paris")
    assert announced == []


def test_a_profile_changes_nothing_else(cast):
    with pytest.raises(ValidationError):
        people.change_profile(actor=cast.rep, now=NOW, version=cast.rep.version, name="Other")


def test_deactivating_takes_sign_in_and_keeps_memberships(cast, announced):
    people.deactivate_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.rep)
    person = User.objects.get(pk=cast.rep.pk)
    assert (person.is_active, person.deactivated_at, person.has_usable_password()) == (False, NOW, False)
    assert person.memberships.count() == 1
    assert announced == [cast.rep.pk]


def test_deactivating_twice_keeps_the_first_moment(cast):
    people.deactivate_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.rep)
    people.deactivate_person(actor=cast.admin, now=NOW + dt.timedelta(days=1), on=TODAY, person=cast.rep)
    assert User.objects.get(pk=cast.rep.pk).deactivated_at == NOW


def test_nobody_deactivates_themselves(cast):
    factories.membership(factories.person(), cast.south_west, "Administrator")
    with pytest.raises(ValidationError, match="yourself"):
        people.deactivate_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.admin)


def test_who_comes_back_needs_a_new_password(cast):
    people.deactivate_person(actor=cast.admin, now=NOW, on=TODAY, person=cast.rep)
    people.reactivate_person(actor=cast.admin, now=NOW, person=cast.rep)
    person = User.objects.get(pk=cast.rep.pk)
    assert (person.is_active, person.deactivated_at, person.has_usable_password()) == (True, None, False)


def test_a_link_to_choose_a_password_starts_with_the_sites_address(cast, mailoutbox):
    people.send_password_link(actor=cast.admin, now=NOW, person=cast.rep)
    deliver_waiting()
    (mail,) = mailoutbox
    assert mail.to == [cast.rep.email]
    assert "http://localhost:8000/accounts/password/reset/key/" in mail.body


@pytest.mark.parametrize("fields", [{"email": None}, {"is_active": False}])
def test_no_link_to_who_could_not_use_it(company, fields):
    person = factories.person(**fields)
    with pytest.raises(ValidationError):
        people.send_password_link(actor=None, now=NOW, person=person)
    assert not Mail.objects.exists()
