"""The chance that the n-th touch of a type wins (domain 3.1; methods a.1)."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from planning.engine.beta import beta_quantiles
from planning.engine.courses import Course
from planning.engine.interval import LOWER, UPPER
from planning.engine.rules import Key

# How many courses' worth the rate over all tiers counts: a beta-binomial prior.
PRIOR_WEIGHT = 30


class NthTouch(Struct, frozen=True):
    """Courses that reached an n-th touch of a type, those won after it and before the next, and the chance of that.

    `low` and `high`: an 80 % interval of the chance. `tier` is that of the course's first day.
    """

    touch_type: Key
    tier: Key
    n: int
    reached: int
    wins: int
    chance: float
    low: float
    high: float


class Trials(Struct, frozen=True):
    """So many wins among so many that reached a touch, to be drawn towards a rate that counts as `weight` trials."""

    wins: int
    reached: int
    rate: float
    weight: int = PRIOR_WEIGHT

    @property
    def chance(self) -> float:
        """(wins + weight x rate) / (reached + weight): the mean of beta(wins + weight x rate, losses + weight x (1 - rate))."""
        return (self.wins + self.weight * self.rate) / (self.reached + self.weight)


def nth_touches(courses: Iterable[Course], tiers: Sequence[Key]) -> list[NthTouch]:
    """For each type and tier every n that some course of the tier reached; of ended courses."""
    reached, wins = counted(courses)
    pooled_reached, pooled_wins = over_tiers(reached), over_tiers(wins)
    place = {tier: number for number, tier in enumerate(tiers)}
    keys = sorted(reached, key=lambda row: (str(row[0]), place.get(row[1], len(place)), str(row[1]), row[2]))
    trials = [
        Trials(wins[key], reached[key], pooled_wins[key[0], key[2]] / pooled_reached[key[0], key[2]]) for key in keys
    ]
    return [
        NthTouch(*key, row.reached, row.wins, row.chance, low, high)
        for key, row, (low, high) in zip(keys, trials, intervals(trials), strict=True)
    ]


def counted(courses: Iterable[Course]) -> tuple[Counter[tuple[Key, Key, int]], Counter[tuple[Key, Key, int]]]:
    """By type, tier and n: courses that reached an n-th touch, and those won after it and before the next."""
    reached: Counter[tuple[Key, Key, int]] = Counter()
    wins: Counter[tuple[Key, Key, int]] = Counter()
    for course in courses:
        for touch_type, count in Counter(course.touches).items():
            for n in range(1, count + 1):
                reached[(touch_type, course.tier, n)] += 1
            if course.is_won:
                wins[(touch_type, course.tier, count)] += 1
    return reached, wins


def over_tiers(counts: Counter[tuple[Key, Key, int]]) -> Counter[tuple[Key, int]]:
    """By type and n."""
    found: Counter[tuple[Key, int]] = Counter()
    for (touch_type, _, n), count in counts.items():
        found[(touch_type, n)] += count
    return found


def intervals(trials: Sequence[Trials]) -> list[tuple[float, float]]:
    """Of each chance the middle 80 % of its beta distribution.

    Where that has no width, since nothing was won or nothing lost at all, half a win and half a loss are added (Jeffreys'
    prior) and the end at 0 or 1 stays there.
    """
    import numpy as np

    a = np.array([row.wins + row.weight * row.rate for row in trials])
    b = np.array([row.reached - row.wins + row.weight * (1 - row.rate) for row in trials])
    never, always = a <= 0, b <= 0
    has_no_width = never | always
    a, b = np.where(has_no_width, np.maximum(a, 0) + 0.5, a), np.where(has_no_width, np.maximum(b, 0) + 0.5, b)
    low = np.where(never, 0.0, beta_quantiles(LOWER, a, b))
    high = np.where(always, 1.0, beta_quantiles(UPPER, a, b))
    return list(zip(low.tolist(), high.tolist(), strict=True))
