"""From log-odds to risk: calibrators that are plain numbers, fitted without ever scoring their own rows.

A calibrator is a dictionary that survives JSON. It never reverses the order in which the model puts people.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.isotonic import IsotonicRegression

__all__ = ["LEAST_SLOPE", "apply_calibrator", "cross_fit", "fit_calibrator"]

LEAST_SLOPE = 0.01
"""A Platt slope is held at or above this: below it, the order out of fold is noise, and may not be reversed."""

_LEAST_BLOCK = 50
_DECIMALS = 4
_MOST_STEPS = 50

Method = Literal["none", "platt", "isotonic"]
Floats = NDArray[np.float64]


def fit_calibrator(method: Method, margin: ArrayLike, event: ArrayLike) -> dict[str, Any]:
    """Fit a calibrator on log-odds that were predicted out of fold.

    Parameters
    ----------
    method
        ``none``; ``platt``: logistic regression of the event on the log-odds, without penalty (Platt 1999, without
        his smoothed targets unless events and non-events are separated, when only those have a solution);
        ``isotonic``: the best non-decreasing steps, those of fewer than 50 rows joined to a neighbour, and
        straight lines between their centres, so that ties are not made; four decimals.
    margin
        Log-odds.
    event
        0 or 1.

    Returns
    -------
    dict
        ``{"method": "platt", "intercept": a, "slope": b}``, ``{"method": "isotonic", "x": [...], "y": [...]}`` with
        ``x`` in log-odds and ``y`` in probability, or ``{"method": "none"}``.
    """
    x = np.asarray(margin, dtype=np.float64)
    y = np.asarray(event, dtype=np.float64)
    if method == "none":
        return {"method": "none"}
    if method == "platt":
        intercept, slope = _platt(x, y)
        return {"method": "platt", "intercept": intercept, "slope": slope}
    return {"method": "isotonic", **_isotonic(x, y)}


def apply_calibrator(calibrator: dict[str, Any], margin: ArrayLike) -> Floats:
    """Risks from log-odds.

    Parameters
    ----------
    calibrator
        As `fit_calibrator` returns it, or as read back from JSON.
    margin
        Log-odds.

    Returns
    -------
    numpy.ndarray
        Probabilities.
    """
    x = np.asarray(margin, dtype=np.float64)
    method = calibrator["method"]
    if method == "none":
        return np.asarray(special.expit(x), dtype=np.float64)
    if method == "platt":
        return np.asarray(special.expit(calibrator["intercept"] + calibrator["slope"] * x), dtype=np.float64)
    if method == "isotonic":
        return np.asarray(np.interp(x, calibrator["x"], calibrator["y"]), dtype=np.float64)
    raise ValueError(f"unknown calibration method: {method}")


def cross_fit(method: Method, margin: ArrayLike, event: ArrayLike, fold: ArrayLike) -> Floats:
    """Calibrated risks in which no row was seen by the calibrator that scored it (decision 12).

    Parameters
    ----------
    method
        As in `fit_calibrator`.
    margin
        Out-of-fold log-odds.
    event
        0 or 1.
    fold
        The person fold of each row.

    Returns
    -------
    numpy.ndarray
        Rows of fold k are scored by a calibrator fitted on all other folds.
    """
    x, y, folds = np.asarray(margin, dtype=np.float64), np.asarray(event), np.asarray(fold)
    risk = np.empty(len(x))
    for k in np.unique(folds):
        inside = folds == k
        risk[inside] = apply_calibrator(fit_calibrator(method, x[~inside], y[~inside]), x[inside])
    return risk


def _platt(x: Floats, y: Floats) -> tuple[float, float]:
    solution = _newton(x, y)
    if solution is None:
        events, others = y.sum(), len(y) - y.sum()
        smoothed = np.where(y == 1, (events + 1) / (events + 2), 1 / (others + 2))
        solution = _newton(x, smoothed)
    if solution is None:
        raise FloatingPointError("the logistic calibrator did not converge")
    intercept, slope = solution
    if slope < LEAST_SLOPE:
        return _intercept(LEAST_SLOPE * x, y), LEAST_SLOPE
    return intercept, slope


def _newton(x: Floats, y: Floats) -> tuple[float, float] | None:
    """Maximum likelihood of two coefficients; None if there is no finite one."""
    centre, spread = float(x.mean()), float(x.std())
    if spread <= 1e-12 * max(1.0, abs(centre)):
        return _intercept(np.zeros_like(x), y), 0.0
    design = np.column_stack([np.ones_like(x), (x - centre) / spread])
    beta = np.array([special.logit(y.mean()), 0.0])
    for _ in range(_MOST_STEPS):
        risk = special.expit(design @ beta)
        information = (design * (risk * (1 - risk))[:, None]).T @ design
        if np.linalg.cond(information) > 1e12 or np.abs(beta).max() > 50:
            return None
        step = np.linalg.solve(information, design.T @ (y - risk))
        beta = beta + step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-12:
            break
    else:
        return None
    slope = float(beta[1]) / spread
    return float(beta[0]) - slope * centre, slope


def _intercept(offset: Floats, y: Floats) -> float:
    """The intercept that makes the sum of risks equal the number of events."""
    a = float(special.logit(y.mean()))
    for _ in range(_MOST_STEPS):
        risk = special.expit(a + offset)
        step = float((y - risk).sum() / (risk * (1 - risk)).sum())
        a += step
        if abs(step) < 1e-13:
            break
    return a


def _isotonic(x: Floats, y: Floats) -> dict[str, list[float]]:
    level = IsotonicRegression().fit_transform(x, y)
    _, block = np.unique(level, return_inverse=True)
    size = np.bincount(block).astype(np.float64)
    events, centre = np.bincount(block, y), np.bincount(block, x)
    joined: list[list[float]] = []
    for part in zip(size, events, centre, strict=True):
        if joined and (joined[-1][0] < _LEAST_BLOCK or part[0] < _LEAST_BLOCK):
            joined[-1] = [a + b for a, b in zip(joined[-1], part, strict=True)]
        else:
            joined.append(list(part))
    sizes, totals, sums = (np.array(column) for column in zip(*joined, strict=True))
    # Laplace's rule where a block is all or nothing: at 0 and 1 the log loss of a surprise is infinite.
    rate = np.clip(totals / sizes, 1 / (sizes + 2), (sizes + 1) / (sizes + 2))
    # Four decimals, so that the table that is used is one that may leave: an exact share of fifty rows is a count.
    x_shown, first = np.unique(np.round(sums / sizes, _DECIMALS), return_index=True)
    return {"x": x_shown.tolist(), "y": np.round(np.maximum.accumulate(rate), _DECIMALS)[first].tolist()}
