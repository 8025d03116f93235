"""What came out of an instance, beside what is known of it; and how two processes look for it at once."""

import argparse
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: an instance has so many seconds, on two cores
SECONDS = 60.0


@dataclass(frozen=True)
class Found:
    """`value` is None where no answer keeps all that is asked; then `told` says what is broken, else what is kept.

    `known`: the best known or proven value; `gap`: by how much of it ours is worse, in percent.
    """

    name: str
    value: float | None
    known: float | None
    seconds: float
    told: str
    most: bool = True

    @property
    def gap(self) -> float | None:
        if self.value is None or not self.known:
            return None
        worse = self.known - self.value if self.most else self.value - self.known
        return 100 * worse / self.known

    def __str__(self) -> str:
        parts = [self.told] if self.value is None else [f"{self.value:,.3f}".rstrip("0").rstrip("."), self.told]
        if self.gap is not None:
            parts.append(f"{self.gap:+.4f} % from {self.known:,g}")
        return f"{self.name}: {', '.join(parts)}, {self.seconds:.1f} s"


def at_once(solve: Callable[..., Any], tasks: Sequence[tuple]) -> list[Any]:
    """What each task comes to, a new process each: their starting counts."""
    with multiprocessing.get_context("spawn").Pool(len(tasks)) as pool:
        return pool.starmap(solve, tasks)


def until(seconds: float) -> float:
    """When so many seconds are over, for another process too."""
    return time.time() + seconds


def left(moment: float) -> float:
    """Seconds until then."""
    return max(0.0, moment - time.time())


def measure_files(measured: Callable[[Path, float], Found], kind: str, told: str | None) -> None:
    """The files named on the command line, one after the other: without the database and Redis that `bench/run` needs."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.routing.{kind}", description=told)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    for path in asked.files:
        print(measured(path, asked.seconds), flush=True)
