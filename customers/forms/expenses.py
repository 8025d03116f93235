"""Forms for expenses: note one on the phone, change a draft, decide, filter the list."""

from __future__ import annotations

import uuid as uuids
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.forms.utils import ErrorDict
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from customers.actions.expenses import ExpenseEntry
from customers.forms.fields import CustomerField, RowField, VersionField
from customers.forms.log_fields import LogForm
from customers.models import Customer, Expense, ExpenseKind, ExpenseStatus, Order, Touch
from customers.queries import expenses as queries
from customers.queries import touch_choices
from customers.receipts import NotAReceipt, ReceiptFile, checked
from territory.fields import AmountField, DayField
from territory.middleware import MEGABYTE
from territory.rows import key_in

ICONS = {
    ExpenseKind.TRAVEL: "truck",
    ExpenseKind.DEMO: "easel",
    ExpenseKind.SAMPLE: "bag-check",
    ExpenseKind.OVERHEAD: "building",
    ExpenseKind.OTHER: "three-dots",
}
# What phones offer; without HEIC a phone that takes its photos so sends a JPEG. The server looks at the content, not at this.
PHOTOS = "image/jpeg,image/png,image/webp"
# What was picked stays picked when the form comes back because of something else.
PICKED = {"data-receipt": "", "hx-preserve": "true"}


class ReceiptField(forms.FileField):
    """A photo or PDF, told by its content; what it is called is not asked."""

    default_error_messages = {"large": _("The receipt is larger than %(most)d MB. Take the photo smaller.")}

    def clean(self, data: Any, initial: Any = None) -> ReceiptFile | None:
        if not data:
            return None
        most = settings.RECEIPT_MOST_MB
        if data.size > most * MEGABYTE:
            raise forms.ValidationError(self.error_messages["large"], code="large", params={"most": most})
        try:
            return checked(data.read())
        except NotAReceipt as error:
            raise forms.ValidationError(str(error)) from None


class ExpenseForm(LogForm):
    """An expense as a person tells it: for a customer, one of its orders, or a team."""

    amount = AmountField(
        label=_("Amount"),
        min_value=Decimal("0.01"),
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=ExpenseKind.choices, initial=ExpenseKind.TRAVEL)
    spent_on = DayField(label=_("Day"), error_messages={"required": _("Say on which day.")})
    customer = CustomerField(required=False)
    order = forms.ModelChoiceField(
        Order.objects.none(), label=_("For the order"), required=False, empty_label=_("none")
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("For the team"), required=False, empty_label=_("none"))
    km = AmountField(
        label=_("Kilometres driven"),
        min_value=Decimal("0.1"),
        max_digits=7,
        decimal_places=1,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}),
    )
    touch = RowField(Touch.objects.none(), required=False, widget=forms.HiddenInput)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=10_000)
    photo = ReceiptField(
        label=_("Take a photo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": PHOTOS, "capture": "environment", **PICKED}),
    )
    file = ReceiptField(
        label=_("Receipt, a photo or a PDF"),
        required=False,
        widget=forms.FileInput(attrs={"accept": f"{PHOTOS},application/pdf", "class": "form-control", **PICKED}),
    )

    def __init__(
        self, data=None, files=None, *, user: User, expense: Expense | None = None, initial: dict | None = None
    ) -> None:
        super().__init__(data, files, initial=initial)
        self.user, self.expense = user, expense
        self.rate = queries.rate_per_km()
        customers = queries.customers_to_note_on(user)
        there = self._present_customer()
        if there is not None:
            customers = Customer.objects.filter(Q(pk__in=customers.values("pk")) | Q(pk=there))
        self.fields["customer"].offer(user, customers, self.typed("customer"))
        self.chosen = self.chosen_customer(customers)
        self.fields["order"].queryset = touch_choices.orders(user, self.chosen, expense.order_id if expense else None)
        self.fields["team"].queryset = queries.teams_to_note_for(user, expense.team_id if expense else None)
        self._offer_touch()
        if self.rate is None and (expense is None or expense.km is None):
            del self.fields["km"]

    def _present_customer(self) -> int | None:
        if self.expense is None:
            return None
        return self.expense.order.customer_id if self.expense.order else self.expense.customer_id

    def _offer_touch(self) -> None:
        """The touch that the form came with: visible to who sends it, or the one there is."""
        asked = key_in(self.typed("touch"))
        if asked is None:
            return
        known = Q(pk=self.expense.touch_id) if self.expense and self.expense.touch_id else Q(pk__in=[])
        seen = Touch.objects.visible_to(self.user).live().values("pk")
        self.fields["touch"].rows = list(Touch.objects.filter(Q(pk__in=seen) | known, pk=asked))

    @property
    def kind_choices(self) -> list[tuple[str, str, str, bool]]:
        """Value, word, icon, and whether it is chosen."""
        chosen = str(self.typed("kind"))
        return [(kind.value, str(kind.label), icon, kind.value == chosen) for kind, icon in ICONS.items()]

    @property
    def team_said(self) -> bool:
        return self.said("team")

    def clean(self) -> dict:
        super().clean()
        said = self.cleaned_data
        self._clean_subject(said)
        if said.get("km") and said.get("kind") != ExpenseKind.TRAVEL and "kind" not in self.errors:
            self.add_error("km", _("Kilometres go with travel."))
        if "amount" not in self.errors and said.get("amount") is None:
            if said.get("km") and self.rate is not None:
                said["amount"] = queries.cost_of_km(said["km"], self.rate)
            else:
                self.add_error("amount", _("Say how much it was."))
        return said

    def _clean_subject(self, said: dict) -> None:
        if {"customer", "order", "team"} & set(self.errors):
            return
        if not any(said.get(name) for name in ("customer", "order", "team")):
            self.add_error("customer", _("Say what it was for: a customer, one of its orders, or a team."))
        elif said.get("team") and said.get("customer"):
            self.add_error("team", _("Either for a customer or for a team, not for both."))

    @property
    def receipt(self) -> ReceiptFile | None:
        """The photo that was taken, else the file that was chosen."""
        return self.cleaned_data.get("photo") or self.cleaned_data.get("file")

    def entry(self) -> ExpenseEntry:
        """What was said, for the action: of a customer and its order the order."""
        said = self.cleaned_data
        return ExpenseEntry(
            spent_on=said["spent_on"],
            amount=said["amount"],
            kind=said["kind"],
            order=said["order"],
            customer=None if said["order"] else said["customer"],
            team=said["team"],
            touch=said["touch"],
            km=said.get("km"),
            note=said["note"],
        )


class NewExpenseForm(ExpenseForm):
    """An expense that is not noted yet; it carries its own number."""

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was something else."""
        self.data = self.data.copy()
        self.data["uuid"] = str(uuids.uuid4())


class ExpenseEditForm(ExpenseForm):
    """A draft to be changed, as it was shown."""

    version = VersionField()
    without_receipt = forms.BooleanField(label=_("Take the receipt away"), required=False)

    def __init__(self, data=None, files=None, *, user: User, expense: Expense) -> None:
        super().__init__(data, files, user=user, expense=expense, initial=expense_as_typed(expense))
        if not expense.receipt_type:
            del self.fields["without_receipt"]


def expense_as_typed(expense: Expense) -> dict[str, Any]:
    """An expense as it stands in the form."""
    return {
        "amount": expense.amount,
        "kind": expense.kind,
        "spent_on": expense.spent_on,
        "customer": expense.order.customer_id if expense.order else expense.customer_id,
        "order": expense.order_id,
        "team": expense.team_id,
        "touch": expense.touch_id,
        "km": expense.km,
        "note": expense.note,
        "version": expense.version,
    }


class DecisionForm(forms.Form):
    """Approve, or refuse with a reason, as it was shown."""

    version = VersionField()
    status = forms.ChoiceField(
        label=_("Decision"),
        choices=[(each.value, capfirst(each.label)) for each in ExpenseStatus],
        error_messages={"required": _("Approve it, or refuse it.")},
    )
    reason = forms.CharField(label=_("Reason of refusal"), required=False, max_length=300)

    def clean_status(self) -> str:
        status = self.cleaned_data["status"]
        if status not in (ExpenseStatus.APPROVED, ExpenseStatus.REFUSED):
            raise forms.ValidationError(_("Approve it, or refuse it."))
        return status


class VersionForm(forms.Form):
    """A step of an expense as it was shown, with nothing to say."""

    version = VersionField()


class ExpenseFilterForm(forms.Form):
    """Filters of the list; what is wrong in an address is left out."""

    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("any")), *((s.value, capfirst(s.label)) for s in ExpenseStatus)],
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("any")), *((k.value, capfirst(k.label)) for k in ExpenseKind)]
    )
    person = forms.ModelChoiceField(User.objects.none(), label=_("Person"), required=False, empty_label=_("anyone"))
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("Until"), required=False)

    def __init__(self, *args, authors: QuerySet[User] | None = None, **kwargs) -> None:
        """`authors`: those to choose from; without them all are of one person."""
        super().__init__(*args, **kwargs)
        if authors is None:
            del self.fields["person"]
        else:
            self.fields["person"].queryset = authors

    def full_clean(self) -> None:
        """Mostly none is in the address, and then there is nothing to check."""
        if self.data.keys() & self.fields.keys():
            super().full_clean()
        else:
            self._errors, self.cleaned_data = ErrorDict(), {}

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())
