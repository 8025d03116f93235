"""What somebody says of a touch, before it is one."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import User
from customers.models import Contact, Customer, Order, PlannedTouch, TouchOutcome, TouchType
from customers.models.touches import IMPLAUSIBLE_SECONDS

# A phone's clock may run ahead; what is later than this is a plan, not a touch.
CLOCK_TOLERANCE = dt.timedelta(minutes=15)

LONGEST_SECONDS = 31 * 24 * 3600


class Participant(Struct, frozen=True, kw_only=True):
    """A person who took part, with their own minutes and travel, in seconds."""

    user: User
    duration_seconds: int
    travel_seconds: int = 0


class NextStep(Struct, frozen=True, kw_only=True):
    """A touch to be planned with the one that is logged. No length = the type's usual one; no assignee = who logs."""

    type: TouchType
    due_on: dt.date
    due_at: dt.datetime | None = None
    duration_seconds: int | None = None
    assignee: User | None = None
    reason: str = ""


class TouchEntry(Struct, frozen=True, kw_only=True):
    """A touch as entered. `at` None = now. No participants: person unknown, and the lengths are the touch's own.

    `covered`: in whose place the author did it, who works on the customer as well.
    """

    customer: Customer
    type: TouchType
    at: dt.datetime | None = None
    participants: tuple[Participant, ...] = ()
    duration_seconds: int = 0
    travel_seconds: int = 0
    contacts: tuple[Contact, ...] = ()
    outcome: str = TouchOutcome.NEUTRAL
    order: Order | None = None
    note: str = ""
    next_step: NextStep | None = None
    planned: PlannedTouch | None = None
    covered: User | None = None

    @property
    def seconds(self) -> int:
        """All people's time together, without travel."""
        return (
            sum(person.duration_seconds for person in self.participants) if self.participants else self.duration_seconds
        )

    @property
    def travel(self) -> int:
        """All people's travel together, in seconds."""
        return sum(person.travel_seconds for person in self.participants) if self.participants else self.travel_seconds

    @property
    def is_implausible(self) -> bool:
        """Whether it took longer than 8 hours without travel: of several people, whether it did for any of them."""
        lengths = [person.duration_seconds for person in self.participants] or [self.duration_seconds]
        return max(lengths) > IMPLAUSIBLE_SECONDS

    def digest(self) -> str:
        """A fingerprint of all that was entered: the same for a replay, another for anything else."""
        step = self.next_step
        said = {
            "customer": self.customer.pk,
            "type": self.type.pk,
            "at": _moment(self.at),
            "people": sorted([p.user.pk, p.duration_seconds, p.travel_seconds] for p in self.participants),
            "lengths": [self.duration_seconds, self.travel_seconds],
            "contacts": sorted(contact.pk for contact in self.contacts),
            "outcome": str(self.outcome),
            "order": self.order and self.order.pk,
            "note": self.note,
            "planned": self.planned and self.planned.pk,
            "next": step
            and [
                step.type.pk,
                step.due_on.isoformat(),
                _moment(step.due_at),
                step.duration_seconds,
                step.assignee and step.assignee.pk,
                step.reason,
            ],
        }
        if self.covered is not None:
            said["covered"] = self.covered.pk
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def check(self, now: dt.datetime) -> None:
        """What must hold of any touch. Errors by the field's name."""
        errors: dict[str, Any] = {}
        if self.at is not None and self.at > now + CLOCK_TOLERANCE:
            errors["at"] = _("This time is still to come: plan the touch instead.")
        if self.outcome not in TouchOutcome.values:
            errors["outcome"] = _("There is no such outcome.")
        if self.order is not None and self.order.customer_id != self.customer.pk:
            errors["order"] = _("This order is another customer's.")
        if any(contact.customer_id != self.customer.pk for contact in self.contacts):
            errors["contacts"] = _("This contact is another customer's.")
        people = [person.user.pk for person in self.participants]
        if len(people) != len(set(people)):
            errors["participants"] = _("Each person takes part once.")
        lengths = [(self.duration_seconds, self.travel_seconds)]
        lengths += [(person.duration_seconds, person.travel_seconds) for person in self.participants]
        errors |= _wrong_lengths(lengths)
        if errors:
            raise ValidationError(errors)


def _wrong_lengths(lengths: list[tuple[int, int]]) -> Mapping[str, Any]:
    errors = {}
    for name, values in zip(("duration_seconds", "travel_seconds"), zip(*lengths, strict=True), strict=True):
        if min(values) < 0:
            errors[name] = _("This cannot be less than nothing.")
        elif max(values) > LONGEST_SECONDS:
            errors[name] = _("This is more than a month.")
    return errors


def _moment(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat() if at else None
