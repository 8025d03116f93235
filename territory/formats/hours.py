"""Hours of a week as people and OpenStreetMap write them: "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00".

A part of the notation of OpenStreetMap's opening_hours: days, and on them times from and to; "off" closes a day. What comes
later holds for its days. Without days: for all of them.
"""

import itertools
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# ISO numbers of weekdays.
DAYS = {"Mo": 1, "Tu": 2, "We": 3, "Th": 4, "Fr": 5, "Sa": 6, "Su": 7}
NAMES = {number: name for name, number in DAYS.items()}
EXAMPLE = "Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00"

# By ISO weekday, from and to in minutes of the day, in order; a day that is left out has none.
Hours = dict[int, tuple[tuple[int, int], ...]]

_RULE = re.compile(r"^(?:([A-Z][a-z](?:-[A-Z][a-z])?(?:,[A-Z][a-z](?:-[A-Z][a-z])?)*) ?)?(off|[\d:,\- ]+)$")
_TIMES = re.compile(r"^(\d\d?):(\d\d)-(\d\d?):(\d\d)$")


def read_hours(text: str) -> Hours | None:
    """What a text says; None where it says nothing: at any time. ValueError, in words, where it cannot be read."""
    if not text.strip():
        return None
    found: Hours = {}
    for rule in text.split(";"):
        match = _RULE.match(re.sub(r"\s*([,-])\s*", r"\1", rule.strip()))
        if match is None:
            raise ValueError(_unreadable())
        days, times = match.groups()
        windows = () if times == "off" else _windows(times)
        for day in _days(days):
            found[day] = windows
    return {day: windows for day, windows in found.items() if windows}


def _days(text: str | None) -> list[int]:
    if text is None:
        return list(DAYS.values())
    found: list[int] = []
    for piece in text.split(","):
        first, _dash, last = piece.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(_unreadable())
        begin, end = DAYS[first], DAYS[last or first]
        found += range(begin, end + 1) if begin <= end else [*range(begin, 8), *range(1, end + 1)]
    return found


def _windows(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for piece in text.split(","):
        match = _TIMES.match(piece.strip())
        if match is None:
            raise ValueError(_unreadable())
        hour, minute, until_hour, until_minute = map(int, match.groups())
        opens, closes = hour * 60 + minute, until_hour * 60 + until_minute
        if minute > 59 or until_minute > 59 or closes > 24 * 60 or opens >= closes:
            raise ValueError(_("“%(text)s” does not begin before it ends.") % {"text": piece.strip()})
        found.append((opens, closes))
    found.sort()
    if any(before[1] > after[0] for before, after in itertools.pairwise(found)):
        raise ValueError(_("Times of a day overlap: “%(text)s”.") % {"text": text.strip()})
    return tuple(found)


def _unreadable() -> str:
    return _("Hours read like “%(example)s”.") % {"example": EXAMPLE}


def check_hours(text: str) -> None:
    """A validator: the text can be read."""
    try:
        read_hours(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
