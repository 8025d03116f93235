"""Maintainers only: cuts coasts and borders (Natural Earth, from the npm package world-atlas) into small TopoJSON files.

    python3 scripts/coast.py WORLD_ATLAS OUT TOWNS

TOWNS is customers/towns/shipped/towns.tsv.gz (GeoNames): the largest of each half degree are named, of the world those above a million.

`OUT/world.json` is the whole world, coarse, with the names of the cells there are; `OUT/LONGITUDE_LATITUDE.json` is a cell of
10 degrees, finer, named by its south-western corner: maps load those in view. A cell reaches a little over its edges, so that
no seam shows. Cells of sea alone, or of land alone without a border and a town, have no file: the world's shape is right there.
Each file is a topology of two objects: `land` (polygons, one arc a ring) and `borders` (lines between countries); `towns` beside
them are name, right and up in whole steps, the largest first.
"""

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import cos, floor, hypot, radians
from pathlib import Path

CELL, OVERLAP = 10, 0.05  # degrees
SOUTHMOST = -60  # nobody sells in Antarctica: the world's shape does there
WORLD = {"source": "countries-50m.json", "tolerance": 0.09, "smallest": 0.04, "step": 0.02}
FINE = {"source": "countries-10m.json", "tolerance": 0.004, "smallest": 0.0001, "step": 0.002}

Point = tuple[float, float]
Line = list[Point]
Town = tuple[str, Point, int]
MOST_NAMED, METROPOLIS = 4, 1_000_000


def main(atlas: Path, out: Path, towns: Path) -> None:
    """Writes the world and its cells into an emptied folder."""
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("*.json"):
        old.unlink()
    land, borders = shapes(atlas / FINE["source"], FINE["tolerance"], FINE["smallest"])
    known = list(read_towns(towns))
    towns_in = named_in_cells(known)
    cells = dict(cells_of(land, borders, towns_in))
    for name, (west, south, rings, lines) in cells.items():
        more = {"towns": placed(towns_in.get((west, south), []), (west, south), FINE["step"])}
        write(out / f"{name}.json", rings, lines, (west, south), FINE["step"], more)
    land, borders = shapes(atlas / WORLD["source"], WORLD["tolerance"], WORLD["smallest"])
    write(
        out / "world.json",
        land,
        borders,
        (-180, -90),
        WORLD["step"],
        {
            "cells": sorted(cells),
            "towns": placed([town for town in known if town[2] >= METROPOLIS], (-180, -90), WORLD["step"]),
        },
    )


def read_towns(path: Path) -> Iterator[Town]:
    """Name, place and inhabitants, the largest first."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        found = [
            (row["name"], (float(row["longitude"]), float(row["latitude"])), int(row["population"])) for row in rows
        ]
    yield from sorted(found, key=lambda town: (-town[2], town))


def named_in_cells(towns: list[Town]) -> dict[tuple[int, int], list[Town]]:
    """By cell, the largest of each half degree."""
    taken: Counter[tuple[int, int]] = Counter()
    cells: dict[tuple[int, int], list[Town]] = {}
    for town in towns:
        x, y = town[1]
        part = (floor(x * 2), floor(y * 2))
        taken[part] += 1
        if taken[part] <= MOST_NAMED:
            cells.setdefault((floor(x / CELL) * CELL, floor(y / CELL) * CELL), []).append(town)
    return cells


def placed(towns: list[Town], corner: Point, step: float) -> list[list]:
    """As the files hold them."""
    return [[name, round((x - corner[0]) / step), round((y - corner[1]) / step)] for name, (x, y), _people in towns]


def shapes(path: Path, tolerance: float, smallest: float) -> tuple[list[list[Line]], list[Line]]:
    """The land as polygons (rings) and the borders as lines, each arc made simpler once so that neighbours still meet."""
    topology = json.loads(path.read_text())
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = [simpler(decoded(arc, scale, translate), tolerance) for arc in topology["arcs"]]
    (geometry,) = topology["objects"]["land"]["geometries"]
    polygons = [[stitched(ring, arcs) for ring in polygon] for polygon in geometry["arcs"]]
    polygons = [[ring for ring in polygon if area(ring) >= smallest] for polygon in polygons]
    countries: dict[int, set[int]] = {}
    for at, country in enumerate(topology["objects"]["countries"]["geometries"]):
        for arc in arcs_in(country.get("arcs", [])):
            countries.setdefault(arc if arc >= 0 else ~arc, set()).add(at)
    borders = [arcs[arc] for arc, sides in sorted(countries.items()) if len(sides) > 1]
    return [polygon for polygon in polygons if polygon], borders


def decoded(arc: list[list[int]], scale: list[float], translate: list[float]) -> Line:
    """An arc's points in degrees; the file holds whole steps from point to point."""
    x = y = 0
    points = []
    for right, up in arc:
        x, y = x + right, y + up
        points.append((x * scale[0] + translate[0], y * scale[1] + translate[1]))
    return points


def arcs_in(nested: list) -> Iterator[int]:
    """The numbers in lists of lists."""
    for item in nested:
        if isinstance(item, list):
            yield from arcs_in(item)
        else:
            yield item


def stitched(ring: list[int], arcs: list[Line]) -> Line:
    """The arcs of a ring one after the other; a negative number is an arc run backwards."""
    points: Line = []
    for arc in ring:
        run = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
        points += run[1:] if points else run
    return points


def simpler(line: Line, tolerance: float) -> Line:
    """Douglas and Peucker's: points nearer than the tolerance to what remains go; both ends stay."""
    if len(line) < 3:
        return line
    shrink = cos(radians(line[0][1]))
    keep = {0, len(line) - 1}
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        far, at = max((away(line[i], line[first], line[last], shrink), i) for i in range(first + 1, last))
        if far > tolerance:
            keep.add(at)
            waiting += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)]


def away(point: Point, one: Point, other: Point, shrink: float) -> float:
    """How far a point is from the stretch between two others, in degrees of latitude."""
    x, y = (point[0] - one[0]) * shrink, point[1] - one[1]
    dx, dy = (other[0] - one[0]) * shrink, other[1] - one[1]
    length = dx * dx + dy * dy
    part = 0 if length == 0 else min(1, max(0, (x * dx + y * dy) / length))
    return hypot(x - part * dx, y - part * dy)


def area(ring: Line) -> float:
    """Of a ring, in square degrees of the equator."""
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    return abs(twice) / 2 * cos(radians(ring[0][1]))


def cells_of(land: list[list[Line]], borders: list[Line], towns: dict) -> Iterator[tuple[str, tuple]]:
    """The cells in which there is a coast, a border or a town: name, corner, polygons and lines."""
    for west in range(-180, 180, CELL):
        column = [kept for polygon in land if (kept := clipped(polygon, 0, west))]
        lines = [part for line in borders for part in pieces(line, 0, west)]
        for south in range(SOUTHMOST, 90, CELL):
            polygons = [kept for polygon in column if (kept := clipped(polygon, 1, south))]
            within = [part for line in lines for part in pieces(line, 1, south)]
            if (
                within
                or (west, south) in towns
                or any(not is_frame(ring, west, south) for polygon in polygons for ring in polygon)
            ):
                yield f"{west}_{south}", (west, south, polygons, within)


def edges(low: int) -> tuple[float, float]:
    return low - OVERLAP, low + CELL + OVERLAP


def clipped(polygon: list[Line], axis: int, low: int) -> list[Line]:
    """Sutherland and Hodgman's: what of the polygon's rings lies between two edges across an axis."""
    rings = []
    for ring in polygon:
        for edge, sign in zip(edges(low), (1, -1), strict=True):
            ring = list(_cut(ring, axis, edge, sign))
        if len(ring) > 2:
            rings.append(ring if ring[0] == ring[-1] else [*ring, ring[0]])
    return rings


def _cut(ring: Line, axis: int, edge: float, sign: int) -> Iterator[Point]:
    for one, other in zip(ring[-1:] + ring[:-1], ring, strict=True):
        inside = [(point[axis] - edge) * sign >= 0 for point in (one, other)]
        if inside[0] != inside[1]:
            yield crossing(one, other, axis, edge)
        if inside[1]:
            yield other


def crossing(one: Point, other: Point, axis: int, edge: float) -> Point:
    """Where the stretch between two points meets an edge."""
    part = (edge - one[axis]) / (other[axis] - one[axis])
    across = one[1 - axis] + part * (other[1 - axis] - one[1 - axis])
    return (edge, across) if axis == 0 else (across, edge)


def pieces(line: Line, axis: int, low: int) -> Iterator[Line]:
    """The pieces of a line between two edges; stretches that cross an edge stay whole."""
    least, most = edges(low)
    piece: Line = []
    for one, other in pairwise(line):
        if max(one[axis], other[axis]) >= least and min(one[axis], other[axis]) <= most:
            piece = piece or [one]
            piece.append(other)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def is_frame(ring: Line, west: int, south: int) -> bool:
    """Whether a ring is nothing but the cell's own edges."""
    around = (edges(west), edges(south))
    return all(x in around[0] or y in around[1] for x, y in ring)


def write(path: Path, land: list[list[Line]], borders: list[Line], corner: Point, step: float, more: dict) -> None:
    """A topology of whole steps from a corner."""
    arcs: list[list[list[int]]] = []
    polygons = []
    for polygon in land:
        numbers = [_arc(arcs, ring, corner, step) for ring in polygon]
        if rings := [[number] for number in numbers if number is not None and len(arcs[number]) > 3]:
            polygons.append(rings)
    lines = [[number] for line in borders if (number := _arc(arcs, line, corner, step)) is not None]
    topology = {
        "type": "Topology",
        **more,
        "transform": {"scale": [step, step], "translate": corner},
        "objects": {
            "land": {"type": "MultiPolygon", "arcs": polygons},
            "borders": {"type": "MultiLineString", "arcs": lines},
        },
        "arcs": arcs,
    }
    path.write_text(json.dumps(topology, separators=(",", ":")) + "\n")


def _arc(arcs: list, line: Line, corner: Point, step: float) -> int | None:
    before = (0, 0)
    steps = []
    for x, y in line:
        at = (round((x - corner[0]) / step), round((y - corner[1]) / step))
        if not steps or at != before:
            steps.append([at[0] - before[0], at[1] - before[1]])
        before = at
    if len(steps) < 2:
        return None
    arcs.append(steps)
    return len(arcs) - 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
