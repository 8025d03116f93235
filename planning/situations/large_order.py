"""Large pending orders: an order that is more than a fifth of what its team, or a team above, won in a year."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from accounts.models import User
from customers.models import Order
from planning.engine import large_order as engine
from planning.loaders import Ground
from planning.loaders.months import months_with
from planning.loaders.orders import OrderBook, PendingOrder, load_orders, team_lines
from planning.models import PlanningSettings, Situation
from planning.situations.day import Day
from planning.situations.kind import Finding, Kind, Look, Turn, share_text
from planning.situations.mails import tell_managers
from planning.situations.threshold import Threshold, Unit
from territory import clock
from territory.formats.numbers import money_text, percent_text, rounded

ABOVE = Threshold(
    "large_order_above",
    gettext_lazy("A large order is above, per cent of the team's sales"),
    Unit.SHARE,
    Decimal("0.2"),
)
UNTIL = Threshold(
    "large_order_until",
    gettext_lazy("It stays one until below"),
    Unit.SHARE,
    Decimal("0.15"),
    below=ABOVE.name,
)
FIRST_SALES = Threshold(
    "first_sales_from",
    gettext_lazy("Large order for a team without sales, from"),
    Unit.MONEY,
    Decimal(10_000),
)


class _Seen(Struct, frozen=True):
    """A pending order looked at for one team."""

    order: PendingOrder
    team: int
    sales: engine.Sales
    verdict: engine.Verdict

    @property
    def subject(self) -> str:
        return f"order {self.order.pk} team {self.team}"

    @property
    def share(self) -> Fraction | None:
        return self.verdict.share


class LargeOrder(Kind):
    """Subject: an order and a team, its own or one above."""

    key = "large_order"
    label = gettext_lazy("large pending order")
    help = gettext_lazy("A pending order is a large part of what the team, or a team above, won in 365 days.")
    thresholds = (ABOVE, UNTIL, FIRST_SALES)
    at_once = True
    amounts = True
    turn = Turn.MANAGER
    gone = engine.ORDER_ENDED
    reasons = {
        engine.ORDER_ENDED: gettext_lazy("the order ended"),
        engine.BELOW_THRESHOLD: gettext_lazy("it is no longer that large"),
        engine.BELOW_MINIMUM: gettext_lazy("it is below the least amount"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        ground = day.ground
        book = load_orders(ground, from_log=day.from_log)
        limits = thresholds_of(ground.settings)
        seen = [_look(order, team, book, ground, limits, was_open) for order, team in _pairs(book)]
        return Look(
            [
                _finding(row, book, ground, limits, is_open=row.subject in was_open)
                for row in seen
                if row.verdict.is_open
            ],
            {row.subject: row.verdict.because for row in seen if not row.verdict.is_open and row.subject in was_open},
        )

    def words(self, row: Situation, today: dt.date) -> str:
        amount = money_text(Decimal(row.evidence["amount"]))
        if row.share is None:
            return _("%(amount)s, first sales of %(team)s") % {"amount": amount, "team": row.team}
        words = {"amount": amount, "share": percent_text(row.share, 1), "team": row.team}
        return _("%(amount)s, %(share)s of the year of %(team)s") % words

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        """Both futures of the team's months, as long as they lie ahead; asked for only where the reader may see the figures."""
        if row.order is None or row.resolved_at is not None:
            return {}
        amount = Decimal(row.evidence["amount"])
        return {"months": months_with(row.team.path, amount, row.order.expected_on, clock.company_today())}

    def tell(self, new: Sequence[Situation], now: dt.datetime) -> None:
        if new:
            lines, orders = team_lines(), Order.objects.filter(pk__in={row.order_id for row in new}).order_by("pk")
            tell_managers([(pk, lines[team]) for pk, team in orders.values_list("pk", "team_id")], now=now)


def thresholds_of(settings: PlanningSettings) -> engine.Thresholds:
    """The thresholds that hold under these settings."""
    return engine.Thresholds(ABOVE.of(settings), UNTIL.of(settings), FIRST_SALES.of(settings))


def _pairs(book: OrderBook) -> Iterator[tuple[PendingOrder, int]]:
    for order in book.pending:
        for team in book.lines[order.team]:
            yield order, team


def _look(
    order: PendingOrder,
    team: int,
    book: OrderBook,
    ground: Ground,
    limits: engine.Thresholds,
    was_open: Collection[str],
) -> _Seen:
    sales = book.sales_of(team).on(ground.on)
    is_open = f"order {order.pk} team {team}" in was_open
    return _Seen(order, team, sales, engine.judge(is_open, order.amount, sales, limits))


def _finding(seen: _Seen, book: OrderBook, ground: Ground, limits: engine.Thresholds, *, is_open: bool) -> Finding:
    order, opened_on = seen.order, None
    if not is_open:
        history, days = book.sales_of(seen.team), (day for day, _amount in order.changes)
        opened_on = engine.opened_on(history, order.opened_on, ground.on, order.amount_on, limits, days)
    return Finding(
        subject=seen.subject,
        team=seen.team,
        customer=order.customer,
        order=order.pk,
        evidence=evidence(seen, limits),
        share=None if seen.share is None else float(seen.share),
        opened_on=opened_on,
    )


def evidence(seen: _Seen, limits: engine.Thresholds) -> dict[str, Any]:
    """The figures a situation rests on, as text: money with 2 decimals, shares with 6."""
    sales, order = seen.sales, seen.order
    uplift = engine.uplift(order.amount, order.probability, sales.base)
    return {
        "amount": f"{order.amount:.2f}",
        "probability": None if order.probability is None else f"{order.probability:.4f}",
        "because": seen.verdict.because,
        "share": share_text(seen.share),
        "uplift": share_text(uplift),
        "won": f"{sales.won:.2f}",
        "sales": str(rounded(sales.base, 2)),
        "history_days": sales.history_days,
        "first_won_on": None if sales.first_won_on is None else sales.first_won_on.isoformat(),
        "scaled": sales.scaled,
        "enter_above": f"{limits.enter_above:.4f}",
        "leave_below": f"{limits.leave_below:.4f}",
        "minimum": f"{limits.minimum:.2f}",
    }
