"""What a division of customers is to keep, and the acceptance of one."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, RoleFunction, Team, User
from accounts.permissions import Act, Area, scope, teams_within, whole_teams_reached
from customers.models import Tier
from planning.models import Balanced
from territory import clock
from territory.fields import DayField


class AlignmentForm(forms.Form):
    """Whose customers are divided, what is to be even, and what stays."""

    team = forms.ModelChoiceField(
        queryset=Team.objects.none(), label=_("Team"), empty_label=None, help_text=_("With the teams below it.")
    )
    role = forms.ModelChoiceField(queryset=Role.objects.none(), label=_("Role"), empty_label=None)
    balance = forms.ChoiceField(label=_("Even"), help_text=_("Each by their hours for customers."))
    tolerance = forms.IntegerField(
        label=_("Within, %"), min_value=1, max_value=100, initial=10, help_text=_("Above or below what is even.")
    )
    move_km = forms.DecimalField(
        label=_("A move must save, km a month"),
        min_value=Decimal(0),
        max_value=Decimal(10000),
        max_digits=6,
        decimal_places=1,
        initial=20,
        help_text=_("The more, the fewer customers change hands."),
    )
    connected = forms.BooleanField(
        label=_("Connected areas"),
        required=False,
        help_text=_("Nobody's customers lie among another's. Where they do now, many more change hands."),
    )
    tiers = forms.ModelMultipleChoiceField(
        queryset=Tier.objects.none(),
        label=_("Customers who stay, by tier"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    orders = forms.BooleanField(label=_("Who has a pending order stays"), required=False, initial=True)

    def __init__(self, actor: User, data: Any = None) -> None:
        super().__init__(data)
        self.fields["team"].queryset = teams_to_divide(actor)
        self.fields["role"].queryset = Role.objects.live().filter(function=RoleFunction.SALES)
        self.fields["tiers"].queryset = Tier.objects.filter(retired_at__isnull=True)
        self._seen = whole_teams_reached(scope(actor, Area.AMOUNTS, Act.SEE))
        self.fields["balance"].choices = [
            choice for choice in Balanced.choices if choice[0] != Balanced.POTENTIAL or self._seen.exists()
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        by_potential = said.get("balance") == Balanced.POTENTIAL and "team" in said
        if by_potential and not self._seen.filter(pk=said["team"].pk).exists():
            self.add_error("balance", _("The potential of this team's customers is not within your reach."))
        return said

    def wanted(self) -> dict[str, Any]:
        """For the action."""
        said = self.cleaned_data
        return {
            "team": said["team"],
            "role": said["role"],
            "balance": said["balance"],
            "tolerance": Decimal(said["tolerance"]) / 100,
            "move_km": said["move_km"],
            "connected": said["connected"],
            "locked": {"tiers": [row.pk for row in said["tiers"]], "orders": said["orders"], "customers": []},
        }


def teams_to_divide(actor: User):
    """Teams whose customers the person may change and whose totals of work they may see."""
    seen = teams_within(actor, Area.BUDGETS, Act.SEE).order_by().values("pk")
    return (
        teams_within(actor, Area.CUSTOMERS, Act.CHANGE).filter(pk__in=seen, archived_at__isnull=True).order_by("name")
    )


class AcceptForm(forms.Form):
    """From which day on the ticked customers change hands."""

    on = DayField(label=_("From"), help_text=_("The first day on which the other works on them."))
    with_orders = forms.BooleanField(
        label=_("With the pending orders"),
        required=False,
        help_text=_("Their salesperson changes at once, whatever the day."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"on": clock.company_today()})

    def clean_on(self):
        """What was worked on in the past stays as it was."""
        on = self.cleaned_data["on"]
        if on < clock.company_today():
            raise forms.ValidationError(_("This day is over. Choose today or later."))
        return on
