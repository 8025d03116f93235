"""Imports in the browser: upload, map, check, run, remove."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from customers.imports.errors import CouldNot
from customers.imports.guessing import guess_mapping, refuse_no_table
from customers.imports.kinds import kind_named
from customers.imports.mapping import read_mapping
from customers.models import Import, ImportFile, ImportProblem, ImportState, SavedMapping
from territory.conflicts import claim

KEPT_FOR = dt.timedelta(days=30)
MEGABYTE = 1024 * 1024


@transaction.atomic
def upload(
    *, actor: User, now: dt.datetime, kind: str, file_name: str, content: bytes, mapping: dict[str, Any] | None = None
) -> Import:
    """Keep a file that is to be imported, with a draft of its mapping unless there is one.

    Errors: `file`, where it is no table, cannot be read or is too large. PermissionDenied where the kind is not theirs.
    """
    found = kind_named(kind)
    found.require(actor)
    if len(content) > settings.IMPORT_MOST_MB * MEGABYTE:
        raise ValidationError({"file": _("The file is larger than %(most)d MB.") % {"most": settings.IMPORT_MOST_MB}})
    try:
        refuse_no_table(content)
        draft = guess_mapping(content, found)
    except CouldNot as error:
        raise ValidationError({"file": str(error)}) from error
    row = Import.objects.create(
        author=actor,
        kind=kind,
        file_name=(file_name or kind)[:200],
        mapping=mapping if mapping is not None else draft,
        created_at=now,
    )
    ImportFile.objects.create(of=row, content=content)
    return row


@transaction.atomic
def set_mapping(*, row: Import, version: int, mapping: dict[str, Any]) -> Import:
    """Map the columns, as the JSON of docs/import.md; what was checked before counts no more.

    Errors: what is wrong with the mapping. Conflict where it was changed meanwhile (another tab).
    """
    if row.state not in (ImportState.DRAFT, ImportState.CHECKED, ImportState.CHECKING):
        raise ValidationError(_("This import has run already. Import the file again."))
    try:
        found = kind_named(row.kind)
        found.check(read_mapping(mapping, kind=row.kind, fields=found.fields), row.author)
    except CouldNot as error:
        raise ValidationError(str(error)) from error
    claim(row, version)
    _reset(row, ImportState.DRAFT, mapping=mapping)
    return row


@transaction.atomic
def start_check(*, row: Import, version: int) -> Import:
    """Have the whole file checked."""
    claim(row, version)
    _reset(row, ImportState.CHECKING)
    return row


@transaction.atomic
def start_run(*, row: Import, now: dt.datetime) -> bool:
    """Have a checked import stored; False where it was started already (two tabs, a double click)."""
    kind_named(row.kind).require(row.author)
    started = Import.objects.filter(pk=row.pk, state=ImportState.CHECKED).update(
        state=ImportState.RUNNING, version=F("version") + 1
    )
    if started:
        row.refresh_from_db()
        _reset(row, ImportState.RUNNING)
    return bool(started)


def _reset(row: Import, state: str, **values: Any) -> None:
    """From the first row on, with nothing counted."""
    ImportProblem.objects.filter(of=row).delete()
    row.state = state
    fields = {
        "state": state, "cursor": 0, "problem": "", "runner": None, "attempts": 0, "finished_at": None,
        **dict.fromkeys(("created", "changed", "unchanged", "skipped", "rejected"), 0), **values,
    }  # fmt: skip
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


@transaction.atomic
def keep_mapping(*, row: Import, name: str, now: dt.datetime) -> SavedMapping:
    """Keep the mapping of an import under a name; a mapping of that name is replaced."""
    return SavedMapping.objects.update_or_create(
        author=row.author, kind=row.kind, name=name.strip()[:100], defaults={"mapping": row.mapping, "saved_at": now}
    )[0]


@transaction.atomic
def remove(*, row: Import) -> None:
    """Throw away an import with its file; what it stored stays. Errors: while it is being stored."""
    gone = Import.objects.filter(pk=row.pk).exclude(state=ImportState.RUNNING).delete()[0]
    if not gone:
        raise ValidationError(_("It is being stored. Wait until it is done."))


def remove_old_files(now: dt.datetime) -> int:
    """Remove what people uploaded more than 30 days ago, and the cells noted of it; returns how many files."""
    old = Import.objects.filter(created_at__lt=now - KEPT_FOR)
    ImportProblem.objects.filter(of__in=old.values("pk")).delete()
    old.filter(sample__isnull=False).update(sample=None)
    return ImportFile.objects.filter(of__in=old.values("pk")).delete()[0]
