"""Instants and local days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day on which an instant falls in a time zone."""
    return at.astimezone(zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC; also where clocks skip midnight (the instant at which they jump)."""
    try:
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, as some exports write "always" and "for ever"
        return datetime.min.replace(tzinfo=UTC) if day == date.min else datetime.max.replace(tzinfo=UTC)


def days_after(day: date, count: int) -> date:
    """The day `count` days later, held at the last day the calendar has."""
    try:
        return day + timedelta(days=count)
    except OverflowError:
        return date.max
