"""Calibrators that are logistic regressions: Platt's on the log-odds, and beta calibration on both logarithms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["LEAST_SLOPE", "beta", "intercept_of", "maximum_likelihood", "platt"]

LEAST_SLOPE = 0.01
"""A slope is held at or above this: below it, the order out of fold is noise, and may not be reversed."""

_MOST_STEPS = 50

Floats = NDArray[np.float64]


def platt(x: Floats, y: Floats) -> dict[str, float]:
    """Logistic regression of the event on the log-odds, without penalty (Platt 1999)."""
    intercept, (slope,) = _fitted(x[:, None], y)
    if slope < LEAST_SLOPE:
        return {"intercept": intercept_of(LEAST_SLOPE * x, y), "slope": LEAST_SLOPE}
    return {"intercept": intercept, "slope": slope}


def beta(x: Floats, y: Floats) -> dict[str, float]:
    """Beta calibration: logistic regression on ln s and -ln(1 - s), s the risk before calibration.

    Of two coefficients, one that would be negative is set to nought and the other fitted again, so that the order is
    kept (Kull, Silva Filho and Flach, Electron J Stat 2017;11:5052); where nothing but noise is left, both are the least slope.
    """
    event, none = -np.logaddexp(0, -x), np.logaddexp(0, x)
    intercept, slopes = _fitted(np.column_stack([event, none]), y)
    if min(slopes) < 0:
        kept = 1 if slopes[0] < 0 else 0
        intercept, (slope,) = _fitted((event, none)[kept][:, None], y)
        slopes = [slope if place == kept else 0.0 for place in (0, 1)]
    if max(slopes) < LEAST_SLOPE:
        # with equal coefficients the two logarithms add up to the log-odds
        intercept, slopes = intercept_of(LEAST_SLOPE * x, y), [LEAST_SLOPE, LEAST_SLOPE]
    return {"intercept": intercept, "slope_event": slopes[0], "slope_none": slopes[1]}


def _fitted(columns: Floats, y: Floats) -> tuple[float, list[float]]:
    solution = maximum_likelihood(columns, y)
    if solution is None:
        # separated: only his smoothed targets have a solution
        events, others = y.sum(), len(y) - y.sum()
        smoothed = np.where(y == 1, (events + 1) / (events + 2), 1 / (others + 2))
        solution = maximum_likelihood(columns, smoothed)
    if solution is None:
        raise FloatingPointError("the logistic calibrator did not converge")
    return solution


def maximum_likelihood(columns: Floats, y: Floats) -> tuple[float, list[float]] | None:
    """Intercept and coefficients of a logistic regression without penalty; None if there are no finite ones.

    Columns that do not vary have the coefficient nought.
    """
    centre, spread = columns.mean(axis=0), columns.std(axis=0)
    width = columns.shape[1]
    if (spread <= 1e-12 * np.maximum(1.0, np.abs(centre))).any():
        return intercept_of(np.zeros(len(y)), y), [0.0] * width
    design = np.column_stack([np.ones(len(y)), (columns - centre) / spread])
    found = np.r_[special.logit(y.mean()), np.zeros(width)]
    for _ in range(_MOST_STEPS):
        risk = special.expit(design @ found)
        information = (design * (risk * (1 - risk))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12 or np.abs(found).max() > 50:
            return None
        step = np.linalg.solve(information, design.T @ (y - risk))
        found = found + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-9:  # the error is squared once more by the step just taken
            break
    else:
        return None
    slopes = found[1:] / spread
    return float(found[0] - slopes @ centre), [float(slope) for slope in slopes]


def intercept_of(offset: Floats, y: Floats) -> float:
    """The intercept, beside an offset whose coefficient is one, that makes the sum of risks the number of events."""
    a = float(special.logit(y.mean())) - float(offset.mean())
    for _ in range(_MOST_STEPS):
        risk = special.expit(a + offset)
        step = float((y - risk).sum() / (risk * (1 - risk)).sum())
        a += max(-2.0, min(2.0, step))
        if abs(step) < 1e-13:
            break
    return a
