"""Small parts that several pages of this room show: tabs, chips, sorts, rows of a file."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from msgspec import Struct

from customers.extensions import Column

FILE_PIECE = 500


class Link(Struct, frozen=True):
    """A link with its words; `current` when it is where the reader is."""

    url: str
    label: Any
    value: Any = ""
    current: bool = False


def address(request: HttpRequest, **changes: Any) -> str:
    """The present query with some parameters changed; None takes one out."""
    parameters = request.GET.copy()
    for name in ("choose_columns", *changes):
        parameters.pop(name, None)
    for name, value in changes.items():
        if value is not None:
            parameters[name] = value
    return f"?{parameters.urlencode()}"


def tab_links(request: HttpRequest, listing) -> list[Link]:
    """The list's tabs, All first, with what they count."""
    links = []
    for tab, count in listing.tab_counts():
        chosen = tab.key if tab else None
        current = chosen == (listing.tab.key if listing.tab else None)
        links.append(Link(f"?view={chosen}" if chosen else "?", tab.label if tab else _("All"), count, current))
    return links


def filter_chips(request: HttpRequest, form) -> list[Link]:
    """The filters in use: what each is set to, and the address without it."""
    chips = []
    for name, field in form.fields.items():
        if form.chosen(name):
            chips.append(
                Link(address(request, **{name: None, "page": None}), field.label, ", ".join(form.chosen_labels(name)))
            )
    return chips


def kept_fields(request: HttpRequest, *leave_out: str) -> list[tuple[str, str]]:
    """The present query as hidden fields, so that a form keeps what it does not ask for."""
    out = {"page", "choose_columns", *leave_out}
    return [(name, value) for name, values in request.GET.lists() if name not in out for value in values if value]


def sort_choices(request: HttpRequest, listing) -> list[Link]:
    """What the list can be sorted by, the first click's direction in each."""
    links = []
    for key, (label, first, _expression) in listing.sorts.items():
        sort = f"-{key}" if first == "desc" else key
        links.append(Link(address(request, sort=sort, page=None), label, "", listing.sort.removeprefix("-") == key))
    return links


def csv_rows(listing, columns: Sequence[Column]) -> Iterator[list]:
    """The customers of a list as rows of a file, piece by piece."""
    customers = listing.rows.iterator(chunk_size=FILE_PIECE)
    while piece := list(islice(customers, FILE_PIECE)):
        values = [(column, column.values(listing.user, piece)) for column in columns]
        for customer in piece:
            row = [customer.external_id, customer.name, customer.tier, customer.get_stage_display()]
            for column, known in values:
                value = known.get(customer.pk)
                row.append(None if value is None else column.export(value))
            yield row
