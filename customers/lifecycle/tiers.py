"""Yearly value and value tier of each day (domain 2).

How the corners are decided. The tier of a day D rests on what was known when the day began, and on potential noted and
decisions made on it: **orders closed on D itself are left out**, in the sums and in the stage alike. So:

- while a prospect (also one that came back, and on the day of its first order): its potential;
- as a customer, up to 364 days after the first order it ever won: the larger of potential and won; after that: won,
  where won = orders closed on D - 365 to D - 1. The order of day L counts on the days L + 1 to L + 365;
- in lapsed: the value of the day after its last won order, until the day of its next order included;
- in lost: the value of the last day that did not end in lost; lost on its very first day: its potential of that day;
- potential: the latest row noted by that day (same day: the row entered last); none = 0;
- a fixed tier goes before all this on its days and changes no value: what lapsed and lost keep is the value, so a fix
  that has ended has no after-effect. Where fixes overlap, the one that starts last holds;
- below the lowest bound: the lowest tier; without any tiers: none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from customers.lifecycle.days import days_after, local_day
from customers.lifecycle.facts import Decision, Facts, Stage, TierBound, TierFix
from customers.lifecycle.stages import Moment, Trace, lapses_on, stage_after

DAYS_OF_A_YEAR = 365
NOTHING = Decimal(0)


class ValuePeriod(Struct, frozen=True):
    """Yearly value and tier from a day to a day, both included; `ends_on` None = until something changes."""

    value: Decimal
    tier: int | None
    fixed: bool
    starts_on: date
    ends_on: date | None


def tier_for(value: Decimal, tiers: Iterable[TierBound]) -> int | None:
    """The tier of a yearly value: the highest whose lower bound it reaches, else the lowest; None without tiers."""
    downwards = sorted(tiers, key=lambda row: (-row.lower_bound, row.rank))
    reached = (row.tier for row in downwards if row.lower_bound <= value)
    return next(reached, downwards[-1].tier if downwards else None)


def value_periods(facts: Facts, trace: Trace, tiers: Iterable[TierBound], *, zone: ZoneInfo) -> tuple[ValuePeriod, ...]:
    """Yearly value and tier of every day from the beginning on, those that follow by themselves included."""
    if not trace.moments:
        return ()
    tiers = tuple(tiers)
    days = _Days(facts, trace.moments, zone)
    found: list[ValuePeriod] = []
    value: Decimal | None = None
    for day in days.turning_points():
        value = days.value_on(day, before=value)
        fix = fix_on(facts.fixes, day)
        tier = fix.tier if fix else tier_for(value, tiers)
        if found and (found[-1].value, found[-1].tier, found[-1].fixed) == (value, tier, fix is not None):
            continue
        if found:
            found[-1] = _ended(found[-1], day)
        found.append(ValuePeriod(value, tier, fix is not None, day, None))
    return tuple(found)


def fix_on(fixes: Iterable[TierFix], day: date) -> TierFix | None:
    """The fixed tier that holds on a day: of several the one that starts last, then the one entered last."""
    holding = [
        fix
        for fix in fixes
        if (fix.starts_on is None or fix.starts_on <= day) and (fix.ends_on is None or day <= fix.ends_on)
    ]
    return max(holding, key=lambda fix: (fix.starts_on or date.min, fix.number, fix.tier), default=None)


def _ended(period: ValuePeriod, next_day: date) -> ValuePeriod:
    return ValuePeriod(period.value, period.tier, period.fixed, period.starts_on, next_day - timedelta(days=1))


class _Days:
    """The facts arranged for looking up days; used by `value_periods` alone."""

    def __init__(self, facts: Facts, moments: tuple[Moment, ...], zone: ZoneInfo) -> None:
        self.moments = moments
        self.moment_days = [moment.day for moment in moments]
        self.first_day = moments[0].day
        self.decisions: dict[date, list[Decision]] = {}
        for decision in sorted(facts.decisions, key=lambda row: (row.at, row.stage == Stage.LOST, row.number)):
            self.decisions.setdefault(local_day(decision.at, zone), []).append(decision)
        won = sorted(
            (local_day(order.closed_at, zone), order.amount) for order in facts.won_orders() if order.closed_at
        )
        self.won_days = [day for day, _ in won]
        self.won_up_to = [NOTHING]
        for _, amount in won:
            self.won_up_to.append(self.won_up_to[-1] + amount)
        noted = sorted((row.noted_on or self.first_day, row.number, row.amount) for row in facts.potentials)
        self.noted_days = [day for day, _, _ in noted]
        self.noted_amounts = [amount for _, _, amount in noted]
        self.fixes = facts.fixes

    def turning_points(self) -> list[date]:
        """All days on which value or tier can differ from the day before, in order."""
        days = {self.first_day, *self.noted_days, *self.decisions}
        days.update(days_after(day, 1) for day in (*self.won_days, *self.decisions))
        days.update(days_after(day, DAYS_OF_A_YEAR) for day in self.won_days)
        days.update(days_after(day, DAYS_OF_A_YEAR + 1) for day in self.won_days)
        days.update(fix.starts_on for fix in self.fixes if fix.starts_on is not None)
        days.update(days_after(fix.ends_on, 1) for fix in self.fixes if fix.ends_on is not None)
        return sorted(day for day in days if day >= self.first_day)

    def value_on(self, day: date, *, before: Decimal | None) -> Decimal:
        """The yearly value of a day; `before` is that of the day before, None on the first day."""
        stage, last_won_on = self._judged_by(day)
        if stage == Stage.PROSPECT or (stage == Stage.LOST and before is None):
            return self._potential(day)
        if stage == Stage.LOST and before is not None:
            return before
        if stage == Stage.LAPSED and last_won_on is not None:
            return self._earned(days_after(last_won_on, 1))
        return self._earned(day)

    def _judged_by(self, day: date) -> tuple[Stage, date | None]:
        """The stage at the end of a day, leaving out orders closed on it; and the day of the last order before it."""
        moment = self.moments[max(0, bisect_left(self.moment_days, day) - 1)]
        stage, last_won_on = moment.stage, moment.last_won_on
        if stage == Stage.CUSTOMER and last_won_on is not None and day >= lapses_on(last_won_on):
            stage = Stage.LAPSED
        for decision in self.decisions.get(day, ()):
            stage = stage_after(stage, decision)
        return stage, last_won_on

    def _earned(self, day: date) -> Decimal:
        won = self._won_in_the_year_before(day)
        if (day - self.won_days[0]).days < DAYS_OF_A_YEAR:
            return max(won, self._potential(day))
        return won

    def _won_in_the_year_before(self, day: date) -> Decimal:
        end = bisect_left(self.won_days, day)
        start = bisect_left(self.won_days, day - timedelta(days=DAYS_OF_A_YEAR))
        return self.won_up_to[end] - self.won_up_to[start]

    def _potential(self, day: date) -> Decimal:
        rows = bisect_right(self.noted_days, day)
        return self.noted_amounts[rows - 1] if rows else NOTHING
