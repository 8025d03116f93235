"""Forms of handing over: to whom, from when, and what a person ticked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, User
from accounts.permissions import Area
from customers.forms.covers import SeatField, seats_within
from territory import clock
from territory.fields import DayField


class OthersField(forms.BooleanField):
    """Whether what a person has planned and pending on customers that they do not work on goes to somebody else too."""

    def __init__(self) -> None:
        super().__init__(
            label=_("With what they planned and sell on other customers"),
            required=False,
            help_text=_("It goes to who owns the customer; where nobody does, to who gets the others."),
        )


class HandOverForm(forms.Form):
    """To whom and from when a person's customers go."""

    to = SeatField(queryset=Membership.objects.none(), label=_("To"))
    on = DayField(label=_("From"), help_text=_("The first day on which the other works on them."))
    orders = forms.BooleanField(
        label=_("With the pending orders"),
        required=False,
        help_text=_("Their salesperson changes at once, whatever the day."),
    )
    others = OthersField()

    def __init__(self, actor: User, person: User, data: Any = None) -> None:
        super().__init__(data, initial={"on": clock.company_today(), "orders": True, "others": True})
        self.fields["to"].queryset = seats_within(actor, Area.CUSTOMERS, person)

    def clean_on(self):
        """What was worked on in the past stays as it was."""
        on = self.cleaned_data["on"]
        if on < clock.company_today():
            raise forms.ValidationError(_("This day is over. Choose today or later."))
        return on


class LeaveForm(forms.Form):
    """When somebody's memberships end, and to whom their customers go."""

    last_day = DayField(
        label=_("Last day"),
        required=False,
        help_text=_("Memberships and what is not handed over end on it. Empty: they stay, as unstaffed work."),
    )
    to = SeatField(
        queryset=Membership.objects.none(),
        label=_("Hand over to"),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("You see what goes before it does."),
    )
    orders = forms.BooleanField(label=_("With the pending orders"), required=False)
    others = OthersField()

    def __init__(self, actor: User, person: User, data: Any = None) -> None:
        super().__init__(data, initial={"orders": True, "others": True})
        self.fields["to"].queryset = seats_within(actor, Area.CUSTOMERS, person)


def ticked(rows: list[str]) -> dict[int, int] | None:
    """Primary key -> version of what was ticked; None where something else was sent.

    One box may stand for several assignments: their keys are parted by spaces.
    """
    found = {}
    for key in (key for row in rows for key in row.split()):
        pk, colon, version = key.partition(":")
        if not (colon and pk.isascii() and pk.isdecimal() and version.isascii() and version.isdecimal()):
            return None
        found[int(pk[:18])] = int(version[:9])
    return found
