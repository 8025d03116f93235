"""Rows of a planned week as its page shows them: days, their visits, blocks of the calendar, what is near and what is left out."""

import datetime as dt
from functools import cached_property

from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from customers.places import route_url
from planning.actions.visit_plans import STANDS
from planning.engine.calendar import monday as week_start
from planning.models import VisitStop
from planning.visit_words import km_text, length_text, why_words
from territory.formats.days import day_text, here, moment_text, time_text, when_text
from territory.formats.numbers import money_text


def times_words(starts_at: dt.datetime, ends_at: dt.datetime) -> str:
    """From when to when."""
    return _("%(start)s to %(end)s") % {"start": time_text(starts_at), "end": time_text(ends_at)}


def agreed_for(stop: VisitStop) -> dt.datetime | None:
    """For when a visit was agreed and still is; None where it was not."""
    planned = stop.planned
    return planned.due_at if stop.is_agreed and planned is not None and planned.closed_at is None else None


def day_meant(stop: VisitStop) -> dt.date | None:
    """The day for which a visit was agreed, or planned without a time, and still is; None where it was for neither."""
    agreed_at, planned = agreed_for(stop), stop.planned
    if agreed_at is not None:
        return here(agreed_at).date()
    is_as_it_was = planned is not None and planned.closed_at is None and planned.due_at is None
    return stop.only_on if is_as_it_was and planned.due_on == stop.only_on else None


def elsewhere_words(stop: VisitStop) -> str:
    """For which day it was agreed or planned, where the plan has it on another; else ""."""
    day = day_meant(stop)
    return "" if day is None or stop.starts_at is None or day == here(stop.starts_at).date() else agreed_words(stop)


def agreed_words(stop: VisitStop) -> str:
    """For when a visit was agreed, or for which day it was planned, in words; "" where it was for neither."""
    agreed_at, day = agreed_for(stop), day_meant(stop)
    if agreed_at is not None:
        return _("agreed for %(when)s") % {"when": weekday_text(agreed_at)}
    return "" if day is None else _("planned for %(when)s") % {"when": f"{written(day, 'D')} {day_text(day)}"}


def weekday_text(moment: dt.datetime) -> str:
    """A moment with its day of the week: Thu 26 Nov, 13:00."""
    return f"{written(here(moment).date(), 'D')} {moment_text(moment)}"


class Block(Struct, frozen=True):
    """A piece of a day in the calendar: its kind, from which row on and how many rows, and the words in it."""

    kind: str
    row: int
    rows: int
    title: str
    note: str = ""
    row_of_stop: "StopRow | None" = None


class StopRow(Struct, frozen=True, dict=True):
    """A visit of a day, by its number in the order."""

    stop: VisitStop
    number: int
    now: dt.datetime
    broken: str

    @property
    def agreed_elsewhere(self) -> str:
        """From which day accepting takes it away, in words; "" where it was not agreed for another."""
        return elsewhere_words(self.stop)

    @property
    def moved_to(self) -> str:
        return weekday_text(self.stop.starts_at)

    @property
    def question(self) -> str:
        """Whether it took place, where it was agreed for a time that is over and nobody has logged it."""
        agreed_at, stop = agreed_for(self.stop), self.stop
        if agreed_at is None or agreed_at != stop.starts_at or stop.ends_at is None or stop.ends_at > self.now:
            return ""
        words = _("agreed for %(time)s today: did it take place?")
        if here(agreed_at).date() != here(self.now).date():
            words = _("agreed for %(time)s: did it take place?")
        return words % {"time": time_text(agreed_at)}

    @property
    def pk(self) -> int:
        return self.stop.pk

    @property
    def customer(self):
        return self.stop.customer

    @cached_property
    def drive(self) -> str:
        return _("%(length)s drive, %(way)s") % {
            "length": length_text(self.stop.drive_seconds),
            "way": km_text(self.stop.drive_metres),
        }

    @cached_property
    def place_and_drive(self) -> str:
        town = self.customer.town
        return f"{town}, {self.drive}" if town else self.drive

    @property
    def tier_words(self) -> str:
        tier = self.customer.tier
        parts = [self.customer.town, _("tier %(name)s") % {"name": tier.name} if tier else ""]
        return ", ".join(part for part in parts if part)

    @property
    def reason(self) -> str:
        """Why it is worth going, in words."""
        due = self.stop.due_on
        words = _("due %(when)s") % {"when": when_text(due)} if due else ""
        return _("%(touch)s, %(due)s, value %(value)s") % {
            "touch": self.stop.touch_type,
            "due": words,
            "value": money_text(round(self.stop.value)),
        }

    @property
    def is_accepted(self) -> bool:
        """Whether its planned touch says what the plan says."""
        row = self.stop.planned
        return row is not None and row.closed_at is None and row.due_at == self.stop.starts_at

    @property
    def is_done(self) -> bool:
        row = self.stop.planned
        return row is not None and row.closed_by_touch_id is not None

    @property
    def is_placed(self) -> bool:
        return self.customer.latitude is not None and self.customer.longitude is not None

    @property
    def has_drive(self) -> bool:
        """Whether the way to it is known: not of what was agreed and stood there before the rest was planned."""
        return bool(self.stop.drive_seconds or self.stop.drive_metres)

    @property
    def at(self) -> list[float]:
        return [self.customer.latitude, self.customer.longitude]

    @cached_property
    def times(self) -> str:
        return times_words(self.stop.starts_at, self.stop.ends_at)

    @property
    def geo(self) -> str:
        """The place for the map application of a phone; "" where nobody knows it."""
        if not self.is_placed:
            return ""
        return f"geo:{self.customer.latitude:.6f},{self.customer.longitude:.6f}"

    @property
    def route(self) -> str:
        return route_url(self.customer)

    @property
    def about(self) -> str:
        """What the form to log it starts with."""
        if self.stop.planned_id and self.stop.planned.closed_at is None:
            return f"planned={self.stop.planned_id}"
        return f"customer={self.stop.customer_id}&type={self.stop.touch_type_id}"


class NearRow(Struct, frozen=True):
    """What is due near a day's way, and what it would add."""

    stop: VisitStop
    place: int
    metres: int
    seconds: int

    @property
    def more(self) -> str:
        return _("Add, %(km)s more") % {"km": km_text(max(0, self.metres))}


class CallsRow(Struct, frozen=True):
    """Calls that fit between visits: how many, and from when to when."""

    number: int
    starts_at: dt.datetime
    ends_at: dt.datetime

    @property
    def title(self) -> str:
        return ngettext("Calls, %(n)d due", "Calls, %(n)d due", self.number) % {"n": self.number}

    @property
    def times(self) -> str:
        return times_words(self.starts_at, self.ends_at)


class LeftRow(Struct, frozen=True):
    """A visit that is not in the plan, and why."""

    stop: VisitStop
    now: dt.datetime

    @property
    def is_asked(self) -> bool:
        """Whether it was agreed for a time that is over: whoever was there logs it."""
        agreed_at = agreed_for(self.stop)
        return agreed_at is not None and agreed_at < self.now

    def is_unkept(self, monday: dt.date) -> bool:
        """Whether it is to be on a day of this week that is still to come, and the plan found no room for it."""
        day = day_meant(self.stop)
        if day is None or self.is_asked or self.stop.why in (STANDS, "by hand", "no place"):
            return False
        return week_start(day) == monday and day >= here(self.now).date()

    @property
    def agreed(self) -> str:
        return agreed_words(self.stop)

    @property
    def why(self) -> str:
        agreed_at = agreed_for(self.stop)
        if agreed_at is None or not (self.is_asked or self.stop.why == STANDS):
            return why_words(self.stop.why)
        words = agreed_words(self.stop)
        return _("%(words)s: did it take place?") % {"words": words} if self.is_asked else words

    @property
    def about(self) -> str:
        """What the form to log it starts with."""
        return f"planned={self.stop.planned_id}"


class DayColumn(Struct, frozen=True):
    """A day: its visits, what stands in the calendar, its figures."""

    date: dt.date
    is_today: bool
    is_over: bool
    is_away: bool
    stops: list[StopRow]
    calls: list[CallsRow]
    told: dict
    blocks: list[Block]
    near: list[NearRow]
    broken: list[str]
    back_at: dt.datetime | None

    @property
    def iso(self) -> str:
        return self.date.isoformat()

    @property
    def metres(self) -> int:
        return sum(row.stop.drive_metres for row in self.stops) + (self.told.get("back_metres", 0) if self.stops else 0)

    @property
    def drive_seconds(self) -> int:
        back = self.told.get("back_seconds", 0) if self.stops else 0
        return sum(row.stop.drive_seconds for row in self.stops) + back

    @property
    def way(self) -> str:
        return km_text(self.metres)

    @property
    def way_and_drive(self) -> str:
        return _("%(way)s, %(length)s driving") % {"way": self.way, "length": length_text(self.drive_seconds)}

    @property
    def sum(self) -> str:
        """Its visits and kilometres, for its head."""
        if self.is_away:
            return _("away")
        if not self.stops:
            return _("no visits")
        return f"{self.visits}, {self.way}" if self.metres else self.visits

    @property
    def visits(self) -> str:
        return ngettext("%(n)d visit", "%(n)d visits", len(self.stops)) % {"n": len(self.stops)}

    @property
    def back(self) -> str:
        """The way home, in words."""
        return _("%(length)s, %(way)s, back at %(time)s") % {
            "length": length_text(self.told.get("back_seconds", 0)),
            "way": km_text(self.told.get("back_metres", 0)),
            "time": time_text(self.back_at),
        }

    @property
    def is_accepted(self) -> bool:
        return bool(self.stops) and all(row.is_accepted or row.is_done for row in self.stops)

    @property
    def next_stop(self) -> StopRow | None:
        """Where to drive next."""
        return next((row for row in self.stops if not row.is_done and not row.question and row.is_placed), None)
