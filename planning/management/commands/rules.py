"""All rules as one JSON: `rules dump` writes it, `rules load FILE` makes the rules those of the file."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from planning.rules_file import RulesFileError, dump_rules, load_rules
from territory import clock

WRONG_USAGE = 2


class Command(BaseCommand):
    help = "Write all rules as one JSON, or load them from one. Loading the same file twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["dump", "load"])
        parser.add_argument("file", nargs="?", metavar="FILE", help="the JSON; - is standard input or output")
        parser.add_argument("--by", metavar="EMAIL", help="who approves the values and signs the changes")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="of what load prints")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "dump":
            self._dump(options["file"])
        else:
            self._load(options)

    def _dump(self, file: str | None) -> None:
        text = json.dumps(dump_rules(), ensure_ascii=False, indent=2)
        if file in (None, "-"):
            self.stdout.write(text)
            return
        try:
            Path(file).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=1) from error

    def _load(self, options: dict[str, Any]) -> None:
        file = options["file"]
        if not file:
            raise CommandError("load needs a FILE; see --help", returncode=WRONG_USAGE)
        try:
            changes = load_rules(_read(file), actor=_person(options["by"]), now=clock.now())
        except RulesFileError as error:
            raise CommandError(f"{file}: {error}", returncode=1) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps({"changed": changes}))
        elif changes:
            self.stdout.write("Changed: " + ", ".join(f"{name} ({count})" for name, count in changes.items()))
        else:
            self.stdout.write("Nothing to change.")


def _read(file: str) -> Any:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise RulesFileError(f"cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise RulesFileError("is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise RulesFileError(f"line {error.lineno}, column {error.colno}: {error.msg}.") from error


def _person(email: str | None) -> User | None:
    if not email:
        return None
    try:
        return User.objects.get(email__iexact=email)
    except User.DoesNotExist as error:
        raise RulesFileError(f"nobody here has the e-mail address {email}.") from error
