"""What was changed on a person, their memberships and absences, by whom, from what to what."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from accounts.models import Absence, Authenticator, Cover, Membership, Role, Team, User
from accounts.permissions import Act, Area, people_within
from accounts.queries import sees_cost_of
from accounts.second_factor import factor_name
from territory.formats.days import day_text, full_text

# Rows read of each kind; more is the audit's.
READ = 200
NEVER = {"id", "version", "user", "joined_at", "deactivated_at"}
COST = {"cost_per_hour"}


@dataclass(frozen=True)
class Change:
    """One field, from what to what, as the screen says it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One act: when, by whom (None: the installation), on what."""

    at: dt.datetime
    by: User | None
    what: str
    kind: str  # "+" added, "~" changed, "-" removed
    changes: tuple[Change, ...]


def person_history(person: User, viewer: User, limit: int = 30) -> list[Entry]:
    """The latest acts first, without what the viewer may not see: cost rates and absences have an area of their own."""
    hidden = NEVER if sees_cost_of(viewer, person) else NEVER | COST
    entries = _entries(Membership.history.filter(user_id=person.pk), hidden, _membership_name())
    if people_within(viewer, Area.ABSENCES, Act.SEE).filter(pk=person.pk).exists():
        entries += _entries(Absence.history.filter(user_id=person.pk), hidden, _absence_name)
        entries += _entries(Cover.history.filter(user_id=person.pk), hidden, _cover_name(person))
    entries += _entries(person.history, hidden, lambda _row: _("Person"))
    entries += _entries(Authenticator.history.filter(user_id=person.pk), hidden, lambda row: factor_name(row.type))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _absence_name(row: Any) -> str:
    return _("Absence %(first)s – %(last)s") % {"first": day_text(row.starts_on), "last": day_text(row.ends_on)}


def _cover_name(person: User):
    seats = Membership.objects.filter(covers__user=person).values_list("pk", "user__name")

    def name(row: Any) -> str:
        words = {"first": day_text(row.starts_on), "last": day_text(row.ends_on)}
        return _("Cover %(first)s – %(last)s") % words

    name.names = {"membership": dict(seats)}  # type: ignore[attr-defined]
    return name


def _membership_name():
    teams = dict(Team.objects.values_list("pk", "name"))
    roles = dict(Role.objects.values_list("pk", "name"))

    def name(row: Any) -> str:
        return _("%(role)s in %(team)s") % {"role": roles.get(row.role_id, "?"), "team": teams.get(row.team_id, "?")}

    name.names = {"team": teams, "role": roles}  # type: ignore[attr-defined]
    return name


def _entries(rows: Any, hidden: set[str], name: Any) -> list[Entry]:
    """Each stored state compared with the one before it. An act that changed only hidden fields is left out."""
    newest_first = list(rows.select_related("history_user").order_by("-history_date", "-history_id")[:READ])
    later: dict[int, Any] = {}
    pairs = []
    for row in newest_first:
        if row.id in later:
            pairs.append((later.pop(row.id), row))
        later[row.id] = row
    pairs += [(row, None) for row in later.values() if row.history_type == "+"]
    entries = []
    for row, before in pairs:
        changes = (
            tuple(_changes(row, before, hidden, getattr(name, "names", {})))
            if before and row.history_type == "~"
            else ()
        )
        if changes or row.history_type != "~":
            entries.append(Entry(row.history_date, row.history_user, name(row), row.history_type, changes))
    return entries


def _changes(row: Any, before: Any, hidden: set[str], names: dict[str, dict[int, str]]) -> Iterable[Change]:
    for field in row.tracked_fields:
        old, new = getattr(before, field.attname), getattr(row, field.attname)
        if field.name not in hidden and old != new:
            known = names.get(field.name)
            label = str(field.verbose_name)
            yield Change(label[:1].upper() + label[1:], _shown(field, old, known), _shown(field, new, known))


def _shown(field: models.Field, value: Any, names: dict[int, str] | None) -> str:
    if value is None or value == "":
        return _("empty")
    if names is not None:
        return names.get(value, "?")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.date):
        return full_text(value)
    return str(dict(field.flatchoices).get(value, value))
