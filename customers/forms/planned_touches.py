"""Forms for planned touches: plan, change, put off, cancel."""

import datetime as dt
import uuid as uuids
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.forms.fields import CustomerField, VersionField
from customers.forms.log_fields import LogForm
from customers.models import Customer, PlannedTouch, TouchType
from customers.queries import touch_choices as choices
from customers.working_days import working_day_after
from territory import clock
from territory.fields import DayField, MinutesField

LONGEST_REASON = 300


class TimeInput(forms.TimeInput):
    """The browser's own clock."""

    input_type = "time"

    def __init__(self, attrs=None) -> None:
        super().__init__(attrs, format="%H:%M")


class PlannedForm(LogForm):
    """A touch to be made: what, when, by whom, what for."""

    error_fields = {"duration_seconds": "minutes", "due_at": "due_time"}

    touch_type = forms.ModelChoiceField(
        TouchType.objects.none(), label=_("Type"), error_messages={"required": _("Choose what is to be done.")}
    )
    due_on = DayField(label=_("Day"), error_messages={"required": _("Say on which day.")})
    due_time = forms.TimeField(label=_("Time"), required=False, widget=TimeInput, help_text=_("Empty: any time."))
    minutes = MinutesField(label=_("Minutes"), required=False, help_text=_("Empty: the usual of the type."))
    assignee = forms.ModelChoiceField(User.objects.none(), label=_("Who"), empty_label=None)
    reason = forms.CharField(label=_("What for"), required=False, max_length=LONGEST_REASON)

    def __init__(self, data=None, *, user: User, planned: PlannedTouch | None = None, initial=None) -> None:
        super().__init__(data, initial=initial)
        self.user, self.planned = user, planned
        self.chosen = planned.customer if planned else self._settle_customer()
        self.fields["touch_type"].queryset = choices.types(planned.type_id if planned else None)
        named = [planned.assignee_id] if planned and planned.assignee_id else []
        self.fields["assignee"].queryset = choices.colleagues(user, self.chosen, named)

    def _settle_customer(self):
        return None

    def values(self) -> dict[str, Any]:
        """What was said, for the action."""
        said = self.cleaned_data
        at = None
        if said["due_time"] is not None:
            at = dt.datetime.combine(said["due_on"], said["due_time"], tzinfo=clock.zone_of(self.user))
        seconds = said["minutes"]
        return {
            "touch_type": said["touch_type"],
            "due_on": said["due_on"],
            "due_at": at,
            "assignee": said["assignee"],
            "duration_seconds": said["touch_type"].default_seconds if seconds is None else seconds,
            "reason": said["reason"],
        }


class NewPlannedForm(PlannedForm):
    """A new plan; it carries its own number, so that sending it twice plans once."""

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)
    customer = CustomerField(error_messages={"required": _("Choose the customer.")})

    field_order = ("uuid", "back", "customer")

    def _settle_customer(self):
        customers = choices.loggable(self.user)
        self.fields["customer"].offer(self.user, customers, self.typed("customer"))
        return self.chosen_customer(customers)

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was another plan."""
        self.data = self.data.copy()
        self.data["uuid"] = str(uuids.uuid4())


def start_of_plan(user: User, customer: Customer | None, touch_type: int | None) -> dict[str, Any]:
    """What a new plan starts with: oneself, on the next working day."""
    day = working_day_after(clock.today(user), 1)
    known = {"customer": customer.pk} if customer else {}
    return {"uuid": uuids.uuid4(), "touch_type": touch_type, "due_on": day, "assignee": user.pk, **known}


class PlannedEditForm(PlannedForm):
    """What is planned, to be changed as it was shown."""

    version = VersionField()

    def __init__(self, data=None, *, user: User, planned: PlannedTouch) -> None:
        super().__init__(data, user=user, planned=planned, initial=planned_as_typed(planned, user))


def planned_as_typed(planned: PlannedTouch, user: User) -> dict[str, Any]:
    """A planned touch as it stands in the form."""
    at = planned.due_at
    return {
        "touch_type": planned.type_id,
        "due_on": planned.due_on,
        "due_time": at.astimezone(clock.zone_of(user)).time() if at else None,
        "minutes": planned.duration_seconds,
        "assignee": planned.assignee_id,
        "reason": planned.reason,
        "version": planned.version,
    }


class PutOffForm(LogForm):
    """Until when, and why."""

    until = DayField(label=_("Until"), error_messages={"required": _("Say until which day.")})
    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, error_messages={"required": _("Say why it is put off.")}
    )
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)


class CancelForm(LogForm):
    """Why it will not be done."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=100)
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)
