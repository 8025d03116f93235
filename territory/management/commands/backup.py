"""Backs the database up into one file, while everybody goes on working."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from territory import clock
from territory.backup.archive import Archive, BackupError
from territory.backup.restoring import try_out
from territory.backup.writing import write_backup
from territory.health import BACKUP
from territory.jobs.runner import write_down

# In a folder: named by the moment in UTC, so that the order of names is the order of time.
NAME = "territory-%Y-%m-%d-%H%M%S.zip"
PATTERN = "territory-????-??-??-??????.zip"


class Command(BaseCommand):
    help = (
        "Back the database up into FILE, or into a folder under a name of the moment. Others go on working meanwhile."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path, help="a file that does not exist yet, or a folder")
        parser.add_argument("--check", action="store_true", help="try out afterwards that it can be restored")
        parser.add_argument("--keep", type=int, metavar="N", help="in a folder: remove all but the latest N backups")

    def handle(self, *, file: Path, check: bool, keep: int | None, **options):
        if keep is not None and (keep < 1 or not file.is_dir()):
            raise CommandError("--keep needs a folder and a number above 0.")
        now = clock.now()
        target = file / now.strftime(NAME) if file.is_dir() else file
        try:
            manifest = write_backup(target, now=now)
            if check:
                with Archive(target) as archive:
                    try_out(archive)
        except BackupError as error:
            self._write_down(now, error=str(error))
            raise CommandError(str(error)) from error
        removed = _remove_all_but(file, keep) if keep else []
        self._write_down(now, result={"tables": len(manifest.tables), "rows": manifest.rows})
        self.stdout.write(
            f"{target}: {len(manifest.tables)} tables, {manifest.rows} rows, {target.stat().st_size / 1e6:.1f} MB"
            f"{', can be restored' if check else ''}{f', {len(removed)} older removed' if removed else ''}."
        )

    def _write_down(self, started_at, **outcome) -> None:
        """Where administrators see it. A database that cannot be written is no reason to throw a backup away."""
        try:
            write_down(BACKUP, started_at=started_at, **outcome)
        except Exception as error:  # noqa: BLE001
            self.stderr.write(f"It is not among the jobs: {error}")


def _remove_all_but(folder: Path, keep: int) -> list[Path]:
    old = sorted(folder.glob(PATTERN))[:-keep]
    for file in old:
        file.unlink()
    return old
