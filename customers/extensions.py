"""How a room above adds to the customers' screens without being known here.

Register from the app config's `ready()` of the room above:

    from customers import extensions

    extensions.customer_columns.add(extensions.Column(key="overdue", label=_("Overdue"), values=..., cell=...))
    extensions.customer_tabs.add(extensions.Tab(key="overdue", label=_("Overdue"), apply=...))
    extensions.customer_filters.add(extensions.Filter(key="situation", label=_("Situation"), choices=..., apply=...))
    extensions.customer_facts.add(extensions.Fact(key="time", label=_("Time a month"), value=...))
    extensions.customer_panels.add(extensions.Panel(key="budget", render=..., place="aside"))
    extensions.hand_over_panels.add(extensions.HandOverPanel(key="load", render=...))
    extensions.timeline_sources.add(extensions.TimelineSource(key="situations", at="opened_at", keys=..., entries=...))
    extensions.touch_lengths.add(extensions.TouchLength(key="rules", seconds=...))
    extensions.way_lengths.add(extensions.WayLength(key="planning", km=...))
    extensions.numbers.add(extensions.Number(key="retry_working_days", value=...))

Rules for whatever is registered:
- It gets the reader (`user`) and asks `accounts.permissions` itself: nothing is shown because it was registered. A customer of
  a page says what its reader sees of it: `amounts_seen`, `budgets_seen`, `expenses_seen`, `orders_seen`, `touches_seen`, `may_change`.
- It asks the database a fixed number of times (columns: once a page), whatever the number of customers or entries. Facts,
  panels and entries of the timeline do not ask themselves: they yield their questions and are sent the rows
  (territory.together.Asking), so that a page asks everything in one statement or two.
- `visible(user)` decides before anything is computed; a column, filter, sort or tab that is not visible does not exist for
  that reader: its key in the address is ignored.
- Keys are short lower-case words, unique in their registry; they appear in addresses (?sort=overdue&view=overdue).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from msgspec import Struct, field

from territory.together import Asking, side_by_side


def everyone(user) -> bool:
    """Visible to every reader."""
    return True


def as_text(value: Any) -> str:
    """A cell that shows the value as it is (escaped by the template), nothing for None."""
    return "" if value is None else str(value)


class Column(Struct, frozen=True, kw_only=True):
    """A column of the list of customers or of orders.

    values:  (user, rows of one page) -> {pk: value}; at most one query. A pk left out shows an empty cell.
    cell:    value -> what stands in the cell; escaped unless it was made with format_html. Never called for None.
    sort:    user -> an expression to order by (F, Subquery, ...), or None when the column cannot be sorted by.
             Empty values always come last, whichever way it is sorted. It may use only what the reader may see.
    export:  value -> what stands in the CSV file: plain text, a number or a date; None is left empty.
    note:    value -> a few words for the second line of the row on a phone, or "".
    phone:   the cell itself stays on a phone (at most one or two columns fit); else only its note is seen there.
    chosen:  shown until the reader chooses columns of their own.
    numeric: right-aligned (say the unit in the label).
    first:   "desc" when the first click should sort from high to low.
    exported_as: what the column is called in the CSV file, where that is not its label.
    silent:  statuses of orders of which the column says nothing, so that it is left out on their tabs.
    card:    value -> what stands at the foot of an order's card on the board; None: it is not said there.
    marks:   value -> whether the order's card is marked as out of the ordinary.
    """

    key: str
    label: str
    values: Callable[[Any, Sequence[Any]], Mapping[int, Any]]
    cell: Callable[[Any], str] = as_text
    export: Callable[[Any], Any] = as_text
    sort: Callable[[Any], Any] | None = None
    note: Callable[[Any], str] | None = None
    numeric: bool = False
    phone: bool = False
    chosen: bool = True
    first: str = "asc"
    exported_as: str = ""
    silent: tuple[str, ...] = ()
    card: Callable[[Any], str] | None = None
    marks: Callable[[Any], bool] | None = None
    visible: Callable[[Any], bool] = everyone
    position: int = 100

    @property
    def wide(self) -> bool:
        """Whether the cell is left out on a phone."""
        return not self.phone

    @property
    def classes(self) -> str:
        """The CSS classes of its head."""
        return " ".join(name for name, on in (("num", self.numeric), ("wide", self.wide)) if on)

    @property
    def cell_classes(self) -> str:
        """Those of its cells: most are left out on a phone, so that those are named that stay."""
        return " ".join(name for name, on in (("num", self.numeric), ("stays", self.phone)) if on)


class Tab(Struct, frozen=True, kw_only=True):
    """A view above the list of customers: which of them it shows, chosen by ?view=KEY.

    apply: (customers, user) -> the customers of the view.
    sort:  the sort the view starts with ("-overdue"), unless the reader chose one.
    count: user -> how many, or None when that is not known for nothing; only from a stored figure, never counted here.
    """

    key: str
    label: str
    apply: Callable[[QuerySet, Any], QuerySet]
    sort: str = ""
    count: Callable[[Any], int | None] | None = None
    visible: Callable[[Any], bool] = everyone
    position: int = 100


class Filter(Struct, frozen=True, kw_only=True):
    """A filter of the list of customers: several of its choices may be ticked, one is enough.

    choices: user -> [(value, label)]; asked for when the filters are opened, and when the filter is in use.
    apply:   (customers, user, chosen values) -> the customers that remain. Values not among the choices never arrive.
    """

    key: str
    label: str
    choices: Callable[[Any], Sequence[tuple[str, str]]]
    apply: Callable[[QuerySet, Any, Sequence[str]], QuerySet]
    visible: Callable[[Any], bool] = everyone
    position: int = 100


class Fact(Struct, frozen=True, kw_only=True):
    """A figure in the strip under a customer's name. value: (request, customer) -> asking what stands there, None: no fact."""

    key: str
    label: str
    value: Callable[[HttpRequest, Any], Asking[Any]]
    position: int = 100


class Panel(Struct, frozen=True, kw_only=True):
    """A part of a customer's (or an order's) page, served by the room above.

    render: (request, customer or order) -> asking (template name, context), None when there is nothing to show. The template
            also knows `customer` (or `order`) and what every page knows (request, user, company); it writes its own
            <section class="card"> or callout.
    place:  "main": above the tabs, for what is odd and open; "aside": beside the stream (on a phone below the head).
    """

    key: str
    render: Callable[[HttpRequest, Any], Asking[tuple[str, dict[str, Any]] | None]]
    place: str = "aside"
    position: int = 100


class HandOverPanel(Struct, frozen=True, kw_only=True):
    """A part of the preview of a hand-over, served by the room above: what it would do beyond this room.

    render: (request, hand-over as seen, moves that are ticked) -> (template name, context) or None. At most two queries.
    """

    key: str
    render: Callable[[HttpRequest, Any, Sequence[Any]], tuple[str, dict[str, Any]] | None]
    position: int = 100


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a customer's timeline.

    at:     when it happened, aware; entries are shown newest first.
    key:    unique in the stream ("touch-17"); decides between entries of the same instant.
    icon:   of the sprite. title: in bold; "" keeps the entry's place in the stream and shows nothing.
    people: faint words beside it. text: what was typed, shown as text.
    badge:  (word, tone, icon) or None. url: where the title leads, or "".
    """

    at: dt.datetime
    key: str
    icon: str
    title: str
    people: str = ""
    text: str = ""
    badge: tuple[str, str, str] | None = None
    url: str = ""


class TimelineSource(Struct, frozen=True, kw_only=True):
    """A kind of entry in a customer's timeline. A piece asks all kinds for their newest keys, then the chosen ones for words.

    at:      the field that says when: an instant, or a day of the company's.
    keys:    (customer, reader, today, seen) -> all rows that are entries, as tuples: (when, primary key, what else `entries`
             wants to know). `seen` are the areas that the reader sees of the customer. It rests on these alone, and puts the
             first three into conditions only: it is asked once for all customers (territory.together.prepared).
    entries: (user, customer, keys) -> asking the entries of these keys by primary key; a row gone meanwhile has none.
    tab:     the tab that shows this kind besides the timeline: "touches", "changes" or none.
    """

    key: str
    at: str
    keys: Callable[[Any, Any, Any, tuple[str, ...]], QuerySet]
    entries: Callable[[Any, Any, Sequence[tuple]], Asking[Mapping[int, Entry]]]
    tab: str = ""
    position: int = 100


class TouchLength(Struct, frozen=True, kw_only=True):
    """How long touches usually take on a customer, offered to who logs one.

    seconds: (user, customer) -> {touch type's pk: seconds}; at most a few queries. A type left out has its own usual length.
    """

    key: str
    seconds: Callable[[Any, Any], Mapping[int, int]]
    position: int = 100


class WayLength(Struct, frozen=True, kw_only=True):
    """How long the way to customers is. km: (user, customers) -> {customer's pk: kilometres there and back}; without those
    whose place, or the person's base, is unknown. No query but for settings."""

    key: str
    km: Callable[[Any, Sequence[Any]], Mapping[int, float]]
    position: int = 100


class Number(Struct, frozen=True, kw_only=True):
    """A number of this room that administrators set in a room above. value: () -> the number as it is now."""

    key: str
    value: Callable[[], int]
    position: int = 100


Item = TypeVar("Item", Column, Tab, Filter, Fact, Panel, HandOverPanel, TimelineSource, TouchLength, WayLength, Number)


class Registry(Struct, Generic[Item]):
    """Items by key, in order of position. Adding a key twice is a mistake; adding the same item again changes nothing."""

    _items: dict[str, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        known = self._items.get(item.key)
        if known is not None and known != item:
            raise ValueError(f"“{item.key}” is registered already")
        self._items[item.key] = item

    def __iter__(self) -> Iterator[Item]:
        return iter(sorted(self._items.values(), key=lambda item: item.position))

    def visible_to(self, user) -> list[Item]:
        """The items the reader may use (those that can be hidden: columns, tabs, filters)."""
        return [item for item in self if getattr(item, "visible", everyone)(user)]


customer_columns: Registry[Column] = Registry()
customer_tabs: Registry[Tab] = Registry()
customer_filters: Registry[Filter] = Registry()
customer_facts: Registry[Fact] = Registry()
customer_panels: Registry[Panel] = Registry()
hand_over_panels: Registry[HandOverPanel] = Registry()
timeline_sources: Registry[TimelineSource] = Registry()
touch_lengths: Registry[TouchLength] = Registry()
way_lengths: Registry[WayLength] = Registry()
numbers: Registry[Number] = Registry()
order_columns: Registry[Column] = Registry()
order_panels: Registry[Panel] = Registry()


def panels(registry: Registry[Panel], request: HttpRequest, subject: Any, place: str) -> Asking[list[str]]:
    """The panels of a place that have something to show, rendered."""
    parts = yield from side_by_side(panel.render(request, subject) for panel in registry if panel.place == place)
    name = subject._meta.model_name
    return [render_to_string(part[0], {name: subject, **part[1]}, request) for part in parts if part is not None]


def hand_over_parts(request: HttpRequest, seen: Any, moves: Sequence[Any]) -> list[str]:
    """What rooms above say of a hand-over before it is done, rendered."""
    parts = [panel.render(request, seen, moves) for panel in hand_over_panels]
    return [render_to_string(part[0], part[1], request) for part in parts if part is not None]


def facts(request: HttpRequest, customer: Any) -> Asking[list[tuple[str, Any]]]:
    """Label and figure of each contributed fact that has something to say."""
    values = yield from side_by_side(fact.value(request, customer) for fact in customer_facts)
    return [(fact.label, value) for fact, value in zip(customer_facts, values, strict=True) if value is not None]


def usual_lengths(user: Any, customer: Any) -> dict[int, int]:
    """Seconds by touch type that rooms above know for this customer; the first to know a type has it."""
    found: dict[int, int] = {}
    for length in touch_lengths:
        for type_id, seconds in length.seconds(user, customer).items():
            found.setdefault(type_id, seconds)
    return found


def way_km(user: Any, customers: Sequence[Any]) -> dict[int, float]:
    """Kilometres there and back by customer, where a room above knows them; the first to know one has it."""
    found: dict[int, float] = {}
    for length in way_lengths:
        for customer, km in length.km(user, customers).items():
            found.setdefault(customer, km)
    return found


def number(key: str, otherwise: int) -> int:
    """What administrators set under this key, `otherwise` where no room above knows it."""
    return next((item.value() for item in numbers if item.key == key), otherwise)
