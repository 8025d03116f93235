"""What a touch brought: the business of each win, shared equally over the touches of its course (domain 3.1).

The interval is a percentile bootstrap over courses (Efron and Tibshirani 1993, chapter 13): courses are drawn anew, with
replacement, all cells from the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import TYPE_CHECKING

from msgspec import Struct

from planning.engine.courses import FEWEST_WINS, Course
from planning.engine.interval import LOWER, UPPER
from planning.engine.rules import Key

if TYPE_CHECKING:
    import numpy as np

DRAWS, SEED = 1000, 1
# So many draws at once, to hold memory: 100 draws of 20,000 courses are 16 MB.
DRAWN_AT_ONCE = 100

Cell = tuple[Key, Key]  # touch type, tier


class Credit(Struct, frozen=True):
    """What the touches of one type on one tier brought, a touch, with an 80 % interval; None where there were none.

    ``touches`` and ``wins`` (won courses with such a touch) are the cell's own. ``is_pooled``: these wins are too few to
    tell, so value and interval are those of the type over all tiers.
    """

    value: float | None
    low: float | None
    high: float | None
    touches: int
    wins: int
    is_pooled: bool


class EqualCredit(Struct, frozen=True):
    """By touch type and tier; and the business of wins that had no touch, which credits nobody."""

    cells: Mapping[Cell, Credit]
    without_touches: Decimal


def equal_credit(courses: Sequence[Course], cells: Sequence[Cell]) -> EqualCredit:
    """The evidence in each of the cells asked for, from ended courses in the order of their keys.

    A touch has the tier of its day.
    """
    import numpy as np

    without = sum((course.business for course in courses if course.is_won and not course.touches), Decimal(0))
    if not courses or not cells:
        return EqualCredit({cell: Credit(None, None, None, 0, 0, True) for cell in cells}, without)
    types = sorted({touch_type for touch_type, _ in cells}, key=str)
    tiers = sorted({tier for _, tier in cells}, key=str)
    credit, touches = _by_course(courses, types, tiers)
    won = np.array([course.is_won for course in courses])
    wins = ((touches > 0) & won[:, None, None]).sum(axis=0)
    numbers = touches.sum(axis=0)
    # A column a cell; then a column a type, over all tiers.
    columns = [np.concatenate([part.reshape(len(courses), -1), part.sum(axis=2)], axis=1) for part in (credit, touches)]
    figures = with_intervals(*columns)
    width = len(tiers) + 1
    found: dict[Cell, Credit] = {}
    for place, touch_type in enumerate(types):
        for rank, tier in enumerate(tiers):
            is_pooled = int(wins[place, rank]) < FEWEST_WINS
            figure = figures[len(types) * width + place] if is_pooled else figures[place * width + rank]
            own = int(numbers[place, rank]), int(wins[place, rank])
            found[(touch_type, tier)] = Credit(*figure, *own, is_pooled)
    return EqualCredit({cell: found[cell] for cell in cells}, without)


def _by_course(courses: Sequence[Course], types: Sequence[Key], tiers: Sequence[Key]) -> tuple[np.ndarray, np.ndarray]:
    """Credit and touches by course, type and tier of the touch's day; last of the tiers: any other."""
    import numpy as np

    column = {touch_type: place for place, touch_type in enumerate(types)}
    rank = {tier: place for place, tier in enumerate(tiers)}
    touches = np.zeros((len(courses), len(types), len(tiers) + 1))
    credit = np.zeros_like(touches)
    for row, course in enumerate(courses):
        for touch_type, tier in zip(course.touches, course.tiers or repeat(course.tier), strict=False):
            if touch_type in column:
                touches[row, column[touch_type], rank.get(tier, len(tiers))] += 1
        if course.is_won and course.touches:
            credit[row] = touches[row] * (float(course.business) / len(course.touches))
    return credit, touches


def with_intervals(credit: np.ndarray, touches: np.ndarray) -> list[tuple[float | None, float | None, float | None]]:
    """Of each column the value of a touch, and the interval around it; draws without such a touch are left out."""
    import numpy as np

    drawn = np.concatenate([_values(times @ credit, times @ touches) for times in _draws(len(credit))])
    values = _values(credit.sum(axis=0), touches.sum(axis=0))
    found: list[tuple[float | None, float | None, float | None]] = []
    for column, value in enumerate(values):
        known = drawn[:, column][~np.isnan(drawn[:, column])]
        if np.isnan(value) or not len(known):
            found.append((None, None, None))
        else:
            low, high = np.quantile(known, [LOWER, UPPER])
            found.append((float(value), float(low), float(high)))
    return found


def _values(credit: np.ndarray, touches: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.divide(credit, touches, out=np.full(credit.shape, np.nan), where=touches > 0)


def _draws(courses: int) -> Iterator[np.ndarray]:
    """How often each course is drawn; a row a draw. The same for all cells: the generator begins anew each time."""
    import numpy as np

    chance = np.random.Generator(np.random.PCG64(SEED))
    even = np.full(courses, 1 / courses)
    for start in range(0, DRAWS, DRAWN_AT_ONCE):
        yield chance.multinomial(courses, even, size=min(DRAWN_AT_ONCE, DRAWS - start)).astype(float)
