"""What a search may strive for: a measure, its direction, and how LightGBM knows it.

Each is computed on the rows of one held-out fold. The measure that compares trials is also the one that stops a fold early, so that
a search for ranking does not stop where the log loss was least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

__all__ = ["Objective", "objective", "objective_names", "register_objective"]

Direction = Literal["lower", "higher"]
Measure = Callable[[NDArray[Any], NDArray[np.float64]], float]


@dataclass(frozen=True)
class Objective:
    """A measure of how good risks are.

    Parameters
    ----------
    name
        As a study file says it (`model.objective`).
    words
        As the report says it.
    better
        Whether ``lower`` or ``higher`` values are better.
    measure
        Its definition: events (0 or 1) and risks in, one number out.
    lightgbm
        LightGBM's own metric of the same definition, which is faster; None where it has none.
    """

    name: str
    words: str
    better: Direction
    measure: Measure
    lightgbm: str | None = None

    @property
    def sign(self) -> int:
        """Times the measure, this is something to make small."""
        return 1 if self.better == "lower" else -1


_KNOWN: dict[str, Objective] = {}


def register_objective(new: Objective) -> Objective:
    """Make a measure known by its name.

    Raises
    ------
    ValueError
        If another measure has that name.
    """
    if _KNOWN.get(new.name, new) != new:
        raise ValueError(f"an objective called {new.name} is there already")
    _KNOWN[new.name] = new
    return new


def objective(name: str) -> Objective:
    """The measure of that name; a KeyError for one that nobody registered."""
    return _KNOWN[name]


def objective_names() -> list[str]:
    """Every name that may be asked for."""
    return list(_KNOWN)


def _log_loss(event: NDArray[Any], risk: NDArray[np.float64]) -> float:
    return float(metrics.log_loss(event, risk, labels=[0, 1]))


def _brier(event: NDArray[Any], risk: NDArray[np.float64]) -> float:
    return float(np.mean((risk - event) ** 2))


def _auroc(event: NDArray[Any], risk: NDArray[np.float64]) -> float:
    return float(metrics.roc_auc_score(event, risk))


def _auprc(event: NDArray[Any], risk: NDArray[np.float64]) -> float:
    return float(metrics.average_precision_score(event, risk))


register_objective(Objective("log_loss", "log loss", "lower", _log_loss, "binary_logloss"))
# LightGBM measures a binary model's squared error on the risk, not on the log-odds: that is the Brier score.
register_objective(Objective("brier", "the Brier score", "lower", _brier, "l2"))
register_objective(Objective("auroc", "AUROC", "higher", _auroc, "auc"))
register_objective(Objective("auprc", "AUPRC", "higher", _auprc, "average_precision"))
