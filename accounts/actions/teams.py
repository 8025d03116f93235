"""The tree of teams."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Membership, Team, User
from accounts.signals import people_facts_changed, raise_objections
from territory.conflicts import claim
from territory.rows import ends_from

from .saving import assign, save, sign


@transaction.atomic
def create_team(
    *, actor: User | None, now: dt.datetime, name: str, parent: Team | None = None, external_id: str | None = None
) -> Team:
    """A new team, at the top or under another."""
    team = Team(name=name, parent=parent, external_id=external_id or None)
    _check(team)
    save(team, actor=actor, now=now)
    return team


@transaction.atomic
def change_team(*, actor: User | None, now: dt.datetime, team: Team, version: int, **fields: Any) -> Team:
    """Rename or move a team with all under it. `fields`: name, parent, external_id. Conflict on another's change."""
    # All of them: two moves at once could else make a circle.
    list(Team.objects.select_for_update().order_by("pk").values_list("pk"))
    row = Team.objects.select_related("parent").get(pk=team.pk)
    claim(row, version)
    if "external_id" in fields:
        fields["external_id"] = fields["external_id"] or None
    moved = "parent" in fields and fields["parent"] != row.parent
    changed = assign(row, fields)
    _check(row)
    save(row, actor=actor, now=now, fields=[*changed, "version"])
    if moved:
        members = Membership.objects.filter(team__path__startswith=row.path)
        people_facts_changed.send(sender=Team, user_ids=list(members.values_list("user_id", flat=True).distinct()))
    return row


@transaction.atomic
def archive_team(*, actor: User | None, now: dt.datetime, on: dt.date, team: Team) -> None:
    """Put away a team that has nobody and nothing in it."""
    row = Team.objects.select_for_update().get(pk=team.pk)
    if row.archived_at:
        return
    if row.children.live().exists():
        raise ValidationError(_("Teams are part of this one. Move or archive them first."))
    if Membership.objects.filter(ends_from(on), team=row).exists():
        raise ValidationError(_("People are members of this team. End their memberships first."))
    raise_objections(Team, row, "archive")
    row.archived_at, row.version = now, row.version + 1
    sign(row, actor=actor, now=now)
    row.save(update_fields=["archived_at", "version"])


@transaction.atomic
def restore_team(*, actor: User | None, now: dt.datetime, team: Team) -> None:
    """Bring an archived team back."""
    row = Team.objects.select_for_update(of=("self",)).select_related("parent").get(pk=team.pk)
    if row.parent and row.parent.archived_at:
        raise ValidationError(_("The team it is part of is archived. Bring that one back first."))
    row.archived_at, row.version = None, row.version + 1
    sign(row, actor=actor, now=now)
    row.save(update_fields=["archived_at", "version"])


def _check(team: Team) -> None:
    """No circles, nothing under an archived team, one name once under one parent, one external id once."""
    errors = {}
    others = Team.objects.exclude(pk=team.pk)
    if team.parent and team.pk and team.parent.path.startswith(team.path):
        errors["parent"] = _("A team cannot be part of itself or of a team under it.")
    elif team.parent and team.parent.archived_at:
        errors["parent"] = _("%(name)s is archived.") % {"name": team.parent.name}
    if others.filter(parent=team.parent, name__iexact=team.name).exists():
        errors["name"] = _("There is a team of this name already.")
    if team.external_id and others.filter(external_id=team.external_id).exists():
        errors["external_id"] = _("Another team has this external id.")
    if errors:
        raise ValidationError(errors)
