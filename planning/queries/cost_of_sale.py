"""What sales cost, by sale type, team, salesperson or month of closing: sums of what the nightly run kept, or from the log.

A sale counts whole on the day it closed, as its business does; what belongs to no order counts in the month in which it was
spent. So without a window all lines together are all minutes at their rates, and all money spent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, RowNumber, TruncMonth
from msgspec import Struct
from msgspec.structs import replace

from customers.models import OrderStatus
from planning.engine.cost_lines import Sum as Spent
from planning.engine.cost_lines import Sums, medians_of
from planning.engine.sale_cost import PARTS, Effort, first_of_month
from planning.loaders.sale_cost import Sales, whole_cost
from planning.models import SaleFigures, SalePart, UnsoldFigures, UnsoldPart
from planning.queries.sold import Rates, Sold, hidden_in_log, logged_sales
from territory.sums import MoneySum
from territory.together import prepared, together

BY = ("type", "team", "person", "month")


def month_of(field: str) -> Cast:
    """The first day of a day's month. PostgreSQL would answer with a moment."""
    return Cast(TruncMonth(field), DateField())


FIELDS: dict[str, Any] = {
    "type": F("sale_type_id"),
    "team": F("team_id"),
    "person": F("salesperson_id"),
    "month": month_of("closed_on"),
}
OF_SOLD: dict[str, Callable[[Sold], Hashable | None]] = {
    "type": lambda row: row.sale_type,
    "team": lambda row: row.team,
    "person": lambda row: row.salesperson,
    "month": lambda row: row.closed_on and first_of_month(row.closed_on),
}

NOTHING = Decimal(0)
NO_TIME = (0, 0, 0)
GRAINS: BigIntegerField = BigIntegerField()


class Days(Struct, frozen=True):
    """The days from first (None: since always) to last, both counted; `on` is the day up to which anything is known."""

    first: dt.date | None
    last: dt.date
    on: dt.date

    @property
    def holds_pending(self) -> bool:
        """Whether what is pending now was so at the end of these days."""
        return self.last >= self.on

    def holds(self, day: dt.date | None) -> bool:
        if day is None:
            return self.holds_pending
        return (self.first is None or self.first <= day) and day <= self.last

    def holds_month(self, month: dt.date) -> bool:
        """Months of which these days hold any count whole."""
        return (self.first is None or first_of_month(self.first) <= month) and month <= self.last

    @property
    def orders(self) -> Q:
        return _closed(self.first, self.last, self.holds_pending)


def _closed(first: dt.date | None, last: dt.date, pending: bool) -> Q:
    """Orders that closed in these days; where it is asked for, pending ones too."""
    closed = Q(closed_on__lte=last)
    if first is not None:
        closed &= Q(closed_on__gte=first)
    return closed | Q(status=OrderStatus.PENDING) if pending else closed


def stored_sums(orders: Q, unsold: Q, by: str, days: Days, rates: Rates, amounts: Q | None) -> Sums:
    """Of these orders and of what belongs to none, in one query.

    `amounts`: of which orders the amounts may be known (None: of none).
    """
    sums = Sums(sees_business=amounts is not None)
    sold = (orders, days.first, days.last, days.holds_pending)
    rest = (unsold, days.first and first_of_month(days.first), days.last)
    hides = rates.people is not None
    of_orders, of_none, middle, *hidden = together(
        _of_orders(*sold, by, rates.teams, amounts),
        _of_none(*rest, rates.teams),
        _middle(*sold, by, rates.people, rates.teams),
        *((_hidden_of_orders(*sold, by, rates.people), _hidden_of_none(*rest, rates.people)) if hides else ()),
    )
    away = {(key, status): tuple(row) for key, status, *row in (hidden[0] if hidden else ())}
    away_unsold = {line: tuple(row) for line, *row in (hidden[1] if hidden else ())}
    for key, status, number, business, *numbers in of_orders:
        sums.add_order(key, status, _spent(number, business or NOTHING, numbers, away.get((key, status), NO_TIME)))
    for line, *numbers in of_none:
        sums.add_unsold(line, _spent(0, NOTHING, numbers, away_unsold.get(line, NO_TIME)))
    sums.medians = medians_of(middle)
    return sums


def _orders(within: Q, first: dt.date | None, last: dt.date, pending: bool) -> QuerySet[SaleFigures]:
    return SaleFigures.objects.filter(within, _closed(first, last, pending))


def _unsold(within: Q, first: dt.date | None, last: dt.date) -> QuerySet[UnsoldFigures]:
    """What was spent in months from the first one on."""
    rows = UnsoldFigures.objects.filter(within, month__lte=last)
    return rows if first is None else rows.filter(month__gte=first)


@prepared
def _of_orders(
    within: Q,
    first: dt.date | None,
    last: dt.date,
    pending: bool,
    by: str,
    teams: frozenset[int] | None,
    amounts: Q | None,
) -> QuerySet:
    rows = _orders(within, first, last, pending).order_by().annotate(by=FIELDS[by]).values_list("by", "status")
    brought = Q(status=OrderStatus.WON) & (Q(pk__in=[]) if amounts is None else amounts)
    return rows.annotate(orders=Count("pk"), business=MoneySum("amount", filter=brought), **_numbers(teams))


@prepared
def _of_none(within: Q, first: dt.date | None, last: dt.date, teams: frozenset[int] | None) -> QuerySet:
    return _unsold(within, first, last).order_by().values_list("line").annotate(**_numbers(teams))


def _numbers(teams: frozenset[int] | None) -> dict[str, Any]:
    """Parts, overhead that is not to be known (but of these teams), seconds, those of which nobody knows what they cost and those
    of travel, touches."""
    outside = Q(pk__in=[]) if teams is None else ~Q(team__in=teams)
    return {f"sum_{part}": Sum(part) for part in PARTS} | {
        "outside": Sum("overhead_time", filter=outside, default=0),
        "all_seconds": Sum(F("seconds") + F("travel_seconds")),
        "unknown": Sum("unknown_seconds"),
        "on_the_road": Sum("travel_seconds"),
        "all_touches": Sum("touches"),
    }


def _spent(number: int, business: Decimal, rest: Iterable[Any], away: tuple[int, int, int]) -> Spent:
    time, travel, demos, overhead, other, hidden_overhead, seconds, unknown, on_the_road, touches = rest
    hidden_time, hidden_travel, hidden_seconds = away
    parts = (time - hidden_time, travel - hidden_travel, demos, overhead - hidden_overhead, other)
    return Spent(number, parts, business, seconds, unknown + hidden_seconds, on_the_road, touches)


# By group the cost of time and of travel, and the seconds, of people whose rates may not be known.
HIDDEN = {
    "sum_time": Sum("time"),
    "sum_travel": Sum("travel"),
    "known": Sum(F("seconds") + F("travel_seconds") - F("unknown_seconds")),
}


@prepared
def _hidden_of_orders(
    within: Q, first: dt.date | None, last: dt.date, pending: bool, by: str, people: frozenset[int]
) -> QuerySet:
    field = month_of("figures__closed_on") if by == "month" else F(f"figures__{FIELDS[by].name}")
    orders = _orders(within, first, last, pending).order_by()
    rows = SalePart.objects.filter(figures__in=orders.values("pk")).exclude(user__in=people).order_by()
    return rows.annotate(by=field).values_list("by", "figures__status").annotate(**HIDDEN)


@prepared
def _hidden_of_none(within: Q, first: dt.date | None, last: dt.date, people: frozenset[int]) -> QuerySet:
    unsold = _unsold(within, first, last).order_by()
    rows = UnsoldPart.objects.filter(figures__in=unsold.values("pk")).exclude(user__in=people).order_by()
    return rows.values_list("figures__line").annotate(**HIDDEN)


@prepared
def _middle(
    within: Q,
    first: dt.date | None,
    last: dt.date,
    pending: bool,
    by: str,
    people: frozenset[int] | None,
    teams: frozenset[int] | None,
) -> QuerySet:
    """Of each group the won order in the middle by its cost, or the two there: key and grains."""
    won = _orders(within, first, last, pending).filter(status=OrderStatus.WON)
    ranked = with_cost(won, people, teams).annotate(by=FIELDS[by])
    ranked = ranked.annotate(
        place=Window(RowNumber(), partition_by=["by"], order_by=["grains", "pk"]),
        of=Window(Count("pk"), partition_by=["by"]),
    )
    return ranked.filter(Q(place=(F("of") + 1) / 2) | Q(place=(F("of") + 2) / 2)).order_by().values_list("by", "grains")


def with_cost(
    orders: QuerySet[SaleFigures], people: frozenset[int] | None, teams: frozenset[int] | None
) -> QuerySet[SaleFigures]:
    """Adds `grains`: what each order cost, as far as it may be known (planning.queries.sold.Rates)."""
    whole = whole_cost()
    if people is None:
        return orders.annotate(grains=ExpressionWrapper(whole, GRAINS))
    parts = SalePart.objects.filter(figures=OuterRef("pk")).exclude(user__in=people).order_by().values("figures")
    away = Subquery(parts.annotate(away=Sum(F("time") + F("travel"))).values("away"))
    known = Coalesce(away, Value(0), output_field=GRAINS)
    work = Case(
        When(team__in=() if teams is None else teams, then=Value(0)), default=F("overhead_time"), output_field=GRAINS
    )
    return orders.annotate(grains=ExpressionWrapper(whole - known - work, GRAINS))


def logged_sums(
    sales: Sales,
    by: str,
    days: Days,
    rates: Rates,
    *,
    seen: Callable[[int], bool],
    sees_amount: Callable[[int], bool],
    sees_team: Callable[[int], bool],
) -> Sums:
    """The same from the log. `seen`, `sees_amount`: of which orders, by key; `sees_team`: of which teams what belongs to none."""
    sums, hidden = Sums(), hidden_in_log(rates, sales)
    costs = []
    for row in logged_sales(sales):
        if not (seen(row.pk) and days.holds(row.closed_on)):
            continue
        key = OF_SOLD[by](row)
        spent = _of_effort(sales.orders[row.pk].effort, row.team, rates)
        is_won = row.status == OrderStatus.WON
        brought = row.amount if is_won and sees_amount(row.pk) else NOTHING
        sums.add_order(key, row.status, replace(spent, orders=1, business=brought))
        if is_won:
            costs.append((key, rates.cost(row, hidden.get(row.pk, 0))))
    for bearer, effort in sales.unsold.items():
        if sees_team(bearer.team) and days.holds_month(bearer.month):
            sums.add_unsold(bearer.line.value, _of_effort(effort, bearer.team, rates))
    sums.medians = medians_of(costs)
    return sums


def _of_effort(effort: Effort, team: int, rates: Rates) -> Spent:
    away = [share for worker, share in effort.workers.items() if rates.hides(worker.user)]
    overhead = effort.overhead - (0 if rates.counts_team_work(team) else effort.overhead_time)
    return Spent(
        0,
        (
            effort.time - sum(share.time for share in away),
            effort.travel - sum(share.travel for share in away),
            effort.demos,
            overhead,
            effort.other,
        ),
        NOTHING,
        effort.seconds + effort.travel_seconds,
        effort.unknown_seconds + sum(share.seconds + share.travel_seconds - share.unknown for share in away),
        effort.travel_seconds,
        effort.touches,
    )
