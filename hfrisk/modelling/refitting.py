"""The pipeline of `develop` again on other rows, its settings already found: what bootstrap models and left-out trusts need.

Everything that development does to make the model is done anew: which features vary, bins, out-of-fold log-odds by person folds or by
the blocks of the study, the calibration (and its choice, where the study asks for that), and the trees of all rows. What is not done
anew is the search, unless a number of trials is asked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.modelling.boosting import booster_contributions, booster_margin
from hfrisk.modelling.calibration import apply_calibrator
from hfrisk.modelling.folds import person_folds
from hfrisk.modelling.held_out import HeldOut
from hfrisk.modelling.material import prepared
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.modelling.tuning import final_rounds, tune

__all__ = ["Refit", "chosen_rows", "refit"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Refit:
    """A model made again: LightGBM text, its inputs in order, its calibrator."""

    booster_text: str
    inputs: list[str]
    calibration: dict[str, Any]

    def predict(self, features: pd.DataFrame) -> Floats:
        """Calibrated risk of each row; inputs are found by name, NaN where not recorded."""
        margin = booster_margin(self.booster_text, np.asarray(features[self.inputs].to_numpy(), dtype=np.float64))
        return apply_calibrator(self.calibration, margin)

    def contributions(self, features: pd.DataFrame) -> Floats:
        """TreeSHAP contributions to the log-odds before calibration: one column an input, and the base value last."""
        return booster_contributions(self.booster_text, np.asarray(features[self.inputs].to_numpy(), dtype=np.float64))


def chosen_rows(data: ModellingData, places: NDArray[np.intp], *, seed: tuple[int, ...]) -> ModellingData:
    """Some of the rows, any of them more than once, divided anew into as many person folds as before; blocks of time stay as they are.

    Parameters
    ----------
    data
        Development rows.
    places
        Positions of the rows; a person who is drawn twice stays one person, whose rows share a fold.
    seed
        Of the folds.

    Raises
    ------
    DataError
        If there are fewer people than folds.
    """
    folds = int(data.rows["fold"].max()) + 1
    chosen = data.taken(places)
    rows = chosen.rows
    return replace(chosen, rows=rows.assign(fold=person_folds(rows["person_id"], rows["event"], folds, seed=seed)))


def refit(
    data: ModellingData,
    settings: ModelSettings,
    params: Mapping[str, Any],
    rounds: int,
    *,
    trials: int = 0,
    least_leaf: int = LEAST_LEAF,
    weight: Floats | None = None,
) -> Refit:
    """Make the model again on `data`.

    Parameters
    ----------
    data
        Rows to learn from, with their folds.
    settings
        As for `develop`.
    params, rounds
        Settings of the learner by LightGBM's names, and its number of trees, as the search found them.
    trials
        If not 0, the search is made again on these rows with so many trials and one division into folds, and `params` and `rounds`
        are not used.
    least_leaf
        The disclosure threshold, for such a search.
    weight
        Weight of each row while trees are learnt; all one by default. The calibration is fitted without weights.

    Returns
    -------
    Refit
        With the rows, folds and settings of `develop` the same text and calibration, to the last digit.

    Raises
    ------
    DataError
        If there is too little to learn from.
    """
    settings = settings.model_copy(update={"repeats": 1})
    folds, _, _ = prepared(data, settings, weight)
    if trials:
        again = settings.model_copy(update={"trials": trials, "hours": None, "storage": "file"})
        with tempfile.TemporaryDirectory() as folder:
            tuning = tune(folds, again, folder=Path(folder), least_leaf=least_leaf)
        params, rounds = tuning.params, final_rounds(tuning.fold_rounds)
    held_out = HeldOut(folds.out_of_fold(params, rounds), data.rows)
    method = held_out.choose(settings.calibration).method
    return Refit(folds.fit(params, rounds), folds.inputs, held_out.calibrator(method))
