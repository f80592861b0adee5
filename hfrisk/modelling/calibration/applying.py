"""Every form of a calibrator, applied. The consumers' own file (`hfrisk.registry.consumer`) knows the same forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["apply_calibrator", "log_odds"]

Floats = NDArray[np.float64]


def apply_calibrator(calibrator: Mapping[str, Any], margin: ArrayLike) -> Floats:
    """Risks from log-odds.

    Parameters
    ----------
    calibrator
        As `fit_calibrator` or a recalibration returns it, or as read back from JSON.
    margin
        Log-odds.

    Returns
    -------
    numpy.ndarray
        Probabilities.

    Raises
    ------
    ValueError
        If the form is unknown.
    """
    return np.asarray(special.expit(log_odds(calibrator, margin)), dtype=np.float64)


def log_odds(calibrator: Mapping[str, Any], margin: ArrayLike) -> Floats:
    """The log-odds of the calibrated risk: exact where a risk would be rounded to nought or one."""
    x = np.asarray(margin, dtype=np.float64)
    method = calibrator["method"]
    if method == "none":
        return x
    if method == "platt":
        return np.asarray(calibrator["intercept"] + calibrator["slope"] * x)
    if method == "beta":
        # with s the risk before calibration, ln s is -ln(1 + exp(-x)) and -ln(1 - s) is ln(1 + exp(x))
        event, none = calibrator["slope_event"], calibrator["slope_none"]
        return np.asarray(calibrator["intercept"] - event * np.logaddexp(0, -x) + none * np.logaddexp(0, x))
    if method in {"isotonic", "piecewise_linear"}:
        return np.asarray(special.logit(np.interp(x, calibrator["x"], calibrator["y"])))
    if method == "venn_abers":
        block = np.searchsorted(np.asarray(calibrator["edges"], dtype=np.float64), x, side="right")
        p0, p1 = (np.asarray(calibrator[name], dtype=np.float64)[block] for name in ("p0", "p1"))
        # the odds of p1 / (1 - p0 + p1)
        return np.asarray(np.log(p1) - np.log1p(-p0))
    if method == "recalibrated":
        return np.asarray(calibrator["intercept"] + calibrator["slope"] * log_odds(calibrator["of"], x))
    raise ValueError(f"unknown calibration method: {method}")
