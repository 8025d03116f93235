"""How a file is probably written: suggestions that a person sees and confirms. Nothing is stored because it was guessed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from customers.imports import fields as sorts
from customers.imports.errors import CouldNot
from customers.imports.formats import NUMBERS, Typed, date_reader, is_ambiguous_date, number_reader, read_iso
from customers.imports.mapping import Layout
from customers.imports.reading import OLE, is_workbook, read_table
from customers.imports.words import recognised

DATES = (
    "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY", "DD.MM.YYYY", "D.M.YYYY", "DD-MM-YYYY", "MM-DD-YYYY",
    "YYYY/MM/DD", "YYYY.MM.DD", "DD MMM YYYY", "D MMM YYYY", "MMM D, YYYY", "DD/MM/YY", "MM/DD/YY", "DD.MM.YY", "YYYYMMDD",
)  # fmt: skip
TIMES = ("", " HH:mm", " HH:mm:ss", " H:mm AM")
ENCODINGS = ("utf-8", "cp1252", "latin-1", "utf-16", "cp1250", "iso-8859-15", "cp850")
LOOKED_AT = 2000

# A number with a sign before its decimals, or between its thousands: whole ones say nothing of how numbers are written.
_LIKE_A_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[ .,'\u00a0\u202f\u2019]\d{1,15}){1,6}")

# Content that is no table, whatever it is called.
_NOT_TABLES = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"\x1f\x8b": "gzip",
}


def refuse_no_table(data: bytes) -> None:
    """Raise CouldNot for content that is neither a workbook nor separated text."""
    if not data.strip():
        raise CouldNot(_("The file is empty."))
    for start, word in _NOT_TABLES.items():
        if data.startswith(start):
            raise CouldNot(_("This is a %(word)s file. Give a CSV or XLSX file.") % {"word": word})
    if is_workbook(data) or data.startswith(OLE):
        return
    start = data[:2000].decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1", "replace")
    if start.lstrip("\ufeff\xef\xbb\xbf \t\r\n\0").startswith("<"):
        raise CouldNot(_("This is a web page, a picture or other markup. Give a CSV or XLSX file."))


def guess_mapping(data: bytes, kind: Any) -> dict[str, Any]:
    """A draft of a mapping for a file of that kind; raises CouldNot for a file that cannot be read at all."""
    draft: dict[str, Any] = {"kind": kind.name}
    if not is_workbook(data):
        draft["encoding"] = guess_encoding(data)
        draft["delimiter"] = guess_delimiter(data.decode(draft["encoding"], "replace"))
    table = read_table(data, Layout(draft.get("encoding", "utf-8"), draft.get("delimiter", ",")), most=LOOKED_AT)
    found = recognised(kind.fields, table.header)
    cells = [text for line in table.lines for text in line.cells if text and not isinstance(text, Typed)]
    dates = [text for text in cells if is_ambiguous_date(text)]
    numbers = [text for text in cells if _LIKE_A_NUMBER.fullmatch(text) and not is_ambiguous_date(text)]
    if pattern := guess_dates(dates):
        draft["dates"] = pattern
    if example := guess_numbers(numbers):
        draft["numbers"] = example
    return draft | {"fields": dict(found)}


def guess_encoding(data: bytes) -> str:
    """What the bytes fit."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    for name in ("utf-8", "cp1252"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def guess_delimiter(text: str) -> str:
    """The sign that cuts the first lines into most cells, equally many in each."""
    lines = text.lstrip("\ufeff")[:20_000].splitlines()[:20]

    def cells(sign: str) -> tuple[bool, int]:
        try:
            widths = [
                len(row) for row in csv.reader(io.StringIO("\n".join(lines[:-1] or lines)), delimiter=sign) if row
            ]
        except csv.Error:
            return (False, 0)
        return (len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0)

    return max((",", ";", "\t", "|"), key=cells)


def guess_dates(texts: Iterable[str]) -> str:
    """The one format that reads them all; "" where none is needed, none fits, or two would read them as different days."""
    wanted = {text for text in texts if text and not isinstance(text, Typed)}
    if not wanted or _all(read_iso, wanted):
        return ""
    found: dict[tuple[Any, ...], str] = {}
    for pattern in (day + time for time in TIMES for day in DATES):
        if (read := _all(date_reader(pattern), wanted)) is not None:
            found.setdefault(tuple(read), pattern)
    return next(iter(found.values())) if len(found) == 1 else ""


def guess_numbers(texts: Iterable[str]) -> str:
    """The way of writing that reads them all; "" where the plain one does, none fits, or two would read other numbers."""
    wanted = {text for text in texts if text and not isinstance(text, Typed)}
    found: dict[tuple[Any, ...], str] = {}
    for example in NUMBERS:
        if wanted and (read := _all(number_reader(example), wanted)) is not None:
            found.setdefault(tuple(read), example)
    example = next(iter(found.values()), "")
    return example if len(found) == 1 and example != "1234.56" else ""


def _all(read: Any, texts: set[str]) -> list[Any] | None:
    """What the texts are read as; None where one of them cannot be."""
    try:
        return [read(text) for text in sorted(texts)]
    except ValueError:
        return None


def distinct(table: Any, column: str, most: int) -> list[str]:
    """The different texts of a column, most frequent first."""
    place = table.position(column)
    counts: dict[str, int] = {}
    for line in table.lines:
        if line.cells[place]:
            counts[line.cells[place]] = counts.get(line.cells[place], 0) + 1
    return sorted(counts, key=lambda text: (-counts[text], text))[:most]


def chosen_among(field: sorts.Field) -> bool:
    """Whether a field takes one of few words, which a file may write otherwise."""
    few = ("touch_type", "order_step", "sale_type", "contact_role", "role", "product_line", "market", "team")
    return isinstance(field, sorts.Choice | sorts.YesNo) or (isinstance(field, sorts.Reference) and field.target in few)
