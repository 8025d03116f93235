"""Running an import: read, check, store in chunks, report.

Each chunk is a transaction of its own: what a killed run had stored stays, and running again finds it unchanged. A chunk
that the database refuses is stored again row by row, so that only the rows at fault are rejected.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _
from msgspec import Struct, field

from accounts.models import User
from accounts.signals import people_facts_changed
from customers.actions.lifecycle import rebuild_lifecycle
from customers.imports.errors import CouldNot, Rejected
from customers.imports.mapping import Mapping, read_mapping
from customers.imports.reading import Line, Table, read_table
from customers.imports.references import Reach, References
from customers.imports.report import MAX_VALUE, ImportReport, RejectedRow
from customers.imports.sources import Row, Sources, make_how, refuse_ambiguous_dates
from customers.imports.storing import Store
from customers.locks import held
from customers.signals import customer_facts_changed
from territory import clock
from territory.company.models import Company

CHUNK = 500


class Touched(Struct):
    """Whose facts a chunk changed. `lifecycle`: customers whose stages and tiers may differ."""

    customers: set[int] = field(default_factory=set)
    lifecycle: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)


class Run(Struct):
    """What a kind needs while it stores rows."""

    actor: User | None
    now: dt.datetime
    on: dt.date
    mapping: Mapping
    references: References
    reason: str
    touched: Touched = field(default_factory=Touched)

    def store(self) -> Store:
        """An empty store that signs what it writes."""
        return Store(actor=self.actor, now=self.now, reason=self.reason)


class Prepared(Struct):
    """An import that is ready to be stored, piece by piece. `seen`: what stood in the file already."""

    kind: Any
    table: Table
    sources: Sources
    run: Run
    seen: dict[Any, Row] = field(default_factory=dict)

    def read(self, lines: list[Line]) -> list[Row]:
        """The rows of these lines, judged by themselves and by what stood before them."""
        rows = [self.sources.row(line) for line in lines]
        for row in rows:
            if not row.outcome:
                _once(self.kind, row, self.seen)
        return rows

    def store(self, lines: list[Line], *, announce: bool = True) -> list[Row]:
        """Store these lines in the caller's transaction; `announce` what follows from them, unless it is undone again.

        What is stored of their customers is read while these are held: an edit made meanwhile is waited for, not written over.
        What is undone again holds nobody up.
        """
        rows = self.read(lines)
        good = [row for row in rows if not row.outcome]
        if announce:
            list(held(self.kind.customers_of(good, self.run)).values_list("pk"))
        _store(self.kind, good, self.run)
        if announce:
            _announce(self.kind, self.run)
        return rows

    def rejected(self, row: Row) -> list[RejectedRow]:
        """Which cells of a rejected row are wrong, and why, in the order of the file's columns."""
        found = [
            RejectedRow(
                row.number,
                problem.field,
                self.sources.column(problem.field),
                row.texts.get(problem.field, problem.value)[:MAX_VALUE],
                problem.reason,
            )
            for problem in row.problems or [Rejected("")]
        ]
        places = {column: place for place, column in enumerate(self.table.header)}
        return sorted(found, key=lambda told: places.get(told.column, len(places)))


def run_import(
    *,
    kind: str,
    data: bytes,
    mapping: Any,
    actor: User | None,
    now: dt.datetime,
    file: str = "",
    dry_run: bool = False,
    chunk: int = CHUNK,
) -> ImportReport:
    """Import the rows of a file as `kind`; raises CouldNot when nothing can be done, and then has written nothing.

    `actor` None is the command line: it reaches everything. Anyone else reaches the rows within their reach over imports;
    to them no other exists. `mapping` is the JSON of docs/import.md.
    """
    ready = prepare(kind=kind, data=data, mapping=mapping, actor=actor, now=now, file=file)
    report = ImportReport(kind, file, dry_run)
    if dry_run:
        with transaction.atomic():
            _import_all(ready, report, chunk)
            transaction.set_rollback(True)
    else:
        _import_all(ready, report, chunk)
    return report


def prepare(
    *,
    kind: str,
    data: bytes,
    mapping: Any,
    actor: User | None,
    now: dt.datetime,
    file: str = "",
    most: int | None = None,
) -> Prepared:
    """Everything looked at that is looked at before the first row; raises CouldNot, or PermissionDenied. `most`: rows."""
    from customers.imports.kinds import kind_named  # kinds know what a run is

    found = kind_named(kind)
    found.require(actor)
    company = Company.current()
    if company is None:
        raise CouldNot(_("The company is not set up yet."))
    checked = read_mapping(mapping, kind=kind, fields=found.fields)
    found.check(checked, actor)
    _check_currency(checked, company.currency)
    table = read_table(data, checked.layout, most=None if most is None else most + 1)
    if most is not None and len(table.lines) > most:
        raise CouldNot(_("The file has more than %(most)d rows. Cut it in several.") % {"most": most})
    references = References(Reach(actor, found.area))
    sources = Sources(checked, table, make_how(checked, references, clock.company_zone()))
    refuse_ambiguous_dates(checked, table)
    run = Run(actor, now, clock.company_today(), checked, references, _("Import of %(file)s") % {"file": file or kind})
    return Prepared(found, table, sources, run)


def _check_currency(mapping: Mapping, currency: str) -> None:
    if mapping.currency and mapping.currency != currency:
        raise CouldNot(
            _("currency: the file is in %(other)s, the company's currency is %(currency)s.")
            % {"other": mapping.currency, "currency": currency}
        )


def _import_all(ready: Prepared, report: ImportReport, chunk: int) -> None:
    for lines in _chunks(ready.table.lines, ready.kind.chunk or chunk):
        with transaction.atomic():
            rows = ready.store(lines, announce=not report.dry_run)
        for row in rows:
            if row.outcome == "rejected":
                # The report tells of each row once, by what is wrong first.
                report.rejected_rows.append(ready.rejected(row)[0])
            else:
                setattr(report, row.outcome, getattr(report, row.outcome) + 1)


def _chunks(lines: list[Line], size: int) -> Iterator[list[Line]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def _once(kind, row: Row, seen: dict[Any, Row]) -> None:
    """The same thing twice in a file: as before is nothing new, with other values it is refused."""
    for key, names in kind.identities(row):
        first = seen.setdefault(key, row)
        if first is row:
            continue
        if any(first.values.get(name) != row.values.get(name) for name in names or row.values):
            row.reject(
                _("stands in row %(row)d already, with other values") % {"row": first.number}, kind.key_field(row)
            )
            return
        if names is None:
            row.outcome = "unchanged"


def _store(kind, rows: list[Row], run: Run) -> None:
    run.touched = Touched()
    if not rows:
        return
    try:
        with transaction.atomic():
            kind.store(rows, run)
            return
    except (IntegrityError, DataError, ValidationError):
        run.references.forget()
    run.touched = Touched()
    for row in rows:
        _store_alone(kind, row, run)


def _store_alone(kind, row: Row, run: Run) -> None:
    row.outcome, row.problems = "", []
    before = Touched(set(run.touched.customers), set(run.touched.lifecycle), set(run.touched.people))
    try:
        with transaction.atomic():
            kind.store([row], run)
    except (IntegrityError, DataError, ValidationError) as error:
        run.touched = before
        run.references.forget()
        reject_for(row, error)


def reject_for(row: Row, error: Exception) -> None:
    """Reject a row for what an action or the database said."""
    if isinstance(error, ValidationError):
        messages = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        name, words = next(iter(messages.items()))
        row.reject(" ".join(words), "" if name == "__all__" else name)
    elif "unique" in str(error).lower():
        row.reject(_("is stored already in a row that cannot be changed this way"))
    else:
        row.reject(_("contradicts what is stored already: %(error)s") % {"error": str(error).splitlines()[0]})


def _announce(kind, run: Run) -> None:
    """What follows from changed facts, once a chunk and in its transaction."""
    touched = run.touched
    if touched.lifecycle:
        moved = rebuild_lifecycle(touched.lifecycle, now=run.now, actor=run.actor)
        touched.customers |= moved
    if touched.customers:
        customer_facts_changed.send(sender=type(kind), customer_ids=sorted(touched.customers))
    if touched.people:
        people_facts_changed.send(sender=type(kind), user_ids=sorted(touched.people))
