"""How near the solvers come to what is known of published instances: `bench/run routing`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.routing import callplan, districting, top
from bench.routing.found import SECONDS, Found
from bench.table import Figure, Line


@dataclass(frozen=True)
class Kind:
    """Instances of one kind: in which files they are, what solves them, and by how much they may miss what is known, in %."""

    name: str
    files: str
    measured: Callable[[Path, float], Found]
    most: float
    decimals: int = 2


KINDS = (
    Kind("top", "*.txt", top.measured, 1.0),
    Kind("districting", "*.dat", districting.measured, 3.0),
    Kind("callplan", "*.json", callplan.measured, 0.01, 4),
)


def measure_quality(folder: Path, say: Callable[[str], None]) -> list[Line]:
    """A line for each instance of the folder; where a kind has none, a line that says so."""
    lines = []
    for kind in KINDS:
        files = sorted((folder / kind.name).glob(kind.files))
        lines += [_line(kind, _measured(kind, path, say)) for path in files]
        if not files:
            lines.append(Line(kind.name, note=f"skipped: no instances in {folder / kind.name}"))
    return lines


def _measured(kind: Kind, path: Path, say: Callable[[str], None]) -> Found:
    say(f"{kind.name} {path.stem}")
    try:
        return kind.measured(path, SECONDS)
    except Exception as error:  # noqa: BLE001 - an instance that fails is a line of the table
        return Found(path.stem, None, None, 0.0, f"failed: {type(error).__name__}: {error}")


def _line(kind: Kind, found: Found) -> Line:
    figures = {}
    if found.known:
        figures["known"] = Figure(found.known, decimals=2)
    if found.value is not None:
        figures["ours"] = Figure(found.value, decimals=2)
    if found.gap is not None:
        figures["% worse"] = Figure(found.gap, kind.most, decimals=kind.decimals)
    figures["s"] = Figure(found.seconds, SECONDS, decimals=1)
    # An answer that breaks a wish is none, whatever it comes to.
    figures["answers"] = Figure(0 if found.value is None else 1, 1, least=True)
    return Line(f"{kind.name} {found.name}", figures, found.told)
