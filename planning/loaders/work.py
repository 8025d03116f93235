"""Touches of a window in piles of equal worth, put together by the database: a piece of news for each pile, not for each touch.

A touch is judged by the tier and the stage of its day in the company's time zone. Work is done under the membership of the
assignment on the customer, else the earliest current one; who stands in for somebody does it under their own.
"""

import datetime as dt
import json
import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber, TruncDate

from accounts.models import Membership, User
from customers.facts import lifecycles
from customers.lifecycle import Lifecycle
from customers.models import Assignment, Customer, StagePeriod, TierPeriod, Touch, TouchPerson
from customers.working_as import EARLIEST_FIRST
from planning.engine.work import Pile
from territory import clock
from territory.rows import among, ends_from, on_day, starts_by

TOOK_PART = TouchPerson.objects.filter(touch=OuterRef("pk"))


class By(StrEnum):
    """Whose piles: a touch counts once in all, once for each person who took part, or once for each of their teams."""

    TOUCH = "touch"
    PERSON = "person"
    TEAM = "team"


@dataclass(frozen=True)
class Seat:
    """A membership: whose, in which team, and what an hour costs (None: not known)."""

    user: int
    team: int
    per_hour: Decimal | None
    holds_all: bool


@dataclass(frozen=True)
class Span:
    """The days from first to last, both counted; `days`: the first, and those on which official values change.

    Only with `repeats_once` piles tell which touches are the first of their customer, type and day: it takes sorting all.
    """

    first: dt.date
    last: dt.date
    days: Sequence[dt.date]
    zone: zoneinfo.ZoneInfo
    repeats_once: bool

    @property
    def starts_at(self) -> dt.datetime:
        return clock.start_of_day(self.first, self.zone)

    @property
    def ends_at(self) -> dt.datetime:
        return clock.end_of_day(self.last, self.zone)

    def touches(self) -> QuerySet[Touch]:
        """All touches of live customers in these days."""
        return Touch.objects.live().filter(
            at__gte=self.starts_at, at__lt=self.ends_at, customer__archived_at__isnull=True
        )


@dataclass(frozen=True)
class Made:
    """Touches, and of whom: of these people (None: of everyone), and with `unknown` those of which nobody knows who."""

    touches: QuerySet[Touch]
    people: QuerySet[User] | None = None
    unknown: bool = True

    @property
    def by_them(self) -> QuerySet[Touch]:
        """Each once, whoever of them took part."""
        if self.people is None:
            return self.touches
        theirs = Q(Exists(TOOK_PART.filter(user__in=self.people.order_by().values("pk"))))
        return self.touches.filter(theirs | ~Exists(TOOK_PART) if self.unknown else theirs)


def load_behind(touches: QuerySet[Touch], now: dt.datetime) -> list[int]:
    """Customers with some of these touches whose stored stages and tiers wait to be worked out anew; mostly none."""
    waiting = Customer.objects.filter(next_change_at__lte=now, pk__in=touches.order_by().values("customer"))
    return list(waiting.order_by().values_list("pk", flat=True))


def seats_question(first: dt.date, last: dt.date) -> QuerySet:
    """The memberships of these days: what `seats_from` makes something of."""
    fields = ("pk", "user_id", "team_id", "starts_on", "ends_on", "cost_per_hour", "role__cost_per_hour")
    return Membership.objects.filter(starts_by(last), ends_from(first)).order_by("pk").values_list(*fields)


def seats_from(rows: Iterable[tuple], span: Span) -> dict[int, Seat]:
    """Memberships by key from the answer to `seats_question`."""
    return {
        pk: Seat(
            user,
            team,
            of_role if own is None else own,
            (starts_on is None or starts_on <= span.first) and (ends_on is None or span.last <= ends_on),
        )
        for pk, user, team, starts_on, ends_on, own, of_role in rows
    }


def load_piles(made: Made, span: Span, by: By, seats: dict[int, Seat], *, behind: Collection[int] = ()) -> list[Pile]:
    """Piles of these touches, in one query.

    `behind`: customers whose stored stages and tiers are out of date; theirs are worked out from their facts.
    """
    rows = _by_touch(made.by_them, span) if by is By.TOUCH else _by_people(made, span, by, seats)
    try:
        parts = [_sql(rows), *_histories(made.touches, span, behind)]
    except EmptyResultSet:
        return []
    (work, *_), (tiers, *_), (stages, *_) = parts
    statement = _PILES.format(work=work, tiers=tiers, stages=stages, once="DISTINCT " if by is By.TEAM else "")
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _sql, values in parts for value in values])
        return [Pile(*row) for row in cursor.fetchall()]


# {once}: two of a team at one touch are two rows of it.
_PILES = """
SELECT who, seat, kind, tier_id, stage, piece,
    COUNT({once}made), SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END),
    SUM(CASE WHEN marked THEN 0 ELSE seconds END), SUM(travel),
    COUNT({once}CASE WHEN marked THEN made END)
FROM ({work}) AS work
LEFT JOIN ({tiers}) AS tiers ON tiers.customer_id = about AND tiers.starts_on <= day AND (tiers.ends_on IS NULL OR day <= tiers.ends_on)
LEFT JOIN ({stages}) AS stages ON stages.customer_id = about AND stages.from_day <= day AND (stages.until_day IS NULL OR day < stages.until_day)
GROUP BY who, seat, kind, tier_id, stage, piece
"""

NOBODY = Value(None, BigIntegerField())
COLUMNS = ("made", "who", "seat", "about", "kind", "day", "piece", "seconds", "travel", "marked", "place")


def _sql(rows: QuerySet) -> tuple[str, list]:
    sql, values = rows.order_by().query.sql_with_params()
    return sql, list(values)


def _piece(span: Span) -> Case:
    """How many times official values had changed by the day."""
    later = [When(day__gte=day, then=Value(number)) for number, day in enumerate(span.days) if number]
    return Case(*reversed(later), default=Value(0))


def _place(span: Span, alike: list[F], order: list[str]) -> Window | Value:
    """The how manieth of those alike; where nobody asks, all are the first."""
    return Window(RowNumber(), alike, order_by=order) if span.repeats_once else Value(1)


def _by_touch(touches: QuerySet[Touch], span: Span) -> QuerySet:
    rows = touches.annotate(day=TruncDate("at", tzinfo=span.zone)).annotate(
        made=F("pk"),
        who=NOBODY,
        seat=NOBODY,
        about=F("customer_id"),
        kind=F("type_id"),
        piece=_piece(span),
        seconds=F("duration_seconds"),
        travel=F("travel_seconds"),
        marked=F("is_implausible"),
        place=_place(span, [F("customer_id"), F("type_id"), F("day")], ["at", "pk"]),
    )
    return rows.values(*COLUMNS)


def _by_people(made: Made, span: Span, by: By, seats: dict[int, Seat]) -> QuerySet:
    """A row for each person who took part, and one for each touch of people unknown."""
    rows = made.by_them.annotate(day=TruncDate("at", tzinfo=span.zone), person=F("people__user_id"))
    if made.people is not None:
        rows = rows.filter(Q(person__isnull=True) | Q(person__in=made.people.order_by().values("pk")))
    rows = _seated(rows, seats)
    who, seat = (F("person"), F("held")) if by is By.PERSON else (F("held_in"), NOBODY)
    rows = rows.annotate(
        made=F("pk"),
        who=who,
        seat=seat,
        about=F("customer_id"),
        kind=F("type_id"),
        piece=_piece(span),
        seconds=Coalesce("people__duration_seconds", "duration_seconds"),
        travel=Coalesce("people__travel_seconds", "travel_seconds"),
        marked=F("is_implausible"),
        place=_place(span, [who, F("customer_id"), F("type_id"), F("day")], ["at", "pk"]),
    )
    return rows.values(*COLUMNS)


def _seated(rows: QuerySet[Touch], seats: dict[int, Seat]) -> QuerySet[Touch]:
    """With the person's membership `held` and its team `held_in`. Who has one alone that holds all days needs no look at assignments."""
    of_user: dict[int, list[int]] = {}
    for pk, seat in seats.items():
        of_user.setdefault(seat.user, []).append(pk)
    alone = {user: pks[0] for user, pks in of_user.items() if len(pks) == 1 and seats[pks[0]].holds_all}
    rows = rows.annotate(
        lone=FilteredRelation("people__user__memberships", condition=Q(people__user__memberships__in=[*alone.values()]))
    )
    others = [user for user in of_user if user not in alone]
    if not others:
        return rows.annotate(held=F("lone__pk"), held_in=F("lone__team_id"))
    day = OuterRef("day")
    assigned = Assignment.objects.filter(
        on_day(day),
        on_day(day, "membership__"),
        customer=OuterRef("customer"),
        membership__user=OuterRef("person"),
    ).order_by(*EARLIEST_FIRST)
    current = Membership.objects.filter(on_day(day), user=OuterRef("person")).order_by(*EARLIEST_FIRST)

    def held(of_assignment: str, of_membership: str) -> Case:
        found = Coalesce(
            Subquery(assigned.values(of_assignment)[:1]),
            Subquery(current.values(of_membership)[:1]),
            output_field=BigIntegerField(),
        )
        return Case(
            When(person__in=others, then=found), default=F(f"lone__{of_membership}"), output_field=BigIntegerField()
        )

    return rows.annotate(held=held("membership_id", "pk"), held_in=held("membership__team_id", "team_id"))


def _histories(touches: QuerySet[Touch], span: Span, behind: Collection[int]) -> list[tuple[str, list]]:
    """Tiers by day and stages by the days at whose end they held, of the customers touched."""
    about = touches.order_by().values("customer")
    tiers = TierPeriod.objects.filter(ends_from(span.first), customer__in=about, starts_on__lte=span.last)
    stages = StagePeriod.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=span.starts_at), customer__in=about, began_at__lt=span.ends_at
    ).annotate(from_day=TruncDate("began_at", tzinfo=span.zone), until_day=TruncDate("ended_at", tzinfo=span.zone))
    if behind:
        tiers, stages = (rows.exclude(among("customer_id", behind)) for rows in (tiers, stages))
    stored = [
        _sql(tiers.values("customer_id", "tier_id", "starts_on", "ends_on")),
        _sql(stages.values("customer_id", "stage", "from_day", "until_day")),
    ]
    if not behind:
        return stored
    known = lifecycles(behind)
    anew = [
        _given(_tiers_anew(known, span), "tier_id", "bigint", "starts_on", "ends_on"),
        _given(_stages_anew(known, span), "stage", "text", "from_day", "until_day"),
    ]
    return [(f"{one} UNION ALL {other}", [*a, *b]) for (one, a), (other, b) in zip(stored, anew, strict=True)]


Anew = list[tuple[int, Any, str, str | None]]


def _tiers_anew(known: dict[int, Lifecycle], span: Span) -> Anew:
    return [
        (pk, period.tier, period.starts_on.isoformat(), period.ends_on and period.ends_on.isoformat())
        for pk, lifecycle in known.items()
        for period in lifecycle.tier_history(span.last)
    ]


def _stages_anew(known: dict[int, Lifecycle], span: Span) -> Anew:
    def day(at: dt.datetime) -> str:
        return clock.day_of(at, span.zone).isoformat()

    return [
        (pk, str(period.stage), day(period.began_at), period.ended_at and day(period.ended_at))
        for pk, lifecycle in known.items()
        for period in lifecycle.stage_history(span.ends_at)
    ]


def _given(rows: Anew, what: str, kind: str, first: str, last: str) -> tuple[str, list]:
    """Rows that the database does not have, as a table of it."""
    names = [("customer_id", "bigint"), (what, kind), (first, "date"), (last, "date")]
    if connection.vendor == "postgresql":
        columns = ", ".join(f"(row->>{place})::{each} AS {name}" for place, (name, each) in enumerate(names))
        return f"SELECT {columns} FROM jsonb_array_elements(%s::jsonb) AS row", [json.dumps(rows)]  # noqa: S608  names of ours
    columns = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, (name, _kind) in enumerate(names))
    return f"SELECT {columns} FROM json_each(%s)", [json.dumps(rows)]  # noqa: S608  names of ours
