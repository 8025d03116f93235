"""An import of the browser at work: checked, then stored, in pieces with a cursor that is stored with them.

Each piece is a transaction of its own that also moves the cursor, so that a process that is killed loses nothing and
nothing is stored twice; whoever takes the import up goes on from there. Two processes never work on one import: each
claims it with a token, and a piece whose token or cursor is no longer the import's is undone.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from customers.import_mails import post_import_ended
from customers.imports.errors import CouldNot
from customers.imports.reading import Line
from customers.imports.runs import Prepared, prepare
from customers.imports.sources import Row
from customers.models import Import, ImportProblem, ImportState
from customers.models.imports import WORKING
from territory import clock
from territory.again import again, give_way

# A worker may run 200 s; SQLite lets others write between the pieces.
SLICE_SECONDS = 90
PIECE = 250
SILENT_FOR = dt.timedelta(seconds=150)
MOST_ATTEMPTS = 5

SAMPLE_ROWS = 15
SAMPLE_COLUMNS = 20
COUNTED = ("created", "changed", "unchanged", "skipped", "rejected")

logger = structlog.get_logger(__name__)


class _Taken(Exception):
    """Another process has taken the import up, or its author has changed it."""


def waiting(now: dt.datetime) -> list[int]:
    """Imports that nobody works on although somebody should."""
    free = Q(runner__isnull=True) | Q(heard_at__lt=now - SILENT_FOR)
    return list(Import.objects.filter(free, state__in=WORKING).order_by("pk").values_list("pk", flat=True))


def go_on(pk: int, *, seconds: float = SLICE_SECONDS, piece: int = PIECE) -> bool:
    """Work on an import for a while; returns whether there is more to do."""
    token = _claimed(pk)
    if token is None:
        return False
    try:
        until = time.monotonic() + seconds
        # Begun anew from what is stored, rather than the piece alone: rows that were read twice would stand in the file twice.
        return again(lambda: _work(_claimed_by(pk, token), token, until, piece))
    except (_Taken, Import.DoesNotExist):
        return False
    except Exception as error:
        _gave_up(pk, token, error)
        raise
    finally:
        Import.objects.filter(pk=pk, runner=token).update(runner=None)


def _claimed_by(pk: int, token: uuid.UUID) -> Import:
    return Import.objects.select_related("author", "file").get(pk=pk, runner=token)


def _claimed(pk: int) -> uuid.UUID | None:
    now, token = clock.now(), uuid.uuid4()
    free = Q(runner__isnull=True) | Q(heard_at__lt=now - SILENT_FOR)
    mine = Import.objects.filter(free, pk=pk, state__in=WORKING).update(
        runner=token, heard_at=now, attempts=F("attempts") + 1
    )
    return token if mine else None


def _gave_up(pk: int, token: uuid.UUID, error: Exception) -> None:
    """A fault of ours: tried again by the sweep, but not for ever."""
    logger.exception("import failed", import_id=pk)
    words = _("It stopped with an error of the program. What was stored stays; an administrator finds it in the log.")
    now = clock.now()
    with transaction.atomic():
        ended = Import.objects.filter(pk=pk, runner=token, attempts__gte=MOST_ATTEMPTS).update(
            state=ImportState.FAILED, finished_at=now, problem=words
        )
        if ended:
            post_import_ended(Import.objects.select_related("author").get(pk=pk), now=now)


def _work(job: Import, token: uuid.UUID, until: float, piece: int) -> bool:
    checking = job.state == ImportState.CHECKING
    try:
        ready = _ready(job)
    except (CouldNot, PermissionDenied) as error:
        words = str(error) or _("You may not import this any more.")
        _end(job, token, ImportState.DRAFT if checking else ImportState.FAILED, problem=words)
        return False
    lines = ready.table.lines
    if job.total != len(lines):
        _mine(job, token).update(total=len(lines), sample=_sample(ready))
    ready.read(lines[: job.cursor])  # what stood before is known again
    size = len(lines) if ready.kind.in_one_piece else piece
    while job.cursor < len(lines):
        _take(job, token, ready, lines[job.cursor : job.cursor + size], dry=checking)
        if time.monotonic() > until and job.cursor < len(lines):
            return True
        give_way()
    _end(job, token, ImportState.CHECKED if checking else ImportState.DONE)
    return False


def _ready(job: Import) -> Prepared:
    from customers.imports.kinds import kind_named

    if not hasattr(job, "file"):
        raise CouldNot(_("The file was removed. Upload it again."))
    most = min(settings.IMPORT_MOST_ROWS, kind_named(job.kind).most_rows or settings.IMPORT_MOST_ROWS)
    return prepare(
        kind=job.kind,
        data=bytes(job.file.content),
        mapping=job.mapping,
        actor=job.author,
        now=clock.now(),
        file=job.file_name,
        most=most,
    )


def _mine(job: Import, token: uuid.UUID) -> Any:
    return Import.objects.filter(pk=job.pk, runner=token, state=job.state, cursor=job.cursor)


def _take(job: Import, token: uuid.UUID, ready: Prepared, lines: list[Line], *, dry: bool) -> None:
    """One piece and the cursor behind it; of a check only what was found stays."""
    with transaction.atomic():
        moved = job.cursor + len(lines)
        if not _mine(job, token).update(cursor=moved, heard_at=clock.now(), attempts=0):
            raise _Taken
        with transaction.atomic():
            rows = ready.store(lines, announce=not dry)
            if dry:
                transaction.set_rollback(True)
        if dry:
            ready.run.references.forget()
        _note(job, ready, rows)
    job.cursor = moved


def _note(job: Import, ready: Prepared, rows: list[Row]) -> None:
    found = [row.outcome for row in rows]
    Import.objects.filter(pk=job.pk).update(**{name: F(name) + found.count(name) for name in COUNTED})
    problems = [problem for row in rows if row.outcome == "rejected" for problem in ready.rejected(row)]
    ImportProblem.objects.bulk_create(
        ImportProblem(of=job, **(problem.as_dict() | {"field": problem.field[:50]})) for problem in problems
    )


def _end(job: Import, token: uuid.UUID, state: str, problem: str = "") -> None:
    ended = clock.now() if state in (ImportState.DONE, ImportState.FAILED) else None
    with transaction.atomic():
        mine = _mine(job, token).update(
            state=state, problem=problem, finished_at=ended, runner=None, version=F("version") + 1
        )
        if mine and ended:
            post_import_ended(job, now=ended)


def _sample(ready: Prepared) -> dict[str, Any]:
    table = ready.table
    rows = [
        [line.number, [str(cell)[:80] for cell in line.cells[:SAMPLE_COLUMNS]]] for line in table.lines[:SAMPLE_ROWS]
    ]
    return {"header": table.header[:SAMPLE_COLUMNS], "rows": rows}
