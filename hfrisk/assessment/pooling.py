"""Random-effects meta-analysis of estimates from several trusts, or groups of people: the mean, how far they differ, what a new one
may see, and what each is drawn to.

The variance between trusts is by restricted maximum likelihood (REML). The interval of the mean is Hartung and Knapp's, with t of
k - 1 degrees of freedom and never narrower than the plain one (their factor q is held at 1 or above; `metafor` calls it
``test = "adhoc"``). The prediction interval is ``mean +- t(k - 1) sqrt(tau2 + se2)``, as `metafor` gives it with that test.

Sources: Hartung and Knapp, Stat Med 2001;20:3875; Knapp and Hartung, Stat Med 2003;22:2693; IntHout, Ioannidis, Rovers and Goeman, BMJ
Open 2016;6:e010247; Debray et al., BMJ 2017;356:i6460; Snell, Ensor, Debray, Moons and Riley, Stat Methods Med Res 2018;27:3505 (logit
AUROC and log O/E are closer to normal); Raudenbush and Bryk, J Educ Stat 1985;10:75 (each drawn to the mean; `metafor::blup`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import Array

__all__ = ["LEAST", "Drawn", "Pooled", "between_variance", "draw_together", "pool"]

LEAST = 3
"""Trusts below which nothing is summarised: two say next to nothing of how far trusts differ."""


class Pooled(NamedTuple):
    """Mean with interval, prediction interval, and the variance between trusts."""

    mean: float
    lower: float
    upper: float
    prediction_lower: float
    prediction_upper: float
    between: float


class Drawn(NamedTuple):
    """Estimates drawn towards their mean, with intervals, and the weight that each keeps on itself (0 to 1); shape (k,) each."""

    estimates: Array
    lower: Array
    upper: Array
    weight: Array


def pool(estimates: npt.ArrayLike, variances: npt.ArrayLike, confidence: float = 0.95) -> Pooled:
    """Summarise the estimates of at least `LEAST` trusts.

    Parameters
    ----------
    estimates, variances
        One of each a trust, on a scale on which they are about normal.
    confidence
        Confidence of both intervals.

    Raises
    ------
    ValueError
        If there are too few, or one is not finite, or a variance is not positive.
    """
    from scipy.stats import t

    y, v = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if len(y) < LEAST or y.shape != v.shape or not (np.isfinite(y).all() and np.isfinite(v).all() and (v > 0).all()):
        raise ValueError(f"at least {LEAST} finite estimates with positive variances are needed")
    between = between_variance(y, v)
    weight = 1 / (v + between)
    mean = float(weight @ y / weight.sum())
    factor = max(1.0, float(weight @ (y - mean) ** 2) / (len(y) - 1))
    square = factor / float(weight.sum())
    reach = float(t.ppf(0.5 + confidence / 2, len(y) - 1))
    near, far = reach * square**0.5, reach * (square + between) ** 0.5
    return Pooled(mean, mean - near, mean + near, mean - far, mean + far, between)


def draw_together(estimates: npt.ArrayLike, variances: npt.ArrayLike, confidence: float = 0.95) -> Drawn:
    """Each estimate drawn towards the mean of all, the further the less is known of it.

    With variance ``tau2`` between and ``v`` of one estimate, it keeps the weight ``w = tau2 / (tau2 + v)`` on itself: ``w y + (1 - w)
    mean``, of variance ``w v + (1 - w)^2 var(mean)``; intervals with t of k - 1 degrees of freedom. These are `metafor::blup`'s.

    Parameters
    ----------
    estimates, variances, confidence
        As in `pool`.

    Raises
    ------
    ValueError
        As `pool` does.
    """
    from scipy.stats import t

    pooled = pool(estimates, variances, confidence)
    y, v = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    reach = float(t.ppf(0.5 + confidence / 2, len(y) - 1))
    weight = pooled.between / (pooled.between + v)
    drawn = weight * y + (1 - weight) * pooled.mean
    of_mean = ((pooled.upper - pooled.mean) / reach) ** 2
    half = reach * np.sqrt(weight * v + (1 - weight) ** 2 * of_mean)
    return Drawn(drawn, drawn - half, drawn + half, weight)


def between_variance(y: Array, v: Array) -> float:
    """The variance between trusts: where the restricted likelihood stops rising, or 0 if it never rises."""
    from scipy.optimize import brentq

    def rising(between: float) -> float:
        weight = 1 / (v + between)
        mean = weight @ y / weight.sum()
        square = weight**2
        return float(square @ (y - mean) ** 2 - weight.sum() + square.sum() / weight.sum())

    if rising(0.0) <= 0:
        return 0.0
    high = float(np.ptp(y) ** 2 + v.max())
    while rising(high) > 0:
        high *= 2
    return float(brentq(rising, 0.0, high, xtol=1e-15, rtol=1e-14))
