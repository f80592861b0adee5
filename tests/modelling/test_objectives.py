"""What a search strives for: each measure is what it is called, in the right direction, and stops its own folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from hfrisk.modelling import ModellingData, ModelSettings
from hfrisk.modelling import objectives as registry
from hfrisk.modelling.boosting import BinnedFolds, booster_margin
from hfrisk.modelling.objectives import Objective, objective_names, register_objective
from hfrisk.modelling.space import first_trial, search_space
from hfrisk.modelling.tuning import tune


def folds_for(data: ModellingData, settings: ModelSettings) -> BinnedFolds:
    part = data.part("development")
    fold = part.rows["fold"].to_numpy()
    return BinnedFolds(part.features.to_numpy(), part.rows["event"].to_numpy(), [fold], list(part.features), settings)


def by_hand(name: str, event: np.ndarray, risk: np.ndarray) -> float:
    if name == "log_loss":
        return float(-np.mean(np.where(event == 1, np.log(risk), np.log1p(-risk))))
    if name == "brier":
        return float(np.mean(np.where(event == 1, (1 - risk) ** 2, risk**2)))
    if name == "auroc":
        ranks = rankdata(risk)
        events = event.sum()
        return float((ranks[event == 1].sum() - events * (events + 1) / 2) / (events * (len(event) - events)))
    return float(average_precision_score(event, risk))


@pytest.mark.parametrize("name", ["log_loss", "brier", "auroc", "auprc"])
def test_a_fold_is_judged_by_the_measure_and_stopped_where_it_was_best(
    data: ModellingData, small: ModelSettings, name: str
) -> None:
    settings = small.model_copy(update={"objective": name})
    folds = folds_for(data, settings)
    params = first_trial(search_space(settings, len(folds.event)))
    value, trees = next(iter(folds.judge(params)))
    held_out = folds.folds[0] == 0

    def at(rounds: int) -> float:
        text = folds._fit(params, folds._parts[0][0], rounds)
        risk = 1 / (1 + np.exp(-booster_margin(text, folds.features[held_out])))
        return by_hand(name, folds.event[held_out], risk)

    assert value == pytest.approx(at(trees), abs=1e-12)
    sign = registry.objective(name).sign
    assert all(sign * at(rounds) >= sign * value for rounds in range(1, trees + settings.early_stopping_rounds, 5))


def test_larger_is_better_for_auroc_throughout(data: ModellingData, small: ModelSettings, tmp_path: Path) -> None:
    settings = small.model_copy(update={"objective": "auroc"})
    found = tune(folds_for(data, settings), settings, folder=tmp_path)
    complete = found.trials[found.trials["state"] == "complete"]
    assert found.best == complete["value"].idxmax()
    assert found.trials["best_so_far"].iloc[-1] == complete["value"].max()
    assert (np.diff(found.trials["best_so_far"]) >= 0).all()
    assert found.trials["value"].between(0.5, 1).all()


def test_a_measure_from_outside_is_searched_on_like_the_others(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    ours = Objective(
        "brier_of_our_own", "our Brier score", "lower", lambda event, risk: float(np.mean((event - risk) ** 2))
    )
    register_objective(ours)
    try:
        mine = small.model_copy(update={"objective": "brier_of_our_own", "trials": 3})
        theirs = small.model_copy(update={"objective": "brier", "trials": 3})
        one = tune(folds_for(data, mine), mine, folder=tmp_path / "one").trials
        other = tune(folds_for(data, theirs), theirs, folder=tmp_path / "other").trials
        np.testing.assert_allclose(one["value"], other["value"], rtol=0, atol=1e-12)
        assert ModelSettings(objective="brier_of_our_own").objective in objective_names()
        with pytest.raises(ValueError, match="there already"):
            register_objective(Objective("brier", "another", "lower", lambda event, risk: 0.0))
    finally:
        registry._KNOWN.pop("brier_of_our_own")


def test_a_measure_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValidationError, match="no measure accuracy; known: log_loss, brier, auroc, auprc"):
        ModelSettings(objective="accuracy")
