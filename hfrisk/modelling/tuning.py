"""The search for LightGBM's settings: reproducible, and safe to kill at any moment (decision 14).

How a killed search ends where an undisturbed one does
- A trial's proposal depends on the finished trials and on a seed made from (seed, number of trials before it);
  a fresh sampler is made for every trial, so nothing else is remembered. Optuna's `TPESampler` looks only at
  COMPLETE and PRUNED trials once `constant_liar` is off (its default since Optuna 5 would also read RUNNING ones),
  and uses trial numbers only for their order.
- A trial that was running when the process died is failed at the next start, and proposed again from the same
  seed and history. Failed trials keep their number in the file, so trials are numbered afresh.
- A result is written with the trial's state in one transaction after its last fold; there is no half trial.

The study's name is a hash of the data, the folds and every setting that can change a result: another study in the
same file is never continued by mistake, while more `trials` continue the same one. Several workers on one database
(`claims`) find each other by that name, so they must hold the same data to the last digit. What they end with is not promised
to be the same twice, nor is what a budget of hours ends with: both depend on what was finished when.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightgbm
import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial

from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.choosing import (
    PRUNING_RULE,
    best_of,
    clearly_worse,
    final_rounds,
    importances,
    simplest_good,
    trial_table,
)
from hfrisk.modelling.claims import Budget, Record
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.recorded import open_file, open_shared
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.space import LEAST_LEAF, at_the_edge, coarse, first_trial, search_space
from hfrisk.progress import Quiet, Step

__all__ = ["Tuning", "clearly_worse", "final_rounds", "tune"]

_NO_INFLUENCE = {
    "trials",
    "hours",
    "storage",
    "choice",
    "threads",
    "calibration",
    "spline_knots",
    "minimum_events",
    "anticipated_auroc",
    "exclude",
    "scores_least_share",
    "points",
    "competing",
}


@dataclass(frozen=True)
class Tuning:
    """The outcome of a search.

    Parameters
    ----------
    params
        The chosen settings by LightGBM's names.
    fold_values, fold_rounds
        Value of the objective and number of trees in each fold of the chosen trial.
    trials
        ``trial`` (in the order in which they were begun, from 0), ``state`` (complete, pruned), ``value`` (mean of the objective over
        the folds that were run), ``best_so_far``, ``rounds`` (mean number of trees), one column a setting, ``fold_0`` ...
    best, chosen
        Numbers in `trials` of the best trial, and of the one that was chosen (`model.choice`).
    importances
        ``setting``, ``importance``; empty where it could not be told.
    edge
        Settings of the best trial that lie at an end of their range.
    """

    params: dict[str, Any]
    fold_values: list[float]
    fold_rounds: list[int]
    trials: pd.DataFrame
    best: int
    chosen: int
    importances: pd.DataFrame
    edge: list[str]


def tune(
    folds: BinnedFolds,
    settings: ModelSettings,
    *,
    folder: Path,
    least_leaf: int = LEAST_LEAF,
    progress: Quiet | None = None,
) -> Tuning:
    """Search, going on where an earlier search on the same data and settings stopped.

    Parameters
    ----------
    folds
        Development data.
    settings
        Ranges, objective, budgets, seed, where the search is recorded.
    folder
        Holds ``tuning.db`` (SQLite), made if it is not there, unless the search is shared.
    least_leaf
        The disclosure threshold: fewest discharges in a leaf.
    progress
        Told after every trial.

    Returns
    -------
    Tuning
        Of the complete trial with the best mean over all folds and repeats (the first of two that tie), or of the simplest that is as
        good.

    Raises
    ------
    StudyError
        If the search cannot be recorded where it should be.
    DataError
        If ``tuning.db`` is damaged.
    """
    space = search_space(settings, len(folds.event), least_leaf=least_leaf, constraints=any(folds.monotone))
    judge = objective(settings.objective)
    budget = Budget(settings.trials, settings.hours)
    with (
        _opened(folds, settings, space, folder) as record,
        (progress or Quiet()).step("tuning", settings.trials) as step,
    ):
        _tell(step, record, settings, "continued")
        while (trial := _next(record, budget, settings, space, step)) is not None:
            _run_trial(record, trial, folds, settings)
            _tell(step, record, settings)
        finished = record.finished()[: settings.trials]
    best = best_of(finished, judge)
    assert best is not None, "nothing is pruned before a trial is complete"
    chosen = (
        simplest_good(finished, best, judge, ratio=folds.ratio) if settings.choice == "one_standard_error" else best
    )
    params = coarse(finished[chosen].params)
    return Tuning(
        params={name: params[name] for name in space},
        fold_values=finished[chosen].user_attrs["values"],
        fold_rounds=finished[chosen].user_attrs["rounds"],
        trials=trial_table(finished, list(space), folds.count, judge),
        best=best,
        chosen=chosen,
        importances=importances(finished, space, _direction(settings), seed=settings.seed),
        edge=at_the_edge(space, coarse(finished[best].params)),
    )


def _opened(
    folds: BinnedFolds, settings: ModelSettings, space: Mapping[str, BaseDistribution], folder: Path
) -> AbstractContextManager[Record]:
    name, direction = _name(folds, settings, space), _direction(settings)
    return open_shared(name, direction) if settings.storage == "postgres" else open_file(folder, name, direction)


def _direction(settings: ModelSettings) -> Literal["minimize", "maximize"]:
    return "minimize" if objective(settings.objective).better == "lower" else "maximize"


def _next(
    record: Record, budget: Budget, settings: ModelSettings, space: Mapping[str, BaseDistribution], step: Step
) -> Trial | None:
    def sampler(before: int) -> TPESampler:
        return TPESampler(
            seed=int(np.random.SeedSequence((settings.seed, before)).generate_state(1)[0]),
            n_startup_trials=settings.startup_trials,
            multivariate=True,
            # Where others are at work, what they try is taken for bad, so that nobody tries the same.
            constant_liar=settings.storage == "postgres",
        )

    return record.begin(budget, space, first_trial(space), sampler, lambda: _tell(step, record, settings))


def _run_trial(record: Record, trial: Trial, folds: BinnedFolds, settings: ModelSettings) -> None:
    judge = objective(settings.objective)
    finished = record.finished()
    best = best_of(finished, judge)
    reference = None if best is None else [judge.sign * value for value in finished[best].user_attrs["values"]]
    values: list[float] = []
    rounds: list[int] = []
    with closing(folds.judge(coarse(trial.params))) as judged:
        for value, trees in judged:
            values.append(value)
            rounds.append(trees)
            losses = [judge.sign * each for each in values]
            more = len(values) < folds.count
            if reference is not None and more and clearly_worse(losses, reference, ratio=folds.ratio):
                break
    pruned_after = len(values) if len(values) < folds.count else None
    facts = {"values": values, "rounds": rounds}
    record.finish(trial, float(np.mean(values)), facts, pruned_after=pruned_after)


def _tell(step: Step, record: Record, settings: ModelSettings, note: str = "") -> None:
    """Say how many more trials are finished, those of others included."""
    finished: Sequence[FrozenTrial] = record.finished()[: settings.trials]
    more = len(finished) - step.done
    if more > 0:
        judge = objective(settings.objective)
        best = best_of(finished, judge)
        value = "" if best is None else f"best {judge.words} {finished[best].value:.4f}"
        step.advance(more, note or value)


def _name(folds: BinnedFolds, settings: ModelSettings, space: Mapping[str, BaseDistribution]) -> str:
    content = hashlib.sha256()
    words = {
        "settings": settings.model_dump(mode="json", exclude=_NO_INFLUENCE),
        "space": {name: str(distribution) for name, distribution in space.items()},
        "first": first_trial(space),
        "inputs": folds.inputs,
        "monotone": folds.monotone,
        "shape": folds.features.shape,
        "versions": [lightgbm.__version__, optuna.__version__],
        "pruning": PRUNING_RULE,
    }
    content.update(json.dumps(words, sort_keys=True).encode())
    learnt_from = [division.learn for division in folds.divisions if not division.by_person]
    for array in (folds.features, folds.event, *folds.folds, *learnt_from):
        content.update(np.ascontiguousarray(array).tobytes())
    return f"tuning-{content.hexdigest()[:24]}"
