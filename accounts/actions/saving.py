"""Saving with a history entry that says who and when."""

import datetime as dt
from typing import Any

from django.db import models

from accounts.models import User


def assign(row: models.Model, fields: dict[str, Any]) -> list[str]:
    """Set the fields on the row and name those that differ from before."""
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    return changed


def sign(row: models.Model, *, actor: User | None, now: dt.datetime) -> None:
    """Who and when the row's next history entry names."""
    row._history_user = actor  # type: ignore[attr-defined]
    row._history_date = now  # type: ignore[attr-defined]


def save(row: models.Model, *, actor: User | None, now: dt.datetime, fields: list[str] | None = None) -> None:
    """Check the whole row and store it, or only `fields` of it, with a history entry."""
    row.full_clean()
    sign(row, actor=actor, now=now)
    row.save(update_fields=fields)
