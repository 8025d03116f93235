"""Territories in balance, with short distances and few customers who change hands (domain 3.7; methods c).

Units (customers, places) are given to territories so that the sum of the distances to the territories' centres, and what it
costs to move a unit away from whoever has it, is as small as possible; each activity (minutes, potential, customers) of each
territory lies within a tolerance of its target; locked units stay; and each territory is one connected area, where it is
asked for. Centres are given (people and their bases: `assign`), or chosen among the units (`locate`).

Location-allocation: centres by k-means++, a transportation problem with bounds (a linear programme), rounding of the units
that it splits, new centres; then units are shifted and swapped at the borders as long as that helps and no area falls apart;
last, a few territories at a time are solved exactly (`scipy.optimize.milp`, connection added where it is found broken), all
at once where there are few units. What cannot be kept is kept as nearly as it can, and `broken` (planning.engine.aligned) says
what: it knows nothing of how a plan was made. The same seed and effort give the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    import numpy as np

# Up to so many choices (units x territories) are solved exactly at once; beyond, some territories at a time.
EXACT_CHOICES = 320
# Up to so many units, centres are looked for among all; the programme of all choices grows with their square.
NODES = 4_000
TINY = 1e-9
OPEN = -1


class Districts(Struct, frozen=True):
    """What is to be divided. Arrays: `distance[unit, territory]` where centres are given, else `[unit, unit]`.

    `activities[unit, activity]`, all at least 0; `tolerance[activity]` is a share of the target. `target[territory,
    activity]`: what is even. `owner[unit]`: the territory that has it now, or -1. `move_cost[unit]`, in units of
    distance: what it costs to give it to another than its owner. `locked[unit]`: it stays with its owner.
    `edges[n, 2]`: which units lie side by side; None: areas need not be connected.
    """

    distance: np.ndarray
    activities: np.ndarray
    tolerance: np.ndarray
    target: np.ndarray
    owner: np.ndarray
    move_cost: np.ndarray
    locked: np.ndarray
    edges: np.ndarray | None = None

    @property
    def units(self) -> int:
        return len(self.activities)

    @property
    def territories(self) -> int:
        return len(self.target)


class Effort(Struct, frozen=True):
    """How hard to look: `starts` of location-allocation, `rounds` of improvement of the best, `refinements` of large territories, at most so many `seconds`.

    Only without a limit of time is the plan the same each time.
    """

    seed: int = 1
    starts: int = 4
    rounds: int = 30
    refinements: int = 30
    seconds: float | None = None
    on_progress: Callable[[int, int], None] = field(default=lambda done, total: None)


class Plan(Struct, frozen=True):
    """Which territory each unit goes to, the units at the centres (None: they were given), and what it comes to."""

    territory: np.ndarray
    centres: tuple[int, ...] | None
    distance: float
    moved: int
    cost: float


def districts(
    distance: np.ndarray,
    activities: np.ndarray,
    *,
    tolerance: Sequence[float] | float,
    territories: int,
    shares: Sequence[float] | None = None,
    owner: Sequence[int] | None = None,
    move_cost: Sequence[float] | float = 0.0,
    locked: Sequence[bool] | None = None,
    edges: Sequence[tuple[int, int]] | np.ndarray | None = None,
) -> Districts:
    """The task with what is not said filled in: equal shares of each activity, nobody's units, free to go."""
    import numpy as np

    work = np.asarray(activities, dtype=float)
    if work.ndim == 1:
        work = work[:, None]
    count, kinds = work.shape
    part = np.full(territories, 1 / territories) if shares is None else np.asarray(shares, dtype=float) / sum(shares)
    return Districts(
        distance=np.asarray(distance, dtype=float),
        activities=work,
        tolerance=np.broadcast_to(np.asarray(tolerance, dtype=float), (kinds,)).copy(),
        target=part[:, None] * work.sum(axis=0)[None, :],
        owner=np.full(count, OPEN) if owner is None else np.asarray(owner, dtype=int),
        move_cost=np.broadcast_to(np.asarray(move_cost, dtype=float), (count,)).copy(),
        locked=np.zeros(count, dtype=bool) if locked is None else np.asarray(locked, dtype=bool),
        edges=None if edges is None else np.asarray(edges, dtype=int).reshape(-1, 2),
    )


def neighbours(places: np.ndarray, nearest: int = 3) -> np.ndarray:
    """Which of these places (x, y) lie side by side: the Delaunay triangulation without its long sides, and the nearest.

    The nearest few are always side by side, so that places on a line or at the same spot are too; what would fall apart into
    islands is joined where they are nearest to one another.
    """
    import numpy as np
    from scipy.spatial import Delaunay, QhullError, cKDTree

    count = len(places)
    if count < 2:
        return np.zeros((0, 2), dtype=int)
    tree = cKDTree(places)
    _, near = tree.query(places, k=min(count, nearest + 1))
    pairs = {
        (min(one, int(other)), max(one, int(other))) for one, row in enumerate(near) for other in row if one != other
    }
    try:
        corners = Delaunay(places).simplices if count > 3 else np.zeros((0, 3), dtype=int)
    except QhullError:  # all on a line: the nearest are the ones beside
        corners = np.zeros((0, 3), dtype=int)
    sides = {
        (min(int(a), int(b)), max(int(a), int(b)))
        for triangle in corners
        for a, b in ((triangle[0], triangle[1]), (triangle[1], triangle[2]), (triangle[0], triangle[2]))
    }
    if sides:
        listed = np.array(sorted(sides))
        long = np.linalg.norm(places[listed[:, 0]] - places[listed[:, 1]], axis=1)
        keep = long <= 4 * np.median(long)
        pairs |= {(int(a), int(b)) for a, b in listed[keep]}
    return _joined(places, np.array(sorted(pairs), dtype=int).reshape(-1, 2))


def _joined(places: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """These edges, and the shortest that make all places hang together."""
    import numpy as np
    from scipy.spatial import cKDTree

    while True:
        island = _components(edges, len(places))
        if island.max() == 0:
            return edges
        smallest = np.bincount(island).argmin()
        inside, outside = np.flatnonzero(island == smallest), np.flatnonzero(island != smallest)
        gap, nearest = cKDTree(places[outside]).query(places[inside])
        one = int(np.argmin(gap))
        edges = np.vstack([edges, sorted((int(inside[one]), int(outside[nearest[one]])))])


def _components(edges: np.ndarray, count: int) -> np.ndarray:
    """The number of the connected part that each of so many units is in."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(edges), dtype=np.int8)
    graph = coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
    return connected_components(graph, directed=False)[1]


def assign(task: Districts, effort: Effort | None = None) -> Plan:
    """Units to territories whose centres are given: `task.distance` has a column for each."""
    from planning.engine.alignment_search import Search

    effort = effort or Effort()
    search = Search(task, task.distance, effort.seed, until=until(effort))
    found = search.allocate()
    if task.units * task.territories > EXACT_CHOICES:
        found = search.improve(found, effort.rounds, effort.on_progress)
    return search.plan(found, None)


def until(effort: Effort) -> float:
    """When to stop, by the clock that only goes forward."""
    return inf if effort.seconds is None else monotonic() + effort.seconds


def locate(task: Districts, effort: Effort | None = None) -> Plan:
    """Units to territories whose centres are chosen among them: `task.distance` has a column for each unit."""
    from planning.engine.alignment_centres import Location

    return Location(task, effort or Effort()).best()
