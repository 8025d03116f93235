"""On PostgreSQL the database keeps the application from altering what the audit keeps."""

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.utils import ProgrammingError

from customers.models import Order
from territory import clock
from territory.audit import guard
from territory.audit.models import Denial
from tests import factories

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps the application from it"),
]
DAY = dt.timedelta(days=1)


def denial(age=DAY, **values):
    return Denial.objects.create(at=clock.now() - age, method="GET", path="/jobs/", status=403, **values)


def refuses(change):
    with pytest.raises(ProgrammingError, match="What the audit keeps is not changed"), transaction.atomic():
        change()


def test_history_is_neither_changed_nor_removed(cast):
    order = factories.order(cast.own)
    refuses(lambda: Order.history.update(history_user=None))
    refuses(lambda: Order.history.all().delete())
    assert order.history.count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"user": None, "times": F("times") + 1},
        {"path": "/", "times": F("times") + 1},
        {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "times": F("times") + 1},
        {"times": F("times") - 1},
        {"times": F("times")},
        {"last_at": None},
    ],
)
def test_a_denial_only_counts_up(cast, values):
    row = denial(user=cast.rep, times=2, last_at=clock.now() - DAY)
    Denial.objects.update(times=F("times") + 1, last_at=clock.now())
    refuses(lambda: Denial.objects.update(**{"last_at": clock.now()} | values))
    row.refresh_from_db()
    assert (row.times, row.user, row.path) == (3, cast.rep, "/jobs/")


def test_only_an_old_denial_can_be_removed(cast):
    denial(age=31 * DAY)
    Denial.objects.all().delete()
    denial(age=29 * DAY)
    refuses(lambda: Denial.objects.all().delete())
    assert Denial.objects.count() == 1


def test_each_table_has_its_guard_once(db):
    def guarded():
        with connection.cursor() as cursor:
            cursor.execute(guard.GUARDED)
            return sorted(cursor.fetchall())

    assert guarded() == sorted(guard.guards().items())
    guard.protect()
    assert guarded() == sorted(guard.guards().items())


def test_an_older_guard_of_denials_is_replaced(db):
    table = Denial._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER audit_counts ON {table}")
        cursor.execute(guard.TRIGGER.format(guard="audit_refuses", table=table))
    guard.protect()
    denial()
    Denial.objects.update(times=F("times") + 1, last_at=clock.now())
