"""manage.py report NAME: prints what the screens show, for machines."""

import datetime as dt
import json
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from planning import reports
from planning.reports import Asked, Report, read_day
from planning.reports.writing import csv_of, envelope
from territory import clock
from territory.company.models import Company


def day(text: str) -> dt.date:
    """A day written as 2026-06-09."""
    try:
        return read_day(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is not a day; one reads like 2026-06-09.") from error


def money(text: str) -> Decimal:
    """An amount written as 5000 or 12.50."""
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ArgumentTypeError(f"“{text}” is not an amount; one reads like 5000 or 12.50.") from error


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
        parser.add_argument("--amount", type=money, help="what prospects are to bring, where a report is about that")
        parser.add_argument("--months", type=int, help="the ends of so many months, where a report can tell them")
        parser.add_argument("--of", help="what is measured, where a report can tell of several things")
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        report = reports.find(options["name"])
        assert report is not None  # noqa: S101  argparse lets only known names through
        if Company.current() is None:
            raise CommandError("The company is not set up yet: run manage.py setup.")
        asked = self._asked(report, options)
        if options["format"] == "csv":
            for line in csv_of(report, asked):
                self.stdout.write(line, ending="")
        else:
            self.stdout.write(json.dumps(envelope(report, asked), indent=1, ensure_ascii=False))

    def _asked(self, report: Report, options: dict[str, Any]) -> Asked:
        by, starts_on, ends_on, amount, months, of = (
            options[name] for name in ("by", "starts_on", "ends_on", "amount", "months", "of")
        )
        try:
            report.check(by=by, starts_on=starts_on, ends_on=ends_on, amount=amount, months=months, of=of)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        now = clock.now()
        today = clock.day_of(now, clock.company_zone())
        by = by or (report.by[0] if report.by else None)
        of = of or (report.of[0] if report.of else None)
        return Asked(today, now, options["as_of"], starts_on, ends_on, by, amount=amount, months=months, of=of)
