"""Files of towns, read line by line: those of GeoNames as they are, and tables of one's own whose first row names the columns."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple, cast

from django.utils.translation import gettext as _
from msgspec import Struct, field

from customers.imports.errors import CouldNot
from customers.towns.countries import country_code
from territory.formats.cells import plain

# Unpacked, and a line of it: cities500.txt of GeoNames has 40 MB, a country with all its features 300.
MOST_TEXT = 400 * 1024 * 1024
MOST_LINE = 100_000
# A table of more columns is none of towns or journeys.
MOST_COLUMNS = 200

# As GeoNames orders its columns, which no row names.
GEONAMES = {
    "name": 1, "names": 3, "latitude": 4, "longitude": 5, "class": 6, "country": 8, "region": 10, "population": 14,
}  # fmt: skip
GEONAMES_WIDTH = 19
PEOPLED = "P"

PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

COLUMNS = {
    "name": ("name", "town", "city", "place"),
    "names": ("names", "alternatenames", "other names"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "country": ("country", "country code", "country_code", "countrycode"),
    "region": ("region", "admin1", "state", "admin1 code"),
    "population": ("population", "inhabitants"),
}
REQUIRED = ("name", "country", "latitude", "longitude")


class Problem(NamedTuple):
    """Why a row is not taken: its number, the column's name, the reason."""

    row: int
    column: str
    reason: str


class TownRow(Struct, frozen=True):
    """A town with all its names."""

    name: str
    country: str
    latitude: float
    longitude: float
    region: str = ""
    population: int = 0
    others: tuple[str, ...] = field(default=())


class Text:
    """The lines of a file that may be packed (gzip, or a zip of one text). `size` bytes of text, None where not known."""

    def __init__(self, file: IO[bytes]) -> None:
        self.done = 0
        start = file.read(4)
        file.seek(0)
        self.size: int | None = None
        if start == b"PK\x03\x04":
            self._file: IO[bytes] = self._of_zip(file)
        elif start[:2] == b"\x1f\x8b":
            self._file = cast(IO[bytes], gzip.GzipFile(fileobj=file))
        else:
            self._file = file
            self.size = file.seek(0, io.SEEK_END)
            file.seek(0)

    def _of_zip(self, file: IO[bytes]) -> IO[bytes]:
        try:
            archive = zipfile.ZipFile(file)
            names = [info for info in archive.infolist() if not info.is_dir() and "readme" not in info.filename.lower()]
            if len(names) != 1:
                raise CouldNot(_("The archive must hold one file; it holds %(count)d.") % {"count": len(names)})
            if names[0].compress_type not in PACKED_AS:  # others may ask for any amount of memory
                raise CouldNot(_("The archive cannot be read."))
            self.size = names[0].file_size
            return archive.open(names[0])
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise CouldNot(_("The archive cannot be read.")) from error

    def lines(self) -> Iterator[str]:
        """Lines as text; CouldNot for what is none, or too much of it."""
        while True:
            try:
                line = self._file.readline(MOST_LINE)
            except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
                raise CouldNot(_("The archive cannot be read.")) from error
            if not line:
                return
            self.done += len(line)
            if self.done > MOST_TEXT or len(line) >= MOST_LINE:
                raise CouldNot(_("The file is too large unpacked, or one of its lines too long."))
            if b"\0" in line:
                raise CouldNot(_("The file is not text."))
            try:
                yield line.decode("utf-8-sig" if self.done == len(line) else "utf-8")
            except UnicodeDecodeError as error:
                raise CouldNot(_("The file is not UTF-8.")) from error


def towns_of(text: Text) -> Iterator[TownRow | Problem]:
    """The towns of a file and what is wrong with other rows; CouldNot where no row can be read."""
    lines = text.lines()
    first = next(lines, "")
    if not first.strip():
        raise CouldNot(_("The file is empty."))
    if first.count("\t") == GEONAMES_WIDTH - 1:
        yield from _geonames(first, lines)
        return
    rows, position, named = table_of(first, lines, COLUMNS, REQUIRED)
    for number, cells in rows:
        try:
            yield _town(lambda name: cells[position[name]] if name in position else "")  # noqa: B023  called at once
        except ValueError as error:
            yield Problem(number, named.get(error.args[0], error.args[0]), error.args[1])


def table_of(
    first: str, lines: Iterator[str], columns: dict[str, tuple[str, ...]], required: tuple[str, ...]
) -> tuple[Iterator[tuple[int, list[str]]], dict[str, int], dict[str, str]]:
    """Rows with their numbers, where each known column stands, and what the file calls it; CouldNot without one that must be."""
    delimiter = max("\t;,|", key=first.count)
    csv.field_size_limit(MOST_LINE)
    try:
        header = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))]
    except csv.Error as error:
        raise CouldNot(_("Row %(row)d cannot be read: %(error)s.") % {"row": 1, "error": error}) from error
    if len(header) > MOST_COLUMNS:
        raise CouldNot(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    position, named = {}, {}
    for name, words in columns.items():
        found = [index for index, cell in enumerate(header) if cell.lower().replace("_", " ") in words]
        if found:
            position[name], named[name] = found[0], header[found[0]]
    missing = [name for name in required if name not in position]
    if missing:
        raise CouldNot(
            _("The first row must name the columns %(columns)s; %(missing)s is missing.")
            % {"columns": ", ".join(columns), "missing": ", ".join(missing)}
        )

    def rows() -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            for number, cells in enumerate(reader, start=2):
                if any(cell.strip() for cell in cells[:MOST_COLUMNS]):
                    yield (
                        number,
                        [plain(cell.strip()) for cell in cells[: len(header)]] + [""] * (len(header) - len(cells)),
                    )
        except csv.Error as error:
            raise CouldNot(
                _("Row %(row)d cannot be read: %(error)s.") % {"row": reader.line_num, "error": error}
            ) from error

    return rows(), position, named


def _geonames(first: str, lines: Iterator[str]) -> Iterator[TownRow | Problem]:
    """GeoNames quotes nothing: a line is its cells with tabs between."""
    number, line = 1, first
    while True:
        cells = line.rstrip("\r\n").split("\t")
        if len(cells) != GEONAMES_WIDTH:
            yield Problem(number, "", _("has %(cells)d cells, not 19") % {"cells": len(cells)})
        elif cells[GEONAMES["class"]] in (PEOPLED, ""):
            try:
                yield _town(lambda name: cells[GEONAMES[name]])  # noqa: B023  called at once
            except ValueError as error:
                yield Problem(number, *error.args[:2])
        following = next(lines, None)
        if following is None:
            return
        number, line = number + 1, following


def _town(cell: Callable[[str], str]) -> TownRow:
    """A row's town; ValueError with the column and the reason."""
    name = cell("name").strip()
    if not name or len(name) > 100:
        raise ValueError("name", _("is missing or longer than 100 signs"))
    country = country_code(cell("country"))
    if not country:
        raise ValueError("country", _("“%(country)s” is no country we know") % {"country": cell("country")[:40]})
    region = cell("region").strip()
    return TownRow(
        name,
        country,
        degrees(cell("latitude"), "latitude", 90),
        degrees(cell("longitude"), "longitude", 180),
        region[:20] if not region.isdigit() else "",
        _whole(cell("population")),
        tuple(other.strip() for other in cell("names").split(",") if other.strip()),
    )


def degrees(text: str, column: str, most: int) -> float:
    """Degrees as a file writes them; ValueError with the column and the reason."""
    try:
        value = float(text.strip())
    except ValueError:
        raise ValueError(column, _("“%(text)s” is no number like 53.959") % {"text": text[:40]}) from None
    if not -most <= value <= most:
        raise ValueError(
            column, _("%(text)s is not between -%(most)d and %(most)d") % {"text": text[:40], "most": most}
        )
    return value


def _whole(text: str) -> int:
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("population", _("“%(text)s” is no whole number") % {"text": text[:40]})
    return int(text)
