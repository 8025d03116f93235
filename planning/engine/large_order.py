"""A large pending order (domain 3.5): its share of a team's won sales, when it opens and when it resolves.

share = amount / sales, exact. It opens above 1/5 (exactly 1/5 does not) and resolves below 15 %, so that it does
not flicker. Sales = won in (D - 365, D] by the team and all under it; with less than 365 days of history x 365 /
max(90, days since the first won order, both ends counted).

Decisions where the definition leaves room:

- A team whose sales of the last 365 days are 0 has "sold nothing": a pending order from the minimum amount opens.
  It reads "first sales" where nothing was ever won, else "no sales in a year". It stays open while sales are 0 and
  the amount holds the minimum; once there are sales, the 15 % decide.
- Looking at the stored state, an open situation stays until below 15 %. Looking back ("as of" a day) no state is
  remembered: a situation is there if its share is above 1/5 on that day, and it "opened on the day its share first
  passed the threshold": the start of the run of days that leads to the day asked for, a run that only a day below 15 %
  interrupts. The days are those since the order was opened (opening unknown: since the team's first won order).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from msgspec import Struct

YEAR_DAYS = 365
SHORTEST_HISTORY = 90

ABOVE_THRESHOLD, FIRST_SALES, NO_SALES_IN_A_YEAR = "above threshold", "first sales", "no sales in a year"
BELOW_THRESHOLD, ORDER_ENDED, BELOW_MINIMUM = "below threshold", "order ended", "below minimum"


class Thresholds(Struct, frozen=True):
    """Shares of sales, and the amount from which an order counts where there are none."""

    enter_above: Decimal = Decimal("0.2")
    leave_below: Decimal = Decimal("0.15")
    minimum: Decimal = Decimal("10000")


class Sales(Struct, frozen=True):
    """A team's won sales as a base: ``won`` in the last 365 days, ``first_won_on`` ever, ``history_days`` since
    then (both ends counted, None before the first), ``base`` scaled to a year.
    """

    on: date
    won: Decimal
    first_won_on: date | None
    history_days: int | None
    base: Fraction

    @property
    def scaled(self) -> bool:
        return self.history_days is not None and self.history_days < YEAR_DAYS


class Verdict(Struct, frozen=True):
    """Whether a situation is open after a look at it, why, and the share (None without sales)."""

    is_open: bool
    because: str
    share: Fraction | None


class SalesHistory:
    """A team's won orders (its own and all under it) as days and running sums, to be asked for any day."""

    def __init__(self, won: Iterable[tuple[date, Decimal]]) -> None:
        rows = sorted(won)
        self.days = [day for day, _ in rows]
        self._sums = [Decimal(0), *accumulate(amount for _, amount in rows)]

    @property
    def first_won_on(self) -> date | None:
        return self.days[0] if self.days else None

    def on(self, day: date) -> Sales:
        """Sales closed in (day - 365, day] and the base they make."""
        upper = bisect_right(self.days, day)
        lower = bisect_left(self.days, day - timedelta(days=YEAR_DAYS - 1))
        won = self._sums[upper] - self._sums[lower]
        first = self.first_won_on if upper else None
        history = (day - first).days + 1 if first else None
        return Sales(day, won, first, history, base_sales(won, history))

    def turning_days(self, starts_on: date, ends_on: date) -> list[date]:
        """Days in between on which the base can differ from the day before (every day while the history is short)."""
        if not self.days:
            return [starts_on]
        settled = self.days[0] + timedelta(days=YEAR_DAYS)
        days = {starts_on, ends_on}
        days.update(starts_on + timedelta(days=n) for n in range((min(settled, ends_on) - starts_on).days + 1))
        leaving = (day + timedelta(days=YEAR_DAYS) for day in self.days)
        days.update(day for day in (*self.days, *leaving) if starts_on <= day <= ends_on)
        return sorted(days)


def base_sales(won: Decimal, history_days: int | None) -> Fraction:
    """Won sales of a year; with less than 365 days of history x 365 / max(90, days of history)."""
    if history_days is None or history_days >= YEAR_DAYS:
        return Fraction(won)
    return Fraction(won) * YEAR_DAYS / max(SHORTEST_HISTORY, history_days)


def share_of(amount: Decimal, base: Fraction) -> Fraction | None:
    """amount / base, exact; None without sales."""
    return Fraction(amount) / base if base > 0 else None


def judge(is_open: bool, amount: Decimal, sales: Sales, thresholds: Thresholds) -> Verdict:
    """Whether the situation of a pending order is open now, from whether it was."""
    share = share_of(amount, sales.base)
    if share is None:
        because = FIRST_SALES if sales.first_won_on is None else NO_SALES_IN_A_YEAR
        return Verdict(True, because, None) if amount >= thresholds.minimum else Verdict(False, BELOW_MINIMUM, None)
    if share > Fraction(thresholds.enter_above):
        return Verdict(True, ABOVE_THRESHOLD, share)
    if is_open and share >= Fraction(thresholds.leave_below):
        return Verdict(True, ABOVE_THRESHOLD, share)
    return Verdict(False, BELOW_THRESHOLD, share)


def uplift(amount: Decimal, probability: Decimal | None, base: Fraction) -> Fraction | None:
    """The probability-weighted share; None without sales or without a probability."""
    share = share_of(amount, base)
    return None if share is None or probability is None else share * Fraction(probability)


def opened_on(
    history: SalesHistory,
    starts_on: date | None,
    on: date,
    amount_on: Callable[[date], Decimal],
    thresholds: Thresholds,
    amount_days: Iterable[date] = (),
) -> date | None:
    """The day on which the situation of a pending order opened, seen from the day ``on``; None if there is none then.

    ``starts_on``: the day the order was opened, None if always open. ``amount_on``: the order's amount on a day;
    ``amount_days``: the days on which it changed.
    """
    if not judge(False, amount_on(on), history.on(on), thresholds).is_open:
        return None
    first = min(starts_on or history.first_won_on or on, on)
    opened = None
    days = {*history.turning_days(first, on), *(day for day in amount_days if first <= day <= on), on}
    for day in sorted(days):
        verdict = judge(opened is not None, amount_on(day), history.on(day), thresholds)
        opened = (opened or day) if verdict.is_open else None
    return opened
