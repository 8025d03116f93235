"""Forms for touches: what they have in common, and the one that logs."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import User
from accounts.permissions import stands_in
from customers import extensions
from customers.actions.touches import NextStep, Participant, TouchEntry
from customers.forms.fields import CustomerField, Later, RowField, SeveralField
from customers.forms.log_fields import ContactsField, LogForm, PastField
from customers.models import Contact, Customer, Order, PlannedTouch, Touch, TouchChannel, TouchOutcome, TouchType
from customers.models.touches import IMPLAUSIBLE_SECONDS
from customers.queries import touch_choices as choices
from territory.fields import DayField, MinutesField
from territory.rows import key_in

OUTCOME_ICONS = {
    TouchOutcome.ADVANCED: "arrow-up-right",
    TouchOutcome.NEUTRAL: "arrow-right",
    TouchOutcome.SET_BACK: "arrow-down-right",
    TouchOutcome.NO_ANSWER: "telephone-x",
}
# So many types are large buttons at once, the others fold.
FIRST_TYPES = 5
# Says minutes as they stand in a form.
MINUTES = MinutesField()


class TypeChoice(Struct, frozen=True, dict=True):
    """A type as a large button; `seconds` and `tier` where a rule says how long it usually takes on this customer."""

    row: TouchType
    chosen: bool
    seconds: int | None = None
    tier: Any = None

    @cached_property
    def minutes(self) -> str:
        return MINUTES.prepare_value(self.row.default_seconds if self.seconds is None else self.seconds)

    @cached_property
    def usual(self) -> str:
        if self.seconds is None or self.tier is None:
            return _("%(minutes)s is usual") % {"minutes": self.minutes}
        return _("%(minutes)s is usual for tier %(tier)s") % {"minutes": self.minutes, "tier": self.tier}

    @property
    def save(self) -> str:
        """What the button says: the type's name within a sentence, unless it begins with an abbreviation."""
        name = self.row.name
        within = name if name[1:2].isupper() else name[:1].lower() + name[1:]
        return _("Save %(type)s") % {"type": within}


class TouchForm(LogForm):
    """A touch as a person tells it. Its people, contacts and orders are those that go with the customer."""

    error_fields = {
        "duration_seconds": "minutes",
        "travel_seconds": "travel",
        "participants": "people",
        "next_step": "next_on",
        "touch_type": "next_type",
        "reason": "next_reason",
    }

    type = RowField(
        TouchType.objects.none(),
        label=_("Type"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("Choose what you did.")},
    )
    at = PastField(label=_("When"), error_messages={"required": _("Say when it was.")})
    minutes = MinutesField(label=_("Minutes"), error_messages={"required": _("Say how many minutes it took.")})
    travel = MinutesField(label=_("Travel, there and back"), required=False)
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=TouchOutcome.choices, widget=forms.RadioSelect, initial=TouchOutcome.NEUTRAL
    )
    contacts = ContactsField(label=_("Whom you met"))
    order = Later(Order.objects.none(), label=_("For the order"), required=False, empty_label=_("none"))
    people = SeveralField(
        User.objects.none(),
        label=_("People who took part"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)

    def __init__(self, data=None, *, user: User, touch: Touch | None = None, initial: dict | None = None) -> None:
        super().__init__(data, initial=initial)
        self.user, self.touch = user, touch
        self.chosen, self.fields["type"].rows = self._settle()
        self.fields["contacts"].find_later(lambda: choices.contacts(user, self.chosen, touch))
        self.fields["order"].find_later(
            lambda: choices.orders(user, self.chosen, touch.order_id if touch else None), lambda: self.of_customer[1]
        )
        self.offered_people = choices.colleagues_on(user, self.chosen if self.seen else None, self._named())
        self.fields["people"].rows = self.offered_people
        for person in self.offered_people:
            # Of a new touch that is sent only what says something: the others are made where the form is shown again.
            if touch or not self.is_bound or any(self.data.get(name) for name in self._own_names(person)):
                self._offer_own(person)

    def _settle(self) -> tuple[Customer | None, list[TouchType]]:
        """The customer that stands in the form, and the types that can be chosen."""
        if self.touch is None:
            return None, list(choices.types())
        return self.touch.customer, list(choices.types(self.touch.type_id))

    @staticmethod
    def _own_names(person: User) -> tuple[str, str]:
        return f"minutes_{person.pk}", f"travel_{person.pk}"

    def _offer_own(self, person: User) -> None:
        """Fields for minutes and travel of one person."""
        labels = (_("%(name)s: minutes"), _("%(name)s: travel"))
        for name, label in zip(self._own_names(person), labels, strict=True):
            if name not in self.fields:
                self.fields[name] = MinutesField(label=label % {"name": person}, required=False)

    def _named(self) -> list[int]:
        return [person.user_id for person in self.touch.people.all()] if self.touch else []

    @cached_property
    def of_customer(self) -> tuple[list[Contact], list[Order]]:
        """Contacts and orders of the customer that the page offers."""
        return choices.of_customer(self.user, self.chosen, self.touch)

    @cached_property
    def seen(self) -> bool:
        """Whether the person sees the customer: its tier, and what rules say of it; one they choose is one they see."""
        return self.touch is None or Customer.objects.visible_to(self.user).filter(pk=self.touch.customer_id).exists()

    @cached_property
    def type_choices(self) -> list[TypeChoice]:
        """The types, and which of them is chosen."""
        chosen = str(self["type"].value() or "")
        lengths = extensions.usual_lengths(self.user, self.chosen) if self.chosen and self.seen else {}
        tier = self.chosen.tier if self.chosen else None
        rows = self.fields["type"].rows
        return [TypeChoice(row, str(row.pk) == chosen, lengths.get(row.pk), tier) for row in rows]

    @property
    def first_types(self) -> list[TypeChoice]:
        """The types that stand there at once; the last place is that of "more" where there are more."""
        rows = self.type_choices
        return rows if len(rows) <= FIRST_TYPES + 1 else rows[:FIRST_TYPES]

    @property
    def more_types(self) -> list[TypeChoice]:
        return self.type_choices[len(self.first_types) :]

    @property
    def more_chosen(self) -> bool:
        return any(choice.chosen for choice in self.more_types)

    @property
    def type_chosen(self) -> TypeChoice | None:
        return next((choice for choice in self.type_choices if choice.chosen), None)

    @property
    def when(self) -> dt.datetime | None:
        """The moment that stands in the form, as far as it is one."""
        try:
            return self.fields["at"].to_python(self["at"].value())
        except forms.ValidationError:
            return None

    @property
    def too_long(self) -> bool:
        """Whether the minutes that stand in the form are implausible."""
        try:
            return (self.fields["minutes"].clean(self["minutes"].value()) or 0) > IMPLAUSIBLE_SECONDS
        except forms.ValidationError:
            return False

    @property
    def outcome_choices(self) -> list[tuple[str, str, str, bool]]:
        """Value, word, icon, and whether it is chosen."""
        chosen = self["outcome"].value()
        return [(each.value, each.label, OUTCOME_ICONS[each], each.value == chosen) for each in TouchOutcome]

    @property
    def contact_choices(self) -> list[tuple[Any, bool]]:
        """Contacts of the customer, and whether they were met."""
        chosen = {str(getattr(each, "pk", each)) for each in self["contacts"].value() or ()}
        return [(row, str(row.pk) in chosen) for row in self.of_customer[0]]

    @property
    def contacts_met(self) -> list[Any]:
        return [row for row, chosen in self.contact_choices if chosen]

    @property
    def people_choices(self) -> list[tuple[User, bool, Any, Any]]:
        """Each person, whether they took part, and the fields of their own minutes and travel."""
        chosen = {str(getattr(each, "pk", each)) for each in self["people"].value() or ()}
        for person in self.offered_people:
            self._offer_own(person)
        return [
            (row, str(row.pk) in chosen, self[f"minutes_{row.pk}"], self[f"travel_{row.pk}"])
            for row in self.offered_people
        ]

    @property
    def people_said(self) -> bool:
        """Whether more is said of people than that one did it oneself."""
        if any(name.startswith(("minutes_", "travel_")) and self.said(name) for name in self.fields):
            return True
        chosen = [str(getattr(each, "pk", each)) for each in self["people"].value() or ()]
        return bool(self.errors.get("people")) or chosen != [str(self.user.pk)]

    def clean(self) -> dict:
        super().clean()
        said = self.cleaned_data
        type_, minutes = said.get("type"), said.get("minutes")
        if type_ and minutes == 0 and type_.channel != TouchChannel.MARKETING and not self._was("duration_seconds", 0):
            self.add_error("minutes", _("Minutes must be 1 or more."))
        if type_ and not type_.travels and any(self._travels()) and not (self.touch and self.touch.travel_seconds):
            self.add_error("travel", _("This type needs no travel."))
        if "people" in said and not said["people"] and not (self.touch and not self._named()):
            self.add_error("people", _("Say who took part."))
        return said

    def _was(self, field: str, value: Any) -> bool:
        return self.touch is not None and getattr(self.touch, field) == value

    def _travels(self) -> list[int]:
        said = self.cleaned_data
        people = said.get("people") or ()
        return [said.get("travel") or 0, *((said.get(f"travel_{person.pk}") or 0) for person in people)]

    def participants(self) -> tuple[Participant, ...]:
        """Who took part; minutes that were not said of a person are those of the touch."""
        said = self.cleaned_data

        def own(name: str, person: User) -> int:
            value = said.get(f"{name}_{person.pk}")
            return (said[name] or 0) if value is None else value

        return tuple(
            Participant(user=person, duration_seconds=own("minutes", person), travel_seconds=own("travel", person))
            for person in said["people"]
        )

    def entry(self) -> TouchEntry:
        """What was said, for the action."""
        said = self.cleaned_data
        return TouchEntry(
            customer=self.touch.customer if self.touch else said["customer"],
            type=said["type"],
            at=self.moment(),
            participants=self.participants(),
            duration_seconds=said["minutes"],
            travel_seconds=said["travel"] or 0,
            contacts=tuple(said["contacts"]),
            outcome=said["outcome"],
            order=said["order"],
            note=said["note"],
            next_step=self.next_step(),
            planned=said.get("planned"),
            covered=said.get("covered"),
        )

    def moment(self) -> dt.datetime:
        """When it was; the form shows minutes, so that what was not changed keeps its seconds."""
        if self.touch is not None and "at" not in self.changed_data:
            return self.touch.at
        return self.cleaned_data["at"]

    def next_step(self) -> NextStep | None:
        return None


class NewTouchForm(TouchForm):
    """A touch that is not logged yet. It carries its own number, so that it is one however often it is sent."""

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))
    back = forms.CharField(required=False, widget=forms.HiddenInput, max_length=2000)
    planned = Later(PlannedTouch.objects.none(), required=False, widget=forms.HiddenInput)
    customer = CustomerField(error_messages={"required": _("Choose the customer.")})
    covered = Later(
        User.objects.none(), label=_("In the place of"), required=False, empty_label=_("nobody: my own part")
    )
    next_type = RowField(TouchType.objects.none(), label=_("What"), required=False, empty_label=_("none"))
    next_on = DayField(label=_("Day"), required=False)
    next_reason = forms.CharField(label=_("What for"), required=False, max_length=300)

    field_order = ("uuid", "back", "planned", "customer")

    def __init__(self, data=None, *, user: User, initial: dict | None = None) -> None:
        super().__init__(data, user=user, initial=initial)
        self.fields["covered"].find_later(lambda: choices.covered(user, self.chosen))
        self.covers = stands_in(user) and self.chosen is not None and self.fields["covered"].queryset.exists()
        if not self.is_bound and self.initial.get("minutes") is None and self.type_chosen:
            self.initial["minutes"] = self.type_chosen.minutes

    def _settle(self) -> tuple[Customer | None, list[TouchType]]:
        chosen, types = choices.to_log(self.user, key_in(self.typed("customer")))
        self.fields["customer"].offer(self.user, choices.loggable_within(self.user), chosen or self.typed("customer"))
        self.fields["next_type"].rows = types
        self.fields["planned"].find_later(lambda: PlannedTouch.objects.visible_to(self.user))
        if chosen is None:
            self.fields["customer"].widget.attrs["autofocus"] = True
        return chosen, types

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was another touch."""
        self.data = self.data.copy()
        self.data["uuid"] = str(uuids.uuid4())

    @property
    def next_said(self) -> bool:
        return any(self.said(name) for name in ("next_type", "next_on", "next_reason"))

    def clean(self) -> dict:
        super().clean()
        said = self.cleaned_data
        if said.get("next_type") and not said.get("next_on") and "next_on" not in self.errors:
            self.add_error("next_on", _("Say on which day."))
        if (
            not said.get("next_type")
            and "next_type" not in self.errors
            and (said.get("next_on") or said.get("next_reason"))
        ):
            self.add_error("next_type", _("Choose what is to be done."))
        return said

    def next_step(self) -> NextStep | None:
        said = self.cleaned_data
        if not said["next_type"]:
            return None
        return NextStep(type=said["next_type"], due_on=said["next_on"], reason=said["next_reason"])


def _whole_minutes(seconds: int | None) -> int | None:
    """The way as planned, as a person would say it."""
    return None if seconds is None else round(seconds / 60) * 60


def start_of_touch(user: User, now: dt.datetime, **given: Any) -> dict[str, Any]:
    """What a new touch starts with: now, oneself, and what the address gave."""
    planned: PlannedTouch | None = given.get("planned")
    return {
        "uuid": uuids.uuid4(),
        "at": now.replace(second=0, microsecond=0),
        "minutes": planned.duration_seconds if planned else None,
        "travel": _whole_minutes(planned.travel_seconds) if planned and planned.type.travels else None,
        "people": [user.pk],
        **{name: getattr(value, "pk", value) for name, value in given.items() if value is not None},
    }
