"""The company is one row, asked for once."""

import datetime as dt
import zoneinfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from territory import clock
from territory.company.models import AMBIGUOUS_ZONES, Company, check_time_zone

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


def test_every_zone_that_is_offered_means_the_same_to_python_and_to_the_database(db):
    """Noon of every day of a year: on PostgreSQL a zone that is also an abbreviation has no summer time."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has zones of its own")
    noons = [dt.datetime(2026, month, 15, 12, tzinfo=dt.UTC) for month in range(1, 13)]
    different = []
    for name in sorted(zoneinfo.available_timezones() - AMBIGUOUS_ZONES):
        zone = zoneinfo.ZoneInfo(name)
        with connection.cursor() as cursor:
            cursor.execute("SELECT array_agg(noon AT TIME ZONE %s) FROM unnest(%s::timestamptz[]) noon", [name, noons])
            told = cursor.fetchone()[0]
        if told != [noon.astimezone(zone).replace(tzinfo=None) for noon in noons]:
            different.append(name)
    assert different == []


@pytest.mark.parametrize("name", ["CET", "EET", "MET", "WET"])
def test_a_zone_that_is_also_an_abbreviation_is_refused(name):
    with pytest.raises(ValidationError, match="is not a time zone"):
        check_time_zone(name)
