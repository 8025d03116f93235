"""One thing to do on *Today*, with all that its row says: put into words here, once, so that the page only prints it."""

import datetime as dt
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from accounts.models import User
from customers.models import Customer, PlannedTouch, TouchType
from territory import clock
from territory.formats.days import FAR, day_text, month_text
from territory.formats.numbers import money_text, percent_text
from territory.links import links_of


class Callee(NamedTuple):
    """A contact to call."""

    name: str
    phone: str


class Row(Struct, frozen=True, dict=True):
    """One thing to do: a customer, a touch type, why, and what it is worth; `covered`: for whom the reader stands in."""

    customer: Customer
    touch_type: TouchType
    due_on: dt.date
    overdue_days: int
    score: float
    value: Decimal
    value_is_set: bool
    minutes: float
    travel_minutes: float
    never_touched: bool = False
    planned: PlannedTouch | None = None
    covered: User | None = None
    contact: Callee | None = None
    order_amount: Decimal | None = None
    budget_share: float | None = None

    @property
    def all_minutes(self) -> float:
        """Minutes of the touch and of getting there and back."""
        return self.minutes + self.travel_minutes

    @property
    def phone(self) -> str:
        """The number to call: the contact's, else the customer's."""
        return (self.contact.phone if self.contact else "") or self.customer.phone

    @cached_property
    def lateness(self) -> str:
        """The touch and when it is or was due, in words."""
        if self.planned and self.planned.due_at:
            return ""
        words: dict[str, Any] = {"type": self.touch_type.name, "days": self.overdue_days}
        if self.waiting_since:
            words |= {"stage": self.customer.get_stage_display().lower(), "day": self.waiting_since}
            return _("%(type)s: never touched, %(stage)s since %(day)s") % words
        if self.overdue_days == 1:
            return _("%(type)s due yesterday") % words
        if self.overdue_days > 1:
            return (
                ngettext("%(type)s due %(days)s day ago", "%(type)s due %(days)s days ago", self.overdue_days) % words
            )
        return _("%(type)s due today") % words

    @cached_property
    def waiting_since(self) -> str:
        """Since when the customer is in its stage, where it was never touched so and that is late; else "".

        How many days late it is would only say how long ago the customer was entered or imported as one.
        """
        began = self.customer.stage_began_at
        if not self.never_touched or self.overdue_days <= 0 or began is None:
            return ""
        day = clock.day_of(began, clock.company_zone())
        return day_text(day) if self.overdue_days <= FAR else month_text(day)

    @cached_property
    def url(self) -> str:
        """The customer's page."""
        return links_of("customer_detail")(self.customer.pk)

    @cached_property
    def drive(self) -> str:
        """Where to drive, for the device's map; "" where the touch does not travel or nobody knows where to."""
        if not self.touch_type.travels or self.customer.latitude is None:
            return ""
        return f"geo:{self.customer.latitude:.6f},{self.customer.longitude:.6f}"

    @cached_property
    def call(self) -> str:
        """What to dial; "" where the touch travels or there is no number."""
        return f"tel:{self.phone}" if self.phone and not self.touch_type.travels else ""

    @property
    def doing(self) -> str:
        """What its round button does, in words."""
        return (_("Drive to %(name)s") if self.drive else _("Call %(name)s")) % {"name": self.customer.name}

    @cached_property
    def about(self) -> str:
        """What a form about it is asked with."""
        planned = f"&planned={self.planned.pk}" if self.planned else ""
        covered = f"&covered={self.covered.pk}" if self.covered else ""
        return f"customer={self.customer.pk}&type={self.touch_type.pk}{planned}{covered}"

    @cached_property
    def more(self) -> str:
        """Its menu, in words."""
        return _("More for %(name)s") % {"name": self.customer.name}

    @cached_property
    def reasons(self) -> list[str]:
        """What else speaks for it: an order, the plan's own reason, a stage, a budget not kept."""
        words = []
        if self.order_amount is not None:
            words.append(_("order of %(amount)s pending") % {"amount": money_text(self.order_amount)})
        if self.planned and self.planned.reason:
            words.append(self.planned.reason)
        elif self.planned:
            words.append(self.planned.get_source_display())
        if self.customer.stage != "customer" and not self.waiting_since:
            words.append(self.customer.get_stage_display())
        if self.budget_share is not None:
            words.append(_("at %(share)s of its budget") % {"share": percent_text(self.budget_share)})
        return words
