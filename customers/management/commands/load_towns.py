"""manage.py load_towns [FILE]: the towns that places are found by, from a GeoNames file or a table, else those we ship."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from customers.data_files import SHIPPED, bring_in_here, store
from customers.models import DataFileState
from territory import clock


class Command(BaseCommand):
    help = "Bring in towns: a file of GeoNames (cities500.txt, also zipped) or a table with name, country, latitude, longitude."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", nargs="?", help="the file; left out, the towns that come with the product")

    def handle(self, *_args: Any, **options: Any) -> None:
        path = Path(options["file"]) if options["file"] else SHIPPED
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            row = bring_in_here(name=path.name, now=clock.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        store(row.pk, path=path)
        row.refresh_from_db()
        for number, column, reason in row.problems:
            self.stderr.write(f"row {number}{f', {column}' if column else ''}: {reason}")
        if row.state != DataFileState.IN_USE:
            raise CommandError(row.problem)
        self.stdout.write(f"{row.stored} towns are in use; {row.rejected} rows were not taken.")
