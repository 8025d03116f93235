"""The cards of the pipeline: one statement says which orders have one and what each column sums up to, another fills them.

What a card shows is written here, once an order, so that the template only puts it in its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, Count, F, Q, QuerySet, Value, When, Window
from django.db.models.functions import Cast, Coalesce, RowNumber
from django.utils.translation import gettext as _
from msgspec import Struct, field

from accounts.permissions import Act, Area
from customers.extensions import order_columns
from customers.models import Order, OrderStatus
from customers.models.orders import AMOUNT
from customers.queries.columns import whole_money
from customers.queries.orders import close_conditions
from customers.scope import EVERYTHING, seen_within, yes
from territory.formats.numbers import percent_text, rounded
from territory.links import links_of
from territory.sums import MoneyWindow
from territory.templatetags.look import tier_chip
from territory.templatetags.territory import initials, short_date
from territory.together import prepared, together

# A column shows at most so many cards; fewer where the whole board would grow past what a page may weigh.
CARDS = 25
CARDS_OF_BOARD = 38
CARDS_OF_ENDED = 6
PARTS_OF_BAR = 14

CLOSE, STEP = "close", "step"

# Where orders stand that are no longer pending; pending ones count up from 0 by close, or have the key of their step.
ENDED = {OrderStatus.WON.value: -1, OrderStatus.LOST.value: -2}
NO_STEP = 0


class Front(NamedTuple):
    """An order in front: among the first of its column, or of the largest. With it what its whole column sums up to.

    `amount`, `worth` and `weighted` hold only amounts that the reader may see: those of `known` of the column's `count` orders.
    """

    order: int
    place: int
    row: int
    rank: int
    amount: Decimal | None
    count: int
    known: int
    worth: Decimal | None
    weighted: Decimal | None


def front_of(rows: QuerySet[Order], amounts: Q, by: str, days: Sequence[Any], since: Any) -> QuerySet:
    """Of these orders those in front, as rows of `Front`: the pending ones, and what ended since the month began."""
    pending = Q(status=OrderStatus.PENDING)
    if by == STEP:
        stands = Coalesce("step_id", NO_STEP, output_field=BigIntegerField())
    else:
        conditions = close_conditions(*days).values()
        close = (When(condition, then=Value(place)) for place, condition in enumerate(conditions))
        stands = Case(*close, output_field=BigIntegerField())
    ended = (When(status=status, then=Value(place)) for status, place in ENDED.items())
    place = Case(*ended, default=stands, output_field=BigIntegerField())
    unseen = Cast(Value(None), AMOUNT)  # of a type even where no amount at all is seen: PostgreSQL sums no mere NULL
    seen = F("amount") if amounts == EVERYTHING else Case(When(amounts, then=F("amount")), default=unseen)
    first = [F("closed_at").desc(nulls_last=True), F("expected_on").asc(nulls_last=True), F("pk").desc()]
    share = Coalesce("probability", "step__probability")

    column: dict[str, Any] = {"partition_by": F("place")}
    return (
        rows.filter(pending | Q(status__in=list(ENDED), closed_at__gte=since))
        .annotate(place=place, seen=seen)
        .annotate(
            row=Window(RowNumber(), order_by=first, **column),
            rank=Window(RowNumber(), partition_by=F("status"), order_by=[F("seen").desc(nulls_last=True), F("pk")]),
            count=Window(Count("pk"), **column),
            known=Window(Count("seen"), **column),
            worth=MoneyWindow("seen", **column),
            weighted=MoneyWindow(F("seen") * share, places=6, **column),
        )
        .filter(Q(place__gte=0, row__lte=CARDS) | Q(place__gte=0, rank__lte=PARTS_OF_BAR) | Q(row__lte=CARDS_OF_ENDED))
        .order_by("place", "row")
        .values_list("pk", "place", "row", "rank", "seen", "count", "known", "worth", "weighted")
    )


@prepared
def front_of_all(
    seen: Q, amounts: Q, by: str, today: dt.date, following: dt.date, after: dt.date, since: dt.datetime
) -> QuerySet:
    """The same of all orders that the reader sees, as long as no filter leaves any out."""
    rows = Order.objects.live().filter(seen, customer__archived_at__isnull=True)
    return front_of(rows, amounts, by, (today, following, after), since)


class Card(Struct):
    """An order on the board, its values as they are shown, and what rooms above say of it."""

    pk: int
    version: int
    title: str
    status: str
    customer: str
    tier: str
    step: str
    chance: str
    probability: str
    person: str
    initials: str
    day: str
    team_id: int
    team: str
    seen_amount: Decimal | None
    share: Decimal | None
    may_change: bool
    amount: str
    url: str
    move_url: str
    move_label: str
    notes: list[str] = field(default_factory=list)
    is_marked: bool = False


def cards_of(user: Any, amounts: dict[int, Decimal | None]) -> dict[int, Card]:
    """Cards of these orders, which the reader sees; with each the amount, where they may see that. In 1 query."""
    [rows] = together(_rows(frozenset(amounts), seen_within(user, Area.ORDERS, Act.CHANGE)))
    urls, move_urls = links_of("order_detail"), links_of("order_move")
    label = _("Move %(order)s, %(customer)s")
    return {row[0]: _card(row, amounts[row[0]], urls(row[0]), move_urls(row[0]), label) for row in rows}


@prepared
def _rows(orders: frozenset[int], changed: Q) -> QuerySet:
    return (
        Order.objects.filter(pk__in=orders)
        .order_by()
        .values_list(
            "pk", "version", "title", "external_id", "status", "customer__name", "customer__tier__name",
            "customer__tier__position", "step__name", Coalesce("probability", "step__probability"),
            "salesperson__name", "expected_on", "closed_at", "team_id", "team__name", yes(changed),
        )
    )  # fmt: skip


def _card(row: tuple, amount: Decimal | None, url: str, move_url: str, move_label: str) -> Card:
    pk, version, title, external_id, status, customer, tier, position, step, share, person, expected, closed = row[:13]
    title = title or external_id or str(pk)
    return Card(
        pk=pk,
        version=version,
        title=title,
        status=status,
        customer=customer,
        tier=tier_chip(tier, position),
        step=step or "",
        chance="" if share is None else str(rounded(share, 2)),
        probability=percent_text(share),
        person=person or "",
        initials=initials(person),
        day=short_date(expected if closed is None else closed),
        team_id=row[13],
        team=row[14],
        seen_amount=amount,
        share=share,
        may_change=row[15],
        amount="" if amount is None else whole_money(amount),
        url=url,
        move_url=move_url,
        move_label=move_label % {"order": title, "customer": customer},
    )


def let_others_say(user: Any, cards: Iterable[Card]) -> None:
    """Puts what rooms above say of pending orders on their cards."""
    pending = [card for card in cards if card.status == OrderStatus.PENDING]
    for contributed in order_columns.visible_to(user):
        if contributed.card is None or not pending:
            continue
        values = contributed.values(user, pending)
        for card in pending:
            value = values.get(card.pk)
            if value is not None:
                card.notes.append(contributed.card(value))
                card.is_marked |= contributed.marks is not None and contributed.marks(value)
