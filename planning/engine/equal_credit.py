"""What a touch brought: the business of each win, shared equally over the touches of its course (domain 3.1).

The interval is a percentile bootstrap over courses (Efron and Tibshirani 1993, chapter 13): courses are drawn anew, with
replacement, all cells from the same draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from planning.engine.courses import FEWEST_WINS, Course
from planning.engine.rules import Key

if TYPE_CHECKING:
    import numpy as np

DRAWS, SEED = 1000, 1
# An interval of 80 %: a tenth is left out at either end.
LOWER, UPPER = 0.1, 0.9
# So many draws at once, to hold memory: 100 draws of 20,000 courses are 16 MB.
DRAWN_AT_ONCE = 100

Cell = tuple[Key, Key]  # touch type, tier


@dataclass(frozen=True, slots=True)
class Credit:
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


@dataclass(frozen=True, slots=True)
class EqualCredit:
    """By touch type and tier; and the business of wins that had no touch, which credits nobody."""

    cells: Mapping[Cell, Credit]
    without_touches: Decimal


def equal_credit(courses: Sequence[Course], cells: Sequence[Cell]) -> EqualCredit:
    """The evidence in each of the cells asked for, from ended courses in the order of their keys."""
    without = sum((course.business for course in courses if course.is_won and not course.touches), Decimal(0))
    if not courses or not cells:
        return EqualCredit({cell: Credit(None, None, None, 0, 0, True) for cell in cells}, without)
    types = sorted({touch_type for touch_type, _ in cells}, key=str)
    tiers = sorted({tier for _, tier in cells}, key=str)
    credit, touches, wins = _by_course(courses, types)
    of_tier = _of_tier(courses, tiers)
    # A column a cell: the type's on the courses of the tier. Then a column a type, over all tiers.
    own_credit = (credit[:, :, None] * of_tier[:, None, :]).reshape(len(courses), -1)
    own_touches = (touches[:, :, None] * of_tier[:, None, :]).reshape(len(courses), -1)
    own_wins = (wins[:, :, None] * of_tier[:, None, :]).sum(axis=0).ravel()
    own = _with_intervals(own_credit, own_touches)
    pooled = _with_intervals(credit, touches)
    found: dict[Cell, Credit] = {}
    for place, touch_type in enumerate(types):
        for rank, tier in enumerate(tiers):
            column = place * len(tiers) + rank
            is_pooled = int(own_wins[column]) < FEWEST_WINS
            value, low, high = pooled[place] if is_pooled else own[column]
            number = int(own_touches[:, column].sum())
            found[(touch_type, tier)] = Credit(value, low, high, number, int(own_wins[column]), is_pooled)
    return EqualCredit({cell: found[cell] for cell in cells}, without)


def _by_course(courses: Sequence[Course], types: Sequence[Key]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Credit, touches, and whether it was won with such a touch: a row a course, a column a type."""
    import numpy as np

    column = {touch_type: place for place, touch_type in enumerate(types)}
    touches = np.zeros((len(courses), len(types)))
    credit = np.zeros_like(touches)
    for row, course in enumerate(courses):
        for touch_type in course.touches:
            if touch_type in column:
                touches[row, column[touch_type]] += 1
        if course.is_won and course.touches:
            credit[row] = touches[row] * (float(course.business) / len(course.touches))
    won = np.array([course.is_won for course in courses])
    return credit, touches, (touches > 0) & won[:, None]


def _of_tier(courses: Sequence[Course], tiers: Sequence[Key]) -> np.ndarray:
    import numpy as np

    return np.array([[course.tier == tier for tier in tiers] for course in courses], dtype=float)


def _with_intervals(credit: np.ndarray, touches: np.ndarray) -> list[tuple[float | None, float | None, float | None]]:
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
