"""The list of customers: words, tab, filters, sort and columns read from the address, and the rows that remain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import Team
from customers.extensions import Column, Tab, customer_columns, customer_tabs
from customers.models import Assignment, Circumstance, Customer, Market
from customers.queries.columns import seen_yearly_value
from territory import clock
from territory.links import links_of
from territory.rows import LONGEST_SEARCH, matching

# With all columns a page of so many rows stays under 60 KB.
PER_PAGE = 36
COLUMNS_KEPT_AS = "customer_columns"


def asked_words(request: HttpRequest) -> str:
    """What was typed into a search box; characters that no database takes are left out."""
    return request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]


class Row(Struct, frozen=True):
    """A customer (or an order) with its address, what stands in each chosen column, and the second line of a phone."""

    subject: Any
    url: str
    cells: SafeString
    note: str


class CustomerListing:
    """One reading of the list. Nothing is asked of the database before it is needed.

    `form` is the filter form of the address (customers.forms.filters); `within` the customers to choose from.
    """

    def __init__(self, request: HttpRequest, form, within: QuerySet[Customer] | None = None) -> None:
        self.request, self.user, self.form = request, request.user, form
        self.words = asked_words(request)
        self.form.is_valid()
        self._within = within if within is not None else Customer.objects.visible_to(self.user)

    @cached_property
    def tabs(self) -> list[Tab]:
        return customer_tabs.visible_to(self.user)

    @cached_property
    def tab(self) -> Tab | None:
        """The chosen tab; None is All."""
        return next((tab for tab in self.tabs if tab.key == self.request.GET.get("view")), None)

    @cached_property
    def all_columns(self) -> list[Column]:
        return customer_columns.visible_to(self.user)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns to show: those of the address, else those the reader kept, else the usual ones."""
        keys = self.request.GET.getlist("columns") or self.request.session.get(COLUMNS_KEPT_AS)
        if keys is None:
            return [column for column in self.all_columns if column.chosen]
        return [column for column in self.all_columns if column.key in keys]

    @cached_property
    def sorts(self) -> dict[str, tuple[str, str, Any]]:
        """What can be sorted by: key -> (label, first direction, expression of the reader)."""
        own = {
            "name": (_("Name"), "asc", lambda user: F("search_text")),
            "tier": (_("Tier"), "asc", lambda user: F("tier__position")),
        }
        columns = {column.key: (column.label, column.first, column.sort) for column in self.all_columns if column.sort}
        return own | columns

    @cached_property
    def sort(self) -> str:
        """The sort in force, "-" for high to low; an unknown one is the usual."""
        for key in (self.request.GET.get("sort", ""), self.tab.sort if self.tab else ""):
            if key.removeprefix("-") in self.sorts:
                return key
        return "name"

    @cached_property
    def is_filtered(self) -> bool:
        """Whether words or filters, beyond the tab, leave rows out."""
        return bool(self.words or any(self.form.chosen(name) for name in self.form.fields))

    @property
    def matches(self) -> QuerySet[Customer]:
        """The customers asked for, in no order."""
        rows = self._within
        rows = rows.filter(archived_at__isnull=not self.form.chosen("archived"))
        if self.words:
            rows = matching(rows, self.words)
        rows = self._filtered(rows)
        return self.tab.apply(rows, self.user) if self.tab else rows

    def _filtered(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        form = self.form
        if tiers := form.chosen("tier"):
            rows = rows.filter(tier__in=tiers)
        if stages := form.chosen("stage"):
            rows = rows.filter(stage__in=stages)
        if markets := form.chosen("market"):
            rows = rows.filter(market__in=markets_below(markets))
        if teams := form.chosen("team"):
            rows = rows.filter(team__in=teams_below(teams).values("pk"))
        if people := form.chosen("person"):
            assigned = Assignment.objects.on(clock.company_today()).filter(membership__user__in=people)
            rows = rows.filter(pk__in=assigned.values("customer"))
        if kinds := form.chosen("circumstance"):
            holding = Circumstance.objects.on(clock.company_today()).filter(kind__in=kinds)
            rows = rows.filter(pk__in=holding.values("customer"))
        for item in form.contributed:
            if values := form.chosen(item.key):
                rows = item.apply(rows, self.user, values)
        return rows

    @property
    def rows(self) -> QuerySet[Customer]:
        """The customers asked for in the order asked for, with what a row shows of its own."""
        rows = self.matches.select_related("tier", "team", "market").defer("note", "search_text")
        if any(column.key == "business" for column in self.columns):
            rows = rows.annotate(seen_value=seen_yearly_value(self.user))
        return self._sorted(rows)

    def _sorted(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        by = self.sorts[self.sort.removeprefix("-")][2](self.user)
        order = by.desc(nulls_last=True) if self.sort.startswith("-") else by.asc(nulls_last=True)
        return rows.order_by(order, "search_text", "pk")

    @cached_property
    def stage_counts(self) -> dict[str, int]:
        """Live visible customers by stage: one question for the counts of all own tabs."""
        rows = self._within.live().order_by().values_list("stage").annotate(Count("pk"))
        return dict(rows)

    def tab_counts(self) -> Iterator[tuple[Tab | None, int | None]]:
        """Each tab with its count, where that is known for nothing; None first is All."""
        yield None, sum(self.stage_counts.values())
        for tab in self.tabs:
            if tab.count:
                yield tab, tab.count(self.user)
            elif tab.key in STAGE_TABS:
                yield tab, self.stage_counts.get(tab.key, 0)
            else:
                yield tab, None

    def page(self):
        """The page asked for, its rows ready to show."""
        known = None
        if not self.is_filtered and (self.tab is None or self.tab.key in STAGE_TABS):
            known = self.stage_counts.get(self.tab.key, 0) if self.tab else sum(self.stage_counts.values())
        page = CountedPaginator(self.rows, PER_PAGE, known=known).get_page(self.request.GET.get("page"))
        page.object_list = self.shown(list(page.object_list))
        return page

    def shown(self, customers: Sequence[Customer]) -> list[Row]:
        """Customers as rows of the list."""
        return shown_rows(self.user, self.columns, customers, "customer_detail")


def shown_rows(user, columns: Sequence[Column], subjects: Sequence[Any], address: str) -> list[Row]:
    """Customers or orders with what stands in each column, one question a column at most; `address` names their page."""
    filled = [(column, column.values(user, subjects), _cell_begins(column)) for column in columns]
    url_of, rows = links_of(address), []
    for subject in subjects:
        cells, notes = [], []
        for column, values, begins in filled:
            value = values.get(subject.pk)
            if value is None:
                cells.append(f"{begins}</td>")
                continue
            cells.append(f"{begins}{conditional_escape(column.cell(value))}</td>")
            if column.note and (note := str(column.note(value))):
                notes.append(note)
        written = mark_safe("".join(cells))  # noqa: S308  each cell is escaped above
        rows.append(Row(subject, url_of(subject.pk), written, ", ".join(notes)))
    return rows


def _cell_begins(column: Column) -> str:
    """A list has hundreds of cells: what all of a column begin with is put together once."""
    return format_html('<td class="{}">', column.cell_classes) if column.cell_classes else "<td>"


class CountedPaginator(Paginator):
    """Pages of a list whose length may be known already."""

    def __init__(self, *args, known: int | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if known is not None:
            self.__dict__["count"] = known


STAGE_TABS = {"prospect", "customer", "lapsed", "lost"}


def teams_below(teams: Sequence[Team]) -> QuerySet[Team]:
    """These teams and all under them."""
    condition = Q(pk__in=[])
    for team in teams:
        condition |= Q(path__startswith=team.path)
    return Team.objects.filter(condition)


def markets_below(markets: Sequence[Market]) -> set[int]:
    """Keys of these markets and all under them."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Market.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, waiting = set(), [market.pk for market in markets]
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, []))
    return found
