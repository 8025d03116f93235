"""The search behind planning.engine.alignment where the centres are chosen too: location-allocation from several starts.

Centre sets are looked at in the order of what they cannot cost less than (the transportation problem in parts): that tells
early which are worth dividing exactly, and where all others cannot be better, that the best is the best there is.
"""

from __future__ import annotations

from math import inf
from time import monotonic

import numpy as np

from planning.engine.alignment import EXACT_CHOICES, Districts, Effort, Plan, until
from planning.engine.alignment_search import Search

Centres = tuple[int, ...]
# A centre is tried at so many of the units nearest to it.
NEAREST = 12
MOST_RECENTRED = 12


class Location:
    """Looks for centres among the units and divides the units among them."""

    def __init__(self, task: Districts, effort: Effort) -> None:
        if (task.owner >= 0).any():
            raise ValueError("Units that have an owner are given to people: centres are not chosen.")
        self.task, self.effort = task, effort
        self.until = until(effort)
        self.random = np.random.default_rng(effort.seed)
        self.bounds: dict[Centres, float] = {}
        self.divided: dict[Centres, np.ndarray] = {}
        # What the best costs, and its centres.
        self.found: tuple[float, Centres] = (inf, ())

    def best(self) -> Plan:
        effort = self.effort
        total = effort.starts + effort.rounds
        for start in range(effort.starts):
            if start and monotonic() > self.until:
                break
            effort.on_progress(start, total)
            self._locate(self._seeds())
        for number in range(effort.rounds):
            if monotonic() > self._stop_stepping():
                break
            effort.on_progress(effort.starts + number, total)
            self._step()
        if self.task.units * self.task.territories > EXACT_CHOICES:
            self._refine()
        effort.on_progress(total, total)
        centres = self.found[1]
        return self._search(centres).plan(self.divided[centres], centres)

    def _search(self, centres: Centres) -> Search:
        distance = self.task.distance[:, list(centres)]
        return Search(self.task, distance, self.effort.seed, roots=centres, until=self.until)

    def _bound(self, centres: Centres) -> float:
        if centres not in self.bounds:
            self.bounds[centres] = self._search(centres).bound()
        return self.bounds[centres]

    def _divide(self, centres: Centres) -> tuple[float, np.ndarray]:
        search = self._search(centres)
        if centres not in self.divided:
            self.divided[centres] = search.allocate()
        found = self.divided[centres]
        worth = search.worth(found)
        if (worth, centres) < self.found:
            self.found = (worth, centres)
        return worth, found

    def _seeds(self) -> Centres:
        """k-means++: each centre by chance, the likelier the farther it is from those before."""
        count = self.task.units
        chosen = [int(self.random.integers(count))]
        while len(chosen) < self.task.territories:
            far = np.min(self.task.distance[:, chosen], axis=1) ** 2
            far[chosen] = 0
            if far.sum() == 0:
                far = np.ones(count)
                far[chosen] = 0
            chosen.append(int(self.random.choice(count, p=far / far.sum())))
        return tuple(sorted(chosen))

    def _locate(self, centres: Centres) -> None:
        """Divide, take the middle of each territory as its centre, and again until nothing changes."""
        for _round in range(MOST_RECENTRED):
            _worth, found = self._divide(centres)
            middle = self._middles(found)
            if middle == centres:
                return
            centres = middle

    def _middles(self, found: np.ndarray) -> Centres:
        middles = []
        for territory in range(self.task.territories):
            mine = np.flatnonzero(found == territory)
            middles.append(int(mine[np.argmin(self.task.distance[np.ix_(mine, mine)].sum(axis=0))]))
        return tuple(sorted(middles))

    def _step(self) -> None:
        """Divide the most promising set of centres near the best; where there is none, from a start not taken yet."""
        worth, best = self.found
        candidates = []
        for near in self._near(best):
            if monotonic() > self._stop_stepping():
                return
            if near not in self.divided:
                candidates.append((self._bound(near), near))
        candidates.sort()
        if not candidates or candidates[0][0] >= worth - 1e-7:
            centres = self._seeds()
            if self._bound(centres) < worth:
                self._locate(centres)
            return
        self._locate(candidates[0][1])

    def _near(self, centres: Centres) -> list[Centres]:
        """Sets in which one centre is another unit near it."""
        found = []
        for at, centre in enumerate(centres):
            near = np.argsort(self.task.distance[centre], kind="stable")[1 : NEAREST + 1]
            for unit in near:
                if int(unit) not in centres:
                    found.append(tuple(sorted((*centres[:at], int(unit), *centres[at + 1 :]))))
        return found

    def _stop_stepping(self) -> float:
        """Where territories are too large to be divided exactly, the last third of the time is for dividing them better."""
        if self.until == inf or self.task.units * self.task.territories <= EXACT_CHOICES:
            return self.until
        return self.until - (self.effort.seconds or 0) / 3

    def _refine(self) -> None:
        """The best division improved, its middles taken as centres, and again as long as that helps."""
        for _round in range(MOST_RECENTRED):
            worth, centres = self.found
            search = self._search(centres)
            better = search.improve(self.divided[centres], self.effort.refinements, lambda done, total: None)
            self.divided[centres] = better
            middle = self._middles(better)
            if middle != centres:
                order = [int(better[unit]) for unit in middle]
                self.divided[middle] = np.array([order.index(int(each)) for each in better])
                self._divide(middle)
            self._divide(centres)
            if self.found[0] >= worth - 1e-7 or monotonic() > self.until:
                return
