"""The company's working days, as far as this room needs them: the n-th working day after a day."""

import datetime as dt

from territory.company.models import Company, Holiday, monday_to_friday

ONE_DAY = dt.timedelta(days=1)


def working_day_after(day: dt.date, count: int) -> dt.date:
    """The `count`-th working day after `day`: neither a weekend of the company nor a holiday."""
    company = Company.current()
    weekdays = set(company.working_days if company else monday_to_friday())
    holidays = set(Holiday.objects.filter(on__gt=day, on__lte=day + 60 * ONE_DAY).values_list("on", flat=True))
    while count:
        day += ONE_DAY
        if day.isoweekday() in weekdays and day not in holidays:
            count -= 1
    return day
