"""Estimates of one held-out set with variances that know that a person may have several discharges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.calibration import Recalibrations
from hfrisk.assessment.discrimination import delong
from hfrisk.assessment.fitting import LogisticFits
from hfrisk.assessment.scored import Array, Measures, Scored, logit, losses

__all__ = ["MEASURES", "NOT_FITTED", "Estimated", "auroc_on_logit", "log_loss", "log_oe", "measures_under", "slope"]

MEASURES = ("auroc", "scaled_brier", "oe_ratio", "calibration_slope")
NOT_FITTED = "no finite estimate: outcomes or risks do not vary enough"


class Estimated(NamedTuple):
    """An estimate and its variance on the scale on which it is summarised."""

    value: float
    variance: float

    @property
    def known(self) -> bool:
        """Whether both are finite and the variance is positive."""
        return bool(np.isfinite(self.value) and np.isfinite(self.variance) and self.variance > 0)


def auroc_on_logit(event: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike) -> Estimated:
    """Log-odds of the AUROC, variance by Obuchowski's clustered DeLong and the delta method."""
    area, variance = delong(event, risk, person)
    if not 0 < area < 1:
        return Estimated(float("nan"), float("nan"))
    return Estimated(float(np.log(area / (1 - area))), variance / (area * (1 - area)) ** 2)


def log_oe(event: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike) -> Estimated:
    """Log of observed over expected; variance linearised, by person.

    With one discharge a person and a constant risk the variance is that of Debray et al. (BMJ 2017;356:i6460), (1 - p) / O.
    """
    outcome, probability = np.asarray(event, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    observed, expected = float(outcome.sum()), float(probability.sum())
    if observed == 0 or expected == 0:
        return Estimated(float("nan"), float("nan"))
    ratio = observed / expected
    return Estimated(float(np.log(ratio)), _clustered(outcome - ratio * probability, person) / observed**2)


def slope(event: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike) -> Estimated:
    """Calibration slope; variance by the person-clustered sandwich (Liang and Zeger, Biometrika 1986;73:13)."""
    outcome, log_odds = np.asarray(event, dtype=np.float64), logit(risk)
    design = np.column_stack([np.ones(len(outcome)), log_odds])
    fitted = LogisticFits(design).fit((outcome @ design)[None, :])[0]
    if not np.isfinite(fitted).all():
        return Estimated(float("nan"), float("nan"))
    mean = 1 / (1 + np.exp(-(design @ fitted)))
    bread = np.linalg.inv(design.T @ (design * (mean * (1 - mean))[:, None]))
    code = np.unique(np.asarray(person), return_inverse=True)[1]
    sums = np.column_stack([np.bincount(code, weights=column) for column in ((outcome - mean)[:, None] * design).T])
    people = len(sums)
    variance = bread @ (sums.T @ sums) @ bread * people / max(people - 1, 1)
    return Estimated(float(fitted[1]), float(variance[1, 1]))


def log_loss(event: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike) -> Estimated:
    """Mean log loss; variance by person."""
    each = losses(np.asarray(event, dtype=np.float64), logit(risk))
    return Estimated(float(each.mean()), _clustered(each - each.mean(), person) / len(each) ** 2)


def measures_under(event: npt.ArrayLike, risk: npt.ArrayLike, weight: Array) -> dict[str, Array]:
    """The four measures of the bootstrap designs under weightings of shape (weightings, discharges), in the order given."""
    scored = Scored.arrange(event, risk)
    weights = np.asarray(weight, dtype=np.float64)[:, scored.order]
    found = Measures(scored).of(weights) | Recalibrations(scored).of(weights)
    return {name: found[name] for name in MEASURES}


def _clustered(influence: Array, person: npt.ArrayLike) -> float:
    code = np.unique(np.asarray(person), return_inverse=True)[1]
    sums = np.bincount(code, weights=influence)
    people = len(sums)
    return float(sums @ sums) * people / max(people - 1, 1)
