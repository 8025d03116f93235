"""Attempts to win business, and the touches made in each: what evidence on touches rests on (domain 3.1)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import fsum

from msgspec import Struct

from planning.engine.rules import Key

WON, LOST, OPEN = "won", "lost", "open"

# The first year of business must be complete: a course counts from a year after its end, for two years more.
YOUNGEST, OLDEST = 365, 1095
GROWING = 730
FEWEST_WINS = 10


class Course(Struct, frozen=True):
    """A selling course, or, of a customer, the span from one won order to the next.

    ``key`` names and orders it (external id, number). ``tier`` is that of its first day. ``business`` is what it won,
    in the company's currency. ``touches`` are the types of its touches, in the order they were made, ``tiers`` the tier
    of each one's day (empty: all that of the course), ``at`` how many days after its beginning each was made. ``days`` is
    how long it took, or takes so far. ``ended_on`` is None while it is open.
    """

    key: tuple[str, int]
    tier: Key
    outcome: str
    ended_on: date | None = None
    business: Decimal = Decimal(0)
    touches: tuple[Key, ...] = ()
    tiers: tuple[Key, ...] = ()
    at: tuple[float, ...] = ()
    days: float = 0.0

    @property
    def is_won(self) -> bool:
        return self.outcome == WON


def business_of_a_win(courses: Iterable[Course]) -> tuple[float | None, dict[Key, float]]:
    """The mean business of a won course: of all (None: there is none), and by tier."""
    found: dict[Key, list[float]] = defaultdict(list)
    for course in courses:
        if course.is_won:
            found[course.tier].append(float(course.business))
    everything = [business for of_tier in found.values() for business in of_tier]
    overall = fsum(everything) / len(everything) if everything else None
    return overall, {tier: fsum(of_tier) / len(of_tier) for tier, of_tier in found.items()}


class Sample(Struct, frozen=True):
    """The courses that evidence rests on; ``is_growing``: their first year is not complete yet."""

    courses: tuple[Course, ...]
    is_growing: bool = False


def prospects_sample(courses: Iterable[Course], on: date) -> Sample:
    """Courses that ended 365 to 1,095 days before a day; with fewer than 10 wins, those of the last 730 days."""
    ended = [course for course in courses if course.ended_on is not None and course.ended_on <= on]
    complete = _between(ended, on - timedelta(days=OLDEST), on - timedelta(days=YOUNGEST))
    if sum(course.is_won for course in complete) >= FEWEST_WINS:
        return Sample(complete)
    return Sample(_between(ended, on - timedelta(days=GROWING - 1), on), is_growing=True)


def customers_sample(spans: Iterable[Course], on: date) -> Sample:
    """Spans that ended in the last 1,095 days."""
    ended = [span for span in spans if span.ended_on is not None]
    return Sample(_between(ended, on - timedelta(days=OLDEST - 1), on))


def _between(ended: Sequence[Course], first: date, last: date) -> tuple[Course, ...]:
    found = [course for course in ended if course.ended_on is not None and first <= course.ended_on <= last]
    return tuple(sorted(found, key=lambda course: course.key))
