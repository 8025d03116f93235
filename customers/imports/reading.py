"""A file as rows, each with its number as a spreadsheet shows it (the header is row 1): separated text, or a workbook."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

from django.utils.translation import gettext as _
from msgspec import Struct

from customers.imports.errors import CouldNot
from customers.imports.formats import Typed
from customers.imports.mapping import Layout
from territory.formats.cells import plain

MAX_CELL = 1_000_000
MOST_COLUMNS = 1000

# A workbook is a zip; what older office programs save, and locked workbooks, are something else.
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"

# The row of a template that says what belongs into its columns is no row of data.
EXPLANATION = "# "


class Line(Struct, frozen=True):
    """A row of the file; `cells` are stripped. `problem` says why it cannot be read, "" when it can."""

    number: int
    cells: list[str]
    problem: str = ""


class Table(Struct, frozen=True):
    """The header and the rows of a file."""

    header: list[str]
    lines: list[Line]

    def position(self, column: str) -> int:
        """Where a column stands; raises CouldNot."""
        found = [index for index, name in enumerate(self.header) if name == column]
        if len(found) == 1:
            return found[0]
        if found:
            raise CouldNot(_("The file has the column “%(column)s” twice.") % {"column": column})
        raise CouldNot(
            _("The file has no column “%(column)s”. It has: %(columns)s.")
            % {"column": column, "columns": ", ".join(self.header)}
        )


def is_workbook(data: bytes) -> bool:
    """Whether the content is that of an XLSX file, whatever it is called."""
    return data[:4] == ZIP


def read_table(data: bytes, layout: Layout, *, most: int | None = None) -> Table:
    """The rows of a file (the first `most` of them); raises CouldNot, naming the line, for what cannot be read at all."""
    if data[:4] == OLE:
        raise CouldNot(_("This is an old or locked workbook (.xls). Save it as .xlsx without a password, or as CSV."))
    if is_workbook(data):
        from customers.imports.workbook import workbook_rows  # openpyxl: only where there is one to read

        rows = workbook_rows(data, layout.sheet)
    else:
        rows = _rows(decode(data, layout.encoding), layout)
    header = next(rows, None)
    if header is None:
        raise CouldNot(_("The file is empty: its first row must name the columns."))
    names = [plain(name.strip()).strip() for name in header[1]]
    if is_workbook(data):
        while not names[-1]:
            names.pop()
        # A row of a workbook ends with its last cell.
        rows = ((number, cells + [""] * (len(names) - len(cells))) for number, cells in rows)
    else:
        _check_delimiter(names, layout)
        if len(names) > MOST_COLUMNS:
            raise CouldNot(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    return Table(names, [_line(number, cells, len(names)) for number, cells in islice(_data(rows), most)])


def _data(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Without the explanations of a template."""
    explained = f"{EXPLANATION}{_('Explanations')}"
    return (row for row in rows if not row[1][0].startswith(explained))


def decode(data: bytes, encoding: str) -> str:
    """The text of a file; raises CouldNot with the line and the byte that do not fit the encoding."""
    if encoding == "utf-8" and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CouldNot(
            _("Line 1 is not UTF-8: the file looks like UTF-16. Choose “encoding”: “utf-16” in the mapping.")
        )
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = data[:start].decode(encoding, "replace").count("\n") + 1
        raise CouldNot(
            _("Line %(line)d is not %(encoding)s (byte 0x%(byte)02X). Choose the file's own “encoding” in the mapping.")
            % {"line": line, "encoding": encoding.upper(), "byte": data[start] if start < len(data) else 0}
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise CouldNot(_("Line %(line)d holds a zero byte: this is not a text file in that encoding.") % {"line": line})
    return text


def _rows(text: str, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers; quotes must be closed."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter, quotechar=layout.quote, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CouldNot(
                _("Row %(row)d, ending in line %(line)d, cannot be read: %(error)s.")
                % {"row": number, "line": reader.line_num, "error": error}
            ) from error
        if any(cell.strip() for cell in cells):
            yield number, cells


def _check_delimiter(names: list[str], layout: Layout) -> None:
    if len(names) > 1:
        return
    for other in (";", ",", "\t", "|"):
        if other != layout.delimiter and other in names[0]:
            raise CouldNot(
                _(
                    "The header is one column only, and holds “%(other)s”. Choose “delimiter”: “%(other)s” in the mapping."
                )
                % {"other": "\\t" if other == "\t" else other}
            )


def _line(number: int, cells: list[str], width: int) -> Line:
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    stripped = [cell if isinstance(cell, Typed) else plain(cell.strip()).strip() for cell in cells]
    if len(cells) == width:
        return Line(number, stripped)
    problem = _("The row has %(cells)d cells, the header %(width)d.") % {"cells": len(cells), "width": width}
    return Line(number, stripped + [""] * (width - len(cells)), problem)
