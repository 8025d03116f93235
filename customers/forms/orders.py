"""Forms for orders: open, change, win, lose."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User
from accounts.permissions import Act, Area, may_all, people_within
from customers.forms.fields import CustomerField, MomentField, RowForm, VersionField
from customers.models import Customer, Order, OrderStatus, OrderStep, ProductLine, SaleType
from territory import clock
from territory.fields import AmountField, DayField, PercentField

# Settled when an order closes.
FROZEN = ("salesperson", "step", "probability", "expected_on")


def salespeople(user: User | None, present: int | None = None):
    """Active people with a membership today whose names the person may see (without `user`: all), and the one there is."""
    today = Membership.objects.on(clock.company_today())
    rows = Q(pk__in=today.values("user"), is_active=True)
    if user is not None:
        rows &= Q(pk=user.pk) | Q(pk__in=people_within(user, Area.NAMES, Act.SEE).values("pk"))
    return User.objects.filter(rows | Q(pk=present)).order_by("name", "pk")


class OrderForm(RowForm):
    """An order as a person may write it. Without `user` it holds every field (to show what is there now)."""

    probability = PercentField(label=_("Probability, %"), required=False, help_text=_("Empty: that of the step."))

    class Meta:
        model = Order
        fields = (
            "title", "amount", "product_line", "sale_type", "step", "probability", "expected_on", "opened_at",
            "salesperson", "external_id", "note",
        )  # fmt: skip
        field_classes = {"amount": AmountField, "expected_on": DayField, "opened_at": MomentField}
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"sale_type": _("Empty: new business or repeat, decided when it closes.")}

    def __init__(self, *args, user=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._fit_choices(user)
        if self.is_new:
            self.fields["opened_at"].help_text = _("Empty: now.")
        elif self.instance.status != OrderStatus.PENDING:
            for name in FROZEN:
                del self.fields[name]
        if user is not None and not may_all(user, Area.CUSTOMERS, Act.CHANGE):
            del self.fields["external_id"]
        if not self.is_new and getattr(self.instance, "seen_amount", self.instance.amount) is None:
            del self.fields["amount"]

    def _fit_choices(self, user: User | None) -> None:
        order = self.instance
        kept = {"product_line": (ProductLine, "archived_at", order.product_line_id)}
        kept |= {
            "step": (OrderStep, "retired_at", order.step_id),
            "sale_type": (SaleType, "retired_at", order.sale_type_id),
        }
        for name, (model, gone, present) in kept.items():
            self.fields[name].queryset = model.objects.filter(Q(**{f"{gone}__isnull": True}) | Q(pk=present))
        self.fields["salesperson"].queryset = salespeople(user, order.salesperson_id)

    def values(self) -> dict[str, Any]:
        """The order's own fields, for the action; an empty opening of a new order is left to the action (now)."""
        values = super().values()
        if self.is_new and values["opened_at"] is None:
            del values["opened_at"]
        return values


class NewOrderForm(OrderForm):
    """An order for a customer chosen among those the person may open orders for."""

    customer = CustomerField()

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, user=user, **kwargs)
        allowed = Customer.objects.visible_to(user).within(user, Area.ORDERS, Act.CHANGE).live()
        chosen = self.data.get("customer") if self.is_bound else self.initial.get("customer")
        self.fields["customer"].offer(user, allowed, chosen)
        self.fields["salesperson"].initial = user.pk
        self.order_fields(["customer"])


class WonForm(forms.Form):
    """When it was won, and for how much."""

    closed_at = MomentField(label=_("Won"), required=False, help_text=_("Empty: now."))
    amount = AmountField(label=_("Amount"))
    version = VersionField()

    def __init__(self, *args, amount_seen: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not amount_seen:
            del self.fields["amount"]


class LostForm(forms.Form):
    """When it was lost, and why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    closed_at = MomentField(label=_("Lost"), required=False, help_text=_("Empty: now."))
    version = VersionField()


class ReopenForm(forms.Form):
    """Nothing but the version that was shown."""

    version = VersionField()
