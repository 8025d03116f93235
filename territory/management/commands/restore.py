"""Puts a backup into the place of the database, or tries out that it could."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from territory.backup.archive import Archive, BackupError
from territory.backup.restoring import restore, try_out
from territory.embedded import installation


class Command(BaseCommand):
    help = (
        "Restore FILE, a backup of either database: all of it, or nothing is changed. Stop web, worker and beat first."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--replace", action="store_true", help="throw away what the database holds now")
        parser.add_argument(
            "--check", action="store_true", help="only try out, beside the file, that it can be restored"
        )

    def handle(self, *, file: Path, replace: bool, check: bool, **options):
        try:
            with Archive(file) as archive:
                if check:
                    try_out(archive, self.stdout.write)
                    self.stdout.write(f"{file} can be restored.")
                    return
                with installation.data_of_our_own(settings.DATA_DIR):
                    installation.check_database()
                    restore(archive, replace=replace, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Everybody signs in anew; mails that waited when the backup was made are sent now.")
