"""Files that the company brings in as a whole, stored by a worker in pieces; they count once all is there.

Rooms above register kinds of their own (planning: how long journeys take).
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from customers.imports.errors import CouldNot
from customers.models import DataFile, DataFileContent, DataFileState, Town
from customers.models.data_files import WORKING_FILES
from customers.towns.reading import Problem, Text, TownRow, towns_of
from customers.towns.spellings import spelling
from territory import clock
from territory.again import again, give_way

SHIPPED = Path(__file__).resolve().parent / "towns" / "shipped" / "towns.tsv.gz"
MEGABYTE = 1024 * 1024
PIECE = 1_000
MOST_PROBLEMS = 50
SILENT_FOR = dt.timedelta(minutes=10)

# Of one town; the largest cities have a few hundred in all scripts.
MOST_SPELLINGS = 200


class Kind(Struct, frozen=True):
    """What a file's rows are: how they are read, kept (says how many) and forgotten, and what is ticked beside the file.

    `rows` yields what is kept, or a Problem. `forget` takes away all rows of these files.
    """

    rows: Callable[[Text, DataFile], Iterator[Any]]
    keep: Callable[[DataFile, Sequence[Any]], int]
    forget: Callable[[Sequence[int]], None]
    options: tuple[str, ...] = ()


@transaction.atomic
def bring_in(
    *, kind: str, file: UploadedFile, actor: User, now: dt.datetime, options: dict[str, Any] | None = None
) -> DataFile:
    """Keep an uploaded file until a worker has stored it. Errors: `file`, where it is too large."""
    if (file.size or 0) > settings.IMPORT_MOST_MB * MEGABYTE:
        raise ValidationError({"file": _("The file is larger than %(most)d MB.") % {"most": settings.IMPORT_MOST_MB}})
    row = _asked(kind, file.name or kind, actor, now, options)
    DataFileContent.objects.create(of=row, content=file.read())
    return row


@transaction.atomic
def bring_in_shipped(*, actor: User | None, now: dt.datetime) -> DataFile:
    """Have the towns stored that come with the product."""
    return _asked("towns", SHIPPED.name, actor, now, {"shipped": True})


@transaction.atomic
def bring_in_here(*, name: str, now: dt.datetime) -> DataFile:
    """A file of towns that the caller stores itself, from where it lies: no worker takes it up meanwhile."""
    row = _asked("towns", name, None, now, None)
    row.state, row.heard_at = DataFileState.STORING, now
    row.save(update_fields=["state", "heard_at"])
    return row


def _asked(kind: str, name: str, actor: User | None, now: dt.datetime, options: dict[str, Any] | None) -> DataFile:
    if DataFile.objects.filter(kind=kind, state__in=WORKING_FILES).exists():
        raise ValidationError(_("A file is being stored already. Wait until it is done."))
    return DataFile.objects.create(
        kind=kind, file_name=name[:200], author=actor, asked_at=now, options=options or {}, state=DataFileState.WAITING
    )


def waiting(now: dt.datetime) -> list[int]:
    """Files that nobody stores although somebody should."""
    silent = Q(heard_at__isnull=True) | Q(heard_at__lt=now - SILENT_FOR)
    return list(DataFile.objects.filter(silent, state__in=WORKING_FILES).values_list("pk", flat=True))


def store(pk: int, progress: Callable[[int, int | None], None] | None = None, path: Path | None = None) -> int:
    """Store a file that was brought in (from `path`, where it is not in the database); returns how many rows are kept.

    Begun anew it forgets what an earlier attempt stored, so that it may be stopped at any time.
    """
    file = DataFile.objects.filter(pk=pk, state__in=WORKING_FILES).first()
    if file is None:
        return 0
    kind = KINDS[file.kind]
    kind.forget([pk])
    file.state, file.done, file.stored, file.rejected, file.problems = DataFileState.STORING, 0, 0, 0, []
    try:
        with closing(_opened(file, path)) as opened:
            _store(file, kind, Text(opened), progress)
        if not file.stored:
            raise CouldNot(_("No row could be taken."))
    except CouldNot as error:
        kind.forget([pk])
        _failed(file, str(error))
        return 0
    replaced = again(partial(_in_use, file))
    kind.forget(replaced)
    return file.stored


def _opened(file: DataFile, path: Path | None) -> IO[bytes]:
    if path is not None or file.options.get("shipped"):
        return (path or SHIPPED).open("rb")
    content = DataFileContent.objects.filter(of=file).first()
    if content is None:
        raise CouldNot(_("The file was removed. Upload it again."))
    return io.BytesIO(bytes(content.content))


def _store(file: DataFile, kind: Kind, text: Text, progress: Callable[[int, int | None], None] | None) -> None:
    file.size = text.size
    for piece in _pieces(kind.rows(text, file), file):
        file.stored += again(partial(kind.keep, file, piece))
        file.done, file.heard_at = text.done, clock.now()
        file.save(update_fields=["state", "size", "done", "stored", "rejected", "problems", "heard_at"])
        if progress is not None:
            progress(text.done, text.size)
        give_way()


def _pieces(rows: Iterable[Any], file: DataFile) -> Iterator[list[Any]]:
    """Rows in pieces; what is wrong with others is noted on the file."""
    piece: list[Any] = []
    for row in rows:
        if isinstance(row, Problem):
            file.rejected += 1
            if len(file.problems) < MOST_PROBLEMS:
                file.problems.append(list(row))
            continue
        piece.append(row)
        if len(piece) == PIECE:
            yield piece
            piece = []
    yield piece


@transaction.atomic
def _in_use(file: DataFile) -> list[int]:
    """From now on this file counts; returns those that did before."""
    older = DataFile.objects.select_for_update().filter(kind=file.kind, state=DataFileState.IN_USE).exclude(pk=file.pk)
    replaced = list(older.values_list("pk", flat=True))
    DataFile.objects.filter(pk__in=replaced).update(state=DataFileState.REPLACED)
    file.state, file.problem, file.finished_at = DataFileState.IN_USE, "", clock.now()
    file.save()
    DataFileContent.objects.filter(of=file).delete()
    return replaced


def _failed(file: DataFile, words: str) -> None:
    file.state, file.problem, file.finished_at = DataFileState.FAILED, words, clock.now()
    file.save()
    DataFileContent.objects.filter(of=file).delete()


def give_up(pk: int) -> None:
    """A fault of ours, tried often enough."""
    file = DataFile.objects.filter(pk=pk, state__in=WORKING_FILES).first()
    if file is not None:
        KINDS[file.kind].forget([pk])
        _failed(file, _("It stopped with an error of the program; an administrator finds it in the log."))


def _keep_towns(file: DataFile, towns: Sequence[TownRow]) -> int:
    rows = []
    for town in towns:
        names = dict.fromkeys(spelling(name) for name in (town.name, *town.others))
        for name in [name for name in names if name][:MOST_SPELLINGS]:
            rows.append(
                Town(
                    of=file,
                    spelling=name,
                    name=town.name,
                    region=town.region,
                    country=town.country,
                    latitude=town.latitude,
                    longitude=town.longitude,
                    population=town.population,
                )
            )
    with transaction.atomic():
        Town.objects.bulk_create(rows, batch_size=2_000)
    return len(towns)


def _forget_towns(files: Sequence[int]) -> None:
    """In pieces, so that others may write in between."""
    while keys := list(Town.objects.filter(of__in=files).order_by("pk").values_list("pk", flat=True)[:5_000]):
        Town.objects.filter(of__in=files, pk__lte=keys[-1])._raw_delete("default")
        give_way()


KINDS: dict[str, Kind] = {
    "towns": Kind(rows=lambda text, _file: towns_of(text), keep=_keep_towns, forget=_forget_towns)
}
