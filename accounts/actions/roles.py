"""Roles: added, renamed, retired. What each may do starts as a copy of another role's."""

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import reaches
from accounts.administrators import administrators_kept, oneself_kept
from accounts.models import Membership, Role, User
from accounts.permissions import current_memberships
from accounts.role_rows import copy_rows
from accounts.second_factor import has_second_factor
from accounts.signals import people_facts_changed, roles_changed
from territory.conflicts import claim
from territory.rows import ends_from

from .saving import assign, save, sign


@transaction.atomic
def add_role(
    *,
    actor: User | None,
    now: dt.datetime,
    name: str,
    function: str,
    like: Role | None = None,
    with_rows: bool = False,
    cost_per_hour: Decimal | None = None,
    second_factor_required: bool = False,
) -> Role:
    """A new role at the end of the list; it may do what `like` may, or nothing.

    `with_rows`: what else is kept for `like`, its rules and loads, is copied too (accounts.role_rows).
    """
    last = Role.objects.aggregate(last=Max("position"))["last"] or 0
    role = Role(
        name=name,
        function=function,
        cost_per_hour=cost_per_hour,
        second_factor_required=second_factor_required,
        access=copy.deepcopy(like.access) if like else {},
        position=last + 1,
    )
    _check(role)
    save(role, actor=actor, now=now)
    if like and with_rows:
        copy_rows(like=like, role=role, actor=actor, now=now)
    return role


def change_role(*, actor: User | None, now: dt.datetime, on: dt.date, role: Role, version: int, **fields: Any) -> Role:
    """Rename a role, change its function, its cost per hour or whether it asks for a second factor.

    `fields`: name, function, cost_per_hour, second_factor_required. Who asks it of themselves has one first.
    """
    with administrators_kept(on):
        row = Role.objects.select_for_update().get(pk=role.pk)
        claim(row, version)
        changed = assign(row, fields)
        if "second_factor_required" in changed and row.second_factor_required:
            _has_one_themselves(actor, row)
        _check(row)
        save(row, actor=actor, now=now, fields=[*changed, "version"])
        if {"function", "cost_per_hour"} & set(changed):
            members = Membership.objects.filter(ends_from(on), role=row).values_list("user_id", flat=True).distinct()
            people_facts_changed.send(sender=Role, user_ids=list(members))
        return row


def change_access(
    *, actor: User | None, now: dt.datetime, on: dt.date, role: Role, version: int, access: reaches.Access
) -> Role:
    """Change what a role may see, change and approve; in force with the next request of everyone in it.

    Refused where the role could change more than it sees, where no administrator would be left from `on`, and where
    `actor` could not change access any more. Conflict when somebody else changed the role since `version`.
    """
    reaches.check(access)
    with administrators_kept(on), oneself_kept(actor):
        row = Role.objects.select_for_update().get(pk=role.pk)
        claim(row, version)
        row.access = reaches.plain(access)
        save(row, actor=actor, now=now, fields=["access", "version"])
        return row


def retire_role(*, actor: User | None, now: dt.datetime, on: dt.date, role: Role) -> None:
    """The role can no longer be given to anyone. Refused while somebody is in it."""
    with administrators_kept(on):
        row = Role.objects.select_for_update().get(pk=role.pk)
        if row.retired_at:
            return
        holders = Membership.objects.filter(ends_from(on), role=row).count()
        if holders:
            raise ValidationError(
                ngettext(
                    "%(n)s membership has this role. Give it another role first.",
                    "%(n)s memberships have this role. Give them another role first.",
                    holders,
                )
                % {"n": holders}
            )
        row.retired_at, row.version = now, row.version + 1
        sign(row, actor=actor, now=now)
        row.save(update_fields=["retired_at", "version"])
        roles_changed.send(sender=Role)


@transaction.atomic
def restore_role(*, actor: User | None, now: dt.datetime, role: Role) -> None:
    """The role can be given to people again."""
    row = Role.objects.select_for_update().get(pk=role.pk)
    if row.retired_at is None:
        return
    row.retired_at, row.version = None, row.version + 1
    sign(row, actor=actor, now=now)
    row.save(update_fields=["retired_at", "version"])
    roles_changed.send(sender=Role)


def _has_one_themselves(actor: User | None, role: Role) -> None:
    if actor is None or has_second_factor(actor):
        return
    if any(seat.role_id == role.pk for seat in current_memberships(actor)):
        raise ValidationError(
            {
                "second_factor_required": _(
                    "You are in this role. Set up a second factor of your own first: your profile, Sign-in and security."
                )
            }
        )


def _check(role: Role) -> None:
    if Role.objects.exclude(pk=role.pk).filter(name__iexact=role.name).exists():
        raise ValidationError({"name": _("There is a role of this name already.")})
