"""Form fields that everyone uses."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _


class MinutesField(forms.DecimalField):
    """Minutes on the screen, whole seconds in the database."""

    def __init__(self, *, min_value=0, max_value=24 * 60, **kwargs):
        super().__init__(min_value=min_value, max_value=max_value, max_digits=7, decimal_places=2, **kwargs)
        self.widget.attrs.update({"inputmode": "decimal", "step": "any"})

    def prepare_value(self, value):
        if isinstance(value, int):
            minutes = Decimal(value) / 60
            return int(minutes) if minutes == int(minutes) else round(minutes, 2)
        return value

    def clean(self, value):
        minutes = super().clean(value)
        return None if minutes is None else int((minutes * 60).to_integral_value())

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


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
        return super().has_changed(self.prepare_value(initial), data)
