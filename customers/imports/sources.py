"""From the cells of a row to the values of its fields, as the mapping says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct, field

from customers.imports.errors import CouldNot, Rejected, Skipped
from customers.imports.fields import How, checked_seconds
from customers.imports.formats import Typed, as_instant, is_ambiguous_date, is_left_out
from customers.imports.mapping import FieldMapping, Mapping
from customers.imports.reading import Line, Table
from customers.imports.references import References

Take = Callable[[list[str]], Any]


class Row(Struct):
    """A row of the file on its way in. `values` holds what the mapping names, `texts` the words of the file for reports."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    problems: list[Rejected] = field(default_factory=list)

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def reject(self, reason: str, field_name: str = "") -> None:
        """This row does not go in."""
        self.outcome = "rejected"
        self.problems = [Rejected(reason, field=field_name, value=self.texts.get(field_name, ""))]


class Sources:
    """The fields of a mapping bound to the columns of a file."""

    def __init__(self, mapping: Mapping, table: Table, how: Callable[[FieldMapping], How]) -> None:
        self._takes: dict[str, Take] = {}
        self._texts: dict[str, Callable[[list[str]], str]] = {}
        self._mapping = mapping
        for name, row in mapping.fields.items():
            positions = {column: _position(table, column, row) for column in row.columns}
            self._texts[name] = _text_taker(row, positions)
            self._takes[name] = _taker(row, positions, how(row), mapping.blank)

    def row(self, line: Line) -> Row:
        """The row of a line: with values, rejected for each cell that is wrong, or skipped."""
        row = Row(line.number)
        if line.problem:
            row.reject(line.problem)
            return row
        for name, text in self._texts.items():
            row.texts[name] = text(line.cells)
        for name, take in self._takes.items():
            try:
                row.values[name] = take(line.cells)
            except Skipped:
                row.outcome = row.outcome or "skipped"
                break
            except Rejected as problem:
                before = row.problems
                row.reject(problem.reason, problem.field)
                row.problems = before + row.problems
        return row

    def column(self, name: str) -> str:
        """The column of the file that a field comes from, "" for a constant."""
        row = self._mapping.fields.get(name)
        return " – ".join(row.columns[:2] if row.starts else row.columns[:1]) if row else ""


def refuse_ambiguous_dates(mapping: Mapping, table: Table) -> None:
    """Days that may be read in two ways are refused before anything is written, until a format is chosen."""
    for row in mapping.fields.values():
        if "dates" not in row.spec.options or row.date_is_chosen:
            continue
        for column in row.columns:
            position = _position(table, column, row)
            for line in table.lines:
                text = line.cells[position]
                if not isinstance(text, Typed) and is_ambiguous_date(text):
                    raise CouldNot(
                        _(
                            "Row %(row)d, column “%(column)s”: “%(value)s” can be read in more than one way. "
                            "Choose “dates” in the mapping, for instance DD/MM/YYYY or MM/DD/YYYY."
                        )
                        % {"row": line.number, "column": column, "value": text}
                    )


def make_how(mapping: Mapping, references: References, zone) -> Callable[[FieldMapping], How]:
    """How each field is read: the mapping's time zone, else the company's."""

    def how(row: FieldMapping) -> How:
        return How(
            zone=mapping.time_zone or zone,
            date=row.date,
            number=row.number,
            finder=references,
            by=row.by,
            create=row.create,
            unit=row.unit,
        )

    return how


def _position(table: Table, column: str, row: FieldMapping) -> int:
    try:
        return table.position(column)
    except CouldNot as error:
        raise CouldNot(f"{row.place}: {error}") from error


def _text_taker(row: FieldMapping, positions: dict[str, int]) -> Callable[[list[str]], str]:
    if row.constant is not None:
        constant = row.constant
        return lambda cells: constant
    if row.starts is not None and row.ends is not None:
        first, last = positions[row.starts], positions[row.ends]
        return lambda cells: f"{cells[first]} – {cells[last]}"
    position = positions[row.column or ""]
    return lambda cells: cells[position]


def _taker(row: FieldMapping, positions: dict[str, int], how: How, blank: frozenset[str]) -> Take:
    if row.constant is not None:
        return _constant(row, how)
    if row.starts is not None and row.ends is not None:
        return _span(row, positions[row.starts], positions[row.ends], how)
    return _column(row, positions, how, blank)


def _constant(row: FieldMapping, how: How) -> Take:
    try:
        value = row.spec.read(row.constant or "", how) if row.constant else _default(row, how)
    except (ValueError, Rejected) as error:
        raise CouldNot(
            _("%(place)s.constant: “%(value)s” %(error)s.")
            % {"place": row.place, "value": row.constant, "error": error}
        ) from error
    return lambda cells: value


def _column(row: FieldMapping, positions: dict[str, int], how: How, blank: frozenset[str]) -> Take:
    position = positions[row.column or ""]
    other = positions.get(row.blank_column or "")
    # Columns repeat themselves: the same text is read once. References to new things are not kept.
    read: dict[tuple[type, str], Any] = {}

    def take(cells: list[str]) -> Any:
        text = cells[position]
        if text in blank:
            text = ""
        if not text and other is not None:
            text = cells[other] if cells[other] not in blank else ""
        text = row.values.get(text, text)
        if not text:
            return _blank(row, how)
        key = (type(text), text)
        if key not in read:
            if len(read) > 50_000:
                read.clear()
            read[key] = _read(row, text, how)
        return read[key]

    return take


def _read(row: FieldMapping, text: str, how: How) -> Any:
    if isinstance(text, Typed) and text.startswith("#"):
        raise Rejected(_("is a formula without a result"), field=row.spec.name)
    try:
        return row.spec.read(text, how)
    except ValueError as error:
        raise Rejected(str(error), field=row.spec.name) from error


def _blank(row: FieldMapping, how: How) -> Any:
    if row.if_blank == "skip":
        raise Skipped
    if row.if_blank == "reject":
        raise Rejected(_("is blank"), field=row.spec.name)
    return _default(row, how)


def _default(row: FieldMapping, how: How) -> Any:
    if row.blank_text:
        return _read(row, row.blank_text, how)
    if row.spec.required:
        raise Rejected(_("is blank"), field=row.spec.name)
    return row.spec.default


def _span(row: FieldMapping, first: int, last: int, how: How) -> Take:
    """Whole seconds from a start to an end, each a time in the mapping's zone unless it says its own."""

    def take(cells: list[str]) -> Any:
        if not cells[first] or not cells[last]:
            return _blank(row, how)
        try:
            start, end = how.date(cells[first]), how.date(cells[last])
        except ValueError as error:
            raise Rejected(str(error), field=row.spec.name) from error
        length: dt.timedelta = as_instant(end, how.zone) - as_instant(start, how.zone)
        if length < dt.timedelta(0):
            skipped = is_left_out(start, how.zone) or is_left_out(end, how.zone)
            reason = _("has a time that the change of clocks skips") if skipped else _("ends before it starts")
            raise Rejected(reason, field=row.spec.name)
        try:
            return checked_seconds(round(length.total_seconds()))
        except ValueError as error:
            raise Rejected(str(error), field=row.spec.name) from error

    return take
