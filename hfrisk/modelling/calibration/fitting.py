"""Fitting a calibrator by its name, once on everything or in turn without each fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hfrisk.modelling.calibration.applying import apply_calibrator
from hfrisk.modelling.calibration.logistic import LEAST_SLOPE, beta, platt
from hfrisk.modelling.calibration.outside import fit_outside
from hfrisk.modelling.calibration.tables import isotonic, venn_abers

__all__ = ["BUILT_IN", "cross_fit", "fit_calibrator", "tells_apart"]

Floats = NDArray[np.float64]

_Maker = Callable[[Floats, Floats], Mapping[str, Any]]
_MAKERS: dict[str, _Maker] = {"platt": platt, "beta": beta, "isotonic": isotonic, "venn_abers": venn_abers}

BUILT_IN = ("none", *_MAKERS)
"""Methods that ship, the simplest first: no number, two, three, and two kinds of table."""


def fit_calibrator(method: str, margin: ArrayLike, event: ArrayLike) -> dict[str, Any]:
    """Fit a calibrator on log-odds that were predicted out of fold.

    Parameters
    ----------
    method
        ``none``; ``platt``: logistic regression of the event on the log-odds, without penalty (Platt 1999, without
        his smoothed targets unless events and non-events are separated, when only those have a solution);
        ``beta``: three parameters (Kull, Silva Filho and Flach 2017), likewise;
        ``isotonic``: the best non-decreasing steps, those of fewer than 50 rows joined to a neighbour, and
        straight lines between their centres, so that ties are not made; four decimals;
        ``venn_abers``: the Venn-Abers predictor (Vovk and Petej 2014) of blocks of at least 50 rows; four decimals. It
        ties the people of a block. Or a method that another package adds (`hfrisk.modelling.calibration.outside`).
    margin
        Log-odds.
    event
        0 or 1.

    Returns
    -------
    dict
        ``{"method": "none"}``; ``{"method": "platt", "intercept", "slope"}``; ``{"method": "beta", "intercept",
        "slope_event", "slope_none"}``, the coefficients of ln s and of -ln(1 - s); ``{"method": "isotonic", "x": [...],
        "y": [...]}`` with ``x`` in log-odds and ``y`` in probability; or ``{"method": "venn_abers", "edges": [...],
        "p0": [...], "p1": [...]}``.

    Raises
    ------
    StudyError
        If a method from outside is not there, or gives something that cannot be applied.
    """
    x = np.asarray(margin, dtype=np.float64)
    y = np.asarray(event, dtype=np.float64)
    if method == "none":
        return {"method": "none"}
    if method in _MAKERS:
        return {"method": method, **_MAKERS[method](x, y)}
    return fit_outside(method, x, y)


def cross_fit(method: str, margin: ArrayLike, event: ArrayLike, fold: ArrayLike) -> Floats:
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


def tells_apart(calibrator: Mapping[str, Any]) -> bool:
    """Whether a calibrator left more of the model's order than the least slope, or one level for all."""
    slopes = [calibrator[name] for name in ("slope", "slope_event", "slope_none") if name in calibrator]
    if slopes:
        return bool(max(slopes) > LEAST_SLOPE)
    levels = [calibrator[name] for name in ("y", "p0", "p1") if name in calibrator]
    return not levels or any(len(set(level)) > 1 for level in levels)
