"""Forms for touches that are there: correct one, mend its minutes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.actions.touches import Participant, TouchEntry
from customers.forms.fields import VersionField
from customers.forms.touches import TouchForm
from customers.models import Touch
from customers.models.touches import IMPLAUSIBLE_SECONDS
from territory.fields import MinutesField


class TouchEditForm(TouchForm):
    """A touch to be corrected, as it was shown."""

    version = VersionField()

    def __init__(self, data=None, *, user: User, touch: Touch) -> None:
        super().__init__(data, user=user, touch=touch, initial=touch_as_typed(touch))


def touch_as_typed(touch: Touch) -> dict[str, Any]:
    """A touch as it stands in the form; the minutes of several people are those of the first, where not said."""
    people = list(touch.people.all())
    minutes = people[0].duration_seconds if people else touch.duration_seconds
    travel = people[0].travel_seconds if people else touch.travel_seconds
    own = {
        f"{name}_{person.user_id}": value
        for person in people
        for name, value, usual in (
            ("minutes", person.duration_seconds, minutes),
            ("travel", person.travel_seconds, travel),
        )
        if value != usual
    }
    return {
        "type": touch.type_id,
        "at": touch.at.replace(second=0, microsecond=0),
        "minutes": minutes,
        "travel": travel or None,
        "outcome": touch.outcome,
        "contacts": [contact.pk for contact in touch.contacts.all()],
        "order": touch.order_id,
        "people": [person.user_id for person in people],
        "note": touch.note,
        "version": touch.version,
        **own,
    }


class MendForm(forms.Form):
    """The minutes of a touch that was implausible."""

    version = VersionField()
    minutes = MinutesField(
        label=_("Minutes"),
        min_value=1,
        max_value=IMPLAUSIBLE_SECONDS // 60,
        help_text=_("Each person's, without travel."),
    )

    def entry(self, touch: Touch) -> TouchEntry:
        """The touch as it is, with these minutes for who was too long."""
        seconds = self.cleaned_data["minutes"]

        def mended(present: int) -> int:
            return seconds if present > IMPLAUSIBLE_SECONDS else present

        return TouchEntry(
            customer=touch.customer,
            type=touch.type,
            at=touch.at,
            participants=tuple(
                Participant(
                    user=person.user,
                    duration_seconds=mended(person.duration_seconds),
                    travel_seconds=person.travel_seconds,
                )
                for person in touch.people.all()
            ),
            duration_seconds=mended(touch.duration_seconds),
            travel_seconds=touch.travel_seconds,
            contacts=tuple(touch.contacts.all()),
            outcome=touch.outcome,
            order=touch.order,
            note=touch.note,
        )
