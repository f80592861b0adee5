"""The loess calibration curve: slower than the spline and without weights, for comparison with published ICIs."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import Array, two_classes

__all__ = ["ici_loess", "loess"]

_EVALUATIONS = 400


def loess(event: npt.ArrayLike, risk: npt.ArrayLike, at: npt.ArrayLike, span: float = 0.75) -> Array:
    """Local quadratic regression of the outcome on the risk, with tricube weights.

    The same as R's ``predict(loess(event ~ risk, span=span, degree=2, surface="direct"), at)``; R's default surface
    interpolates between a few such points and differs in the third decimal (Cleveland and Devlin, JASA 1988;83:596).

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    at
        Risks at which to estimate.
    span
        Share of the discharges that each local fit uses, at most 1.

    Returns
    -------
    ndarray
        Estimated share with the event at each of `at`; NaN where the nearest discharges have fewer than three
        different risks.
    """
    outcome, probability = two_classes(event, risk)
    order = np.argsort(probability, kind="stable")
    x, y = probability[order], outcome[order]
    nearest = max(1, math.floor(len(x) * span + 1e-5))
    estimates = np.full(np.shape(at), np.nan)
    for position, point in enumerate(np.asarray(at, dtype=np.float64)):
        distance = np.abs(x - point)
        reach = np.partition(distance, nearest - 1)[nearest - 1]
        near = distance < reach
        if len(np.unique(x[near])) < 3:
            continue
        root = np.sqrt((1 - (distance[near] / reach) ** 3) ** 3)
        scaled = (x[near] - point) / reach
        design = np.column_stack([np.ones_like(scaled), scaled, scaled**2]) * root[:, None]
        estimates[position] = np.linalg.lstsq(design, y[near] * root, rcond=None)[0][0]
    return estimates


def ici_loess(event: npt.ArrayLike, risk: npt.ArrayLike, span: float = 0.75) -> float:
    """Mean distance between risk and loess curve (Austin and Steyerberg, Statistics in Medicine 2019;38:4051).

    The curve is fitted at up to 400 risks spread over the predictions and interpolated between them.
    """
    _, probability = two_classes(event, risk)
    points = np.unique(probability)
    if len(points) > _EVALUATIONS:
        points = np.unique(np.quantile(points, np.linspace(0, 1, _EVALUATIONS)))
    curve = loess(event, risk, points, span)
    return float(np.abs(probability - np.interp(probability, points, curve)).mean())
