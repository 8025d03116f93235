"""What was changed on a person, their memberships and absences, and what they handed over: by whom, from what to what."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import Absence, Authenticator, Cover, HandedOver, Membership, User
from accounts.models.handed_over import how_much
from accounts.permissions import Act, Area, people_within
from accounts.queries import sees_cost_of
from accounts.second_factor import factor_name
from territory.audit import words
from territory.audit.words import Change
from territory.formats.days import day_text

# Rows read of each kind; more is the audit's.
READ = 200
NEVER = {"user", "joined_at", "deactivated_at"}
COST = {"cost_per_hour"}


class Entry(Struct, frozen=True):
    """One act: when, by whom (None: the installation), on what."""

    at: dt.datetime
    by: User | None
    what: str
    kind: str  # "+" added, "~" changed, "-" removed, "" said whole by `what`
    changes: tuple[Change, ...]


def person_history(person: User, viewer: User, limit: int = 30) -> list[Entry]:
    """The latest acts first, without what the viewer may not see: cost rates and absences have an area of their own."""
    hidden = NEVER if sees_cost_of(viewer, person) else NEVER | COST
    entries = _entries(Membership.history.filter(user_id=person.pk), hidden, _membership_name, "role", "team")
    if people_within(viewer, Area.ABSENCES, Act.SEE).filter(pk=person.pk).exists():
        entries += _entries(Absence.history.filter(user_id=person.pk), hidden, _absence_name)
        covers = Cover.history.filter(user_id=person.pk)
        entries += _entries(covers, hidden, _cover_name, "membership__user", "membership__role", "membership__team")
    entries += _entries(person.history, hidden, lambda _row: _("Person"))
    entries += _entries(Authenticator.history.filter(user_id=person.pk), hidden, lambda row: factor_name(row.type))
    entries += _handed_over(person)
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]


def _handed_over(person: User) -> list[Entry]:
    """What the person gave to others and took over from them, each act whole in its words."""
    about_them = HandedOver.history.filter(Q(user=person.pk) | Q(to=person.pk), history_type="+")
    rows = about_them.select_related("history_user", "user", "to").order_by("-history_date", "-history_id")
    return [Entry(row.history_date, row.history_user, _handed_over_text(row, person), "", ()) for row in rows[:READ]]


def _handed_over_text(row: Any, person: User) -> str:
    words = {"user": row.user, "to": row.to, "day": day_text(row.starts_on), "what": how_much(row)}
    if row.user_id == person.pk:
        return _("Handed over to %(to)s from %(day)s on: %(what)s") % words
    return _("Took over from %(user)s from %(day)s on: %(what)s") % words


def _membership_name(row: Any) -> str:
    return _("%(role)s in %(team)s") % {"role": row.role, "team": row.team}


def _absence_name(row: Any) -> str:
    return _("Absence %(first)s – %(last)s") % {"first": day_text(row.starts_on), "last": day_text(row.ends_on)}


def _cover_name(row: Any) -> str:
    return _("Cover %(first)s – %(last)s") % {"first": day_text(row.starts_on), "last": day_text(row.ends_on)}


def _entries(rows: Any, hidden: set[str], name: Callable[[Any], str], *related: str) -> list[Entry]:
    """Each stored state compared with the one before it. An act that changed only hidden fields is left out."""
    found = rows.select_related("history_user", *related).order_by("-history_date", "-history_id")
    later: dict[int, Any] = {}
    pairs = []
    for row in found[:READ]:
        if row.id in later:
            pairs.append((later.pop(row.id), row))
        later[row.id] = row
    pairs += [(row, None) for row in later.values() if row.history_type == "+"]
    entries = []
    for row, before in pairs:
        changes = tuple(words.changes(row, before, hidden)) if before and row.history_type == "~" else ()
        if changes or row.history_type != "~":
            entries.append(Entry(row.history_date, row.history_user, name(row), row.history_type, changes))
    return entries
