"""Where the next piece of a stream begins that is read newest first."""

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from territory import clock


class Cursor(Struct, frozen=True):
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
        if moment.tzinfo is None or moment.year not in clock.YEARS or not 0 <= number <= 10_000:
            return None
        return cls(moment, number)

    @classmethod
    def after(cls, moments: Sequence[dt.datetime], before: "Cursor | None") -> "Cursor":
        """What follows a piece whose entries are of these moments, newest first, and which began at `before`."""
        last = moments[-1]
        same = sum(moment == last for moment in moments)
        return cls(last, same + (before.skip if before and last == before.at else 0))
