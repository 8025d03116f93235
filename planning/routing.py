"""Servers that know roads: what OSRM and Valhalla are asked, and their answers as journeys, checked before they are believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from planning.engine.travel import Place
from territory import outside

# Places a side of one question: both kinds of server take so many unless they were told otherwise.
BLOCK = 50
SECONDS = 10.0
MOST_BYTES = 4 * 1024 * 1024
# Nobody drives longer than ten days, or round the globe.
MOST_SECONDS, MOST_METRES = 864_000, 40_000_000

# Seconds and metres by origin and destination; None where there is no way.
Table = list[list[tuple[int, int | None] | None]]


def osrm(address: str, profile: str, origins: Sequence[Place], destinations: Sequence[Place], seconds: float) -> Table:
    """OSRM's table service."""
    places = ";".join(f"{longitude:.4f},{latitude:.4f}" for latitude, longitude in (*origins, *destinations))
    first, last = len(origins), len(origins) + len(destinations)
    asked = (
        f"/table/v1/{profile}/{places}?sources={_numbers(0, first)}&destinations={_numbers(first, last)}"
        "&annotations=duration,distance"
    )
    answer = _json(outside.ask(address, asked, seconds=seconds, most_bytes=MOST_BYTES))
    if answer.get("code") != "Ok":
        raise outside.Unreachable(_("The server cannot compute this table."))
    return _table(
        answer.get("durations"), answer.get("distances"), len(origins), len(destinations), lambda cell: cell, 1.0
    )


def valhalla(
    address: str, profile: str, origins: Sequence[Place], destinations: Sequence[Place], seconds: float
) -> Table:
    """Valhalla's matrix service."""
    body = {
        "sources": [{"lat": latitude, "lon": longitude} for latitude, longitude in origins],
        "targets": [{"lat": latitude, "lon": longitude} for latitude, longitude in destinations],
        "costing": profile,
        "units": "kilometers",
    }
    answer = _json(
        outside.ask(
            address,
            "/sources_to_targets",
            seconds=seconds,
            most_bytes=MOST_BYTES,
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
    )
    rows = answer.get("sources_to_targets")
    size = len(origins), len(destinations)
    return _table(rows, rows, *size, lambda cell: cell.get("time"), 1.0, lambda cell: cell.get("distance"), 1000.0)


SERVERS: dict[str, Callable[[str, str, Sequence[Place], Sequence[Place], float], Table]] = {
    "osrm": osrm,
    "valhalla": valhalla,
}


def _numbers(start: int, end: int) -> str:
    return ";".join(map(str, range(start, end)))


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _otherwise() from error
    if not isinstance(found, dict):
        raise _otherwise()
    return found


def _otherwise() -> outside.Unreachable:
    return outside.Unreachable(_("The server answers something else than a table of journeys."))


def _table(
    durations: Any,
    distances: Any,
    rows: int,
    columns: int,
    duration_of: Callable[[Any], Any],
    duration_unit: float,
    distance_of: Callable[[Any], Any] = lambda cell: cell,
    distance_unit: float = 1.0,
) -> Table:
    """Whole seconds and metres of an answer that has the right shape; anything else is no answer."""
    try:
        _check_shape(durations, rows, columns)
        if distances is not None:
            _check_shape(distances, rows, columns)
        table: Table = []
        for row in range(rows):
            line: list[tuple[int, int | None] | None] = []
            for column in range(columns):
                time = _number(duration_of(durations[row][column]), duration_unit, MOST_SECONDS)
                far = None
                if distances is not None:
                    far = _number(distance_of(distances[row][column]), distance_unit, MOST_METRES)
                line.append(None if time is None else (time, far))
            table.append(line)
    except (AttributeError, TypeError, IndexError, KeyError) as error:
        raise _otherwise() from error
    return table


def _check_shape(found: Any, rows: int, columns: int) -> None:
    if not isinstance(found, list) or len(found) != rows:
        raise _otherwise()
    if any(not isinstance(row, list) or len(row) != columns for row in found):
        raise _otherwise()


def _number(value: Any, unit: float, most: int) -> int | None:
    if value is None:
        return None
    # Compared before anything is computed with it: an answer may hold whole numbers that no float does, and NaN is within nothing.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most / unit:
        raise _otherwise()
    return round(value * unit)
