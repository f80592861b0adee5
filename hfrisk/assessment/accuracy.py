"""Overall accuracy of the risks: how far they are from what happened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import logit, losses, two_classes

__all__ = ["brier", "log_loss", "scaled_brier"]


def brier(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Mean squared distance between risk and outcome (Brier, Monthly Weather Review 1950;78:1)."""
    outcome, probability = two_classes(event, risk)
    return _mean((probability - outcome) ** 2, weight)


def scaled_brier(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Brier score against that of giving everyone the prevalence: 1 is perfect, 0 no better, negative worse.

    ``1 - brier / (prevalence * (1 - prevalence))``, Steyerberg et al., Epidemiology 2010;21:128. NaN when there are
    no events, or only events.
    """
    outcome, _ = two_classes(event, risk)
    prevalence = _mean(outcome, weight)
    if not 0 < prevalence < 1:
        return float("nan")
    return 1 - brier(event, risk, weight) / (prevalence * (1 - prevalence))


def log_loss(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Mean negative log-likelihood (nats a discharge); risks of 0 and 1 are read as one in a million from it."""
    outcome, probability = two_classes(event, risk)
    return _mean(losses(outcome, logit(probability)), weight)


def _mean(values: npt.NDArray[np.float64], weight: npt.ArrayLike | None) -> float:
    if len(values) == 0:
        return float("nan")
    return float(np.average(values, weights=None if weight is None else np.asarray(weight, dtype=np.float64)))
