"""Everyone's list of today from stored figures, ranked by one table of official values or by another."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

from django.db.models import Exists, OuterRef, QuerySet
from msgspec import Struct

from customers.models import PlannedTouch, Touch, TouchOutcome
from planning.engine import due as engine
from planning.engine.cover import Away
from planning.engine.due import PLANNED_INTERVAL, Candidate
from planning.engine.travel import Place, one_trip
from planning.engine.value import MICRO, ValueTable
from planning.loaders.ground import (
    away_from,
    away_questions,
    bases_from,
    bases_question,
    official_question,
    settings_question,
)
from planning.loaders.sides import NO_TIER
from planning.models import DueTouch, PlanningSettings
from territory.rows import among
from territory.together import Prepared, together


class Item(Struct, frozen=True, kw_only=True):
    """What could stand on a person's list, before it is valued. `planned_on` is None for what a rule asks for."""

    key: tuple[str, int]
    customer: int
    touch_type: int
    tier: int | None
    stage: str
    tier_rank: int
    name: str
    overdue_days: int
    urgency: float
    minutes: float
    planned_on: dt.date | None = None

    def valued(self, values: ValueTable) -> Candidate:
        worth = float(values.worth(self.touch_type, self.tier, self.stage).amount.quantize(MICRO))
        return Candidate(
            key=self.key,
            customer=self.customer,
            touch_type=self.touch_type,
            score=engine.score(worth, self.urgency, self.minutes),
            overdue_days=self.overdue_days,
            tier_rank=self.tier_rank,
            name=self.name,
            planned_on=self.planned_on,
        )


def list_questions() -> tuple[Prepared, ...]:
    """All official values, and what `load_lists` needs to know of settings, bases, absences and covers: to be asked together."""
    return official_question(), settings_question(), bases_question(), *away_questions()


def load_lists(
    today: dt.date, people: Collection[int], settings: Sequence[PlanningSettings], *answers: Iterable[tuple]
) -> dict[int, list[Item]]:
    """By person what could stand on the list of the day of each of these people, with the other answers to `list_questions`.
    In one query.

    Those whom somebody covers have nothing there, who covers has it on theirs.
    """
    bases, away = bases_from(answers[0]), away_from(*answers[1:])
    found: dict[int, list[Item]] = defaultdict(list)
    row = settings[0] if settings else PlanningSettings()
    work = _work_of(people, today, away)
    # Lists of many rows where the reader sees everybody, but both as wide: together they take no longer.
    due, planned = together(_due_question(today, work), _planned_question(work))
    for person, item in chain(_due(due, today, away), _planned(planned, today, away, bases, row)):
        if person in people:
            found[person].append(item)
    return dict(found)


def _work_of(people: Collection[int], today: dt.date, away: Away) -> set[int]:
    """These people, and whom they stand in for on the day."""
    stand_ins = (row for rows in away.stand_ins.values() for row in rows)
    return {*people, *(row.person for row in stand_ins if row.by in people and row.span.holds(today))}


def _due_question(today: dt.date, people: Collection[int]) -> QuerySet:
    rows = DueTouch.objects.filter(
        ~_just_done(), among("person_id", people), due_on__lte=today, customer__archived_at__isnull=True
    ).order_by("pk")
    return rows.values_list(
        "pk", "customer_id", "touch_type_id", "person_id", "due_on", "interval_days", "minutes", "travel_minutes",
        "customer__tier_id", "customer__tier__position", "customer__stage", "customer__name",
    )  # fmt: skip


def _due(rows: Iterable[tuple], today: dt.date, away: Away) -> Iterable[tuple[int, Item]]:
    for pk, customer, kind, person, due_on, interval, minutes, trip, tier, rank, stage, name in rows:
        overdue = (today - due_on).days
        yield (
            away.doing(person, customer, today) or person,
            Item(
                key=("due", pk),
                customer=customer,
                touch_type=kind,
                tier=tier,
                stage=stage,
                tier_rank=NO_TIER if rank is None else rank,
                name=name,
                overdue_days=overdue,
                urgency=engine.urgency(overdue, interval),
                minutes=minutes + trip,
            ),
        )


def _just_done() -> Exists:
    """Whether the person logged such a touch after the row was stored: it is gone from their list already."""
    touches = Touch.objects.live().filter(
        customer=OuterRef("customer"), type=OuterRef("touch_type"), logged_by=OuterRef("person")
    )
    return Exists(
        touches.exclude(outcome=TouchOutcome.NO_ANSWER).filter(logged_at__gt=OuterRef("customer__figures__computed_at"))
    )


def _planned_question(people: Collection[int]) -> QuerySet:
    rows = PlannedTouch.objects.open().filter(among("assignee_id", people), customer__archived_at__isnull=True)
    rows = rows.order_by("pk")
    return rows.values_list(
        "pk", "customer_id", "type_id", "assignee_id", "due_on", "duration_seconds", "type__travels", "customer__tier_id",
        "customer__tier__position", "customer__stage", "customer__name", "customer__latitude", "customer__longitude",
    )  # fmt: skip


def _planned(
    rows: Iterable[tuple], today: dt.date, away: Away, bases: Mapping[int, Place], settings: PlanningSettings
) -> Iterable[tuple[int, Item]]:
    detour, speed = float(settings.detour_factor), float(settings.travel_speed_kmh)
    for pk, customer, kind, assignee, due_on, seconds, travels, tier, rank, stage, name, latitude, longitude in rows:
        person = away.doing(assignee, customer, today) or assignee
        where = None if latitude is None or longitude is None else (latitude, longitude)
        trip = one_trip(bases.get(person), where, detour, speed).minutes if travels else 0.0
        overdue = (today - due_on).days
        yield (
            person,
            Item(
                key=("planned", pk),
                customer=customer,
                touch_type=kind,
                tier=tier,
                stage=stage,
                tier_rank=NO_TIER if rank is None else rank,
                name=name,
                overdue_days=overdue,
                urgency=engine.urgency(overdue, PLANNED_INTERVAL),
                minutes=seconds / 60 + trip,
                planned_on=due_on,
            ),
        )
