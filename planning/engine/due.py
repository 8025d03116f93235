"""When the next touch is due, whose it is, and what to do first (domain 3.2).

Decisions where the definition leaves room:

- A customer without a tier has no due touches but by its own rules: others name a tier.
- The absence that moves a due day is that of the person whose touch it is; a day moves until it is a working day on
  which that person is there (or covered).
- "Never touched" also holds where only no-answer touches were made.
- A customer's own rules stand in the places of its tier's: see `own_rules`, also for the day from which each asks.
- Expected travel is the travel of the budget: the mean of the role's people weighted by share, nobody: the owner's.
- A planned touch stands for its rule's row on the days before its own. From its day on both are candidates and the
  one with the higher score is shown, so that there is one row per customer and type either way. Of several planned
  ones, one whose day has come goes before one that waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from msgspec import Struct

from planning.engine import travel
from planning.engine.budget import role_travel
from planning.engine.calendar import WorkCalendar
from planning.engine.cover import Away
from planning.engine.facts import CustomerFacts, day_of, staffing_of
from planning.engine.rules import ContactRule, Key, Rules
from planning.engine.shares import whose
from planning.engine.value import ValueTable, Worth

PLANNED_INTERVAL = 7
MOST_URGENT = 3.0


class Due(NamedTuple):
    """The next touch that a rule asks for: ``last`` is the touch it counts from (None: never touched), ``minutes``
    those of the touch, ``travel`` there and back (None: does not travel).
    """

    rule: ContactRule
    customer: Key
    person: Key | None
    last: date | None
    due_on: date
    overdue_days: int
    score: float
    worth: Worth
    minutes: float
    travel: travel.Travel | None


def urgency(overdue_days: int, interval: float) -> float:
    """1 + days overdue / interval, held between 0 and 3."""
    return min(MOST_URGENT, max(0.0, 1 + overdue_days / interval))


def score(worth: float, urgency: float, minutes: float) -> float:
    """Value x urgency / (minutes with travel, at least 1): 90 x 2 / 45 is 4.00."""
    return worth * urgency / max(1.0, minutes)


def planned_score(worth: Worth, day: date, today: date, minutes: float) -> float:
    """The score of a planned touch: the urgency of its own day with an interval of 7; ``minutes`` with travel."""
    return score(float(worth.amount), urgency((today - day).days, PLANNED_INTERVAL), minutes)


def next_due(last: date | None, began_on: date, step: int, asks_from: date | None = None) -> date:
    """The day of the last counting touch + the interval; never touched: the day the stage began. Not yet moved.

    ``asks_from``: the rule asks for nothing before that day.
    """
    due_on = began_on if last is None else day_of(last) + timedelta(days=step)
    return due_on if asks_from is None else max(due_on, asks_from)


def due_touches(
    facts: CustomerFacts,
    rules: Rules,
    bases: Mapping[Key, travel.Place],
    calendar: WorkCalendar,
    away: Away,
    values: ValueTable,
    on: date,
) -> list[Due]:
    """What every contact rule of the customer's tier and stage asks for next, future ones too.

    An absence moves the due day as far as nobody stands in; whose the touch is does not change with a cover.
    """
    staffing = facts.staffing
    owner = facts.owner
    found = []
    for role, role_rules in facts.contact_rules(rules).items():
        mine = staffing_of(staffing, role)
        doer = whose(mine, owner)
        trip = None
        for rule in role_rules:
            if rule.travels and trip is None:
                trip = role_travel(facts, rules, bases, mine, owner)
            last = facts.last.counting(role, rule.touch_type, bool(mine.parts))
            asks_from = facts.own.asks_from.get((role, rule.touch_type))
            due_on = calendar.next_working_day(
                next_due(last, facts.began_on, rule.step, asks_from),
                away.uncovered(doer.person, facts.key) if doer else (),
            )
            overdue = (on - due_on).days
            worth = values.worth(rule.touch_type, facts.tier, facts.stage)
            minutes = rule.minutes + (trip.minutes if rule.travels and trip else 0.0)
            found.append(
                Due(
                    rule,
                    facts.key,
                    doer.person if doer else None,
                    last,
                    due_on,
                    overdue,
                    score(float(worth.amount), urgency(overdue, rule.interval), minutes),
                    worth,
                    rule.minutes,
                    trip if rule.travels else None,
                )
            )
    return found


class Candidate(Struct, frozen=True):
    """A row that could stand on a list of what to do next; ``planned_on`` is None for a rule's row.

    ``tier_rank`` counts from 0 for the highest tier.
    """

    key: Key
    customer: Key
    touch_type: Key
    score: float
    overdue_days: int
    tier_rank: int
    name: str
    planned_on: date | None = None


def order_of(row: Candidate) -> tuple:
    """Best first: score, then the longer overdue, then the higher tier, then the name."""
    return -row.score, -row.overdue_days, row.tier_rank, row.name


Row = TypeVar("Row", bound=Candidate)


def one_row_each(rows: Iterable[Row], today: date) -> list[Row]:
    """One row per customer and type, best first; a planned touch hides its rule's row until its day."""
    places: dict[tuple[Key, Key], list[Row]] = {}
    for row in sorted(rows, key=order_of):
        places.setdefault((row.customer, row.touch_type), []).append(row)
    return sorted((_stands(found, today) for found in places.values()), key=order_of)


def _stands(rows: Sequence[Row], today: date) -> Row:
    """The row that stands for all of one customer and type, which come best first."""
    waiting = [row for row in rows if row.planned_on is not None and row.planned_on > today]
    now = [row for row in rows if row not in waiting and (row.planned_on is not None or not waiting)]
    return (now or waiting)[0]
