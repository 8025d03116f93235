"""What a hand-over does to the weeks of both people: their loads as they stand beside what they would be.

From stored budgets: what the person does on a customer goes to the receiver as it is, with the receiver's way there. In
another role the receiver does what that role has unstaffed there, and the person's part stands as unstaffed.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from accounts.models import User
from accounts.permissions import Act, Area, people_within
from customers.actions.foreseen import HandOver, Move, planned_of
from customers.models import PlannedTouch
from planning.engine import workload as engine
from planning.engine.calendar import monday
from planning.engine.rules import PROSPECT
from planning.engine.travel import Place, one_trip
from planning.engine.workload_facts import BudgetShare as Share
from planning.engine.workload_facts import PlannedTouches
from planning.loaders.ground import (
    Ground,
    away_from,
    away_questions,
    bases_from,
    bases_question,
    weeks_ground,
    weeks_questions,
)
from planning.loaders.workload import load_workload, span_of, weeks_from
from planning.models import BudgetShare
from territory import clock
from territory.together import in_groups

ONE_WEEK = dt.timedelta(days=7)


class WeekLoads(Struct, frozen=True):
    """A week with the load of each person before and after, as shares of capacity; None: away."""

    week: dt.date
    loads: list[tuple[float | None, float | None]]


class Loads(Struct, frozen=True):
    """The weeks of those whose workload the reader may see, of the two."""

    people: list[User]
    weeks: list[WeekLoads]


def loads(reader: Any, seen: HandOver, moves: Sequence[Move]) -> Loads | None:
    """Loads of the person (unless they leave) and the receiver, in 2 queries, one more where somebody covers chosen
    customers; None where the reader may see neither's.

    A week counts as handed over as a whole when the day from which it holds lies in it or before it.
    """
    receiver = seen.receiver
    if receiver is None:
        return None
    mondays = weeks_from(clock.company_today())
    asked = [receiver.user] if seen.leaves else [seen.person, receiver.user]
    within = people_within(reader, Area.BUDGETS, Act.SEE).filter(pk__in=[user.pk for user in asked])
    customers = {move.customer.pk for move in moves}
    questions = (
        within.order_by().values_list("pk"),
        bases_question(),
        _shares(seen, customers),
        _planned(seen, customers),
    )
    away = away_questions(*span_of(mondays))
    ground_rows, away_rows, (visible, bases, shares, planned) = in_groups(weeks_questions(), away, questions)
    people = [user for user in asked if (user.pk,) in visible]
    if not people:
        return None
    ground = weeks_ground(*ground_rows)
    both = frozenset({seen.person.pk, receiver.user_id})
    facts = load_workload(ground, mondays, people=both, unstaffed=frozenset(), away=away_from(*away_rows))
    moved = _Moved(seen, moves, ground, bases_from(bases))
    after = replace(
        facts,
        shares=[*facts.shares, *moved.shares(shares)],
        planned=[*facts.planned, *moved.planned(planned)],
    )
    sides = [
        {(cell.person, cell.week): cell.load for cell in engine.workload(each, mondays)} for each in (facts, after)
    ]
    return Loads(people, [_week(week, people, seen.on, *sides) for week in mondays])


def _week(week: dt.date, people: Iterable[User], on: dt.date, before: dict, after: dict) -> WeekLoads:
    then = after if on < week + ONE_WEEK else before
    return WeekLoads(week, [(before.get((user.pk, week)), then.get((user.pk, week))) for user in people])


def _shares(seen: HandOver, customers: set[int]) -> QuerySet:
    """What the person does on these customers, and what nobody does there in the receiver's role."""
    theirs = Q(membership__user=seen.person)
    nobodys = Q(membership__isnull=True, role=seen.receiver.role_id)  # type: ignore[union-attr]
    rows = BudgetShare.objects.filter(theirs | nobodys, customer__in=customers).order_by("pk")
    return rows.values_list(
        "customer_id", "membership_id", "role_id", "team_id", "is_prospecting", "touch_minutes", "travel_minutes",
        "other_minutes", "customer__latitude", "customer__longitude",
    )  # fmt: skip


def _planned(seen: HandOver, customers: set[int]) -> QuerySet[PlannedTouch]:
    """Planned touches that go along."""
    rows = planned_of(seen.person, seen.on).filter(customer__in=customers)
    return rows.values_list(
        "due_on", "duration_seconds", "customer__stage", "type__travels", "customer__latitude", "customer__longitude"
    )


class _Moved:
    """What is taken from one person and given to the other."""

    def __init__(self, seen: HandOver, moves: Sequence[Move], ground: Ground, bases: Mapping[int, Place]) -> None:
        self.person, self.receiver = seen.person.pk, seen.receiver
        self.roles = {
            (move.customer.pk, move.assignment.membership_id): move.assignment.membership.role_id for move in moves
        }
        self.rules, self.bases = ground.context.rules, bases

    def _trip(self, user: int, latitude: float | None, longitude: float | None) -> float:
        place: Place | None = None if latitude is None or longitude is None else (latitude, longitude)
        return one_trip(self.bases.get(user), place, self.rules.detour, self.rules.speed_kmh).minutes

    def shares(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Share]:
        """Minutes a month less for the one, more for the other."""
        receiver = self.receiver
        elsewhere = {customer for (customer, _seat), role in self.roles.items() if role != receiver.role_id}
        for customer, seat, role, team, prospecting, touch, travel, other, *place in rows:
            if seat is not None and (customer, seat) in self.roles:
                yield Share(self.person, team, prospecting, -touch, -travel, -other)
            if ((customer, seat) in self.roles and role == receiver.role_id) or (
                seat is None and customer in elsewhere
            ):
                old, new = (self._trip(user, *place) for user in (self.person, receiver.user_id))
                way = travel * new / old if old else travel
                yield Share(receiver.user_id, receiver.team_id, prospecting, touch, way, other)

    def planned(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[PlannedTouches]:
        """Planned touches less for the one, more for the other."""
        for day, seconds, stage, travels, *place in rows:
            for user, sign in ((self.person, -1), (self.receiver.user_id, 1)):
                minutes, travel = sign * seconds / 60, sign * self._trip(user, *place) if travels else 0.0
                new, old = (minutes, 0.0) if stage == PROSPECT else (0.0, minutes)
                yield PlannedTouches(user, monday(day), new, old, travel)
