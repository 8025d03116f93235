"""Numbers as people read them."""

from decimal import Decimal
from fractions import Fraction

import pytest

from territory.company.models import Company
from territory.formats import hours_text, minutes_text, money_text, number_text, percent_text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [
        ("GBP", Decimal("68400"), "£68,400"),
        ("EUR", Decimal("1234.5"), "€1,234.50"),
        ("EUR", Decimal("-640"), "−€640"),
        ("EUR", Decimal("2.675"), "€2.68"),
        ("CHF", Decimal("0"), "CHF 0"),
        ("EUR", None, ""),
    ],
)
def test_money_wears_the_company_s_currency(currency, amount, text):
    Company.objects.create(name="Acme", currency=currency)
    assert money_text(amount) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (20, "20 min"),
        (Decimal("481.44"), "481.4 min"),
        (Fraction(1, 3), "0.3 min"),
        (1234.0, "1,234 min"),
        (0.05, "0.1 min"),
        (None, ""),
    ],
)
def test_minutes(minutes, text):
    assert minutes_text(minutes) == text


def test_hours_come_from_minutes():
    assert hours_text(1086) == "18.1 h"
    assert hours_text(None) == ""


def test_per_cent_stays_on_one_line():
    assert percent_text(0.874) == "87\u00a0%"
    assert percent_text(Decimal("0.2904"), 1) == "29.0\u00a0%"
    assert percent_text(0.125) == "13\u00a0%"
    assert percent_text(None) == ""


def test_numbers_round_half_up_and_group_thousands():
    assert number_text(1234.5) == "1,235"
    assert number_text(-1234.56, 1) == "−1,234.6"
