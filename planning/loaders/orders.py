"""Orders as large-order situations look at them: pending ones, and each team's won sales with all teams under it."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from msgspec import Struct, field

from accounts.models import Team
from customers.models import Order, OrderStatus
from planning.engine.large_order import SalesHistory
from planning.loaders.ground import Ground


class PendingOrder(Struct, frozen=True):
    """An order pending on a day: `changes` are the days on which its amount changed, as far as history knows."""

    pk: int
    customer: int
    team: int
    amount: Decimal
    probability: Decimal | None
    opened_on: dt.date | None
    changes: tuple[tuple[dt.date, Decimal], ...] = ()

    def amount_on(self, day: dt.date) -> Decimal:
        """The amount that history knows for a day, else the earliest known later."""
        known = [amount for changed, amount in self.changes if changed <= day]
        return known[-1] if known else self.changes[0][1] if self.changes else self.amount


class OrderBook(Struct, frozen=True):
    """Pending orders and sales of a day. `lines`: each team with those above it, itself first."""

    pending: tuple[PendingOrder, ...]
    sales: dict[int, SalesHistory]
    lines: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def sales_of(self, team: int) -> SalesHistory:
        return self.sales.get(team) or NO_SALES


NO_SALES = SalesHistory(())


def load_orders(ground: Ground, *, from_log: bool) -> OrderBook:
    """Pending orders and sales on the ground's day, in 4 queries.

    `from_log`: an order that ended later is pending, with the amount that history knows, else the latest.
    """
    lines = team_lines()
    return OrderBook(_pending(ground, from_log), _sales(ground, lines), lines)


def team_lines() -> dict[int, tuple[int, ...]]:
    """Each team's keys from itself up to the top."""
    rows = Team.objects.values_list("pk", "path")
    return {pk: tuple(int(part) for part in reversed(path.strip("/").split("/"))) for pk, path in rows}


def _sales(ground: Ground, lines: dict[int, tuple[int, ...]]) -> dict[int, SalesHistory]:
    """Won sales by day of every team, its own and all under it, up to the day."""
    rows = Order.objects.live().filter(status=OrderStatus.WON, closed_at__lt=ground.until).order_by()
    won: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for team, closed_at, amount in rows.values_list("team_id", "closed_at", "amount").iterator(chunk_size=5000):
        day = closed_at.astimezone(ground.zone).date()
        for above in lines[team]:
            won[above].append((day, amount))
    return {team: SalesHistory(sales) for team, sales in won.items()}


def _pending(ground: Ground, from_log: bool) -> tuple[PendingOrder, ...]:
    orders = Order.objects.live().filter(customer__archived_at__isnull=True)
    if from_log:
        orders = orders.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gte=ground.until),
            Q(opened_at__isnull=True) | Q(opened_at__lt=ground.until),
        )
    else:
        orders = orders.filter(status=OrderStatus.PENDING)
    orders = orders.annotate(chance=Coalesce(F("probability"), F("step__probability"))).order_by("pk")
    rows = orders.values_list("pk", "customer_id", "team_id", "amount", "chance", "opened_at")
    changes = _changes(orders, ground)
    return tuple(
        PendingOrder(
            pk,
            customer,
            team,
            _latest(changes.get(pk, ()), amount) if from_log else amount,
            chance,
            _day(opened_at, ground),
            changes.get(pk, ()),
        )
        for pk, customer, team, amount, chance, opened_at in rows
    )


def _latest(changes: tuple[tuple[dt.date, Decimal], ...], amount: Decimal) -> Decimal:
    return changes[-1][1] if changes else amount


def _day(moment: dt.datetime | None, ground: Ground) -> dt.date | None:
    return None if moment is None else moment.astimezone(ground.zone).date()


def _changes(orders: QuerySet, ground: Ground) -> dict[int, tuple[tuple[dt.date, Decimal], ...]]:
    """What history knows of the amounts up to the day: of each day the last."""
    rows = Order.history.filter(id__in=orders.order_by().values("pk"), history_date__lt=ground.until)
    found: dict[int, dict[dt.date, Decimal]] = defaultdict(dict)
    for pk, at, amount in rows.order_by("history_date", "history_id").values_list("id", "history_date", "amount"):
        found[pk][at.astimezone(ground.zone).date()] = amount
    return {pk: tuple(days.items()) for pk, days in found.items()}
