"""What one touch more adds to the expected business: a model of the chance to win in a week (domain 3.1; methods a.2).

Discrete-time hazard (Singer and Willett 1993): with z = (1, tier, touches of each type in the last 4 weeks),

    P(won in this week | not yet) = s(z'theta),  s(x) = 1 / (1 + exp(-x))

theta maximises the log-likelihood of all weeks - 1/2 x sum of theta^2 over all but the intercept: a ridge (le Cessie and van
Houwelingen 1992) of weight 1, that is a normal prior of variance 1 on each logarithm of odds. It is light, keeps figures
finite where a tier or a type never won or always did, and draws tiers towards each other.

A touch stays in the counts for 4 weeks, so one touch more of type k on tier g adds

    value = 4 x mean over the weeks of g of [s(z'theta + theta_k) - s(z'theta)] x mean business of a win on g

(average discrete change, Cameron and Trivedi 2005, 14.3; that a win in the first of the weeks leaves none for the others is
second order and left out). Its interval: theta is normal with the sandwich covariance clustered by course, G / (G - 1) x
H^-1 (sum over courses of u u') H^-1, H the penalised information, u a course's score (Liang and Zeger 1986; Cameron and
Miller 2015), carried to the value by its gradient (delta method). The business of a win is taken as known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from planning.engine.courses import LOST, Course, business_of_a_win
from planning.engine.equal_credit import Cell
from planning.engine.interval import Z
from planning.engine.rules import Key
from planning.engine.weeks import WINDOW_WEEKS, Weeks, weeks

if TYPE_CHECKING:
    import numpy as np

RIDGE = 1.0
# What is rarer is hardly known.
USUAL = 0.99
MOST_STEPS, CLOSE = 100, 1e-9

# Why there is no model.
NO_WINS, ONLY_WINS, NO_FIT = "no wins", "only wins", "no fit"


class Added(Struct, frozen=True):
    """What one touch more of a type on a tier adds, with an 80 % interval; None: not known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class AddedChance(Struct, frozen=True):
    """By touch type and tier. `reason`: why nothing is known ("": it is), `weeks`: how many weeks it rests on."""

    cells: Mapping[Cell, Added]
    reason: str
    weeks: int
    model: ChanceModel | None = None


class ChanceModel(Struct, frozen=True):
    """The weekly chance to win: logarithms of odds in the order intercept, tiers, types, and their covariance.

    `lost`: by tier the share of weeks in which a course was lost. `most`: by type so many touches in 4 weeks as only one in a hundred of the weeks with such touches had more: of what
    lies beyond nothing is known.
    """

    tiers: tuple[Key, ...]
    types: tuple[Key, ...]
    theta: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    lost: tuple[float, ...]
    most: Mapping[Key, float]


class Fit(Struct, frozen=True):
    """The intercept, tiers and touch types; and their covariance."""

    theta: np.ndarray
    covariance: np.ndarray


def added_chance(
    courses: Sequence[Course], cells: Sequence[Cell], pooled: Collection[Cell] = (), *, ridge: float = RIDGE
) -> AddedChance:
    """From ended courses; in the cells of `pooled` over the weeks and wins of all tiers."""
    types = sorted({touch_type for course in courses for touch_type in course.touches}, key=str)
    tiers = sorted({course.tier for course in courses}, key=str)
    rows = weeks(courses, types, tiers)
    fitted = fit(rows, len(tiers), ridge=ridge)
    if isinstance(fitted, str):
        return AddedChance({cell: Added() for cell in cells}, fitted, len(rows.pattern))
    overall, by_tier = business_of_a_win(courses)
    effect = _Effects(rows, fitted, design(rows, len(tiers)))
    found = {}
    for touch_type, tier in cells:
        everywhere = (touch_type, tier) in pooled
        business = overall if everywhere else by_tier.get(tier)
        if touch_type not in types or business is None:
            found[touch_type, tier] = Added()
        else:
            place = None if everywhere else tiers.index(tier)
            found[touch_type, tier] = effect.of(1 + len(tiers) + types.index(touch_type), place, business)
    return AddedChance(found, "", len(rows.pattern), _model(fitted, rows, courses, tiers, types))


def _model(
    fitted: Fit, rows: Weeks, courses: Sequence[Course], tiers: Sequence[Key], types: Sequence[Key]
) -> ChanceModel:
    import numpy as np

    number = np.bincount(rows.pattern, minlength=len(rows.tier))
    most = {}
    for touch_type, counts in zip(types, rows.counts.T, strict=True):
        made = np.repeat(counts[counts > 0], number[counts > 0])
        most[touch_type] = float(np.quantile(made, USUAL)) if len(made) else 0.0
    of_tier = np.bincount(rows.tier, weights=number, minlength=len(tiers))
    lost = [sum(row.outcome == LOST for row in courses if row.tier == tier) for tier in tiers]
    shares = tuple((np.array(lost) / of_tier).tolist())
    theta, covariance = tuple(fitted.theta.tolist()), tuple(tuple(row) for row in fitted.covariance.tolist())
    return ChanceModel(tuple(tiers), tuple(types), theta, covariance, shares, most)


def design(rows: Weeks, tiers: int) -> np.ndarray:
    """Patterns x (intercept, tiers, touch types)."""
    import numpy as np

    of_tier = rows.tier[:, None] == np.arange(tiers)
    return np.column_stack([np.ones(len(rows.tier)), of_tier, rows.counts]).astype(float)


def fit(rows: Weeks, tiers: int, *, ridge: float = RIDGE) -> Fit | str:
    """Newton's method on the collapsed weeks; a text says why there is none."""
    import numpy as np

    wins = np.bincount(rows.pattern[rows.is_won], minlength=len(rows.tier))
    number = np.bincount(rows.pattern, minlength=len(rows.tier))
    if not wins.sum():
        return NO_WINS
    if wins.sum() == number.sum():
        return ONLY_WINS
    z = design(rows, tiers)
    penalty = np.full(z.shape[1], ridge)
    penalty[0] = 0.0
    theta = np.zeros(z.shape[1])
    theta[0] = np.log(wins.sum() / (number.sum() - wins.sum()))
    height = _height(theta, z, wins, number, penalty)
    for _ in range(MOST_STEPS):
        chance = _logistic(z @ theta)
        slope = z.T @ (wins - number * chance) - penalty * theta
        information = _information(z, number, chance, penalty)
        try:
            step = np.linalg.solve(information, slope)
        except np.linalg.LinAlgError:
            return NO_FIT
        # Newton's step where it leads upwards, else half of it, and so on.
        while (higher := _height(theta + step, z, wins, number, penalty)) < height - CLOSE and np.abs(
            step
        ).max() > CLOSE:
            step = step / 2
        theta, height = theta + step, higher
        if np.abs(step).max() < CLOSE:
            return Fit(theta, _sandwich(rows, z, number, theta, penalty))
    return NO_FIT


def _height(theta: np.ndarray, z: np.ndarray, wins: np.ndarray, number: np.ndarray, penalty: np.ndarray) -> float:
    """The penalised log-likelihood."""
    import numpy as np

    eta = z @ theta
    return float(wins @ eta - number @ np.logaddexp(0, eta) - penalty @ theta**2 / 2)


def _information(z: np.ndarray, number: np.ndarray, chance: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    import numpy as np

    return (z * (number * chance * (1 - chance))[:, None]).T @ z + np.diag(penalty)


def _sandwich(rows: Weeks, z: np.ndarray, number: np.ndarray, theta: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    import numpy as np

    chance = _logistic(z @ theta)
    left = rows.is_won - chance[rows.pattern]
    # A column at a time: weeks x columns at once would be large.
    scores = np.column_stack([np.bincount(rows.course, left * column[rows.pattern]) for column in z.T])
    inverse = np.linalg.inv(_information(z, number, chance, penalty))
    groups = len(scores)
    return inverse @ (scores.T @ scores) @ inverse * (groups / max(1, groups - 1))


def _logistic(eta: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.exp(-np.logaddexp(0, -eta))


class _Effects:
    """Average changes of the chance to win, and their gradients."""

    def __init__(self, rows: Weeks, fitted: Fit, z: np.ndarray) -> None:
        import numpy as np

        self.tier, self.fitted, self.z = rows.tier, fitted, z
        self.number = np.bincount(rows.pattern, minlength=len(rows.tier))
        self.before = _logistic(z @ fitted.theta)

    def of(self, column: int, tier: int | None, business: float) -> Added:
        """Of a touch type's column, on the weeks of a tier (None: of all)."""
        import numpy as np

        share = self.number * (1.0 if tier is None else self.tier == tier)
        share = share / share.sum()
        after = _logistic(self.z @ self.fitted.theta + self.fitted.theta[column])
        steeper = share * after * (1 - after)
        gradient = (steeper - share * self.before * (1 - self.before)) @ self.z
        gradient[column] += steeper.sum()
        scale = WINDOW_WEEKS * business
        value = scale * float(share @ (after - self.before))
        width = Z * scale * float(np.sqrt(gradient @ self.fitted.covariance @ gradient))
        return Added(value, value - width, value + width)
