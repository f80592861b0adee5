"""Remedies that leave the model alone: risks recalibrated by group, a threshold for each group, and fairlearn's optimiser of thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin

from hfrisk.assessment.fitting import LogisticFits
from hfrisk.fairness.material import AbsentError, Arm, Floats, Material, Part
from hfrisk.fairness.results import COLUMNS

__all__ = ["group_thresholds", "optimised_thresholds", "recalibrated"]

_STEP = 0.005
"""Thresholds of groups lie on multiples of it: the risk of a person is not a rule."""


def recalibrated(material: Material) -> tuple[Arm, pd.DataFrame]:
    """Logistic recalibration of each group's risks; the study's one threshold is kept.

    ``logit P = a + b logit(risk)`` in development, on out-of-fold risks, with b held at 1 in the large. A level with too few events or
    non-events has the recalibration of everyone.

    Returns
    -------
    Arm, DataFrame
        The test, and `Mitigation.remedy_rules`.
    """
    settings, part = material.settings, material.development
    of_all = _recalibration(part.event, part.risk, settings.recalibration)
    odds = _log_odds(material.test.risk)
    risk = expit(of_all[0] + of_all[1] * odds)
    rows = []
    for level, own in _levels(material).items():
        mine = part.level == level
        found = _recalibration(part.event[mine], part.risk[mine], settings.recalibration) if own else of_all
        chosen = material.test.level == level
        risk[chosen] = expit(found[0] + found[1] * odds[chosen])
        rows.append(_rule("recalibration", level, own, found[0], found[1], part))
    return Arm(risk, (risk >= material.threshold).astype(np.float64)), _rules(rows)


def group_thresholds(material: Material) -> tuple[Arm, pd.DataFrame]:
    """A threshold for each group that reaches the target rate in development, and is never above the study's own.

    Groups below the target are raised to it; nobody is passed by whom the study's threshold flags, so that no need is denied to make
    groups equal. What it costs is more people to review. A level with too few events or non-events keeps the study's threshold.

    Returns
    -------
    Arm, DataFrame
        The test, and `Mitigation.remedy_rules`.
    """
    part, settings = material.development, material.settings
    target = settings.target
    if target is None:
        target = _rate(part.event, part.risk, material.threshold, settings.equalise)
    flag = np.zeros(len(material.test.event))
    rows = []
    for level, own in _levels(material).items():
        mine = part.level == level
        value = material.threshold
        if own:
            grid = np.round(np.arange(round(material.threshold / _STEP), 0, -1) * _STEP, 4)
            reached = [t for t in grid if _rate(part.event[mine], part.risk[mine], t, settings.equalise) >= target]
            value = float(min(material.threshold, reached[0] if reached else _STEP))
        chosen = material.test.level == level
        flag[chosen] = material.test.risk[chosen] >= value
        rows.append(_rule("group_thresholds", level, own, value, np.nan, part))
    return Arm(material.test.risk, flag), _rules(rows)


def optimised_thresholds(material: Material) -> Arm:
    """`fairlearn.postprocessing.ThresholdOptimizer` on the risks: two thresholds a group, mixed by chance.

    Its objective is balanced accuracy, which weighs a missed readmission against a needless review by how rare readmissions are, near to
    what a threshold about the readmission rate does. The chance of being flagged is used as it is; nothing is drawn.

    Raises
    ------
    AbsentError
        If a level in development has no event or no non-event, or the test has a level that development has not.
    """
    from fairlearn.postprocessing import ThresholdOptimizer

    part, test = material.development, material.test
    for level in np.unique(test.level):
        mine = part.level == level
        if not 0 < part.event[mine].sum() < mine.sum():
            raise AbsentError("a group has nobody with the outcome, or nobody without it, in development")
    seen = np.isin(part.level, np.unique(test.level))
    constraint = {"true_positive_rate": "true_positive_rate_parity", "selection_rate": "demographic_parity"}
    optimiser = ThresholdOptimizer(
        estimator=_Given().fit(None, None),
        constraints=constraint[material.settings.equalise],
        objective="balanced_accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    optimiser.fit(part.risk[seen, None], part.event[seen].astype(int), sensitive_features=part.level[seen])
    chances = optimiser._pmf_predict(test.risk[:, None], sensitive_features=test.level)
    return Arm(test.risk, np.asarray(chances[:, 1], dtype=np.float64))


class _Given(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose only feature is the risk itself."""

    def fit(self, x: Any, y: Any) -> _Given:
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, x: Any) -> Floats:
        risk = np.asarray(x, dtype=np.float64)[:, 0]
        return np.column_stack([1 - risk, risk])

    def predict(self, x: Any) -> Any:
        return (self.predict_proba(x)[:, 1] >= 0.5).astype(int)


def _levels(material: Material) -> dict[str, bool]:
    """Levels of either split, each with whether development has enough for a rule of its own."""
    part, least = material.development, material.settings.least_events
    found = {}
    for level in sorted({*part.level, *material.test.level}):
        event = part.event[part.level == level]
        found[str(level)] = min(event.sum(), len(event) - event.sum()) >= least
    return found


def _recalibration(event: Floats, risk: Floats, form: str) -> tuple[float, float]:
    odds = _log_odds(risk)
    if form == "intercept":
        design = np.ones((len(odds), 1))
        fitted = LogisticFits(design, offset=odds).fit((event @ design)[None, :])[0]
        found = (float(fitted[0]), 1.0)
    else:
        design = np.column_stack([np.ones(len(odds)), odds])
        fitted = LogisticFits(design).fit((event @ design)[None, :], start=np.array([0.0, 1.0]))[0]
        found = (float(fitted[0]), float(fitted[1]))
    if not np.isfinite(found).all():
        raise AbsentError("a recalibration could not be fitted")
    return found


def _rate(event: Floats, risk: Floats, threshold: float, which: str) -> float:
    flagged = risk >= threshold
    return float(flagged.mean()) if which == "selection_rate" else float(event[flagged].sum() / event.sum())


def _log_odds(risk: Floats) -> Floats:
    return np.asarray(logit(np.clip(risk, 1e-9, 1 - 1e-9)), dtype=np.float64)


def _rule(remedy: str, level: str, own: bool, value: float, slope: float, part: Part) -> dict[str, Any]:
    mine = part.level == level
    return {
        "remedy": remedy,
        "level": level,
        "rule": "own" if own else "everyone",
        "value": value,
        "slope": slope,
        "n": int(mine.sum()),
        "events": int(part.event[mine].sum()),
    }


def _rules(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS["remedy_rules"].split())
