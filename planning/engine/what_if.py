"""What another rhythm of touches would bring, and how much time it takes, before any rule is changed.

Expected wins follow from the model of the chance to win in a week (engine/added_chance.py; domain 3.1). At a steady rhythm a
prospect of tier g gets x_k touches of type k in 4 weeks, and with h = s(intercept + tier_g + sum of theta_k x x_k)

    a prospect is won within a year = h / (h + l) x [1 - (1 - h - l)^w]        a customer's orders in a year = w x h

w = 365 / 7 weeks; l is the tier's weekly chance to be lost, a competing end that touches are taken not to move. A prospect
wins once, a customer's next span begins with each order. Intervals carry the covariance of theta
by the gradient (delta method); they tell how well the mean is known, not how single years scatter. Association, not proof of
cause: who gets more touches may have been the better prospect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.engine.added_chance import ChanceModel
from planning.engine.interval import Z
from planning.engine.rules import PROSPECT, Key

if TYPE_CHECKING:
    import numpy as np

WEEKS_A_YEAR = 365 / 7


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`number` customers of a tier, and the touches of each type that they get in 4 weeks, now and then."""

    tier: Key
    number: float
    now: Mapping[Key, float]
    then: Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Expected:
    """Wins in a year, now and then, and the change with its 80 % interval."""

    now: float
    then: float
    low: float
    high: float
    variance: float

    @property
    def change(self) -> float:
        return self.then - self.now


def expected_wins(model: ChanceModel, stage: str, rhythms: Sequence[Rhythm]) -> list[Expected]:
    """Of each tier's customers; of a tier or type that the model does not know its part is taken as 0."""
    import numpy as np

    theta, covariance = np.array(model.theta), np.array(model.covariance)
    found = []
    for row in rhythms:
        now, slope_now = _yearly(model, stage, theta, row.tier, row.now)
        then, slope_then = _yearly(model, stage, theta, row.tier, row.then)
        slope = row.number * (slope_then - slope_now)
        variance = float(slope @ covariance @ slope)
        found.append(_expected(row.number * now, row.number * then, variance))
    return found


def total(parts: Sequence[tuple[Expected, float]]) -> Expected:
    """Sums of wins times what a win brings. Parts are taken to move together, which makes the interval rather too wide."""
    now = sum(row.now * each for row, each in parts)
    then = sum(row.then * each for row, each in parts)
    spread = sum(row.variance**0.5 * each for row, each in parts)
    return _expected(now, then, spread**2)


def beyond(model: ChanceModel, rhythm: Rhythm) -> list[Key]:
    """Types of which so many touches in 4 weeks were hardly ever made: what they bring is guessed."""
    return [touch for touch, count in rhythm.then.items() if count > model.most.get(touch, 0.0)]


def _expected(now: float, then: float, variance: float) -> Expected:
    half = Z * variance**0.5
    return Expected(now, then, then - now - half, then - now + half, variance)


def _yearly(
    model: ChanceModel, stage: str, theta: np.ndarray, tier: Key, counts: Mapping[Key, float]
) -> tuple[float, np.ndarray]:
    """Wins in a year of one customer, and their slope by each part of theta."""
    import numpy as np

    z = np.zeros(len(theta))
    z[0], lost = 1.0, 0.0
    if tier in model.tiers:
        z[1 + model.tiers.index(tier)], lost = 1.0, model.lost[model.tiers.index(tier)]
    for touch, count in counts.items():
        if touch in model.types:
            z[1 + len(model.tiers) + model.types.index(touch)] = count
    # Odds that no float holds are certain.
    chance = float(1 / (1 + np.exp(-np.clip(z @ theta, -500, 500))))
    slope = chance * (1 - chance) * z
    if stage != PROSPECT:
        return WEEKS_A_YEAR * chance, WEEKS_A_YEAR * slope
    ends = min(chance + lost, 1.0)
    still = (1 - ends) ** WEEKS_A_YEAR
    by_chance = lost / ends**2 * (1 - still) + chance / ends * WEEKS_A_YEAR * still / max(1 - ends, 1e-12)
    return chance / ends * (1 - still), by_chance * slope
