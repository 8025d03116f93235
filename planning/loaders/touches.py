"""What touches and internal work say of customers: the last of each kind, and minutes spent in each window.

Touches are summed in SQL, never loaded one by one, but for customers whose stage began within the longest window: only
theirs must be held against an instant of their own.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Case, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce
from msgspec import Struct, field

from customers.models import InternalWork, Touch, TouchOutcome, TouchPerson
from planning.engine.customer import Spent
from planning.engine.facts import LastTouches
from planning.loaders.ground import Ground
from territory.rows import among

NO_ROLE = "others"
UNKNOWN = "unknown"

BEFORE_ALL = dt.datetime.min.replace(tzinfo=dt.UTC)

Began = Mapping[int, dt.datetime]


class TouchFacts(Struct):
    """By customer: last touches, minutes spent, and the last touch of all (answered or not)."""

    last: dict[int, LastTouches] = field(default_factory=dict)
    spent: dict[int, Spent] = field(default_factory=dict)
    last_at: dict[int, dt.datetime] = field(default_factory=dict)


def load_touches(ids: Collection[int] | None, began: Began, lengths: frozenset[int], ground: Ground) -> TouchFacts:
    """Touch facts of customers (None: of all), in 5 queries at most. `began`: the instant each customer's stage began."""
    starts = {days: ground.start_of(ground.on - dt.timedelta(days=days - 1)) for days in sorted(lengths)}
    oldest = min(starts.values())
    recent = {pk: at for pk, at in began.items() if at > oldest}
    lasts: dict[int, _Lasts] = defaultdict(_Lasts)
    minutes: dict[int, _Minutes] = defaultdict(_Minutes)
    facts, zone = TouchFacts(), ground.zone
    for customer, touch_type, role, unknown, last_any, last_answered, *spent in _summed(ids, starts, ground):
        found = lasts[customer]
        if last_any > found.at:
            found.at = last_any
        if last_answered is not None:
            found.add(touch_type, role, unknown, last_answered.astimezone(zone))
        if any(spent) and customer not in recent:
            who, mine = _who(role, unknown), minutes[customer]
            for days, seconds in zip(starts, spent, strict=True):
                mine.add(who, days, seconds)
    for customer, at, role, unknown, seconds in _single(recent, oldest, ground):
        for days, start in starts.items():
            if at >= max(start, recent[customer]):
                minutes[customer].add(_who(role, unknown), days, seconds)
    _add_internal_work(minutes, ids, began, starts, ground)
    _add_implausible(minutes, ids, began, starts, ground)
    for customer, found in lasts.items():
        facts.last[customer] = LastTouches(found.by_role, found.unknown, found.anyone)
        facts.last_at[customer] = found.at
    facts.spent = {customer: found.result() for customer, found in minutes.items()}
    return facts


class _Lasts:
    """The last touches of one customer while rows are read, in the zone whose days count; `at` is that of all."""

    __slots__ = ("anyone", "at", "by_role", "unknown")

    def __init__(self) -> None:
        self.by_role: dict[tuple[int, int], dt.datetime] = {}
        self.unknown: dict[int, dt.datetime] = {}
        self.anyone: dict[int, dt.datetime] = {}
        self.at = BEFORE_ALL

    def add(self, touch_type: int, role: int | None, unknown: int, at: dt.datetime) -> None:
        """A last touch that was answered."""
        if unknown:
            self.unknown[touch_type] = at
        elif role is not None:
            self.by_role[(role, touch_type)] = at
        known = self.anyone.get(touch_type)
        if known is None or at > known:
            self.anyone[touch_type] = at


class _Minutes:
    """Seconds spent on one customer while rows are read, by who and window."""

    __slots__ = ("implausible", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[Any, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self.implausible: dict[int, int] = defaultdict(int)

    def add(self, who: Any, days: int, seconds: int | None) -> None:
        if seconds:
            self.seconds[who][days] += seconds

    def result(self) -> Spent:
        minutes = {who: {days: s / 60 for days, s in found.items()} for who, found in self.seconds.items()}
        unknown, others = minutes.pop(UNKNOWN, {}), minutes.pop(NO_ROLE, {})
        return Spent(minutes, unknown, others, dict(self.implausible))


def _who(role: int | None, unknown: int) -> Any:
    if unknown:
        return UNKNOWN
    return NO_ROLE if role is None else role


def _touches(ids: Collection[int] | None, ground: Ground) -> QuerySet[Touch]:
    touches = Touch.objects.live().filter(at__lt=ground.until)
    # Of customers that are asked for, archived ones have no standing: nobody looks at what their touches say.
    return (
        touches.filter(customer__archived_at__isnull=True) if ids is None else touches.filter(among("customer_id", ids))
    )


def _seconds() -> Any:
    """Seconds of a person's part, of the whole touch where the person is unknown; travel counts when time does not."""
    length = Coalesce(F("people__duration_seconds"), F("duration_seconds"))
    travel = Coalesce(F("people__travel_seconds"), F("travel_seconds"))
    return Case(When(is_implausible=True, then=Value(0)), default=length, output_field=IntegerField()) + travel


def _parts(ids: Collection[int] | None, ground: Ground) -> QuerySet:
    """One row per person of a touch, one row of its own for a touch whose person is unknown."""
    unknown = Case(When(people__isnull=True, then=Value(1)), default=Value(0))
    return _touches(ids, ground).annotate(person_unknown=unknown).order_by()


def _summed(ids: Collection[int] | None, starts: Mapping[int, dt.datetime], ground: Ground) -> QuerySet:
    """One row per customer, touch type and role (or person unknown): the last touches, and seconds in each window."""
    windows = {f"spent_{days}": Sum(_seconds(), filter=Q(at__gte=start)) for days, start in starts.items()}
    groups = ("customer_id", "type_id", "people__role_id", "person_unknown")
    answered = Max("at", filter=~Q(outcome=TouchOutcome.NO_ANSWER))
    rows = _parts(ids, ground).values(*groups).annotate(last_any=Max("at"), last_answered=answered, **windows)
    return rows.values_list(*groups, "last_any", "last_answered", *windows)


def _single(recent: Began, oldest: dt.datetime, ground: Ground) -> list[tuple]:
    """The touches of customers whose stage began lately: customer, instant, role, person unknown, seconds.

    Their people are asked for by touch: joined, the database would read those of all touches to find these few.
    """
    if not recent:
        return []
    own = ("pk", "customer_id", "at", "is_implausible", "duration_seconds", "travel_seconds")
    touches = _touches(list(recent), ground).filter(at__gte=oldest).order_by().values_list(*own)
    of_touch = {pk: rest for pk, *rest in touches}
    people = TouchPerson.objects.filter(among("touch_id", of_touch)).order_by()
    found, known = [], set()
    for pk, role, seconds, travel in people.values_list("touch_id", "role_id", "duration_seconds", "travel_seconds"):
        customer, at, is_implausible, _seconds, _travel = of_touch[pk]
        known.add(pk)
        found.append((customer, at, role, 0, travel if is_implausible else seconds + travel))
    for pk, (customer, at, is_implausible, seconds, travel) in of_touch.items():
        if pk not in known:
            found.append((customer, at, None, 1, travel if is_implausible else seconds + travel))
    return found


def _add_internal_work(
    minutes: dict[int, _Minutes],
    ids: Collection[int] | None,
    began: Began,
    starts: Mapping[int, dt.datetime],
    ground: Ground,
) -> None:
    """Work on customers and their orders, by day: from the day on which the stage began."""
    first = {days: ground.on - dt.timedelta(days=days - 1) for days in starts}
    work = InternalWork.objects.live().filter(spent_on__gte=min(first.values()), spent_on__lte=ground.on)
    if ids is None:
        work = work.filter(customer__isnull=False, customer__archived_at__isnull=True)
    else:
        work = work.filter(among("customer_id", ids))
    rows = work.order_by().values_list("customer_id", "role_id", "spent_on").annotate(Sum("duration_seconds"))
    for customer, role, spent_on, seconds in rows:
        stage_day = began[customer].astimezone(ground.zone).date() if customer in began else dt.date.min
        for days, start in first.items():
            if spent_on >= max(start, stage_day):
                minutes[customer].add(NO_ROLE if role is None else role, days, seconds)


def _add_implausible(
    minutes: dict[int, _Minutes],
    ids: Collection[int] | None,
    began: Began,
    starts: Mapping[int, dt.datetime],
    ground: Ground,
) -> None:
    touches = _touches(ids, ground).filter(is_implausible=True, at__gte=min(starts.values()))
    for customer, at in touches.order_by().values_list("customer_id", "at"):
        for days, start in starts.items():
            if at >= max(start, began.get(customer, start)):
                minutes[customer].implausible[days] += 1
