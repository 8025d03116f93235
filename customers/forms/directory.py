"""A touch with a customer of the directory: "they called in". The customer is fixed and nothing of it is shown."""

import uuid as uuids
from typing import Any

from django import forms

from accounts.models import User
from customers.actions.touch_entries import Participant, TouchEntry
from customers.forms.touches import OUTCOME_ICONS, TouchForm
from customers.models import Customer, TouchOutcome
from territory import clock

# "No answer" would plan a retry on a customer that is not one's own.
OUTCOMES = [each for each in TouchOutcome if each != TouchOutcome.NO_ANSWER]

# Seconds that somebody's calling in usually takes.
CALLED_IN = 600


class CardTouchForm(TouchForm):
    """What was done, when, how long, how it went, and a note; who logs it took part."""

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))

    def __init__(self, data=None, *, user: User) -> None:
        start: dict[str, Any] = {"uuid": uuids.uuid4(), "at": clock.now().replace(second=0, microsecond=0)}
        super().__init__(data, user=user, initial=start | {"minutes": CALLED_IN})
        kept = {"uuid", "type", "at", "minutes", "travel", "outcome", "note"}
        for name in [name for name in self.fields if name not in kept]:
            del self.fields[name]
        self.fields["outcome"].choices = [(each.value, each.label) for each in OUTCOMES]

    @property
    def outcome_choices(self) -> list[tuple[str, str, str, bool]]:
        chosen = self["outcome"].value()
        return [(each.value, each.label, OUTCOME_ICONS[each], each.value == chosen) for each in OUTCOMES]

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was another touch."""
        self.data = self.data.copy()
        self.data["uuid"] = str(uuids.uuid4())

    def entry_with(self, customer: Customer) -> TouchEntry:
        """What was said, for the action."""
        said = self.cleaned_data
        minutes, travel = said["minutes"] or 0, said["travel"] or 0
        return TouchEntry(
            customer=customer,
            type=said["type"],
            at=said["at"],
            participants=(Participant(user=self.user, duration_seconds=minutes, travel_seconds=travel),),
            duration_seconds=minutes,
            travel_seconds=travel,
            outcome=said["outcome"],
            note=said["note"],
        )
