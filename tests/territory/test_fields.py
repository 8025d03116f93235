"""Fields that everyone uses: what they say when something typed cannot be."""

from decimal import Decimal

import pytest
from django import forms

from territory.fields import AmountField


class AmountForm(forms.Form):
    amount = AmountField(label="Amount", min_value=Decimal("0.01"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("abc", "Amount: give a number, such as 1234.5."),
        ("-4", "Amount: at least 0.01."),
        ("12.345", "Amount: at most 2 decimals."),
        ("999999999999999", "Amount: too large, at most 12 digits before the point."),
        ("1234567890123", "Amount: too large, at most 12 digits before the point."),
        ("", "This field is required."),
    ],
)
def test_an_amount_that_cannot_be_is_told_in_words_with_its_field(typed, said):
    assert AmountForm({"amount": typed}).errors["amount"][0] == said


def test_an_amount_is_taken_as_typed():
    form = AmountForm({"amount": "12.50"})
    assert form.is_valid()
    assert form.cleaned_data["amount"] == Decimal("12.50")
