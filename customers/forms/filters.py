"""The filters of the lists: plain GET forms, read from the address and shown when they are opened."""

from functools import partial

from django import forms
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.permissions import Act, Area, people_within
from customers.extensions import customer_filters
from customers.forms.fields import SeveralField
from customers.models import CircumstanceKind, Market, OrderStep, ProductLine, Stage, Tier


def _ticks(**options) -> dict:
    return {"required": False, "widget": forms.CheckboxSelectMultiple, **options}


def people_to_choose(user: User) -> QuerySet[User]:
    """Who ever worked somewhere, as far as the person may see names."""
    return people_within(user, Area.NAMES, Act.SEE).filter(memberships__isnull=False).distinct()


class _Filters(forms.Form):
    """A form of filters. Mostly none is in the address, and then there is nothing to check."""

    def full_clean(self) -> None:
        if self.data.keys() & self.fields.keys():
            super().full_clean()
        else:
            self._errors, self.cleaned_data = ErrorDict(), {}

    def chosen(self, name: str) -> list:
        """What was validly chosen for a filter, as a list; empty when nothing was."""
        value = self.cleaned_data.get(name)
        if isinstance(value, bool | str):
            return [value] if value else []
        return list(value or [])

    def chosen_labels(self, name: str) -> list[str]:
        """The chosen values as words."""
        field, chosen = self.fields[name], self.chosen(name)
        if isinstance(field, forms.MultipleChoiceField) and not isinstance(field, SeveralField):
            words = {str(value): str(label) for value, label in field.choices}
            return [words[value] for value in chosen]
        return [str(_("yes")) if value is True else str(value) for value in chosen]


class CustomerFilterForm(_Filters):
    """Filters of the list of customers; rooms above add theirs (customers.extensions). Nothing is required."""

    tier = SeveralField(Tier.objects.live(), label=_("Tier"), **_ticks())
    stage = forms.MultipleChoiceField(
        choices=[(stage.value, capfirst(stage.label)) for stage in Stage], label=_("Stage"), **_ticks()
    )
    market = SeveralField(Market.objects.live(), label=_("Market"), required=False)
    team = SeveralField(Team.objects.live(), label=_("Team"), required=False)
    person = SeveralField(User.objects.none(), label=_("Person"), required=False)
    circumstance = SeveralField(CircumstanceKind.objects.live(), label=_("Circumstance now"), **_ticks())
    archived = forms.BooleanField(label=_("Archived ones instead"), required=False)

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_to_choose(user)
        self.contributed = customer_filters.visible_to(user)
        for item in self.contributed:
            self.fields[item.key] = forms.MultipleChoiceField(
                label=item.label, choices=partial(item.choices, user), **_ticks()
            )
        self.order_fields([name for name in self.fields if name != "archived"] + ["archived"])


class OrderFilterForm(_Filters):
    """Filters of the list of orders."""

    team = SeveralField(Team.objects.live(), label=_("Team"), required=False)
    person = SeveralField(User.objects.none(), label=_("Salesperson"), required=False)
    month = forms.RegexField(
        r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])\Z",
        label=_("Expected in month"),
        required=False,
        widget=forms.TextInput(attrs={"type": "month"}),
        error_messages={"invalid": _("A month reads like 2026-07.")},
    )
    close = forms.MultipleChoiceField(
        choices=[
            ("overdue", _("Overdue")),
            ("this", _("This month")),
            ("next", _("Next month")),
            ("later", _("Later")),
            ("none", _("No date")),
        ],
        label=_("Expected close"),
        **_ticks(),
    )
    step = SeveralField(OrderStep.objects.all(), label=_("Step"), required=False)
    nostep = forms.BooleanField(label=_("Without a step"), required=False)
    line = SeveralField(ProductLine.objects.live(), label=_("Product line"), required=False)
    market = SeveralField(Market.objects.live(), label=_("Market"), required=False)
    tier = SeveralField(Tier.objects.live(), label=_("Tier"), **_ticks())

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people_to_choose(user)
