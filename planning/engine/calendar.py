"""Working days: weekdays, holidays, absences, the next working day (domain 3.2, 3.3 and 4)."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

ONE_DAY = timedelta(days=1)


def last_quarter(today: date) -> tuple[date, date]:
    """The first and the last day of the calendar's quarter before the one of a day."""
    last = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1) - ONE_DAY
    return last.replace(month=last.month - 2, day=1), last


class Span(Struct, frozen=True):
    """Days from ``starts_on`` to ``ends_on``, both counted; None is "since always" and "open"."""

    starts_on: date | None = None
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        return (self.starts_on is None or self.starts_on <= day) and (self.ends_on is None or day <= self.ends_on)

    def touches(self, first: date, last: date) -> bool:
        """Whether it has a day from first to last."""
        return (self.starts_on is None or self.starts_on <= last) and (self.ends_on is None or first <= self.ends_on)


class WorkCalendar(Struct, frozen=True):
    """The company's working weekdays (Monday 0 to Sunday 6) and its holidays."""

    weekdays: frozenset[int] = frozenset({0, 1, 2, 3, 4})
    holidays: frozenset[date] = frozenset()

    @property
    def ordinary_week(self) -> int:
        """Working days of a week without holidays."""
        return len(self.weekdays)

    def works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def working_days(self, starts_on: date, ends_on: date) -> list[date]:
        """The working days from one day to another, both counted."""
        days = (ends_on - starts_on).days
        return [day for day in (starts_on + timedelta(days=n) for n in range(days + 1)) if self.works(day)]

    def weekdays_between(self, starts_on: date, ends_on: date) -> int:
        """How many days from one to another, both counted, are worked where there is no holiday."""
        days = (ends_on - starts_on).days
        return sum((starts_on + timedelta(days=n)).weekday() in self.weekdays for n in range(days + 1))

    def next_working_day(self, day: date, away: Sequence[Span] = ()) -> date:
        """``day`` itself if it is worked and outside every span away, else the first later day that is.

        "Moves to the next working day" is repeated until the day found is neither weekend, holiday nor absence. An
        absence without an end never lets go: then absences are disregarded, for a due touch must have a day. A
        company without any working weekday has no next working day: the day stays.
        """
        if not self.weekdays:
            return day
        found = day
        while True:
            found = self._next_worked(found)
            span = next((span for span in away if span.holds(found)), None)
            if span is None:
                return found
            if span.ends_on is None:
                return self._next_worked(day)
            found = span.ends_on + ONE_DAY

    def _next_worked(self, day: date) -> date:
        while not self.works(day):
            day += ONE_DAY
        return day


def monday(day: date) -> date:
    """The Monday of the week of ``day``."""
    return day - timedelta(days=day.weekday())


def common(one: Span, other: Span) -> Span | None:
    """The days that both have; None where there are none."""
    starts = max((day for day in (one.starts_on, other.starts_on) if day is not None), default=None)
    ends = min((day for day in (one.ends_on, other.ends_on) if day is not None), default=None)
    return None if starts is not None and ends is not None and ends < starts else Span(starts, ends)


def uncovered(absences: Iterable[Span], covers: Sequence[Span]) -> list[Span]:
    """What is left of absences when the covered days are taken out."""
    left: list[Span] = []
    for absence in absences:
        pieces = [absence]
        for cover in covers:
            pieces = [rest for piece in pieces for rest in _without(piece, cover)]
        left.extend(pieces)
    return left


def _without(piece: Span, cover: Span) -> list[Span]:
    before_end = None if cover.starts_on is None else cover.starts_on - ONE_DAY
    after_start = None if cover.ends_on is None else cover.ends_on + ONE_DAY
    rest = []
    if before_end is not None and (piece.starts_on is None or piece.starts_on <= before_end):
        end = before_end if piece.ends_on is None else min(piece.ends_on, before_end)
        rest.append(Span(piece.starts_on, end))
    if after_start is not None and (piece.ends_on is None or piece.ends_on >= after_start):
        start = after_start if piece.starts_on is None else max(piece.starts_on, after_start)
        rest.append(Span(start, piece.ends_on))
    return rest
