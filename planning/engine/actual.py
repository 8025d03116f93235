"""The time a customer really gets, held against the budget (domain 3.3).

Decisions where the definition leaves room:

- The window ends on the day asked for and holds max(90, the longest interval of the budget's own contact rules) days, a
  fraction of a day counted as a whole one: a quarterly rule looks back 92 days, a yearly one 366.
- Where the present stage began later than that, the window begins at that instant: what was done on the same day
  before it is left out, while the day itself counts as a whole one.
- Below 30 days the actual is not known (None) and the status is "too early".
- An implausible touch's minutes are left out, its travel is not: travel is a duration of its own.
"""

import math
from datetime import date, timedelta
from typing import NamedTuple

from planning.engine.rhythm import DAYS_PER_MONTH

SHORTEST_WINDOW = 90
TOO_EARLY_BELOW = 30

OVER, UNDER, AS_PLANNED, TOO_EARLY = "over", "under", "as planned", "too early"


class Window(NamedTuple):
    """Days looked back on, both ends counted."""

    starts_on: date
    ends_on: date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


def window_length(longest_interval: float) -> int:
    """max(90, the longest interval) in whole days, fractions up."""
    return max(SHORTEST_WINDOW, math.ceil(longest_interval))


def window(on: date, longest_interval: float, began_on: date) -> Window:
    """The window on a day for a budget whose longest rule has that interval, of a stage that began on ``began_on``."""
    return Window(max(on - timedelta(days=window_length(longest_interval) - 1), min(began_on, on)), on)


def minutes_per_month(minutes: float, window: Window) -> float | None:
    """Minutes in the window x 30.4375 / its days; None while it is too early to tell."""
    days = window.days
    return None if days < TOO_EARLY_BELOW else minutes * DAYS_PER_MONTH / days


def status(actual: float | None, budget: float, over_above: float = 1.25, under_below: float = 0.75) -> str | None:
    """over above 125 % of the budget, under below 75 %, else as planned; None without a budget."""
    if budget <= 0:
        return None
    if actual is None:
        return TOO_EARLY
    if actual > over_above * budget:
        return OVER
    return UNDER if actual < under_below * budget else AS_PLANNED
