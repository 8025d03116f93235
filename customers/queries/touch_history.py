"""Who changed what on a touch, on internal work or on a planned touch, from what to what."""

import datetime as dt
from itertools import zip_longest
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from territory.audit import words
from territory.audit.words import Change

NOT_SHOWN = {"archived_at", "logged_by", "logged_at", "role", "external_id"}
# Versions of one row that are read.
READ = 100


class Step(Struct, frozen=True):
    """One act: when, by whom (None: the installation), what, and which fields it changed."""

    at: dt.datetime
    by: User | None
    what: str
    changes: tuple[Change, ...]


def steps(row: models.Model, *related: str) -> list[Step]:
    """The row's history, newest first. `related` are the foreign keys that are named."""
    rows = list(row.history.select_related("history_user", *related).order_by("-history_date", "-history_id")[:READ])
    words.read_names(rows)
    done = [_step(after, before) for after, before in zip_longest(rows, rows[1:])]
    if len(rows) < READ and not (rows and rows[-1].history_type == "+"):
        # What was written in bulk has no first version: the row itself says who logged it and when.
        done.append(Step(row.logged_at, row.logged_by, _("Logged"), ()))
    return done


def others_changed(touch: models.Model, author: User) -> bool:
    """Whether somebody else than its author changed a touch since it was logged."""
    return touch.history.filter(history_type="~").exclude(history_user=author).exists()  # type: ignore[attr-defined]


def as_written(touch: Any, author: User) -> Any:
    """The touch with what its author wrote last, where others changed it since: what they added is not the author's to see."""
    written = touch.history.filter(history_user=author).order_by("-history_date", "-history_id").first()
    names = ("at", "duration_seconds", "travel_seconds", "outcome", "note", "type_id", "is_implausible")
    for name in names if written is not None else ():
        setattr(touch, name, getattr(written, name))
    return touch


def _step(after: Any, before: Any) -> Step:
    if before is None:
        what = _("Logged") if after.history_type == "+" else _("Changed")
        return Step(after.history_date, after.history_user, what, ())
    what = _("Changed")
    if bool(after.archived_at) != bool(before.archived_at):
        what = _("Taken back") if after.archived_at else _("Brought back")
    return Step(after.history_date, after.history_user, what, tuple(words.changes(after, before, NOT_SHOWN)))
