"""The list of orders and one order, as far as the reader may see them and their amounts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cached_property, reduce
from operator import or_
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.permissions import Act, Area
from customers.extensions import Column, order_columns
from customers.models import Order, OrderStatus
from customers.queries.columns import whole_money
from customers.queries.listing import (
    PER_PAGE,
    CountedPaginator,
    asked_words,
    markets_below,
    shown_rows,
    teams_below,
)
from customers.scope import amounts_within, hangs_within, yes
from territory import clock
from territory.rows import matching
from territory.sums import MoneySum

# Columns that are empty, or say the same in every row, on the tab of a status.
SILENT = {
    "pending": {"status", "type", "closed"},
    "won": {"status", "probability", "expected"},
    "lost": {"status", "probability", "expected"},
}


def next_month(month: dt.date) -> dt.date:
    """The first day of the month after that of `month`."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def close_days(today: dt.date) -> tuple[dt.date, dt.date, dt.date]:
    """Where one expected close ends and another begins: today, the first of next month and of that after it."""
    following = next_month(today)
    return today, following, next_month(following)


def close_conditions(today: dt.date, following: dt.date, after: dt.date) -> dict[str, Q]:
    """Orders by their expected close, each in one: the keys are those of the list's filter."""
    return {
        "overdue": Q(expected_on__lt=today),
        "this": Q(expected_on__gte=today, expected_on__lt=following),
        "next": Q(expected_on__gte=following, expected_on__lt=after),
        "later": Q(expected_on__gte=after),
        "none": Q(expected_on__isnull=True),
    }


def orders_for(user) -> QuerySet[Order]:
    """Orders the person may see, each with `seen_amount` and whether they `may_change` it."""
    return (
        Order.objects.visible_to(user)
        .with_amounts_for(user)
        .annotate(may_change=yes(hangs_within(user, Area.ORDERS, Act.CHANGE)))
        .select_related("customer__tier", "product_line", "sale_type", "step", "salesperson", "team")
    )


class Totals(Struct, frozen=True):
    """How many orders of a status, and what those together are worth whose amounts the reader may see."""

    status: str
    count: int
    amount: Decimal | None

    @property
    def label(self) -> str:
        return capfirst(str(OrderStatus(self.status).label))

    @property
    def shown(self) -> str:
        return "" if self.amount is None else whole_money(self.amount)


class OrderListing:
    """One reading of the list of orders; `form` is the filter form of the address."""

    def __init__(self, request: HttpRequest, form, within: QuerySet[Order] | None = None) -> None:
        self.request, self.user, self.form = request, request.user, form
        self.words = asked_words(request)
        form.is_valid()
        self._within = within if within is not None else orders_for(self.user)

    @cached_property
    def columns(self) -> list[Column]:
        """Those that say something of orders of the chosen status."""
        silent = SILENT.get(self.status, set())
        columns = order_columns.visible_to(self.user)
        return [
            column
            for column in columns
            if column.chosen and column.key not in silent and self.status not in column.silent
        ]

    @cached_property
    def sorts(self) -> dict[str, tuple[str, str, Any]]:
        """What can be sorted by: key -> (label, first direction, expression of the reader)."""
        own = {"customer": (_("Customer"), "asc", lambda user: F("customer__search_text"))}
        return own | {column.key: (column.label, column.first, column.sort) for column in self.columns if column.sort}

    @cached_property
    def sort(self) -> str:
        """The sort in force; pending orders by their expected close, others by the latest closed."""
        key = self.request.GET.get("sort", "")
        if key.removeprefix("-") in self.sorts:
            return key
        return "expected" if self.status == OrderStatus.PENDING else "-closed"

    @cached_property
    def is_filtered(self) -> bool:
        return bool(self.words or any(self.form.chosen(name) for name in self.form.fields))

    @property
    def narrowed(self) -> QuerySet[Order]:
        """What the filters leave, whatever the status."""
        rows = self._within.live().filter(customer__archived_at__isnull=True)
        if self.words:
            rows = rows.filter(
                Q(pk__in=matching(Order.objects.all(), self.words).values("pk"))
                | Q(pk__in=matching(Order.objects.all(), self.words, "customer__search_text").values("pk"))
            )
        if teams := self.form.chosen("team"):
            rows = rows.filter(team__in=teams_below(teams).values("pk"))
        if lines := self.form.chosen("line"):
            rows = rows.filter(product_line__in=lines)
        if people := self.form.chosen("person"):
            rows = rows.filter(salesperson__in=people)
        if markets := self.form.chosen("market"):
            rows = rows.filter(customer__market__in=markets_below(markets))
        if tiers := self.form.chosen("tier"):
            rows = rows.filter(customer__tier__in=tiers)
        return self._by_progress(rows)

    def _by_progress(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        """Those that the filters of step and expected close leave."""
        if steps := self.form.chosen("step"):
            rows = rows.filter(step__in=steps)
        if self.form.chosen("nostep"):
            rows = rows.filter(step__isnull=True)
        if closes := self.form.chosen("close"):
            known = close_conditions(*close_days(clock.today(self.user)))
            rows = rows.filter(reduce(or_, (known[close] for close in closes)))
        if month := self.form.cleaned_data.get("month"):
            first = dt.date.fromisoformat(f"{month}-01")
            rows = rows.filter(expected_on__gte=first, expected_on__lt=next_month(first))
        return rows

    @cached_property
    def status(self) -> str:
        """The chosen status, or "all"; pending where none was chosen."""
        status = self.request.GET.get("status", "")
        return status if status in (*OrderStatus.values, "all") else OrderStatus.PENDING.value

    @property
    def rows(self) -> QuerySet[Order]:
        """The orders asked for, in the order asked for."""
        rows = self.narrowed if self.status == "all" else self.narrowed.filter(status=self.status)
        by = self.sorts[self.sort.removeprefix("-")][2](self.user)
        order = by.desc(nulls_last=True) if self.sort.startswith("-") else by.asc(nulls_last=True)
        return rows.order_by(order, "-pk")

    @cached_property
    def totals(self) -> list[Totals]:
        """By status, over what the filters leave: one question."""
        rows = (
            self.narrowed.order_by()
            .values("status")
            .annotate(count=Count("pk"), worth=MoneySum("amount", filter=amounts_within(self.user)))
        )
        found = {row["status"]: row for row in rows}
        return [
            Totals(status, found.get(status, {}).get("count", 0), found.get(status, {}).get("worth"))
            for status in OrderStatus.values
        ]

    @cached_property
    def weighted_shown(self) -> str:
        """Pending amounts times probability (the step's where none is given), over those the reader may see."""
        pending = self.narrowed.filter(status=OrderStatus.PENDING).filter(amounts_within(self.user))
        share = Coalesce("probability", "step__probability")
        worth = pending.aggregate(worth=MoneySum(F("amount") * share, places=6))["worth"]
        return "" if worth is None else whole_money(worth)

    def page(self):
        """The page asked for."""
        known = sum(total.count for total in self.totals if self.status in (total.status, "all"))
        page = CountedPaginator(self.rows, PER_PAGE, known=known).get_page(self.request.GET.get("page"))
        page.object_list = shown_rows(self.user, self.columns, list(page.object_list), "order_detail")
        return page
