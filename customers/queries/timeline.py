"""One stream of what happened with a customer, newest first, read piece by piece.

A piece takes two steps: which rows of all kinds are its entries, then what those few say.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import DateTimeField, QuerySet
from msgspec import Struct

from customers.extensions import Entry, TimelineSource, timeline_sources
from customers.models import Customer
from customers.scope import seen_of
from territory import clock
from territory.cursor import Cursor
from territory.together import Asking, prepared, side_by_side

PIECE = 20
# The first holds every kind of entry.
TABS = ("timeline", "touches", "changes")


class Piece(Struct, frozen=True):
    """Some entries, and where the next piece begins (None: that was all)."""

    entries: list[Entry]
    next: Cursor | None


def piece(
    user, customer: Customer, *, tab: str = TABS[0], after: Cursor | None = None, size: int = PIECE
) -> Asking[Piece]:
    """The next `size` entries of the customer's stream that the reader may see: first which, then what they say."""
    before = after.at if after else None
    skip = after.skip if after else 0
    sources = [source for source in timeline_sources if tab in (TABS[0], source.tab)]
    wanted = skip + size + 1
    # How many rows is part of a statement's words: a cursor of an address makes a few of them, not thousands.
    limit = 1 << wanted.bit_length() if skip else wanted
    day = clock.day_of(before, clock.company_zone()) if before else None
    about = (customer.pk, user.pk, clock.company_today(), seen_of(customer), before, day, str(limit))
    keys = yield [_keys(source, *about) for source in sources]
    found = [(_moment(key[0]), source, key) for source, rows in zip(sources, keys, strict=True) for key in rows]
    # Sorting is stable and every source sorts its own, so entries of one instant keep their order from piece to piece.
    found.sort(key=lambda row: row[0], reverse=True)
    chosen = found[skip : skip + size]
    entries = yield from _entries(user, customer, chosen)
    # Sources keep the place of what they do not show, so that none of them runs ahead of the others.
    shown = [entry for entry in entries if entry.title]
    if len(found) <= skip + size:
        return Piece(shown, None)
    return Piece(shown, Cursor.after([at for at, _source, _key in chosen], after))


@prepared
def _keys(
    source: TimelineSource,
    customer: int,
    reader: int,
    today: dt.date,
    seen: tuple[str, ...],
    before: dt.datetime | None,
    day: dt.date | None,
    limit: str,
) -> QuerySet:
    """The newest keys of a kind at or before an instant (and its day)."""
    rows = source.keys(customer, reader, today, seen)
    if before is not None:
        is_instant = isinstance(rows.model._meta.get_field(source.at), DateTimeField)
        rows = rows.filter(**{f"{source.at}__lte": before if is_instant else day})
    return newest(source.at, rows, int(limit))


def newest(at: str, rows: QuerySet, limit: int) -> QuerySet:
    """Up to `limit` rows by their field `at` (an instant, or a day of the company's), newest first."""
    return rows.order_by(f"-{at}", "-pk")[:limit]


def _moment(at: dt.date) -> dt.datetime:
    """When it was: a day's first instant."""
    return at if isinstance(at, dt.datetime) else clock.start_of_day(at, clock.company_zone())


def _entries(user, customer: Customer, chosen: Sequence[tuple]) -> Asking[list[Entry]]:
    """What the chosen rows of the sources say, in their order."""
    keys: dict[str, list[tuple]] = {}
    for _at, source, key in chosen:
        keys.setdefault(source.key, []).append(key)
    sources = {source.key: source for _at, source, _key in chosen}
    told = yield from side_by_side(sources[name].entries(user, customer, keys[name]) for name in keys)
    by_source = dict(zip(keys, told, strict=True))
    return [by_source[source.key][key[1]] for _at, source, key in chosen if key[1] in by_source[source.key]]
