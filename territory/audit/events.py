"""Who changed what, when, from what to what: one event for each changed row, read from the histories of all kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from msgspec import Struct

from territory.audit import registry, words
from territory.audit.registry import Kind
from territory.audit.words import Change
from territory.cursor import Cursor
from territory.together import together

PIECE = 20


class Event(Struct, frozen=True):
    """One changed row. `by` None: nobody's form; `through`: the reason given, or the job or command that wrote it."""

    at: dt.datetime
    by: Any
    through: str
    kind: Kind
    row: Any
    act: str  # "+" added, "~" changed, "-" removed
    name: str
    changes: tuple[Change, ...]
    is_hidden: bool  # what it says is of an area that the reader does not see whole
    url: str


class Asked(Struct, frozen=True):
    """Which events are wanted; an instant belongs to the days by the zone of who asks: `since` and `until` are instants."""

    kind: Kind | None = None
    row: int | None = None
    person: int | None = None
    by_nobody: bool = False
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def condition(self, before: dt.datetime | None) -> Q:
        """On rows of any history."""
        wanted = Q()
        if self.kind is not None and self.row is not None:
            wanted &= Q(**{self.kind.pk: self.row})
        if self.person is not None:
            wanted &= Q(history_user=self.person)
        if self.by_nobody:
            wanted &= Q(history_user__isnull=True)
        if self.since is not None:
            wanted &= Q(history_date__gte=self.since)
        if self.until is not None:
            wanted &= Q(history_date__lt=self.until)
        return wanted & Q(history_date__lte=before) if before is not None else wanted


class Piece(Struct, frozen=True):
    """Some events, newest first, and where the next ones begin (None: that was all)."""

    events: list[Event]
    next: Cursor | None


def piece(asked: Asked, sees: Callable[[str], bool], *, after: Cursor | None = None, size: int = PIECE) -> Piece:
    """The next `size` events, in four statements. `sees(area)`: whether the reader sees the whole of it."""
    skip = after.skip if after else 0
    kinds = [asked.kind] if asked.kind else registry.kinds()
    keys = _newest(kinds, asked.condition(after.at if after else None), skip + size + 1)
    shown = keys[skip : skip + size]
    if not shown:
        return Piece([], None)
    events = _told(shown, sees)
    return Piece(events, Cursor.after([key[0] for key in shown], after) if len(keys) > skip + size else None)


Key = tuple[dt.datetime, int, Kind]


def _newest(kinds: Sequence[Kind], condition: Q, count: int) -> list[Key]:
    """When, history row and kind of the newest that meet a condition, newest first."""
    found = together(
        *(
            kind.history._default_manager.filter(condition)
            .order_by("-history_date", "-history_id")
            .values_list("history_date", "history_id")[:count]
            for kind in kinds
        )
    )
    keys = [(at, number, kind) for kind, rows in zip(kinds, found, strict=True) for at, number in rows]
    return sorted(keys, key=lambda key: (key[0], key[2].key, key[1]), reverse=True)[:count]


def _told(keys: Sequence[Key], sees: Callable[[str], bool]) -> list[Event]:
    numbers: dict[Kind, list[int]] = {}
    for _at, number, kind in keys:
        numbers.setdefault(kind, []).append(number)
    earlier = _by_kind({kind: _earlier(kind, some) for kind, some in numbers.items()})
    before = {(kind.key, number): earlier_number for kind, some in earlier for number, earlier_number in some}
    wanted = {kind: {*some, *(before[kind.key, number] for number in some)} for kind, some in numbers.items()}
    found = _by_kind({kind: _rows(kind, some) for kind, some in wanted.items()})
    rows = {(kind.key, row.history_id): row for kind, some in found for row in some}
    words.read_names(rows.values())
    return [
        _event(kind, rows[kind.key, number], rows.get((kind.key, before[kind.key, number])), sees)
        for _at, number, kind in keys
    ]


def _by_kind(questions: dict[Kind, models.QuerySet]) -> list[tuple[Kind, list[Any]]]:
    return list(zip(questions, together(*questions.values()), strict=True))


def _earlier(kind: Kind, numbers: Sequence[int]) -> models.QuerySet:
    """These history rows, each with the one before it of the same row: their numbers alone, which an index finds."""
    history = kind.history._default_manager.order_by()
    same = {kind.pk: OuterRef(kind.pk)}
    before = history.filter(**same, history_id__lt=OuterRef("history_id")).order_by("-history_id")
    return history.filter(history_id__in=numbers).values_list("history_id", Subquery(before.values("history_id")[:1]))


def _rows(kind: Kind, numbers: Collection[int | None]) -> models.QuerySet:
    known = [number for number in numbers if number is not None]
    rows = kind.history._default_manager.order_by().filter(history_id__in=known)
    return rows.select_related("history_user", *kind.related)


def _event(kind: Kind, row: Any, earlier: Any, sees: Callable[[str], bool]) -> Event:
    is_seen = sees(kind.area)
    hidden = {name for name, area in kind.fields.items() if not sees(area)}
    changes = tuple(words.changes(row, earlier, hidden)) if is_seen and row.history_type != "-" else ()
    return Event(
        at=row.history_date,
        by=row.history_user,
        through=row.history_change_reason or "",
        kind=kind,
        row=getattr(row, kind.pk),
        act=row.history_type,
        name=kind.name(row) if is_seen else "",
        changes=changes,
        is_hidden=not is_seen or any(_differs(row, earlier, name) for name in hidden),
        url=reverse(kind.url, args=[getattr(row, kind.pk)]) if kind.url and is_seen and row.history_type != "-" else "",
    )


def _differs(row: Any, earlier: Any, name: str) -> bool:
    return earlier is not None and getattr(row, name) != getattr(earlier, name)
