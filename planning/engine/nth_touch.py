"""The chance that the n-th touch of a type wins (domain 3.1; methods a.1)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planning.engine.courses import Course
from planning.engine.rules import Key

# How many courses' worth the rate over all tiers counts: a beta-binomial prior.
PRIOR_WEIGHT = 30


@dataclass(frozen=True, slots=True)
class NthTouch:
    """Courses that reached an n-th touch of a type, those won after it and before the next, and the chance of that."""

    touch_type: Key
    tier: Key
    n: int
    reached: int
    wins: int
    chance: float


def nth_touches(courses: Iterable[Course], tiers: Sequence[Key]) -> list[NthTouch]:
    """For each type and tier every n that some course of the tier reached; of ended courses."""
    reached: Counter[tuple[Key, Key, int]] = Counter()
    wins: Counter[tuple[Key, Key, int]] = Counter()
    for course in courses:
        for touch_type, count in Counter(course.touches).items():
            for n in range(1, count + 1):
                reached[(touch_type, course.tier, n)] += 1
            if course.is_won:
                wins[(touch_type, course.tier, count)] += 1
    pooled_reached, pooled_wins = _over_tiers(reached), _over_tiers(wins)
    place = {tier: number for number, tier in enumerate(tiers)}
    found = []
    for touch_type, tier, n in sorted(
        reached, key=lambda row: (str(row[0]), place.get(row[1], len(place)), str(row[1]), row[2])
    ):
        rate = pooled_wins[(touch_type, n)] / pooled_reached[(touch_type, n)]
        won, all_of_them = wins[(touch_type, tier, n)], reached[(touch_type, tier, n)]
        found.append(NthTouch(touch_type, tier, n, all_of_them, won, shrunk(won, all_of_them, rate)))
    return found


def shrunk(wins: int, reached: int, rate: float) -> float:
    """A chance drawn towards a common rate, the more so the fewer courses it rests on."""
    return (wins + PRIOR_WEIGHT * rate) / (reached + PRIOR_WEIGHT)


def _over_tiers(counts: Counter[tuple[Key, Key, int]]) -> Counter[tuple[Key, int]]:
    found: Counter[tuple[Key, int]] = Counter()
    for (touch_type, _, n), count in counts.items():
        found[(touch_type, n)] += count
    return found
