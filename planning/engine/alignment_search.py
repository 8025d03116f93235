"""The search behind planning.engine.alignment for territories whose centres are given.

What is made small is the cost (distance, and moves away from owners), to which what is not kept adds far more than any distance:
each activity above or below its bounds, as a share of its target, and each unit cut off from its territory's area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from planning.engine.alignment import EXACT_CHOICES, NODES, OPEN, TINY, Districts, Plan, _components

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

# What a whole target beyond the bounds costs, and a unit that is cut off, in mean distances x units.
OF_BALANCE, OF_CONNECTION = 50.0, 5.0
# How many of the best changes are tried for connection before others are looked at.
TRIED = 60
# How often connection is mended in a programme before the rest is left to shifts.
CUT_ROUNDS = 12
NO_GAP, SMALL_GAP = 1e-6, 1e-3
# A few territories at a time are divided again and again: each time with few branches.
FEW_NODES, FEW_CHOICES, FEW_CUTS = 50, 260, 4


class Search:
    """Units to territories, for one table of distances to their centres."""

    def __init__(
        self,
        task: Districts,
        distance: np.ndarray,
        seed: int,
        roots: tuple[int, ...] | None = None,
        until: float = inf,
    ) -> None:
        self.task, self.distance, self.roots, self.until = task, distance, roots, until
        self.random = np.random.default_rng(seed)
        away = (task.owner[:, None] != np.arange(task.territories)[None, :]) & (task.owner[:, None] != OPEN)
        self.cost = distance + task.move_cost[:, None] * away
        self.allowed = ~(away & task.locked[:, None])
        if roots is not None:
            self.allowed[list(roots), :] = False
            self.allowed[list(roots), np.arange(task.territories)] = True
        self.work = task.activities
        self.lower, self.upper = task.target * (1 - task.tolerance), task.target * (1 + task.tolerance)
        self.scale = np.where(task.target > 0, task.target, 1.0)
        whole = max(float(self.cost.mean()) * task.units, 1.0)
        self.of_balance, self.of_connection = OF_BALANCE * whole, OF_CONNECTION * whole
        self._beside()

    def _beside(self) -> None:
        """Who lies beside whom: a matrix, and who takes part in areas at all."""
        from scipy.sparse import coo_matrix

        edges, count = self.task.edges, self.task.units
        self.edges = edges
        if edges is None:
            return
        both = np.vstack([edges, edges[:, ::-1]])
        self.side = coo_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(count, count)).tocsr()
        self.side.data[:] = 1.0
        self.placed = np.asarray(self.side.sum(axis=1)).ravel() > 0

    # What a division is worth.

    def load(self, found: np.ndarray) -> np.ndarray:
        return np.stack(
            [np.bincount(found, self.work[:, kind], self.task.territories) for kind in range(self.work.shape[1])],
            axis=1,
        )

    def beyond(self, load: np.ndarray, which: np.ndarray | slice | int = slice(None)) -> np.ndarray:
        """How far loads of territories are outside their bounds, in shares of the target, all activities together."""
        over = np.maximum(load - self.upper[which] - TINY, 0) + np.maximum(self.lower[which] - load - TINY, 0)
        return (over / self.scale[which]).sum(axis=-1)

    def cut_off(self, found: np.ndarray) -> np.ndarray:
        """Which units are not in the largest connected part of their territory."""
        if self.edges is None:
            return np.zeros(len(found), dtype=bool)
        inner = self.edges[found[self.edges[:, 0]] == found[self.edges[:, 1]]]
        part = _components(inner, len(found))
        size = np.bincount(part[self.placed], minlength=part.max() + 1)
        largest = np.full(self.task.territories, -1)
        first = np.full(len(size), -1)
        first[part[::-1]] = found[::-1]
        for number in np.lexsort((np.arange(len(size)), -size)):
            if size[number] and largest[first[number]] < 0:
                largest[first[number]] = number
        if self.roots is not None:
            largest[:] = part[list(self.roots)]
        return self.placed & (part != largest[found])

    def worth(self, found: np.ndarray) -> float:
        rows = np.arange(len(found))
        broken = self.of_balance * self.beyond(self.load(found)).sum() + self.of_connection * self.cut_off(found).sum()
        return float(self.cost[rows, found].sum() + broken)

    def plan(self, found: np.ndarray, centres: tuple[int, ...] | None) -> Plan:
        rows = np.arange(len(found))
        moved = (self.task.owner != OPEN) & (found != self.task.owner)
        return Plan(
            territory=found,
            centres=centres,
            distance=float(self.distance[rows, found].sum()),
            moved=int(moved.sum()),
            cost=float(self.cost[rows, found].sum()),
        )

    # Programmes.

    def allocate(self, exact: bool | None = None) -> np.ndarray:
        """The first division: exact where there are few choices, else the transportation problem, rounded and improved."""
        everyone, every = np.arange(self.task.units), np.arange(self.task.territories)
        if exact if exact is not None else self.task.units * self.task.territories <= EXACT_CHOICES:
            found = self.exactly(everyone, every, np.zeros(self.task.units, dtype=int))
            if found is not None:
                return self.descend(found)
        solved = self._programme(everyone, every, np.zeros_like(self.lower), whole=False)
        if solved.x is None:  # out of time: whoever is nearest
            return np.argmin(np.where(self.allowed, self.cost, np.inf), axis=1)
        parts = np.where(self.allowed, self._shares(solved, self.task.units), -1.0)
        return self.descend(np.argmax(parts - 1e-6 * self.cost / (self.cost.max() + 1), axis=1))

    def bound(self) -> float:
        """What no division with these centres can cost less than."""
        every = np.arange(self.task.territories)
        solved = self._programme(np.arange(self.task.units), every, np.zeros_like(self.lower), whole=False)
        return inf if solved.x is None else float(solved.fun)

    def exactly(
        self,
        units: np.ndarray,
        among: np.ndarray,
        found: np.ndarray,
        gap: float = NO_GAP,
        nodes: int = NODES,
        rounds: int = CUT_ROUNDS,
    ) -> np.ndarray | None:
        """These units divided anew among these territories as well as can be, all others as in `found`."""
        rest = np.ones(self.task.units, dtype=bool)
        rest[units] = False
        fixed = self.load_of(found, rest)
        cuts: list[tuple[np.ndarray, float]] = []
        best = None
        for _round in range(rounds):
            if best is not None and monotonic() > self.until:
                break
            solved = self._programme(units, among, fixed, whole=True, gap=gap, nodes=nodes, cuts=cuts)
            if solved.x is None:
                return best
            candidate = found.copy()
            candidate[units] = among[np.argmax(self._shares(solved, len(units), among), axis=1)]
            if best is None or self.worth(candidate) < self.worth(best):
                best = candidate
            more = list(self._cuts(units, among, candidate))
            if not more:
                break
            cuts += more
        return best

    def load_of(self, found: np.ndarray, which: np.ndarray) -> np.ndarray:
        load = np.zeros_like(self.lower)
        np.add.at(load, found[which], self.work[which])
        return load

    def _cuts(self, units: np.ndarray, among: np.ndarray, found: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
        """Rows that this division breaks: a part cut off from its territory needs one of the units around it."""
        lost = self.cut_off(found)
        if self.edges is None or not lost.any():
            return
        place = np.full(self.task.units, -1)
        place[units] = np.arange(len(units))
        for column, territory in enumerate(among):
            mine = np.flatnonzero((found == territory) & lost)
            if not len(mine):
                continue
            kept = np.flatnonzero((found == territory) & ~lost & self.placed)
            anchor = kept[np.argmin(self.distance[kept, territory])] if self.roots is None else self.roots[territory]
            inner = self.edges[np.isin(self.edges, mine).all(axis=1)]
            part = _components(inner, self.task.units)
            for number in np.unique(part[mine]):
                island = mine[part[mine] == number]
                around = np.unique(self.side[island].indices)
                around = around[~np.isin(around, island)]
                if (found[around] == territory).any() or (place[island] < 0).any():
                    continue
                gates = place[around[place[around] >= 0]]
                for unit in island:
                    row = np.zeros((len(units), len(among)))
                    row[gates, column] = -1.0
                    row[place[unit], column] += 1.0
                    limit = 0.0
                    if place[anchor] >= 0:
                        row[place[anchor], column] += 1.0
                        limit = 1.0
                    yield row.ravel(), limit

    def _programme(
        self,
        units: np.ndarray,
        among: np.ndarray,
        fixed: np.ndarray,
        *,
        whole: bool,
        gap: float = NO_GAP,
        nodes: int = NODES,
        cuts: list[tuple[np.ndarray, float]] | None = None,
    ) -> OptimizeResult:
        """The transportation problem with bounds, units whole or in parts; beyond the bounds at a price."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_matrix, eye, hstack, kron, vstack

        count, kinds, size = len(units), self.work.shape[1], len(among)
        choices, slack = count * size, size * kinds
        allowed = self.allowed[np.ix_(units, among)]
        cost = np.where(allowed, self.cost[np.ix_(units, among)], 0.0)
        scale = self.scale[among].ravel()
        objective = np.concatenate([cost.ravel(), self.of_balance / scale, self.of_balance / scale])
        once = hstack([kron(eye(count), np.ones((1, size))), csr_matrix((count, 2 * slack))])
        shares = self.work[units] / 1.0
        loads = vstack(
            [kron(shares[:, kind][None, :], eye(size)) for kind in range(kinds)]
        ).tocsr()  # kind by kind, territory by territory
        order = np.arange(slack).reshape(kinds, size).T.ravel()  # to territory by territory
        balance = hstack([loads[order], -eye(slack), eye(slack)])
        low, high = (self.lower - fixed)[among].ravel(), (self.upper - fixed)[among].ravel()
        limits = [LinearConstraint(once.tocsr(), 1, 1), LinearConstraint(balance.tocsr(), low, high)]
        if cuts:
            rows = np.hstack([np.array([row for row, _limit in cuts]), np.zeros((len(cuts), 2 * slack))])
            limits.append(LinearConstraint(csr_matrix(rows), -np.inf, [limit for _row, limit in cuts]))
        return milp(
            objective,
            integrality=np.concatenate([np.full(choices, int(whole)), np.zeros(2 * slack)]),
            bounds=Bounds(0, np.concatenate([allowed.ravel().astype(float), np.full(2 * slack, np.inf)])),
            constraints=limits,
            options={"node_limit": nodes, "mip_rel_gap": gap, **self._time_left()},
        )

    def _time_left(self) -> dict[str, float]:
        return {} if self.until == inf else {"time_limit": max(0.1, self.until - monotonic())}

    def _shares(self, solved: OptimizeResult, count: int, among: np.ndarray | None = None) -> np.ndarray:
        size = self.task.territories if among is None else len(among)
        return solved.x[: count * size].reshape(count, size)

    # Shifts and swaps at the borders.

    def descend(self, found: np.ndarray) -> np.ndarray:
        """Shift and swap units as long as that helps."""
        found = found.copy()
        worth = self.worth(found)
        while monotonic() < self.until:
            better = self._first_better(found, worth, self._shifts(found))
            if better is None:
                better = self._first_better(found, worth, self._swaps(found))
            if better is None:
                break
            found, worth = better
        return found

    def _first_better(
        self, found: np.ndarray, worth: float, changes: list[tuple[float, tuple[int, ...], tuple[int, ...]]]
    ) -> tuple[np.ndarray, float] | None:
        for _gain, units, territories in changes[:TRIED]:
            tried = found.copy()
            tried[list(units)] = territories
            new = self.worth(tried)
            if new < worth - 1e-7:
                return tried, new
        return None

    def _borders(self, found: np.ndarray) -> np.ndarray:
        """Which units may go to which territories: they lie beside one of its units, or are not on the map."""
        may = self.allowed.copy()
        may[np.arange(len(found)), found] = False
        if self.edges is not None:
            mine = np.zeros((len(found), self.task.territories))
            mine[np.arange(len(found)), found] = self.placed
            empty = np.bincount(found[self.placed], minlength=self.task.territories) == 0
            may &= ((self.side @ mine) > 0) | ~self.placed[:, None] | empty[None, :]
        return may

    def _shifts(self, found: np.ndarray) -> list[tuple[float, tuple[int, ...], tuple[int, ...]]]:
        """Single units to other territories, the best first; those that do not help but for connection are left out."""
        rows, load = np.arange(len(found)), self.load(found)
        now = self.beyond(load)
        left = self.beyond(load[found] - self.work, found) - now[found]
        there = self.beyond(load[None] + self.work[:, None]) - now[None, :]
        gain = self.cost - self.cost[rows, found][:, None] + self.of_balance * (left[:, None] + there)
        if self.edges is not None:
            gain -= self.of_connection * self.cut_off(found)[:, None]
        gain[~self._borders(found)] = np.inf
        units, territories = np.nonzero(gain < -1e-7)
        order = np.argsort(gain[units, territories], kind="stable")
        return [
            (float(gain[units[at], territories[at]]), (int(units[at]),), (int(territories[at]),))
            for at in order[:TRIED]
        ]

    def _swaps(self, found: np.ndarray) -> list[tuple[float, tuple[int, ...], tuple[int, ...]]]:
        """Pairs of units that change places, the best first."""
        may, load = self._borders(found), self.load(found)
        now = self.beyond(load)
        rows = np.arange(len(found))
        step = self.cost - self.cost[rows, found][:, None] - self.of_connection * self.cut_off(found)[:, None]
        best: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []
        for one in range(self.task.territories):
            for other in range(one + 1, self.task.territories):
                here = np.flatnonzero((found == one) & may[:, other])
                there = np.flatnonzero((found == other) & may[:, one])
                if not len(here) or not len(there):
                    continue
                goes = self.work[there][None, :] - self.work[here][:, None]
                gain = step[here, other][:, None] + step[there, one][None, :]
                gain = gain + self.of_balance * (
                    self.beyond(load[one] + goes, one) + self.beyond(load[other] - goes, other) - now[one] - now[other]
                )
                left, right = np.nonzero(gain < -1e-7)
                order = np.argsort(gain[left, right], kind="stable")[:TRIED]
                best += [
                    (float(gain[left[at], right[at]]), (int(here[left[at]]), int(there[right[at]])), (other, one))
                    for at in order
                ]
        return sorted(best)

    def improve(self, found: np.ndarray, rounds: int, on_progress: Callable[[int, int], None]) -> np.ndarray:
        """Neighbouring territories, a few at a time, divided anew exactly; kept where it helps."""
        worth = self.worth(found)
        for number in range(rounds):
            if monotonic() > self.until:
                break
            on_progress(number, rounds)
            among = self._some(found)
            units = np.flatnonzero(np.isin(found, among))
            if len(units) * len(among) > 2 * EXACT_CHOICES:
                continue  # two large territories: shifts and swaps must do
            tried = self.exactly(units, among, found, SMALL_GAP, FEW_NODES, FEW_CUTS)
            if tried is None:
                continue
            tried = self.descend(tried)
            new = self.worth(tried)
            if new < worth - 1e-7:
                found, worth = tried, new
        on_progress(rounds, rounds)
        return found

    def _some(self, found: np.ndarray) -> np.ndarray:
        """A territory by chance, and as many of those nearest to it as an exact division can take."""
        count = self.task.territories
        first = int(self.random.integers(count))
        size = np.bincount(found, minlength=count)
        mine = self.cost[found == first]
        near = (
            np.argsort(mine.mean(axis=0) + self.random.random(count) * mine.mean() * 0.5)
            if len(mine)
            else np.arange(count)
        )
        among = [first]
        for other in near:
            if other == first:
                continue
            if size[[*among, other]].sum() * (len(among) + 1) > FEW_CHOICES and len(among) > 1:
                break
            among.append(int(other))
        return np.array(sorted(among))
