"""Dates, times and numbers as files write them. A format is chosen by the mapping; nothing ambiguous is guessed."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from territory.clock import start_of_day

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

# What a date format is written with, longest first, and what each stands for. Minutes are small letters, months capitals.
TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "MMM": r"(?P<month_name>[A-Za-z]{3,9})",
    "YY": r"(?P<short_year>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "HH": r"(?P<hour>\d{2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
    "H": r"(?P<hour>\d{1,2})",
    "AM": r"(?P<half>[AaPp]\.?[Mm]\.?)",
    "Z": r"(?P<offset>Z|[+-]\d{2}:?\d{2})",
}
_TOKEN = re.compile("YYYY|MMM|YY|MM|DD|HH|mm|ss|AM|M|D|H|Z|.", re.DOTALL)

# Digits in groups that a person reads as a day, but that do not say which group is the month.
_LIKE_A_DATE = re.compile(r"\d{1,4}([./\- ])\d{1,2}\1\d{1,4}(?!\d)")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")

Moment = dt.date | dt.datetime


class Typed(str):
    """The text of a cell that a spreadsheet keeps as a number, a day or yes and no: there is one way to read it."""

    __slots__ = ()


def is_ambiguous_date(text: str) -> bool:
    """Whether a value reads like a day, though not as year-month-day: it takes a chosen format to read it."""
    return bool(_LIKE_A_DATE.match(text)) and not _ISO.fullmatch(text)


def read_iso(text: str) -> Moment:
    """Year-month-day, with a time of day or without; raises ValueError."""
    if not _ISO.fullmatch(text):
        raise ValueError(
            _("is not a day like 2026-06-09 or a time like 2026-06-09T14:30:00Z; choose “dates” in the mapping")
        )
    try:
        if len(text) == 10:
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(_("is not in the calendar")) from error


def date_reader(pattern: str) -> Callable[[str], Moment]:
    """A function that reads days or times written as `pattern`, e.g. "DD/MM/YYYY HH:mm"; ValueError for a bad pattern."""
    if pattern == "ISO":
        return read_iso
    regex = _compiled(pattern)
    has_time = "hour" in regex.groupindex
    # Year-month-day is understood always, but for a format that begins with the year and may mean something else.
    knows_iso = not pattern.startswith("Y")

    def read(text: str) -> Moment:
        match = regex.fullmatch(text)
        if match is None:
            if isinstance(text, Typed) or (knows_iso and _ISO.fullmatch(text)):
                return read_iso(text)
            raise ValueError(_("is not written as %(pattern)s") % {"pattern": pattern})
        parts = match.groupdict()
        try:
            day = _day(parts)
            return _moment(day, parts) if has_time else day
        except ValueError as error:
            raise ValueError(_("is not in the calendar")) from error

    return read


def _compiled(pattern: str) -> re.Pattern[str]:
    pieces, seen = [], set()
    for piece in _TOKEN.findall(pattern):
        if piece in TOKENS:
            pieces.append(TOKENS[piece])
            seen.add(piece[0] if piece not in ("mm", "ss", "AM") else piece)
        elif piece.isalpha() and piece != "T":
            raise ValueError(_("“%(piece)s” is no part of a date format") % {"piece": piece})
        else:
            pieces.append(re.escape(piece))
    if not {"Y", "M", "D"} <= seen:
        raise ValueError(_("a date format needs year, month and day, as in DD/MM/YYYY"))
    try:
        return re.compile("".join(pieces))
    except re.error as error:
        raise ValueError(_("names a part of the date twice")) from error


def _day(parts: dict[str, str | None]) -> dt.date:
    year = int(parts["year"]) if parts.get("year") else 2000 + int(parts["short_year"] or 0)
    if parts.get("month_name"):
        month = MONTHS.index((parts["month_name"] or "")[:3].lower()) + 1
    else:
        month = int(parts["month"] or 0)
    return dt.date(year, month, int(parts["day"] or 0))


def _moment(day: dt.date, parts: dict[str, str | None]) -> dt.datetime:
    hour = int(parts["hour"] or 0)
    if parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError
        hour = hour % 12 + (12 if (parts["half"] or "")[0] in "pP" else 0)
    moment = dt.datetime.combine(day, dt.time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0)))
    offset = parts.get("offset")
    return dt.datetime.fromisoformat(moment.isoformat() + offset) if offset else moment


def as_instant(moment: Moment, zone: ZoneInfo) -> dt.datetime:
    """An instant in UTC: a day is its first moment in `zone`, a time without an offset is one of `zone`."""
    if not isinstance(moment, dt.datetime):
        return start_of_day(moment, zone)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(dt.UTC)


def is_left_out(moment: Moment, zone: ZoneInfo) -> bool:
    """Whether a time without an offset is one that clocks in `zone` skip when they go forward."""
    if not isinstance(moment, dt.datetime) or moment.tzinfo:
        return False
    back = as_instant(moment, zone).astimezone(zone)
    return back.replace(tzinfo=None) != moment


def as_day(moment: Moment, zone: ZoneInfo) -> dt.date:
    """A day: that of `zone` where the value has an offset, else as written."""
    if not isinstance(moment, dt.datetime):
        return moment
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


# How numbers are written: by example, and their thousands and decimal separators.
NUMBERS = {
    "1234.56": ("", "."),
    "1234,56": ("", ","),
    "1,234.56": (",", "."),
    "1.234,56": (".", ","),
    "1 234,56": (" ", ","),
    "1 234.56": (" ", "."),
    "1'234.56": ("'", "."),
}
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})


def number_reader(example: str) -> Callable[[str], Decimal]:
    """A function that reads numbers written like the example; KeyError for an example that is not in NUMBERS."""
    thousands, decimal = NUMBERS[example]
    grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    regex = re.compile(rf"[+-]?(?:{grouped}[0-9]+)(?:{re.escape(decimal)}[0-9]+)?", re.ASCII)

    def read(text: str) -> Decimal:
        if isinstance(text, Typed) and _PLAIN.fullmatch(text):
            return Decimal(text)
        plain = text.translate(_SPACES)
        if not regex.fullmatch(plain):
            raise ValueError(
                _("is not a number written like %(example)s; choose “numbers” in the mapping") % {"example": example}
            )
        if thousands:
            plain = plain.replace(thousands, "")
        return Decimal(plain.replace(decimal, "."))

    return read


read_plain_number = number_reader("1234.56")
