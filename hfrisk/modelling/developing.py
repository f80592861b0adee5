"""One tuned, calibrated model, and the comparators beside it, from the development rows alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.features import Feature
from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.calibration import (
    Choice,
    calibrator_version,
    choose_method,
    cross_fit,
    fit_calibrator,
    tells_apart,
)
from hfrisk.modelling.companions import fit_companions
from hfrisk.modelling.logistic import ComparatorFit, fit_comparator
from hfrisk.modelling.material import empty_check, prepared
from hfrisk.modelling.model import Model
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.sample_size import sample_size_check, sizes_in_hundreds
from hfrisk.modelling.scores import (
    fit_scores,
    score_risks_out_of_fold,
    scores_that_can_be_compared,
    too_rarely_made,
)
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.modelling.tuning import Tuning, final_rounds, tune
from hfrisk.modelling.workers import tune_with_workers
from hfrisk.progress import Quiet

__all__ = ["develop", "search"]

Floats = NDArray[np.float64]


def search(
    data: ModellingData,
    settings: ModelSettings,
    *,
    folder: Path,
    least_leaf: int = LEAST_LEAF,
    workers: int = 1,
    progress: Quiet | None = None,
) -> Tuning:
    """The search of `develop` alone, with one worker or several; `develop` then finds it done.

    Parameters
    ----------
    data, settings, folder, least_leaf, progress
        As for `develop`.
    workers
        Processes on this machine. More than one need ``model.storage: postgres``, where workers on other machines join them.

    Raises
    ------
    DataError, StudyError
        As for `develop`; also if several workers could not share the search.
    """
    folds = prepared(data.part("development"), settings)[0]
    if workers == 1:
        return tune(folds, settings, folder=folder, least_leaf=least_leaf, progress=progress)
    return tune_with_workers(folds, settings, folder=folder, workers=workers, least_leaf=least_leaf, progress=progress)


def develop(
    data: ModellingData,
    settings: ModelSettings,
    *,
    folder: Path,
    least_leaf: int = LEAST_LEAF,
    progress: Quiet | None = None,
) -> Model:
    """Tune, fit and calibrate on development rows.

    Parameters
    ----------
    data
        Only its development part is looked at.
    settings
        The learner, its search, its calibration.
    folder
        Holds the search (``tuning.db``); a killed call goes on from there and ends the same.
    least_leaf
        The disclosure threshold: fewest discharges in a leaf of any tree that is tried.
    progress
        Told of the search and of the comparator.

    Returns
    -------
    Model
        The same to the last digit for the same data, settings and library versions.

    Raises
    ------
    DataError
        If there is too little to learn from (decision 13).
    StudyError
        If `settings.exclude` names an unknown feature, or the folder cannot be written to.
    """
    progress = progress or Quiet()
    data = data.part("development")
    calibrator_version(settings.calibration)  # one that is not there is said before the search, not after it
    folds, dictionary, empty = prepared(data, settings)
    features = data.features[folds.inputs]
    event = data.rows["event"].to_numpy()
    fold = data.rows["fold"].to_numpy()
    count = folds.per_repeat
    tuning = tune(folds, settings, folder=folder, least_leaf=least_leaf, progress=progress)
    rounds = final_rounds(tuning.fold_rounds)
    with progress.step("fitting", count + 3) as step:
        margin = folds.out_of_fold(tuning.params, rounds)
        step.advance(1)
        text = folds.fit(tuning.params, rounds)
        step.advance(1)
        comparator = fit_comparator(
            features, event, fold, dictionary, knots=settings.spline_knots, threads=settings.threads, steps=step
        )
        companions = fit_companions(features, data.rows, dictionary, settings)
        step.advance(1)

    compared = scores_that_can_be_compared(data.scores, settings.scores_least_share)
    chosen, beside = (
        choose_method(settings.calibration, log_odds, event, fold, data.rows["person_id"])
        for log_odds in (margin, comparator.margin)
    )
    calibration = fit_calibrator(chosen.method, margin, event)
    logistic = {**comparator.parameters, "calibration": fit_calibrator(beside.method, comparator.margin, event)}
    cross_validated = data.rows[["person_id", "index_id", "fold"]].assign(
        risk=cross_fit(chosen.method, margin, event, fold),
        risk_logistic=cross_fit(beside.method, comparator.margin, event, fold),
        **score_risks_out_of_fold(data.scores, event, fold, compared),
        risk_null=_rate_elsewhere(event, fold),
    )
    cross_validated = cross_validated.assign(**companions.risks)
    parameters = sum(len(term["coefficients"]) for term in comparator.parameters["terms"])
    asked = (len(event), int(event.sum()), parameters, settings.anticipated_auroc)
    return Model(
        booster_text=text,
        inputs=list(features.columns),
        calibration=calibration,
        logistic=logistic,
        scores=fit_scores(data.scores, event, compared),
        null_risk=float(event.mean()),
        cross_validated=cross_validated,
        trials=tuning.trials,
        summary=_summary(data, settings, tuning, rounds, comparator, folds=folds, empty=empty, margin=margin)
        | _calibrated(chosen, beside)
        | {
            "sizes": asdict(sizes_in_hundreds(*asked)),
            "sizes_for": {"parameters": parameters, "auroc": settings.anticipated_auroc},
        },
        checks=[
            check
            for check in (
                sample_size_check(*asked),
                empty_check(empty),
                _order_check(calibration),
                *companions.checks,
                _edge_check(tuning.edge),
                too_rarely_made(data.scores, compared, settings.scores_least_share),
            )
            if check is not None
        ],
        points=companions.points,
        competing=companions.competing,
        importances=tuning.importances,
    )


def _rate_elsewhere(event: NDArray[Any], fold: NDArray[np.int64]) -> Floats:
    rate = np.empty(len(event))
    for k in np.unique(fold):
        rate[fold == k] = event[fold != k].mean()
    return rate


def _summary(
    data: ModellingData,
    settings: ModelSettings,
    tuning: Tuning,
    rounds: int,
    comparator: ComparatorFit,
    *,
    folds: BinnedFolds,
    empty: list[Feature],
    margin: Floats,
) -> dict[str, Any]:
    event = data.rows["event"].to_numpy(dtype=np.float64)
    rate = event.mean()
    states = tuning.trials["state"].value_counts()
    judge = objective(settings.objective)
    constrained = folds.constrained(tuning.params)
    return {
        "learner": settings.learner,
        "params": tuning.params,
        "rounds": rounds,
        "objective": judge.name,
        "objective_words": judge.words,
        "objective_better": judge.better,
        "objective_value": float(np.mean(tuning.fold_values)),
        "choice": settings.choice,
        "same_twice": settings.storage == "file" and settings.hours is None,
        "best_trial": tuning.best,
        "chosen_trial": tuning.chosen,
        "monotone": "on" if constrained else "off",
        "monotone_features": {
            name: "increasing" if way > 0 else "decreasing"
            for name, way in zip(folds.inputs, folds.monotone, strict=True)
            if constrained and way
        },
        "trials_complete": int(states.get("complete", 0)),
        "trials_pruned": int(states.get("pruned", 0)),
        "fold_rounds": tuning.fold_rounds,
        "log_loss_out_of_fold": float(np.mean(np.logaddexp(0, margin) - event * margin)),
        "log_loss_null": float(special.entr(rate) + special.entr(1 - rate)),
        "logistic_penalty": comparator.parameters["penalty"],
        "logistic_losses": {str(penalty): loss for penalty, loss in comparator.losses.items()},
        "n_development": len(event),
        "persons_development": int(data.rows["person_id"].nunique()),
        "events": int(event.sum()),
        "folds": int(data.rows["fold"].max()) + 1,
        "repeats": settings.repeats,
        "seed": settings.seed,
        "edge_of_space": tuning.edge,
        "empty_features": [feature.name for feature in empty],
    }


def _calibrated(chosen: Choice, beside: Choice) -> dict[str, Any]:
    """Which calibration, of the model and of the comparator, and by which losses if it was chosen."""
    named = {"calibration": chosen.method, "logistic_calibration": beside.method}
    losses = {"calibration_losses": chosen.losses, "logistic_calibration_losses": beside.losses}
    return named | (losses if chosen.losses else {})


def _order_check(calibration: dict[str, Any]) -> Check | None:
    if tells_apart(calibration):
        return None
    return Check(
        code="HFR112",
        severity="error",
        title="The model does not rank people it has not seen",
        finding="Among people outside a model's own fold, those given higher risks did not come back more often.",
        consequence="Risks were flattened to almost the average. The model tells people apart no better than chance.",
        todo="Do not use it. Look at how the outcome and the features were made before looking for more features.",
    )


def _edge_check(edge: list[str]) -> Check | None:
    if not edge:
        return None
    return Check(
        code="HFR120",
        severity="note",
        title="The search ended at the edge of its space",
        finding="The best settings found lie at an end of their range: {settings}.",
        consequence="A wider range might give a slightly better model.",
        todo="Widen the range in the study file, where small trees and large leaves allow it.",
        facts={"settings": ", ".join(edge)},
    )
