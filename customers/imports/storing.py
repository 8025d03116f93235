"""Writing many rows at once, with their history; nothing is written for rows that are as the file says already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from accounts.models import User
from territory.rows import Searchable

BATCH = 500


class Store:
    """New and changed rows of a chunk, written together by `flush`."""

    def __init__(self, *, actor: User | None, now: dt.datetime, reason: str) -> None:
        self._history = {"default_user": actor, "default_date": now, "default_change_reason": reason[:100]}
        self._new: dict[type[models.Model], list[models.Model]] = {}
        self._changed: dict[type[models.Model], dict[int, models.Model]] = {}
        self._names: dict[type[models.Model], set[str]] = {}

    def add(self, row: models.Model) -> None:
        """A row to be created."""
        self._new.setdefault(type(row), []).append(row)

    def change(self, row: models.Model, values: Mapping[str, Any]) -> set[str]:
        """Set what differs on an existing row; returns the names of what did."""
        changed = {name for name, value in values.items() if getattr(row, name) != value}
        for name in changed:
            setattr(row, name, values[name])
        if changed and row.pk is not None:
            self._changed.setdefault(type(row), {})[row.pk] = row
            self._names.setdefault(type(row), set()).update(changed)
        return changed

    def changed_beside(self, row: models.Model) -> None:
        """An existing row whose history says what stands in another table, where that changed."""
        self._changed.setdefault(type(row), {})[row.pk] = row
        self._names.setdefault(type(row), set())

    def flush(self, *kinds: type[models.Model]) -> None:
        """Write the rows of these models, in this order: new ones, then changed ones."""
        for kind in kinds:
            self._create(kind, self._new.pop(kind, []))
            self._update(kind, list(self._changed.pop(kind, {}).values()), self._names.pop(kind, set()))

    def _create(self, kind: type[models.Model], rows: list[models.Model]) -> None:
        if not rows:
            return
        _fold(rows)
        if hasattr(kind, "history"):
            bulk_create_with_history(rows, kind, batch_size=BATCH, **self._history)
        else:
            kind._default_manager.bulk_create(rows, batch_size=BATCH)

    def _update(self, kind: type[models.Model], rows: list[models.Model], names: set[str]) -> None:
        if not rows:
            return
        _fold(rows)
        if issubclass(kind, Searchable):
            names = names | {"search_text"}
        if hasattr(kind, "version"):
            names = names | {"version"}
            for row in rows:
                row.version += 1  # type: ignore[attr-defined]
        if hasattr(kind, "history"):
            bulk_update_with_history(rows, kind, sorted(names), batch_size=BATCH, **self._history)
        else:
            kind._default_manager.bulk_update(rows, sorted(names), batch_size=BATCH)


def _fold(rows: Iterable[models.Model]) -> None:
    for row in rows:
        if isinstance(row, Searchable):
            row.fold_search_text()
