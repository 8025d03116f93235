"""Journeys one way between places where no roads are known: great circle x detour, at the speed of each stretch.

Speeds hold by stretches: with 25 km/h from 0 and 60 km/h from 10 km, a road of 22 km takes 10 / 25 + 12 / 60 hours. So a
longer road never takes less time, which a single speed for the whole journey, chosen by its length, would not promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from planning.engine.travel import EARTH_RADIUS_KM, Place

if TYPE_CHECKING:
    import numpy as np


class Band(NamedTuple):
    """From so many kilometres of road on, so fast."""

    from_km: float
    kmh: float


class Journeys(NamedTuple):
    """Whole seconds and metres from each origin (row) to each destination (column), and who says so.

    `fell_back`: somebody was asked for roads and did not answer for all, so that (some) figures are from the great circle.
    """

    seconds: np.ndarray
    metres: np.ndarray
    source: str
    fell_back: bool = False


GREAT_CIRCLE = "great_circle"

STANDARD_BANDS = (Band(0.0, 25.0), Band(10.0, 60.0))


def great_circle_km_between(origins: Sequence[Place], destinations: Sequence[Place]) -> np.ndarray:
    """Kilometres on a sphere from each origin to each destination (latitude, longitude in degrees)."""
    import numpy as np

    one = np.radians(np.asarray(origins, dtype=float).reshape(-1, 2))
    other = np.radians(np.asarray(destinations, dtype=float).reshape(-1, 2))
    lat1, lon1 = one[:, :1], one[:, 1:]
    lat2, lon2 = other[:, 0], other[:, 1]
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, half)))


def hours_on_road(km: np.ndarray, bands: Sequence[Band]) -> np.ndarray:
    """How long so many kilometres of road take, stretch by stretch; before the first band its own speed holds."""
    import numpy as np

    ordered = sorted(bands)
    starts = [0.0, *(band.from_km for band in ordered[1:])]
    hours = np.zeros_like(km)
    for start, end, band in zip(starts, [*starts[1:], np.inf], ordered, strict=True):
        hours += np.clip(km - start, 0, end - start) / band.kmh
    return hours


def journeys_by_great_circle(
    origins: Sequence[Place],
    destinations: Sequence[Place],
    detour: float = 1.3,
    bands: Sequence[Band] = STANDARD_BANDS,
) -> Journeys:
    """Great circle x detour at the speeds of the bands, rounded half to even."""
    import numpy as np

    km = great_circle_km_between(origins, destinations) * detour
    seconds = np.rint(hours_on_road(km, bands or STANDARD_BANDS) * 3600).astype(np.int64)
    return Journeys(seconds, np.rint(km * 1000).astype(np.int64), GREAT_CIRCLE)
