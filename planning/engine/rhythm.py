"""How often: periods, intervals and periods per month (domain 3.2 and 3.3)."""

import math
from decimal import Decimal
from fractions import Fraction

#: days in a period, from which an interval is made
PERIOD_DAYS: dict[str, Fraction] = {
    "day": Fraction(1),
    "week": Fraction(7),
    "month": Fraction("30.4375"),
    "quarter": Fraction("91.3125"),
    "year": Fraction("365.25"),
}

#: how many of a period a month holds, from which a budget is made (a day is a working day here)
PERIODS_PER_MONTH: dict[str, Fraction] = {
    "day": Fraction("21.75"),
    "week": Fraction("4.348"),
    "month": Fraction(1),
    "quarter": Fraction(1, 3),
    "year": Fraction(1, 12),
}

WEEKS_PER_MONTH = float(PERIODS_PER_MONTH["week"])
DAYS_PER_MONTH = float(PERIOD_DAYS["month"])


def interval_days(count: Decimal | int, period: str) -> Fraction:
    """Days between two touches: period / count, exact. Raises ValueError for a count of nothing."""
    if count <= 0:
        raise ValueError("a rule asks for more than no touches")
    return PERIOD_DAYS[period] / Fraction(count)


def whole_days(interval: Fraction) -> int:
    """The interval as days that can be added to a day: rounded half up, at least 1."""
    return max(1, math.floor(interval + Fraction(1, 2)))


def times_per_month(count: Decimal | int, period: str) -> Fraction:
    """How many touches a month a rule asks for."""
    return Fraction(count) * PERIODS_PER_MONTH[period]
