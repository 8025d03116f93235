"""Fields that several forms of this room share."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.phones import check_phone
from customers.queries.search import recent_customers
from territory.fields import in_calendar
from territory.together import answer


class MomentInput(forms.DateTimeInput):
    """Day and time, in the reader's zone."""

    input_type = "datetime-local"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """Day and time."""

    widget = MomentInput
    default_validators = [in_calendar]


class VersionField(forms.IntegerField):
    """The version of the row that the form shows."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**{"widget": forms.HiddenInput, "min_value": 1, "required": True, **kwargs})


class _Offered(ModelChoiceIterator):
    """The rows that a field writes into the page, looked for when it does."""

    def __init__(self, field: Any) -> None:
        self.field = field

    @property
    def queryset(self) -> QuerySet:  # type: ignore[override]
        return self.field.queryset

    def __iter__(self) -> Iterator:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        for row in self.field.offered:
            yield self.choice(row)

    def __len__(self) -> int:
        return len(self.field.offered) + (self.field.empty_label is not None)

    def __bool__(self) -> bool:
        return len(self) > 0


class Later(forms.ModelChoiceField):
    """A choice among rows that are looked for when somebody asks: who sends a form that says nothing here needs none of them."""

    iterator = _Offered
    _find: Callable[[], QuerySet] | None = None
    _find_offered: Callable[[], Sequence[Any]] | None = None

    def find_later(self, find: Callable[[], QuerySet], offered: Callable[[], Sequence[Any]] | None = None) -> None:
        """`find` what is valid, and what is `offered` on the page: the same unless it is said."""
        self._find, self._find_offered = find, offered

    @property
    def offered(self) -> Sequence[Any]:
        """The rows that are written into the page."""
        return list(self.queryset) if self._find_offered is None else self._find_offered()

    @property
    def queryset(self) -> QuerySet:
        find, self._find = self._find, None
        if find is not None:
            self._set_queryset(find())
        return self._queryset

    @queryset.setter
    def queryset(self, rows: QuerySet) -> None:
        self._set_queryset(rows)


class RowField(forms.ModelChoiceField):
    """One of `rows` that the form has read already."""

    iterator = _Offered
    rows: Sequence[Any] = ()

    @property
    def offered(self) -> Sequence[Any]:
        """The rows that are written into the page."""
        return self.rows

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        for row in self.rows:
            if str(row.pk) == str(getattr(value, "pk", value)):
                return row
        raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value})


class SeveralField(Later, forms.ModelMultipleChoiceField):
    """Several rows. A key too large for any row is no valid choice, rather than a fault of the database.

    Where the form has read all `rows` of the queryset already, they are not asked for again.
    """

    rows: Sequence[Any] | None = None

    def clean(self, value: Any) -> Any:
        return super().clean(value) if value or self.required else []

    def _check_values(self, value):
        for key in value or ():
            if len(str(key)) > 18:
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key}
                )
        if self.rows is None:
            return super()._check_values(value)
        asked = {str(key) for key in value}
        for key in sorted(asked - {str(row.pk) for row in self.rows}):
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key})
        return [row for row in self.rows if str(row.pk) in asked]


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


class CustomerField(Later):
    """A customer by a few letters: only the chosen and recent ones stand in the page, any of `queryset` is valid.

    Call `offer(user, chosen)` from the form's __init__.
    """

    _chosen: Customer | None = None

    def __init__(self, **kwargs) -> None:
        super().__init__(Customer.objects.none(), **{"label": _("Customer"), "empty_label": "", **kwargs})
        self.widget.attrs |= {
            "data-combo": reverse_lazy("customer_options"),
            "data-combo-placeholder": _("A few letters"),
        }

    def offer(self, user, customers: QuerySet[Customer] | Q, chosen: Any = None) -> None:
        """Let the person choose among `customers`, or live ones with a condition; write the recent ones and `chosen` (one of
        them, or a key as typed) into the page. They are looked for when the page is drawn: what is sent and saved needs none
        of them.
        """
        self._chosen = chosen if isinstance(chosen, Customer) else None
        self.find_later(
            lambda: customers if isinstance(customers, QuerySet) else Customer.objects.live().filter(customers),
            lambda: _with_chosen(answer(recent_customers(user, within=customers)), self.queryset, chosen),
        )

    def to_python(self, value: Any) -> Customer | None:
        """The customer, not asked for again where it was among those offered."""
        if self._chosen is not None and str(value) == str(self._chosen.pk):
            return self._chosen
        return super().to_python(value)


def _with_chosen(recent: list[Customer], customers: QuerySet[Customer], chosen: Any) -> list[Customer]:
    key = str(chosen.pk if isinstance(chosen, Customer) else chosen or "")
    if not (key.isascii() and key.isdecimal()) or key in {str(row.pk) for row in recent}:
        return recent
    return [*(customers.filter(pk=int(key[:18])) if not isinstance(chosen, Customer) else [chosen]), *recent]
