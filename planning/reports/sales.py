"""Sales: what was won and lost and what is pending, by team, person, market or product line.

Won and lost count by the day they closed: all up to the day, or within the window. Pending is what was pending at the
end of the window: an order that ended later is, with the amount that history knows, else the latest. Orders of nobody,
no market or no line are a row without a key. Archived orders count nowhere; pending ones of archived customers neither.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from msgspec import Struct

from accounts.models import Team
from accounts.permissions import Area
from customers.models import Market, Order, OrderStatus, ProductLine
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import exported, seen_people, seen_teams
from territory import clock
from territory.sums import MoneySum

COLUMNS = (
    Column("key"),
    Column("name"),
    Column("won", Kind.COUNT),
    Column("won_amount", Kind.MONEY),
    Column("won_amount_below", Kind.MONEY),
    Column("lost", Kind.COUNT),
    Column("pending", Kind.COUNT),
    Column("pending_amount", Kind.MONEY),
)

NOTHING = Decimal(0)


class Subject(Struct, frozen=True):
    """What a row may be about: how it is called, and what it is part of."""

    key: str
    name: str
    parent: int | None = None
    always: bool = True


class Sums(Struct):
    """The figures of one row."""

    won: int = 0
    won_amount: Decimal = NOTHING
    lost: int = 0
    pending: int = 0
    pending_amount: Decimal = NOTHING


def answer(asked: Asked) -> Answer:
    """One row a team, person, market or line, those without any sales too; largest sales first."""
    field, read_subjects = BY[asked.by or "team"]
    subjects, seen = read_subjects(asked)
    sums = _sums(asked, field)
    below = _below(subjects, sums)
    shown = [
        _row(subject, sums.get(pk, Sums()), below[pk])
        for pk, subject in subjects.items()
        if (seen is None or pk in seen) and (subject.always or pk in sums)
    ]
    shown.sort(key=lambda row: (-row["won_amount"], row["name"], row["key"]))
    if None in sums and (asked.by != "person" or asked.reader is None):
        shown.append(_row(None, sums[None], sums[None].won_amount))
    return Answer(shown, asked.now)


def _row(subject: Subject | None, sums: Sums, below: Decimal) -> dict[str, Any]:
    return {
        "key": subject and subject.key,
        "name": subject and subject.name,
        "won": sums.won,
        "won_amount": sums.won_amount,
        "won_amount_below": below,
        "lost": sums.lost,
        "pending": sums.pending,
        "pending_amount": sums.pending_amount,
    }


def _below(subjects: dict[int, Subject], sums: dict[int | None, Sums]) -> dict[int, Decimal]:
    """Won by each and all under it."""
    found: dict[int, Decimal] = defaultdict(lambda: NOTHING)
    for pk in subjects:
        above: int | None = pk
        while above is not None:
            found[above] += sums[pk].won_amount if pk in sums else NOTHING
            above = subjects[above].parent
    return found


def _sums(asked: Asked, field: str) -> dict[int | None, Sums]:
    zone = clock.company_zone()
    last = min(asked.until, asked.on)
    end = clock.end_of_day(last, zone)
    closed = Q(closed_at__lt=end)
    if asked.starts_on is not None:
        closed &= Q(closed_at__gte=clock.start_of_day(asked.starts_on, zone))
    orders = _orders(asked)
    won, lost = closed & Q(status=OrderStatus.WON), closed & Q(status=OrderStatus.LOST)
    found: dict[int | None, Sums] = defaultdict(Sums)
    rows = (
        orders.order_by()
        .values_list(field)
        .annotate(wins=Count("pk", filter=won), sum=MoneySum("amount", filter=won), losses=Count("pk", filter=lost))
    )
    for key, won_count, won_amount, lost_count in rows:
        if won_count or lost_count:
            found[key] = Sums(won_count, won_amount or NOTHING, lost_count)
    for key, amount in _pending(orders, field, end, from_history=last < asked.today):
        found[key].pending += 1
        found[key].pending_amount += amount
    return dict(found)


def _orders(asked: Asked) -> QuerySet[Order]:
    """Of a team, all orders: who may see its totals sees them whatever the customers (domain 1.1)."""
    orders = Order.objects.live()
    if asked.reader is None or (asked.by or "team") == "team":
        return orders
    return exported(asked, orders.amounts_visible_to(asked.reader))


def _pending(
    orders: QuerySet[Order], field: str, end: dt.datetime, *, from_history: bool
) -> Iterable[tuple[int | None, Decimal]]:
    pending = orders.filter(
        Q(closed_at__isnull=True) | Q(closed_at__gte=end),
        Q(opened_at__isnull=True) | Q(opened_at__lt=end),
        customer__archived_at__isnull=True,
    ).order_by()
    known: dict[int, Decimal] = {}
    if from_history:
        rows = Order.history.filter(id__in=pending.values("pk"), history_date__lt=end)
        known = dict(rows.order_by("history_date", "history_id").values_list("id", "amount"))
    for pk, key, amount in pending.values_list("pk", field, "amount"):
        yield key, known.get(pk, amount)


Subjects = tuple[dict[int, Subject], set[int] | None]


def _teams(asked: Asked) -> Subjects:
    rows = Team.objects.values_list("pk", "external_id", "name", "parent_id", "archived_at")
    teams = {
        pk: Subject(shown_id(external_id, name), name, parent, archived_at is None)
        for pk, external_id, name, parent, archived_at in rows
    }
    return teams, seen_teams(asked, Area.AMOUNTS)


def _people(asked: Asked) -> Subjects:
    rows = seen_people(asked, Area.AMOUNTS).values_list("pk", "external_id", "name")
    return {pk: Subject(shown_id(external_id, name), name) for pk, external_id, name in rows}, None


def _markets(asked: Asked) -> Subjects:
    rows = Market.objects.values_list("pk", "external_id", "name", "parent_id", "archived_at")
    return {
        pk: Subject(shown_id(external_id, name), name, parent, archived_at is None)
        for pk, external_id, name, parent, archived_at in rows
    }, None


def _lines(asked: Asked) -> Subjects:
    rows = ProductLine.objects.values_list("pk", "external_id", "name", "archived_at")
    return {
        pk: Subject(shown_id(external_id, name), name, None, archived_at is None)
        for pk, external_id, name, archived_at in rows
    }, None


# What --by may be: the order's column, and what the rows are about.
BY: dict[str, tuple[str, Callable[[Asked], Subjects]]] = {
    "team": ("team_id", _teams),
    "person": ("salesperson_id", _people),
    "market": ("customer__market_id", _markets),
    "line": ("product_line_id", _lines),
}

REPORT = Report("sales", COLUMNS, answer, by=tuple(BY), takes_window=True)
