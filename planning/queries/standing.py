"""How many customers stand where, now and at the ends of past months, of those that a reader may see (domain 3.6)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, DateField, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest

from customers.models import Assignment, Customer
from customers.scope import EVERYTHING
from planning.engine.months import month_after
from planning.models import StandingMonths
from territory.rows import on_day
from territory.together import prepared

# What counts can be divided by; None: not at all.
DIMENSIONS = ("tier", "team", "market", "person")

_NOW = {"tier": "tier_id", "team": "team_id", "market": "market_id", "person": "owner_now"}
# The market is today's: changes of markets are not dated.
_THEN = {"tier": "tier_id", "team": "team_id", "market": "customer__market_id", "person": "owner_id"}


@prepared
def counts_now(seen: Q, by: str | None, today: dt.date) -> QuerySet:
    """(stage, key of the dimension, how many) of the visible customers as they are; those since a day to come stand nowhere.

    `seen` is a condition on Customer. Without a dimension the key is None.
    """
    rows = Customer.objects.live().filter(seen, stage_began_at__isnull=False).order_by()
    return _counted(_with_owner(rows, today) if by == "person" else rows, _NOW, by)


@prepared
def counts_at_end_of(seen: Q, by: str | None, month: dt.date) -> QuerySet:
    """The same at the end of a month; `seen` is a condition on rows with a `customer`."""
    held = Q(first_month__lte=month) & (Q(last_month__isnull=True) | Q(last_month__gte=month))
    return _counted(_live_months(seen).filter(held), _THEN, by)


@prepared
def starts_between(seen: Q, of: str | None, none: bool, key: int, first: dt.date, last: dt.date) -> QuerySet:
    """(month, None, stage, how many): who stood there from a month on; those before `first` from that month.

    Of one key of a dimension (`none`: those without), where `of` names one. With `ends_between` what `by_month` makes counts of.
    """
    rows = _of_one(seen, of, none, key).filter(Q(last_month__isnull=True) | Q(last_month__gte=first))
    starts = Greatest(F("first_month"), first)
    nothing = Value(None, DateField())
    return rows.filter(first_month__lte=last).values_list(starts, nothing, "stage").annotate(Count("pk"))


@prepared
def ends_between(seen: Q, of: str | None, none: bool, key: int, first: dt.date, last: dt.date) -> QuerySet:
    """(None, month, stage, how many): who stood there up to a month."""
    rows = _of_one(seen, of, none, key).filter(last_month__gte=first, last_month__lt=last)
    return rows.values_list(Value(None, DateField()), "last_month", "stage").annotate(Count("pk"))


def _of_one(seen: Q, of: str | None, none: bool, key: int) -> QuerySet[StandingMonths]:
    rows = _live_months(seen).order_by()
    if of is None:
        return rows
    return rows.filter(**({f"{_THEN[of]}__isnull": True} if none else {_THEN[of]: key}))


def all_between(seen: Q, by: Sequence[str], first: dt.date, last: dt.date) -> QuerySet:
    """(first month, last month or None, stage, keys of these dimensions, how many), for files."""
    rows = _live_months(seen).filter(Q(last_month__isnull=True) | Q(last_month__gte=first), first_month__lte=last)
    starts = Greatest(F("first_month"), first)
    return (
        rows.order_by().values_list(starts, "last_month", "stage", *(_THEN[each] for each in by)).annotate(Count("pk"))
    )


def all_now(seen: Q, by: Sequence[str], today: dt.date) -> QuerySet:
    """(stage, keys of these dimensions, how many) as customers are, for files."""
    rows = Customer.objects.live().filter(seen, stage_began_at__isnull=False).order_by()
    rows = _with_owner(rows, today) if "person" in by else rows
    return rows.values_list("stage", *(_NOW[each] for each in by)).annotate(Count("pk"))


def by_month(rows: Iterable[tuple], months: Sequence[dt.date]) -> dict[dt.date, Counter[tuple]]:
    """Counts of each month from (first month or None, last month or None, what it is counted by ..., how many)."""
    steps: dict[dt.date, Counter[tuple]] = {month: Counter() for month in months}
    for first, last, *key, number in rows:
        if first is not None:
            steps[max(first, months[0])][tuple(key)] += number
        if last is not None and last < months[-1]:
            steps[month_after(last)][tuple(key)] -= number
    found, running = {}, Counter[tuple]()
    for month in months:
        running.update(steps[month])
        found[month] = Counter({key: number for key, number in running.items() if number})
    return found


def _live_months(seen: Q) -> QuerySet[StandingMonths]:
    rows = StandingMonths.objects.filter(customer__archived_at__isnull=True)
    return rows if seen == EVERYTHING else rows.filter(seen)


def _with_owner(rows: QuerySet[Customer], today: dt.date) -> QuerySet[Customer]:
    owners = Assignment.objects.owners().filter(on_day(today), customer=OuterRef("pk")).order_by("pk")
    return rows.annotate(owner_now=Subquery(owners.values("membership__user_id")[:1]))


def _counted(rows: QuerySet[Any], columns: Mapping[str, str], by: str | None) -> QuerySet:
    key = F(columns[by]) if by else Value(None, IntegerField())
    return rows.order_by().values_list("stage", key).annotate(Count("pk"))
