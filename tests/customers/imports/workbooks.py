"""Workbooks for tests: sound ones by openpyxl, bad ones as a zip of parts."""

import io
import zipfile
from typing import Any

import openpyxl

TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(rows: list[list[Any]], *, merge: str = "", second: list[list[Any]] | None = None) -> bytes:
    """An XLSX file of these rows; formulas in it have no result, as nothing ever computed them."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    if second is not None:
        sheet = book.create_sheet("Second")
        for row in second:
            sheet.append(row)
    return _bytes(book.save)


def of_parts(sheet: str, **more: str) -> bytes:
    """An XLSX file whose one sheet is this XML, as a hostile hand would write it."""

    def write(file) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            parts = {
                "[Content_Types].xml": TYPES,
                "_rels/.rels": f'{RELATIONS}<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
                "</Relationships>",
                "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
                '<sheet name="One" sheetId="1" r:id="a"/></sheets></workbook>',
                "xl/_rels/workbook.xml.rels": f'{RELATIONS}<Relationship Id="a" Type="{OFFICE}/worksheet" '
                'Target="worksheets/sheet1.xml"/></Relationships>',
                "xl/worksheets/sheet1.xml": sheet,
            }
            for name, text in (parts | more).items():
                archive.writestr(name, text)

    return _bytes(write)


def _bytes(write) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()
