"""The rows of a workbook (XLSX). Nothing in it is trusted, and nothing is computed.

A workbook is a zip of XML. Before openpyxl sees any of it the zip's own list and each part are looked at, in little memory:
a file that would unpack to too much, a row of too many cells, a part with a document type are refused at once.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from customers.imports.errors import CouldNot
from customers.imports.formats import Typed

MEGABYTE = 1024 * 1024
MOST_PARTS = 1000
MOST_UNPACKED = 60 * MEGABYTE
MOST_COLUMNS = 256
MOST_ROWS = 200_000
MOST_TEXT = 50_000  # a spreadsheet's own limit is 32,767 a cell
MOST_DEPTH = 40

# Bytes and elements of a part. Shared texts are kept in memory, the other parts become objects.
MOST_TEXTS = (24 * MEGABYTE, 400_000)
MOST_OTHER = (4 * MEGABYTE, 60_000)
PIECE = 64 * 1024

# Formulas are never computed: what was stored as their result is read. Texts that begin so, in a typed cell, are no values.
FORMULA_WITHOUT_RESULT = "#?"


class _Refused(Exception):
    """A part breaks a limit; says which."""


class _Look:
    """One part of the zip, read from start to end without keeping it."""

    def __init__(self, most_bytes: int, most_elements: int) -> None:
        self.most_bytes, self.most_elements = most_bytes, most_elements
        self.elements = self.depth = self.text = 0

    def over(self, part: IO[bytes]) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self._text
        seen = 0
        while piece := part.read(PIECE):
            seen += len(piece)
            if seen > self.most_bytes:
                raise _Refused(_("it is too large when unpacked"))
            parser.Parse(piece, False)
        parser.Parse(b"", True)

    def _doctype(self, *_parts: Any) -> None:
        raise _Refused(_("it holds a document type, which no spreadsheet writes"))

    def _text(self, text: str) -> None:
        self.text += len(text)
        if self.text > MOST_TEXT:
            raise _Refused(_("a cell holds more text than a spreadsheet can"))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        self.text = 0
        if self.elements > self.most_elements or self.depth > MOST_DEPTH:
            raise _Refused(_("it holds more than can be read"))

    def end(self, name: str) -> None:
        self.depth -= 1


class _Sheet(_Look):
    """A sheet: how wide its rows are, which cells are merged, which formulas have no stored result."""

    def __init__(self) -> None:
        super().__init__(MOST_UNPACKED, 20_000_000)
        self.rows = self.cells = 0
        self.merged: list[str] = []
        self.without_result: set[str] = set()
        self._cell, self._formula, self._inside, self._value = "", False, False, False

    def _text(self, text: str) -> None:
        super()._text(text)
        self._value = self._value or self._inside

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        name = name.rpartition(":")[2]
        if name == "row":
            self.rows, self.cells = self.rows + 1, 0
            if self.rows > MOST_ROWS or len(attributes.get("r", "")) > 7:
                raise _Refused(_("it has more than %(most)d rows") % {"most": MOST_ROWS})
        elif name == "c":
            self._start_cell(attributes.get("r", ""))
        elif name == "f":
            self._formula = True
        elif name in ("v", "is"):
            self._inside = True
        elif name == "mergeCell" and len(self.merged) < 1000:
            self.merged.append(attributes.get("ref", "")[:40])

    def _start_cell(self, place: str) -> None:
        self.cells += 1
        if self.cells > MOST_COLUMNS or _column(place) > MOST_COLUMNS:
            raise _Refused(_("it has more than %(most)d columns") % {"most": MOST_COLUMNS})
        self._cell, self._formula, self._inside, self._value = place, False, False, False

    def end(self, name: str) -> None:
        super().end(name)
        if name.rpartition(":")[2] == "c" and self._formula and not self._value:
            self.without_result.add(self._cell)


def _column(place: str) -> int:
    """The number of the column of a place such as AB12; 0 where it does not say."""
    number = 0
    for letter in re.match(r"[A-Z]*", place[:8])[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number


def workbook_rows(data: bytes, sheet: str = "") -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with their numbers; of the sheet of that name, else the first. Raises CouldNot."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out: charts, validation
            _look_at_list(archive)
            _look_at_parts(archive)
            yield from _rows(data, archive, sheet)
    except CouldNot:
        raise
    except _Refused as refused:
        raise CouldNot(_("The workbook is refused: %(why)s.") % {"why": refused}) from refused
    except Exception as error:
        # Whatever a damaged workbook makes a zip reader or openpyxl raise.
        raise CouldNot(_("The workbook cannot be read. Open it, save it as .xlsx again, and try that.")) from error


def _look_at_list(archive: zipfile.ZipFile) -> None:
    """The zip's own list; what it promises is all that will be read."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise _Refused(_("it has too many parts"))
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _Refused(_("it is too large when unpacked"))
    names = set(archive.namelist())
    if len(names) != len(parts):
        raise _Refused(_("it has a part twice"))
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/workbook") for name in names):
        raise CouldNot(_("This is a zip, but no workbook. Save it as .xlsx or as CSV."))
    if "xl/workbook.bin" in names:
        raise CouldNot(_("This is a binary workbook (.xlsb). Save it as .xlsx or as CSV."))


def _look_at_parts(archive: zipfile.ZipFile) -> None:
    """Everything but the sheets, which are looked at when they are read."""
    for part in archive.infolist():
        if part.filename.startswith("xl/worksheets/") or not part.filename.endswith((".xml", ".rels")):
            continue
        limits = MOST_TEXTS if "sharedstrings" in part.filename.lower() else MOST_OTHER
        with archive.open(part) as content:
            _Look(*limits).over(content)


def _rows(data: bytes, archive: zipfile.ZipFile, wanted: str) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    looked = _look_at_sheets(archive)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    if wanted and wanted not in book.sheetnames:
        raise CouldNot(
            _("The workbook has no sheet “%(sheet)s”. It has: %(sheets)s.")
            % {"sheet": wanted, "sheets": ", ".join(book.sheetnames)}
        )
    sheet = book[wanted] if wanted else next(iter(book.worksheets), None)
    if sheet is None:
        raise CouldNot(_("The workbook has no sheet with cells."))
    sheet.reset_dimensions()
    yield from _cells(sheet, looked[sheet._worksheet_path.lstrip("/")])


def _look_at_sheets(archive: zipfile.ZipFile) -> dict[str, _Sheet]:
    """All of them, by their place in the zip: openpyxl opens each when it opens a workbook."""
    found = {}
    for part in archive.infolist():
        if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
            found[part.filename] = _Sheet()
            with archive.open(part) as content:
                found[part.filename].over(content)
    return found


def _cells(sheet: Any, looked: _Sheet) -> Iterator[tuple[int, list[str]]]:
    first = True
    for row in sheet.iter_rows():
        texts = [_text(cell, looked) for cell in row]
        if not any(text.strip() for text in texts):
            continue
        number = next(cell.row for cell in row if getattr(cell, "row", None))
        if first:
            _refuse_merged(looked.merged, number)
            first = False
        yield number, texts


def _refuse_merged(merged: list[str], header: int) -> None:
    for area in merged:
        rows = [int(digits) for digits in re.findall(r"\d+", area)]
        if rows and min(rows) <= header <= max(rows):
            raise CouldNot(
                _(
                    "The cells %(area)s of the header are merged. Undo the merging, so that each column has a name of its "
                    "own, and delete rows above the header."
                )
                % {"area": area}
            )


def _text(cell: Any, looked: _Sheet) -> str:
    value = cell.value
    if value is None:
        known = looked.without_result and getattr(cell, "row", None)
        return Typed(FORMULA_WITHOUT_RESULT) if known and cell.coordinate in looked.without_result else ""
    if cell.data_type == "e":
        return Typed(value)
    if isinstance(value, bool):
        return Typed("yes" if value else "no")
    if isinstance(value, dt.datetime):
        return Typed(value.date().isoformat() if value.time() == dt.time() else value.isoformat(timespec="seconds"))
    if isinstance(value, dt.date):
        return Typed(value.isoformat())
    if isinstance(value, dt.time):
        return Typed(value.isoformat(timespec="seconds"))
    if isinstance(value, int | float):
        return Typed(_number(value))
    return str(value)


def _number(value: float) -> str:
    """As a person sees it: 15 digits, which is what a spreadsheet keeps, without a power of ten."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{Decimal(f'{value:.15g}'):f}"
