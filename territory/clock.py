"""What time it is: the only place that asks. Times are stored in UTC; days belong to a zone."""

import datetime as dt
import zoneinfo

from django.utils import timezone

# Days and moments that can be asked about and typed: at both ends of all time they cannot be counted on.
YEARS = range(1900, 2201)
FIRST_MOMENT = dt.datetime.min.replace(tzinfo=dt.UTC)
LAST_MOMENT = dt.datetime.max.replace(tzinfo=dt.UTC)
# From a moment to the next: an open end that still holds it.
ONE_TICK = dt.timedelta(microseconds=1)


def now() -> dt.datetime:
    """This moment, aware, in UTC."""
    return timezone.now()


def company_zone() -> zoneinfo.ZoneInfo:
    """The company's time zone; UTC before the company is set up."""
    from territory.company.models import Company  # the company's model needs the apps loaded, the clock does not

    company = Company.current()
    return zoneinfo.ZoneInfo(company.time_zone if company else "UTC")


def zone_of(user) -> zoneinfo.ZoneInfo:
    """A user's own zone, else the company's."""
    name = getattr(user, "time_zone", "")
    return zoneinfo.ZoneInfo(name) if name else company_zone()


def company_today() -> dt.date:
    """The day it is for the company."""
    return now().astimezone(company_zone()).date()


def today(user) -> dt.date:
    """The day it is for a user."""
    return now().astimezone(zone_of(user)).date()


def day_of(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day in `zone` that an aware moment falls on."""
    return moment.astimezone(zone).date()


def start_of_day(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The first moment of a day in `zone`, aware, in UTC; also right where midnight does not exist.

    Where that lies before or after all time, the first or the last moment of all.
    """
    try:
        return dt.datetime.combine(day, dt.time.min, tzinfo=zone).astimezone(dt.UTC)
    except OverflowError:
        return FIRST_MOMENT if day.year == 1 else LAST_MOMENT


def end_of_day(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The first moment after a day in `zone`: an open end, for `<`. After the last day of all, the last moment of all."""
    if day == dt.date.max:
        return LAST_MOMENT
    return start_of_day(day + dt.timedelta(days=1), zone)
