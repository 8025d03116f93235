"""Fields of the forms by which time is logged: minutes, the moment it was, what goes with the chosen customer."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import MomentField, SeveralField
from customers.models import Contact, Customer
from territory import clock
from territory.rows import key_in


class PastField(MomentField):
    """A moment that has been, in the person's zone. Of an hour that the clocks gave twice, the later one that has been."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        typed = value if isinstance(value, dt.datetime) else self._parsed(str(value).strip())
        if timezone.is_aware(typed):
            return typed.astimezone(dt.UTC)
        zone = timezone.get_current_timezone()
        # In UTC, because moments of such an hour never equal those of another zone.
        second = typed.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
        return second if second <= clock.now() else typed.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)

    def _parsed(self, text: str) -> dt.datetime:
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or not 1900 < moment.year < 9000:
            raise ValidationError(_("Give a day and a time, like 2026-07-30 14:30."), code="invalid")
        return moment


class ContactsField(SeveralField):
    """Contacts of one customer, with their roles."""

    def __init__(self, **kwargs) -> None:
        super().__init__(
            Contact.objects.none(), **{"required": False, "widget": forms.CheckboxSelectMultiple, **kwargs}
        )


class LogForm(forms.Form):
    """What forms share that log on a customer: what else they offer depends on which customer is chosen."""

    # Where the errors of the actions stand in the form.
    error_fields: Mapping[str, str] = {}

    def show_only(self) -> None:
        """Show what was typed as it is, without judging it."""
        self._errors = ErrorDict()

    def typed(self, name: str) -> Any:
        """What stands in a field: typed, else given at the start."""
        if self.is_bound:
            return self.data.get(name)
        return self.initial.get(name, self.fields[name].initial)

    def chosen_customer(self, customers) -> Customer | None:
        """The customer that stands in the form, among those that may be chosen."""
        return customers.select_related("tier", "team").filter(pk=key_in(self.typed("customer"))).first()

    def take_errors(self, error: ValidationError) -> None:
        """An action's errors, at the fields of the form; those of fields it does not have stand above all."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            field = self.error_fields.get(name, name)
            self.add_error(field if field in self.fields else None, errors)

    @property
    def hidden_errors(self) -> list[str]:
        """What is wrong with fields that nobody sees."""
        return [error for field in self.hidden_fields() for error in field.errors]

    def said(self, name: str) -> bool:
        """Whether something is wrong with a field or something stands in it: then it must be seen."""
        return bool(self.errors.get(name)) or self[name].value() not in (None, "", [], ())
