"""Clustered replicates of eight measures in many groups, beside a loop over scikit-learn and fairlearn's own bootstrap.

    python benchmarks/resampling.py [--rows 50000] [--groups 30] [--replicates 1000] [--smoke]

Equality first: on the same draws of persons every replicate of every measure in every group equals copying rows and asking scikit-learn
(1e-12). Then time: all replicates here, a few of the others, whose time for all is taken in proportion. fairlearn's bootstrap draws rows,
not persons, so that only its work is compared, not its numbers. Results go to benchmarks/resampling.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

THRESHOLD = 0.2
SECONDS_BAR, TIMES_BAR = 60, 50
MEASURES = ("auroc", "auprc", "brier", "log_loss", "oe_ratio", "net_benefit@0.20", "sensitivity@0.20", "ppv@0.20")
Floats = np.ndarray[Any, np.dtype[np.float64]]


def made_up(rows: int, groups: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Outcome, risk, person and group of each discharge."""
    rng = np.random.default_rng(5)
    risk = rng.beta(2.5, 9, rows)
    event = (rng.random(rows) < risk).astype(float)
    return (
        event,
        risk,
        rng.integers(0, int(rows * 0.7), rows).astype(float),
        rng.integers(0, groups, rows).astype(float),
    )


def by_scikit_learn() -> dict[str, Callable[[Floats, Floats], float]]:
    """The same eight measures, each from its definition or from scikit-learn."""
    from sklearn.metrics import (
        average_precision_score,
        brier_score_loss,
        log_loss,
        precision_score,
        recall_score,
        roc_auc_score,
    )

    def net_benefit(event: Floats, risk: Floats) -> float:
        flagged = risk >= THRESHOLD
        hits = float(event[flagged].sum())
        return float((hits - (flagged.sum() - hits) * THRESHOLD / (1 - THRESHOLD)) / len(event))

    return {
        "auroc": roc_auc_score,
        "auprc": average_precision_score,
        "brier": brier_score_loss,
        "log_loss": log_loss,
        "oe_ratio": lambda event, risk: float(event.sum() / risk.sum()),
        "net_benefit@0.20": net_benefit,
        "sensitivity@0.20": lambda event, risk: recall_score(event, risk >= THRESHOLD),
        "ppv@0.20": lambda event, risk: precision_score(event, risk >= THRESHOLD),
    }


def ours(data: tuple[Floats, ...], replicates: int) -> tuple[list[dict[str, Floats]], float]:
    from hfrisk.assessment.resampling import Resampled, replicates_of

    event, risk, person, group = data
    began = time.perf_counter()
    sets = [
        Resampled.of(
            event,
            risk,
            np.flatnonzero(group == one),
            thresholds=(THRESHOLD,),
            rates=(THRESHOLD,),
            intercept=False,
            slope=False,
        )
        for one in np.unique(group)
    ]
    found = replicates_of(person, sets, replicates=replicates, seed=3, threads=2)
    return found, time.perf_counter() - began


def by_loop(data: tuple[Floats, ...], replicates: int) -> tuple[list[dict[str, Floats]], float]:
    """Copies rows by the same draws of persons, and asks for each measure in each group."""
    from hfrisk.assessment.resampling import person_weights

    event, risk, person, group = data
    code = np.unique(person, return_inverse=True)[1]
    levels = np.unique(group)
    measures = by_scikit_learn()
    out: list[dict[str, list[float]]] = [{name: [] for name in measures} for _ in levels]
    began = time.perf_counter()
    for weight in person_weights(int(code.max()) + 1, range(replicates), 3):
        copies = np.repeat(np.arange(len(event)), weight[code])
        of = group[copies]
        for at, level in enumerate(levels):
            mine = copies[of == level]
            for name, measure in measures.items():
                out[at][name].append(measure(event[mine], risk[mine]))
    seconds = time.perf_counter() - began
    return [{name: np.array(values) for name, values in one.items()} for one in out], seconds


def by_fairlearn(data: tuple[Floats, ...], replicates: int) -> float:
    """fairlearn's MetricFrame with its own bootstrap over rows."""
    from fairlearn.metrics import MetricFrame

    event, risk, _, group = data
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MetricFrame(
            metrics=by_scikit_learn(),
            y_true=pd.Series(event),
            y_pred=pd.Series(risk),
            sensitive_features=pd.Series(group, name="group"),
            n_boot=replicates,
            ci_quantiles=[0.025, 0.975],
            random_state=3,
        )
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--groups", type=int, default=30)
    parser.add_argument("--replicates", type=int, default=1_000)
    parser.add_argument("--few", type=int, default=5, help="replicates of the others")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.smoke:
        given.rows, given.groups, given.replicates, given.few = 3_000, 4, 20, 2
    data = made_up(given.rows, given.groups)
    looped, loop_seconds = by_loop(data, given.few)
    few, _ = ours(data, given.few)
    worst = max(
        float(np.max(np.abs(mine[name] - theirs[name])))
        for mine, theirs in zip(few, looped, strict=True)
        for name in MEASURES
    )
    if not worst <= 1e-12:
        raise SystemExit(f"the replicates differ from the loop's by {worst:.1e}: no time is worth anything")
    _, seconds = ours(data, given.replicates)
    fair_seconds = by_fairlearn(data, given.few)
    scale = given.replicates / given.few
    found = {
        "rows": given.rows,
        "groups": given.groups,
        "replicates": given.replicates,
        "measures": len(MEASURES),
        "largest_difference": worst,
        "seconds": round(seconds, 2),
        "loop_seconds_in_proportion": round(loop_seconds * scale, 1),
        "fairlearn_seconds_in_proportion": round(fair_seconds * scale, 1),
        "times_the_loop": round(loop_seconds * scale / seconds, 1),
        "times_fairlearn": round(fair_seconds * scale / seconds, 1),
    }
    found["holds"] = seconds < SECONDS_BAR and min(found["times_the_loop"], found["times_fairlearn"]) >= TIMES_BAR
    print(json.dumps(found, indent=1))
    if not given.smoke:
        (HERE / "resampling.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
