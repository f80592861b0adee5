"""The model that development leaves behind, which can be asked for risks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from hfrisk.checks import Check
from hfrisk.errors import DataError
from hfrisk.modelling.boosting import booster_contributions, booster_margin
from hfrisk.modelling.calibration import apply_calibrator
from hfrisk.modelling.choosing import IMPORTANCES
from hfrisk.modelling.competing import STATES, state_risks
from hfrisk.modelling.logistic import logistic_margin
from hfrisk.modelling.points import points_risk
from hfrisk.modelling.scores import score_risks

__all__ = ["Model", "StoredModel"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StoredModel:
    """A model that was made elsewhere, or before, to be judged as it is.

    Parameters
    ----------
    text
        The trees as LightGBM's text.
    inputs
        Names of its features, in its order.
    calibration
        How its log-odds become risks.
    """

    text: str
    inputs: list[str]
    calibration: dict[str, Any]


@dataclass(frozen=True)
class Model:
    """What development leaves behind: plain text, names, numbers and frames.

    Parameters
    ----------
    booster_text
        LightGBM text as trained; empty where none was learnt. It holds ranges and counts of the training rows: it leaves only through
        the gate.
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
        Where folds run forward in time, what was learnt is NaN for the earliest block, which no model had not seen.
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
    subject
        The model that is judged: ``lightgbm``; ``logistic`` where none was learnt; ``stored`` where one made elsewhere is tried.
    recalibration
        Of a stored model, the logistic recalibration of its risks in development; empty otherwise.
    spline_inputs
        What the spline model, the score-card and the states read, where those are not `inputs`.
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
    subject: str = "lightgbm"
    recalibration: dict[str, Any] = field(default_factory=dict)
    spline_inputs: list[str] = field(default_factory=list)
    importances: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=IMPORTANCES))

    @property
    def comparators(self) -> list[str]:
        """The models beside the one that is judged: the spline model, the score-card, the clinical scores, and the null model."""
        return [name for name in self._beside if name != self.subject]

    @property
    def learnt(self) -> bool:
        """Whether a model was learnt here, which can be exported and registered."""
        return self.subject == "lightgbm"

    @property
    def has_trees(self) -> bool:
        """Whether the model that is judged is one of trees, which can be explained."""
        return bool(self.booster_text)

    @property
    def _beside(self) -> list[str]:
        first = ["recalibrated"] if self.recalibration else []
        return [*first, "logistic", *(["points"] if self.points else []), *self.scores, "null"]

    def predict(self, features: pd.DataFrame) -> Floats:
        """Calibrated risk of each row; inputs are found by name, in any order, NaN where not recorded.

        Raises
        ------
        DataError
            If an input is missing or is not a number; columns are named, values never.
        """
        if not self.has_trees:
            return self.predict_comparator(self.subject, features)
        return apply_calibrator(self.calibration, self.margin(features))

    def predict_comparator(self, name: str, features: pd.DataFrame) -> Floats:
        """Calibrated risk of each row by a comparator, which finds its columns by name (`ModellingData.for_comparators`)."""
        if name not in self._beside:
            raise KeyError(f"no comparator is called {name}")
        if name == "null":
            return np.full(len(features), self.null_risk)
        if name in self.scores:
            return score_risks(self.scores[name], _numbers(features, [self.scores[name]["column"]]))
        if name == "recalibrated":
            with np.errstate(divide="ignore"):
                return apply_calibrator(self.recalibration, special.logit(self.predict(features)))
        frame = _numbers(features, self.spline_inputs or self.inputs)
        if name == "points":
            return points_risk(self.points, frame)
        return apply_calibrator(self.logistic["calibration"], logistic_margin(self.logistic, frame))

    def predict_states(self, features: pd.DataFrame) -> dict[str, Floats]:
        """Risks of ``readmitted``, ``died`` and ``none``, which add up to one for each row; empty where they were not modelled."""
        if not self.competing:
            return {}
        frame = _numbers(features, self.spline_inputs or self.inputs)
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
