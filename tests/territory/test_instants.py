"""Instants read quickly are those that Django reads."""

import datetime as dt

import pytest
from django.db import connection

from customers.models import Touch
from tests import factories

INSTANTS = [
    dt.datetime(2026, 6, 9, 10, 0, 0, 123, tzinfo=dt.UTC),
    dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC),
    dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=1))),  # of an hour that clocks gave twice
    dt.datetime(1801, 1, 1, 23, 59, 59, 999_999, tzinfo=dt.UTC),
]


@pytest.mark.parametrize("at", INSTANTS, ids=str)
@pytest.mark.django_db
def test_an_instant_comes_back_in_utc(at, company):
    touch = factories.touch(factories.customer(), None, at)

    found = Touch.objects.values_list("at", flat=True).get(pk=touch.pk)

    assert (found, found.tzinfo) == (at, dt.UTC)


@pytest.mark.django_db
def test_postgresql_is_read_by_the_compiled_part():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite gives text")
    with connection.cursor() as cursor:
        reader = cursor.cursor.adapters.get_loader(1184, 0)

    assert reader.__module__ == "territory.instants"
