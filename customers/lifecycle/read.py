"""Reading a customer's lifecycle: at an instant, on a day, up to an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from customers.lifecycle.days import days_after, local_day, start_of_day
from customers.lifecycle.facts import Facts, Order, Stage, TierBound
from customers.lifecycle.sale_types import FirstWins, SaleKind, first_wins, sale_type
from customers.lifecycle.stages import Course, Outcome, StagePeriod, Trace, trace
from customers.lifecycle.tiers import ValuePeriod, value_periods


class TierPeriod(Struct, frozen=True):
    """A tier, fixed by someone or not, from a day to a day, both included; `ends_on` None = still."""

    tier: int | None
    starts_on: date
    ends_on: date | None


class Standing(Struct, frozen=True):
    """Where a customer stands at an instant, and when that changes next by itself (None = never)."""

    stage: Stage
    stage_began_at: datetime
    tier: int | None
    tier_is_fixed: bool
    yearly_value: Decimal
    next_change_at: datetime | None


class Lifecycle(Struct, frozen=True, dict=True):
    """What the facts of one customer make of its stages, courses, tiers and yearly value.

    Facts dated in the future count from their day on, so that the lifecycle also says what will change by itself.
    """

    facts: Facts
    tiers: tuple[TierBound, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, facts: Facts, *, tiers: Iterable[TierBound], zone: ZoneInfo) -> Lifecycle:
        return cls(facts, tuple(tiers), zone)

    @cached_property
    def _trace(self) -> Trace:
        return trace(self.facts, zone=self.zone)

    @cached_property
    def _values(self) -> tuple[ValuePeriod, ...]:
        return value_periods(self.facts, self._trace, self.tiers, zone=self.zone)

    @cached_property
    def _first_wins(self) -> FirstWins:
        return first_wins(self.facts, self._trace.courses)

    @cached_property
    def _stage_instants(self) -> list[datetime]:
        return [period.began_at for period in self._trace.periods]

    @cached_property
    def _value_days(self) -> list[date]:
        return [period.starts_on for period in self._values]

    def stage_history(self, until: datetime) -> list[StagePeriod]:
        """The stages up to an instant, first to last, without gap or overlap; the last one has no end."""
        return [
            period if period.ended_at and period.ended_at <= until else replace(period, ended_at=None)
            for period in self._trace.periods
            if period.began_at <= until
        ]

    def courses(self, until: datetime) -> list[Course]:
        """The selling courses that had started by an instant; one that ended later is open."""
        return [
            course
            if course.ended_at is None or course.ended_at <= until
            else Course(course.number, course.started_at, None, Outcome.OPEN)
            for course in self._trace.courses
            if course.started_at <= until
        ]

    def tier_history(self, until: date) -> list[TierPeriod]:
        """The tiers up to a day, first to last, without gap or overlap; the last one has no end."""
        found: list[TierPeriod] = []
        for period in self._values:
            if period.starts_on > until:
                break
            if found and found[-1].tier == period.tier:
                continue
            if found:
                found[-1] = replace(found[-1], ends_on=period.starts_on - timedelta(days=1))
            found.append(TierPeriod(period.tier, period.starts_on, None))
        return found

    def stage_at(self, at: datetime) -> Stage | None:
        """The stage at an instant; None before the history begins."""
        index = bisect_right(self._stage_instants, at) - 1
        return self._trace.periods[index].stage if index >= 0 else None

    def stage_on(self, day: date) -> Stage | None:
        """The stage of a day: the one at its end (domain 3.2); None before the history begins."""
        return self.stage_at(start_of_day(days_after(day, 1), self.zone) - timedelta(microseconds=1))

    def tier_on(self, day: date) -> int | None:
        """The tier of a day; None before the history begins, and where there are no tiers."""
        period = self._value_period(day)
        return period.tier if period else None

    def yearly_value(self, day: date) -> Decimal | None:
        """The yearly value on which the tier of a day rests; None before the history begins."""
        period = self._value_period(day)
        return period.value if period else None

    def _value_period(self, day: date) -> ValuePeriod | None:
        index = bisect_right(self._value_days, day) - 1
        return self._values[index] if index >= 0 else None

    def sale_type(self, order: Order) -> SaleKind | str | None:
        """The sale type of one of the customer's orders; None while it is pending."""
        return sale_type(order, self._first_wins)

    def judged_on(self, order: Order) -> date | None:
        """The day by whose tier an order is judged: its opening, else its closing; None where both are unknown."""
        at = order.opened_at or order.closed_at
        return local_day(at, self.zone) if at else None

    def next_change_at(self, after: datetime) -> datetime | None:
        """The next instant after one at which stage, tier or yearly value changes by itself; None = never.

        By itself: a lapse on the 365th day, an order that begins to count or leaves the window, the end of the first
        year, a fixed tier that starts or ends, a fact dated later than `after`.
        """
        beginning = self._stage_instants[:1]  # the first day may begin later than its midnight
        midnights = [max([start_of_day(day, self.zone), *beginning]) for day in self._value_days]
        return min((at for at in (*self._stage_instants, *midnights) if at > after), default=None)

    def standing(self, at: datetime) -> Standing | None:
        """Where the customer stands at an instant; None before the history begins."""
        history = self.stage_history(at)
        value = self._value_period(local_day(at, self.zone))
        if not history or value is None:
            return None
        return Standing(
            stage=history[-1].stage,
            stage_began_at=history[-1].began_at.astimezone(UTC),
            tier=value.tier,
            tier_is_fixed=value.fixed,
            yearly_value=value.value,
            next_change_at=self.next_change_at(at),
        )
