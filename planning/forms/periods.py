"""The days that a screen is about: some that are offered, and any from a day to a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from msgspec import Struct

from planning.engine.calendar import last_quarter
from territory.fields import DayField

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

# More would be slow to sum up while somebody waits.
LONGEST = 366

# What is offered, and which of these is shown where nothing was asked for.
OFFERED: dict[str, StrPromise | str] = {
    "month": _lazy("This month"),
    "last-month": _lazy("Last month"),
    "last-quarter": _lazy("Last quarter"),
    "year": _lazy("12 months"),
}
USUAL = "last-month"


class Period(Struct, frozen=True):
    """From a day to a day, both counted; `key` is that of what is offered, empty where days were typed."""

    key: str
    first: dt.date
    last: dt.date


def offered(key: str, today: dt.date) -> Period:
    """A period of `OFFERED` as it is today; up to today where it is not over."""
    month = today.replace(day=1)
    if key == "month":
        return Period(key, month, today)
    if key == "last-quarter":
        return Period(key, *last_quarter(today))
    if key == "year":
        return Period(key, today - dt.timedelta(days=364), today)
    last = month - dt.timedelta(days=1)
    return Period("last-month", last.replace(day=1), last)


class DaysForm(forms.Form):
    """Days that somebody types, of the years that can be asked about."""

    first = DayField(label=_lazy("From"))
    last = DayField(label=_lazy("To"))

    def clean(self):
        data = super().clean()
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", _("This is before the first day."))
        elif first and last and (last - first).days >= LONGEST:
            self.add_error("last", _("At most %(days)d days can be shown; the file has no limit.") % {"days": LONGEST})
        return data


def period_of(asked: Mapping[str, str], today: dt.date) -> tuple[Period, DaysForm]:
    """The period that an address asks for with ?period= or ?first= and ?last= (?from= and ?until= as well), else the usual
    one; and the form with it."""
    if asked.keys() & {"first", "last", "from", "until"}:
        days = {"first": asked.get("first") or asked.get("from"), "last": asked.get("last") or asked.get("until")}
        form = DaysForm(days)
        if form.is_valid():
            return Period("", form.cleaned_data["first"], form.cleaned_data["last"]), form
        return offered(USUAL, today), form
    period = offered(asked.get("period", USUAL), today)
    return period, DaysForm(initial={"first": period.first, "last": period.last})
