"""Which rhythm went with more wins: what evidence suggests in the place of a contact rule's interval.

Of the ended courses (or spans between orders) on which evidence rests, those that reached a third touch of the type are
put into bands by the rhythm of the first three: half the days from the first to the third. Of each band the share won
afterwards is told with an 80 % interval. Another rhythm is suggested where that interval lies wholly above that of the
band in which the rule's interval is, both with 30 wins at least; of several the one with the largest share.

Why the first three alone: by the rhythm of all their touches, courses that are won soon could be in quick bands only,
and quick bands would look good for that reason. Counted from the third touch on, all have come equally far. It remains
association: who is called more often may have been likelier to buy. Touches are by anyone, also where a rule names a role.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction
from statistics import median

from msgspec import Struct

from planning.engine.beta import beta_quantiles
from planning.engine.courses import Course
from planning.engine.interval import LOWER, UPPER
from planning.engine.rhythm import interval_days
from planning.engine.rules import Key

# Days between touches; each band begins where the one before ends and holds its own upper end. They lie between weekly,
# fortnightly, monthly, two-monthly, quarterly and half-yearly rhythms.
ENDS = (3.0, 10.0, 22.0, 45.0, 75.0, 135.0, None)
TOUCHES = 3
FEWEST_WINS = 30
# Rules that one would set, the most frequent first.
RULES = (
    (1, "day"), (3, "week"), (2, "week"), (1, "week"), (3, "month"), (2, "month"), (1, "month"), (2, "quarter"),
    (6, "year"), (1, "quarter"), (2, "year"), (1, "year"),
)  # fmt: skip

Cell = tuple[Key, Key]


class Band(Struct, frozen=True):
    """Courses whose first three touches of a type were more than `starts` and up to `ends` days apart (None: any number).

    `low` and `high`: an 80 % interval of the share won. `pace`: the median of their rhythms, days.
    """

    starts: float
    ends: float | None
    courses: int
    wins: int
    low: float
    high: float
    pace: float

    @property
    def share(self) -> float:
        return self.wins / self.courses

    @property
    def is_enough(self) -> bool:
        """Whether it can be held against others."""
        return self.wins >= FEWEST_WINS

    def holds(self, days: float) -> bool:
        return self.starts < days and (self.ends is None or days <= self.ends)


def rhythm_of(course: Course, touch_type: Key) -> float | None:
    """Days between its first three touches of a type; None without a third."""
    at = [at for at, kind in zip(course.at, course.touches, strict=True) if kind == touch_type]
    return (at[TOUCHES - 1] - at[0]) / (TOUCHES - 1) if len(at) >= TOUCHES else None


def bands(courses: Iterable[Course]) -> dict[Cell, list[Band]]:
    """By touch type and tier (of the course's first day) the bands that have a course, the quickest first."""
    found: dict[tuple[Key, Key, int], list[tuple[float, bool]]] = defaultdict(list)
    for course in courses:
        for touch_type in set(course.touches):
            pace = rhythm_of(course, touch_type)
            if pace is not None:
                found[touch_type, course.tier, _number(pace)].append((pace, course.is_won))
    keys = sorted(found, key=lambda key: (str(key[0]), str(key[1]), key[2]))
    told: dict[Cell, list[Band]] = defaultdict(list)
    for key, (low, high) in zip(keys, _intervals([found[key] for key in keys]), strict=True):
        rows, number = found[key], key[2]
        told[key[:2]].append(
            Band(
                starts=(0.0, *ENDS)[number] or 0.0,
                ends=ENDS[number],
                courses=len(rows),
                wins=sum(is_won for _pace, is_won in rows),
                low=low,
                high=high,
                pace=median(pace for pace, _is_won in rows),
            )
        )
    return dict(told)


def _number(pace: float) -> int:
    return next(number for number, end in enumerate(ENDS) if end is None or pace <= end)


def _intervals(bands: Sequence[Sequence[tuple[float, bool]]]) -> list[tuple[float, float]]:
    """The middle 80 % of beta(wins + 1/2, losses + 1/2): Jeffreys' prior (Brown, Cai, DasGupta 2001)."""
    import numpy as np

    if not bands:
        return []
    wins = [sum(is_won for _pace, is_won in rows) + 0.5 for rows in bands]
    losses = [len(rows) + 1 - won for rows, won in zip(bands, wins, strict=True)]
    ends = [beta_quantiles(share, np.array(wins), np.array(losses)).tolist() for share in (LOWER, UPPER)]
    return list(zip(*ends, strict=True))


class Verdict(StrEnum):
    """What comparing says, or why nothing can be said."""

    OTHER = "other"  # another rhythm went with more wins
    NO_OTHER = "no other"  # no rhythm went with clearly more wins
    TOO_FEW_HERE = "too few here"  # at the rule's own rhythm
    TOO_FEW_ELSEWHERE = "too few elsewhere"  # at any other


class Suggestion(Struct, frozen=True):
    """What evidence says of a rule's interval; `own`: its band (None: no course in it), `best`: the one suggested.

    `count` and `period`: a rule of the suggested rhythm.
    """

    verdict: Verdict
    own: Band | None = None
    best: Band | None = None
    count: int | None = None
    period: str | None = None


def suggest(bands: Sequence[Band], interval: float) -> Suggestion:
    """Hold the rhythm of a rule (days) against the others of its touch type and tier."""
    own = next((band for band in bands if band.holds(interval)), None)
    if own is None or not own.is_enough:
        return Suggestion(Verdict.TOO_FEW_HERE, own)
    others = [band for band in bands if band is not own and band.is_enough]
    if not others:
        return Suggestion(Verdict.TOO_FEW_ELSEWHERE, own)
    better = [band for band in others if band.low > own.high]
    if not better:
        return Suggestion(Verdict.NO_OTHER, own)
    best = max(better, key=lambda band: band.share)
    return Suggestion(Verdict.OTHER, own, best, *as_rule(best))


def as_rule(band: Band) -> tuple[int, str]:
    """Of the usual rules within a band the one nearest to its median rhythm."""
    usual = [(count, period) for count, period in RULES if band.holds(float(interval_days(count, period)))]
    pace = Fraction(band.pace)
    return min(usual, key=lambda rule: abs(interval_days(*rule) - pace))
