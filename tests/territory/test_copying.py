"""Many rows at once are the rows that were given, whatever is in them."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from planning.models import Budget, DueTouch
from territory.copying import insert_rows, update_rows
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


def test_changed_rows_are_what_was_given_and_others_stay(company):
    customer, role = factories.customer(), factories.role("Salesperson")
    other = factories.customer()
    lines = [{"kind": "a\tb\\N \"c\"\n'd' é", "minutes": 1.5, "about": None}]
    insert_rows(Budget, BUDGET, [(pk, role.pk, 1.0, 0.0, 0.0, 2.5, "over", []) for pk in (customer.pk, other.pk)])
    keys = dict(Budget.objects.values_list("customer", "pk"))

    update_rows(Budget, BUDGET[2:], [(keys[customer.pk], 0.1 + 0.2, 1e-17, 7.0, None, "\\N", lines)])

    assert list(Budget.objects.order_by("pk").values_list(*BUDGET)) == [
        (customer.pk, role.pk, 0.1 + 0.2, 1e-17, 7.0, None, "\\N", lines),
        (other.pk, role.pk, 1.0, 0.0, 0.0, 2.5, "over", []),
    ]


def test_days_instants_and_amounts_change_to_what_was_given(company):
    rule = factories.contact_rule()
    row = DueTouch.objects.create(
        customer=factories.customer(),
        rule=rule,
        touch_type=rule.touch_type,
        role=rule.role,
        due_on=AT.date(),
        interval_days=1,
    )
    columns, person = ("due_on", "last_touch_at", "value", "value_is_set", "person_id"), factories.person()
    values = (dt.date(2024, 2, 29), AT, Decimal("12.340001"), True, person.pk)

    update_rows(DueTouch, columns, [(row.pk, *values)])

    assert DueTouch.objects.values_list(*columns).get() == values


def test_a_row_that_is_gone_is_not_brought_back(company):
    update_rows(Budget, ("touch_minutes",), [(1, 5.0)])
    update_rows(Budget, ("touch_minutes",), [])

    assert not Budget.objects.exists()
