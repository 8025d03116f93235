"""Many keys as one value."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Contact, Customer
from territory.rows import among
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(company):
    return [factories.customer(name) for name in ("One", "Two", "Three")]


def test_rows_whose_key_is_among_many_are_found(rows):
    found = Customer.objects.filter(among("pk", (row.pk for row in rows[:2])), archived_at__isnull=True)

    assert set(found) == set(rows[:2])
    assert set(Customer.objects.exclude(among("pk", [row.pk for row in rows[:2]]))) == {rows[2]}


def test_no_keys_find_nothing(rows):
    assert not Customer.objects.filter(among("pk", [])).exists()


def test_rows_are_found_by_what_they_hang_on(rows):
    contact = factories.contact(rows[1])
    factories.contact(rows[2])

    assert list(Contact.objects.filter(among("customer_id", [rows[1].pk]))) == [contact]
    assert list(Contact.objects.filter(among("customer__team_id", [rows[0].team_id]), customer=rows[1])) == [contact]


def test_a_thousand_keys_are_one_value(rows):
    with CaptureQueriesContext(connection) as queries:
        list(Customer.objects.filter(among("pk", range(1_000))))

    assert len(queries) == 1
    sql, params = Customer.objects.filter(among("pk", range(1_000))).query.sql_with_params()
    assert (sql.count("%s"), len(params)) == (1, 1)
