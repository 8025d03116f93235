"""On which side of the interval a value lies, how long a rejection holds, and which line is most off."""

import pytest

from planning.engine.drift import ABOVE, BELOW, INSIDE, Figure, how_far, side, stays_rejected

SEEN = Figure(155, 113, 201)  # rejected beside an official value of 60


@pytest.mark.parametrize(("official", "where"), [(112.99, BELOW), (113, INSIDE), (201, INSIDE), (201.01, ABOVE)])
def test_the_ends_of_the_interval_are_inside(official, where):
    assert side(official, SEEN) == where


@pytest.mark.parametrize(
    ("now", "stays"),
    [
        (Figure(155, 113, 201), True),  # the same again
        (Figure(201, 150, 260), True),  # further away, within what was looked at
        (Figure(202, 150, 260), False),  # moved by more than the interval that was looked at
        (Figure(90, 70, 115), True),  # nearer
        (Figure(60, 50, 70), True),  # inside now: there is nothing to suggest
        (Figure(40, 30, 50), False),  # the official value has come to lie on the other side
    ],
)
def test_a_rejection_of_a_higher_figure_holds_until_evidence_has_moved_away(now, stays):
    assert stays_rejected(60, SEEN, now) is stays


@pytest.mark.parametrize(("now", "stays"), [(Figure(113, 80, 150), True), (Figure(112, 80, 150), False)])
def test_a_rejection_of_a_lower_figure_holds_until_evidence_falls_below_its_interval(now, stays):
    assert stays_rejected(300, SEEN, now) is stays


def test_half_and_twice_are_equally_far():
    assert how_far(50, 100) == pytest.approx(how_far(200, 100))
    assert how_far(50, 100) > how_far(60, 100) > how_far(100, 100) == 0


def test_nothing_is_furthest_from_something():
    assert how_far(0, 100) > how_far(0.01, 100)
    assert how_far(0, 0) == 0
