"""Backup and restore: what comes back is what was there, on either database, whatever was written meanwhile; or nothing changes."""

import datetime as dt
import json
import sqlite3
import threading
import zipfile
from contextlib import suppress
from decimal import Decimal

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Sum

from accounts.models.sessions import UserSession
from customers.models import Customer, ImportFile, Order, Receipt, Touch, TouchPerson
from planning.actions.recompute import recompute_all
from planning.models import DueTouch, PlanningSettings, Situation, SpeedBand
from territory.backup import archive as archives
from territory.backup import restoring, tables, writing
from territory.backup.archive import Archive, BackupError, Checksum
from territory.backup.restoring import restore
from territory.backup.snapshot import sqlite_file
from territory.backup.tables import LEFT_OUT, WITHOUT_MODEL, applied, tables_after
from territory.backup.writing import write_backup
from territory.jobs.models import Heartbeat, JobRun, JobState
from tests import factories
from tests.accounts.signing_in import client_of
from tests.factories.receipts import PDF

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migrated(settings, monkeypatch):
    """The database says by which migrations it was made, also where the tests made it without; nobody else is connected."""
    settings.MIGRATION_MODULES = {}
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    if not recorder.applied_migrations():
        for node in MigrationLoader(None).graph.nodes:
            recorder.record_applied(*node)
    monkeypatch.setattr(restoring, "_refuse_while_others_work", lambda connection: None)


@pytest.fixture
def filled(migrated, cast):
    """Rows of every kind of value: money, minutes, moments, UUIDs, bytes, JSON, nothing, and history."""
    factories.order(cast.own, 290_000, salesperson=cast.rep, title="Zoë’s “order”\nsecond line \x1f\\")
    Order.objects.filter(title__startswith="Zoë").update(amount=Decimal("290000.07"))
    for minutes in (7, 15):
        factories.touch(cast.own, cast.rep, minutes=minutes)
    factories.import_of(cast.admin, "name,team\nAcmé,Exeter\n\0")
    spent = factories.expense(cast.rep, "12.50", customer=cast.own, receipt_type="application/pdf")
    Receipt.objects.create(expense=spent, content=PDF)
    JobRun.objects.create(name="sweep", queued_at=NOW, result={"b": [1, 2.5, None, "ü"], "a": {"d": True, "c": 1e-7}})
    recompute_all(now=NOW)
    # Keys to tables that are filled later: those of columns that a migration added, too.
    own = factories.own_rule(cast.own, NOW.date())
    factories.due_touch(cast.own, cast.rep, NOW.date())
    DueTouch.objects.update(rule=None, own_rule=own)
    PlanningSettings.objects.get_or_create()
    SpeedBand.objects.create(from_km=0, kmh=40)
    gone = factories.order(cast.foreign, 1)
    gone.delete()
    session = client_of(cast.rep).session.session_key
    UserSession.objects.update_or_create(
        session_id=session, defaults={"user": cast.rep, "begun_at": NOW, "last_used_at": NOW}
    )
    return gone.history.model.objects.latest("pk").id


@pytest.fixture
def quick(monkeypatch):
    """Tables all at once instead of migration by migration, for tests that are about something else."""

    def make_tables(connection, migrations):
        with connection.schema_editor() as editor:
            for table in tables_after(connection, migrations):
                if not table.model._meta.auto_created:
                    editor.create_model(table.model)
        call_command("createcachetable", "cache", database=connection.alias, verbosity=0)
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for node in migrations:
            recorder.record_applied(*node)

    monkeypatch.setattr(restoring, "make_tables", make_tables)


def content() -> dict[str, tuple[int, str]]:
    """Count and checksum of every table."""
    found = {}
    for table in tables_after(connection, applied(connection)):
        checksum = Checksum()
        for lines in table.lines(connection):
            checksum.add(lines)
        if table.is_kept:
            found[table.name] = (checksum.rows, checksum.sha256)
    return found


def sums() -> tuple:
    amounts = Order.objects.aggregate(Sum("amount"))["amount__sum"]
    return amounts, Touch.objects.aggregate(Sum("duration_seconds"))["duration_seconds__sum"], Order.history.count()


def tampered(file, folder, change, name="manifest.json"):
    """The same backup with another manifest (or member)."""
    copied = folder / f"tampered-{len(list(folder.iterdir()))}.zip"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copied, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == name:
                data = change(data)
            if data is not None:
                new.writestr(member, data)
    return copied


def manifest_with(**changes):
    return lambda data: json.dumps(json.loads(data) | changes).encode()


def test_rows_that_hold_files_are_written_and_read_a_few_at_a_time(filled, cast, tmp_path, monkeypatch):
    for _ in range(20):
        spent = factories.expense(cast.rep, customer=cast.own, receipt_type="application/pdf")
        Receipt.objects.create(expense=spent, content=PDF + bytes(50_000))
    [table] = [each for each in tables_after(connection, applied(connection)) if each.name == Receipt._meta.db_table]
    assert max(len(lines) for lines in table.lines(connection)) <= 8
    monkeypatch.setattr(archives, "MOST_BYTES", 200_000)
    file = tmp_path / "b.zip"
    write_backup(file, now=NOW)
    with Archive(file) as backup:
        pieces = [len(rows) for rows in backup.rows(Receipt._meta.db_table)]
    assert sum(pieces) == 21
    assert max(pieces) <= 4


def test_what_comes_back_is_what_was_there(filled, cast, tmp_path):
    before, told, file = content(), sums(), tmp_path / "b.zip"
    manifest = write_backup(file, now=NOW)
    Touch.objects.all().delete()
    Customer.objects.filter(pk=cast.own.pk).update(name="Changed afterwards")
    factories.customer("New afterwards")
    with Archive(file) as archive:
        restore(archive, replace=True)

    assert content() == before == {name: (table.rows, table.sha256) for name, table in manifest.tables.items()}
    assert sums() == told
    assert told[0] == Decimal("290000.07")
    assert told[1] == 22 * 60
    assert told[2] >= 3
    assert bytes(ImportFile.objects.get().content) == "name,team\nAcmé,Exeter\n\0".encode()
    assert bytes(Receipt.objects.get().content) == PDF
    assert file.stat().st_mode & 0o777 == 0o600
    assert factories.order(cast.own, 5).pk > filled  # also above the key of what was deleted
    assert factories.touch(cast.own, cast.rep).pk
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert tables_without_a_place(manifest) == set()
    assert sum(1 for table in manifest.tables.values() if table.rows) > 20


def tables_without_a_place(manifest) -> set[str]:
    """Tables of the database that are neither in the backup nor left out by name."""
    known = tables_after(connection, applied(connection))
    left_out = {table.name for table in known if table.model._meta.label in LEFT_OUT}
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    return there - set(manifest.tables) - left_out - WITHOUT_MODEL


def test_over_the_other_database_and_back(filled, quick, tmp_path):
    """Whichever the tests run on: into a new SQLite file, backed up from there, and back."""
    before = content()
    write_backup(tmp_path / "first.zip", now=NOW)
    with Archive(tmp_path / "first.zip") as archive, sqlite_file(tmp_path / "new.sqlite3") as other:
        restoring._fill(archive, other, lambda text: None)
        writing._write(tmp_path / "second.zip", other, NOW)
    Customer.objects.update(name="Changed afterwards")
    with Archive(tmp_path / "second.zip") as archive:
        assert archive.manifest.database == "sqlite"
        restore(archive, replace=True)

    assert content() == before
    assert factories.customer("One more").pk


def test_a_backup_of_an_older_state_is_upgraded(migrated, quick, tmp_path):
    old = [node for node in applied(connection) if node != ("jobs", "0002_heartbeat")]
    with sqlite_file(tmp_path / "old.sqlite3") as other:
        restoring.make_tables(other, old)
        runs = next(table.model for table in tables_after(other, old) if table.name == "jobs_jobrun")
        runs.objects.using(other.alias).create(name="of old", queued_at=NOW)
        writing._write(tmp_path / "old.zip", other, NOW)
    with Archive(tmp_path / "old.zip") as archive:
        assert "jobs_heartbeat" not in archive.manifest.tables
        restore(archive, replace=True)

    assert JobRun.objects.get().name == "of old"
    assert Heartbeat.objects.create(name="beat", at=NOW).pk
    assert ("jobs", "0002_heartbeat") in applied(connection)


def test_people_of_touches_of_an_older_state_get_the_moments_of_these(filled, quick, tmp_path):
    before = set(TouchPerson.objects.values_list("pk", "at"))
    write_backup(tmp_path / "new.zip", now=NOW)
    with Archive(tmp_path / "new.zip") as archive, sqlite_file(tmp_path / "old.sqlite3") as other:
        restoring._fill(archive, other, lambda text: None)
        MigrationExecutor(other).migrate([("customers", "0012_indexes_of_assignments_and_touches")])
        writing._write(tmp_path / "old.zip", other, NOW)
    with Archive(tmp_path / "old.zip") as archive:
        assert ["customers", "0013_moments_of_people_in_touches"] not in archive.manifest.migrations
        restore(archive, replace=True)

    assert before
    assert set(TouchPerson.objects.values_list("pk", "at")) == before


def test_a_migration_that_fills_and_the_next_that_alters_are_taken_in_one_restore(filled, quick, tmp_path):
    """As PostgreSQL minds: a table is not altered while rows that were just put into it have still to be checked."""
    with sqlite_file(tmp_path / "old.sqlite3") as other:
        old = MigrationLoader(None).graph.forwards_plan(("planning", "0018_subjects_of_situations"))
        restoring.make_tables(other, old)
        models = {table.model.__name__: table.model.objects.using(other.alias) for table in tables_after(other, old)}
        team = models["Team"].create(name="South")
        customer = models["Customer"].create(name="Acme", team_id=team.pk)
        models["PlanningSettings"].create()
        order = models["Order"].create(customer_id=customer.pk, team_id=team.pk, amount=1000, opened_at=NOW)
        models["Situation"].create(
            kind="large_order",
            customer_id=customer.pk,
            order_id=order.pk,
            team_id=team.pk,
            opened_at=NOW,
            checked_at=NOW,
        )
        writing._write(tmp_path / "old.zip", other, NOW)
    with Archive(tmp_path / "old.zip") as archive:
        restore(archive, replace=True)

    assert Situation.objects.get().subject == f"order {order.pk} team {team.pk}"
    assert set(SpeedBand.objects.values_list("from_km", "kmh")) == {(0, 25), (10, 60)}


def test_what_cannot_be_restored_changes_nothing(filled, quick, tmp_path, monkeypatch):
    before, file = content(), tmp_path / "b.zip"
    write_backup(file, now=NOW)
    cut, other = tmp_path / "cut.zip", tmp_path / "other.zip"
    cut.write_bytes(file.read_bytes()[:-200])
    other.write_text("no zip")
    member = "tables/customers_touch.jsonl"
    migrations = [*map(list, applied(connection)), ["customers", "9999_of_tomorrow"]]
    cases = [
        (file, False, "holds data"),
        (tmp_path / "none.zip", True, "cannot be read"),
        (cut, True, "no backup of Territory"),
        (other, True, "no backup of Territory"),
        (tampered(file, tmp_path, manifest_with(version="99.0.0")), True, "made by version 99.0.0"),
        (tampered(file, tmp_path, manifest_with(migrations=migrations)), True, "newer state"),
        (tampered(file, tmp_path, manifest_with(format=2)), True, "another version"),
        (tampered(file, tmp_path, manifest_with(program="Another")), True, "no backup of Territory"),
        (
            tampered(file, tmp_path, lambda data: data.replace(b"900", b"901"), member),
            True,
            "damaged: the rows of customers_touch",
        ),
        (tampered(file, tmp_path, lambda data: None, member), True, "damaged"),
    ]
    for path, replace, said in cases:
        with pytest.raises(BackupError, match=said), Archive(path) as archive:
            restore(archive, replace=replace)

    def full(connection, table, key):
        raise DatabaseError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "go_on_after", full)
        with pytest.raises(BackupError, match="stays as it was: disk full"), Archive(file) as archive:
            restore(archive, replace=True)
    with monkeypatch.context() as patched:
        patched.setattr(
            tables,
            "_reader",
            lambda field: lambda value: 0 if field.name == "amount" else tables.models.Field.to_python(field, value),
        )
        with pytest.raises(BackupError), Archive(file) as archive:
            restore(archive, replace=True)

    assert content() == before
    assert not list(tmp_path.glob(".*"))


def test_the_file_is_whole_or_not_there(filled, tmp_path, monkeypatch):
    file = tmp_path / "b.zip"
    file.write_text("precious")
    with pytest.raises(BackupError, match="exists already"):
        write_backup(file, now=NOW)
    assert file.read_text() == "precious"
    with pytest.raises(BackupError, match="cannot be written"):
        write_backup(tmp_path / "no such folder" / "b.zip", now=NOW)

    def full(self, *args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.Writer, "add", full)
    with pytest.raises(BackupError, match="No space left on device"):
        write_backup(tmp_path / "c.zip", now=NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]


def test_one_moment_while_others_write(migrated, quick, company, tmp_path):
    """Two rows between which amounts move, and pairs that are born together: never half of it."""
    left, right = (JobRun.objects.create(name=name, queued_at=NOW, progress=5000) for name in ("left", "right"))
    stop, wrote = threading.Event(), threading.Semaphore(0)

    def work(number):
        try:
            for step in range(100_000):
                with suppress(OperationalError):  # SQLite keeps a writer out who has waited for too long
                    write(number, step)
                    wrote.release()
                if stop.is_set():
                    return
        finally:
            connection.close()

    def write(number, step):
        with transaction.atomic():
            JobRun.objects.filter(pk=left.pk).update(progress=left_of(step))
            JobRun.objects.filter(pk=right.pk).update(progress=10_000 - left_of(step))
            for half in "ab":
                JobRun.objects.create(name="pair", key=f"{number} {step} {half}", queued_at=NOW)

    def left_of(step):
        return step % 10_000

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(4):
            for _ in range(6):
                assert wrote.acquire(timeout=60)
            write_backup(tmp_path / f"{number}.zip", now=NOW)
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    seen = []
    for number in range(4):
        with Archive(tmp_path / f"{number}.zip") as archive:
            archive.check()
            entry = archive.manifest.tables["jobs_jobrun"]
            rows = [dict(zip(entry.columns, row, strict=True)) for rows in archive.rows("jobs_jobrun") for row in rows]
        pairs = [row["key"][:-2] for row in rows if row["name"] == "pair"]
        assert all(pairs.count(key) == 2 for key in pairs)
        assert sum(row["progress"] for row in rows if row["name"] in ("left", "right")) == 10_000
        seen.append(len(pairs))
    assert seen == sorted(set(seen))
    with Archive(tmp_path / "3.zip") as archive:
        restore(archive, replace=True)
    assert JobRun.objects.filter(name="pair").count() == seen[-1]


def test_the_commands(filled, quick, tmp_path, capsys, settings):
    settings.DATA_DIR = tmp_path / "data"
    folder = tmp_path / "nightly"
    folder.mkdir()
    for name in ("territory-2026-01-01-000000.zip", "territory-2026-01-02-000000.zip", "mine.zip"):
        (folder / name).write_text("old")
    before = content()
    call_command("backup", folder, keep=2, check=True)
    assert content() | {"jobs_jobrun": 0} == before | {"jobs_jobrun": 0}
    made = max(folder.glob("territory-*.zip"))
    assert [path.name for path in sorted(folder.iterdir())] == [
        "mine.zip",
        "territory-2026-01-02-000000.zip",
        made.name,
    ]
    assert "can be restored, 1 older removed" in capsys.readouterr().out
    run = JobRun.objects.get(name="backup")
    assert (run.state, run.label, run.result["tables"] > 50) == (JobState.DONE, "Back up", True)

    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", made)
    assert JobRun.objects.filter(name="backup", state=JobState.FAILED).count() == 1
    with pytest.raises(CommandError, match="--keep needs a folder"):
        call_command("backup", tmp_path / "x.zip", keep=2)
    with pytest.raises(CommandError, match="say --replace"):
        call_command("restore", made)
    call_command("restore", made, check=True)
    assert "can be restored." in capsys.readouterr().out
    call_command("restore", made, replace=True)
    assert not JobRun.objects.filter(name="backup").exists()


def test_into_an_empty_database_that_has_no_tables_yet(filled, quick, tmp_path, monkeypatch, settings):
    before, file = content(), tmp_path / "b.zip"
    write_backup(file, now=NOW)
    if connection.vendor == "sqlite":
        live = connection.settings_dict["NAME"]
        connection.close()
        with sqlite3.connect(live) as raw:
            names = [
                row[0]
                for row in raw.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                )
            ]
            raw.execute("PRAGMA foreign_keys = OFF")
            for name in names:
                raw.execute(f'DROP TABLE "{name}"')
        raw.close()
    else:
        with transaction.atomic():
            restoring._drop_tables(connection)
    with Archive(file) as archive:
        restore(archive, replace=False)

    assert content() == before
