"""A report as JSON or CSV: one form for the command line and for downloads. Not a report."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from planning.reports.definition import DECIMALS, Asked, Kind, Report
from territory.company.models import Company
from territory.formats.cells import csv_lines


def envelope(report: Report, asked: Asked) -> dict[str, Any]:
    """What machines get: the rows, the day they are about, when they were computed, the company's zone and currency."""
    company = Company.current()
    rows, computed_at = report.rows(asked)
    return {
        "report": report.name,
        "as_of": asked.on.isoformat(),
        "computed_at": computed_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "time_zone": company.time_zone if company else "UTC",
        "currency": company.currency if company else "",
        "rows": rows,
    }


def csv_of(report: Report, asked: Asked) -> Iterator[str]:
    """Lines of CSV under the column names. Numbers stay numbers: a minus in front of one is no formula."""
    rows, _computed_at = report.rows(asked)
    columns = report.columns_for(asked)
    header = [column.name for column in columns]
    return csv_lines(header, ([_cell(column.kind, row[column.name]) for column in columns] for row in rows))


def csv_text(report: Report, asked: Asked) -> str:
    """The whole CSV file as text."""
    return "".join(csv_of(report, asked))


def _cell(kind: Kind, value: Any) -> Any:
    return Decimal(value) if kind in DECIMALS and value is not None else value
