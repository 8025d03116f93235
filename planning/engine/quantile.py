"""Quantiles by linear interpolation (domain 4)."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

QUARTILES = (0.25, 0.5, 0.75)

Share = TypeVar("Share", float, Fraction)


def quantile(values: Sequence[Share] | Sequence[int], share: Share) -> Share:
    """Of values in order, at least one: what lies between two of them is on the line between them. Exact by a Fraction of whole
    numbers, where it matters whether something is as large or larger."""
    place = (len(values) - 1) * share
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)
