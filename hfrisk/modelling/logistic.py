"""The comparator on equal terms: a spline logistic regression with ridge (decision 16).

Same inputs, same folds, same calibration as the learned model. Medians, missing indicators, logarithms, knots,
scales and coefficients are learnt inside the fold, and kept as plain numbers: predicting needs numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from hfrisk.features import Feature
from hfrisk.modelling.folds import Division, as_division
from hfrisk.modelling.splines import place_knots, spline_basis, to_grid

__all__ = ["PENALTIES", "ComparatorFit", "fit_comparator", "fit_logistic", "logistic_margin"]

PENALTIES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Inverse ridge penalties that are tried (`C` of scikit-learn, on standardised columns)."""

Floats = NDArray[np.float64]


class _Steps(Protocol):
    def advance(self, parts: int = 1, note: str = "") -> None: ...


@dataclass(frozen=True)
class ComparatorFit:
    """The comparator fitted on all rows, and its log-odds out of fold.

    Parameters
    ----------
    parameters
        JSON-able; see `fit_logistic`.
    margin
        Out-of-fold log-odds, one a row; NaN where no fold holds it out.
    losses
        Mean out-of-fold log loss of each penalty tried.
    """

    parameters: dict[str, Any]
    margin: Floats
    losses: dict[float, float]


def fit_comparator(
    features: pd.DataFrame,
    event: ArrayLike,
    fold: ArrayLike | Division,
    dictionary: Sequence[Feature],
    *,
    knots: int = 4,
    penalties: Sequence[float] = PENALTIES,
    threads: int = 1,
    steps: _Steps | None = None,
) -> ComparatorFit:
    """Choose the penalty by folds on log loss, then fit on all rows.

    Parameters
    ----------
    features
        Model inputs; NaN where not recorded.
    event
        0 or 1.
    fold
        The person fold of each row, or the division; the same as the learned model's.
    dictionary
        An entry for each input.
    knots
        Knots of a spline.
    penalties
        Inverse ridge penalties to choose from.
    threads
        Folds that are fitted side by side; the result does not depend on it.
    steps
        Told after each fold.

    Returns
    -------
    ComparatorFit
        Of the penalty with the least mean log loss (the stronger of two that tie).
    """
    y, division = np.asarray(event, dtype=np.float64), as_division(fold)
    margins = np.full((len(penalties), len(y)), np.nan)
    losses: list[list[float]] = []

    def score(k: int) -> list[float]:
        inside, known = division.fold == k, division.learn[k]
        terms = _learn_terms(features[known], dictionary, knots)
        learn, held_out = _design(terms, features[known]), _design(terms, features[inside])
        found = []
        for i, penalty in enumerate(penalties):
            coefficients, intercept = _ridge(learn, y[known], penalty)
            margin = held_out @ coefficients + intercept
            margins[i, inside] = margin
            found.append(float(np.mean(np.logaddexp(0, margin) - y[inside] * margin)))
        return found

    with _one_thread_a_product(), ThreadPoolExecutor(threads) as pool:
        for found in pool.map(score, range(division.count)):
            losses.append(found)
            if steps is not None:
                steps.advance(1)
    means = dict(zip(penalties, np.mean(losses, axis=0).tolist(), strict=True))
    best = min(penalties, key=lambda penalty: (means[penalty], penalty))
    parameters = fit_logistic(features, y, dictionary, penalty=best, knots=knots)
    return ComparatorFit(parameters, margins[penalties.index(best)], means)


def fit_logistic(
    features: pd.DataFrame,
    event: ArrayLike,
    dictionary: Sequence[Feature],
    *,
    penalty: float,
    knots: int = 4,
    weight: Floats | None = None,
) -> dict[str, Any]:
    """Fit the spline logistic regression.

    Parameters
    ----------
    features
        Model inputs; NaN where not recorded.
    event
        0 or 1.
    dictionary
        An entry for each input: its precision, whether it is skewed, its kind.
    penalty
        Inverse ridge penalty.
    knots
        Knots of a spline.
    weight
        Weight of each row in the likelihood; all one by default.

    Returns
    -------
    dict
        ``intercept``, ``penalty`` and ``terms``, a list with for each input: ``feature``, ``fill`` (median),
        ``log`` (whether log(1 + x) is taken), ``knots`` (on the feature's own scale; empty for a straight line),
        ``indicator`` (whether a column says *not recorded*) and, for each column, ``centre``, ``scale`` and
        ``coefficients``.
    """
    terms = _learn_terms(features, dictionary, knots)
    with _one_thread_a_product():
        coefficients, intercept = _ridge(_design(terms, features), np.asarray(event), penalty, weight)
    at = 0
    for term in terms:
        width = len(term["centre"])
        term["coefficients"] = coefficients[at : at + width].tolist()
        at += width
    return {"intercept": intercept, "penalty": penalty, "terms": terms}


def logistic_margin(parameters: dict[str, Any], features: pd.DataFrame) -> Floats:
    """Log-odds of the comparator, before calibration.

    Parameters
    ----------
    parameters
        From `fit_logistic`, or read back from JSON.
    features
        Holds every input by name; NaN where not recorded.

    Returns
    -------
    numpy.ndarray
        One a row.
    """
    terms = parameters["terms"]
    coefficients = np.array([value for term in terms for value in term["coefficients"]], dtype=np.float64)
    return np.asarray(_design(terms, features) @ coefficients + parameters["intercept"], dtype=np.float64)


def _learn_terms(features: pd.DataFrame, dictionary: Sequence[Feature], knots: int) -> list[dict[str, Any]]:
    terms = []
    for feature in dictionary:
        values = features[feature.name].to_numpy(dtype=np.float64)
        missing = np.isnan(values)
        if missing.all():
            continue
        median = float(np.median(values[~missing]))
        floored = np.maximum(values, 0.0) if feature.skewed else values
        term: dict[str, Any] = {
            "feature": feature.name,
            # The middle of a 0/1 column may be 0.5, and of two grid values half a step: a person has neither.
            "fill": float(to_grid(median, 1.0 if feature.kind == "binary" else feature.precision)),
            "log": feature.skewed,
            "knots": [] if feature.kind == "binary" else place_knots(floored, knots, feature.precision),
            "indicator": bool(missing.any()),
        }
        columns = _columns(term, values)
        centre, scale = columns.mean(axis=0), columns.std(axis=0)
        # A column that does not vary in these rows has scale 0, and `_design` leaves it out.
        still = scale <= 1e-12 * np.maximum(1.0, np.abs(centre))
        if still.all():
            continue
        term["centre"] = centre.tolist()
        term["scale"] = np.where(still, 0.0, scale).tolist()
        terms.append(term)
    return terms


def _columns(term: dict[str, Any], values: Floats) -> Floats:
    missing = np.isnan(values)
    known = np.where(missing, term["fill"], values)
    knots = np.asarray(term["knots"], dtype=np.float64)
    if term["log"]:
        known, knots = np.log1p(np.maximum(known, 0.0)), np.log1p(np.maximum(knots, 0.0))
    parts = [spline_basis(known, knots) if len(knots) else known[:, None]]
    if term["indicator"]:
        parts.append(missing[:, None].astype(np.float64))
    return np.hstack(parts)


def _design(terms: Sequence[dict[str, Any]], features: pd.DataFrame) -> Floats:
    blocks = [np.empty((len(features), 0))]
    for term in terms:
        columns = _columns(term, features[term["feature"]].to_numpy(dtype=np.float64))
        scale = np.asarray(term["scale"])
        moves = scale > 0
        block = np.zeros_like(columns)
        block[:, moves] = (columns[:, moves] - np.asarray(term["centre"])[moves]) / scale[moves]
        blocks.append(block)
    return np.hstack(blocks)


def _ridge(design: Floats, event: Floats, penalty: float, weight: Floats | None = None) -> tuple[Floats, float]:
    if design.shape[1] == 0:
        return np.empty(0), float(special.logit(np.average(event, weights=weight)))
    model = LogisticRegression(C=penalty, solver="newton-cholesky", tol=1e-10, max_iter=100).fit(
        design, event, sample_weight=weight
    )
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])


def _one_thread_a_product() -> AbstractContextManager[Any]:
    # The order in which a parallel matrix product adds up depends on the number of threads.
    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits
