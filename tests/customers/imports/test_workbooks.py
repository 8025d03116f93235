"""XLSX: typed cells need no format, nothing is computed, and what would hurt is refused early and in little memory."""

import datetime as dt
import io
import time
import tracemalloc
import zipfile
from decimal import Decimal

import openpyxl
import pytest

from customers.imports.errors import CouldNot
from customers.imports.mapping import Layout
from customers.imports.reading import read_table
from customers.models import Contact, Order
from tests.customers.imports.results import counts, reasons
from tests.customers.imports.workbooks import MAIN, of_parts, workbook

FIELDS = {
    "external_id": "Id",
    "customer": "Customer",
    "status": {"constant": "won"},
    "amount": "Amount",
    "closed": "Day",
}
HEADER = ["Id", "Customer", "Amount", "Day"]


def test_days_and_numbers_are_typed_and_need_no_format(load, acme):
    data = workbook([HEADER, [1001, "C1", 1234.5, dt.date(2026, 3, 4)], ["O2", "C1", "1.000,25", "05.03.2026"]])
    mapping = {"numbers": "1.234,56", "dates": "DD.MM.YYYY", "fields": FIELDS}
    assert counts(load("orders", data, mapping=mapping)) == (2, 0, 0, 0)
    assert list(Order.objects.order_by("pk").values_list("external_id", "amount", "closed_at")) == [
        ("1001", Decimal("1234.50"), dt.datetime(2026, 3, 4, tzinfo=dt.UTC)),
        ("O2", Decimal("1000.25"), dt.datetime(2026, 3, 5, tzinfo=dt.UTC)),
    ]


def test_a_formula_is_never_computed(load, acme):
    data = workbook([HEADER, ["O1", "C1", "=1000*2", dt.date(2026, 3, 4)], ["=1+1", "C1", 5, dt.date(2026, 3, 4)]])
    assert reasons(load("orders", data, FIELDS)) == [
        (2, "amount", "Amount", "#?", "is a formula without a result"),
        (3, "external_id", "Id", "#?", "is a formula without a result"),
    ]


def test_the_stored_result_of_a_formula_is_read(load, acme):
    cells = '<c r="A1" t="inlineStr"><is><t>c</t></is></c><c r="B1" t="inlineStr"><is><t>n</t></is></c>'
    row = '<c r="A2" t="inlineStr"><is><t>C1</t></is></c><c r="B2" t="str"><f>"Eva"&amp;""</f><v>Eva</v></c>'
    data = of_parts(
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{cells}</row><row r="2">{row}</row></sheetData></worksheet>'
    )
    assert counts(load("contacts", data, {"customer": "c", "name": "n"})) == (1, 0, 0, 0)
    assert Contact.objects.get().name == "Eva"


def test_rows_keep_the_numbers_of_the_spreadsheet_and_short_rows_are_blank_at_the_end():
    table = read_table(workbook([["a", "b", None], [], ["1"], ["x", "y", "z"]]), Layout())
    assert table.header == ["a", "b"]
    assert [(line.number, line.cells, line.problem) for line in table.lines] == [
        (3, ["1", ""], ""),
        (4, ["x", "y", "z"], "The row has 3 cells, the header 2."),
    ]


def test_a_sheet_is_chosen_by_name():
    data = workbook([["a"], ["1"]], second=[["b"], ["2"]])
    assert read_table(data, Layout()).header == ["a"]
    assert read_table(data, Layout(sheet="Second")).header == ["b"]
    with pytest.raises(CouldNot, match="It has: Sheet, Second"):
        read_table(data, Layout(sheet="Third"))


def test_merged_cells_of_the_header_are_named():
    with pytest.raises(CouldNot, match="The cells A1:B1 of the header are merged"):
        read_table(workbook([["a", None], ["1", "2"]], merge="A1:B1"), Layout())
    assert len(read_table(workbook([["a", "b"], ["1", None]], merge="A2:B2"), Layout()).lines) == 1


ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


HOSTILE = {
    "a million columns": lambda: of_parts(sheet(f'<row r="1">{"<c/>" * 1_000_000}</row>')),
    "a column far out": lambda: of_parts(sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')),
    "a row far out": lambda: of_parts(sheet(ROW + '<row r="999999999"><c r="A999999999"><v>1</v></c></row>')),
    "a bomb in a sheet": lambda: of_parts(sheet(ROW + " " * 100_000_000)),
    "millions of shared texts": lambda: of_parts(
        sheet(ROW), **{"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"<si/>" * 3_000_000}</sst>'}
    ),
    "millions of styles": lambda: of_parts(
        sheet(ROW),
        **{"xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * 700_000}</cellXfs></styleSheet>'},
    ),
    "a billion laughs": lambda: of_parts(
        '<!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        + sheet(ROW.replace(">a<", ">&b;<"))
    ),
    "a text without end": lambda: of_parts(sheet(ROW.replace(">a<", f">{'a' * 20_000_000}<"))),
    "deep nesting": lambda: of_parts(sheet("<a>" * 100_000)),
    "many parts": lambda: of_parts(sheet(ROW), **{f"xl/media/{n}.xml": "<a/>" for n in range(2_000)}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbooks_are_refused_quickly_and_in_little_memory(name):
    import openpyxl.reader.excel  # noqa: F401  not part of what is measured

    data = HOSTILE[name]()
    began = time.process_time()  # however busy the machine is
    with pytest.raises(CouldNot, match="refused"):
        read_table(data, Layout())
    assert time.process_time() - began < 2
    tracemalloc.start()
    try:
        with pytest.raises(CouldNot, match="refused"):
            read_table(data, Layout())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 100_000_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old or locked workbook"),
        (b"PK\x03\x04 and nothing else", "cannot be read"),
    ],
)
def test_what_is_no_workbook_is_said(data, words):
    with pytest.raises(CouldNot, match=words):
        read_table(data, Layout())


def test_a_zip_of_something_else_is_said():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CouldNot, match="a zip, but no workbook"):
        read_table(file.getvalue(), Layout())


def test_ten_thousand_rows_are_read_in_seconds():
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(10_000):
        sheet.append([f"C{number}", "Name", number, 1.5, "x", "y"])
    file = io.BytesIO()
    book.save(file)
    began = time.process_time()
    assert len(read_table(file.getvalue(), Layout()).lines) == 9_999
    assert time.process_time() - began < 20
