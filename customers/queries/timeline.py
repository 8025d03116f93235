"""One stream of what happened with a customer, newest first, read piece by piece in a fixed number of queries."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from customers.extensions import Entry, TimelineSource, timeline_sources
from customers.models import Customer

PIECE = 20
# Which sources each tab reads; None is all of them.
TABS = {"timeline": None, "touches": ("touches",), "changes": ("stages", "changes")}


@dataclass(frozen=True)
class Cursor:
    """Where the next piece begins: at or before `at`, leaving out the first `skip` entries of that very instant."""

    at: dt.datetime
    skip: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(dt.UTC).isoformat()}~{self.skip}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor of an address; None for anything that is not one (the stream then begins at its top)."""
        at, _, skip = text.partition("~")
        try:
            moment = dt.datetime.fromisoformat(at)
            number = int(skip or 0)
        except ValueError:
            return None
        if moment.tzinfo is None or not 1900 <= moment.year <= 2200 or not 0 <= number <= 10_000:
            return None
        return cls(moment, number)


@dataclass(frozen=True)
class Piece:
    """Some entries, and where the next piece begins (None: that was all)."""

    entries: list[Entry]
    next: Cursor | None


def piece(user, customer: Customer, *, tab: str = "timeline", after: Cursor | None = None, size: int = PIECE) -> Piece:
    """The next `size` entries of the customer's stream that the reader may see."""
    before = after.at if after else None
    skip = after.skip if after else 0
    wanted = skip + size + 1
    found = [entry for source in _sources(tab) for entry in source.entries(user, customer, before, wanted)]
    # Sorting is stable and every source sorts its own, so entries of one instant keep their order from piece to piece.
    found.sort(key=lambda entry: entry.at, reverse=True)
    entries = found[skip : skip + size]
    # Sources keep the place of what they do not show, so that none of them runs ahead of the others.
    shown = [entry for entry in entries if entry.title]
    if len(found) <= skip + size:
        return Piece(shown, None)
    return Piece(shown, _cursor(entries, before, skip))


def _cursor(entries: Sequence[Entry], before: dt.datetime | None, skip: int) -> Cursor:
    last = entries[-1].at
    same = sum(entry.at == last for entry in entries)
    return Cursor(last, same + (skip if last == before else 0))


def _sources(tab: str) -> Iterable[TimelineSource]:
    keys = TABS.get(tab)
    return [source for source in timeline_sources if keys is None or source.key in keys]
