"""Import CSV files: one of a kind by a mapping, or several by a plan. docs/import.md says how."""

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers.imports.errors import CouldNot
from customers.imports.kinds import KINDS
from customers.imports.plans import read_data, read_json, run_plan
from customers.imports.runs import run_import
from territory import clock

WRONG_USAGE = 2


class Command(BaseCommand):
    help = "Import a CSV file by a mapping, or several by a plan. Rejected rows are reported; the rest goes in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", nargs="?", metavar="KIND", help=f"one of {', '.join(KINDS)}")
        parser.add_argument(
            "file", nargs="?", metavar="FILE", help="the CSV file; with --plan: the folder of the files"
        )
        parser.add_argument("--mapping", metavar="FILE.json", help="which column is what")
        parser.add_argument(
            "--plan", metavar="PLAN.json", help="a list of rules, kinds, files and mappings, run in order"
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would happen; store nothing")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = self._plan(options) if options["plan"] else self._file(options)
        except CouldNot as error:
            raise CommandError(str(error), returncode=1) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))
        else:
            self._write(result)

    def _file(self, options: dict[str, Any]) -> dict[str, Any]:
        if not (options["kind"] and options["file"] and options["mapping"]):
            self._wrong("give KIND, FILE and --mapping, or --plan and a folder")
        if options["kind"] not in KINDS:
            self._wrong(f"KIND must be one of {', '.join(KINDS)}")
        file, mapping = Path(options["file"]), Path(options["mapping"])
        try:
            report = run_import(
                kind=options["kind"],
                data=read_data(file),
                mapping=read_json(mapping),
                actor=None,
                now=clock.now(),
                file=file.name,
                dry_run=options["dry_run"],
            )
        except CouldNot as error:
            raise CouldNot(f"{file.name} ({mapping.name}): {error}") from error
        return report.as_dict()

    def _plan(self, options: dict[str, Any]) -> dict[str, Any]:
        folder = options["kind"]
        if not folder or options["file"] or options["mapping"]:
            self._wrong("with --plan give one folder and no --mapping")
        if not Path(folder).is_dir():
            raise CouldNot(f"{folder} is not a folder.")
        steps = run_plan(
            path=Path(options["plan"]),
            folder=Path(folder),
            actor=None,
            now=clock.now(),
            load_rules=_load_rules,
            dry_run=options["dry_run"],
        )
        return {"plan": Path(options["plan"]).name, "dry_run": options["dry_run"], "steps": steps}

    def _wrong(self, words: str) -> None:
        raise CommandError(f"{words}; see --help", returncode=WRONG_USAGE)

    def _write(self, result: dict[str, Any]) -> None:
        for step in result.get("steps", [result]):
            if "rules" in step:
                self.stdout.write(f"rules from {step['rules']}: {'changed' if step['changed'] else 'unchanged'}")
                continue
            counts = ", ".join(f"{step[name]} {name}" for name in ("created", "changed", "unchanged", "rejected"))
            counts += f", {step['skipped']} skipped" if step["skipped"] else ""
            self.stdout.write(f"{step['kind']} from {step['file']}: {counts}")
            for row in step["rejected_rows"]:
                place = f", column {row['column']}" if row["column"] else ""
                value = f" “{row['value']}”" if row["column"] or row["value"] else ""
                self.stdout.write(f"  row {row['row']}{place}:{value} {row['reason']}")
        if result["dry_run"]:
            self.stdout.write("Dry run: nothing was stored.")


def _load_rules(path: Path) -> dict[str, Any]:
    """Rules are of the room above: called by the name of its command."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            call_command("rules", "load", str(path), format="json", stdout=out)
    except CommandError as error:
        raise CouldNot(str(error)) from error
    return json.loads(out.getvalue())
