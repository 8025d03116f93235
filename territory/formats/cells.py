"""Cells of a CSV that no spreadsheet takes for a formula, and the way back.

Text that a spreadsheet might compute (it begins, after blanks or control characters, with = + - @ or their full-width
twins, or with such a control character itself) gets an apostrophe in front. Numbers stay numbers. `plain` takes the
apostrophe off again, so that what was exported can be imported unchanged.

The same holds within a text after a sign at which some spreadsheet begins another cell: where lists are separated by a
semicolon, a file with commas is cut at the semicolons of its texts, whether these stand in quotes or not, and LibreOffice
offers to cut at tabs too.
"""

import codecs
import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

_BLANK = r"[\0-\x08\x0b\x0c\x0e-\x20\x85\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]"
_COMPUTED = rf"'*{_BLANK}*[=+\-@\uff1d\uff0b\uff0d\uff20]"
# Where a cell may begin, with what makes a formula of it; what already looks quoted is quoted once more, else reading
# would take off an apostrophe of its own.
_BEGINS = rf"(?:\A(?='*[\t\r\n\0]|{_COMPUTED})|(?<=[,;|\t\r\n])(?={_COMPUTED}))"
_FORMULA = re.compile(_BEGINS)
_QUOTED = re.compile(rf"{_BEGINS}'")


def safe(value: Any) -> Any:
    """The value as a cell: text without formulas, numbers as they are, days as ISO, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else value
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return _FORMULA.sub("'", text)


def plain(text: str) -> str:
    """The text of a cell as it was before `safe`."""
    return _QUOTED.sub("", text)


class _Echo:
    """A file that hands back what is written to it."""

    @staticmethod
    def write(line: str) -> str:
        return line


def csv_lines(
    header: Sequence[Any], rows: Iterable[Sequence[Any]], *, delimiter: str = ",", quote: str = '"'
) -> Iterator[str]:
    """The lines of a CSV file, the header first."""
    writer = csv.writer(_Echo(), delimiter=delimiter, quotechar=quote)
    yield writer.writerow([safe(name) for name in header])
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def csv_download(
    name: str,
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    delimiter: str = ",",
    quote: str = '"',
    encoding: str = "utf-8",
) -> StreamingHttpResponse:
    """A CSV to save as `name`; marked as UTF-8, which spreadsheets need to be told, unless another encoding is asked for."""

    def lines() -> Iterator[bytes]:
        encoder = codecs.getincrementalencoder(encoding)(errors="replace")
        if encoding == "utf-8":
            yield codecs.BOM_UTF8
        for line in csv_lines(header, rows, delimiter=delimiter, quote=quote):
            yield encoder.encode(line)

    file_name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "export.csv"
    return StreamingHttpResponse(
        lines(),
        content_type=f"text/csv; charset={encoding}",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"', "X-Content-Type-Options": "nosniff"},
    )
