"""Quantiles of the beta distribution, many at once: what intervals around chances are read from."""

from __future__ import annotations

from math import lgamma
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

# Bisection halves the interval from 0 to 1 so often: to 1e-15.
HALVINGS = 50
# Steps of the continued fraction; some ten times the root of the larger parameter are enough.
MOST_STEPS, CLOSE, TINY = 10_000, 1e-13, 1e-300


def beta_quantiles(share: float, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The value that beta(a, b) stays below with the probability `share`; a and b above 0, of the same shape.

    By bisection of the regularised incomplete beta function.
    """
    import numpy as np

    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = np.array([lgamma(x + y) - lgamma(x) - lgamma(y) for x, y in zip(a, b, strict=True)])
    low, high = np.zeros(a.shape), np.ones(a.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_below = _below(middle, a, b, scale) < share
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return (low + high) / 2


def _below(x: np.ndarray, a: np.ndarray, b: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """How probable a smaller value is; from whichever end the fraction converges quickly (Press et al. 2007, 6.4)."""
    import numpy as np

    turned = x > (a + 1) / (a + b + 2)
    p, q, z = np.where(turned, b, a), np.where(turned, a, b), np.where(turned, 1 - x, x)
    front = np.exp(scale + p * np.log(z) + q * np.log1p(-z)) / p
    found = front * _fraction(z, p, q)
    return np.where(turned, 1 - found, found)


def _fraction(x: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of Lentz."""
    import numpy as np

    def held(value: np.ndarray) -> np.ndarray:
        return np.where(np.abs(value) < TINY, TINY, value)

    above = np.ones(x.shape)
    below = 1 / held(1 - (a + b) * x / (a + 1))
    found = below
    for step in range(1, MOST_STEPS):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        below, above = 1 / held(1 + even * below), held(1 + even / above)
        found = found * below * above
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        below, above = 1 / held(1 + odd * below), held(1 + odd / above)
        change = below * above
        found = found * change
        if np.all(np.abs(change - 1) < CLOSE):
            break
    return found
