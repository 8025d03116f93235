"""What the pages of an import show: its file's header, words that its mapping does not know, rows to mend, templates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from customers.imports.errors import CouldNot, Rejected
from customers.imports.fields import Field
from customers.imports.formats import NUMBERS, Typed
from customers.imports.guessing import LOOKED_AT, chosen_among, distinct
from customers.imports.kinds import kind_named
from customers.imports.mapping import Layout, read_mapping
from customers.imports.reading import EXPLANATION, Table, is_workbook, read_table
from customers.imports.references import Reach, References
from customers.imports.sources import make_how
from customers.imports.words import explained, label
from customers.models import Import
from territory import clock

MOST_WORDS = 12
REASON = "Why it was not imported"


def content_of(row: Import) -> bytes:
    """The file; raises CouldNot where it was removed."""
    file = getattr(row, "file", None)
    if file is None:
        raise CouldNot(_("The file was removed, as all are after 30 days. Upload it again."))
    return bytes(file.content)


def layout_of(mapping: dict[str, Any]) -> Layout:
    """How the file is written, as far as a mapping (perhaps without fields yet) says; raises CouldNot."""
    given = {key: mapping[key] for key in ("encoding", "delimiter", "quote", "sheet") if key in mapping}
    return read_mapping({**given, "fields": {"a": "a"}}, kind="", fields=[Field("a")]).layout


def look(row: Import) -> Table:
    """Header and first rows of the file, read as its mapping says; raises CouldNot."""
    return read_table(content_of(row), layout_of(row.mapping), most=LOOKED_AT)


def unknown_words(row: Import, *, known_too: bool = False) -> list[tuple[Field, list[str], dict[str, str]]]:
    """Fields that take few words, with words of the file that are none of them, and what the mapping says of words.

    `known_too`: also words that the mapping explains already.
    """
    kind = kind_named(row.kind)
    mapping = read_mapping(row.mapping, kind=row.kind, fields=kind.fields)
    table = look(row)
    references = References(Reach(row.author, kind.area))
    how = make_how(mapping, references, clock.company_zone())
    found = []
    for name, said in mapping.fields.items():
        if said.column is None or not chosen_among(said.spec) or said.create:
            continue
        texts = [text for text in distinct(table, said.column, 200) if text not in mapping.blank]
        odd = [text for text in texts if text in said.values] if known_too else []
        odd += [text for text in texts if text not in said.values and not _reads(said, text, how(said))]
        if odd:
            found.append((mapping.fields[name].spec, odd[:MOST_WORDS], said.values))
    return found


def _reads(said: Any, text: str, how: Any) -> bool:
    try:
        said.spec.read(text, how)
    except (ValueError, Rejected):
        return False
    return True


def rows_to_mend(row: Import) -> tuple[list[str], Iterator[list[str]], Layout]:
    """The rejected rows in the file's own columns with the reasons behind, to be written as the mapping reads them."""
    kind = kind_named(row.kind)
    data = content_of(row)
    mapping = read_mapping(row.mapping, kind=row.kind, fields=kind.fields)
    table = read_table(data, mapping.layout, most=settings.IMPORT_MOST_ROWS)
    kept = [index for index, name in enumerate(table.header) if name != REASON]
    reasons: dict[int, list[str]] = defaultdict(list)
    for problem in row.problems.all():
        reasons[problem.row].append(f"{problem.column}: {problem.reason}" if problem.column else problem.reason)
    written = [_as_read(table.header[index], mapping) for index in kept]

    def lines() -> Iterator[list[str]]:
        for line in table.lines:
            if told := reasons.get(line.number):
                cells = [write(line.cells[index]) for index, write in zip(kept, written, strict=True)]
                yield [*cells, "; ".join(told)]

    layout = Layout() if is_workbook(data) else mapping.layout
    return [*(table.header[index] for index in kept), REASON], lines(), layout


def _as_read(column: str, mapping: Any) -> Any:
    """How a typed cell of a workbook is written, so that the mapping reads the same out of the text."""
    said = next((row for row in mapping.fields.values() if column in row.columns), None)
    if said is None or said.number_example is None:
        return str
    _thousands, decimal = NUMBERS[said.number_example]
    return lambda cell: (
        str(cell).replace(".", decimal) if isinstance(cell, Typed) and re.fullmatch(r"-?\d+\.\d+", cell) else str(cell)
    )


def template_rows(kind: Any) -> tuple[list[str], list[str]]:
    """The header of a kind's template, and what belongs into each column."""
    return [field.name for field in kind.fields], [explained(field) for field in kind.fields]


def explanation_row(kind: Any) -> list[str]:
    """The second row of a CSV template; an import passes over it."""
    words = template_rows(kind)[1]
    return [f"{EXPLANATION}{_('Explanations')}: {words[0]}", *words[1:]]


def template_workbook(kind: Any) -> bytes:
    """The template as XLSX: the header on the first sheet, what belongs where on the second."""
    import io

    import openpyxl

    header, words = template_rows(kind)
    book = openpyxl.Workbook()
    book.active.title = kind.name
    book.active.append(header)
    sheet = book.create_sheet(_("Explanations"))
    sheet.append([_("Column"), _("Field"), _("What belongs there")])
    for name, text in zip(header, words, strict=True):
        sheet.append([name, label(name), text])
    for column, width in (("A", 24), ("B", 24), ("C", 90)):
        sheet.column_dimensions[column].width = width
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
