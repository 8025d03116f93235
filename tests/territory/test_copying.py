"""Many rows at once are the rows that were given, whatever is in them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from planning.models import Budget, DueTouch
from territory.copying import insert_rows
from tests import factories

BUDGET = (
    "customer_id",
    "role_id",
    "touch_minutes",
    "travel_minutes",
    "other_minutes",
    "actual_minutes",
    "status",
    "breakdown",
)
AT = dt.datetime(2026, 6, 9, 10, 0, 0, 123, tzinfo=dt.UTC)


def test_documents_and_texts_with_every_sign_come_back_as_they_were(company):
    customer, role = factories.customer(), factories.role("Salesperson")
    lines = [{"kind": "a\tb\\N \"c\"\n'd' é", "minutes": 1.5, "about": None}]
    row = (customer.pk, role.pk, 0.1, 0.0, 7.0, None, "\\N", lines)

    insert_rows(Budget, BUDGET, [row])

    assert Budget.objects.values_list(*BUDGET).get() == row


def test_what_the_database_refuses_is_an_error_of_django(company):
    row = (factories.customer().pk, factories.role("Salesperson").pk, 0.1, 0.0, 7.0, None, "", [])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Budget, BUDGET, [row, row])

    assert not Budget.objects.exists()


def test_days_instants_and_amounts_come_back_as_they_were(company):
    customer = factories.customer()
    rule = factories.contact_rule()
    row = {
        "customer_id": customer.pk,
        "rule_id": rule.pk,
        "touch_type_id": rule.touch_type_id,
        "role_id": rule.role_id,
        "person_id": None,
        "due_on": AT.date(),
        "interval_days": 30.4375,
        "last_touch_at": AT,
        "value": Decimal("12.340000"),
        "value_is_set": True,
        "minutes": 15.0,
        "travel_minutes": 0.0,
    }

    insert_rows(DueTouch, tuple(row), [tuple(row.values())])

    assert DueTouch.objects.values_list(*row).get() == tuple(row.values())
    assert DueTouch.objects.create(**row | {"customer_id": factories.customer().pk}).pk > DueTouch.objects.first().pk


def test_nothing_is_inserted_of_nothing(company):
    insert_rows(Budget, ("customer_id", "role_id"), [])

    assert not Budget.objects.exists()
