"""How many touches it takes until a prospect becomes a customer (domain 3.1; methods e).

The curve reads "share of all courses won within n touches": lost is a competing end, open is censored at its count.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, log, sqrt

from msgspec import Struct

from planning.engine.courses import LOST, OPEN, WON, Course
from planning.engine.interval import Z
from planning.engine.quantile import QUARTILES, quantile
from planning.engine.rules import Key

# Of so many touches each step is kept.
EVERY_STEP = 300
# What sums of fractions may miss one by.
ROUNDING = 1e-12


class Step(Struct, frozen=True):
    """After n touches: courses still under way before (``at_risk``), and the share of all that was won by then.

    ``low`` and ``high`` are its 80 % band; None while nobody has won, and where everybody has.
    """

    n: int
    at_risk: int
    won_share: float
    low: float | None = None
    high: float | None = None


class TypeOfWon(Struct, frozen=True):
    """Touches of one type in the courses won: how many, which share of all of these, how many a course."""

    touch_type: Key
    touches: int
    share: float
    each: float


class Curve(Struct, frozen=True):
    """The courses of a tier. ``quartiles``: of the touches of those won, the middle one their median; None without any.

    ``is_final``: the last share holds for any number of touches beyond, because none with the most of them is open.
    """

    steps: tuple[Step, ...]
    courses: int
    won: int
    lost: int
    quartiles: tuple[float, float, float] | None
    mix: tuple[TypeOfWon, ...]
    is_final: bool


def curve(courses: Iterable[Course]) -> Curve:
    """All there is to say of these courses."""
    rows = list(courses)
    counts = sorted(len(row.touches) for row in rows if row.is_won)
    most = max((len(row.touches) for row in rows), default=0)
    return Curve(
        steps=tuple(touches_to_customer(rows)),
        courses=len(rows),
        won=len(counts),
        lost=sum(row.outcome == LOST for row in rows),
        quartiles=_quartiles(counts),
        mix=tuple(mix_of_types(rows)),
        is_final=bool(rows) and not any(row.outcome == OPEN and len(row.touches) == most for row in rows),
    )


def touches_to_customer(courses: Iterable[Course]) -> list[Step]:
    """The share won within n touches, n = 0, 1, 2 …, up to the most that a course had.

    Discrete Aalen-Johansen (Aalen and Johansen 1978); of courses with the same count ended ones leave before censored.
    """
    counts = Counter((len(course.touches), course.outcome) for course in courses)
    at_risk = sum(counts.values())
    still, won_share, spread, steps = 1.0, 0.0, _Spread(), []
    for n in range(max((count for count, _ in counts), default=-1) + 1):
        won = counts[(n, WON)]
        ended = won + counts[(n, LOST)]
        won_share += still * won / at_risk
        spread.add(won_share, still, at_risk, won, ended)
        still *= 1 - ended / at_risk
        steps.append(Step(n, at_risk, won_share, *_band(won_share, spread.variance(won_share))))
        at_risk -= ended + counts[(n, OPEN)]
    return steps


def thinned(steps: Sequence[Step]) -> list[Step]:
    """Steps that tell the same curve: all up to 300 touches, beyond these only the ones at which somebody won."""
    before = [None, *(step.won_share for step in steps)]
    return [step for step, share in zip(steps, before, strict=False) if step.n <= EVERY_STEP or step.won_share != share]


class _Spread:
    """The variance of a cumulative incidence by the delta method, with the hazards of a step multinomial.

    With r at risk, d of them ended and w won at step j, S the share still under way before it, F_j the share won by then:
    var F = sum of S^2 w (r - w) / r^3 + (F - F_j)^2 d / (r (r - d)) - 2 (F - F_j) S w / r^2
    (Marubini and Valsecchi 1995, 10.3; Collett 2015, Modelling Survival Data in Medical Research, page 411). With nothing
    censored it is the binomial F (1 - F) / r. F grows with the steps, so that the squares are kept multiplied out.
    """

    def __init__(self) -> None:
        self.own = self.ends = self.ends_once = self.ends_twice = self.wins = self.wins_once = 0.0

    def add(self, share: float, still: float, at_risk: int, won: int, ended: int) -> None:
        """A step: the share won with it, what was still under way before it, and what happened at it."""
        self.own += still**2 * won * (at_risk - won) / at_risk**3
        wins = still * won / at_risk**2
        self.wins, self.wins_once = self.wins + wins, self.wins_once + wins * share
        if ended < at_risk:  # else the share stays as it is from here on
            ends = ended / (at_risk * (at_risk - ended))
            self.ends += ends
            self.ends_once += ends * share
            self.ends_twice += ends * share**2

    def variance(self, share: float) -> float:
        """That of the share won by now."""
        ends = share**2 * self.ends - 2 * share * self.ends_once + self.ends_twice
        return max(self.own + ends - 2 * (share * self.wins - self.wins_once), 0.0)


def _band(share: float, variance: float) -> tuple[float | None, float | None]:
    """80 % around a share, on the scale of log(-log) (Choudhury 2002, Statistics in Medicine 21:1129)."""
    if not 0 < share < 1 - ROUNDING:
        return None, None
    width = Z * sqrt(variance) / (share * -log(share))
    return share ** exp(width), share ** exp(-width)


def _quartiles(counts: Sequence[int]) -> tuple[float, float, float] | None:
    """Of counts in order."""
    if not counts:
        return None
    low, middle, high = (quantile(counts, share) for share in QUARTILES)
    return low, middle, high


def mix_of_types(courses: Iterable[Course]) -> list[TypeOfWon]:
    """What kinds of touches the courses won took, the most frequent first."""
    won = [course for course in courses if course.is_won]
    counts = Counter(touch_type for course in won for touch_type in course.touches)
    return [
        TypeOfWon(touch_type, count, count / counts.total(), count / len(won))
        for touch_type, count in sorted(counts.items(), key=lambda row: (-row[1], str(row[0])))
    ]
