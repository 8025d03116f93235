"""Imports at work: in pieces with a cursor, taken up again where they stopped, started once, removed after a while."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customers.actions import imports as actions
from customers.imports import jobs, runs
from customers.models import Contact, Customer, Import, ImportFile, Touch
from customers.tasks import go_on_with_import, go_on_with_imports
from territory.jobs.models import JobRun
from tests import factories
from tests.customers.imports.conftest import NOW
from tests.customers.imports.workbooks import workbook

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = {"external_id": "id", "name": "name", "team": "team"}
GOOD = "id,name,team\n" + "".join(f"C{n},Acme {n},{'South' if n % 5 else 'Moon'}\n" for n in range(20))


@pytest.fixture
def admin(ground, time_machine):
    time_machine.move_to(NOW, tick=False)
    return factories.membership(factories.person("Admin"), ground["south"], "Administrator").user


def uploaded(user, text=GOOD, kind="customers", fields=FIELDS, **mapping) -> Import:
    content = text if isinstance(text, bytes) else text.encode()
    given = {"fields": fields, **mapping}
    return actions.upload(actor=user, now=NOW, kind=kind, file_name="f.csv", content=content, mapping=given)


def checked(row: Import) -> Import:
    actions.start_check(row=row, version=row.version)
    while jobs.go_on(row.pk):
        pass
    row.refresh_from_db()
    return row


def done(row: Import) -> Import:
    assert actions.start_run(row=row, now=NOW)
    while jobs.go_on(row.pk, piece=3):
        pass
    row.refresh_from_db()
    return row


def counted(row: Import) -> tuple:
    return (row.state, row.created, row.changed, row.unchanged, row.rejected)


def test_a_check_counts_and_names_and_stores_nothing(admin):
    row = checked(uploaded(admin))
    assert counted(row) == ("checked", 16, 0, 0, 4)
    assert list(row.problems.values_list("row", "column", "value"))[:2] == [(2, "team", "Moon"), (7, "team", "Moon")]
    assert row.sample["rows"][0] == [2, ["C0", "Acme 0", "Moon"]]
    assert not Customer.objects.exists()


def test_a_run_stores_what_was_checked(admin):
    row = done(checked(uploaded(admin)))
    assert counted(row) == ("done", 16, 0, 0, 4)
    assert row.problems.count() == 4
    assert Customer.objects.count() == 16
    assert {one.history_user for one in Customer.history.all()} == {admin}
    assert counted(done(checked(uploaded(admin)))) == ("done", 0, 0, 16, 4)


def test_started_twice_it_runs_once(admin):
    row = checked(uploaded(admin))
    other = Import.objects.get(pk=row.pk)
    assert (actions.start_run(row=row, now=NOW), actions.start_run(row=other, now=NOW)) == (True, False)


def test_two_workers_do_not_work_on_one_import(admin):
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    token = jobs._claimed(row.pk)
    assert token is not None
    assert jobs.go_on(row.pk) is False
    assert not Customer.objects.exists()


def test_a_worker_that_lost_its_import_stores_nothing(admin, monkeypatch):
    """Its piece is undone with the cursor that it could not move."""
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    ready = jobs._ready
    monkeypatch.setattr(jobs, "_ready", lambda job: Import.objects.update(runner=None) and ready(job))
    assert jobs.go_on(row.pk) is False
    assert not Customer.objects.exists()


@pytest.mark.parametrize("at", range(1, 7))
def test_killed_in_the_middle_and_resumed_it_ends_the_same(admin, monkeypatch, time_machine, at):
    """Killed within the n-th piece, that is: with what it had written undone by the database."""
    twice = GOOD + "C1,Acme 1,South\nC2,Other name,South\n"
    row = checked(uploaded(admin, twice))
    actions.start_run(row=row, now=NOW)
    calls, store = [], runs._store

    def killed(*args):
        calls.append(args)
        store(*args)
        if len(calls) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(runs, "_store", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.go_on(row.pk, piece=4)
    monkeypatch.undo()
    # A killed process releases nothing: its claim is left to grow old.
    Import.objects.filter(pk=row.pk).update(runner="6f1d5a0e-7f0c-4f0e-9b58-2a4f5d1c9e77")
    assert jobs.go_on(row.pk, piece=4) is False
    time_machine.move_to(NOW + dt.timedelta(minutes=3), tick=False)
    assert jobs.go_on(row.pk, piece=4) is False
    row.refresh_from_db()
    assert counted(row) == ("done", 16, 0, 1, 5)
    assert row.problems.last().reason == "stands in row 4 already, with other values"
    assert (Customer.objects.count(), Customer.history.count()) == (16, 16)


def test_a_slice_ends_in_time_and_the_next_goes_on(admin):
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    assert jobs.go_on(row.pk, seconds=-1, piece=8) is True
    row.refresh_from_db()
    assert (row.state, row.cursor, row.runner) == ("running", 8, None)
    assert jobs.go_on(row.pk) is False


def test_what_cannot_be_read_goes_back_to_its_mapping(admin):
    text = "name,team,since\nAcme,South,03/04/2021\n"
    row = checked(uploaded(admin, text, fields={"name": "name", "team": "team", "since": "since"}))
    assert row.state == "draft"
    assert "can be read in more than one way" in row.problem


def test_who_may_import_no_more_stores_nothing(admin):
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    admin.memberships.all().delete()
    assert jobs.go_on(row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.problem) == ("failed", "You may not import this any more.")


def test_more_rows_than_the_setting_are_refused(admin, settings):
    settings.IMPORT_MOST_ROWS = 10
    assert "The file has more than 10 rows" in checked(uploaded(admin)).problem


def test_a_file_larger_than_the_setting_is_refused(admin, settings):
    settings.IMPORT_MOST_MB = 0
    with pytest.raises(ValidationError, match="larger than 0 MB"):
        uploaded(admin)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.4", b"<!DOCTYPE html><html>", b"\xef\xbb\xbf <svg xmlns=''>", b"\x89PNG\r\n", b"\xd0\xcf\x11\xe0" + bytes(99),
     "<html>".encode("utf-16"), b"{\\rtf1", b"PK\x03\x04rubbish"],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_its_content(admin, content):
    with pytest.raises(ValidationError):
        uploaded(admin, content)
    assert not Import.objects.exists()


def test_the_sweep_takes_up_what_nobody_works_on(admin, monkeypatch):
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    monkeypatch.setattr(go_on_with_import, "delay", go_on_with_import)
    go_on_with_imports()
    row.refresh_from_db()
    assert row.state == "done"
    run = JobRun.objects.get(name="import")
    assert (run.state, run.requested_by, run.result) == ("done", admin, {"import": row.pk, "more": False})


def test_files_go_after_thirty_days(admin):
    row = done(checked(uploaded(admin)))
    assert actions.remove_old_files(NOW + dt.timedelta(days=30)) == 0
    assert actions.remove_old_files(NOW + dt.timedelta(days=31)) == 1
    row.refresh_from_db()
    assert (ImportFile.objects.exists(), row.problems.exists(), row.sample, row.rejected) == (False, False, None, 4)


def test_a_workbook_goes_in_through_the_same_door(admin, ground):
    factories.customer("Acme", ground["south"], external_id="C1")
    row = uploaded(admin, workbook([["c", "n"], ["C1", "Eva"]]), "contacts", {"customer": "c", "name": "n"})
    assert counted(done(checked(row))) == ("done", 1, 0, 0, 0)
    assert Contact.objects.get().name == "Eva"


def test_teams_refer_to_teams_further_down_whatever_the_size_of_a_piece(admin):
    row = uploaded(admin, "n,p\nA,B\nB,C\nC,\n", "teams", {"name": "n", "parent": "p"})
    assert counted(done(checked(row))) == ("done", 3, 0, 0, 0)


def test_ten_thousand_rows_of_which_a_thousand_are_bad(admin, ground):
    factories.customer("Acme", ground["south"], external_id="C1")
    lines = (f"T{n},C{1 if n % 10 else 9},2026-03-01T{n % 24:02}:{n % 60:02}\n" for n in range(10_000))
    fields = {"external_id": "id", "customer": "c", "type": {"constant": "Voice call"}, "at": "d"}
    row = checked(uploaded(admin, "id,c,d\n" + "".join(lines), "touches", fields))
    assert counted(row) == ("checked", 9000, 0, 0, 1000)
    assert actions.start_run(row=row, now=NOW)
    assert jobs.go_on(row.pk, seconds=-1)
    while jobs.go_on(row.pk):
        pass
    row.refresh_from_db()
    assert counted(row) == ("done", 9000, 0, 0, 1000)
    assert (Touch.objects.count(), row.problems.count()) == (9000, 1000)


def test_the_lock_is_let_go_between_pieces(admin, monkeypatch):
    """On SQLite nobody else writes while one does: each piece commits."""
    row = checked(uploaded(admin))
    actions.start_run(row=row, now=NOW)
    open_at = []
    monkeypatch.setattr(
        jobs, "_note", lambda *args, note=jobs._note: open_at.append(connection.in_atomic_block) or note(*args)
    )
    take = jobs._take
    monkeypatch.setattr(
        jobs, "_take", lambda *args, **how: (take(*args, **how), open_at.append(connection.in_atomic_block))
    )
    jobs.go_on(row.pk, piece=10)
    assert open_at == [True, False, True, False]
