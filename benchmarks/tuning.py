"""The search beside FLAML, Optuna's LightGBMTunerCV and plain Optuna, and beside bare lightgbm.train calls.

    python benchmarks/tuning.py [--seconds 120] [--seeds 5] [--parts overhead rivals] [--smoke]

`rivals`: on each seed a made-up development set and held-out people (the truth is known), each contender has the same rows, folds, threads
and seconds of wall time in a process of its own; what counts is the log loss in the held-out people, before any calibration. Rivals are
installed into an environment of their own under benchmarks/work. `overhead`: the time of a search against that of the very same
lightgbm.train calls without Optuna, database and pruning rule. Results go to benchmarks/tuning.json, by part.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
WORK = HERE / "work"
sys.path[:0] = [str(HERE.parent), str(HERE)]

from tuning_rivals import EARLY, RIVALS, ROUNDS, log_loss  # noqa: E402

THREADS = 2
FOLDS = 5
NOISE = 40
OVERHEAD_BAR = 1.10
PINNED = (
    "flaml[automl]==2.8.0",
    "optuna-integration==5.0.0",
    "optuna==5.0.0",
    "lightgbm==4.7.0",
    "numpy==2.4.6",
    "pandas==3.1.1",
    "scikit-learn==1.9.1",
    "scipy==1.17.1",
    "xgboost==2.1.4",
)


def made_up(folder: Path, rows: int, held_out: int, seed: int) -> Path:
    """Rows after the recipe of the made-up region, nearly additive with one threshold and one interaction, as a file."""
    from hfrisk.modelling.folds import person_folds

    path = folder / f"rows-{rows}-{seed}.npz"
    random = np.random.default_rng(seed)
    n = rows + held_out
    age = np.clip(random.normal(77, 12, n).round(), 18, 104)
    prior = random.poisson(0.6, n).astype(float)
    urea = np.round(np.exp(random.normal(np.log(9.3), 0.43, n)), 1)
    sodium = np.round(random.normal(138, 4, n))
    pressure = np.round(random.normal(131, 20, n))
    peptide = np.round(np.exp(random.normal(np.log(5100), 1.0, n)), -1)
    copd = (random.random(n) < 0.22).astype(float)
    alone = (random.random(n) < 0.33).astype(float)
    log_odds = (
        -2.0
        + 0.60 * np.log1p(prior)
        + 0.45 * np.log(urea / 9.3)
        - 0.03 * (sodium - 138)
        - 0.010 * (pressure - 128)
        + 0.25 * np.log(peptide / 4200)
        + 0.30 * copd * (age > 75)
        + 0.35 * (sodium < 132)
        + 0.20 * alone
    )
    risk = 1 / (1 + np.exp(-log_odds))
    event = (random.random(n) < risk).astype("int8")
    known = np.where(random.random(n) < 0.5, np.nan, peptide)
    features = np.column_stack(
        [age, prior, urea, sodium, pressure, known, copd, alone, np.round(random.normal(size=(n, NOISE)), 2)]
    )
    import pandas as pd

    # nobody of the development rows is among the held-out ones
    person = np.concatenate([random.integers(0, rows, rows), n + random.integers(0, held_out, held_out)])
    fold = person_folds(pd.Series(person[:rows]), pd.Series(event[:rows]), FOLDS, seed=seed)
    np.savez(
        path,
        features=features[:rows],
        event=event[:rows],
        person=person[:rows],
        fold=fold,
        test_features=features[rows:],
        test_event=event[rows:],
        test_truth=risk[rows:],
    )
    return path


def loaded(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as held:
        return {key: held[key] for key in held.files}


def our_folds(data: dict[str, Any], **settings: Any) -> tuple[Any, Any]:
    from hfrisk.modelling import ModelSettings
    from hfrisk.modelling.boosting import BinnedFolds

    chosen = ModelSettings(repeats=1, threads=THREADS, max_rounds=ROUNDS, early_stopping_rounds=EARLY, **settings)
    names = [f"x{at}" for at in range(data["features"].shape[1])]
    return BinnedFolds(data["features"], data["event"], [data["fold"]], names, chosen), chosen


def ours(path: Path, seconds: float, seed: int) -> dict[str, Any]:
    from hfrisk.modelling.boosting import booster_margin
    from hfrisk.modelling.choosing import final_rounds
    from hfrisk.modelling.tuning import tune

    data = loaded(path)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        folds, settings = our_folds(data, trials=100_000, hours=seconds / 3600, seed=seed)
        # binning is part of the time
        left = seconds - (time.perf_counter() - began)
        found = tune(folds, settings.model_copy(update={"hours": left / 3600}), folder=Path(folder))
    text = folds.fit(found.params, final_rounds(found.fold_rounds))
    risk = 1 / (1 + np.exp(-booster_margin(text, data["test_features"])))
    return {
        "log_loss": log_loss(data["test_event"], risk),
        "seconds": time.perf_counter() - began,
        "trials": len(found.trials),
        "params": found.params,
    }


def environment(folder: Path) -> Path:
    """The rivals' own environment, made if it is not there; its Python.

    Raises
    ------
    CalledProcessError
        If it cannot be installed.
    """
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.exists() and ready.read_text() == "\n".join(PINNED):
        return python
    print(f"installing {', '.join(PINNED)} into an environment of their own ...", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED], check=True)
    ready.write_text("\n".join(PINNED))
    return python


def contender(name: str, path: Path, seconds: float, seed: int, python: Path) -> dict[str, Any]:
    """One contender on one seed, in a process of its own."""
    out = path.with_suffix(f".{name}.json")
    command = (
        [sys.executable, str(HERE / "tuning.py"), "--task", str(path), "--seconds", str(seconds), "--seed", str(seed)]
        if name == "hfrisk"
        else [str(python), str(HERE / "tuning_rivals.py"), name, str(path), str(seconds), str(THREADS), str(seed)]
    )
    subprocess.run([*command, *(("--out", str(out)) if name == "hfrisk" else (str(out),))], check=True)
    result: dict[str, Any] = json.loads(out.read_text())
    out.unlink()
    return result


def against_rivals(folder: Path, seeds: int, seconds: float, rows: int, held_out: int) -> dict[str, Any]:
    """Held-out log loss by contender and seed; ours beside the best of the others, paired by seed."""
    python = environment(WORK / "tuning-rivals")
    names = ["hfrisk", *RIVALS]
    losses: dict[str, list[float]] = {name: [] for name in names}
    runs = []
    floor = []
    for seed in range(1, seeds + 1):
        path = made_up(folder, rows, held_out, seed)
        data = loaded(path)
        floor.append(log_loss(data["test_event"], data["test_truth"]))
        # whoever comes first finds a cold machine
        for name in names[seed % len(names) :] + names[: seed % len(names)]:
            run = contender(name, path, seconds, seed, python)
            losses[name].append(run["log_loss"])
            runs.append({"contender": name, "seed": seed, **run})
            print(f"seed {seed}  {name:<14}{run['log_loss']:.5f}  {run['seconds']:.0f} s", flush=True)
        path.unlink()
    means = {name: statistics.mean(values) for name, values in losses.items()}
    best = min(RIVALS, key=lambda name: means[name])
    difference = [a - b for a, b in zip(losses["hfrisk"], losses[best], strict=True)]
    error = statistics.stdev(difference) / math.sqrt(seeds) if seeds > 1 else math.nan
    return {
        "installed": list(PINNED),
        "rows": rows,
        "held_out": held_out,
        "seconds_each": seconds,
        "threads": THREADS,
        "log_loss_of_the_truth": statistics.mean(floor),
        "mean_log_loss": means,
        "best_rival": best,
        "difference": statistics.mean(difference),
        "difference_standard_error": error,
        "holds": statistics.mean(difference) <= 0,
        "runs": runs,
    }


def overhead(folder: Path, rows: int, trials: int, repeats: int) -> dict[str, Any]:
    """Seconds of a search, and of the same calls of lightgbm.train on the same binned folds, in turn."""
    from hfrisk.modelling.tuning import tune

    data = loaded(made_up(folder, rows, 1000, 1))
    pairs = []
    for _ in range(repeats):
        place = folder / "overhead"
        shutil.rmtree(place, ignore_errors=True)
        folds, settings = our_folds(data, trials=trials, startup_trials=max(1, trials // 3))
        began = time.perf_counter()
        found = tune(folds, settings, folder=place)
        search = time.perf_counter() - began
        pairs.append((search, bare(folds, settings, found.trials)))
        shutil.rmtree(place)
    ratios = [ours_took / theirs for ours_took, theirs in pairs]
    ratio = statistics.median(ratios)
    return {
        "rows": rows,
        "trials": trials,
        "seconds": [round(ours_took, 2) for ours_took, _ in pairs],
        "bare_seconds": [round(theirs, 2) for _, theirs in pairs],
        "ratio": round(ratio, 4),
        "bar": OVERHEAD_BAR,
        "holds": ratio < OVERHEAD_BAR,
    }


def bare(folds: Any, settings: Any, trials: Any) -> float:
    """The fits that the trials were judged by, as many side by side, and nothing else."""
    import lightgbm as lgb

    names = [name for name in trials.columns if name in type(settings).model_fields and name != "trials"]

    def one(params: dict[str, Any], at: int) -> float:
        train, held_out = folds._parts[at]
        booster = lgb.train(
            folds._params(params, metric="binary_logloss"),
            train,
            settings.max_rounds,
            valid_sets=[held_out],
            valid_names=["held_out"],
            callbacks=[lgb.early_stopping(settings.early_stopping_rounds, verbose=False)],
            keep_training_booster=True,
        )
        return float(booster.best_score["held_out"]["binary_logloss"])

    began = time.perf_counter()
    with ThreadPoolExecutor(settings.threads) as pool:
        for row in trials.to_dict("records"):
            params = {name: row[name] for name in names}
            run = [at for at in range(folds.count) if not math.isnan(row[f"fold_{at}"])]
            again = list(pool.map(one, [params] * len(run), run))
            # equality first: the same calls give the same losses
            if again != [row[f"fold_{at}"] for at in run]:
                raise SystemExit("the bare calls give other losses than the search")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0, help="of wall time for each contender and seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=20_000, help="in development")
    parser.add_argument("--held-out", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=30, help="of the measurement of overhead")
    parser.add_argument("--repeats", type=int, default=3, help="of the measurement of overhead")
    parser.add_argument("--parts", nargs="+", choices=("overhead", "rivals"), default=["overhead", "rivals"])
    parser.add_argument("--out", type=Path, default=HERE / "tuning.json")
    parser.add_argument("--smoke", action="store_true", help="a small run without rivals, which writes nothing")
    parser.add_argument("--task", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        chosen.out.write_text(json.dumps(ours(chosen.task, chosen.seconds, chosen.seed)), encoding="utf-8")
        return
    folder = WORK / "tuning"
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.smoke:
        path = made_up(folder, 3000, 3000, 1)
        print(json.dumps({"overhead": overhead(folder, 3000, 5, 1), "hfrisk": ours(path, 4.0, 1)}, indent=1))
        return
    results = json.loads(chosen.out.read_text()) if chosen.out.exists() else {}
    if "overhead" in chosen.parts:
        results["overhead"] = overhead(folder, chosen.rows, chosen.trials, chosen.repeats)
        print(json.dumps(results["overhead"]), flush=True)
    if "rivals" in chosen.parts:
        results["rivals"] = against_rivals(folder, chosen.seeds, chosen.seconds, chosen.rows, chosen.held_out)
        print(json.dumps({k: v for k, v in results["rivals"].items() if k != "runs"}, indent=1))
    chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
