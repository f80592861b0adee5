"""Overall accuracy of the risks: how far they are from what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import logit, losses, two_classes

__all__ = ["BrierParts", "brier", "brier_parts", "log_loss", "scaled_brier"]


@dataclass(frozen=True)
class BrierParts:
    """What a Brier score is made of: ``brier = reliability - resolution + uncertainty``.

    Parameters
    ----------
    reliability
        Error of the percentages: 0 is best. Corrected for chance, it can fall a little below.
    resolution
        What telling people apart takes off: higher is better.
    uncertainty
        What giving everyone the prevalence would score.
    """

    reliability: float
    resolution: float
    uncertainty: float


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


def brier_parts(event: npt.ArrayLike, risk: npt.ArrayLike, bins: int = 10) -> BrierParts:
    """Reliability, resolution and uncertainty by tenths of risk (Murphy, J Appl Meteorol 1973;12:595), corrected for bias.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    bins
        Parts between quantiles of the risk; equal risks stay together, so that there may be fewer.

    Returns
    -------
    BrierParts
        NaN when there are fewer than two discharges.

    Notes
    -----
    Within a part, the mean risk is set against the share with the event. That share is out by chance, which makes reliability and
    resolution too large by ``sum over parts of n_k / n * o_k (1 - o_k) / (n_k - 1)``; it is taken off (Ferro and Fricker, Q J R
    Meteorol Soc 2012;138:1954, who also give the uncertainty as ``o (1 - o) n / (n - 1)``). How risks differ within a part is
    counted in the resolution (the generalised resolution of Stephenson, Coelho and Jolliffe, Weather and Forecasting
    2008;23:752), so that the three add up to the Brier score. No percentile interval: resampling adds the bias again.
    """
    outcome, probability = two_classes(event, risk)
    n = len(outcome)
    if n < 2:
        return BrierParts(float("nan"), float("nan"), float("nan"))
    edges = np.quantile(probability, np.arange(1, bins) / bins)
    part = np.searchsorted(edges, probability, side="left")
    size = np.bincount(part, minlength=bins)
    used = size > 0
    size = size[used]
    said, seen = (np.bincount(part, weights=values, minlength=bins)[used] / size for values in (probability, outcome))
    chance = seen * (1 - seen) / np.maximum(size - 1, 1)
    reliability = float((size / n) @ ((said - seen) ** 2 - chance))
    prevalence = float(outcome.mean())
    uncertainty = prevalence * (1 - prevalence) * n / (n - 1)
    return BrierParts(reliability, reliability + uncertainty - brier(outcome, probability), uncertainty)


def log_loss(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Mean negative log-likelihood (nats a discharge); risks of 0 and 1 are read as one in a million from it."""
    outcome, probability = two_classes(event, risk)
    return _mean(losses(outcome, logit(probability)), weight)


def _mean(values: npt.NDArray[np.float64], weight: npt.ArrayLike | None) -> float:
    if len(values) == 0:
        return float("nan")
    return float(np.average(values, weights=None if weight is None else np.asarray(weight, dtype=np.float64)))
