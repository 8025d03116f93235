"""Imports for tests."""

import datetime as dt

from accounts.models import User
from customers.models import DataFile, Import, ImportFile, ImportProblem, SavedMapping

UPLOADED = dt.datetime(2026, 6, 8, 9, tzinfo=dt.UTC)


def import_of(author: User, text: str = "name,team\nAcme,Exeter\n", **fields) -> Import:
    """An uploaded file of customers, to be mapped."""
    values = {"kind": "customers", "file_name": "old-customers.csv", "created_at": UPLOADED, **fields}
    values.setdefault("mapping", {"kind": values["kind"], "fields": {"name": "name", "team": "team"}})
    row = Import.objects.create(author=author, **values)
    ImportFile.objects.create(of=row, content=text.encode())
    return row


def data_file(author: User, **fields) -> DataFile:
    """A file of towns that waits for a worker."""
    return DataFile.objects.create(
        author=author, **{"kind": "towns", "file_name": "towns.csv", "asked_at": UPLOADED, **fields}
    )


def rejected_rows(row: Import, number: int) -> None:
    """Rows 2 and on are rejected for their team."""
    Import.objects.filter(pk=row.pk).update(rejected=number, total=number)
    ImportProblem.objects.bulk_create(
        ImportProblem(of=row, row=2 + index, field="team", column="team", value="Moon", reason="no such team")
        for index in range(number)
    )


def kept_mapping(author: User, name: str = "Old system", **fields) -> SavedMapping:
    values = {"kind": "customers", "mapping": {"fields": {"name": "name"}}, "saved_at": UPLOADED, **fields}
    return SavedMapping.objects.create(author=author, name=name, **values)
