"""A model that is right elsewhere, made right here: one or two numbers on top of its own calibration.

Recalibration in the large moves every log-odds by the same amount, the slope held at exactly one by a true offset; logistic
recalibration also stretches or shrinks them (Cox, Biometrika 1958;45:562; Steyerberg, Stat Med 2004;23:2567). Neither
changes whom the model puts before whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from hfrisk.errors import DataError
from hfrisk.modelling.calibration.logistic import LEAST_SLOPE, intercept_of, maximum_likelihood

__all__ = ["RECALIBRATIONS", "Interval", "Recalibration", "how_calibrated", "recalibrate"]

Method = Literal["in_the_large", "logistic"]
RECALIBRATIONS: tuple[Method, ...] = ("in_the_large", "logistic")

_DECIMALS = 4

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """A number and its interval; NaN where there is none."""

    estimate: float
    lower: float = float("nan")
    upper: float = float("nan")


@dataclass(frozen=True)
class Recalibration:
    """What was fitted, and how well calibrated the model was before and is after.

    Parameters
    ----------
    method
        ``in_the_large`` or ``logistic``.
    calibrator
        ``{"method": "recalibrated", "intercept": a, "slope": b, "of": the calibration before}``, both numbers at four decimals.
    intercept, slope
        With intervals that count each person once; the slope in the large is 1, and has none.
    before, after
        ``oe_ratio``, ``calibration_intercept`` (slope fixed at one) and ``calibration_slope`` of the risks as they came, and of
        recalibrated risks in which no row was scored by a recalibration that saw its person. A slope that may not be shown
        (decision 19) is absent.
    n, events, persons
        Rows, events and people.
    """

    method: Method
    calibrator: dict[str, Any]
    intercept: Interval
    slope: Interval
    before: dict[str, Interval]
    after: dict[str, Interval]
    n: int
    events: int
    persons: int


def recalibrate(
    method: Method,
    calibration: Mapping[str, Any],
    log_odds: ArrayLike,
    event: ArrayLike,
    person: ArrayLike,
    fold: ArrayLike,
    *,
    minimum_events: int,
    minimum_for_slope: int,
    confidence: float = 0.95,
) -> Recalibration:
    """Fit one or two numbers to a new site's or year's outcomes.

    Parameters
    ----------
    method
        ``in_the_large`` (the intercept alone) or ``logistic`` (intercept and slope).
    calibration
        How the model turns its own log-odds into risks.
    log_odds
        Of the calibrated risks, one a row.
    event
        0 or 1.
    person
        Whose row it is.
    fold
        Person fold of each row, for the figures after.
    minimum_events
        Fewest events, and non-events, with which anything is fitted (decision 13).
    minimum_for_slope
        Fewest with which a slope is fitted or shown (decision 19).
    confidence
        Confidence of the intervals.

    Returns
    -------
    Recalibration

    Raises
    ------
    DataError
        If there are too few events or non-events, a risk is nought or one, or the model does not rank people here.
    """
    x, y, who, folds = (np.asarray(values) for values in (log_odds, event, person, fold))
    x, y = x.astype(np.float64), y.astype(np.float64)
    _refuse_few(y, minimum_for_slope if method == "logistic" else minimum_events, method)
    if not np.isfinite(x).all():
        raise DataError(
            "The model gives some people a risk of exactly nought or one, which no recalibration can move.",
            todo="Recalibrate a model whose risks lie between.",
        )
    intercept, slope = _numbers(method, x, y)
    cross = np.empty_like(x)
    for k in np.unique(folds):
        inside = folds == k
        a, b = _numbers(method, x[~inside], y[~inside])
        cross[inside] = a + b * x[inside]
    with_slope = bool(min(y.sum(), len(y) - y.sum()) >= minimum_for_slope)
    around = _around(x, y, who, confidence, both=method == "logistic")
    return Recalibration(
        method=method,
        calibrator={"method": "recalibrated", "intercept": intercept, "slope": slope, "of": dict(calibration)},
        intercept=around[0],
        slope=around[1] if method == "logistic" else Interval(1.0),
        before=how_calibrated(x, y, who, confidence, slope=with_slope),
        after=how_calibrated(cross, y, who, confidence, slope=with_slope),
        n=len(y),
        events=int(y.sum()),
        persons=len(np.unique(who)),
    )


def how_calibrated(
    log_odds: Floats, event: Floats, person: NDArray[Any], confidence: float, *, slope: bool
) -> dict[str, Interval]:
    """O/E, intercept (slope fixed at one) and slope, with intervals that count each person once."""
    risk = special.expit(log_odds)
    observed, expected = float(event.sum()), float(risk.sum())
    # the logarithm of O/E, to first order in each person's share of both sums
    error = _clustered(event / observed - risk / expected, person)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    ratio = observed / expected
    found = {
        "oe_ratio": Interval(ratio, ratio * float(np.exp(-z * error)), ratio * float(np.exp(z * error))),
        "calibration_intercept": _around(log_odds, event, person, confidence, both=False)[0],
    }
    if slope:
        found["calibration_slope"] = _around(log_odds, event, person, confidence, both=True)[1]
    return found


def _numbers(method: Method, x: Floats, y: Floats) -> tuple[float, float]:
    """Intercept and slope, rounded before they are used: what is used is what leaves."""
    intercept, slope = (intercept_of(x, y), 1.0) if method == "in_the_large" else _both(x, y)
    return round(intercept, _DECIMALS), round(slope, _DECIMALS)


def _both(x: Floats, y: Floats) -> tuple[float, float]:
    found = maximum_likelihood(x[:, None], y)
    if found is None or found[1][0] < LEAST_SLOPE:
        raise DataError(
            "Here the model does not rank people: those given higher risks did not come back more often, or outcomes follow from "
            "the risks without exception.",
            todo="Do not use this model here. Look at how features and outcome are made at this site, or develop a model of its own.",
        )
    return found[0], found[1][0]


def _around(x: Floats, y: Floats, person: NDArray[Any], confidence: float, *, both: bool) -> tuple[Interval, Interval]:
    """Intercept and slope with intervals from the sandwich of persons' scores (Liang and Zeger, Biometrika 1986;73:13)."""
    intercept, slope = _both(x, y) if both else (intercept_of(x, y), 1.0)
    design = np.column_stack([np.ones_like(x), x]) if both else np.ones((len(x), 1))
    risk = special.expit(intercept + slope * x)
    bread = np.linalg.inv((design * (risk * (1 - risk))[:, None]).T @ design)
    _, who = np.unique(person, return_inverse=True)
    people = int(who.max()) + 1
    scores = np.column_stack([np.bincount(who, column * (y - risk)) for column in design.T])
    spread = bread @ (scores.T @ scores) @ bread * people / (people - 1)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    found = [
        Interval(value, value - z * error, value + z * error)
        for value, error in zip((intercept, slope), np.sqrt(np.diag(spread)), strict=False)
    ]
    return found[0], found[1] if both else Interval(1.0)


def _clustered(values: Floats, person: NDArray[Any]) -> float:
    """Standard error of a sum whose mean is nought, persons drawn."""
    _, who = np.unique(person, return_inverse=True)
    totals = np.bincount(who, values)
    return float(np.sqrt((totals**2).sum() * len(totals) / (len(totals) - 1)))


def _refuse_few(y: Floats, minimum: int, method: Method) -> None:
    events, others = int(y.sum()), int(len(y) - y.sum())
    fewer, words = (events, "with the outcome") if events <= others else (others, "without the outcome")
    if fewer < minimum:
        setting = "assessment.minimum_for_slope" if method == "logistic" else "model.minimum_events"
        less = " Recalibration in the large needs fewer." if method == "logistic" else ""
        raise DataError(
            f"There are fewer than {minimum} index discharges {words}: too few to recalibrate a model.",
            where=setting,
            todo=f"Use a longer period or more hospitals, so that at least {minimum} are there.{less}",
        )
