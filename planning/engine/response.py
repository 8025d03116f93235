"""What more or fewer calls do to a customer's business, from five judgements (domain 3.7; methods b).

Little's ADBUDG curve (Little 1970, Management Science 16(8)): with x = calls / calls as now,

    r(x) = r0 + (rs - r0) x^c / (d + x^c)

r0 is the answer for no calls at all, rs for all the calls one could make. With y = (r - r0) / (rs - r0), a line of least
squares through ln(y / (1 - y)) on ln x at half the calls, as many, and half more gives c (its slope) and -ln d.
"""

from collections.abc import Sequence
from math import exp, log
from statistics import fmean

from msgspec import Struct

#: of the call plan: raised when another plan may come out of the same question
ENGINE_VERSION = 1

#: where the three answers between none and all stand: half the calls, as now, half more
JUDGED = (0.5, 1.0, 1.5)


class Answers(Struct, frozen=True):
    """Business a year as a share of today's, without calls, with half of today's, as now, with half more, with all one could.

    They must rise: who expects nothing of calls has no curve.
    """

    none: float = 0.70
    half: float = 0.85
    same: float = 1.00
    more: float = 1.10
    most: float = 1.20

    def __post_init__(self) -> None:
        if not 0 <= self.none < self.half < self.same < self.more < self.most:
            raise ValueError("answers must rise from none to most")


class Response(Struct, frozen=True):
    """A curve: the floor r0, the ceiling rs, the steepness c and the scale d."""

    floor: float
    ceiling: float
    c: float
    d: float

    def at(self, x: float) -> float:
        """r(x): business as a share of today's at x times the calls of today."""
        if x <= 0:
            return self.floor
        power = x**self.c
        return self.floor + (self.ceiling - self.floor) * power / (self.d + power)

    def beside_now(self, x: float) -> float:
        """r(x) / r(1), so that as many calls as now bring what they bring now: the fitted line misses that answer by a little."""
        return self.at(x) / self.at(1.0)

    @property
    def elasticity(self) -> float:
        """By how many per cent business changes with one per cent more calls than now."""
        slope = (self.ceiling - self.floor) * self.c * self.d / (self.d + 1) ** 2
        return slope / self.at(1.0)


def fitted(answers: Answers) -> Response:
    """The curve through five answers."""
    spread = answers.most - answers.none
    shares = [(answer - answers.none) / spread for answer in (answers.half, answers.same, answers.more)]
    c, level = _line([log(x) for x in JUDGED], [log(y / (1 - y)) for y in shares])
    return Response(answers.none, answers.most, c, exp(-level))


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Slope and intercept of least squares."""
    x_mean, y_mean = fmean(xs), fmean(ys)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / sum((x - x_mean) ** 2 for x in xs)
    return slope, y_mean - slope * x_mean
