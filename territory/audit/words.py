"""What a history row says, field by field, in words: for the audit, the histories of people, customers and touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from msgspec import Struct

from territory.formats import money_text, number_text, percent_text
from territory.formats.days import full_text
from territory.formats.numbers import rounded
from territory.templatetags.territory import seconds_as_minutes

EMPTY = "–"
# What says nothing to people.
NEVER = {"version", "search_text", "history_relation", "uuid", "outreach"}
# Numbers that are more than that, by the names that fields have in all rooms.
MONEY = {
    "amount", "cost", "cost_per_hour", "high", "list_price", "low", "lower_bound", "value", "yearly_potential",
    "yearly_value",
}  # fmt: skip
RATES = {"rate_per_km"}
# In degrees: so many decimals are about a metre.
PLACES = {"latitude", "longitude", "base_latitude", "base_longitude"}
DECIMALS_OF_PLACES = 5
SHARES = {
    "full_up_to", "good_up_to", "margin_share", "over_served_above", "over_up_to", "probability",
    "room_below", "selling_share", "share", "under_served_below", "visit_share",
}  # fmt: skip


class Change(Struct, frozen=True):
    """One field, from what to what; `before` None: the row is new, or nobody kept what it was before."""

    name: str
    label: str
    before: str | None
    after: str


def changes(row: Any, earlier: Any, leave_out: Collection[str] = ()) -> Iterator[Change]:
    """The fields in which a history row differs from the one before it; of a first one, those that say something."""
    for field in row.tracked_fields:
        if field.primary_key or field.name in NEVER or field.name in leave_out:
            continue
        value = getattr(row, field.attname)
        if earlier is None:
            if value not in (None, "", [], {}) and value != field.default:
                yield _change(field, None, shown(row, field))
        elif (old := getattr(earlier, field.attname)) != value:
            if old is None and isinstance(value, list):
                continue  # nobody kept it then
            if isinstance(old, dict) and isinstance(value, dict):
                yield _change(field, *_where_they_differ(old, value))
            else:
                before, after = shown(earlier, field), shown(row, field)
                if (
                    before != after
                ):  # what differs in nothing that is said, such as the role that somebody had, is no change
                    yield _change(field, before, after)


def read_names(rows: Iterable[Any]) -> None:
    """Read the names that history rows need besides those of their foreign keys: where their model says how, one statement each."""
    by_model: dict[type, list[Any]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    for model, some in by_model.items():
        if hasattr(model, "read_names"):
            model.read_names(some)


def _change(field: models.Field, before: str | None, after: str) -> Change:
    return Change(field.name, capfirst(str(field.verbose_name)), before, after)


def _where_they_differ(before: dict, after: dict) -> tuple[str, str]:
    """Two nested tables, each reduced to the places where the other says something else."""
    old, new = dict(_places(before)), dict(_places(after))
    differing = [place for place in {**old, **new} if old.get(place) != new.get(place)]
    return tuple("; ".join(f"{place}: {table.get(place, EMPTY)}" for place in differing) for table in (old, new))  # type: ignore[return-value]


def _places(table: dict, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _places(value, f"{path}{key} ")
        else:
            yield f"{path}{key}", value


def shown(row: Any, field: models.Field) -> str:
    """A field's value as people read it. A foreign key that was not read with the row is its number."""
    value = getattr(row, field.attname)
    if value in (None, "", [], {}):
        return EMPTY
    if field.is_relation:
        related = row._state.fields_cache.get(field.name)
        return str(related) if related is not None else f"#{value}"
    if display := getattr(row, f"get_{field.name}_display", None):
        return str(display())
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.date):
        return full_text(value)
    if field.name.endswith("_seconds"):
        return seconds_as_minutes(value)
    if isinstance(value, dict):
        return "; ".join(f"{place}: {held}" for place, held in _places(value))
    if isinstance(value, list):
        return ", ".join(str(held) for held in value)
    return _number(field.name, value) if isinstance(value, int | float | Decimal) else str(value)


def _number(name: str, value: int | float | Decimal) -> str:
    """A number with what it is of, by its field's name."""
    if name in MONEY:
        return money_text(value)
    if name in RATES:
        return number_text(value, _decimals(value, 3))
    if name in SHARES:
        return percent_text(value, _decimals(Decimal(str(value)) * 100))
    if name in PLACES:
        return number_text(value, _decimals(value, DECIMALS_OF_PLACES))
    return str(value) if isinstance(value, int) else number_text(value, _decimals(value))


def _decimals(number: int | float | Decimal, most: int = 2) -> int:
    """How many decimals it takes to write a number, `most` at most."""
    exponent = rounded(number, most).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
