"""Calendar months, each named by its first day; and what holds at the ends of months, as runs of equal ones."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from planning.engine.calendar import ONE_DAY

Held = TypeVar("Held")


def month_of(day: date) -> date:
    """The month of a day."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The following month; that of the last day of all has none: itself."""
    try:
        return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    except OverflowError:
        return month


def month_before(month: date) -> date:
    """The month before."""
    return (month - ONE_DAY).replace(day=1)


def last_day_of(month: date) -> date:
    """The last day of a month."""
    following = month_after(month)
    return following - ONE_DAY if following != month else date.max


def months_until(month: date, number: int) -> list[date]:
    """So many months, the last being `month`."""
    found = [month]
    while len(found) < number:
        found.append(month_before(found[-1]))
    return found[::-1]


class Run(Struct, Generic[Held], frozen=True):
    """What held at the end of each month from `first` to `last`; `last` None: and since."""

    first: date
    last: date | None
    held: Held


def runs(changes: Iterable[date], at_end_of: Callable[[date], Held | None], until: date) -> list[Run[Held]]:
    """What held at the ends of months up to `until`, first to last, equal neighbours as one run.

    `changes` are days on which something may become another; at the end of a month without any holds what held before it.
    None is nothing: such months are in no run.
    """
    found: list[Run[Held]] = []
    before: Held | None = None
    for month in sorted({month_of(day) for day in changes}):
        if month > until:
            break
        held = at_end_of(month)
        if held == before:
            continue
        if before is not None:
            found[-1] = Run(found[-1].first, month_before(month), before)
        if held is not None:
            found.append(Run(month, None, held))
        before = held
    return found
