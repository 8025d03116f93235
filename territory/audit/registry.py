"""Kinds of row that the audit knows. Each room registers its own from its app config's `ready()`; a test finds what was forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.utils.text import capfirst
from msgspec import Struct, field


def _own_name(row: Any) -> str:
    """What a row calls itself: its name or title, else nothing."""
    for name in ("name", "title", "external_id"):
        if text := getattr(row, name, None):
            return str(text)
    return ""


class Kind(Struct, frozen=True, kw_only=True, eq=False):
    """Rows of a model with history.

    area:    of the table of access: who does not see all of it is told that something was changed, and by whom, no more.
    related: foreign keys that are named, with what their names need ("membership__user").
    fields:  fields of another area than the row's: {"amount": "amounts"}.
    name:    a history row (with `related`) -> what it is about.
    url:     name of the address of such a row, which takes its key; "" where it has none.
    """

    model: type[models.Model]
    area: str
    related: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    name: Callable[[Any], str] = _own_name
    url: str = ""

    @property
    def key(self) -> str:
        return self.model._meta.label_lower

    @property
    def pk(self) -> str:
        """The column of the row's key, in the model and in its history."""
        return self.model._meta.pk.attname

    @property
    def label(self) -> str:
        return capfirst(str(self.model._meta.verbose_name))

    @property
    def history(self) -> type[models.Model]:
        return self.model.history.model  # type: ignore[attr-defined]


_kinds: dict[str, Kind] = {}


def add(*kinds: Kind) -> None:
    """Register kinds, each once."""
    for kind in kinds:
        if _kinds.setdefault(kind.key, kind) is not kind:
            raise ValueError(f"{kind.key} is registered already")


def kinds() -> list[Kind]:
    """All of them, by what they are called."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def get(key: str) -> Kind | None:
    return _kinds.get(key)
