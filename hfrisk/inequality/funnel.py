"""Funnel plots: how far from the average a trust of a given size lies by chance alone.

Limits are the exact binomial ones, interpolated between whole numbers of events, and over-dispersion is the mean of squared z scores after
a tenth at either end is pulled in (winsorised); both from Spiegelhalter, Statistics in Medicine 2005;24:1185. Where trusts scatter
more than chance allows, limits are widened by the root of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from hfrisk.inequality.clustered import Floats

__all__ = ["LIMITS", "Dispersion", "control_limits", "dispersion", "place_of"]

LIMITS = {"95": 0.95, "998": 0.998}
"""About two, and about three standard errors."""

_WINSORISED = 0.1
_FEWEST_TRUSTS = 5


class Dispersion(NamedTuple):
    """`ratio`: mean squared z score, 1 by chance alone. `more`: whether that is more than chance gives."""

    ratio: float
    more: bool

    @property
    def widening(self) -> float:
        """The factor by which limits are widened: 1 where chance is enough."""
        return float(np.sqrt(self.ratio)) if self.more else 1.0


def control_limits(target: float, n: Floats, within: float) -> tuple[Floats, Floats]:
    """Lower and upper limit of the share at each size, within which so many lie by chance.

    With r the smallest count for which P(R <= r) exceeds p, the limit is (r - a) / n with
    a = (P(R <= r) - p) / (P(R <= r) - P(R <= r - 1)): Spiegelhalter 2005, appendix A.1.1.
    """
    ends = []
    for p in ((1 - within) / 2, (1 + within) / 2):
        r = binom.ppf(p, n, target)
        upto, before = binom.cdf(r, n, target), binom.cdf(r - 1, n, target)
        ends.append((r - (upto - p) / (upto - before)) / n)
    return np.maximum(ends[0], 0.0), np.minimum(ends[1], 1.0)


def dispersion(target: float, n: Floats, events: Floats) -> Dispersion:
    """How much more trusts scatter than chance allows; NaN and no with fewer than five of them.

    It is called more than chance when it exceeds 1 + 2 sqrt(2 / trusts), about two standard errors of it above 1.
    """
    if len(n) < _FEWEST_TRUSTS:
        return Dispersion(float("nan"), False)
    z = (events / n - target) / np.sqrt(target * (1 - target) / n)
    low, high = np.quantile(z, (_WINSORISED, 1 - _WINSORISED))
    ratio = float(np.mean(np.clip(z, low, high) ** 2))
    return Dispersion(ratio, ratio > 1 + 2 * np.sqrt(2 / len(n)))


def place_of(share: float, target: float, limits: tuple[float, float], widening: float) -> str:
    """``above``, ``below`` or ``within`` the limits, widened about the target."""
    low, high = (target + widening * (limit - target) for limit in limits)
    return "above" if share > high else "below" if share < low else "within"
