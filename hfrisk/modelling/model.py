"""One tuned, calibrated model, and the comparator beside it, from the development rows alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.errors import DataError, StudyError
from hfrisk.features import Feature
from hfrisk.modelling.boosting import BinnedFolds, booster_contributions, booster_margin
from hfrisk.modelling.calibration import (
    Choice,
    apply_calibrator,
    calibrator_version,
    choose_method,
    cross_fit,
    fit_calibrator,
    tells_apart,
)
from hfrisk.modelling.choosing import IMPORTANCES
from hfrisk.modelling.companions import fit_companions
from hfrisk.modelling.competing import STATES, state_risks
from hfrisk.modelling.folds import person_folds
from hfrisk.modelling.logistic import ComparatorFit, fit_comparator, logistic_margin
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.points import points_risk
from hfrisk.modelling.sample_size import sample_size_check
from hfrisk.modelling.scores import (
    fit_scores,
    score_risks,
    score_risks_out_of_fold,
    scores_that_can_be_compared,
    too_rarely_made,
)
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.modelling.tuning import Tuning, final_rounds, tune
from hfrisk.modelling.workers import tune_with_workers
from hfrisk.progress import Quiet

__all__ = ["Model", "develop", "search"]

Floats = NDArray[np.float64]

# as many as the gate asks for: fewer could not be shown
_LEAST_DIFFERENT = 10


@dataclass(frozen=True)
class Model:
    """What development leaves behind: plain text, names, numbers and frames.

    Parameters
    ----------
    booster_text
        LightGBM text as trained. It holds ranges and counts of the training rows: it leaves only through the gate.
    inputs
        Names of the features that it reads, in its order.
    calibration
        Calibrator of the booster's log-odds, fitted on all out-of-fold rows.
    logistic
        The spline logistic comparator (`fit_logistic`), with its own ``calibration``.
    scores
        The clinical scores that are compared, by short name (`fit_scores`).
    null_risk
        The event rate of development: the risk that the null model gives everyone.
    cross_validated
        Development rows: ``person_id``, ``index_id``, ``fold`` and risks predicted out of fold and calibrated by
        a calibrator of the other folds: ``risk``, ``risk_logistic``, one for each score (``risk_lace`` ...), and ``risk_null``,
        the other folds' event rate; ``risk_points``, and ``risk_readmitted``, ``risk_died`` and ``risk_none``, where those were made.
    trials
        One row a trial of the search.
    summary
        Best settings, trees, sizes, seeds, and what was noticed.
    checks
        Numbered findings.
    points
        The score-card (`fit_card`); empty where none was made.
    competing
        The model of three states (`fit_competing`); empty where none was made.
    importances
        ``setting``, ``importance``: how much of the differences between trials each setting explains; empty where it could not be told.
    """

    booster_text: str
    inputs: list[str]
    calibration: dict[str, Any]
    logistic: dict[str, Any]
    scores: dict[str, Any]
    null_risk: float
    cross_validated: pd.DataFrame
    trials: pd.DataFrame
    summary: dict[str, Any]
    checks: list[Check]
    points: dict[str, Any] = field(default_factory=dict)
    competing: dict[str, Any] = field(default_factory=dict)
    importances: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=IMPORTANCES))

    @property
    def comparators(self) -> list[str]:
        """Names that `predict_comparator` knows: the spline model, the score-card, the clinical scores, and the null model."""
        return ["logistic", *(["points"] if self.points else []), *self.scores, "null"]

    def predict(self, features: pd.DataFrame) -> Floats:
        """Calibrated risk of each row; inputs are found by name, in any order, NaN where not recorded.

        Raises
        ------
        DataError
            If an input is missing or is not a number; columns are named, values never.
        """
        return apply_calibrator(self.calibration, self.margin(features))

    def predict_comparator(self, name: str, features: pd.DataFrame) -> Floats:
        """Calibrated risk of each row by a comparator, which finds its columns by name (`ModellingData.for_comparators`)."""
        if name not in self.comparators:
            raise KeyError(f"no comparator is called {name}")
        if name == "null":
            return np.full(len(features), self.null_risk)
        if name in self.scores:
            return score_risks(self.scores[name], _numbers(features, [self.scores[name]["column"]]))
        frame = _numbers(features, self.inputs)
        if name == "points":
            return points_risk(self.points, frame)
        return apply_calibrator(self.logistic["calibration"], logistic_margin(self.logistic, frame))

    def predict_states(self, features: pd.DataFrame) -> dict[str, Floats]:
        """Risks of ``readmitted``, ``died`` and ``none``, which add up to one for each row; empty where they were not modelled."""
        if not self.competing:
            return {}
        frame = _numbers(features, self.inputs)
        return dict(zip(STATES, state_risks(self.competing, frame).T, strict=True))

    def margin(self, features: pd.DataFrame) -> Floats:
        """Log-odds of the booster, before calibration."""
        return booster_margin(self.booster_text, self._matrix(features))

    def contributions(self, features: pd.DataFrame) -> Floats:
        """TreeSHAP contributions to `margin` in log-odds: one column an input, and the base value last."""
        return booster_contributions(self.booster_text, self._matrix(features))

    def _matrix(self, features: pd.DataFrame) -> Floats:
        return np.asarray(_numbers(features, self.inputs).to_numpy(), dtype=np.float64)


def _numbers(features: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The named columns as float64."""
    missing = [name for name in names if name not in features.columns]
    if missing:
        raise DataError("The model needs features that are not there.", where=", ".join(missing))
    chosen = features[names]
    wrong = [name for name, kind in zip(names, chosen.dtypes, strict=True) if not pd.api.types.is_numeric_dtype(kind)]
    if wrong:
        raise DataError("The model needs numbers in columns that hold something else.", where=", ".join(wrong))
    return pd.DataFrame(chosen.to_numpy(dtype=np.float64, na_value=np.nan), columns=names)


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
    folds = _prepared(data.part("development"), settings)[0]
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
    folds, dictionary, empty = _prepared(data, settings)
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
    sizes = sample_size_check(len(event), int(event.sum()), parameters, settings.anticipated_auroc)
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
        | _calibrated(chosen, beside),
        checks=[
            check
            for check in (
                sizes,
                _empty_check(empty),
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


_WAYS = {"increasing": 1, "decreasing": -1, "none": 0}


def _prepared(data: ModellingData, settings: ModelSettings) -> tuple[BinnedFolds, list[Feature], list[Feature]]:
    """Development rows in their folds, the features that are used, and those with too little to learn from."""
    _refuse(data.rows, settings.minimum_events)
    dictionary, empty = _usable(data, settings)
    fold = data.rows["fold"].to_numpy()
    redrawn = [
        person_folds(data.rows["person_id"], data.rows["event"], int(fold.max()) + 1, seed=(settings.seed, repeat))
        for repeat in range(1, settings.repeats)
    ]
    names = [feature.name for feature in dictionary]
    folds = BinnedFolds(
        data.features[names].to_numpy(),
        data.rows["event"].to_numpy(),
        [fold, *redrawn],
        names,
        settings,
        monotone=[_WAYS[feature.monotone] for feature in dictionary],
    )
    return folds, dictionary, empty


def _refuse(rows: pd.DataFrame, minimum: int) -> None:
    events = int(rows["event"].sum())
    others = len(rows) - events
    fewer, words = (events, "with the outcome") if events <= others else (others, "without the outcome")
    if fewer < minimum:
        found = f" ({fewer} were found)" if fewer >= 10 else ""
        raise DataError(
            f"There are fewer than {minimum} index discharges {words} in development{found}: "
            "too few to learn a model from.",
            where="model.minimum_events",
            todo=f"Use a longer development period or more hospitals, so that at least {minimum} are there.",
        )
    people = rows.groupby("person_id")["event"].agg(["max", "min"])
    needed = int(rows["fold"].max()) + 1
    if int(people["max"].sum()) < needed or int((people["min"] == 0).sum()) < needed:
        raise DataError(
            "The outcome is concentrated in fewer people than there are folds.",
            where="validation.folds",
            todo="Use fewer folds, or a longer development period.",
        )


def _usable(data: ModellingData, settings: ModelSettings) -> tuple[list[Feature], list[Feature]]:
    unknown = sorted(set(settings.exclude) - {feature.name for feature in data.dictionary})
    if unknown:
        raise StudyError(
            f"There is no feature called {', '.join(unknown)}.",
            where="model.exclude",
            todo="Use names from the feature dictionary.",
        )
    offered = [feature for feature in data.dictionary if feature.name not in settings.exclude]
    empty = [feature for feature in offered if _hardly_varies(data.features[feature.name])]
    usable = [feature for feature in offered if feature not in empty]
    if not usable:
        raise DataError("No feature varies in development.", todo="Look at the feature dictionary's notices.")
    return usable, empty


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


def _hardly_varies(values: pd.Series) -> bool:
    """Whether fewer than ten discharges differ from the rest: nothing can be learnt from them, and nobody should learn of them."""
    return len(values) - int(values.value_counts(dropna=False).max()) < _LEAST_DIFFERENT


def _empty_check(empty: list[Feature]) -> Check | None:
    if not empty:
        return None
    return Check(
        code="HFR111",
        severity="note",
        title="Features with too little to learn from",
        finding="The same for all but a few people in development, and so left out: {features}.",
        consequence="The model does not know them; other data that do record them would not change its answer.",
        todo="See whether the source holds them under another code, or leave them out of the study.",
        facts={"features": ", ".join(feature.words for feature in empty)},
    )


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
