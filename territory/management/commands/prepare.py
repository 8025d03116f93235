"""Makes the data of this machine's installation ready: tables, files to serve, the first content; the first step of `up`."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from territory.embedded import installation


class Command(BaseCommand):
    help = "Bring tables and files up to date and, on the first start, load the demo. `up` does this before all else."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--empty", action="store_true", help="do not load the demo")

    def handle(self, *, empty: bool, **options):
        installation.prepare_database()
        call_command("collectstatic", interactive=False, verbosity=0)
        installation.first_content(empty=empty)
