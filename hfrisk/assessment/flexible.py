"""Flexible (moderate) calibration: of those told 20 %, how many came back? The curve, and its distance from the risk.

The curve is a logistic regression of the outcome on a restricted cubic spline of the log-odds with five fixed
knots: fast, weightable, and the same for a group as for everyone. The loess version is `loess`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.fitting import LogisticFits
from hfrisk.assessment.scored import Array, logit, two_classes

__all__ = ["CalibrationError", "FlexibleCurve", "calibration_error", "expected_ici", "largest_error", "risk_grid"]

# Harrell, Regression Modeling Strategies (2nd edition, 2015), table 2.3: knots for a spline with five of them.
KNOT_CENTILES = (0.05, 0.275, 0.5, 0.725, 0.95)
# The largest distance is looked for among the middle 95 in 100 of the risks.
LARGEST_TAIL = 0.025
# About what stays in a processor's cache.
_BLOCK = 250_000


@dataclass(frozen=True)
class CalibrationError:
    """Mean (`ici`), median (`e50`) and 90th centile (`e90`) of the distance between risk and flexible curve."""

    ici: float
    e50: float
    e90: float


@dataclass(frozen=True)
class FlexibleCurve:
    """A fitted flexible calibration curve.

    Parameters
    ----------
    knots
        Knots of the spline (log-odds): Harrell's centiles of the log-odds of the people it was fitted to.
    coefficients
        Intercept, slope and spline terms; NaN if the fit did not converge.
    covariance
        Their covariance, robust to clustering by person.
    """

    knots: Array
    coefficients: Array
    covariance: Array

    @classmethod
    def fit(
        cls,
        event: npt.ArrayLike,
        risk: npt.ArrayLike,
        *,
        person: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
    ) -> FlexibleCurve:
        """Fit the curve.

        Parameters
        ----------
        event, risk
            Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
        person
            Code of the person; the covariance is the sandwich of Liang and Zeger (Biometrika 1986;73:13) with the
            factor persons / (persons - 1). Every discharge its own person by default.
        weight
            Weight of each discharge; all equal by default. The knots do not depend on it.
        """
        outcome, probability = two_classes(event, risk)
        weights = np.ones(len(outcome)) if weight is None else np.asarray(weight, dtype=np.float64)
        values = logit(probability)
        knots = _knots(values)
        design = _design(values, knots)
        target = ((weights * outcome) @ design)[None, :]
        coefficients = LogisticFits(design).fit(target, weight=weights[None, :], start=_identity(design))[0]
        mean = _expit(design @ coefficients)
        score = (weights * (outcome - mean))[:, None] * design
        group = np.arange(len(outcome)) if person is None else np.unique(np.asarray(person), return_inverse=True)[1]
        groups = int(group.max()) + 1
        summed = np.column_stack([np.bincount(group, weights=column, minlength=groups) for column in score.T])
        covariance = np.full((design.shape[1], design.shape[1]), np.nan)
        if np.isfinite(coefficients).all() and groups > 1:
            bread = np.linalg.inv(design.T @ (design * (weights * mean * (1 - mean))[:, None]))
            covariance = bread @ (summed.T @ summed) @ bread * (groups / (groups - 1))
        return cls(knots, coefficients, covariance)

    @property
    def converged(self) -> bool:
        """Whether there is a curve."""
        return bool(np.isfinite(self.coefficients).all())

    def observed(self, risk: npt.ArrayLike) -> Array:
        """Estimated share with the event among those given `risk`."""
        return _expit(_design(logit(risk), self.knots) @ self.coefficients)

    def band(self, risk: npt.ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
        """Pointwise Wald limits of the curve, symmetric in log-odds, at `risk`."""
        from scipy.stats import norm

        design = _design(logit(risk), self.knots)
        centre = design @ self.coefficients
        error = np.sqrt(np.einsum("ij,jk,ik->i", design, self.covariance, design))
        reach = float(norm.ppf(0.5 + confidence / 2)) * error
        return _expit(centre - reach), _expit(centre + reach)


def calibration_error(
    curve: FlexibleCurve, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> CalibrationError:
    """ICI, E50 and E90 (Austin and Steyerberg, Statistics in Medicine 2019;38:4051) of a fitted curve.

    NaN when the curve did not converge. They are biased upwards and cannot be zero: read them beside `expected_ici`.
    Weights are numbers of copies of a discharge.
    """
    probability = np.asarray(risk, dtype=np.float64)
    if not curve.converged:
        return CalibrationError(float("nan"), float("nan"), float("nan"))
    distance = np.abs(probability - curve.observed(probability))
    weights = np.ones(len(distance)) if weight is None else np.asarray(weight, dtype=np.float64)
    middle, high = _quantiles(distance, weights, (0.5, 0.9))
    return CalibrationError(float(np.average(distance, weights=weights)), middle, high)


def expected_ici(risk: npt.ArrayLike, *, redraws: int, seed: int) -> Array:
    """ICI that a perfectly calibrated model with these predictions would show, at this many discharges.

    Outcomes are redrawn from the predictions, the curve is fitted to each redraw, and its ICI taken.

    Parameters
    ----------
    risk
        Predictions (0 to 1), one a discharge.
    redraws
        How many times outcomes are redrawn.
    seed
        Seed of the redraws.

    Returns
    -------
    ndarray
        One ICI a redraw; NaN where the curve could not be fitted.
    """
    probability = np.asarray(risk, dtype=np.float64)
    design = _design(logit(probability), _knots(logit(probability)))
    fits, start = LogisticFits(design), _identity(design)
    random = np.random.default_rng(seed)
    several = max(1, _BLOCK // max(1, len(probability)))
    found = []
    for first in range(0, redraws, several):
        size = min(several, redraws - first)
        outcome = (random.random((size, len(probability))) < probability).astype(np.float64)
        coefficients = fits.fit(outcome @ design, start=start)
        found.append(np.abs(_expit(coefficients @ design.T) - probability).mean(axis=1))
    return np.concatenate(found)


def largest_error(curve: FlexibleCurve, risk: npt.ArrayLike) -> float:
    """Emax: the largest distance between risk and flexible curve, over `risk_grid` of the middle 95 in 100 predictions.

    Harrell's Emax (`rms::val.prob`) is the maximum over everyone: nearly always that of the single highest or lowest risk,
    which says more about one person and the tail of a spline than about the percentages that people are given, and could give
    that person's risk away. NaN when the curve did not converge.
    """
    if not curve.converged:
        return float("nan")
    grid = risk_grid(risk, LARGEST_TAIL)
    return float(np.abs(grid - curve.observed(grid)).max())


def risk_grid(risk: npt.ArrayLike, tail: float = 0.01) -> Array:
    """Whole hundredths of risk without the lowest and highest `tail` (share) of the predictions; at least one."""
    low, high = np.quantile(np.asarray(risk, dtype=np.float64), (tail, 1 - tail)) * 100
    first, last = int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9))
    if last < first:
        first = last = max(1, round((low + high) / 2))
    return np.arange(first, last + 1) / 100


def _knots(values: Array) -> Array:
    """Harrell's centiles, without repeats: predictions that are nearly constant leave fewer knots."""
    knots = np.unique(np.quantile(values, KNOT_CENTILES))
    return np.asarray(knots[np.concatenate([[True], np.diff(knots) > 1e-9])])


def _design(values: Array, knots: Array) -> Array:
    """Intercept, value and Harrell's restricted cubic terms (divided by the squared range of the knots)."""
    columns = [np.ones_like(values), values]
    if len(knots) >= 3:
        last, before = knots[-1], knots[-2]
        scale = (last - knots[0]) ** 2
        for knot in knots[:-2]:
            cubic = (
                np.maximum(values - knot, 0) ** 3
                - np.maximum(values - before, 0) ** 3 * (last - knot) / (last - before)
                + np.maximum(values - last, 0) ** 3 * (before - knot) / (last - before)
            )
            columns.append(cubic / scale)
    return np.column_stack(columns)


def _identity(design: Array) -> Array:
    """Coefficients of perfect calibration."""
    start = np.zeros(design.shape[1])
    start[1] = 1.0
    return start


def _expit(values: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(values))


def _quantiles(values: Array, weight: Array, wanted: tuple[float, ...]) -> list[float]:
    """Linearly interpolated quantiles, as if each value stood there `weight` times (R's type 7, NumPy's default)."""
    order = np.argsort(values, kind="stable")
    ordered, upto = values[order], np.cumsum(weight[order])
    found = []
    for share in wanted:
        position = share * (upto[-1] - 1)
        below = ordered[np.searchsorted(upto, np.floor(position), side="right")]
        above = ordered[np.searchsorted(upto, min(np.floor(position) + 1, upto[-1] - 1), side="right")]
        found.append(float(below + (above - below) * (position - np.floor(position))))
    return found
