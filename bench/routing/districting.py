"""Districting: balanced, connected territories around units of their own (Rios-Mercado and Fernandez 2009), against proven optima.

    .venv/bin/python -m bench.routing.districting ../shared/data/routing/districting/*.dat [--seconds 60]

Two processes search from different seeds, as two cores allow; the better division is told, held by the independent checker
against every balance and connection, and its distance is added up from the file.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.routing.found import SECONDS, Found, at_once, left, measure_files, until
from planning.engine.aligned import broken
from planning.engine.alignment import Districts, Effort, districts, locate

#: proven optima by the instance's name
OPTIMA = {"2DU60-05-1": 5305.566, "2DU60-05-2": 5451.684, "2DU60-05-12": 5597.51}
#: of the time, so that starting and leaving fit as well
KEPT_BACK = 4.0
SEEDS = (1, 2)
MANY = 10_000


@dataclass(frozen=True)
class Instance:
    """Units with coordinates, as many of their activities as have a tolerance, who lies beside whom, how many territories."""

    places: np.ndarray
    activities: np.ndarray
    edges: list[tuple[int, int]]
    territories: int
    tolerance: list[float]

    def task(self) -> Districts:
        distance = np.linalg.norm(self.places[:, None] - self.places[None], axis=2)
        return districts(
            distance, self.activities, tolerance=self.tolerance, territories=self.territories, edges=self.edges
        )


def read(path: Path) -> Instance:
    """Lines: how many units; number, x, y, activities; how many pairs; pairs side by side; territories, (the same), tolerances."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    units = int(lines[0][0])
    rows = np.array([[float(each) for each in line] for line in lines[1 : units + 1]])
    rows = rows[np.argsort(rows[:, 0])]
    pairs = int(lines[units + 1][0])
    edges = [(int(one), int(other)) for one, other in lines[units + 2 : units + 2 + pairs]]
    last = lines[units + 2 + pairs]
    tolerance = [float(each) for each in last[2 : 2 + rows.shape[1] - 3]]
    # A column without tolerance, or of nothing, is no activity.
    counted = [at for at, most in enumerate(tolerance) if most > 0 and rows[:, 3 + at].any()]
    return Instance(
        rows[:, 1:3], rows[:, [3 + at for at in counted]], edges, int(last[0]), [tolerance[at] for at in counted]
    )


def solved(path: Path, ends: float, seed: int) -> tuple[int, float, list[int], list[int]]:
    """Wishes broken, distance, and the division with its centres, as one process finds it until then."""
    task = read(path).task()
    plan = locate(task, Effort(seed=seed, starts=6, rounds=MANY, seconds=left(ends)))
    return len(broken(task, plan.territory)), plan.distance, plan.territory.tolist(), list(plan.centres or ())


def checked(path: Path, territory: list[int], centres: list[int]) -> float:
    """The distance, added up from the file; ValueError where a unit is not with its centre or a wish is broken."""
    instance = read(path)
    found = broken(instance.task(), np.array(territory))
    if found or any(territory[centre] != number for number, centre in enumerate(centres)):
        raise ValueError(found)
    return float(
        sum(np.linalg.norm(instance.places[unit] - instance.places[centres[of]]) for unit, of in enumerate(territory))
    )


def measured(path: Path, seconds: float = SECONDS) -> Found:
    started, ends = time.monotonic(), until(seconds - KEPT_BACK)
    wishes, _distance, territory, centres = min(at_once(solved, [(path, ends, seed) for seed in SEEDS]))
    value = None if wishes else checked(path, territory, centres)
    told = f"{wishes} wishes broken" if wishes else "every balance kept, connected"
    return Found(path.stem, value, OPTIMA.get(path.stem), time.monotonic() - started, told, most=False)


if __name__ == "__main__":
    measure_files(measured, "districting", __doc__)
