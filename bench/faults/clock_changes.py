"""Every time zone, in the weeks in which its clocks change: each touch is in exactly one day and one week."""

import datetime as dt
import zoneinfo
from collections import Counter
from collections.abc import Iterator

from django.db.models import Count
from django.db.models.functions import TruncDate

from bench.faults.outcome import Outcome
from bench.table import Figure
from customers.models import Touch
from planning.engine.calendar import monday
from planning.reports import touches as report
from planning.reports.definition import Asked
from territory import clock
from territory.company.models import AMBIGUOUS_ZONES, Company, forget_company
from tests import factories

YEAR, EVERY = 2026, dt.timedelta(minutes=30)
START, END = dt.datetime(YEAR - 1, 12, 20, tzinfo=dt.UTC), dt.datetime(YEAR + 1, 1, 12, tzinfo=dt.UTC)
# Where clocks never change, the weeks in which they do elsewhere.
USUAL = (dt.date(YEAR, 3, 29), dt.date(YEAR, 10, 25))
DAY = dt.timedelta(days=1)


def fault(scale: float) -> list[Outcome]:
    names = sorted(zoneinfo.available_timezones() - AMBIGUOUS_ZONES)[:: max(1, round(1 / scale))]
    company, number = factories.company(), _touches()
    outcome = Outcome("clocks are changed", "")
    weeks = days = 0
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        Company.objects.filter(pk=company.pk).update(time_zone=name)
        forget_company()
        for first in sorted({monday(day) for day in (_changes(zone) or USUAL)}):
            weeks, days = weeks + 1, days + 7
            _week(first, zone, outcome)
    outcome.tried = f"{len(names)} time zones, {weeks} weeks, {days} days; {number} touches of a year"
    outcome.figures = {
        "days or weeks that are not right": Figure(len(outcome.wrong), 0),
    }
    return [outcome]


def _touches() -> int:
    """One touch each half hour, of one customer."""
    customer, kind = factories.customer(since=dt.date(YEAR - 1, 1, 1)), factories.touch_type()
    rows = [
        Touch(customer=customer, type=kind, at=at, duration_seconds=60, logged_at=at)
        for at in _every_half_hour(START, END)
    ]
    Touch.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _every_half_hour(start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    while start < end:
        yield start
        start += EVERY


def _changes(zone: zoneinfo.ZoneInfo) -> list[dt.date]:
    """The days of the year on which the zone's offset becomes another."""
    found = []
    at = dt.datetime(YEAR, 1, 5, tzinfo=dt.UTC)
    while at.year == YEAR and at.month * 100 + at.day < 1228:
        if at.astimezone(zone).utcoffset() != (at + DAY).astimezone(zone).utcoffset():
            found.append((at + DAY).astimezone(zone).date())
        at += DAY
    return found


def _week(first: dt.date, zone: zoneinfo.ZoneInfo, outcome: Outcome) -> None:
    """By zoneinfo alone, by the clock, by the report's bounds and by the database's days: all the same."""
    week = [first + n * DAY for n in range(7)]
    near = dt.datetime.combine(first, dt.time(), dt.UTC)
    moments = list(_every_half_hour(near - 2 * DAY, near + 9 * DAY))
    expected = Counter(day for at in moments if (day := at.astimezone(zone).date()) in set(week))
    bounds = {day: (clock.start_of_day(day, zone), clock.end_of_day(day, zone)) for day in week}
    for at in moments:
        inside = [day for day, (start, end) in bounds.items() if start <= at < end]
        wanted = [day for day in week if day == clock.day_of(at, zone)]
        if inside != wanted:
            outcome.wrong.append(f"{zone}: {at} is in {inside}, not in {wanted}")
        outcome.lost += len(inside) < len(wanted)
        outcome.twice += max(0, len(inside) - len(wanted))
    told = {day: _reported(day, day) for day in week}
    within = Touch.objects.filter(at__gte=bounds[week[0]][0], at__lt=bounds[week[-1]][1]).order_by()
    grouped = within.annotate(day=TruncDate("at", tzinfo=zone)).values_list("day").annotate(number=Count("pk"))
    for name, found in (("report", told), ("database", dict(grouped))):
        for day in week:
            difference = found.get(day, 0) - expected[day]
            if difference:
                outcome.wrong.append(f"{zone}, {day}: {name} says {found.get(day, 0)} touches, not {expected[day]}")
            outcome.lost += max(0, -difference)
            outcome.twice += max(0, difference)
    if _reported(week[0], week[-1]) != sum(told.values()):
        outcome.wrong.append(
            f"{zone}, week of {first}: its days are {sum(told.values())}, not {_reported(week[0], week[-1])}"
        )


def _reported(first: dt.date, last: dt.date) -> int:
    asked = Asked(today=END.date(), now=END, starts_on=first, ends_on=last)
    return sum(row["touches"] for row in report.answer(asked).rows)
