"""Who is in which team, in which role, from when to when."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.administrators import administrators_kept
from accounts.models import Membership, Role, Team, User
from accounts.signals import people_facts_changed, raise_objections
from territory.conflicts import claim
from territory.rows import ends_from, starts_by

from .saving import assign, save

# What decides what a person may see and do: nobody changes these for themselves.
ACCESS_FIELDS = {"team", "role", "starts_on", "ends_on"}


def create_membership(
    *, actor: User | None, now: dt.datetime, on: dt.date, user: User, team: Team, role: Role, **fields: Any
) -> Membership:
    """Put a person into a team in a role.

    `fields`: starts_on, ends_on, profile, weekly_hours, selling_share, cost_per_hour.
    """
    _not_oneself(actor, user)
    with administrators_kept(on):
        row = Membership(user=user, team=team, role=role, **fields)
        _check(row, {"team", "role"})
        save(row, actor=actor, now=now)
        people_facts_changed.send(sender=Membership, user_ids=[user.pk])
        return row


def change_membership(
    *, actor: User | None, now: dt.datetime, on: dt.date, membership: Membership, version: int, **fields: Any
) -> Membership:
    """Change a membership; `fields` as for a new one, with team and role. Conflict on another's change."""
    with administrators_kept(on):
        row = (
            Membership.objects.select_for_update(of=("self",))
            .select_related("user", "team", "role")
            .get(pk=membership.pk)
        )
        claim(row, version)
        changed = assign(row, fields)
        if ACCESS_FIELDS & set(changed):
            _not_oneself(actor, row.user)
        _check(row, set(changed))
        save(row, actor=actor, now=now, fields=[*changed, "version"])
        for change in ("profile", "team"):
            if change in changed:
                raise_objections(Membership, row, change)
        if "ends_on" in changed and row.ends_on:
            raise_objections(Membership, row, "end")
        people_facts_changed.send(sender=Membership, user_ids=[row.user_id])
        return row


def end_membership(
    *, actor: User | None, now: dt.datetime, on: dt.date, membership: Membership, version: int, ends_on: dt.date
) -> Membership:
    """The last day of a membership."""
    return change_membership(actor=actor, now=now, on=on, membership=membership, version=version, ends_on=ends_on)


def _not_oneself(actor: User | None, user: User) -> None:
    if actor is not None and actor.pk == user.pk:
        raise ValidationError(_("Nobody changes their own team, role or dates. Ask another administrator."))


def _check(row: Membership, changed: set[str]) -> None:
    """Roles and teams in use only, dates in order, not twice the same at once."""
    errors = {}
    if "role" in changed and row.role.retired_at:
        errors["role"] = _("%(name)s is retired. Choose another role.") % {"name": row.role.name}
    if "team" in changed and row.team.archived_at:
        errors["team"] = _("%(name)s is archived. Choose another team.") % {"name": row.team.name}
    if row.starts_on and row.ends_on and row.ends_on < row.starts_on:
        errors["ends_on"] = _("The last day is before the first.")
    if errors:
        raise ValidationError(errors)
    if _same_at_once(row):
        raise ValidationError({"starts_on": _("They are in this team in this role already at that time.")})


def _same_at_once(row: Membership) -> bool:
    others = Membership.objects.filter(user=row.user, team=row.team, role=row.role).exclude(pk=row.pk)
    if row.starts_on:
        others = others.filter(ends_from(row.starts_on))
    if row.ends_on:
        others = others.filter(starts_by(row.ends_on))
    return others.exists()
