"""Standardised mean differences: how far two lots of people differ in one characteristic, in units of its spread.

Formulas: Austin, Commun Stat Simul Comput 2009;38:1228 (continuous, binary); Yang and Dalton, SAS Global Forum 2012, paper 335
(categorical: a Mahalanobis distance between the two lists of shares). All are given without a sign, as R's tableone gives them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["binary_difference", "categorical_difference", "continuous_difference"]


def continuous_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """``|m1 - m2| / sqrt((s1^2 + s2^2) / 2)`` of recorded values, variances with n - 1.

    Parameters
    ----------
    first, second
        Values of the two lots of people; NaN is not recorded and is left out.

    Returns
    -------
    float
        NaN where either lot has fewer than two values, or where nobody differs from anybody.
    """
    a, b = (np.asarray(x, dtype=np.float64) for x in (first, second))
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    if min(len(a), len(b)) < 2:
        return math.nan
    spread = math.sqrt((float(a.var(ddof=1)) + float(b.var(ddof=1))) / 2)
    # a constant column can have a variance of 1e-30 by rounding alone
    if spread <= 1e-9 * max(1.0, abs(float(a.mean())), abs(float(b.mean()))):
        return math.nan
    return abs(float(a.mean()) - float(b.mean())) / spread


def binary_difference(first: float, second: float) -> float:
    """``|p1 - p2| / sqrt((p1 (1 - p1) + p2 (1 - p2)) / 2)`` of two shares (0 to 1); NaN where neither varies."""
    spread = math.sqrt((first * (1 - first) + second * (1 - second)) / 2)
    return abs(first - second) / spread if spread > 0 else math.nan


def categorical_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """``sqrt((t - c)' S^-1 (t - c))``, with t and c the shares of all levels but one and S the mean of their covariances.

    Parameters
    ----------
    first, second
        Shares (or counts) of the levels in the two lots of people, each of shape (levels,).

    Returns
    -------
    float
        NaN with fewer than two levels, with nobody in either lot, or where neither varies. Levels that nobody has are left out; S is
        inverted in the sense of Moore and Penrose, since a level may be empty on one side.
    """
    t, c = (np.asarray(x, dtype=np.float64) for x in (first, second))
    kept = (t + c) > 0
    if kept.sum() < 2 or t.sum() <= 0 or c.sum() <= 0:
        return math.nan
    t, c = t[kept] / t.sum(), c[kept] / c.sum()
    gap = (t - c)[1:]
    covariance = (np.diag(t) - np.outer(t, t) + np.diag(c) - np.outer(c, c))[1:, 1:] / 2
    squared = float(gap @ np.linalg.pinv(covariance, hermitian=True) @ gap)
    return math.sqrt(max(squared, 0.0))
