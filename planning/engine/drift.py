"""An official value held against evidence: on which side of its interval it lies, and how long a rejected suggestion stays so.

Decision where the definition leaves room: who rejects a suggestion has seen one figure and its interval. Later figures
within that interval say nothing new. Asked again is once the figure has moved away from the official value by more than
the interval that was looked at, or the official value has come to lie on the other side.
"""

from math import inf, log

from msgspec import Struct

BELOW, INSIDE, ABOVE = -1, 0, 1


class Figure(Struct, frozen=True):
    """What evidence came to, with its 80 % interval."""

    value: float
    low: float
    high: float


def side(official: float, figure: Figure) -> int:
    """Whether the official value lies below the interval, inside (its ends count) or above."""
    if official < figure.low:
        return BELOW
    return ABOVE if official > figure.high else INSIDE


def stays_rejected(official: float, seen: Figure, now: Figure) -> bool:
    """Whether a suggestion that was rejected at the figure ``seen`` is not to be made again at the figure ``now``."""
    where = side(official, now)
    if where != side(official, seen):
        return where == INSIDE
    return now.value <= seen.high if where == BELOW else now.value >= seen.low


def how_far(official: float, value: float) -> float:
    """How far two amounts lie apart, alike for half and for twice: for putting the most off first."""
    if official <= 0 or value <= 0:
        return 0.0 if official == value else inf
    return abs(log(official / value))
