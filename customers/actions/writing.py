"""How the actions of this room write: one history entry with its author and time, rules by field, and who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from customers.actions.lifecycle import rebuild_lifecycle
from customers.locks import held
from customers.models import Customer
from customers.signals import customer_facts_changed
from territory.conflicts import claim


class ConflictError(Exception):
    """The UUID is that of something else that was sent before: not a replay, and nothing is written."""


def write(
    row: models.Model, *, actor: Any, now: dt.datetime, fields: Iterable[str] | None = None, why: str = ""
) -> None:
    """Save a new row, or these fields of one that exists, with one history entry."""
    row._history_user, row._history_date = actor, now  # type: ignore[attr-defined]
    row._change_reason = why[:100] or None  # type: ignore[attr-defined]
    row.save(update_fields=None if fields is None else sorted(fields))


def remove(row: models.Model, *, actor: Any, now: dt.datetime) -> None:
    """Delete a row whose history keeps it."""
    row._history_user, row._history_date = actor, now  # type: ignore[attr-defined]
    row.delete()


def take(row: models.Model, values: Mapping[str, Any], allowed: Collection[str]) -> list[str]:
    """Set these values on a row; returns the names of its fields. Other names than the allowed are a mistake."""
    unknown = set(values) - set(allowed)
    if unknown:
        raise TypeError(f"{type(row).__name__} does not take {', '.join(sorted(unknown))} here.")
    for name, value in values.items():
        setattr(row, name, None if name == "external_id" and value == "" else value)
    return list(values)


def change(
    row: models.Model,
    values: Mapping[str, Any],
    allowed: Collection[str],
    *,
    version: int,
    actor: Any,
    now: dt.datetime,
    also: Iterable[str] = (),
) -> None:
    """A person's edit of a row as they saw it: rules first, then the version (Conflict where another was quicker)."""
    fields = take(row, values, allowed)
    row.full_clean()
    claim(row, version)
    write(row, actor=actor, now=now, fields=[*fields, *also])


def archive(row: models.Model, *, actor: Any, now: dt.datetime, why: str = "") -> bool:
    """Put a row away; False where it was already."""
    if row.archived_at is not None:  # type: ignore[attr-defined]
        return False
    row.archived_at = now  # type: ignore[attr-defined]
    write(row, actor=actor, now=now, fields=["archived_at"], why=why)
    return True


def bring_back(row: models.Model, *, actor: Any, now: dt.datetime) -> bool:
    """Bring an archived row back; False where it is live."""
    if row.archived_at is None:  # type: ignore[attr-defined]
        return False
    row.archived_at = None  # type: ignore[attr-defined]
    write(row, actor=actor, now=now, fields=["archived_at"])
    return True


def locked(customer: Customer) -> Customer:
    """The customer as it is now, held until the transaction ends; the first thing that an action about it does."""
    return held([customer.pk]).get()


def tell(customer_ids: Iterable[int], *, actor: Any, now: dt.datetime, lifecycle: bool = True) -> None:
    """Rebuild the lifecycles that rest on what changed, and tell who keeps figures about these customers."""
    ids = sorted(set(customer_ids))
    if lifecycle:
        rebuild_lifecycle(ids, now=now, actor=actor)
    customer_facts_changed.send(sender=Customer, customer_ids=ids)


def require_text(field: str, text: str, message: Any) -> str:
    """The text without blanks around it; ValidationError at the field where nothing is left."""
    text = text.strip()
    if not text:
        raise ValidationError({field: message})
    return text
