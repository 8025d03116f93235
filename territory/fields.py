"""Form fields that everyone uses."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from territory import clock

A_DAY = 24 * 60
A_MONTH = 31 * A_DAY


class DayInput(forms.DateInput):
    """The browser's own calendar; the value in the one format it takes."""

    input_type = "date"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def in_calendar(day: Any) -> None:
    """Refuses a day or a moment that nobody means."""
    if day.year not in clock.YEARS:
        raise ValidationError(_("Choose a day between 1900 and 2200."))


class DayField(forms.DateField):
    """A day, chosen or typed as 2026-07-30."""

    widget = DayInput
    default_validators = [in_calendar]


class MinutesField(forms.DecimalField):
    """A length typed and shown in minutes, kept in whole seconds."""

    def __init__(self, *, min_value=0, max_value=A_MONTH, **kwargs):
        super().__init__(min_value=min_value, max_value=max_value, max_digits=8, decimal_places=2, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "step": "any"})

    def prepare_value(self, value):
        if value is None or isinstance(value, str):
            return value
        minutes = (Decimal(value) / 60).quantize(Decimal("0.01"))
        return f"{minutes:f}".rstrip("0").rstrip(".") if minutes % 1 else f"{minutes:.0f}"

    def clean(self, value):
        minutes = super().clean(value)
        return None if minutes is None else int((minutes * 60).quantize(Decimal(1), ROUND_HALF_UP))

    def has_changed(self, initial, data):
        return super().has_changed(self.to_python(self.prepare_value(initial)), data)


class AmountField(forms.DecimalField):
    """An amount, of money or of kilometres; what is wrong with it is said in words, with the name of the field."""

    def __init__(self, *, min_value=0, max_digits=14, decimal_places=2, label=None, error_messages=None, **kwargs):
        name = label or _("Amount")
        words = {
            "invalid": format_lazy(_("{name}: give a number, such as 1234.5."), name=name),
            "min_value": format_lazy(_("{name}: at least %(limit_value)s."), name=name),
            "max_decimal_places": format_lazy(_("{name}: at most %(max)s decimals."), name=name),
        }
        too_large = format_lazy(
            _("{name}: too large, at most {digits} digits before the point."),
            name=name,
            digits=max_digits - decimal_places,
        )
        words |= {"max_digits": too_large, "max_whole_digits": too_large} | (error_messages or {})
        super().__init__(
            min_value=min_value,
            max_digits=max_digits,
            decimal_places=decimal_places,
            label=label,
            error_messages=words,
            **kwargs,
        )


class PercentField(forms.DecimalField):
    """Per cent on the screen, a share (0 to 1) in the database."""

    def __init__(self, *, min_value=0, max_value=100, **kwargs):
        kwargs.setdefault("help_text", _("Per cent."))
        super().__init__(min_value=min_value, max_value=max_value, max_digits=6, decimal_places=2, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "step": "any"})

    def prepare_value(self, value):
        if isinstance(value, Decimal | float):
            percent = (Decimal(str(value)) * 100).normalize()
            return f"{percent:f}"
        return value

    def clean(self, value):
        percent = super().clean(value)
        return None if percent is None else percent / 100

    def has_changed(self, initial, data):
        return super().has_changed(self.to_python(self.prepare_value(initial)), data)
