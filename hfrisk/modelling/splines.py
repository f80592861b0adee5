"""Restricted cubic splines as Harrell defines them, with knots on the grid that a feature is recorded on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["place_knots", "spline_basis", "to_grid"]

Floats = NDArray[np.float64]

# Harrell, Regression Modeling Strategies, 2nd ed., table 2.3.
_PLACES = {3: (0.10, 0.50, 0.90), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.50, 0.725, 0.95)}
_FEW_VALUES = 10
_TOO_FEW_VALUES = 5


def to_grid(values: ArrayLike, precision: float) -> Floats:
    """The nearest multiples of `precision`, free of the tail of binary fractions (0.3, not 0.30000000000000004)."""
    steps = np.rint(np.asarray(values, dtype=np.float64) / precision)
    return np.round(steps * precision, 10)


def place_knots(values: ArrayLike, knots: int, precision: float) -> list[float]:
    """Knots at fixed centiles of the recorded values, on the feature's grid.

    Parameters
    ----------
    values
        May hold NaN, which is passed over.
    knots
        3, 4 or 5; features with fewer than 10 distinct values get 3.
    precision
        The feature's grid, in its own unit.

    Returns
    -------
    list of float
        Increasing and distinct; empty where fewer than five distinct values, or fewer than three distinct knots,
        leave nothing to bend.
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[~np.isnan(x)]
    distinct = len(np.unique(x))
    if distinct < _TOO_FEW_VALUES:
        return []
    places = _PLACES[knots if distinct >= _FEW_VALUES else 3]
    placed = np.unique(to_grid(np.quantile(x, places), precision))
    return placed.tolist() if len(placed) >= 3 else []


def spline_basis(values: ArrayLike, knots: ArrayLike) -> Floats:
    """Restricted cubic spline: linear beyond the outer knots, smooth between.

    The truncated-power basis of Harrell, scaled by the squared distance of the outer knots
    (`Hmisc::rcspline.eval` with ``norm = 2``, ``inclx = TRUE``).

    Parameters
    ----------
    values
        Without NaN.
    knots
        At least three, increasing.

    Returns
    -------
    numpy.ndarray
        One column for the value itself, and one for each knot but two.
    """
    x = np.asarray(values, dtype=np.float64)
    t = np.asarray(knots, dtype=np.float64)
    last, before = t[-1], t[-2]
    scale = (last - t[0]) ** 2

    def cube(knot: float) -> Floats:
        return np.asarray(np.maximum(x - knot, 0.0) ** 3)

    bends = [
        (cube(knot) - cube(before) * (last - knot) / (last - before) + cube(last) * (before - knot) / (last - before))
        / scale
        for knot in t[:-2]
    ]
    return np.column_stack([x, *bends])
