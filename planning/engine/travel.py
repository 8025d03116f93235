"""Travel minutes there and back (domain 3.3): great-circle km x detour / speed."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from planning.engine.rules import Key
from planning.engine.shares import Assigned, Staffing

EARTH_RADIUS_KM = 6371.0

Place = tuple[float, float]


def great_circle_km(one: Place, other: Place) -> float:
    """Kilometres between two places (latitude, longitude in degrees) on a sphere, by the haversine formula."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def minutes_for_km(km: float, detour: float = 1.3, speed_kmh: float = 50.0) -> float:
    """Minutes there and back over ``km`` of great circle one way: 40 km is 124.8."""
    return 2 * km * detour / speed_kmh * 60


class Travel(NamedTuple):
    """Expected minutes there and back; ``unknown`` where a place that counts is not known (it then counted 0)."""

    minutes: float
    unknown: bool = False


UNKNOWN = Travel(0.0, True)


def one_trip(base: Place | None, place: Place | None, detour: float = 1.3, speed_kmh: float = 50.0) -> Travel:
    """One person's travel to a customer; 0 and unknown where either place is unknown."""
    if base is None or place is None:
        return UNKNOWN
    return Travel(minutes_for_km(great_circle_km(base, place), detour, speed_kmh))


def expected(
    staffing: Staffing,
    owner: Assigned | None,
    place: Place | None,
    bases: Mapping[Key, Place],
    detour: float = 1.3,
    speed_kmh: float = 50.0,
) -> Travel:
    """Travel of a role to a customer: the mean of its assigned people weighted by share; nobody: the owner's.

    Someone whose base is unknown counts 0 with their weight, and the result says unknown. Shares that are all 0 weigh
    alike. No owner either: 0 and unknown.
    """
    if place is None:
        return UNKNOWN
    if not staffing.parts:
        return UNKNOWN if owner is None else one_trip(bases.get(owner.person), place, detour, speed_kmh)
    if len(staffing.parts) == 1:
        return one_trip(bases.get(staffing.parts[0].assigned.person), place, detour, speed_kmh)
    weights = [part.share for part in staffing.parts]
    whole = math.fsum(weights)
    if whole == 0:
        weights, whole = [1.0] * len(weights), float(len(weights))
    trips = [one_trip(bases.get(part.assigned.person), place, detour, speed_kmh) for part in staffing.parts]
    minutes = math.fsum(trip.minutes * weight for trip, weight in zip(trips, weights, strict=True)) / whole
    return Travel(minutes, any(trip.unknown and weight > 0 for trip, weight in zip(trips, weights, strict=True)))
