"""When people are away."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Absence, Cover, User
from accounts.signals import people_facts_changed
from territory.conflicts import claim

from .saving import assign, save, sign


@transaction.atomic
def add_absence(
    *, actor: User | None, now: dt.datetime, user: User, starts_on: dt.date, ends_on: dt.date, **fields: Any
) -> Absence:
    """A person is away from a day to a day, both included. `fields`: kind, note."""
    row = Absence(user=user, starts_on=starts_on, ends_on=ends_on, **fields)
    _check(row)
    save(row, actor=actor, now=now)
    people_facts_changed.send(sender=Absence, user_ids=[user.pk])
    return row


@transaction.atomic
def change_absence(*, actor: User | None, now: dt.datetime, absence: Absence, version: int, **fields: Any) -> Absence:
    """Change days, kind or note. `fields`: starts_on, ends_on, kind, note. Conflict on another's change."""
    row = Absence.objects.select_for_update(of=("self",)).select_related("user").get(pk=absence.pk)
    claim(row, version)
    changed = assign(row, fields)
    _check(row)
    if changed:
        save(row, actor=actor, now=now, fields=[*changed, "version"])
        _drop_idle_covers(row.user_id, actor=actor, now=now)
        people_facts_changed.send(sender=Absence, user_ids=[row.user_id])
    return row


@transaction.atomic
def remove_absence(*, actor: User | None, now: dt.datetime, absence: Absence) -> None:
    """The person is not away after all, and nobody covers them; the history keeps what was there."""
    sign(absence, actor=actor, now=now)
    user_id = absence.user_id
    absence.delete()
    _drop_idle_covers(user_id, actor=actor, now=now)
    people_facts_changed.send(sender=Absence, user_ids=[user_id])


def _drop_idle_covers(user_id: int, *, actor: User | None, now: dt.datetime) -> None:
    """Remove covers of days on none of which the person is away any more."""
    away = Absence.objects.filter(user_id=user_id)
    for cover in Cover.objects.filter(user_id=user_id):
        if not away.between(cover.starts_on, cover.ends_on).exists():
            sign(cover, actor=actor, now=now)
            cover.delete()


def _check(row: Absence) -> None:
    """Days in order; not away twice at once, which would lower capacity twice."""
    # The person's row is locked: of two absences entered at once one waits and then sees the other.
    User.objects.select_for_update().get(pk=row.user_id)
    if row.ends_on < row.starts_on:
        raise ValidationError({"ends_on": _("The last day is before the first.")})
    other = Absence.objects.filter(user_id=row.user_id).between(row.starts_on, row.ends_on).exclude(pk=row.pk).first()
    if other:
        raise ValidationError(
            {
                "starts_on": _("%(name)s is away then already: %(kind)s from %(first)s to %(last)s.")
                % {
                    "name": row.user.name,
                    "kind": other.get_kind_display(),
                    "first": other.starts_on.isoformat(),
                    "last": other.ends_on.isoformat(),
                }
            }
        )
