"""Sets a new installation up: the company and the first administrator. Asks for what it was not given."""

import getpass
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from territory import clock
from territory.company.models import Company
from territory.embedded.first_company import Answers, check_answer, set_up
from territory.embedded.installation import prepare_database

# Answer: the question, and the option that gives it.
QUESTIONS = {
    "company": ("Company name", "--company"),
    "currency": ("Currency, three letters such as EUR", "--currency"),
    "time_zone": ("Time zone, such as Europe/Amsterdam", "--time-zone"),
    "admin": ("E-mail address of the first administrator", "--admin"),
    "password": ("Their password, at least 12 characters", "--password-stdin"),
}


class Command(BaseCommand):
    help = "Set up the company and the first administrator of a new installation."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--company", metavar="NAME")
        parser.add_argument("--currency", metavar="EUR")
        parser.add_argument("--time-zone", metavar="ZONE")
        parser.add_argument("--admin", metavar="EMAIL")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from the first line of standard input"
        )

    def handle(self, *, password_stdin: bool, **options):
        prepare_database()
        company = Company.current()
        if company is not None:
            what = "holds the demo" if company.is_demo else f"belongs to “{company.name}”"
            raise CommandError(f"This installation {what} already. For another company choose another DATA_DIR.")
        given = {name: options[name] for name in QUESTIONS if name != "password"}
        given["password"] = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
        answers = {name: self._answer(name, given[name]) for name in QUESTIONS}
        try:
            person = set_up(Answers(**answers), now=clock.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{answers['company']} is set up. {person.email} can sign in and add people.")

    def _answer(self, name: str, given: str | None) -> str:
        """What was given, else what is typed; asked again until it is right. Raises CommandError without a terminal."""
        question, option = QUESTIONS[name]
        if given is not None:
            try:
                return check_answer(name, given)
            except ValidationError as error:
                raise CommandError(f"{option}: {' '.join(error.messages)}") from error
        if not sys.stdin.isatty():
            raise CommandError(f"{option} is missing, and there is nobody to ask.")
        while True:
            typed = getpass.getpass(f"{question}: ") if name == "password" else input(f"{question}: ")
            try:
                return check_answer(name, typed)
            except ValidationError as error:
                self.stderr.write(" ".join(error.messages))
