"""People: who they are, whether they may sign in, and from where they travel."""

import datetime as dt
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.administrators import administrators_kept
from accounts.models import User
from accounts.signals import people_facts_changed
from territory.company.models import check_time_zone
from territory.conflicts import claim
from territory.formats.hours import check_hours

from .saving import assign, save, sign

PROFILE_FIELDS = ("time_zone", "locale", "base_latitude", "base_longitude", "working_hours")
BASE_FIELDS = {"base_latitude", "base_longitude"}


@transaction.atomic
def create_person(*, actor: User | None, now: dt.datetime, name: str, email: str | None = None, **fields: Any) -> User:
    """A new person without a password: they cannot sign in until they chose one by the link that is mailed to them.

    `fields`: external_id, time_zone, locale, base_latitude, base_longitude.
    """
    person = User(name=name, email=_address(email), **_tidy(fields))
    person.set_unusable_password()
    _check(person)
    save(person, actor=actor, now=now)
    people_facts_changed.send(sender=User, user_ids=[person.pk])
    return person


def change_person(
    *, actor: User | None, now: dt.datetime, on: dt.date, person: User, version: int, **fields: Any
) -> User:
    """Change who a person is. Conflict when somebody else did so since `version`.

    `fields`: name, email, external_id and those of the profile. Without an address one cannot sign in any more.
    """
    fields = _tidy(fields)
    if "email" in fields:
        fields["email"] = _address(fields["email"])
    with administrators_kept(on):
        return _change(actor=actor, now=now, person=person, version=version, fields=fields)


@transaction.atomic
def change_profile(*, actor: User, now: dt.datetime, version: int, **fields: Any) -> User:
    """Change one's own profile: time_zone, locale, base_latitude, base_longitude."""
    if set(fields) - set(PROFILE_FIELDS):
        raise ValidationError(_("Only an administrator can change this."))
    return _change(actor=actor, now=now, person=actor, version=version, fields=fields)


def deactivate_person(*, actor: User | None, now: dt.datetime, on: dt.date, person: User) -> None:
    """The person can no longer sign in, and every session of theirs ends now, for good.

    The password is taken away too: it is part of what a session is bound to, so no old session comes back to life when
    the person does. Memberships stay as they are.
    """
    if actor is not None and actor.pk == person.pk:
        raise ValidationError(_("You cannot deactivate yourself. Ask another administrator."))
    with administrators_kept(on):
        row = User.objects.select_for_update().get(pk=person.pk)
        if not row.is_active:
            return
        row.is_active, row.deactivated_at, row.version = False, now, row.version + 1
        row.set_unusable_password()
        sign(row, actor=actor, now=now)
        row.save(update_fields=["is_active", "deactivated_at", "password", "version"])
        end_sessions(person=row, now=now)
        people_facts_changed.send(sender=User, user_ids=[row.pk])


@transaction.atomic
def reactivate_person(*, actor: User | None, now: dt.datetime, person: User) -> None:
    """The person may sign in again once they chose a new password."""
    row = User.objects.select_for_update().get(pk=person.pk)
    if row.is_active:
        return
    row.is_active, row.deactivated_at, row.version = True, None, row.version + 1
    sign(row, actor=actor, now=now)
    row.save(update_fields=["is_active", "deactivated_at", "version"])
    people_facts_changed.send(sender=User, user_ids=[row.pk])


@transaction.atomic
def send_password_link(*, actor: User | None, now: dt.datetime, person: User) -> None:
    """Mail the person a link to choose a password: their first with an invitation, or a new one."""
    row = User.objects.select_for_update().get(pk=person.pk)
    if not row.is_active:
        raise ValidationError(_("%(name)s is deactivated. Reactivate them first."), params={"name": row.name})
    if not row.email:
        raise ValidationError(_("%(name)s has no e-mail address. Add one first."), params={"name": row.name})
    if row.has_usable_password():
        invitations.post_new_password(row, now=now)
    else:
        invitations.post_invitation(row, actor=actor, now=now)


@transaction.atomic
def invite(*, actor: User | None, now: dt.datetime, people: Iterable[User]) -> int:
    """Invite all of these who may be: active, with an address, without a password. Returns how many."""
    chosen = User.objects.select_for_update().filter(pk__in=[person.pk for person in people])
    rows = [row for row in chosen.order_by("pk") if row.is_active and row.email and not row.has_usable_password()]
    for row in rows:
        invitations.post_invitation(row, actor=actor, now=now)
    return len(rows)


def end_sessions(*, person: User, now: dt.datetime, except_key: str = "") -> int:
    """Sign the person out everywhere (but in the session of `except_key`); returns of how many sessions.

    Reads every session: one that was not noted yet (accounts.sessions) ends too.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore
    ended = 0
    for session in Session.objects.filter(expire_date__gt=now).exclude(session_key=except_key).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            store(session.session_key).delete()
            ended += 1
    return ended


def _change(*, actor: User | None, now: dt.datetime, person: User, version: int, fields: dict[str, Any]) -> User:
    row = User.objects.select_for_update().get(pk=person.pk)
    claim(row, version)
    changed = assign(row, fields)
    _check(row)
    save(row, actor=actor, now=now, fields=[*changed, "version"])
    if "email" in changed:
        # The sign-in library keeps addresses of its own, under which the person could still sign in.
        row.emailaddress_set.all().delete()
        if actor is None or actor.pk != row.pk:
            end_sessions(person=row, now=now)
    if BASE_FIELDS & set(changed):
        people_facts_changed.send(sender=User, user_ids=[row.pk])
    return row


def _address(email: str | None) -> str | None:
    return email.strip().lower() if email and email.strip() else None


def _tidy(fields: dict[str, Any]) -> dict[str, Any]:
    """An external id that is empty is none."""
    return {name: (value or None) if name == "external_id" else value for name, value in fields.items()}


def _check(person: User) -> None:
    """Rules over what the row itself cannot say well."""
    errors: dict[str, Any] = {}
    others = User.objects.exclude(pk=person.pk)
    if person.email and others.filter(email__iexact=person.email).exists():
        errors["email"] = _("Somebody else has this e-mail address.")
    if person.external_id and others.filter(external_id=person.external_id).exists():
        errors["external_id"] = _("Somebody else has this external id.")
    if (person.base_latitude is None) != (person.base_longitude is None):
        missing = "base_longitude" if person.base_longitude is None else "base_latitude"
        errors[missing] = _("Give both latitude and longitude, or neither.")
    try:
        check_hours(person.working_hours)
    except ValidationError as error:
        errors["working_hours"] = error
    if person.time_zone:
        try:
            check_time_zone(person.time_zone)
        except ValidationError as error:
            errors["time_zone"] = error
    if errors:
        raise ValidationError(errors)
