"""Remedies that make the model again: reweighted, without sensitive features, and by fairlearn's reduction."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.errors import DataError
from hfrisk.fairness.material import AbsentError, Arm, Floats, Material
from hfrisk.modelling import ModellingData, apply_calibrator, fit_calibrator
from hfrisk.modelling.logistic import fit_logistic, logistic_margin
from hfrisk.modelling.refitting import refit

__all__ = ["exponentiated", "reweighing_weights", "reweighted", "without_sensitive"]

_SMALL: dict[str, Any] = {
    "n_estimators": 60,
    "num_leaves": 4,
    "learning_rate": 0.1,
    "min_child_samples": 50,
    "max_bin": 63,
}
_BOUND = 0.02


def reweighing_weights(event: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    """Weights under which outcome and group are independent: ``P(group) P(event) / P(group, event)``.

    Kamiran and Calders, Knowledge and Information Systems 2012;33:1.

    Parameters
    ----------
    event, level
        Outcome (0 or 1) and level, one entry a discharge.

    Returns
    -------
    ndarray
        One a discharge; they add up to the number of discharges where every level has events and non-events.
    """
    frame = pd.DataFrame({"event": np.asarray(event), "level": np.asarray(level)})
    n = len(frame)
    both = frame.groupby(["level", "event"])["event"].transform("size")
    of_level = frame.groupby("level")["event"].transform("size")
    of_event = frame.groupby("event")["event"].transform("size")
    return np.asarray(of_level * of_event / (n * both), dtype=np.float64)


def reweighted(material: Material) -> Arm:
    """The model made again, with its own settings, from weighted discharges; calibrated without weights, so that risks stay risks."""
    part = material.development
    return _made_again(material, weight=reweighing_weights(part.event, part.level))


def without_sensitive(material: Material) -> Arm:
    """The model made again without the features that the dictionary calls sensitive.

    What stands for them among the others stays in.

    Raises
    ------
    AbsentError
        If the model reads none.
    """
    sensitive = [entry.name for entry in material.development.data.dictionary if entry.sensitive]
    dropped = sorted(set(sensitive) & set(_inputs(material)))
    if not dropped:
        raise AbsentError("the model reads no feature that the dictionary calls sensitive")
    return _made_again(material, dropped=dropped)


def exponentiated(material: Material) -> Arm:
    """`fairlearn.reductions.ExponentiatedGradient` over small models of trees: yes or no, by chance, and no risk.

    Agarwal and others, ICML 2018. A missed readmission and a needless review weigh as the study's threshold says (1 - threshold to
    threshold). The chance of being flagged, over the models that it mixes, is used as it is; nothing is drawn.
    """
    from fairlearn.reductions import DemographicParity, ErrorRate, ExponentiatedGradient, TruePositiveRateParity

    part, settings = material.development, material.settings
    names = _inputs(material)
    chosen = _drawn(part.person, settings.rows, settings.seed)
    parity = TruePositiveRateParity if settings.equalise == "true_positive_rate" else DemographicParity
    method = ExponentiatedGradient(
        lgb.LGBMClassifier(
            **_SMALL,
            random_state=settings.seed % 2**31,
            n_jobs=1,
            deterministic=True,
            force_col_wise=True,
            verbosity=-1,
        ),
        constraints=parity(difference_bound=_BOUND),
        objective=ErrorRate(costs={"fp": material.threshold, "fn": 1 - material.threshold}),
        max_iter=settings.iterations,
    )
    learnt = part.data.features[names].iloc[chosen].reset_index(drop=True)
    method.fit(learnt, pd.Series(part.event[chosen].astype(int)), sensitive_features=pd.Series(part.level[chosen]))
    test = material.test.data.features[names]
    flag = np.zeros(len(test))
    for place, weight in method.weights_.items():
        if weight > 0:
            flag += weight * np.asarray(method.predictors_[place].predict(test), dtype=np.float64)
    return Arm(None, np.clip(flag, 0.0, 1.0))


def _drawn(person: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.intp]:
    """Rows of people drawn at random until there are about so many."""
    if len(person) <= most:
        return np.arange(len(person))
    order = np.random.default_rng(seed).permutation(int(person.max()) + 1)
    size = np.bincount(person)[order]
    people = order[np.cumsum(size) <= most]
    return np.flatnonzero(np.isin(person, people))


def _inputs(material: Material) -> list[str]:
    """What the model reads; of a study without trees, what its spline model reads."""
    model = material.model
    return list(model.inputs if model.learnt else (model.spline_inputs or model.inputs))


def _made_again(material: Material, weight: Floats | None = None, dropped: list[str] | None = None) -> Arm:
    model = material.model
    if model.subject == "stored":
        raise AbsentError("a model that was made elsewhere cannot be made again here")
    try:
        again = _trees_again if model.learnt else _spline_again
        risk = again(material, weight, dropped or [])
    except DataError:
        # its own words may hold a count
        raise AbsentError("there is too little to make the model again from") from None
    return Arm(risk, (risk >= material.threshold).astype(np.float64))


def _trees_again(material: Material, weight: Floats | None, dropped: list[str]) -> Floats:
    learner = material.learner
    settings = learner.model_copy(update={"exclude": [*learner.exclude, *dropped]})
    again = refit(
        material.development.data,
        settings,
        material.model.summary["params"],
        int(material.model.summary["rounds"]),
        weight=weight,
        least_leaf=material.least_leaf,
    )
    return again.predict(material.test.data.features)


def _spline_again(material: Material, weight: Floats | None, dropped: list[str]) -> Floats:
    model, data = material.model, material.development.data
    entries = [entry for entry in data.dictionary if entry.name in _inputs(material) and entry.name not in dropped]
    event, fold = material.development.event, data.rows["fold"].to_numpy()

    def fitted(rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
        return fit_logistic(
            data.features[rows],
            event[rows],
            entries,
            penalty=float(model.logistic["penalty"]),
            knots=material.learner.spline_knots,
            weight=None if weight is None else weight[rows],
        )

    margin = np.empty(len(event))
    for k in np.unique(fold):
        margin[fold == k] = logistic_margin(fitted(fold != k), _rows(data, fold == k))
    calibrator = fit_calibrator(model.logistic["calibration"]["method"], margin, event)
    whole = fitted(np.ones(len(event), dtype=np.bool_))
    return np.asarray(apply_calibrator(calibrator, logistic_margin(whole, material.test.data.features)))


def _rows(data: ModellingData, chosen: npt.NDArray[np.bool_]) -> pd.DataFrame:
    return data.features[chosen]
