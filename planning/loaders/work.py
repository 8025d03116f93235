"""Touches of a window in piles of equal worth, put together by the database: a piece of news for each pile, not for each touch.

A touch is judged by the tier and the stage of its day in the company's time zone. Work is done under the membership of the
assignment on the customer, else the earliest current one; who stands in for somebody does it under their own.
"""

import datetime as dt
import json
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

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
)
from django.db.models.functions import Coalesce, TruncDate
from msgspec import Struct

from accounts.models import Membership, User
from customers.facts import lifecycles
from customers.lifecycle import Lifecycle
from customers.models import Assignment, Customer, StagePeriod, TierPeriod, Touch, TouchPerson
from customers.working_as import EARLIEST_FIRST
from planning.engine.value import CUSTOMERS, PROSPECTS, ValueTable
from planning.engine.work import Pile, Sums, parts_of
from territory import clock
from territory.rows import among, ends_from, on_day, starts_by
from territory.together import prepared

TOOK_PART = TouchPerson.objects.filter(touch=OuterRef("pk"))


class Sorted(NamedTuple):
    """Sums of touches: each person's own by membership and type; each touch once by type and tier; once for each team by type."""

    people: list[Sums]
    touches: list[Sums]
    teams: list[Sums]


class By(StrEnum):
    """Whose piles: a touch counts once in all, once for each person who took part, or once for each of their teams."""

    TOUCH = "touch"
    PERSON = "person"
    TEAM = "team"


class Seat(Struct, frozen=True):
    """A membership: whose, in which team, and what an hour costs (None: not known)."""

    user: int
    team: int
    per_hour: Decimal | None
    holds_all: bool


class Span(Struct, frozen=True):
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


class Made(Struct, frozen=True):
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


@prepared
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
    try:
        judged, values = _judged(made, span, behind)
        piles, more = (_PILES, []) if by is By.TOUCH else _piles_of_people(made, span, by, seats)
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {judged} {piles}", [*values, *more])
        return [Pile(*row) for row in cursor.fetchall()]


def load_sums(
    made: Made, span: Span, seats: dict[int, Seat], tables: Sequence[ValueTable], *, with_teams: bool = False
) -> Sorted:
    """What these touches come to, in one query; of teams only where asked: whose touch it is once takes as long as all the rest.

    `tables`: the values in force from each of the span's days on. The database values piles: many would be handed over only to
    be added up.
    """
    try:
        judged, values = _judged(made, span)
        people, more = _piles_of_people(made, span, By.PERSON, seats)
        teams, of_teams = _piles_of_people(made, span, By.TEAM, seats) if with_teams else ("", [])
    except EmptyResultSet:
        return Sorted([], [], [])
    worths, given = _worths(tables)
    counted = "firsts" if span.repeats_once else "touches"
    teams = _AND_TEAMS.format(teams=teams, audience=_AUDIENCE) if with_teams else ""
    sums = _SUMS.format(worths=worths, people=people, touches=_PILES, teams=teams, counted=counted, audience=_AUDIENCE)
    found = Sorted([], [], [])
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {judged}, {sums}", [*values, *given, *more, *of_teams])
        for list_of, who, seat, kind, tier, touches, counted, not_set, parts, *times in cursor.fetchall():
            found[list_of].append(Sums(who, seat, kind, tier, touches, counted, not_set, int(parts), *times))
    return found


def _judged(made: Made, span: Span, behind: Collection[int] = ()) -> tuple[str, list[Any]]:
    """Each touch with the tier and the stage of its day, as a named part of a statement."""
    parts = [_sql(_by_touch(made.by_them, span)), *_histories(span, behind)]
    (touched, *_), (tiers, *_), (stages, *_) = parts
    place = _place(span, "about, kind, day")
    statement = _JUDGED.format(
        touched=touched, tiers=tiers, stages=stages, place=place, ready=_READY[connection.vendor]
    )
    return statement, [value for _sql, values in parts for value in values]


def _piles_of_people(made: Made, span: Span, by: By, seats: dict[int, Seat]) -> tuple[str, list[Any]]:
    people, values = _sql(_took_part(made, span, seats))
    who, seat = ("person", "held") if by is By.PERSON else ("held_in", "CAST(NULL AS bigint)")
    place = _place(span, f"{who}, about, kind, day")
    once = "DISTINCT " if by is By.TEAM else ""
    return _PILES_OF_PEOPLE.format(people=people, who=who, seat=seat, place=place, once=once), values


def _place(span: Span, alike: str) -> str:
    """The how manieth of those alike; where nobody asks, all are the first."""
    return f"ROW_NUMBER() OVER (PARTITION BY {alike} ORDER BY at, made)" if span.repeats_once else "1"


# {ready}: worked out once. PostgreSQL would else cut days out of instants for each pair of a touch and a period.
_READY = {"postgresql": "MATERIALIZED", "sqlite": ""}
_JUDGED = """
touched AS {ready} ({touched}),
tiers AS {ready} (SELECT * FROM ({tiers}) AS every WHERE customer_id IN (SELECT about FROM touched)),
stages AS {ready} (SELECT * FROM ({stages}) AS every WHERE customer_id IN (SELECT about FROM touched)),
judged AS {ready} (
    SELECT touched.*, tier_id, stage, {place} AS place
    FROM touched
    LEFT JOIN tiers ON tiers.customer_id = about AND tiers.starts_on <= day AND (tiers.ends_on IS NULL OR day <= tiers.ends_on)
    LEFT JOIN stages ON stages.customer_id = about AND stages.from_day <= day AND (stages.until_day IS NULL OR day < stages.until_day)
)
"""
_PILES = """
SELECT CAST(NULL AS bigint) AS who, CAST(NULL AS bigint) AS seat, kind, tier_id, stage, piece,
    COUNT(*) AS touches, SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS firsts,
    SUM(CASE WHEN marked THEN 0 ELSE seconds END) AS seconds, SUM(travel) AS travel,
    SUM(CASE WHEN marked THEN 1 ELSE 0 END) AS implausible
FROM judged GROUP BY kind, tier_id, stage, piece
"""
# {once}: two of a team at one touch are two rows of it.
_PILES_OF_PEOPLE = """
SELECT who, seat, kind, tier_id, stage, piece,
    COUNT({once}made) AS touches, SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS firsts,
    SUM(CASE WHEN marked THEN 0 ELSE seconds END) AS seconds, SUM(travel) AS travel,
    COUNT({once}CASE WHEN marked THEN made END) AS implausible
FROM (
    SELECT {who} AS who, {seat} AS seat, made, kind, tier_id, stage, piece, marked, {place} AS place,
        COALESCE(own_seconds, seconds) AS seconds, COALESCE(own_travel, travel) AS travel
    FROM judged LEFT JOIN ({people}) AS people ON people.touch_id = made
) AS work
GROUP BY who, seat, kind, tier_id, stage, piece
"""
_AUDIENCE = f"CASE WHEN stage = '{CUSTOMERS}' THEN '{CUSTOMERS}' WHEN stage IS NOT NULL THEN '{PROSPECTS}' END"
_AND_TEAMS = """
    UNION ALL SELECT 2, CAST(NULL AS bigint), teams.*, {audience} FROM ({teams}) AS teams"""
# Sums of whole numbers, which are exact on either database.
_SUMS = """
worths AS ({worths}),
piles AS (
    SELECT 0 AS list_of, CAST(NULL AS bigint) AS of_tier, people.*, {audience} AS audience FROM ({people}) AS people
    UNION ALL SELECT 1, tier_id, touches.*, {audience} FROM ({touches}) AS touches{teams}
)
SELECT list_of, who, seat, piles.kind, of_tier, CAST(SUM(touches) AS bigint), CAST(SUM({counted}) AS bigint),
    CAST(SUM(CASE WHEN own.parts IS NULL THEN {counted} ELSE 0 END) AS bigint),
    SUM(COALESCE(own.parts, others.parts, 0) * {counted}),
    CAST(SUM(seconds) AS bigint), CAST(SUM(travel) AS bigint), CAST(SUM(implausible) AS bigint)
FROM piles
LEFT JOIN worths AS own ON own.piece = piles.piece AND own.kind = piles.kind AND own.audience = piles.audience AND own.tier = tier_id
LEFT JOIN worths AS others ON others.piece = piles.piece AND others.kind = piles.kind AND others.audience = piles.audience
    AND others.tier IS NULL
GROUP BY list_of, who, seat, piles.kind, of_tier
"""


def _worths(tables: Sequence[ValueTable]) -> tuple[str, list]:
    """What a touch is worth from each of the days on, by type, audience and tier (None: one without a value of its own)."""
    parts = parts_of(tables)
    rows = [
        (piece, kind, audience, tier, round(amount * parts))
        for piece, table in enumerate(tables)
        for kind, audience, tier, amount in table.amounts()
    ]
    columns = {"piece": "bigint", "kind": "bigint", "audience": "text", "tier": "bigint", "parts": "bigint"}
    return _given(rows, columns)


def _sql(rows: QuerySet) -> tuple[str, list]:
    sql, values = rows.order_by().query.sql_with_params()
    return sql, list(values)


def _piece(span: Span) -> Case:
    """How many times official values had changed by the day."""
    later = [When(day__gte=day, then=Value(number)) for number, day in enumerate(span.days) if number]
    return Case(*reversed(later), default=Value(0))


def _by_touch(touches: QuerySet[Touch], span: Span) -> QuerySet:
    rows = touches.annotate(
        made=F("pk"),
        about=F("customer_id"),
        kind=F("type_id"),
        day=TruncDate("at", tzinfo=span.zone),
        piece=_piece(span),
        seconds=F("duration_seconds"),
        travel=F("travel_seconds"),
        marked=F("is_implausible"),
    )
    return rows.values("made", "about", "kind", "at", "day", "piece", "seconds", "travel", "marked")


def _took_part(made: Made, span: Span, seats: dict[int, Seat]) -> QuerySet:
    """Who took part in touches, of those people: of any touches, which those that it is joined to restrict."""
    rows = TouchPerson.objects.annotate(
        person=F("user_id"), own_seconds=F("duration_seconds"), own_travel=F("travel_seconds")
    )
    if made.people is not None:
        rows = rows.filter(user__in=made.people.order_by().values("pk"))
    return _seated(rows, span, seats).values("touch_id", "person", "held", "held_in", "own_seconds", "own_travel")


def _seated(rows: QuerySet[TouchPerson], span: Span, seats: dict[int, Seat]) -> QuerySet[TouchPerson]:
    """With the person's membership `held` and its team `held_in`. Who has one alone that holds all days needs no look at assignments."""
    of_user: dict[int, list[int]] = {}
    for pk, seat in seats.items():
        of_user.setdefault(seat.user, []).append(pk)
    alone = {user: pks[0] for user, pks in of_user.items() if len(pks) == 1 and seats[pks[0]].holds_all}
    rows = rows.annotate(
        lone=FilteredRelation("user__memberships", condition=Q(user__memberships__in=[*alone.values()]))
    )
    others = [user for user in of_user if user not in alone]
    if not others:
        return rows.annotate(held=F("lone__pk"), held_in=F("lone__team_id"))
    rows, day = rows.annotate(day=TruncDate("touch__at", tzinfo=span.zone)), OuterRef("day")
    assigned = Assignment.objects.filter(
        on_day(day),
        on_day(day, "membership__"),
        customer=OuterRef("touch__customer"),
        membership__user=OuterRef("user"),
    ).order_by(*EARLIEST_FIRST)
    current = Membership.objects.filter(on_day(day), user=OuterRef("user")).order_by(*EARLIEST_FIRST)

    def held(of_assignment: str, of_membership: str) -> Case:
        found = Coalesce(
            Subquery(assigned.values(of_assignment)[:1]),
            Subquery(current.values(of_membership)[:1]),
            output_field=BigIntegerField(),
        )
        return Case(
            When(user__in=others, then=found), default=F(f"lone__{of_membership}"), output_field=BigIntegerField()
        )

    return rows.annotate(held=held("membership_id", "pk"), held_in=held("membership__team_id", "team_id"))


def _histories(span: Span, behind: Collection[int]) -> list[tuple[str, list]]:
    """Tiers by day and stages by the days at whose end they held."""
    tiers = TierPeriod.objects.filter(ends_from(span.first), starts_on__lte=span.last)
    stages = StagePeriod.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=span.starts_at), began_at__lt=span.ends_at
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
        _given(_tiers_anew(known, span), {**CUSTOMER_ID, "tier_id": "bigint", "starts_on": "date", "ends_on": "date"}),
        _given(_stages_anew(known, span), {**CUSTOMER_ID, "stage": "text", "from_day": "date", "until_day": "date"}),
    ]
    return [(f"{one} UNION ALL {other}", [*a, *b]) for (one, a), (other, b) in zip(stored, anew, strict=True)]


CUSTOMER_ID = {"customer_id": "bigint"}
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


def _given(rows: Sequence[tuple], names: Mapping[str, str]) -> tuple[str, list]:
    """Rows that the database does not have, as a table of it; `names`: what its columns are called and hold."""
    if connection.vendor == "postgresql":
        columns = ", ".join(f"(row->>{place})::{kind} AS {name}" for place, (name, kind) in enumerate(names.items()))
        return f"SELECT {columns} FROM jsonb_array_elements(%s::jsonb) AS row", [json.dumps(rows)]  # noqa: S608  names of ours
    columns = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names))
    return f"SELECT {columns} FROM json_each(%s)", [json.dumps(rows)]  # noqa: S608  names of ours
