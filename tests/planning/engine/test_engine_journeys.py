"""Journeys by great circle: held against a second way to compute the distance and the time."""

import math
import random

import pytest

from planning.engine.journeys import Band, hours_on_road, journeys_by_great_circle
from planning.engine.travel import great_circle_km

np = pytest.importorskip("numpy")

EXETER, BATH, CUXHAVEN = (50.7236, -3.5275), (51.3811, -2.3590), (53.8593, 8.6879)


def by_vectors(one, other):
    """The angle between two places as unit vectors: another formula than the one in use."""

    def vector(place):
        lat, lon = map(math.radians, place)
        return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])

    a, b = vector(one), vector(other)
    return 6371.0 * math.atan2(np.linalg.norm(np.cross(a, b)), a @ b)


def by_steps(km, bands, step=0.001):
    """Hours of a road driven in steps of a metre, each at the speed that holds where it begins."""
    ordered = sorted(bands)
    hours = 0.0
    for number in range(round(km / step)):
        at = (number + 0.5) * step
        hours += step / [band.kmh for band in ordered if band.from_km <= at or band is ordered[0]][-1]
    return hours


def test_a_journey_of_22_km_by_hand():
    """16.923 km of great circle are 22 km of road: 10 at 25 and 12 at 60 take 24 + 12 minutes."""
    degrees = math.degrees(22 / 1.3 / 6371.0)
    found = journeys_by_great_circle([(0.0, 0.0)], [(degrees, 0.0), (0.0, 0.0)])
    assert (found.seconds.tolist(), found.metres.tolist()) == ([[36 * 60, 0]], [[22_000, 0]])
    assert (found.source, found.fell_back) == ("great_circle", False)


def test_every_pair_stands_in_its_row_and_column():
    places = [EXETER, BATH, CUXHAVEN, (-33.9, 151.2), (89.9, 10.0), (10.0, 179.9), (10.0, -179.9)]
    found = journeys_by_great_circle(places[:3], places, detour=1.0)
    assert found.metres.shape == found.seconds.shape == (3, len(places))
    for row, one in enumerate(places[:3]):
        for column, other in enumerate(places):
            assert found.metres[row, column] == pytest.approx(by_vectors(one, other) * 1000, abs=1)
            assert found.metres[row, column] == pytest.approx(great_circle_km(one, other) * 1000, abs=1)


def test_across_the_date_line_is_near():
    assert journeys_by_great_circle([(10.0, 179.9)], [(10.0, -179.9)]).metres[0, 0] < 30_000


@pytest.mark.parametrize(
    "bands",
    [
        [Band(0, 25), Band(10, 60)],
        [Band(10, 60), Band(0, 25)],
        [Band(5, 40)],
        [Band(3, 20), Band(7, 50), Band(12, 100)],
    ],
)
def test_hours_are_those_of_driving_metre_by_metre(bands):
    for km in (0.0, 2.5, 5.0, 11.5, 14.25):
        assert float(hours_on_road(np.array([km]), bands)[0]) == pytest.approx(by_steps(km, bands), abs=1e-6)


def test_a_longer_road_never_takes_less_time():
    drawn = random.Random(3)
    for _ in range(50):
        bands = [Band(drawn.uniform(0, 30), drawn.uniform(5, 130)) for _ in range(drawn.randint(1, 5))]
        hours = hours_on_road(np.linspace(0, 60, 500), bands)
        assert (np.diff(hours) > 0).all()


def test_nobody_and_nowhere():
    assert journeys_by_great_circle([], [EXETER]).seconds.shape == (0, 1)
    assert journeys_by_great_circle([EXETER], []).seconds.shape == (1, 0)
    assert journeys_by_great_circle([EXETER], [BATH], bands=[]).seconds[0, 0] > 0
