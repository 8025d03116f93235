"""Team orienteering (Chao, Golden and Wasil 1996): the visit plan against the best known totals of prizes.

    .venv/bin/python -m bench.routing.top FILE... [--seconds 60] [--best 206 919]

Two processes search from different seeds in different ways, as two cores allow; the better week is told, checked against the distances as they
stand in the file.
"""

import argparse
import itertools
import math
import time
from pathlib import Path

from bench.routing.found import SECONDS, Found, at_once, left, until
from planning.engine.visits.plan import best_plan
from planning.engine.visits.routes import Effort
from planning.engine.visits.week import Day, Visit, Week, Window

# Distances become whole numbers, rounded up, so that what fits fits with straight distances as well.
PER_UNIT = 10_000
#: best known totals by the instance's name
BEST = {"p4.2.a": 206.0, "p4.3.k": 919.0}
#: perturbations and history of the two processes: within equal seconds of CPU they find more than the defaults
WAYS = ((20, 100), (30, 100))
#: of the time, so that starting and leaving fit as well, on a busy machine too
KEPT_BACK = 4.0


class Instance:
    """n places with prizes, m tours of at most tmax from the first to the last of them."""

    def __init__(self, text: str) -> None:
        lines = [line.split() for line in text.splitlines() if line.strip()]
        head = dict(lines[:3])
        self.tours, self.most = int(head["m"]), float(head["tmax"])
        self.nodes = [tuple(map(float, line)) for line in lines[3 : 3 + int(head["n"])]]

    def distance(self, one: int, other: int) -> float:
        return math.dist(self.nodes[one][:2], self.nodes[other][:2])

    def week(self) -> Week:
        """A day for each tour, a visit for each place that has a prize and that a tour can reach at all."""
        count, last = len(self.nodes), len(self.nodes) - 1
        far = [[math.ceil(self.distance(i, j) * PER_UNIT) for j in range(count)] for i in range(count)]
        most = math.floor(self.most * PER_UNIT)
        day = Day(Window(0, most), start=0, end=last)
        near = [node for node in range(1, last) if self.nodes[node][2] > 0 and far[0][node] + far[node][last] <= most]
        visits = tuple(Visit(node, node, 0, self.nodes[node][2]) for node in near)
        return Week((day,) * self.tours, visits, far, far)

    def total(self, tours: list[list[int]]) -> float:
        """The prizes of these tours; ValueError where one is too long or a place comes twice."""
        places = [node for tour in tours for node in tour]
        if len(set(places)) < len(places) or len(tours) > self.tours:
            raise ValueError(tours)
        for tour in filter(None, tours):
            path = [0, *tour, len(self.nodes) - 1]
            if sum(self.distance(i, j) for i, j in itertools.pairwise(path)) > self.most + 1e-9:
                raise ValueError(tour)
        return sum(self.nodes[node][2] for node in places)


def solved(path: Path, ends: float, seed: int, perturbations: int, history: int) -> float:
    """The prizes that one process finds until then."""
    instance = Instance(path.read_text())
    week = instance.week()
    effort = Effort(iterations=10**9, seconds=left(ends), restarts=6, perturbations=perturbations, history=history)
    plan = best_plan(week, share=0.0, seed=seed, effort=effort)
    return instance.total([[int(str(week.visits[index].key)) for index in order] for order in plan.orders])


def measured(path: Path, seconds: float = SECONDS, seed: int = 1) -> Found:
    started, ends = time.monotonic(), until(seconds - KEPT_BACK)
    found = at_once(solved, [(path, ends, seed + 1000 * number, *way) for number, way in enumerate(WAYS)])
    told = "of " + ", ".join(f"{total:g}" for total in found)
    return Found(path.stem, max(found), BEST.get(path.stem), time.monotonic() - started, told)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.routing.top", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--best", nargs="*", type=float, default=[], help="best known, file by file, where not known here"
    )
    asked = parser.parse_args()
    BEST.update({path.stem: best for path, best in zip(asked.files, asked.best, strict=False)})
    for path in asked.files:
        print(measured(path, asked.seconds, asked.seed), flush=True)


if __name__ == "__main__":
    main()
