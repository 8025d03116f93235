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
from math import exp

from msgspec import Struct

from planning.engine.added_chance import ChanceModel
from planning.engine.interval import Z
from planning.engine.rules import PROSPECT, Key

WEEKS_A_YEAR = 365 / 7


class Rhythm(Struct, frozen=True):
    """`number` customers of a tier, and the touches of each type that they get in 4 weeks, now and then."""

    tier: Key
    number: float
    now: Mapping[Key, float]
    then: Mapping[Key, float]


class NowAndThen(Struct, frozen=True):
    """Wins in a year, now and then, and the change with its 80 % interval."""

    now: float
    then: float
    low: float
    high: float
    variance: float

    @property
    def change(self) -> float:
        return self.then - self.now


def expected_wins(model: ChanceModel, stage: str, rhythms: Sequence[Rhythm]) -> list[NowAndThen]:
    """Of each tier's customers; of a tier or type that the model does not know its part is taken as 0."""
    found = []
    for row in rhythms:
        now, slope = _yearly(model, stage, row.tier, row.now, -row.number)
        then, other = _yearly(model, stage, row.tier, row.then, row.number)
        moved = {place: slope.get(place, 0.0) + other.get(place, 0.0) for place in slope | other}
        found.append(_expected(row.number * now, row.number * then, _variance(model, moved)))
    return found


def total(parts: Sequence[tuple[NowAndThen, float]]) -> NowAndThen:
    """Sums of wins times what a win brings. Parts are taken to move together, which makes the interval rather too wide."""
    now = sum(row.now * each for row, each in parts)
    then = sum(row.then * each for row, each in parts)
    spread = sum(row.variance**0.5 * each for row, each in parts)
    return _expected(now, then, spread**2)


def beyond(model: ChanceModel, rhythm: Rhythm) -> list[Key]:
    """Types of which so many touches in 4 weeks were hardly ever made: what they bring is guessed."""
    return [touch for touch, count in rhythm.then.items() if count > model.most.get(touch, 0.0)]


def _expected(now: float, then: float, variance: float) -> NowAndThen:
    half = Z * variance**0.5
    return NowAndThen(now, then, then - now - half, then - now + half, variance)


def _variance(model: ChanceModel, slope: Mapping[int, float]) -> float:
    """Of something that moves so much with each part of theta: slope' covariance slope, never below 0."""
    rows = ((each, model.covariance[place]) for place, each in slope.items())
    return max(0.0, sum(each * row[other] * by for each, row in rows for other, by in slope.items()))


def _yearly(
    model: ChanceModel, stage: str, tier: Key, counts: Mapping[Key, float], times: float
) -> tuple[float, dict[int, float]]:
    """Wins in a year of one customer, and `times` their slope by the parts of theta that they rest on."""
    z, lost = {0: 1.0}, 0.0
    if tier in model.tiers:
        place = model.tiers.index(tier)
        z[1 + place], lost = 1.0, model.lost[place]
    for touch, count in counts.items():
        if touch in model.types:
            z[1 + len(model.tiers) + model.types.index(touch)] = count
    # Odds that no float holds are certain.
    odds = min(max(sum(model.theta[place] * each for place, each in z.items()), -500.0), 500.0)
    chance = 1 / (1 + exp(-odds))
    ends = min(chance + lost, 1.0)
    still = (1 - ends) ** WEEKS_A_YEAR
    if stage != PROSPECT:
        wins, by_chance = WEEKS_A_YEAR * chance, WEEKS_A_YEAR
    else:
        wins = chance / ends * (1 - still)
        by_chance = lost / ends / ends * (1 - still) + chance / ends * WEEKS_A_YEAR * still / max(1 - ends, 1e-12)
    steep = times * by_chance * chance * (1 - chance)
    return wins, {place: steep * each for place, each in z.items()}
