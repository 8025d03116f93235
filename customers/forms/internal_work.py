"""Forms for internal work: minutes spent without touching a customer."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from customers.actions.internal_work import WorkEntry
from customers.forms.fields import CustomerField, VersionField
from customers.forms.log_fields import LogForm
from customers.models import Customer, InternalWork, Order, WorkKind
from customers.queries import touch_choices as choices
from territory.fields import DayField, MinutesField


def kinds() -> list[tuple[str, str]]:
    """The kinds of work as they begin a line."""
    return [(value, capfirst(str(label))) for value, label in WorkKind.choices]


class WorkForm(LogForm):
    """Internal work as a person tells it: for a customer, one of its orders, or a team."""

    error_fields = {"duration_seconds": "minutes"}

    kind = forms.ChoiceField(label=_("Kind"), choices=kinds, initial=WorkKind.COORDINATION)
    minutes = MinutesField(
        label=_("Minutes"), max_value=24 * 60, error_messages={"required": _("Say how many minutes it took.")}
    )
    spent_on = DayField(label=_("Day"), error_messages={"required": _("Say on which day.")})
    customer = CustomerField(required=False)
    order = forms.ModelChoiceField(
        Order.objects.none(), label=_("For the order"), required=False, empty_label=_("none")
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("For the team"), required=False, empty_label=_("none"))
    user = forms.ModelChoiceField(User.objects.none(), label=_("Who"), empty_label=None)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)

    def __init__(self, data=None, *, user: User, work: InternalWork | None = None, initial: dict | None = None) -> None:
        super().__init__(data, initial=initial)
        self.user, self.work = user, work
        customers = choices.loggable(user)
        if work and work.customer_id:
            customers = Customer.objects.filter(Q(pk__in=customers.values("pk")) | Q(pk=work.customer_id))
        self.fields["customer"].offer(user, customers, self.typed("customer"))
        self.chosen = self.chosen_customer(customers)
        self.fields["order"].queryset = choices.orders(user, self.chosen, work.order_id if work else None)
        self.fields["team"].queryset = choices.teams_to_work_for(user, work.team_id if work else None)
        self.fields["user"].queryset = choices.workers(user, work.user_id if work else None)
        if self.fields["user"].queryset.count() < 2 and work is None:
            del self.fields["user"]

    def clean(self) -> dict:
        super().clean()
        said = self.cleaned_data
        if said.get("minutes") == 0:
            self.add_error("minutes", _("Minutes must be 1 or more."))
        asked = {"customer", "order", "team"} - set(self.errors)
        if len(asked) == 3 and not any(said.get(name) for name in asked):
            self.add_error("customer", _("Say which customer, order or team the work was for."))
        return said

    def entry(self) -> WorkEntry:
        """What was said, for the action."""
        said = self.cleaned_data
        return WorkEntry(
            user=said.get("user") or self.user,
            kind=said["kind"],
            spent_on=said["spent_on"],
            duration_seconds=said["minutes"],
            customer=said["customer"],
            order=said["order"],
            team=said["team"],
            note=said["note"],
        )


class NewWorkForm(WorkForm):
    """Work that is not logged yet; it carries its own number."""

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was something else."""
        self.data = self.data.copy()
        self.data["uuid"] = str(uuids.uuid4())


class WorkEditForm(WorkForm):
    """Internal work to be corrected, as it was shown."""

    version = VersionField()

    def __init__(self, data=None, *, user: User, work: InternalWork) -> None:
        super().__init__(data, user=user, work=work, initial=work_as_typed(work))


def work_as_typed(work: InternalWork) -> dict[str, Any]:
    """Internal work as it stands in the form."""
    return {
        "kind": work.kind,
        "minutes": work.duration_seconds,
        "spent_on": work.spent_on,
        "customer": work.customer_id,
        "order": work.order_id,
        "team": work.team_id,
        "user": work.user_id,
        "note": work.note,
        "version": work.version,
    }
