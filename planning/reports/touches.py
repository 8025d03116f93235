"""Touches: how many, and how long they took without travel, by touch type, person or tier.

By type and tier a touch counts once, with all people's minutes together; by person each one's own. Implausible touches
count, their minutes do not. A touch is judged by the tier of its day. Touches of a person unknown are, by person, a row
without a key.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from msgspec import Struct

from customers.facts import lifecycles
from customers.models import Tier, Touch, TouchPerson
from planning.reports.definition import Answer, Asked, Column, Kind, Report
from planning.reports.figures import exported, people_names, touch_type_names
from territory import clock

COLUMNS = (
    Column("key"),
    Column("touches", Kind.COUNT),
    Column("minutes", Kind.MINUTES),
    Column("implausible", Kind.COUNT),
    Column("person_unknown", Kind.COUNT),
)

PLAUSIBLE = Q(is_implausible=False)
UNKNOWN = ~Exists(TouchPerson.objects.filter(touch=OuterRef("pk")))


class Sums(Struct):
    """The figures of one row; time in seconds."""

    touches: int = 0
    seconds: int = 0
    implausible: int = 0
    person_unknown: int = 0


Found = dict[int | None, Sums]


def answer(asked: Asked) -> Answer:
    """One row for each type, person or tier with touches, in their own order; without a key last."""
    read, read_names = BY[asked.by or "type"]
    found, names = read(_touches(asked)), read_names()
    position = {pk: number for number, pk in enumerate(names)}
    keys = sorted((pk for pk in found if pk is not None), key=lambda pk: position[pk])
    rows = [_row(names[pk], found[pk]) for pk in keys]
    if None in found:
        rows.append(_row(None, found[None]))
    return Answer(rows, asked.now)


def _row(key: str | None, sums: Sums) -> dict[str, Any]:
    return {
        "key": key,
        "touches": sums.touches,
        "minutes": sums.seconds / 60,
        "implausible": sums.implausible,
        "person_unknown": sums.person_unknown,
    }


def _touches(asked: Asked) -> QuerySet[Touch]:
    zone = clock.company_zone()
    end = clock.end_of_day(min(asked.until, asked.on), zone)
    touches = Touch.objects.live().filter(at__lt=end, customer__archived_at__isnull=True)
    if asked.starts_on is not None:
        touches = touches.filter(at__gte=clock.start_of_day(asked.starts_on, zone))
    # Of a customer out of reach one sees one's own touch, and no more: not the tier of its day, not in sums either.
    return touches if asked.reader is None else exported(asked, touches.visible_to(asked.reader))


def _by_type(touches: QuerySet[Touch]) -> Found:
    rows = (
        touches.annotate(unknown=UNKNOWN)
        .order_by()
        .values_list("type_id")
        .annotate(
            number=Count("pk"),
            seconds=Sum("duration_seconds", filter=PLAUSIBLE),
            marked=Count("pk", filter=~PLAUSIBLE),
            nobody=Count("pk", filter=Q(unknown=True)),
        )
    )
    return {key: Sums(count, seconds or 0, implausible, unknown) for key, count, seconds, implausible, unknown in rows}


def _by_person(touches: QuerySet[Touch]) -> Found:
    people = TouchPerson.objects.filter(touch__in=touches.order_by().values("pk")).order_by()
    plausible = Q(touch__is_implausible=False)
    rows = people.values_list("user_id").annotate(
        number=Count("pk"),
        seconds=Sum("duration_seconds", filter=plausible),
        marked=Count("pk", filter=~plausible),
    )
    found: Found = {user: Sums(count, seconds or 0, implausible) for user, count, seconds, implausible in rows}
    unknown = touches.filter(UNKNOWN).aggregate(
        touches=Count("pk"),
        seconds=Sum("duration_seconds", filter=PLAUSIBLE),
        implausible=Count("pk", filter=~PLAUSIBLE),
    )
    if unknown["touches"]:
        found[None] = Sums(unknown["touches"], unknown["seconds"] or 0, unknown["implausible"], unknown["touches"])
    return found


def _by_tier(touches: QuerySet[Touch]) -> Found:
    known, zone = lifecycles(), clock.company_zone()
    found: Found = defaultdict(Sums)
    for customer, at, seconds, implausible, unknown in _plain(touches):
        sums = found[known[customer].tier_on(clock.day_of(at, zone))]
        sums.touches += 1
        sums.seconds += 0 if implausible else seconds
        sums.implausible += implausible
        sums.person_unknown += unknown
    return dict(found)


def _plain(touches: QuerySet[Touch]) -> Iterable[tuple[int, dt.datetime, int, bool, bool]]:
    rows = touches.order_by().annotate(unknown=UNKNOWN, seconds=F("duration_seconds"))
    return rows.values_list("customer_id", "at", "seconds", "is_implausible", "unknown").iterator(chunk_size=5000)


def _tier_names() -> dict[int, str]:
    return dict(Tier.objects.order_by("position", "name").values_list("pk", "name"))


# What --by may be: how it is summed, and how the rows are called, in order.
BY: dict[str, tuple[Callable[[QuerySet[Touch]], Found], Callable[[], dict[int, str]]]] = {
    "type": (_by_type, touch_type_names),
    "person": (_by_person, people_names),
    "tier": (_by_tier, _tier_names),
}

REPORT = Report("touches", COLUMNS, answer, by=tuple(BY), takes_window=True)
