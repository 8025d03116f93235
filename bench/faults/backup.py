"""Twenty backups while four processes log touches as fast as they can; each is restored elsewhere, the last over the database itself.

    DATA_DIR=/a/new/folder [DATABASE_URL=postgres://…] .venv/bin/python bench/faults/backup.py

A backup is right when the file is whole, when it can be restored with equal counts and checksums, when no touch is in it without its
person or its history, when what moves between two rows is all there, and when every touch that had been acknowledged before it began is in
it. Takes some minutes. Ends with status 1 where something was lost.
"""

import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from scratch import database_name, empty_database, hand_over, set_up, table

os.environ.setdefault("LOG_LEVEL", "WARNING")
set_up()

from django.db import OperationalError, transaction  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.faults.outcome import Outcome  # noqa: E402
from bench.table import Figure  # noqa: E402
from customers.actions.touches import Participant, TouchEntry, log_touch  # noqa: E402
from customers.models import Customer, Touch, TouchType  # noqa: E402
from planning.demo import load  # noqa: E402
from territory import clock  # noqa: E402
from territory.backup.archive import Archive, BackupError  # noqa: E402
from territory.backup.restoring import restore, try_out  # noqa: E402
from territory.backup.writing import write_backup  # noqa: E402
from territory.jobs.models import JobRun  # noqa: E402

FOLDER = Path(os.environ["DATA_DIR"])
BACKUPS = 20
WRITERS = 4
WRITES_BETWEEN = 25
SUM = 10_000


def write(number: str) -> None:
    """One writer, until it is stopped: touches by the product's own action, and amounts that move between two rows."""
    rng = random.Random(int(number))
    pairs = list(Customer.objects.filter(assignments__isnull=False).values_list("pk", "assignments__membership__user"))
    types = list(TouchType.objects.all())
    people = User.objects.in_bulk()
    sides = list(JobRun.objects.filter(name__in=("left", "right")).values_list("pk", flat=True))
    with (FOLDER / f"acknowledged-{number}").open("a") as acknowledged:
        while True:
            key = uuid.UUID(int=rng.getrandbits(128), version=4)
            try:
                touch_and_move(rng, key, rng.choice(pairs), types, people, sides)
            except OperationalError:
                # SQLite under more writers than it has turns for: a person is told, and tries again.
                (FOLDER / "refused").open("a").write(f"{number}\n")
                continue
            acknowledged.write(f"{key}\n")
            acknowledged.flush()


def touch_and_move(rng, key, pair, types, people, sides) -> None:
    person, share = people[pair[1]], rng.randrange(SUM)
    entry = TouchEntry(
        customer=Customer.objects.get(pk=pair[0]),
        type=rng.choice(types),
        participants=(Participant(user=person, duration_seconds=900),),
    )
    log_touch(actor=person, now=clock.now(), uuid=key, entry=entry)
    with transaction.atomic():
        JobRun.objects.filter(pk=sides[0]).update(progress=share)
        JobRun.objects.filter(pk=sides[1]).update(progress=SUM - share)


def acknowledged() -> set[str]:
    return {line for file in FOLDER.glob("acknowledged-*") for line in file.read_text().splitlines()}


def refused() -> int:
    file = FOLDER / "refused"
    return len(file.read_text().splitlines()) if file.exists() else 0


def column(archive: Archive, table: str, *columns: str) -> list[tuple]:
    names = archive.manifest.tables[table].columns
    places = [names.index(name) for name in columns]
    return [tuple(row[place] for place in places) for rows in archive.rows(table) for row in rows]


@dataclass
class Found:
    """What a backup holds, how many acknowledged touches it lacks, how many it holds twice, and what else is wrong, in words."""

    touches: int = 0
    lost: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.twice or self.faults)


def found_in(file: Path, before: set[str]) -> Found:
    with Archive(file) as archive:
        try:
            try_out(archive)
        except BackupError as error:
            return Found(faults=[str(error)])
        touches = dict(column(archive, "customers_touch", "id", "uuid"))
        people = {row[0] for row in column(archive, "customers_touchperson", "touch_id")}
        history = {row[0] for row in column(archive, "customers_historicaltouch", "id")}
        moving = dict(column(archive, "jobs_jobrun", "name", "progress"))
    keys = set(touches.values())
    written = {pk for pk, key in touches.items() if key in before}
    faults = []
    if written - people or people - set(touches):
        faults.append("touches without their people, or the other way round")
    if written - history:
        faults.append("touches without history")
    if moving["left"] + moving["right"] != SUM:
        faults.append("half of a move")
    return Found(len(touches), lost=len(before - keys), twice=len(touches) - len(keys), faults=faults)


def wait_for(number: int, writers: list[subprocess.Popen]) -> None:
    while len(acknowledged()) < number:
        if any(writer.poll() is not None for writer in writers):
            sys.exit("A writer ended by itself.")
        time.sleep(0.05)


def main() -> int:
    empty_database()
    load(clock.now())
    for name, share in (("left", SUM), ("right", 0)):
        JobRun.objects.create(name=name, queued_at=clock.now(), progress=share)
    writers = [subprocess.Popen([sys.executable, __file__, "write", str(number)]) for number in range(WRITERS)]
    made: list[tuple[Path, set[str], float]] = []
    try:
        for number in range(BACKUPS):
            wait_for(len(acknowledged()) + WRITES_BETWEEN, writers)
            before, file, start = acknowledged(), FOLDER / f"{number:02}.zip", time.monotonic()
            write_backup(file, now=clock.now())
            made.append((file, before, time.monotonic() - start))
            print(f"backup {number + 1} of {BACKUPS}: {made[-1][2]:.1f} s, {len(before)} touches before it", flush=True)
        wait_for(len(acknowledged()) + WRITES_BETWEEN, writers)
        ended = [writer.poll() for writer in writers]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    return report(made, errors=sum(code is not None for code in ended))


def report(made: list[tuple[Path, set[str], float]], errors: int) -> int:
    """The table; the last backup is restored over the database, whose later touches must be gone and earlier ones there."""
    found = [found_in(file, before) for file, before, _seconds in made]
    wrong = [f"{file.name}: {fault}" for (file, *_), one in zip(made, found, strict=True) for fault in one.faults]
    file, before, _seconds = made[-1]
    start = time.monotonic()
    with Archive(file) as archive:
        restore(archive, replace=True)
        rows, number_of_tables = archive.manifest.rows, len(archive.manifest.tables)
    restored = time.monotonic() - start
    keys = {str(key) for key in Touch.objects.values_list("uuid", flat=True)}
    lost, highest = before - keys, max(Touch.objects.values_list("pk", flat=True))
    one = Touch.objects.select_related("customer", "type").latest("pk")
    again = log_touch(
        actor=one.logged_by,
        now=clock.now(),
        uuid=uuid.uuid4(),
        entry=TouchEntry(customer=one.customer, type=one.type, duration_seconds=60),
    ).touch
    later = len(keys) - found[-1].touches
    seconds = [took for *_, took in made]
    size = file.stat().st_size / 1e6
    table(
        [
            ("database", database_name()),
            ("processes that logged touches meanwhile, that ended with an error", f"{WRITERS}, {errors}"),
            (
                "touches logged meanwhile, refused (SQLite: no turn within 10 s)",
                f"{len(acknowledged()):,}, {refused()}",
            ),
            ("backups", len(made)),
            (
                "restored elsewhere with equal counts and checksums, nothing halved, nothing lost",
                sum(one.is_right for one in found),
            ),
            ("tables, rows, MB of the last", f"{number_of_tables}, {rows:,}, {size:.1f}"),
            (
                "seconds a backup took: shortest, middle, longest",
                f"{min(seconds):.1f}, {statistics.median(seconds):.1f}, {max(seconds):.1f}",
            ),
            ("the last restored over the database: seconds", f"{restored:.1f}"),
            ("acknowledged touches lost by it", len(lost)),
            ("touches of after it that stayed", later),
            ("a touch logged afterwards got a key of its own", "yes" if again.pk > highest else "no"),
        ]
    )
    if errors:
        wrong.append(f"{errors} of the processes that logged touches ended with an error")
    if later:
        wrong.append(f"{later} touches of after the last backup stayed")
    if again.pk <= highest:
        wrong.append("a touch logged afterwards got a key that was in use")
    return hand_over(
        Outcome(
            "backups are made while people work, and restored",
            f"{len(made)} backups, {len(acknowledged()):,} touches meanwhile",
            lost=len(lost) + sum(one.lost for one in found),
            twice=sum(one.twice for one in found),
            figures={
                "restored elsewhere, equal": Figure(sum(one.is_right for one in found), len(made), least=True),
                "refused": Figure(refused()),
                "s the longest backup": Figure(max(seconds)),
            },
            wrong=wrong,
        )
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2])
    sys.exit(main())
