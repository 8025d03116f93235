"""Stages and selling courses from facts (domain 2).

How the corners are decided:

- A won order makes prospect, lapsed and lost a customer at its closing. One that closed on local day L keeps the
  customer one on the days L to L + 364; at the first instant of day L + 365 it lapses, unless it has won another since.
  An order won at that very instant comes in time: the customer stage goes on unbroken.
- Lost takes effect from every stage; "prospect" only from lapsed and lost (set for a customer it changes nothing, also
  where it was lapsed by what was known then and an order imported later says otherwise). Setting the stage that already
  holds changes nothing; the first reason stays.
- A prospect does not lapse: a lapsed customer set back to prospect stays one until it orders or is lost.
- Facts of the same instant take effect in the order of a sale: back to prospect, then won, then lost. What holds for no
  time at all is no period; a selling course may be of no length (won at the very beginning).
- A course begins with the history and with each return to prospect; a lapsed or lost one that simply orders has none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from customers.lifecycle.days import days_after, local_day, start_of_day
from customers.lifecycle.facts import Decision, Facts, Order, Stage, begins_at, closing_key

DAYS_UNTIL_LAPSED = 365


class Cause(StrEnum):
    SINCE = "since"
    ORDER = "order"
    LAPSE = "lapse"
    HAND = "hand"


class Outcome(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class StagePeriod(Struct, frozen=True):
    """A stage from an instant until (not including) another; `ended_at` None = still.

    `order` is the won order that began it, `reason` what was given when it was set by hand.
    """

    stage: Stage
    began_at: datetime
    ended_at: datetime | None
    cause: Cause
    order: Order | None = None
    reason: str = ""


class Course(Struct, frozen=True):
    """One attempt to win; `number` counts from 1; `order` is the order that won it."""

    number: int
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome = Outcome.OPEN
    order: Order | None = None
    reason: str = ""


class Moment(Struct, frozen=True):
    """What holds after a fact: the stage, and the local day of the last won order."""

    day: date
    stage: Stage
    last_won_on: date | None


class Trace(Struct, frozen=True):
    """Everything that the facts make of the stage, those of the future and the next lapse included."""

    periods: tuple[StagePeriod, ...]
    courses: tuple[Course, ...]
    moments: tuple[Moment, ...]


def lapses_on(last_won_on: date) -> date:
    """The first day in lapsed after a won order that closed on a day: the 365th day after it."""
    return days_after(last_won_on, DAYS_UNTIL_LAPSED)


def stage_after(stage: Stage, decision: Decision) -> Stage:
    """The stage that a decision by hand leads to: the table of allowed moves by hand."""
    if decision.stage == Stage.LOST:
        return Stage.LOST
    if decision.stage == Stage.PROSPECT and stage in (Stage.LAPSED, Stage.LOST):
        return Stage.PROSPECT
    return stage


def trace(facts: Facts, *, zone: ZoneInfo) -> Trace:
    """Run through the facts of a customer; empty where nothing at all is known."""
    beginning = begins_at(facts, zone)
    if beginning is None:
        return Trace((), (), ())
    run = _Run(zone, beginning)
    for fact in _in_order(facts):
        run.take(fact)
    return run.result()


def _in_order(facts: Facts) -> list[Order | Decision]:
    def key(fact: Order | Decision) -> tuple:
        if isinstance(fact, Order):
            return (fact.closed_at, 1, closing_key(fact)[1:])
        return (fact.at, 2 if fact.stage == Stage.LOST else 0, (fact.number, fact.reason))

    return sorted([*facts.won_orders(), *facts.decisions], key=key)


class _Run:
    """The state while running through the facts; used by `trace` alone."""

    def __init__(self, zone: ZoneInfo, beginning: datetime) -> None:
        self.zone = zone
        self.stage = Stage.PROSPECT
        self.last_won_on: date | None = None
        self.periods = [StagePeriod(Stage.PROSPECT, beginning.astimezone(UTC), None, Cause.SINCE)]
        self.courses = [Course(1, beginning.astimezone(UTC))]
        self.moments = [Moment(local_day(beginning, zone), Stage.PROSPECT, None)]

    def take(self, fact: Order | Decision) -> None:
        at = (fact.closed_at if isinstance(fact, Order) else fact.at).astimezone(UTC)  # type: ignore[union-attr]
        self._lapse(until=at)
        if isinstance(fact, Order):
            self.last_won_on = local_day(at, self.zone)
            self._enter(Stage.CUSTOMER, at, Cause.ORDER, order=fact)
        else:
            self._enter(stage_after(self.stage, fact), at, Cause.HAND, reason=fact.reason)
        # Days never run backwards here, also where clocks were once set back over midnight.
        day = max(local_day(at, self.zone), self.moments[-1].day)
        self.moments.append(Moment(day, self.stage, self.last_won_on))

    def result(self) -> Trace:
        self._lapse(until=None)
        return Trace(tuple(_without_empty(self.periods)), tuple(self.courses), tuple(self.moments))

    def _lapse(self, *, until: datetime | None) -> None:
        if self.stage != Stage.CUSTOMER or self.last_won_on is None:
            return
        at = start_of_day(lapses_on(self.last_won_on), self.zone)
        if until is None or at <= until:
            self._enter(Stage.LAPSED, at, Cause.LAPSE)

    def _enter(self, stage: Stage, at: datetime, cause: Cause, order: Order | None = None, reason: str = "") -> None:
        if stage == self.stage:
            return
        self.periods[-1] = replace(self.periods[-1], ended_at=at)
        self.periods.append(StagePeriod(stage, at, None, cause, order, reason))
        if stage == Stage.PROSPECT:
            self.courses.append(Course(len(self.courses) + 1, at))
        elif self.stage == Stage.PROSPECT:
            outcome = Outcome.WON if stage == Stage.CUSTOMER else Outcome.LOST
            self.courses[-1] = replace(self.courses[-1], ended_at=at, outcome=outcome, order=order, reason=reason)
        self.stage = stage


def _without_empty(periods: list[StagePeriod]) -> list[StagePeriod]:
    kept: list[StagePeriod] = []
    for period in periods:
        if period.began_at == period.ended_at:
            continue
        if kept and kept[-1].stage == period.stage:
            kept[-1] = replace(kept[-1], ended_at=period.ended_at)
        else:
            kept.append(period)
    return kept
