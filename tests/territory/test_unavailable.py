"""A disk that is full and a database that is away: a clear 503, reads where they can be, and no help needed afterwards."""

import errno
import sqlite3

import psycopg
import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from customers.models import Touch
from territory import health
from territory.unavailable import AWAY, FULL, why_unavailable
from tests import factories
from tests.accounts.signing_in import client_of
from tests.customers.test_views_touches import body


def of_sqlite(name):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (of_sqlite("SQLITE_FULL"), FULL),
        (of_sqlite("SQLITE_CANTOPEN"), AWAY),
        (of_sqlite("SQLITE_BUSY"), ""),
        (psycopg.errors.DiskFull("no space"), FULL),
        (psycopg.OperationalError("connection refused"), AWAY),
        (psycopg.errors.AdminShutdown("restarting"), AWAY),
        (psycopg.errors.LockNotAvailable("locked"), ""),
        (psycopg.errors.QueryCanceled("too long"), ""),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (ValueError("ours"), ""),
        (None, ""),
    ],
)
def test_what_the_database_says_is_told_apart(cause, why):
    error = OperationalError("as Django wraps it")
    error.__cause__ = cause
    assert why_unavailable(error) == why


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cause", "status", "said"),
    [
        (psycopg.errors.DiskFull("no space"), 503, "The server has no room left"),
        (psycopg.OperationalError("away"), 503, "The database does not answer"),
        (ValueError("ours"), 500, "Something went wrong"),
    ],
)
def test_the_page_says_which(cast, monkeypatch, cause, status, said):
    def fails():
        raise OperationalError from cause

    monkeypatch.setattr(health, "look", fails)
    client = client_of(cast.admin)
    client.raise_request_exception = False
    answer = client.get(reverse("job_health"))

    assert answer.status_code == status
    assert said in answer.content.decode()
    assert answer.has_header("Retry-After") is (status == 503)


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_refuses_writes_keeps_reads_and_recovers(cast):
    """SQLite at its word: no page more. On PostgreSQL the disk of a server is not a test's to fill."""
    if connection.vendor != "sqlite":
        pytest.skip("fills SQLite's file")
    kind = factories.touch_types()["voice"]
    client = client_of(cast.rep)
    client.raise_request_exception = False

    def pages(most):
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {most}")

    def log(minutes):
        return client.post(reverse("log_touch"), body(cast.own, kind, cast.rep, minutes=minutes, note="x" * 2000))

    pages(1)  # SQLite takes the size that it has
    answers = [log(number + 1).status_code for number in range(40)]
    stored = Touch.objects.count()

    assert set(answers) == {302, 503}
    assert answers.count(302) == stored
    assert client.get(reverse("customer_detail", args=[cast.own.pk])).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchone() == ("ok",)
    pages(1_000_000)
    assert log(59).status_code == 302
    assert Touch.objects.count() == stored + 1
