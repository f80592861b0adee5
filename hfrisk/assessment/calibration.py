"""Calibration in the large and weak calibration: are the percentages true on average, and in their spread?

The flexible curve and the ICI are in `flexible`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.fitting import LogisticFits
from hfrisk.assessment.scored import Array, Scored

__all__ = [
    "Recalibrations",
    "calibration_intercept",
    "calibration_slope",
    "discharges_for_slope",
    "exact_oe_interval",
    "oe_ratio",
]


def oe_ratio(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Events observed over events expected (the sum of the risks); above 1 the model says too little.

    NaN when nothing was expected.
    """
    weights = np.ones(np.shape(np.asarray(risk))) if weight is None else np.asarray(weight, dtype=np.float64)
    expected = float(weights @ np.asarray(risk, dtype=np.float64))
    return float(weights @ np.asarray(event, dtype=np.float64)) / expected if expected > 0 else float("nan")


def calibration_intercept(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Calibration in the large: the intercept of a logistic regression with the log-odds as a true offset.

    ``logit P(event) = a + logit(risk)``, the slope held at exactly 1 (Cox, Biometrika 1958;45:562; Van Calster et
    al., J Clin Epidemiol 2016;74:167). It is *not* the intercept of the regression that also estimates the slope:
    a fitted slope takes up part of the error in the large, and the two differ whenever the slope is not 1.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    weight
        Weight of each discharge; all equal by default.

    Returns
    -------
    float
        Log-odds to be added to every risk; NaN without events or without non-events.
    """
    scored, weights = _arranged(event, risk, weight)
    return float(Recalibrations(scored, slope=False).of(weights)["calibration_intercept"][0])


def calibration_slope(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Calibration slope: ``b`` in ``logit P(event) = a + b * logit(risk)``; below 1 the risks are too extreme.

    NaN without events or non-events, when the risks do not vary, or when they separate the outcomes perfectly.
    Parameters are those of `calibration_intercept`.
    """
    scored, weights = _arranged(event, risk, weight)
    return float(Recalibrations(scored).of(weights)["calibration_slope"][0])


class Recalibrations:
    """Calibration intercept (slope fixed at 1) and slope of `scored` under many weightings.

    Parameters
    ----------
    scored
        The discharges.
    slope
        Whether the slope is wanted too.
    """

    def __init__(self, scored: Scored, *, slope: bool = True) -> None:
        self._cut = scored.non_events
        ones = np.ones(len(scored.event))
        self._in_the_large = LogisticFits(ones[:, None], offset=scored.log_odds)
        self._weak: LogisticFits | None = None
        self._wanted = ["calibration_intercept", *(["calibration_slope"] if slope else [])]
        if slope and scored.varies and 0 < scored.events < len(ones):
            # Centred, so that the two coefficients are nearly independent and Newton's method needs fewer steps.
            centre = float(scored.log_odds.mean())
            design = np.column_stack([ones, scored.log_odds - centre])
            self._weak = LogisticFits(design)
            self._of_events = design[self._cut :]
            perfect = np.array([centre, 1.0])
            unweighted = self._weak.fit(self._of_events.sum(axis=0)[None, :], start=perfect)[0]
            self._start = unweighted if np.isfinite(unweighted).all() else perfect

    def of(self, weight: Array) -> dict[str, Array]:
        """Intercept, and slope if wanted, under each weighting.

        Parameters
        ----------
        weight
            Shape (weightings, discharges), columns in the arranged order.

        Returns
        -------
        dict
            ``calibration_intercept`` and ``calibration_slope``, each of shape (weightings,).
        """
        out = {name: np.full(len(weight), np.nan) for name in self._wanted}
        events = weight[:, self._cut :]
        positives = events.sum(axis=1)
        usable = (positives > 0) & (weight.sum(axis=1) > positives)
        if not usable.all():
            weight, events, positives = weight[usable], events[usable], positives[usable]
        if len(weight):
            fitted = self._in_the_large.fit(positives[:, None], weight=weight)
            out["calibration_intercept"][usable] = fitted[:, 0]
        if len(weight) and self._weak is not None:
            fitted = self._weak.fit(events @ self._of_events, weight=weight, start=self._start)
            out["calibration_slope"][usable] = fitted[:, 1]
        return out


def discharges_for_slope(log_odds: npt.ArrayLike, width: float, confidence: float = 0.95) -> int:
    """Discharges needed for a calibration slope whose interval has a given width, if the model were true.

    Riley et al., Statistics in Medicine 2021;40:4230, criterion for the slope: the information of one discharge is
    averaged over the distribution of the predictions at intercept 0 and slope 1.

    Parameters
    ----------
    log_odds
        Log-odds of the predictions in the kind of people to be tested.
    width
        Wanted width of the interval (no unit).
    confidence
        Confidence of the interval.

    Returns
    -------
    int
        Discharges.

    Raises
    ------
    ValueError
        If the predictions do not vary: no number of discharges would do.
    """
    from scipy.stats import norm

    values = np.asarray(log_odds, dtype=np.float64)
    spread = 1 / (2 + np.exp(values) + np.exp(-values))
    level, linear, square = spread.mean(), (spread * values).mean(), (spread * values**2).mean()
    determinant = level * square - linear**2
    if not determinant > 1e-12:
        raise ValueError("the predictions do not vary")
    error = width / (2 * float(norm.ppf(0.5 + confidence / 2)))
    return math.ceil(float(level / determinant) / error**2)


def exact_oe_interval(events: int, expected: float, confidence: float = 0.95) -> tuple[float, float]:
    """Interval of observed over expected, the events being Poisson and the expected number known.

    Garwood's exact limits (Biometrika 1936;28:437). Slightly wide for a binary outcome, whose variance is less than
    Poisson's.
    """
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    lower = float(chi2.ppf(tail, 2 * events)) / 2 if events > 0 else 0.0
    upper = float(chi2.ppf(1 - tail, 2 * events + 2)) / 2
    return lower / expected, upper / expected


def _arranged(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None) -> tuple[Scored, Array]:
    scored = Scored.arrange(event, risk)
    weights = np.ones(len(scored.event)) if weight is None else np.asarray(weight, dtype=np.float64)
    return scored, weights[scored.order][None, :]
