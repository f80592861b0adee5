"""What stands beside the model: the spline model, the score-card and the three states, the clinical scores, and the same risk for all.

A study without a learned model has these alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.features import Feature
from hfrisk.modelling.calibration import Choice, fit_calibrator
from hfrisk.modelling.companions import Companions, fit_companions
from hfrisk.modelling.held_out import HeldOut
from hfrisk.modelling.logistic import ComparatorFit, fit_comparator, logistic_margin
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.sample_size import sample_size_check, sizes_in_hundreds
from hfrisk.modelling.scores import (
    fit_scores,
    score_risks_out_of_fold,
    scores_that_can_be_compared,
    too_rarely_made,
)
from hfrisk.modelling.settings import ModelSettings
from hfrisk.progress import Step

__all__ = ["Beside", "fit_beside"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """The comparators of a study, fitted.

    Attributes
    ----------
    comparator
        The spline model as it was fitted, and its out-of-fold log-odds.
    logistic
        Its parameters with its calibration.
    choice
        How that calibration was chosen.
    companions
        The score-card and the model of three states.
    scores
        The clinical scores that can be compared, as risks.
    null_risk
        The event rate of development.
    risks
        Out-of-fold risks of each: ``risk_logistic``, ``risk_lace`` ..., ``risk_null``, ``risk_points`` ... Where folds run forward in
        time those of the spline model and of the three states are NaN in the earliest block; what only recalibrates (scores, null) and
        the score-card, which is chosen by folds of people inside folds of people, have one everywhere.
    summary
        What is told of them: penalty, losses, sizes.
    checks
        Numbered findings.
    """

    comparator: ComparatorFit
    logistic: dict[str, Any]
    choice: Choice
    companions: Companions
    scores: dict[str, Any]
    null_risk: float
    risks: dict[str, Floats]
    summary: dict[str, Any]
    checks: list[Check]


def fit_beside(
    data: ModellingData,
    inputs: Sequence[str],
    dictionary: list[Feature],
    settings: ModelSettings,
    step: Step,
    window: ModellingData | None = None,
) -> Beside:
    """Fit all that stands beside the model, on development rows.

    Parameters
    ----------
    data
        The development part.
    inputs, dictionary
        The features that are used, and what they are.
    settings
        Knots, calibration, score-card, states.
    step
        Is advanced once a fold, and once more.
    window
        The calibration window, where there is one.
    """
    features = data.features[list(inputs)]
    event = data.rows["event"].to_numpy()
    fold = data.rows["fold"].to_numpy()
    division = data.division
    comparator = fit_comparator(
        features, event, division, dictionary, knots=settings.spline_knots, threads=settings.threads, steps=step
    )
    companions = fit_companions(features, data.rows, dictionary, settings, division)
    step.advance(1)
    compared = scores_that_can_be_compared(data.scores, settings.scores_least_share)
    held_out = HeldOut(comparator.margin, data.rows)
    choice = held_out.choose(settings.calibration)
    calibration = (
        held_out.calibrator(choice.method)
        if window is None
        else fit_calibrator(
            choice.method,
            logistic_margin(comparator.parameters, window.features[list(inputs)]),
            window.rows["event"].to_numpy(),
        )
    )
    parameters = sum(len(term["coefficients"]) for term in comparator.parameters["terms"])
    asked = (len(event), int(event.sum()), parameters, settings.anticipated_auroc)
    found = (
        sample_size_check(*asked),
        *companions.checks,
        too_rarely_made(data.scores, compared, settings.scores_least_share),
    )
    return Beside(
        comparator=comparator,
        logistic={**comparator.parameters, "calibration": calibration},
        choice=choice,
        companions=companions,
        scores=fit_scores(data.scores, event, compared),
        null_risk=float(event.mean()),
        risks={
            "risk_logistic": held_out.risks(choice.method),
            **score_risks_out_of_fold(data.scores, event, fold, compared),
            "risk_null": _rate_elsewhere(event, fold),
            **companions.risks,
        },
        summary=_told(data, settings, comparator)
        | {
            "sizes": asdict(sizes_in_hundreds(*asked)),
            "sizes_for": {"parameters": parameters, "auroc": settings.anticipated_auroc},
        },
        checks=[check for check in found if check is not None],
    )


def _rate_elsewhere(event: NDArray[Any], fold: NDArray[np.int64]) -> Floats:
    rate = np.empty(len(event))
    for k in np.unique(fold):
        rate[fold == k] = event[fold != k].mean()
    return rate


def _told(data: ModellingData, settings: ModelSettings, comparator: ComparatorFit) -> dict[str, Any]:
    rows = data.rows
    event: pd.Series = rows["event"].astype(np.float64)
    rate = event.mean()
    return {
        "learner": settings.learner,
        "log_loss_null": float(special.entr(rate) + special.entr(1 - rate)),
        "logistic_penalty": comparator.parameters["penalty"],
        "logistic_losses": {str(penalty): loss for penalty, loss in comparator.losses.items()},
        "n_development": len(rows),
        "persons_development": int(rows["person_id"].nunique()),
        "events": int(event.sum()),
        "folds": int(rows["fold"].max()) + 1,
        "folds_forward": data.blocks is not None,
    } | (
        # the first and the last quarter, which cross-validation does not tell where its earliest block is not judged
        {}
        if data.blocks is None
        else {"quarters": [f"{day.year} Q{day.quarter}" for day in rows["discharge_date"].agg(["min", "max"])]}
    )
