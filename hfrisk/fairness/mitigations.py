"""Remedies for unfairness, compared side by side with what each costs. All are analysis: none is a model that could be put to use.

Each is made in development alone and judged on the test. The model as it is, with one threshold for everyone, is what they are set beside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.fairness.against_others import scene
from hfrisk.fairness.findings import fairness_checks
from hfrisk.fairness.judging import benefits, calibrations, cells, flags, gaps, groups_of
from hfrisk.fairness.label_bias import label_bias
from hfrisk.fairness.material import AbsentError, Arm, Material, material
from hfrisk.fairness.proxies import biased_proxies
from hfrisk.fairness.reductions import exponentiated, reweighted, without_sensitive
from hfrisk.fairness.results import COLUMNS, NONE, Mitigation, empty
from hfrisk.fairness.settings import FairnessSettings
from hfrisk.fairness.shifts import shifted_groups
from hfrisk.fairness.thresholds import group_thresholds, optimised_thresholds, recalibrated
from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.progress import Quiet

__all__ = ["STANDING", "mitigate"]

_PLAIN: dict[str, Callable[[Material], Arm]] = {
    "threshold_optimizer": optimised_thresholds,
    "exponentiated_gradient": exponentiated,
    "reweighting": reweighted,
    "without_sensitive": without_sensitive,
}
_WITH_RULES: dict[str, Callable[[Material], tuple[Arm, pd.DataFrame]]] = {
    "recalibration": recalibrated,
    "group_thresholds": group_thresholds,
}
STANDING = {
    NONE: "in use",
    "recalibration": "needs assessment",
    "group_thresholds": "needs assessment",
    "threshold_optimizer": "analysis only",
    "exponentiated_gradient": "analysis only",
    "reweighting": "analysis only",
    "without_sensitive": "analysis only",
}
"""What may be done with a remedy (decision 22): rules that differ by group need a legal and equality impact assessment (Equality Act 2010);
those that decide by chance are analysis only, and so is a model that was made again for this comparison alone."""
_BY_CHANCE = ("threshold_optimizer", "exponentiated_gradient")


def mitigate(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: FairnessSettings,
    assessment: AssessmentSettings,
    *,
    least_leaf: int = LEAST_LEAF,
    progress: Quiet | None = None,
) -> Mitigation:
    """Compare the remedies that the settings ask for, and look for labels, proxies and risks that are wrong for a group.

    Parameters
    ----------
    model
        As `develop` made it.
    data
        All splits; remedies are made in development and judged on the test.
    learner
        As for `develop`.
    settings
        Which remedies, for which group.
    assessment
        Threshold, confidence, and the events that a number needs.
    least_leaf
        The disclosure threshold, for models that are made again.
    progress
        Told of each remedy.

    Returns
    -------
    Mitigation
        The same to the last digit for the same data, settings and library versions.
    """
    progress = progress or Quiet()
    frames: dict[str, pd.DataFrame] = {name: empty(name) for name in COLUMNS}
    facts: dict[str, Any] = {
        "group": settings.group,
        "equalise": settings.equalise,
        "recalibration": settings.recalibration,
        "threshold": assessment.threshold,
    }
    if settings.remedies and len(data.part("test").rows):
        frames |= _compared(model, data, learner, settings, assessment, least_leaf, progress)
    if len(data.part("test").rows):
        known = scene(data, model)
        # the order in which a parallel product adds up depends on the number of threads
        with threadpool_limits(limits=1):
            frames["label_bias"] = label_bias(known, settings, assessment)
            frames["biased_proxies"] = biased_proxies(known, settings, assessment)
            frames["shifted_groups"] = shifted_groups(known, settings, assessment)
    words = {feature.name: feature.words for feature in data.dictionary}
    return Mitigation(**frames, facts=facts, checks=fairness_checks(frames, settings, words, assessment.confidence))


def _compared(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: FairnessSettings,
    assessment: AssessmentSettings,
    least_leaf: int,
    progress: Quiet,
) -> dict[str, pd.DataFrame]:
    try:
        known = material(model, data, learner, settings, threshold=assessment.threshold, least_leaf=least_leaf)
    except AbsentError as absent:
        return {"remedies": _table([_row(name, str(absent)) for name in settings.remedies])}
    before = (known.test.risk >= known.threshold).astype(np.float64)
    arms, rules = {NONE: Arm(known.test.risk, before)}, []
    rows = [_row(NONE, "")]
    with progress.step("remedies", len(settings.remedies)) as step:
        for name in settings.remedies:
            try:
                if name in _WITH_RULES:
                    arms[name], found = _WITH_RULES[name](known)
                    rules.append(found)
                else:
                    arms[name] = _PLAIN[name](known)
                rows.append(_row(name, ""))
            except AbsentError as absent:
                rows.append(_row(name, str(absent)))
            step.advance(1, name.replace("_", " "))
    groups = groups_of(known.test, settings.group, assessment)
    return {
        "remedies": _table(rows),
        "remedy_rules": pd.concat(rules, ignore_index=True) if rules else empty("remedy_rules"),
        "remedy_cells": cells(arms, known, groups),
        "remedy_calibration": calibrations(arms, known, groups, assessment),
        "remedy_benefit": benefits(arms, known, groups, assessment),
        "remedy_gaps": gaps(arms, known, groups),
        "remedy_flags": flags(arms, known, groups),
    }


def _row(remedy: str, reason: str) -> dict[str, Any]:
    return {
        "remedy": remedy,
        "done": int(not reason),
        "standing": STANDING[remedy],
        "randomised": int(remedy in _BY_CHANCE),
        "reason": reason,
    }


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS["remedies"].split())
