"""manage.py report NAME: prints what the screens show, for machines."""

import datetime as dt
import json
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from planning import reports
from planning.reports import Asked, Kind, Report
from planning.reports.definition import DECIMALS
from territory import clock
from territory.company.models import Company
from territory.formats.cells import csv_lines


def day(text: str) -> dt.date:
    """A day written as 2026-06-09."""
    return dt.date.fromisoformat(text)


class Command(BaseCommand):
    """Exit status 0 when it ran, 1 when it could not, 2 for wrong usage."""

    help = "Prints a report as JSON or CSV. With --as-of everything is computed from the log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=reports.names(), help=", ".join(reports.names()))
        parser.add_argument("--as-of", type=day, metavar="DATE", help="the day the report is about, such as 2026-06-09")
        parser.add_argument("--from", type=day, metavar="DATE", dest="starts_on", help="first day of the window")
        parser.add_argument(
            "--to", type=day, metavar="DATE", dest="ends_on", help="last day of the window, itself counted"
        )
        parser.add_argument("--by", help="what a row is about, where a report can be divided")
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        report = reports.find(options["name"])
        assert report is not None  # noqa: S101  argparse lets only known names through
        company = Company.current()
        if company is None:
            raise CommandError("The company is not set up yet: run manage.py setup.")
        asked = self._asked(report, options)
        rows, computed_at = report.rows(asked)
        if options["format"] == "csv":
            self._print_csv(report, rows)
        else:
            envelope = {
                "report": report.name,
                "as_of": asked.on.isoformat(),
                "computed_at": computed_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
                "time_zone": company.time_zone,
                "currency": company.currency,
                "rows": rows,
            }
            self.stdout.write(json.dumps(envelope, indent=1, ensure_ascii=False))

    def _asked(self, report: Report, options: dict[str, Any]) -> Asked:
        by = options["by"]
        if by is not None and by not in report.by:
            known = f"one of {', '.join(report.by)}" if report.by else "not possible for this report"
            raise _usage(f"--by is {known}.")
        starts_on, ends_on = options["starts_on"], options["ends_on"]
        if (starts_on or ends_on) and not report.takes_window:
            raise _usage(f"{report.name} is about one day: use --as-of, not --from or --to.")
        if starts_on and ends_on and starts_on > ends_on:
            raise _usage("--from is later than --to.")
        now = clock.now()
        today = clock.day_of(now, clock.company_zone())
        by = by or (report.by[0] if report.by else None)
        return Asked(today, now, options["as_of"], starts_on, ends_on, by)

    def _print_csv(self, report: Report, rows: list[dict[str, Any]]) -> None:
        """Numbers stay numbers: a minus in front of one is no formula."""
        header = [column.name for column in report.columns]
        lines = csv_lines(header, ([_cell(column.kind, row[column.name]) for column in report.columns] for row in rows))
        for line in lines:
            self.stdout.write(line, ending="")


def _cell(kind: Kind, value: Any) -> Any:
    return Decimal(value) if kind in DECIMALS and value is not None else value


def _usage(message: str) -> CommandError:
    return CommandError(message, returncode=2)
