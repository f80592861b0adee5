"""One tuned, calibrated model, and the comparators beside it, from the development rows alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.features import Feature
from hfrisk.modelling.beside import fit_beside
from hfrisk.modelling.boosting import BinnedFolds, booster_margin
from hfrisk.modelling.calibration import Choice, calibrator_version, cross_fit, fit_calibrator, tells_apart
from hfrisk.modelling.held_out import HeldOut
from hfrisk.modelling.material import empty_check, prepared, refuse_small_window, refuse_too_few, usable
from hfrisk.modelling.model import Model, StoredModel
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.modelling.tuning import Tuning, final_rounds, tune
from hfrisk.modelling.workers import tune_with_workers
from hfrisk.progress import Quiet

__all__ = ["develop", "search"]

Floats = NDArray[np.float64]

_CALIBRATED_IN = {False: "development", True: "window"}
_OF_WHAT_LEARNS = ("HFR110", "HFR111", "HFR112")


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
    stored: StoredModel | None = None,
) -> Model:
    """Tune, fit and calibrate on development rows; without a learner, fit what would stand beside a model.

    Parameters
    ----------
    data
        Its development part is learnt from; the calibration window, where the study has one, makes log-odds risks. Nothing else is
        looked at.
    settings
        The learner, its search, its calibration.
    folder
        Holds the search (``tuning.db``); a killed call goes on from there and ends the same.
    least_leaf
        The disclosure threshold: fewest discharges in a leaf of any tree that is tried.
    progress
        Told of the search and of the comparator.
    stored
        The model that `settings.stored` names, where it is to be judged.

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
    window = _window(data, settings)
    data = data.part("development")
    calibrator_version(settings.calibration)  # one that is not there is said before the search, not after it
    if not settings.learns:
        return _without_a_learner(data, window, settings, progress, stored)
    folds, dictionary, empty = prepared(data, settings)
    count = folds.per_repeat
    tuning = tune(folds, settings, folder=folder, least_leaf=least_leaf, progress=progress)
    rounds = final_rounds(tuning.fold_rounds)
    with progress.step("fitting", count + 3) as step:
        held_out = HeldOut(folds.out_of_fold(tuning.params, rounds), data.rows)
        step.advance(1)
        text = folds.fit(tuning.params, rounds)
        step.advance(1)
        beside = fit_beside(data, folds.inputs, dictionary, settings, step, window)

    chosen = held_out.choose(settings.calibration)
    calibration = (
        held_out.calibrator(chosen.method)
        if window is None
        else fit_calibrator(
            chosen.method,
            booster_margin(text, window.features[folds.inputs].to_numpy()),
            window.rows["event"].to_numpy(),
        )
    )
    cross_validated = data.rows[["person_id", "index_id", "fold"]].assign(
        risk=held_out.risks(chosen.method), **beside.risks
    )
    findings = (empty_check(empty), _order_check(calibration), _edge_check(tuning.edge))
    return Model(
        booster_text=text,
        inputs=list(folds.inputs),
        calibration=calibration,
        logistic=beside.logistic,
        scores=beside.scores,
        null_risk=beside.null_risk,
        cross_validated=cross_validated,
        trials=tuning.trials,
        summary=_summary(data, settings, tuning, rounds, folds=folds, empty=empty, held_out=held_out)
        | beside.summary
        | _calibrated(chosen, beside.choice)
        | {"calibrated_in": _CALIBRATED_IN[window is not None]},
        checks=[*beside.checks, *(check for check in findings if check is not None)],
        points=beside.companions.points,
        competing=beside.companions.competing,
        importances=tuning.importances,
    )


def _window(data: ModellingData, settings: ModelSettings) -> ModellingData | None:
    """The calibration window, where the study has one that is large enough to calibrate on."""
    if not (data.rows["split"] == "calibration").any():
        return None
    window = data.part("calibration")
    refuse_small_window(window.rows, settings.minimum_events)
    return window


def _without_a_learner(
    data: ModellingData,
    window: ModellingData | None,
    settings: ModelSettings,
    progress: Quiet,
    stored: StoredModel | None,
) -> Model:
    """The comparators alone, and the stored model if there is one to judge: nothing is learnt by trees."""
    refuse_too_few(data.rows, settings.minimum_events)
    dictionary, empty = usable(data, settings)
    inputs = [feature.name for feature in dictionary]
    with progress.step("fitting", int(data.rows["fold"].max()) + 2) as step:
        beside = fit_beside(data, inputs, dictionary, settings, step, window)
    findings = (empty_check(empty), _order_check(beside.logistic["calibration"]))
    judged = Model(
        booster_text="",
        inputs=inputs,
        calibration=beside.logistic["calibration"],
        logistic=beside.logistic,
        scores=beside.scores,
        null_risk=beside.null_risk,
        cross_validated=data.rows[["person_id", "index_id", "fold"]].assign(
            risk=beside.risks["risk_logistic"], **beside.risks
        ),
        trials=pd.DataFrame(columns=["trial", "state", "value", "best_so_far"]),
        summary=beside.summary
        | {"calibrated_in": _CALIBRATED_IN[window is not None]}
        | {"logistic_calibration": beside.choice.method, "empty_features": [feature.name for feature in empty]},
        checks=[*beside.checks, *(check for check in findings if check is not None)],
        points=beside.companions.points,
        competing=beside.companions.competing,
        subject="logistic",
    )
    return judged if stored is None else _with_a_stored_model(judged, stored, data)


def _with_a_stored_model(beside: Model, stored: StoredModel, data: ModellingData) -> Model:
    """The stored model as it is, and its own logistic recalibration among what stands beside it.

    No development row was seen by it, so that all of its risks there are out of fold; those of its recalibration are cross-fitted.
    Where it gives somebody a risk of exactly nought or one there is no recalibration.
    """
    event, fold = data.rows["event"].to_numpy(), data.rows["fold"].to_numpy()
    model = replace(
        beside,
        booster_text=stored.text,
        inputs=list(stored.inputs),
        calibration=stored.calibration,
        spline_inputs=beside.inputs,
        subject="stored",
    )
    risk = model.predict(data.features)
    with np.errstate(divide="ignore"):
        log_odds = special.logit(risk)
    beside_it = beside.cross_validated.assign(risk=risk)
    recalibration: dict[str, Any] = {}
    # a risk of exactly nought or one, which a step of a calibration may give, no recalibration can move
    if np.isfinite(log_odds).all():
        recalibration = fit_calibrator("platt", log_odds, event)
        beside_it = beside_it.assign(risk_recalibrated=cross_fit("platt", log_odds, event, fold))
    return replace(
        model,
        recalibration=recalibration,
        cross_validated=beside_it,
        # what is needed to learn, and what was learnt, is said of a model that learns: here that is one of those beside it
        summary={name: value for name, value in beside.summary.items() if name not in ("sizes", "sizes_for")},
        checks=[check for check in beside.checks if check.code not in _OF_WHAT_LEARNS],
    )


def _summary(
    data: ModellingData,
    settings: ModelSettings,
    tuning: Tuning,
    rounds: int,
    *,
    folds: BinnedFolds,
    empty: list[Feature],
    held_out: HeldOut,
) -> dict[str, Any]:
    states = tuning.trials["state"].value_counts()
    judge = objective(settings.objective)
    constrained = folds.constrained(tuning.params)
    return {
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
        "log_loss_out_of_fold": held_out.log_loss(),
        "repeats": len(folds.divisions),
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
