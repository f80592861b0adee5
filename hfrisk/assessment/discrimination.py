"""Discrimination: does the model rank those who came back above those who did not?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import Array, Measures, Scored

__all__ = ["auprc", "auroc", "delong", "delong_interval"]


def auroc(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Area under the receiver operating characteristic curve (the c statistic); ties count one half.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    weight
        Weight of each discharge; all equal by default.

    Returns
    -------
    float
        The chance that a discharge with the event has a larger risk than one without; NaN if there are none of
        either.
    """
    return _one("auroc", event, risk, weight)


def auprc(event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> float:
    """Area under the precision-recall curve as average precision; its baseline is the prevalence.

    Average precision is ``sum over thresholds of (recall gained) * precision``, without interpolation. Parameters
    and missing results are those of `auroc`.
    """
    return _one("auprc", event, risk, weight)


def delong(event: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike | None = None) -> tuple[float, float]:
    """AUROC and its variance from placement values; risks may be any scores, in any unit.

    Parameters
    ----------
    event
        Outcome (0 or 1).
    risk
        Score, higher for those more likely to have the event; need not be a probability.
    person
        Whole-number code of the person, if persons may have several discharges: the variance is then that of
        Obuchowski for clustered data. Without it, that of DeLong.

    Returns
    -------
    tuple
        AUROC and variance; NaN where there are fewer than two events or two non-events (or persons with them).

    Notes
    -----
    DeLong, DeLong and Clarke-Pearson, Biometrics 1988;44:837; Obuchowski, Biometrics 1997;53:567. The fast form by
    sorting is that of Sun and Xu, IEEE Signal Processing Letters 2014;21:1389.
    """
    outcome = np.asarray(event) == 1
    score = np.asarray(risk, dtype=np.float64)
    high, low = score[outcome], score[~outcome]
    if len(high) == 0 or len(low) == 0:
        return float("nan"), float("nan")
    of_events = _placement(high, low)
    of_others = 1 - _placement(low, high)
    area = float(of_events.mean())
    group = np.arange(len(score)) if person is None else np.unique(np.asarray(person), return_inverse=True)[1]
    groups = int(group.max()) + 1
    first = np.bincount(group[outcome], weights=of_events - area, minlength=groups)
    second = np.bincount(group[~outcome], weights=of_others - area, minlength=groups)
    with_events = len(np.unique(group[outcome]))
    with_others = len(np.unique(group[~outcome]))
    if with_events < 2 or with_others < 2:
        return area, float("nan")
    variance = (
        with_events / (with_events - 1) * float(first @ first) / len(high) ** 2
        + with_others / (with_others - 1) * float(second @ second) / len(low) ** 2
        + 2 * groups / (groups - 1) * float(first @ second) / (len(high) * len(low))
    )
    return area, variance


def delong_interval(event: npt.ArrayLike, risk: npt.ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """AUROC with DeLong's interval, as papers give it: ``AUROC +- z * sqrt(variance)``, kept within 0 and 1.

    It takes every discharge for another person's, so that it is too narrow where persons have several; the interval from
    resampling persons is the one to go by.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and score, one entry a discharge.
    confidence
        Confidence of the interval (0 to 1).

    Returns
    -------
    tuple
        AUROC, lower and upper limit. No limits (NaN) where the variance is nought or could not be computed: a score that
        ranks everyone alike, or everyone rightly, is not known without error.
    """
    from scipy.stats import norm

    area, variance = delong(event, risk)
    if not variance > 0:
        return area, float("nan"), float("nan")
    reach = float(norm.ppf(0.5 + confidence / 2)) * variance**0.5
    return area, max(0.0, area - reach), min(1.0, area + reach)


def _placement(of: Array, among: Array) -> Array:
    """For each value, the share of `among` that is smaller, ties one half."""
    ordered = np.sort(among)
    counted = np.searchsorted(ordered, of, side="left") + np.searchsorted(ordered, of, side="right")
    return np.asarray(counted / (2 * len(ordered)))


def _one(measure: str, event: npt.ArrayLike, risk: npt.ArrayLike, weight: npt.ArrayLike | None) -> float:
    scored = Scored.arrange(event, risk)
    weights = np.ones(len(scored.event)) if weight is None else np.asarray(weight, dtype=np.float64)
    return float(Measures(scored).of(weights[scored.order][None, :])[measure][0])
