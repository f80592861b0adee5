"""Readmitted, died, or neither by the horizon: three risks of one model, which add up (decision 6).

The learner is a multinomial logistic regression on the splines of the comparator, with ridge, and not a tree model of three
classes. Deaths without readmission are a few in a hundred, too few for a search of their own, and settings that were tuned for
readmission are not tuned for them; the truth about both is weak and nearly additive (decision 36); and a ridge has one solution,
which one thread finds to the same last digit, in plain numbers that may leave.

Its log-odds against *neither* become risks by multinomial logistic recalibration (Van Hoorde 2014, Stat Med 33:2585): both log-odds
enter both equations, six numbers, fitted without penalty on out-of-fold rows, so that the mean risk of each state is its share, and
cross-fitted by person fold for the risks that are judged (decision 12). Softmax makes the three add up to one for everybody, before
and after. Readmission in the presence of death is the first; the composite is the sum of the first two: one minus the third.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from hfrisk.features import Feature
from hfrisk.modelling.folds import Division, as_division
from hfrisk.modelling.logistic import _design, _learn_terms

__all__ = ["STATES", "CompetingFit", "apply_recalibration", "fit_competing", "recalibrate", "state_risks"]

STATES = ("readmitted", "died", "none")
"""The states in the order of the columns of every array of this file; the last is what the others are set against."""

# Strongest first, each started from the one before. Beyond these, deaths are too few for what a weaker ridge would let in.
_PENALTIES = (0.0003, 0.001, 0.003)
_MOST_STEPS = 100

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class CompetingFit:
    """The model of all rows, and risks out of fold.

    Parameters
    ----------
    parameters
        JSON-able: ``terms`` (see `fit_logistic`; ``coefficients`` has one list a state), ``intercepts``, ``penalty``,
        ``calibration`` (`recalibrate`) and ``losses``.
    risk
        Shape (rows, 3): out-of-fold risks, recalibrated by the other person folds; rows add up to one. NaN where no fold holds a row out.
    """

    parameters: dict[str, Any]
    risk: Floats


def fit_competing(
    features: pd.DataFrame,
    state: ArrayLike,
    fold: ArrayLike | Division,
    dictionary: Sequence[Feature],
    *,
    people: ArrayLike | None = None,
    knots: int = 4,
    penalties: Sequence[float] = _PENALTIES,
    threads: int = 1,
) -> CompetingFit:
    """Choose the penalty by folds on multinomial log loss, fit on all rows, and recalibrate.

    Parameters
    ----------
    features
        Model inputs; NaN where not recorded.
    state
        ``readmitted``, ``died`` or ``none``, one a row; each in whatever a fold is learnt from.
    fold
        The person fold of each row, or the division; the same as the learned model's.
    dictionary
        An entry for each input.
    people
        The person folds by which recalibrations are cross-fitted, where `fold` is not they.
    knots
        Knots of a spline.
    penalties
        Inverse ridge penalties to choose from (`C` of scikit-learn, on standardised columns).
    threads
        Folds that are fitted side by side; the result does not depend on it.

    Raises
    ------
    ValueError
        If a state is none of the three: nobody knows what became of a discharge that is censored.
    """
    place, division = _places(state), as_division(fold)
    margins = np.full((len(penalties), len(place), 2), np.nan)

    def score(k: int) -> list[float]:
        inside, known = division.fold == k, division.learn[k]
        terms = _learn_terms(features[known], dictionary, knots)
        learn, held_out = _design(terms, features[known]), _design(terms, features[inside])
        for i, (coefficients, intercepts) in enumerate(_fitted(learn, place[known], penalties)):
            margins[i, inside] = held_out @ coefficients.T + intercepts
        return [_loss(margins[i, inside], place[inside]) for i in range(len(penalties))]

    # The order in which a parallel matrix product adds up depends on the number of threads.
    with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
        losses = np.mean(list(pool.map(score, range(division.count))), axis=0)
        best = int(losses.argmin())
        terms = _learn_terms(features, dictionary, knots)
        ((coefficients, intercepts),) = _fitted(_design(terms, features), place, penalties[best : best + 1])
    at = 0
    for term in terms:
        width = len(term["centre"])
        term["coefficients"] = coefficients[:, at : at + width].tolist()
        at += width
    judged, dealt = division.fold >= 0, division.fold if people is None else np.asarray(people)
    risk = np.full((len(place), 3), np.nan)
    for k in np.unique(dealt[judged]):
        inside, others = judged & (dealt == k), judged & (dealt != k)
        risk[inside] = apply_recalibration(recalibrate(margins[best, others], place[others]), margins[best, inside])
    parameters = {
        "terms": terms,
        "intercepts": intercepts.tolist(),
        "penalty": penalties[best],
        "calibration": recalibrate(margins[best, judged], place[judged]),
        "losses": {str(penalty): float(loss) for penalty, loss in zip(penalties, losses, strict=True)},
    }
    return CompetingFit(parameters, risk)


def state_risks(parameters: dict[str, Any], features: pd.DataFrame) -> Floats:
    """Risks of the three `STATES`, shape (rows, 3); each row adds up to one."""
    terms = parameters["terms"]
    coefficients = np.hstack([np.empty((2, 0)), *(np.array(term["coefficients"]) for term in terms)])
    margin = _design(terms, features) @ coefficients.T + np.array(parameters["intercepts"])
    return apply_recalibration(parameters["calibration"], margin)


def recalibrate(margin: ArrayLike, place: ArrayLike) -> list[list[float]]:
    """Multinomial logistic recalibration, by maximum likelihood.

    Parameters
    ----------
    margin
        Shape (rows, 2): log-odds of readmitted, and of died, against neither, predicted out of fold.
    place
        Place of the state of each row in `STATES`.

    Returns
    -------
    list
        For readmitted and for died: intercept, and what each of the two log-odds is multiplied with.

    Raises
    ------
    FloatingPointError
        If there is no finite solution.
    """
    x, y = np.asarray(margin, dtype=np.float64), np.asarray(place)
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    design = np.column_stack([np.ones(len(x)), (x - centre) / spread])
    seen = (y[:, None] == np.arange(2)).astype(np.float64)
    beta = np.zeros((2, 3))
    share = seen.mean(axis=0)
    beta[:, 0] = np.log(share / (1 - share.sum()))
    # Log-odds that do not vary carry no slope.
    moves = np.tile(np.r_[True, x.std(axis=0) > 1e-12], 2)
    for _ in range(_MOST_STEPS):
        risk = _softmax(design @ beta.T)[:, :2]
        slope = ((seen - risk).T @ design).ravel()
        blocks = [
            [(design * (risk[:, i] * ((i == j) - risk[:, j]))[:, None]).T @ design for j in range(2)] for i in range(2)
        ]
        step = np.zeros(6)
        step[moves] = np.linalg.solve(np.block(blocks)[np.ix_(moves, moves)], slope[moves])
        beta += (step * min(1.0, 4.0 / max(float(np.abs(step).max()), 1e-300))).reshape(2, 3)
        if np.abs(beta).max() > 50:
            break
        if np.abs(step).max() < 1e-12:
            slopes = beta[:, 1:] / spread
            numbers: list[list[float]] = np.column_stack([beta[:, 0] - slopes @ centre, slopes]).tolist()
            return numbers
    raise FloatingPointError("the multinomial recalibration did not converge")


def apply_recalibration(calibration: Sequence[Sequence[float]], margin: ArrayLike) -> Floats:
    """Risks of the three states, shape (rows, 3), from two log-odds a row."""
    x, numbers = np.asarray(margin, dtype=np.float64), np.asarray(calibration, dtype=np.float64)
    return _softmax(numbers[:, 0] + x @ numbers[:, 1:].T)


def _places(state: ArrayLike) -> Whole:
    given = np.asarray(state, dtype=object)
    place = np.select([given == name for name in STATES], range(len(STATES)), -1)
    if (place < 0).any():
        raise ValueError(f"every state must be one of {', '.join(STATES)}")
    return np.asarray(place, dtype=np.int64)


def _fitted(design: Floats, place: Whole, penalties: Sequence[float]) -> Iterator[tuple[Floats, Floats]]:
    """For each penalty, coefficients (2, columns) and intercepts (2) of readmitted and died against neither."""
    if design.shape[1] == 0:
        share = np.bincount(place, minlength=3) / len(place)
        yield from [(np.empty((2, 0)), np.log(share[:2] / share[2]))] * len(penalties)
        return
    model = LogisticRegression(solver="lbfgs", tol=1e-7, max_iter=5000, warm_start=True)
    for penalty in penalties:
        model.set_params(C=penalty).fit(design, place)
        yield model.coef_[:2] - model.coef_[2], model.intercept_[:2] - model.intercept_[2]


def _softmax(margin: Floats) -> Floats:
    return np.asarray(special.softmax(np.column_stack([margin, np.zeros(len(margin))]), axis=1), dtype=np.float64)


def _loss(margin: Floats, place: Whole) -> float:
    return float(-np.log(_softmax(margin)[np.arange(len(place)), place]).mean())
