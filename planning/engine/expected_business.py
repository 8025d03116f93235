"""What the present prospects may bring, month by month (domain 3.2; methods e).

For a prospect of age a (days since its course started, still under way today) and a month from day b to day c of its course

    p = (F(c) - F(b)) / S(a),   business = p W,   variance = p s^2 + p (1 - p) W^2

F is the share of courses of its tier won within so many days, lost ones a competing end (Aalen and Johansen 1978), S that
still under way; p is the chance to be won then, given that it is not ended yet (Kalbfleisch and Prentice 2002, 8.2). Where
nobody is lost S = 1 - F. W and s are mean and standard deviation of what won courses of the tier brought in the year from
their winning order on. Prospects are taken as independent, so that means and variances add up; the range of a sum is its
middle 80 % under a normal distribution, from 0 on.
"""

import itertools
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import fmean, variance
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from planning.engine.courses import FEWEST_WINS, OPEN, WON, Course
from planning.engine.interval import Z
from planning.engine.rules import Key
from planning.engine.time_to_business import FEWEST_ARRIVALS, Start

MONTHS_AHEAD = 12

Group = TypeVar("Group")


class Chances(Struct, frozen=True):
    """Of courses, by the days after which some ended: the share won by then, and the share still under way after them.

    `longest`: days of the longest follow-up, beyond which nothing is known. `is_pooled`: over all tiers.
    """

    days: tuple[int, ...]
    won: tuple[float, ...]
    still: tuple[float, ...]
    wins: int
    longest: int
    is_pooled: bool = False

    def of_winning(self, age: int, after: int, until: int) -> float | None:
        """The chance that a course still under way at an age is won later than `after` and not later than `until` days
        from its start. None: beyond the longest follow-up."""
        still = self._at(self.still, age, 1.0)
        if until > self.longest or not still:
            return None
        return min((self._at(self.won, until, 0.0) - self._at(self.won, after, 0.0)) / still, 1.0)

    def _at(self, shares: Sequence[float], days: int, before: float) -> float:
        place = bisect_right(self.days, days)
        return shares[place - 1] if place else before


class FirstYear(Struct, frozen=True):
    """What a won course brings in its first year: mean and variance over `wins` of them. `is_pooled`: of all tiers."""

    mean: float
    variance: float
    wins: int
    is_pooled: bool = False


class Outlook(Struct, frozen=True):
    """What to expect of the prospects of a tier. `worth` None: nothing was won yet, so that nothing can be said."""

    chances: Chances
    worth: FirstYear | None


class Expected(Struct):
    """A sum over prospects: mean and variance, of how many, and of how many of these nothing is known."""

    mean: float = 0.0
    variance: float = 0.0
    prospects: int = 0
    unknown: int = 0

    def add(self, chance: float | None, worth: FirstYear | None) -> None:
        """A prospect more, whose chance and worth are these."""
        self.prospects += 1
        if chance is None or worth is None:
            self.unknown += 1
            return
        self.mean += chance * worth.mean
        self.variance += chance * worth.variance + chance * (1 - chance) * worth.mean**2

    @property
    def range(self) -> tuple[float, float]:
        """The middle 80 %."""
        return range_of(self.mean, self.variance)


def range_of(mean: float, variance: float) -> tuple[float, float]:
    """The middle 80 % of a sum of business with this mean and variance, never below 0."""
    width = Z * sqrt(max(variance, 0.0))
    return max(mean - width, 0.0), mean + width


def chances(starts: Iterable[Start], on: date) -> Chances:
    """Of courses followed until a day; of those with the same days ended ones leave before those still under way."""
    counts = Counter((row.days_under_way(on), row.outcome) for row in starts)
    at_risk = sum(counts.values())
    still, share = 1.0, 0.0
    days, won, under_way = [], [], []
    for day in sorted({day for day, _ in counts}):
        wins = counts[(day, WON)]
        ended = sum(counts[(day, outcome)] for outcome in {outcome for _, outcome in counts} if outcome != OPEN)
        if ended:
            share += still * wins / at_risk
            still *= 1 - ended / at_risk
            days.append(day)
            won.append(share)
            under_way.append(still)
        at_risk -= ended + counts[(day, OPEN)]
    wins = sum(number for (_, outcome), number in counts.items() if outcome == WON)
    longest = max((day for day, _ in counts), default=-1)
    return Chances(tuple(days), tuple(won), tuple(under_way), wins, longest)


def worth(won: Sequence[Course]) -> FirstYear | None:
    """Mean and variance of what these won courses brought; one alone says nothing of how they differ."""
    amounts = [float(course.business) for course in won]
    if not amounts:
        return None
    return FirstYear(fmean(amounts), variance(amounts) if len(amounts) > 1 else 0.0, len(amounts))


def outlooks(
    starts: Sequence[Start], ended: Iterable[Course], tiers: Iterable[Key | None], on: date
) -> dict[Key | None, Outlook]:
    """By tier; over all tiers where fewer than 20 courses of the tier were won (chances) or fewer than 10 of those `ended`
    ones that business is taken from (worth), and for prospects without a tier."""
    won = [course for course in ended if course.is_won]
    all_chances, all_worth = replace(chances(starts, on), is_pooled=True), worth(won)
    if all_worth:
        all_worth = replace(all_worth, is_pooled=True)
    found: dict[Key | None, Outlook] = {None: Outlook(all_chances, all_worth)}
    for tier in tiers:
        own = chances([row for row in starts if row.tier == tier], on)
        own_worth = worth([course for course in won if course.tier == tier])
        found[tier] = Outlook(
            own if own.wins >= FEWEST_ARRIVALS else all_chances,
            own_worth if own_worth and own_worth.wins >= FEWEST_WINS else all_worth,
        )
    return found


def months_ahead(on: date, count: int = MONTHS_AHEAD) -> list[tuple[date, date]]:
    """The rest of a day's month (its last day: nothing is left of it) and so many months: first and last day of each."""
    firsts = [date(on.year + (on.month - 1 + n) // 12, (on.month - 1 + n) % 12 + 1, 1) for n in range(count + 2)]
    spans = [(max(first, on + timedelta(1)), then - timedelta(1)) for first, then in itertools.pairwise(firsts)]
    return [(first, last) for first, last in spans if first <= last]


def expected_business(
    prospects: Iterable[tuple[Group, Key | None, date]],
    outlooks: Mapping[Key | None, Outlook],
    months: Sequence[tuple[date, date]],
    on: date,
) -> dict[Group, dict[date | None, Expected]]:
    """Of prospects, each with its group, its course's tier and the day this started, the sums of its group by the first day
    of the month, and under None those over all months (`unknown`: of whom some month is not known)."""
    found: dict[Group, dict[date | None, Expected]] = defaultdict(lambda: defaultdict(Expected))
    by_start: dict[tuple[Key | None, date], list[float | None]] = {}
    for group, tier, started_on in prospects:
        outlook = outlooks.get(tier) or outlooks[None]
        if (tier, started_on) not in by_start:
            by_start[tier, started_on] = list(_by_month(outlook.chances, started_on, months, on))
        by_month, rows = by_start[tier, started_on], found[group]
        for (first, _last), chance in zip(months, by_month, strict=True):
            rows[first.replace(day=1)].add(chance, outlook.worth)
        known = [chance for chance in by_month if chance is not None]
        rows[None].add(sum(known) if known else None, outlook.worth)
        if outlook.worth and 0 < len(known) < len(by_month):
            rows[None].unknown += 1
    return {group: dict(rows) for group, rows in found.items()}


def _by_month(
    chances: Chances, started_on: date, months: Sequence[tuple[date, date]], on: date
) -> Iterator[float | None]:
    for first, last in months:
        after, until = (first - started_on).days - 1, (last - started_on).days
        yield chances.of_winning((on - started_on).days, after, until)
