"""Courses week by week, for a model of the chance to win: equal weeks of a course and of others collapsed into one pattern."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct

from planning.engine.courses import Course
from planning.engine.rules import Key

if TYPE_CHECKING:
    import numpy as np

DAYS_OF_A_WEEK = 7
# A touch counts in the weeks that end so many days after it, at most.
WINDOW_WEEKS = 4
# So many courses at once, to hold memory.
COURSES_AT_ONCE = 2000


class Weeks(Struct, frozen=True):
    """Each week of each course as one of a few patterns.

    `tier` (a number per pattern) and `counts` (patterns x touch types): what tells patterns apart, the tier of the
    course's first day and the touches of the last 4 weeks. `pattern` and `course`: of each week its pattern and the place
    of its course; `is_won`: whether the course was won in it.
    """

    tier: np.ndarray
    counts: np.ndarray
    pattern: np.ndarray
    course: np.ndarray
    is_won: np.ndarray


def weeks(courses: Sequence[Course], types: Sequence[Key], tiers: Sequence[Key]) -> Weeks:
    """Weeks from the beginning of each course (one at least); the last is cut off at its end.

    A week's counts are the touches of the 28 days before the week's end, for the last one before the course's end: for a
    week that was won, those before the win. What was made later counts in no week, so that nothing leaks from the future.
    Courses of a tier that is not among `tiers` are left out.
    """
    import numpy as np

    rank = {tier: place for place, tier in enumerate(tiers)}
    column = {touch_type: place for place, touch_type in enumerate(types)}
    known = [course for course in courses if course.tier in rank]
    parts = []
    for start in range(0, len(known), COURSES_AT_ONCE):
        some = known[start : start + COURSES_AT_ONCE]
        number = np.array([max(1, ceil(course.days / DAYS_OF_A_WEEK)) for course in some])
        of_week = np.repeat(np.arange(len(some)), number)
        table = np.column_stack(
            [np.array([rank[course.tier] for course in some])[of_week], _counts(some, number, column)]
        )
        is_won = np.zeros(len(of_week), dtype=bool)
        is_won[np.cumsum(number) - 1] = [course.is_won for course in some]
        patterns, pattern = _distinct(table)
        parts.append((patterns, pattern, of_week + start, is_won))
    if not parts:
        none = np.zeros(0, dtype=int)
        return Weeks(none, np.zeros((0, len(types)), dtype=int), none, none, none.astype(bool))
    patterns, merged = _distinct(np.concatenate([part[0] for part in parts]))
    places = np.split(merged, np.cumsum([len(part[0]) for part in parts])[:-1])
    return Weeks(
        patterns[:, 0],
        patterns[:, 1:],
        np.concatenate([place[part[1]] for place, part in zip(places, parts, strict=True)]).astype(np.int32),
        np.concatenate([part[2] for part in parts]).astype(np.int32),
        np.concatenate([part[3] for part in parts]),
    )


def _counts(courses: Sequence[Course], number: np.ndarray, column: dict[Key, int]) -> np.ndarray:
    """Weeks x touch types: touches of the 28 days before the end of each week of these courses."""
    import numpy as np

    first = np.cumsum(number) - number
    made = [
        (place, column[touch_type], at)
        for place, course in enumerate(courses)
        for touch_type, at in zip(course.touches, course.at, strict=True)
        if touch_type in column
    ]
    width, found = len(column), np.zeros(int(number.sum()) * len(column), dtype=np.int64)
    if made:
        course, kind, at = (np.array(values) for values in zip(*made, strict=True))
        days = np.array([course.days for course in courses])[course]
        earliest = np.maximum(np.ceil(at / DAYS_OF_A_WEEK).astype(int) - 1, 0)
        # In four whole weeks; in a fifth where that one is cut off.
        for later in range(WINDOW_WEEKS + 1):
            week = earliest + later
            end = np.minimum((week + 1) * DAYS_OF_A_WEEK, days)
            counts_there = (week < number[course]) & (end - WINDOW_WEEKS * DAYS_OF_A_WEEK < at)
            places = (first[course] + week)[counts_there] * width + kind[counts_there]
            found += np.bincount(places, minlength=len(found))
    return found.reshape(int(number.sum()), width)


def _distinct(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of whole numbers from 0 on, and of each row its place among them."""
    import numpy as np

    key = np.zeros(len(table), dtype=np.int64)
    for values in table.T:
        _, key = np.unique(key * (values.max(initial=0) + 1) + values, return_inverse=True)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return table[first], place
