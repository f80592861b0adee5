"""The simplest calibration whose loss out of fold is as good as the best one's."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from hfrisk.modelling.calibration.fitting import BUILT_IN, cross_fit

__all__ = ["Choice", "choose_method"]


@dataclass(frozen=True)
class Choice:
    """A method of calibration, and why.

    Parameters
    ----------
    method
        As `fit_calibrator` knows it.
    losses
        By method: ``log_loss`` (mean over rows, cross-fitted), ``behind_best`` and ``standard_error`` (of that
        difference, by person). Empty where the study named its method.
    """

    method: str
    losses: dict[str, dict[str, float]] = field(default_factory=dict)


def choose_method(
    setting: str, margin: ArrayLike, event: ArrayLike, fold: ArrayLike, person: ArrayLike, threshold: float = 1.0
) -> Choice:
    """Choose a method by cross-fitted log loss, or keep the one that the study names.

    Parameters
    ----------
    setting
        ``auto``, or a method.
    margin
        Out-of-fold log-odds.
    event
        0 or 1.
    fold
        Person folds: no row is judged by a calibrator that saw it or another row of its person (decision 12).
    person
        Whose row it is.
    threshold
        How many standard errors a simpler method may be behind the best.

    Returns
    -------
    Choice
        The first of ``none``, ``platt``, ``beta``, ``isotonic``, ``venn_abers`` whose loss is within `threshold` standard errors of
        the least. Differences are paired by row, and their standard error counts each person once.
    """
    if setting != "auto":
        return Choice(setting)
    y = np.asarray(event, dtype=np.float64)
    _, who = np.unique(np.asarray(person), return_inverse=True)
    losses = {method: _log_loss(cross_fit(method, margin, event, fold), y) for method in BUILT_IN}
    best = min(losses.values(), key=lambda loss: float(loss.mean()))
    table = {}
    for method, loss in losses.items():
        behind = loss - best
        table[method] = {
            "log_loss": float(loss.mean()),
            "behind_best": float(behind.mean()),
            "standard_error": _standard_error(behind, who),
        }
    near = (m for m, row in table.items() if row["behind_best"] <= threshold * row["standard_error"])
    return Choice(next(near), table)


def _log_loss(risk: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-special.xlogy(y, risk) - special.xlog1py(1 - y, -risk), dtype=np.float64)


def _standard_error(values: NDArray[np.float64], person: NDArray[np.int64]) -> float:
    """Of a mean over rows, rows of a person moving together."""
    totals = np.bincount(person, values - values.mean())
    people = len(totals)
    return float(np.sqrt((totals**2).sum() * people / max(people - 1, 1)) / len(values))
