"""The engine's great circle as SQL, where trips of thousands are summed (planning.engine.travel is the definition)."""

from django.db.models import F, FloatField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cos, Least, Power, Radians, Sin, Sqrt

from planning.engine.travel import EARTH_RADIUS_KM


def great_circle_km(one: str, other: str) -> Combinable:
    """Kilometres between two places that are known: `one` and `other` stand before their `latitude` and `longitude`."""
    lat1, lon1, lat2, lon2 = (
        Radians(F(f"{place}{name}")) for place in (one, other) for name in ("latitude", "longitude")
    )
    half = Power(Sin((lat2 - lat1) / 2.0), 2.0) + Cos(lat1) * Cos(lat2) * Power(Sin((lon2 - lon1) / 2.0), 2.0)
    return Value(2 * EARTH_RADIUS_KM, FloatField()) * ASin(Sqrt(Least(half, Value(1.0, FloatField()))))
