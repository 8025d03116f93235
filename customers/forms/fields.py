"""Fields that several forms of this room share."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.phones import check_phone
from customers.queries.search import recent_customers
from territory.together import answer


class DayInput(forms.DateInput):
    """The browser's own calendar; the value in the one format it takes."""

    input_type = "date"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day, chosen or typed as 2026-07-30."""

    widget = DayInput


class MomentInput(forms.DateTimeInput):
    """Day and time, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """Day and time."""

    widget = MomentInput


class VersionField(forms.IntegerField):
    """The version of the row that the form shows."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**{"widget": forms.HiddenInput, "min_value": 1, "required": True, **kwargs})


class SeveralField(forms.ModelMultipleChoiceField):
    """Several rows. A key too large for any row is no valid choice, rather than a fault of the database."""

    def _check_values(self, value):
        for key in value or ():
            if len(str(key)) > 18:
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key}
                )
        return super()._check_values(value)


class RowForm(forms.ModelForm):
    """A form for a row that carries a version. It checks the shape of what was typed; the rules are the action's.

    A new row has no version to show. The row itself stays as it is until the action changes it.
    """

    version = VersionField()

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and field.empty_label:
                field.empty_label = "–"
        if self.instance.pk is None:
            del self.fields["version"]
        else:
            self.fields["version"].initial = self.instance.version

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None

    def _post_clean(self) -> None:
        """Leaves the row alone: what Django does here would write into it before the rules were asked."""

    def values(self) -> dict[str, Any]:
        """The row's own fields as typed, for the action."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or () if name in self.fields}


class WithPhone(RowForm):
    """A form for a row with a telephone number. One that was stored before it was checked stays until it is changed."""

    def clean_phone(self) -> str:
        phone = self.cleaned_data["phone"]
        if phone != self.instance.phone:
            check_phone(phone)
        return phone


class _Offered(ModelChoiceIterator):
    """The few choices that are written into the page."""

    def __iter__(self) -> Iterator:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for row in self.field.offered:
            yield self.choice(row)


class CustomerField(forms.ModelChoiceField):
    """A customer by a few letters: only the chosen and recent ones stand in the page, any of `queryset` is valid.

    Call `offer(user, chosen)` from the form's __init__.
    """

    iterator = _Offered

    def __init__(self, **kwargs) -> None:
        self.offered: list[Customer] = []
        super().__init__(Customer.objects.none(), **{"label": _("Customer"), "empty_label": "", **kwargs})
        self.widget.attrs |= {
            "data-combo": reverse_lazy("customer_options"),
            "data-combo-placeholder": _("A few letters"),
        }

    def offer(self, user, customers, chosen=None) -> None:
        """Let the person choose among `customers`; write the recent ones and `chosen` (a key, as typed) into the page."""
        self.queryset = customers
        self.offered = answer(recent_customers(user, within=customers))
        known = {str(row.pk) for row in self.offered}
        key = str(chosen or "")
        if key.isascii() and key.isdecimal() and key not in known:
            self.offered = [*customers.filter(pk=int(key[:18])), *self.offered]
        self.widget.choices = self.choices
