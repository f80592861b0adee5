"""What else tunes LightGBM: FLAML, Optuna's LightGBMTunerCV and plain Optuna, each as its own documentation uses it.

Run by `tuning.py` in an environment of their own, where hfrisk is not installed:

    python benchmarks/tuning_rivals.py NAME DATA.npz SECONDS THREADS SEED OUT.json

Each is given the same rows, the same person-grouped folds, the same seconds of wall time and the same threads, and is asked for the log
loss. The model is then fitted to all development rows and judged on the others. Seconds of the fit of the model are counted apart.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

ROUNDS = 1500
EARLY = 40


def log_loss(event: Any, risk: Any) -> float:
    risk = np.clip(np.asarray(risk, dtype=float), 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(event == 1, np.log(risk), np.log1p(-risk))))


def pairs(fold: Any) -> list[tuple[Any, Any]]:
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(int(fold.max()) + 1)]


def flaml(data: Any, seconds: float, threads: int, seed: int) -> tuple[Any, dict[str, Any]]:
    from flaml import AutoML
    from sklearn.model_selection import GroupKFold

    learner = AutoML()
    learner.fit(
        data["features"],
        data["event"].astype(int),
        task="classification",
        metric="log_loss",
        estimator_list=["lgbm"],
        eval_method="cv",
        split_type=GroupKFold(n_splits=int(data["fold"].max()) + 1),
        groups=data["person"],
        time_budget=seconds,
        n_jobs=threads,
        seed=seed,
        verbose=0,
        retrain_full=True,
    )
    return learner.predict_proba(data["test_features"])[:, 1], {"params": str(learner.best_config)}


def tuner_cv(data: Any, seconds: float, threads: int, seed: int) -> tuple[Any, dict[str, Any]]:
    import lightgbm as lgb
    from optuna_integration.lightgbm import LightGBMTunerCV

    folds = pairs(data["fold"])
    params = {"objective": "binary", "metric": "binary_logloss", "verbosity": -1, "num_threads": threads, "seed": seed}
    stop = [lgb.early_stopping(EARLY, verbose=False)]
    tuner = LightGBMTunerCV(
        params,
        lgb.Dataset(data["features"], data["event"], free_raw_data=False),
        folds=folds,
        num_boost_round=ROUNDS,
        callbacks=stop,
        time_budget=int(seconds),
        optuna_seed=seed,
        show_progress_bar=False,
    )
    tuner.run()
    return refitted(data, tuner.best_params, folds, threads)


def plain_optuna(data: Any, seconds: float, threads: int, seed: int) -> tuple[Any, dict[str, Any]]:
    import lightgbm as lgb
    import optuna

    folds = pairs(data["fold"])
    rows = lgb.Dataset(data["features"], data["event"], free_raw_data=False, params={"feature_pre_filter": False})

    def objective(trial: Any) -> float:
        params = {
            "objective": "binary",
            "metric": "binary_logloss",
            "verbosity": -1,
            "num_threads": threads,
            "seed": seed,
            "bagging_freq": 1,
            "feature_pre_filter": False,
            "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.3, log=True),
            "num_leaves": trial.suggest_int("num_leaves", 2, 256, log=True),
            "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 500, log=True),
            "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 1.0),
            "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
            "lambda_l1": trial.suggest_float("lambda_l1", 1e-8, 10.0, log=True),
            "lambda_l2": trial.suggest_float("lambda_l2", 1e-8, 100.0, log=True),
        }
        found = lgb.cv(
            params, rows, ROUNDS, folds=folds, callbacks=[lgb.early_stopping(EARLY, verbose=False)], seed=seed
        )
        losses = found["valid binary_logloss-mean"]
        trial.set_user_attr("rounds", len(losses))
        trial.set_user_attr("params", params)
        return float(losses[-1])

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, timeout=seconds)
    best = study.best_trial
    model = lgb.train(best.user_attrs["params"], rows, best.user_attrs["rounds"])
    return model.predict(data["test_features"]), {"trials": len(study.trials), "params": best.params}


def refitted(data: Any, params: dict[str, Any], folds: Any, threads: int) -> tuple[Any, dict[str, Any]]:
    """The tuner gives no number of trees: cross-validation with its best settings does."""
    import lightgbm as lgb

    rows = lgb.Dataset(data["features"], data["event"], free_raw_data=False)
    found = lgb.cv(params, rows, ROUNDS, folds=folds, callbacks=[lgb.early_stopping(EARLY, verbose=False)])
    rounds = len(found["valid binary_logloss-mean"])
    model = lgb.train({**params, "num_threads": threads}, rows, rounds)
    return model.predict(data["test_features"]), {"params": {k: v for k, v in params.items()}, "rounds": rounds}


RIVALS = {"flaml": flaml, "tuner_cv": tuner_cv, "plain_optuna": plain_optuna}


def main() -> None:
    name, file, seconds, threads, seed, out = sys.argv[1:]
    with np.load(file, allow_pickle=False) as held:
        data = {key: held[key] for key in held.files}
    began = time.perf_counter()
    risk, more = RIVALS[name](data, float(seconds), int(threads), int(seed))
    result = {"log_loss": log_loss(data["test_event"], risk), "seconds": time.perf_counter() - began, **more}
    with open(out, "w", encoding="utf-8") as file_out:
        json.dump(result, file_out, default=str)


if __name__ == "__main__":
    main()
