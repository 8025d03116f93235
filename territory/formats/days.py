"""Days and moments as people read them, in the zone and the formats that are active (territory.middleware)."""

import datetime as dt
from functools import lru_cache

from django.utils import timezone, translation
from django.utils.dateformat import format as written
from django.utils.dateformat import time_format as written_time
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from territory import clock

# Further away than this, a date says more than a number of days.
FAR = 31

Moment = dt.date | dt.datetime


def here(moment: Moment) -> Moment:
    """A moment in the active zone; a day as it is."""
    return timezone.localtime(moment) if isinstance(moment, dt.datetime) else moment


def today_here() -> dt.date:
    """The day it is in the active zone."""
    return timezone.localtime(clock.now()).date()


def _american(language: str | None) -> bool:
    return language == "en-us"


# A list writes some dozens of days, and most pages the same ones.
@lru_cache(maxsize=5000)
def _day_written(day: dt.date, form: str, _language: str | None) -> str:
    return written(day, form)


# So does every entry of a timeline with its time; there are 1,440 of them.
@lru_cache(maxsize=5000)
def _time_written(time: dt.time, form: str, _language: str | None) -> str:
    return written_time(time, form)


def _day_of(local: Moment) -> dt.date:
    return local.date() if isinstance(local, dt.datetime) else local


def day_text(moment: Moment | None) -> str:
    """A day in short: 2 Jun (Jun 2 in the United States); with its year where that is not this one."""
    if moment is None:
        return ""
    day, language = _day_of(here(moment)), translation.get_language()
    short, with_year = ("M j", "M j, Y") if _american(language) else ("j M", "j M Y")
    return _day_written(day, short if day.year == today_here().year else with_year, language)


def month_text(day: dt.date) -> str:
    """A month in full: May 2020."""
    return _day_written(day, "F Y", translation.get_language())


def full_text(moment: Moment | None) -> str:
    """A day in full, 9 June 2026; a moment with its time, 9 June 2026, 14:30."""
    if moment is None:
        return ""
    local, language = here(moment), translation.get_language()
    day = _day_written(_day_of(local), "F j, Y" if _american(language) else "j F Y", language)
    return f"{day}, {_time_of(local, language)}" if isinstance(local, dt.datetime) else day


def time_text(moment: dt.datetime | None) -> str:
    """The time of day: 14:30, or 2:30 p.m. in the United States."""
    return "" if moment is None else _time_of(timezone.localtime(moment), translation.get_language())


def _time_of(local: dt.datetime, language: str | None) -> str:
    return _time_written(dt.time(local.hour, local.minute), "g:i a" if _american(language) else "H:i", language)


def moment_text(moment: dt.datetime | None) -> str:
    """A moment in short: 2 Jun, 14:30."""
    return "" if moment is None else f"{day_text(moment)}, {time_text(moment)}"


def when_text(moment: Moment | None) -> str:
    """How far away a day is: today, tomorrow, in 3 days, 4 days ago; the day itself beyond a month."""
    if moment is None:
        return ""
    day = _day_of(here(moment))
    distance = (day - today_here()).days
    near = {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}
    if distance in near:
        return near[distance]
    if abs(distance) > FAR:
        return day_text(day)
    if distance > 0:
        return ngettext("in %(days)d day", "in %(days)d days", distance) % {"days": distance}
    return ngettext("%(days)d day ago", "%(days)d days ago", -distance) % {"days": -distance}
