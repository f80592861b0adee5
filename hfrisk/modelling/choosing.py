"""From the trials of a search to the one that is kept, and what the search learnt on its way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState
from scipy import stats

from hfrisk.modelling.objectives import Objective
from hfrisk.modelling.space import coarse

__all__ = ["IMPORTANCES", "best_of", "clearly_worse", "final_rounds", "importances", "simplest_good", "trial_table"]

IMPORTANCES = ["setting", "importance"]

_LEAST_FOLDS = 3
_PRUNING_LEVEL = 0.1
# fewer complete trials than this cannot tell ten settings apart
_LEAST_FOR_IMPORTANCE = 10

PRUNING_RULE = (_LEAST_FOLDS, _PRUNING_LEVEL)


def best_of(finished: Sequence[FrozenTrial], objective: Objective) -> int | None:
    """The place of the complete trial with the best mean (the first of those that tie); None if none is complete."""
    complete = [
        (objective.sign * trial.value, place)
        for place, trial in enumerate(finished)
        if trial.state == TrialState.COMPLETE and trial.value is not None
    ]
    return min(complete)[1] if complete else None


def clearly_worse(losses: Sequence[float], best: Sequence[float], *, ratio: float) -> bool:
    """Whether a trial may be stopped after the folds that it has seen.

    A paired, one-sided t test at 10 % of the trial's fold losses against the best trial's on the same folds, with
    the variance of Nadeau and Bengio (Machine Learning 2003;52:239-281): training sets of different folds
    overlap, so the plain standard error is too small. At least three folds are seen first. It only saves time:
    a stopped trial can never become the best, so being cautious costs a few fits and being bold costs a model.

    Parameters
    ----------
    losses, best
        Loss by fold (smaller is better), in the same order; `best` may be longer.
    ratio
        Rows that are held out for each that is learnt from, mean over folds.

    Returns
    -------
    bool
        False for fewer than three folds.
    """
    m = len(losses)
    if m < _LEAST_FOLDS:
        return False
    mean, error = _paired(losses, best[:m], ratio)
    return mean > 0 and mean > float(stats.t.ppf(1 - _PRUNING_LEVEL, m - 1)) * error


def simplest_good(finished: Sequence[FrozenTrial], best: int, objective: Objective, *, ratio: float) -> int:
    """The place of the simplest trial that is worse than the best by no more than one standard error.

    The standard error is that of the paired difference over the same person-grouped folds, with the variance of Nadeau and Bengio
    (as in `clearly_worse`). Breiman and others (1984) took the standard error of the best itself, which is mostly the difference
    between easy and hard folds, common to both, and lets in trials that are worse in every fold. Simple is few leaves: the most that a
    tree may have, times the number of trees.

    Parameters
    ----------
    finished
        Trials with ``values`` and ``rounds`` by fold.
    best
        The place of the best.
    objective
        Which way is better.
    ratio
        As for `clearly_worse`.
    """
    reference = finished[best].user_attrs["values"]
    good = []
    for place, trial in enumerate(finished):
        if trial.state != TrialState.COMPLETE:
            continue
        mean, error = _paired(trial.user_attrs["values"], reference, ratio)
        if objective.sign * mean <= error:
            good.append((_leaves(trial), objective.sign * float(trial.value or 0), place))
    return min(good)[2]


def final_rounds(fold_rounds: Sequence[int]) -> int:
    """Trees for the models that are kept: the mean of the folds' early-stopped numbers.

    It is not raised for the larger number of rows in the final fit, as is often done. On simulated regions of 28,000
    development discharges, k / (k - 1) times as many trees lowered the calibration slope in new people from 0.96 to
    0.90 and made their log loss worse; at 7,000 nothing was gained. The calibrator, too, is fitted on models of
    exactly this many trees.

    Parameters
    ----------
    fold_rounds
        Trees at which each fold's value was best. Where folds run forward in time the first learnt from little and stopped early, so that
        the mean is on the cautious side.

    Returns
    -------
    int
        At least 1.
    """
    return max(1, round(float(np.mean(fold_rounds))))


def importances(
    finished: Sequence[FrozenTrial],
    space: Mapping[str, BaseDistribution],
    direction: Literal["minimize", "maximize"],
    *,
    seed: int,
) -> pd.DataFrame:
    """How much of the differences between trials each setting explains: ``setting``, ``importance`` (shares that add up to 1).

    Functional analysis of variance over a random forest (Hutter, Hoos and Leyton-Brown, ICML 2014) of the complete trials. Pruned
    trials are left out: their means are over other folds.

    Returns
    -------
    pandas.DataFrame
        The largest first; empty where fewer than ten trials are complete, all came out the same, or nothing was searched.
    """
    complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
    values = {trial.value for trial in complete}
    if len(complete) < _LEAST_FOR_IMPORTANCE or len(values) < 2 or all(kind.single() for kind in space.values()):
        return pd.DataFrame({"setting": pd.Series(dtype=str), "importance": pd.Series(dtype=float)})
    study = optuna.create_study(direction=direction)
    study.add_trials(
        [optuna.create_trial(params=trial.params, distributions=dict(space), value=trial.value) for trial in complete]
    )
    found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=seed % 2**32))
    rows = sorted(found.items(), key=lambda pair: (-pair[1], list(space).index(pair[0])))
    return pd.DataFrame(rows, columns=IMPORTANCES)


def trial_table(
    finished: Sequence[FrozenTrial], names: Sequence[str], folds: int, objective: Objective
) -> pd.DataFrame:
    """One row a trial: see `Tuning.trials`."""
    rows = []
    best = math.nan
    for number, trial in enumerate(finished):
        values = trial.user_attrs["values"]
        mean = float(np.mean(values))
        complete = trial.state == TrialState.COMPLETE
        if complete and not objective.sign * mean >= objective.sign * best:
            best = mean
        rows.append(
            {
                "trial": number,
                "state": "complete" if complete else "pruned",
                "value": mean,
                "best_so_far": best,
                "rounds": float(np.mean(trial.user_attrs["rounds"])),
                **{name: coarse(trial.params)[name] for name in names},
                **{f"fold_{at}": values[at] if at < len(values) else math.nan for at in range(folds)},
            }
        )
    return pd.DataFrame(rows)


def _paired(values: Sequence[float], reference: Sequence[float], ratio: float) -> tuple[float, float]:
    """Mean of the differences by fold, and its standard error for overlapping training sets."""
    difference = np.asarray(values, dtype=float) - np.asarray(reference, dtype=float)
    m = len(difference)
    variance = float(difference.var(ddof=1)) if m > 1 else 0.0
    return float(difference.mean()), math.sqrt(variance * (1 / m + ratio))


def _leaves(trial: FrozenTrial) -> int:
    params: dict[str, Any] = coarse(trial.params)
    return int(min(params["num_leaves"], 2 ** params["max_depth"])) * final_rounds(trial.user_attrs["rounds"])
