"""The company is one row, asked for once."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from territory import clock
from territory.company.models import Company

pytestmark = pytest.mark.django_db


def test_the_company_is_asked_for_once(django_assert_num_queries):
    Company.objects.create(name="Acme")
    with django_assert_num_queries(1):
        assert Company.current() == Company.current()


def test_a_saved_company_is_seen_at_once():
    company = Company.objects.create(name="Acme", time_zone="UTC")
    assert Company.current().time_zone == "UTC"
    company.time_zone = "Asia/Tokyo"
    company.save(update_fields=["time_zone"])
    assert Company.current().time_zone == "Asia/Tokyo"


def test_without_a_company_days_are_those_of_utc():
    assert Company.current() is None
    assert clock.company_zone().key == "UTC"


def test_a_second_company_is_refused_by_the_database():
    Company.objects.create(name="Acme")
    with pytest.raises(IntegrityError):
        Company.objects.create(pk=2, name="Other")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "eur"),
        ("currency", "EURO"),
        ("time_zone", "Europe/Nowhere"),
        ("time_zone", "../etc/passwd"),
        ("working_days", []),
        ("working_days", [0]),
        ("working_days", [1, 1]),
        ("working_days", [True]),
        ("working_days", "1"),
    ],
)
def test_a_field_that_cannot_be_right_is_named(field, value):
    with pytest.raises(ValidationError) as caught:
        Company(name="Acme", **{field: value}).full_clean()
    assert list(caught.value.message_dict) == [field]
