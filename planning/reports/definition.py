"""What a report is: a name, columns, and rows as plain values. Rounding and formatting happen here alone.

Pages, CSV, JSON and the command line read the same rows. A file of this folder that holds `REPORT` is a report.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.permissions import Act, Area, may
from territory import clock


class Kind(StrEnum):
    """How a column is written: minutes and money with 2 decimals, intervals in days with 4, shares, loads and scores with
    6, all as strings."""

    TEXT = "text"
    COUNT = "count"
    DAY = "day"
    MINUTES = "minutes"
    MONEY = "money"
    SHARE = "share"
    DAYS = "days"


def read_day(text: str) -> dt.date:
    """A day written as 2026-06-09, of the years that can be asked about; else ValueError."""
    day = dt.date.fromisoformat(text)
    if day.year not in clock.YEARS:
        raise ValueError(text)
    return day


# How many months can be asked about.
MONTHS = range(1, 241)

DECIMALS = {Kind.MINUTES: 2, Kind.MONEY: 2, Kind.DAYS: 4, Kind.SHARE: 6}


class Column(Struct, frozen=True):
    """One column: the key in JSON and CSV, and what kind of value it holds; `area`: for whom it is there at all."""

    name: str
    kind: Kind = Kind.TEXT
    area: Area | None = None

    def write(self, value: Any) -> Any:
        """The value as it stands in JSON: numbers with decimals as strings, days as ISO, what is not known as None."""
        if value is None:
            return None
        if self.kind in DECIMALS:
            # A float or a Decimal formats itself; a Fraction only does from Python 3.12 on.
            number = value if isinstance(value, (float, int)) or hasattr(value, "quantize") else float(value)
            written = f"{number:.{DECIMALS[self.kind]}f}"
            return written.lstrip("-") if not float(written) else written
        if self.kind is Kind.DAY:
            return value.isoformat()
        return int(value) if self.kind is Kind.COUNT else str(value)


class Asked(Struct, frozen=True):
    """What somebody wants to know.

    `today` and `now` are the company's day and this moment. `as_of` None reads stored figures where a report has any;
    a day has all computed from the log. `starts_on` and `ends_on` (--from, --to) are both counted. `reader` None is the
    machine, which sees all; a person gets the rows that are visible to them. `amount` (--amount) is in the company's
    currency. `months` (--months): the ends of so many months, the last being that of the day, up to the day. `of` (--of): what
    is measured.
    """

    today: dt.date
    now: dt.datetime
    as_of: dt.date | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    by: str | None = None
    reader: Any = None
    amount: Decimal | None = None
    months: int | None = None
    of: str | None = None

    @property
    def on(self) -> dt.date:
        """The day the report is about."""
        return self.as_of or self.today

    @property
    def until(self) -> dt.date:
        """The last day of the window: --to, else the day the report is about."""
        return self.ends_on or self.on


class Answer(Struct, frozen=True):
    """Rows as mappings from column name to plain value, and when the oldest figure in them was computed."""

    rows: Iterable[Mapping[str, Any]]
    computed_at: dt.datetime


class Report(Struct, frozen=True):
    """A report. `by` lists what --by may be, the first being the default; empty where the report has no --by; `of` likewise.

    `takes_window`: whether --from and --to mean something; `takes_amount`: whether --amount does; `takes_months`: --months.
    `shape`: the columns, where they depend on what is asked.
    """

    name: str
    columns: tuple[Column, ...]
    answer: Callable[[Asked], Answer]
    by: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    takes_window: bool = False
    takes_amount: bool = False
    takes_months: bool = False
    shape: Callable[[Asked], tuple[Column, ...]] | None = None

    def check(
        self,
        *,
        by: str | None,
        starts_on: dt.date | None,
        ends_on: dt.date | None,
        amount: Decimal | None = None,
        months: int | None = None,
        of: str | None = None,
    ) -> None:
        """Raises ValueError with what cannot be asked of this report."""
        if by is not None and by not in self.by:
            if not self.by:
                raise ValueError(_("%(report)s cannot be divided: leave “by” out.") % {"report": self.name})
            raise ValueError(_("“by” is one of: %(names)s.") % {"names": ", ".join(self.by)})
        if of is not None and of not in self.of:
            if not self.of:
                raise ValueError(_("%(report)s measures one thing: leave “of” out.") % {"report": self.name})
            raise ValueError(_("“of” is one of: %(names)s.") % {"names": ", ".join(self.of)})
        if (starts_on or ends_on) and not self.takes_window:
            raise ValueError(_("%(report)s is about one day: leave “from” and “to” out.") % {"report": self.name})
        if amount is not None and not self.takes_amount:
            raise ValueError(_("%(report)s is about no amount: leave “amount” out.") % {"report": self.name})
        if amount is not None and not (amount.is_finite() and amount > 0):
            raise ValueError(_("“amount” is a sum of money above 0, such as 5000 or 12.50."))
        if months is not None and not self.takes_months:
            raise ValueError(_("%(report)s is not about months: leave “months” out.") % {"report": self.name})
        if months is not None and months not in MONTHS:
            raise ValueError(_("“months” is a number from 1 to %(most)s.") % {"most": MONTHS[-1]})
        if starts_on and ends_on and starts_on > ends_on:
            raise ValueError(_("“from” is later than “to”."))

    def columns_for(self, asked: Asked) -> tuple[Column, ...]:
        """The columns of what is asked that the reader may see at all; the machine (None) all."""
        reader = asked.reader
        return tuple(
            column
            for column in (self.shape(asked) if self.shape else self.columns)
            if column.area is None or reader is None or may(reader, column.area, Act.SEE)
        )

    def rows(self, asked: Asked) -> tuple[list[dict[str, Any]], dt.datetime]:
        """Rows as they are written, and when they were computed."""
        answer = self.answer(asked)
        columns = self.columns_for(asked)
        rows = [{column.name: column.write(row[column.name]) for column in columns} for row in answer.rows]
        return rows, answer.computed_at


def shown_id(external_id: str | None, name: str) -> str:
    """What names a thing to a machine: its external id where there is one, else its name."""
    return external_id or name
