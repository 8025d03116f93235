"""How often the 80 % interval around equal credit contains the truth, on courses of which the truth is known."""

import numpy as np
import pytest

from planning.engine.equal_credit import with_intervals

TYPES, TIERS = 3, 3
COURSES, RUNS, TIMES_AS_LARGE, FEWEST_WINS = 1000, 500, 1000, 30
RUNS_AT_ONCE = 50

# By tier: how common it is, touches of each type, the chance to win and what a win brings.
COMMON = (0.25, 0.35, 0.4)
TOUCHES = np.array([[4, 2, 1.2], [3, 1.4, 1.1], [3, 1.2, 1.1]])
CHANCE = np.array([0.55, 0.45, 0.4])
BUSINESS = np.array([20_000, 8_000, 3_000])
# Business within a tier: log-normal, two of three between 0.6 and 1.65 times the median, as where tiers are bands of value.
SPREAD = 0.5


def simulated(chance, number):
    """Credit, touches and whether such a touch was in a win: courses x types x tiers.

    Hard courses take more touches and are won less often.
    """
    tier = chance.choice(TIERS, size=number, p=COMMON)
    hard = chance.gamma(2, 0.5, size=number)
    touches = chance.poisson(TOUCHES[tier] * hard[:, None])
    won = chance.random(number) < CHANCE[tier] * np.exp(-0.3 * hard)
    business = BUSINESS[tier] * np.exp(SPREAD * chance.standard_normal(number) - SPREAD**2 / 2)
    of_tier = tier[:, None] == np.arange(TIERS)
    made = touches[:, :, None] * of_tier[:, None, :]
    return (
        made * (won * business / np.maximum(touches.sum(axis=1), 1))[:, None, None],
        made,
        (made > 0) & won[:, None, None],
    )


def truth(chance):
    """The same figure on a sample 1,000 times as large: types x tiers."""
    credit, made = np.zeros((2, TYPES, TIERS))
    for _ in range(TIMES_AS_LARGE // RUNS_AT_ONCE):
        some_credit, some_made, _wins = simulated(chance, COURSES * RUNS_AT_ONCE)
        credit, made = credit + some_credit.sum(axis=0), made + some_made.sum(axis=0)
    return credit / made


@pytest.mark.slow
def test_of_500_samples_about_400_have_the_truth_within_their_interval():
    chance = np.random.default_rng(2)
    true = truth(chance).ravel()
    told, inside = np.zeros((2, TYPES * TIERS))

    for _ in range(RUNS // RUNS_AT_ONCE):
        credit, made, wins = (
            part.reshape(RUNS_AT_ONCE, COURSES, -1) for part in simulated(chance, COURSES * RUNS_AT_ONCE)
        )
        # A column a run and cell: all runs from the same draws, as the engine draws the same for as many courses.
        found = with_intervals(*(np.concatenate(list(part), axis=1).astype(float) for part in (credit, made)))
        low, high = (np.array([row[end] for row in found]).reshape(RUNS_AT_ONCE, -1) for end in (1, 2))
        enough = wins.sum(axis=1) >= FEWEST_WINS
        told += enough.sum(axis=0)
        inside += (enough & (low <= true) & (true <= high)).sum(axis=0)

    share = inside / told
    assert told.min() >= 0.98 * RUNS
    assert share.min() >= 0.75, share
    assert share.max() <= 0.85, share
