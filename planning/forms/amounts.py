"""The form of an amount that somebody asks about."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from territory.fields import AmountField


class AmountForm(forms.Form):
    """An amount above 0 in the company's currency."""

    amount = AmountField(label=_("Another amount"), min_value=Decimal("0.01"), required=False)
