"""The pipeline: pending orders in columns by expected close or by step, with sums over what the reader may see."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from msgspec import Struct, field

from accounts.permissions import Act, Area
from customers.models import Order, OrderStep
from customers.queries.board_cards import (
    CARDS,
    CARDS_OF_BOARD,
    CARDS_OF_ENDED,
    CLOSE,
    ENDED,
    NO_STEP,
    PARTS_OF_BAR,
    STEP,
    Card,
    Front,
    cards_of,
    front_of,
    front_of_all,
    let_others_say,
)
from customers.queries.columns import whole_money
from customers.queries.orders import OrderListing, close_days
from customers.scope import hangs_within, seen_within
from territory import clock
from territory.together import together

# The order that is so much of the whole that totals are also given without it.
DOMINANT = Decimal("0.4")


class BoardColumn(Struct):
    """A column. `place` is where its orders stand (`Front.place`), `key` where a card dropped here is moved to, "" where it cannot
    be; `listed` the list's query."""

    key: str
    label: str
    place: int
    listed: str
    tone: str = ""
    count: int = 0
    known: int = 0
    amount: Decimal | None = None
    weighted: Decimal | None = None
    cards: list[Card] = field(default_factory=list)

    @property
    def amount_shown(self) -> str:
        return "" if self.amount is None else whole_money(self.amount)

    @property
    def weighted_shown(self) -> str:
        return "" if self.weighted is None else whole_money(self.weighted)

    @property
    def more(self) -> int:
        """How many orders of the column have no card."""
        return self.count - len(self.cards)


class Part(Struct, frozen=True):
    """A piece of the bar of all pending amounts, in per cent of its width."""

    x: str
    width: str
    tone: str


class Dominant(Struct, frozen=True):
    """The one order that is a large part of all that is pending."""

    order: str
    customer: str
    share: Decimal
    pending: str
    weighted: str
    amount: str
    others: int


def close_columns(today: dt.date, following: dt.date) -> list[BoardColumn]:
    """Overdue, this month, the next, later, without a date: in the order of `close_conditions`."""
    columns = (
        ("overdue", "", _("Overdue"), "late"),
        ("this", f"{today:%Y-%m}", _("Closes in %(month)s") % {"month": date_format(today, "F")}, ""),
        ("next", f"{following:%Y-%m}", _("Closes in %(month)s") % {"month": date_format(following, "F")}, ""),
        ("later", "later", _("Later"), ""),
        ("none", "none", _("No date"), ""),
    )
    return [
        BoardColumn(key, label, place, f"close={name}", tone) for place, (name, key, label, tone) in enumerate(columns)
    ]


def step_columns() -> list[BoardColumn]:
    """The steps, retired ones too: of these nothing is shown unless orders still stand on them; without a step last."""
    columns = []
    for step in OrderStep.objects.all():
        retired = step.retired_at is not None
        label = _("%(step)s (retired)") % {"step": step.name} if retired else step.name
        columns.append(BoardColumn("" if retired else f"step-{step.pk}", label, step.pk, f"step={step.pk}"))
    return [*columns, BoardColumn("step-none", _("No step"), NO_STEP, "nostep=on")]


class Pipeline(OrderListing):
    """One reading of the board: the list's filters, in columns."""

    def __init__(self, request: HttpRequest, form: Any) -> None:
        super().__init__(request, form, within=Order.objects.visible_to(request.user))

    @cached_property
    def by(self) -> str:
        """What the columns are: the expected close, unless steps were asked for."""
        return STEP if self.request.GET.get("by") == STEP else CLOSE

    @cached_property
    def today(self) -> dt.date:
        return clock.today(self.user)

    @cached_property
    def _ended(self) -> list[BoardColumn]:
        month = date_format(self.today, "F")
        words = {"won": _("Won in %(month)s"), "lost": _("Lost in %(month)s")}
        return [
            BoardColumn(f"!{status}", words[status] % {"month": month}, place, f"status={status}", status)
            for status, place in ENDED.items()
        ]

    @cached_property
    def _pending(self) -> list[BoardColumn]:
        return step_columns() if self.by == STEP else close_columns(*close_days(self.today)[:2])

    @cached_property
    def _front(self) -> list[Front]:
        """The orders in front, each with the sums of its column: one question."""
        since = clock.start_of_day(self.today.replace(day=1), clock.zone_of(self.user))
        amounts, days = seen_within(self.user, Area.AMOUNTS, Act.SEE), close_days(self.today)
        if self.is_filtered:
            rows = list(front_of(self.narrowed, amounts, self.by, days, since))
        else:
            seen = hangs_within(self.user, Area.ORDERS, Act.SEE)
            [rows] = together(front_of_all(seen, amounts, self.by, *days, since))
        return [Front(*row) for row in rows]

    @cached_property
    def _largest(self) -> list[Front]:
        """The largest pending orders whose amounts the reader may see."""
        pending = [row for row in self._front if row.place >= 0 and row.rank <= PARTS_OF_BAR and row.amount]
        return sorted(pending, key=lambda row: row.rank)

    @cached_property
    def _fit(self) -> list[Front]:
        """The first orders of each column, as many as have a card."""
        cap, counts = CARDS, {row.place: row.count for row in self._front if row.place >= 0}
        while cap > 1 and sum(min(count, cap) for count in counts.values()) > CARDS_OF_BOARD:
            cap -= 1
        return [row for row in self._front if row.row <= (CARDS_OF_ENDED if row.place in ENDED.values() else cap)]

    @cached_property
    def _cards(self) -> dict[int, Card]:
        """Cards of those and of the largest order: one question."""
        return cards_of(self.user, {row.order: row.amount for row in (*self._fit, *self._largest[:1])})

    @cached_property
    def columns_of_all(self) -> list[BoardColumn]:
        """All columns, summed over all their orders and with the cards that fit."""
        front = self._front  # before the steps: one that is made meanwhile is among them
        columns = [*self._pending, *self._ended]
        placed = {column.place: column for column in columns}
        for row in front:
            column = placed[row.place]
            column.count, column.known, column.amount, column.weighted = row.count, row.known, row.worth, row.weighted
        for row in self._fit:
            if card := self._cards.get(row.order):  # else it has gone since
                placed[row.place].cards.append(card)
        let_others_say(self.user, [card for column in columns for card in column.cards])
        return columns

    @property
    def board(self) -> list[BoardColumn]:
        """The columns of pending orders; an empty one that nothing can be moved to, or of no date or step, is left out."""
        return [
            column for column in self._pending_summed if column.count or column.key not in ("", "none", "step-none")
        ]

    @property
    def ended(self) -> list[BoardColumn]:
        """Won and lost this month."""
        return self.columns_of_all[len(self._pending) :]

    @property
    def _pending_summed(self) -> list[BoardColumn]:
        return self.columns_of_all[: len(self._pending)]

    @property
    def count(self) -> int:
        """Pending orders that the filters leave."""
        return sum(column.count for column in self._pending_summed)

    def _total(self, name: str) -> Decimal | None:
        known = [value for column in self._pending_summed if (value := getattr(column, name)) is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def pending_shown(self) -> str:
        amount = self._total("amount")
        return "" if amount is None else whole_money(amount)

    @property
    def pending_weighted_shown(self) -> str:
        amount = self._total("weighted")
        return "" if amount is None else whole_money(amount)

    @cached_property
    def dominant(self) -> Dominant | None:
        """The order that is two fifths or more of all that is pending, if there is one and others beside it."""
        total, weighted = self._total("amount"), self._total("weighted")
        if not total or len(self._largest) < 2:
            return None
        amount, order = self._largest[0].amount or Decimal(0), self._cards.get(self._largest[0].order)
        if amount < DOMINANT * total or order is None:
            return None
        own = (order.share or Decimal(0)) * amount
        return Dominant(
            order=order.title,
            customer=order.customer,
            share=amount / total,
            pending=whole_money(total - amount),
            weighted="" if weighted is None else whole_money(weighted - own),
            amount=whole_money(amount),
            others=sum(column.known for column in self._pending_summed) - 1,
        )

    @property
    def parts(self) -> list[Part]:
        """What each of the largest orders is of the whole, then all others together."""
        total = self._total("amount")
        if not total:
            return []
        parts, left = [], Decimal(0)
        shares = [(row.amount or 0) / total * 100 for row in self._largest]
        rest = 100 - sum(shares)
        for index, share in enumerate([*shares, rest] if rest > Decimal("0.05") else shares):
            tone = "warn" if index == 0 and self.dominant else "rest" if index >= len(shares) else ""
            parts.append(Part(f"{left:.2f}%", f"{max(share - Decimal('0.3'), Decimal('0.2')):.2f}%", tone))
            left += share
        return parts

    def kept(self, **changes: Any) -> str:
        """The board's query without what belongs to one showing, with changes; "" or "?..."."""
        parameters = self.request.GET.copy()
        for name in ("moved", "page", "version", *changes):
            parameters.pop(name, None)
        for name, value in changes.items():
            if value is not None:
                parameters[name] = value
        return f"?{parameters.urlencode()}" if parameters else ""
