"""Clinical scores beside the model: their points become risks by logistic recalibration in development (decision 17).

A score is judged on every discharge, so that it is compared with the model on the same people. Where it could not be put together,
all that it tells is that it could not: those discharges have the rate of development discharges without the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.features import SCORES
from hfrisk.modelling.calibration import apply_calibrator, fit_calibrator

__all__ = ["fit_scores", "score_risks", "score_risks_out_of_fold", "scores_that_can_be_compared", "too_rarely_made"]

Floats = NDArray[np.float64]

# these are risks already, and are recalibrated on their log-odds
_RISKS = ("parr30",)
_LEAST_WITHOUT = 50
"""Fewer discharges than this without a score have no rate of their own: they are given everyone's."""


def scores_that_can_be_compared(scores: pd.DataFrame, least_share: float) -> list[str]:
    """The scores that enough discharges have, and that differ between them.

    Parameters
    ----------
    scores
        One float64 column a score, named ``score_<name>``; NaN where it could not be put together.
    least_share
        Share of discharges that must have a score (proportion).

    Returns
    -------
    list
        Short names, in the order of `hfrisk.features.SCORES`.
    """
    return [
        name
        for name, facts in SCORES.items()
        if facts.total in scores.columns
        and scores[facts.total].notna().mean() >= least_share
        and scores[facts.total].nunique() > 1
    ]


def fit_scores(scores: pd.DataFrame, event: NDArray[Any], names: list[str]) -> dict[str, dict[str, Any]]:
    """From points to risks: what `score_risks` needs of each score.

    Parameters
    ----------
    scores
        As for `scores_that_can_be_compared`.
    event
        0 or 1.
    names
        Short names of the scores.

    Returns
    -------
    dict
        By short name, JSON-able: ``column``, ``calibrator`` (``platt``: intercept and slope of the points, of PARR-30 of its
        log-odds), and ``without`` (risk of those who have no score).
    """
    return {name: _fitted(name, scores, event) for name in names}


def score_risks(fitted: Mapping[str, Any], scores: pd.DataFrame) -> Floats:
    """The risk of each row by one score.

    Parameters
    ----------
    fitted
        Of one score, from `fit_scores` or read back from JSON.
    scores
        Holds its column; NaN where the score could not be put together.
    """
    points = scores[fitted["column"]].to_numpy(dtype=np.float64)
    known = np.isfinite(points)
    risk = np.full(len(points), float(fitted["without"]))
    risk[known] = apply_calibrator(fitted["calibrator"], _linear(fitted["column"], points[known]))
    return risk


def score_risks_out_of_fold(
    scores: pd.DataFrame, event: NDArray[Any], fold: NDArray[np.int64], names: list[str]
) -> pd.DataFrame:
    """Risks in development, each by a recalibration that did not see the row's fold (decision 12).

    Returns
    -------
    DataFrame
        ``risk_<name>`` for each score.
    """
    found = {f"risk_{name}": np.empty(len(event)) for name in names}
    for k in np.unique(fold) if names else ():
        inside = fold == k
        for name, fitted in fit_scores(scores[~inside], event[~inside], names).items():
            found[f"risk_{name}"][inside] = score_risks(fitted, scores[inside])
    return pd.DataFrame(found)


def too_rarely_made(scores: pd.DataFrame, names: list[str], least_share: float) -> Check | None:
    """HFR113: scores that were asked for and that too few discharges have to be compared with the model."""
    left = [facts.words for name, facts in SCORES.items() if facts.total in scores.columns and name not in names]
    left += [facts.words for facts in SCORES.values() if len(scores.columns) and facts.total not in scores.columns]
    if not left:
        return None
    return Check(
        code="HFR113",
        severity="note",
        title="Clinical scores that could not be compared",
        finding="Fewer than {share} of every 100 discharges in development have the score, or it is the same for all: {scores}.",
        consequence="Nobody knows from this study whether the model does better than these scores.",
        todo="See in the chapter on clinical scores which inputs are missing, and bring the tables that hold them; or say how a "
        "missing input counts (features.scores_missing), or ask for fewer (model.scores_least_share).",
        facts={"share": f"{100 * least_share:.0f}", "scores": ", ".join(left)},
    )


def _fitted(name: str, scores: pd.DataFrame, event: NDArray[Any]) -> dict[str, Any]:
    column = SCORES[name].total
    points = scores[column].to_numpy(dtype=np.float64)
    outcome = np.asarray(event, dtype=np.float64)
    known = np.isfinite(points)
    without = outcome[~known] if (~known).sum() >= _LEAST_WITHOUT else outcome
    # Laplace's rule: a rate of 0 or 1 would make a single surprise infinitely bad
    rate = float((without.sum() + 1) / (len(without) + 2))
    calibrator = fit_calibrator("platt", _linear(column, points[known]), outcome[known])
    return {"column": column, "calibrator": calibrator, "without": rate}


def _linear(column: str, points: Floats) -> Floats:
    if column in {SCORES[name].total for name in _RISKS}:
        return np.asarray(special.logit(np.clip(points, 1e-4, 1 - 1e-4)), dtype=np.float64)
    return points
