"""Who has too much gives the fewest things to a colleague with room, so that both have enough hours (domain 3.7).

Loads are counted on several grounds at once (what budgets ask for in a week, what is planned for it); both people must keep
within their hours on each. Fewest things first; among as few, the least extra travel.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from msgspec import Struct

TINY = 1e-9
# So few things are looked for one by one; more by an integer programme.
BY_HAND = 2


class Item(Struct, frozen=True):
    """Something that may go: minutes a week that it frees and that it takes, on each ground; minutes of extra travel."""

    frees: tuple[float, ...]
    takes: tuple[float, ...]
    extra: float


def fewest(items: Sequence[Item], excess: Sequence[float], room: Sequence[float]) -> tuple[int, ...] | None:
    """Which items go: they free at least the excess and take at most the room on each ground. None: it cannot be done."""
    for count in range(1, BY_HAND + 1):
        found = [
            (sum(items[one].extra for one in chosen), chosen)
            for chosen in combinations(range(len(items)), count)
            if _fits([items[one] for one in chosen], excess, room)
        ]
        if found:
            return min(found)[1]
    return _by_programme(items, excess, room)


def _fits(items: Sequence[Item], excess: Sequence[float], room: Sequence[float]) -> bool:
    return all(
        sum(item.frees[ground] for item in items) >= excess[ground] - TINY
        and sum(item.takes[ground] for item in items) <= room[ground] + TINY
        for ground in range(len(excess))
    )


def _by_programme(items: Sequence[Item], excess: Sequence[float], room: Sequence[float]) -> tuple[int, ...] | None:
    """First how few there are, then of as few those with the least extra travel."""
    if len(items) <= BY_HAND or any(
        sum(item.frees[at] for item in items) < excess[at] - TINY for at in range(len(excess))
    ):
        return None
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    frees, takes = np.array([item.frees for item in items]), np.array([item.takes for item in items])
    limits = [LinearConstraint(frees.T, excess, np.inf), LinearConstraint(takes.T, -np.inf, room)]
    whole, bounds = np.ones(len(items)), Bounds(0, 1)
    least = milp(whole, integrality=whole, bounds=bounds, constraints=limits)
    if least.x is None:
        return None
    as_few = LinearConstraint(whole[None, :], 0, round(least.fun))
    extra = np.array([item.extra for item in items])
    best = milp(extra, integrality=whole, bounds=bounds, constraints=[*limits, as_few])
    chosen = (best if best.x is not None else least).x
    return tuple(int(one) for one in np.flatnonzero(chosen > 0.5))
