"""The pipeline: pending orders in columns by expected close or by step, with sums over what the reader may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from customers.extensions import order_columns
from customers.models import Order, OrderStatus, OrderStep
from customers.queries.columns import probability_of, whole_money
from customers.queries.orders import OrderListing, close_conditions, next_month
from customers.scope import amounts_within
from territory import clock

# A column shows at most so many cards; fewer where the whole board would grow past what a page may weigh.
CARDS = 25
CARDS_OF_BOARD = 40
CARDS_OF_ENDED = 6

# The order that is so much of the whole that totals are also given without it.
DOMINANT = Decimal("0.4")
PARTS_OF_BAR = 14

CLOSE, STEP = "close", "step"


@dataclass
class BoardColumn:
    """A column. `key` is where a card dropped here is moved to, "" where it cannot be; `listed` the list's query."""

    key: str
    label: str
    condition: Q
    listed: str
    tone: str = ""
    count: int = 0
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


@dataclass
class Card:
    """An order on the board, and what rooms above say of it."""

    order: Order
    probability: Decimal | None
    notes: list[str] = field(default_factory=list)
    is_marked: bool = False


@dataclass(frozen=True)
class Part:
    """A piece of the bar of all pending amounts, in per cent of its width."""

    x: str
    width: str
    tone: str


@dataclass(frozen=True)
class Dominant:
    """The one order that is a large part of all that is pending."""

    order: Order
    share: Decimal
    pending: str
    weighted: str
    amount: str
    others: int


def close_columns(today: dt.date) -> list[BoardColumn]:
    """Overdue, this month, the next, later, without a date."""
    following = next_month(today)
    labels = {
        "overdue": ("", _("Overdue"), "late"),
        "this": (f"{today:%Y-%m}", _("Closes in %(month)s") % {"month": date_format(today, "F")}, ""),
        "next": (f"{following:%Y-%m}", _("Closes in %(month)s") % {"month": date_format(following, "F")}, ""),
        "later": ("later", _("Later"), ""),
        "none": ("none", _("No date"), ""),
    }
    return [
        BoardColumn(labels[name][0], labels[name][1], condition, f"close={name}", labels[name][2])
        for name, condition in close_conditions(today).items()
    ]


def step_columns(within: QuerySet[Order]) -> list[BoardColumn]:
    """The steps in use and those retired ones that orders still stand on; without a step last."""
    standing = within.filter(status=OrderStatus.PENDING).order_by().values("step")
    steps = OrderStep.objects.filter(Q(retired_at__isnull=True) | Q(pk__in=standing))
    columns = []
    for step in steps:
        retired = step.retired_at is not None
        label = _("%(step)s (retired)") % {"step": step.name} if retired else step.name
        key = "" if retired else f"step-{step.pk}"
        columns.append(BoardColumn(key, label, Q(step=step.pk), f"step={step.pk}"))
    return [*columns, BoardColumn("step-none", _("No step"), Q(step__isnull=True), "nostep=on")]


class Pipeline(OrderListing):
    """One reading of the board: the list's filters, in columns."""

    @cached_property
    def by(self) -> str:
        """What the columns are: the expected close, unless steps were asked for."""
        return STEP if self.request.GET.get("by") == STEP else CLOSE

    @cached_property
    def today(self) -> dt.date:
        return clock.today(self.user)

    @cached_property
    def _ended(self) -> list[BoardColumn]:
        zone = clock.zone_of(self.user)
        since = clock.start_of_day(self.today.replace(day=1), zone)
        month = date_format(self.today, "F")
        return [
            BoardColumn(
                f"!{status}",
                words % {"month": month},
                Q(status=status, closed_at__gte=since),
                f"status={status}",
                status,
            )
            for status, words in (("won", _("Won in %(month)s")), ("lost", _("Lost in %(month)s")))
        ]

    @cached_property
    def _pending(self) -> list[BoardColumn]:
        columns = step_columns(self.narrowed) if self.by == STEP else close_columns(self.today)
        for column in columns:
            column.condition &= Q(status=OrderStatus.PENDING)
        return columns

    @cached_property
    def _placed(self) -> QuerySet[Order]:
        """The board's orders, each with the place of its column."""
        columns = [*self._pending, *self._ended]
        place = Case(
            *(When(column.condition, then=Value(index)) for index, column in enumerate(columns)),
            output_field=IntegerField(),
        )
        return self.narrowed.annotate(place=place).filter(place__isnull=False)

    @cached_property
    def columns_of_all(self) -> list[BoardColumn]:
        """All columns, summed over all their orders and with the cards that fit."""
        columns = [*self._pending, *self._ended]
        self._sum(columns)
        for order in self._shown_orders(columns):
            columns[order.place].cards.append(Card(order, probability_of(order)))  # type: ignore[attr-defined]
        self._let_others_say(columns)
        return columns

    @property
    def board(self) -> list[BoardColumn]:
        """The columns of pending orders; an empty one that nothing can be moved to, or of no date or step, is left out."""
        pending = self.columns_of_all[: len(self._pending)]
        return [column for column in pending if column.count or column.key not in ("", "none", "step-none")]

    @property
    def ended(self) -> list[BoardColumn]:
        """Won and lost this month."""
        return self.columns_of_all[len(self._pending) :]

    def _sum(self, columns: Sequence[BoardColumn]) -> None:
        seen = amounts_within(self.user)
        share = Coalesce("probability", "step__probability")
        sums = (
            self._placed.order_by()
            .values("place")
            .annotate(
                orders=Count("pk"),
                worth=Sum("amount", filter=seen),
                weighted=Sum(F("amount") * share, filter=seen),
            )
        )
        for row in sums:
            column = columns[row["place"]]
            column.count, column.amount, column.weighted = row["orders"], row["worth"], row["weighted"]

    def _shown_orders(self, columns: Sequence[BoardColumn]) -> Iterator[Order]:
        """The first orders of each column, in one question."""
        cap = CARDS
        while cap > 1 and sum(min(column.count, cap) for column in self._pending) > CARDS_OF_BOARD:
            cap -= 1
        order = [F("closed_at").desc(nulls_last=True), F("expected_on").asc(nulls_last=True), F("pk").desc()]
        row = Window(RowNumber(), partition_by=F("place"), order_by=order)
        first_ended = len(self._pending)
        fits = Q(place__lt=first_ended, row__lte=cap) | Q(row__lte=CARDS_OF_ENDED)
        return iter(self._placed.annotate(row=row).filter(fits).order_by("place", "row"))

    def _let_others_say(self, columns: Sequence[BoardColumn]) -> None:
        cards = [card for column in columns for card in column.cards if card.order.status == OrderStatus.PENDING]
        orders = [card.order for card in cards]
        for contributed in order_columns.visible_to(self.user):
            if contributed.card is None or not orders:
                continue
            values = contributed.values(self.user, orders)
            for card in cards:
                value = values.get(card.order.pk)
                if value is not None:
                    card.notes.append(contributed.card(value))
                    card.is_marked |= contributed.marks is not None and contributed.marks(value)

    @property
    def count(self) -> int:
        """Pending orders that the filters leave."""
        return sum(column.count for column in self._pending_summed)

    @property
    def _pending_summed(self) -> list[BoardColumn]:
        return self.columns_of_all[: len(self._pending)]

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
    def largest(self) -> list[Order]:
        """The largest pending orders whose amounts the reader may see."""
        rows = self.narrowed.filter(status=OrderStatus.PENDING).filter(amounts_within(self.user), amount__gt=0)
        return list(rows.order_by("-amount", "pk")[:PARTS_OF_BAR])

    @cached_property
    def dominant(self) -> Dominant | None:
        """The order that is two fifths or more of all that is pending, if there is one and others beside it."""
        total = self._total("amount")
        if not total or len(self.largest) < 2 or self.largest[0].amount < DOMINANT * total:
            return None
        order = self.largest[0]
        weighted = self._total("weighted")
        own = (probability_of(order) or Decimal(0)) * order.amount
        return Dominant(
            order=order,
            share=order.amount / total,
            pending=whole_money(total - order.amount),
            weighted="" if weighted is None else whole_money(weighted - own),
            amount=whole_money(order.amount),
            others=self._seen_count - 1,
        )

    @cached_property
    def _seen_count(self) -> int:
        """Pending orders whose amounts are in the sum."""
        return self.narrowed.filter(status=OrderStatus.PENDING).filter(amounts_within(self.user)).count()

    @property
    def parts(self) -> list[Part]:
        """What each of the largest orders is of the whole, then all others together."""
        total = self._total("amount")
        if not total:
            return []
        parts, left = [], Decimal(0)
        shares = [order.amount / total * 100 for order in self.largest]
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
