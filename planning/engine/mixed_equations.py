"""Crossed random effects by Henderson's mixed-model equations, their variances by EM-REML (methods f).

    y = X b + Z_1 u_1 + Z_2 u_2 + ... + e,   u_k ~ N(0, s2_k I),   e ~ N(0, s2 I)

X has one 1 a row (its cell), Z_k a 1 for each level of factor k that holds in the row. With M = (X, Z_1, Z_2 ...) and
g_k = s2_k / s2 the equations (Henderson 1975) are

    C (b, u) = M'y,   C = M'M + diag(0, 1/g_1, 1/g_2 ...);   variance of an effect's error = s2 x its diagonal of C^-1

and the variances those that maximise the restricted likelihood (Patterson and Thompson 1971) by the steps (Dempster, Laird and
Rubin 1977; with s2 at its best for given ratios: Liu and Rubin 1994)

    s2 <- y'(y - M(b, u)) / (N - rank X),   s2_k <- (u_k'u_k + s2 x trace of k's block of C^-1) / levels of k

The steps alone take thousands where a variance is all but nothing. They tell the likelihood's slope, though,
d l / d ln g_k = levels of k / 2 x (g_k after the step / g_k - 1), and with it a quasi-Newton search (BFGS, Nocedal and Wright 2006,
6.1) goes on from the first steps, in sqrt(g): there the likelihood is smooth and flat at a variance of nothing. It ends where
nothing is left to gain.

The factor with most levels of which a row has at most one, customers as a rule, has a diagonal block D = diag(n + 1/g). It is absorbed
(Schur's complement), which is exact: nothing as large as its levels is ever inverted. As D depends on n alone, what all levels
with the same n bring is summed once, and a step costs the same however many rows there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np

# Standard deviations beside the residual's: where the search starts, the least, below which there is none, and the most.
START, LEAST, MOST = 0.45, 1e-3, 1e3
EM_STEPS = 2
# The search ends where it expects to gain no more of the logarithm of the likelihood.
CLOSE, MOST_ROUNDS = 1e-6, 100
# A step gains at least so much of what its slope promises, else a quarter of it is tried, down to a smallest part.
GAIN, SHORTEST = 1e-4, 1e-6
ROWS_AT_ONCE = 4096


class Factor(Struct, frozen=True):
    """Which levels (0 to `levels` - 1) hold in which rows, as pairs of equal length."""

    rows: np.ndarray
    of: np.ndarray
    levels: int


class Estimated(Struct, frozen=True):
    """Variances, effects by factor with the standard errors of their prediction, and cells' means.

    `converged`: whether the search ended by itself, after so many `rounds`.
    """

    variance: float
    variances: tuple[float, ...]
    cells: np.ndarray
    effects: tuple[np.ndarray, ...]
    errors: tuple[np.ndarray, ...]
    converged: bool
    rounds: int


def estimate(y: np.ndarray, cell: np.ndarray, factors: Sequence[Factor]) -> Estimated:
    """From N values, the cell of each (all cells 0 to the highest occur) and at least one factor with a level in some row.

    N must exceed the number of cells, and y differ within some cell: ValueError.
    """
    import numpy as np

    shift = np.bincount(cell, weights=y) / np.bincount(cell)
    centred = y - shift[cell]
    freedom = len(y) - len(shift)
    if freedom < 1 or not centred @ centred > 0:
        raise ValueError("values must differ within a cell")
    equations = _Equations(centred, cell, factors, freedom)
    at, converged, rounds = _search(equations)
    found = equations.at(at**2)
    effects, errors = equations.effects(found)
    variances = np.where(at > LEAST, at**2 * found.variance, 0.0)
    cells = shift + found.solved[: len(shift)]
    return Estimated(found.variance, tuple(variances.tolist()), cells, effects, errors, converged, rounds)


class _Solved(Struct, frozen=True):
    """The equations at given ratios: where an EM step leads from them, and the restricted log-likelihood."""

    ratios: np.ndarray
    following: np.ndarray
    height: float
    variance: float
    solved: np.ndarray
    inverse: np.ndarray


class _Equations:
    """Sums over rows of which any step is made: W stands for cells and all factors but the absorbed one."""

    def __init__(self, y: np.ndarray, cell: np.ndarray, factors: Sequence[Factor], freedom: int) -> None:
        import numpy as np

        self.freedom, self.factors = freedom, factors
        self.absorbed = max(
            (k for k, row in enumerate(factors) if len(row.rows) == len(np.unique(row.rows))),
            key=lambda k: factors[k].levels,
            default=None,
        )
        cells = int(cell.max()) + 1
        self.blocks: list[slice | None] = []
        rows, columns, width = [np.arange(len(y))], [cell], cells
        for k, factor in enumerate(factors):
            if k == self.absorbed:
                self.blocks.append(None)
                continue
            self.blocks.append(slice(width, width + factor.levels))
            rows.append(factor.rows)
            columns.append(factor.of + width)
            width += factor.levels
        self.width = width
        self.yy = float(y @ y)
        self._sum_dense(y, np.concatenate(rows), np.concatenate(columns))
        self._sum_absorbed(y, np.concatenate(rows), np.concatenate(columns))

    def _sum_dense(self, y: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        """W'W and W'y, some rows at once to hold memory."""
        import numpy as np

        order = np.argsort(rows, kind="stable")
        rows, columns = rows[order], columns[order]
        self.ww = np.zeros((self.width, self.width))
        for first in range(0, len(y), ROWS_AT_ONCE):
            begin, end = np.searchsorted(rows, (first, first + ROWS_AT_ONCE))
            some = np.zeros((min(ROWS_AT_ONCE, len(y) - first), self.width))
            some[rows[begin:end] - first, columns[begin:end]] = 1.0
            self.ww += some.T @ some
        self.wy = np.bincount(columns, weights=y[rows], minlength=self.width)

    def _sum_absorbed(self, y: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
        """Z'W, Z'y and n of the absorbed factor; their squares and products summed over levels with the same n."""
        import numpy as np

        factor = None if self.absorbed is None else self.factors[self.absorbed]
        levels = factor.levels if factor else 0
        of_row = np.full(len(y), -1)
        if factor:
            of_row[factor.rows] = factor.of
        level = of_row[rows]
        has = level >= 0
        self.zw = np.bincount(level[has] * self.width + columns[has], minlength=levels * self.width)
        self.zw = self.zw.reshape(levels, self.width).astype(np.float64)
        known = of_row >= 0
        self.n = np.bincount(of_row[known], minlength=levels)
        self.zy = np.bincount(of_row[known], weights=y[known], minlength=levels)
        self.sizes, self.alike = np.unique(self.n, return_counts=True)
        self.products = np.zeros((len(self.sizes), self.width, self.width))
        self.crossed = np.zeros((len(self.sizes), self.width))
        self.squares = np.zeros(len(self.sizes))
        for place, size in enumerate(self.sizes):
            some = self.n == size
            between, sums = self.zw[some], self.zy[some]
            self.products[place] = between.T @ between
            self.crossed[place] = sums @ between
            self.squares[place] = sums @ sums

    def at(self, ratios: np.ndarray) -> _Solved:
        """Solve at these ratios of variances to the residual's."""
        import numpy as np

        weights = self._weights(ratios)
        matrix = self.ww - np.tensordot(weights, self.products, axes=1)
        diagonal = matrix.reshape(-1)[:: self.width + 1]
        for block, ratio in zip(self.blocks, ratios, strict=True):
            if block is not None:
                diagonal[block] += 1 / ratio
        inverse = np.linalg.inv(matrix)
        solved = inverse @ (self.wy - weights @ self.crossed)
        left = self.yy - solved @ self.wy - weights @ (self.squares - self.crossed @ solved)
        variance = max(float(left), 0.0) / self.freedom
        following, volume = np.zeros(len(ratios)), float(np.linalg.slogdet(matrix)[1])
        for k, (block, factor) in enumerate(zip(self.blocks, self.factors, strict=True)):
            if block is not None:
                squared, trace = solved[block] @ solved[block], np.trace(inverse[block, block])
            else:
                of_sizes = self.squares - 2 * self.crossed @ solved + self.products @ solved @ solved
                squared = weights**2 @ of_sizes
                traces = np.tensordot(self.products, inverse, axes=([1, 2], [0, 1]))
                trace = weights @ self.alike + weights**2 @ traces
                volume -= float(self.alike @ np.log(weights))
            following[k] = (squared / variance + trace) / factor.levels if variance else 0.0
            volume += factor.levels * float(np.log(ratios[k]))
        height = -(self.freedom * float(np.log(variance or np.finfo(float).tiny)) + volume) / 2
        return _Solved(ratios, following, height, variance, solved, inverse)

    def _weights(self, ratios: np.ndarray) -> np.ndarray:
        """1 / D for each n; nothing is absorbed: no levels, no weights."""
        import numpy as np

        if self.absorbed is None:
            return np.zeros(len(self.sizes))
        return 1 / (self.sizes + 1 / ratios[self.absorbed])

    def effects(self, found: _Solved) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        """Of each factor the effects and the standard errors of their prediction."""
        import numpy as np

        diagonal = np.diag(found.inverse)
        effects, spreads = [], []
        for k, block in enumerate(self.blocks):
            if block is not None:
                effects.append(found.solved[block])
                spreads.append(diagonal[block])
            else:
                weight = 1 / (self.n + 1 / found.ratios[k])
                effects.append(weight * (self.zy - self.zw @ found.solved))
                spreads.append(weight + weight**2 * np.einsum("ij,ij->i", self.zw @ found.inverse, self.zw))
        errors = tuple(np.sqrt(found.variance * np.maximum(spread, 0)) for spread in spreads)
        return tuple(effects), errors


def _search(equations: _Equations) -> tuple[np.ndarray, bool, int]:
    """The square roots of the ratios with the highest likelihood; whether they were reached, and in how many rounds."""
    import numpy as np

    levels = np.array([factor.levels for factor in equations.factors])
    at = np.full(len(levels), START)
    for _ in range(EM_STEPS):
        at = np.clip(np.sqrt(equations.at(at**2).following), LEAST, MOST)
    here, slope = _slope(equations, at, levels)
    curve = np.diag(at**2 / (2 * levels))
    for rounds in range(MOST_ROUNDS):
        way = curve @ slope
        if slope @ way / 2 < CLOSE:
            return at, True, rounds
        part = 1.0
        while True:
            then = np.clip(np.abs(at + part * way), LEAST, MOST)
            there, new_slope = _slope(equations, then, levels)
            if there.height >= here.height + GAIN * part * (slope @ way):
                break
            part /= 4
            if part < SHORTEST:
                return at, False, rounds
        curve = _curved(curve, then - at, slope - new_slope)
        at, here, slope = then, there, new_slope
    return at, False, MOST_ROUNDS


def _slope(equations: _Equations, at: np.ndarray, levels: np.ndarray) -> tuple[_Solved, np.ndarray]:
    """The equations at square roots of ratios, and the slope of the likelihood there: none where it leads out of bounds."""
    import numpy as np

    found = equations.at(at**2)
    slope = levels * (found.following / found.ratios - 1) / at
    return found, np.where(((at <= LEAST) & (slope < 0)) | ((at >= MOST) & (slope > 0)), 0.0, slope)


def _curved(curve: np.ndarray, moved: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """The inverse of the curvature after a move that turned the slope; kept where that would make it no maximum."""
    import numpy as np

    if not moved @ turned > 0:
        return curve
    part = 1 / (moved @ turned)
    still = np.eye(len(moved)) - part * np.outer(moved, turned)
    return still @ curve @ still.T + part * np.outer(moved, moved)
