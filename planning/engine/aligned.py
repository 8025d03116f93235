"""Whether a division into territories keeps what was asked for; it knows nothing of how the division was made.

What is broken is named: which territory, which wish, by how much.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

from planning.engine.alignment import Districts

if TYPE_CHECKING:
    import numpy as np

BALANCE, CONNECTED, LOCKED, OUTSIDE = "balance", "connected", "locked", "outside"
TINY = 1e-6


class Broken(Struct, frozen=True):
    """A wish that is not kept. `by`: of balance the share of the target above (below: negative) it; else how many units."""

    wish: str
    territory: int
    by: float
    activity: int | None = None


def broken(task: Districts, territory: np.ndarray) -> list[Broken]:
    """All wishes that a division breaks, in the order of the territories."""
    found: list[Broken] = []
    given = [int(each) for each in territory]
    strange = sum(not 0 <= each < task.territories for each in given)
    if strange or len(given) != task.units:
        return [Broken(OUTSIDE, -1, float(strange or abs(len(given) - task.units)))]
    for number in range(task.territories):
        mine = [unit for unit, each in enumerate(given) if each == number]
        for activity in range(task.activities.shape[1]):
            target = float(task.target[number, activity])
            load = sum(float(task.activities[unit, activity]) for unit in mine)
            most = target * float(task.tolerance[activity])
            if abs(load - target) > most + TINY * max(target, 1.0):
                found.append(Broken(BALANCE, number, (load - target) / target if target else float("inf"), activity))
        cut_off = _cut_off(task, set(mine))
        if cut_off:
            found.append(Broken(CONNECTED, number, float(cut_off)))
        gone = sum(
            bool(task.locked[unit]) and int(task.owner[unit]) == number
            for unit in range(task.units)
            if given[unit] != number
        )
        if gone:
            found.append(Broken(LOCKED, number, float(gone)))
    return found


def _cut_off(task: Districts, mine: set[int]) -> int:
    """How many units cannot be reached from the largest part of their territory; units without neighbours are nowhere."""
    if task.edges is None:
        return 0
    beside: dict[int, set[int]] = {}
    for one, other in ((int(a), int(b)) for a, b in task.edges):
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    left = {unit for unit in mine if unit in beside}
    whole, largest = len(left), 0
    while left:
        part = deque([left.pop()])
        size = 0
        while part:
            size += 1
            for other in beside[part.popleft()] & left:
                left.remove(other)
                part.append(other)
        largest = max(largest, size)
    return whole - largest
