"""Internal-external validation over 22 trusts, beside a plain loop over hand-cut rows with LightGBM and scikit-learn.

    python benchmarks/leaving_out.py [--rows 40000] [--trusts 22] [--noise 40] [--smoke]

Trusts are of unlike size and differ in their baseline risk by a known standard deviation on the log scale. Equality first: for every trust
the loop's O/E and AUROC equal those of the design as far as the rounding of leaves allows, which the loop does not do. Then time: the
design with two threads, the loop with LightGBM's own two threads, in one run. Results go to benchmarks/leaving_out.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

BETWEEN = 0.15  # standard deviation between trusts, log-odds
TOLERANCE = 0.005  # of O/E and of AUROC, from the rounding of leaves


def made_up(rows: int, trusts: int, noise: int, seed: int = 1) -> Any:
    """Development rows with trusts, after the recipe of the made-up region, and the model that a short search finds."""
    from hfrisk.features import Feature
    from hfrisk.modelling import ValidationSettings, partition_frames

    random = np.random.default_rng(seed)
    size = random.dirichlet(np.full(trusts, 4.0))
    trust = random.choice(trusts, rows, p=size)
    baseline = random.normal(0, BETWEEN, trusts)
    features = {
        "age": np.clip(random.normal(77, 12, rows).round(), 18, 104),
        "prior_admissions": random.poisson(0.6, rows).astype(float),
        "urea": np.round(np.exp(random.normal(np.log(9.3), 0.43, rows)), 1),
        "sodium": np.round(random.normal(138, 4, rows)),
        "systolic": np.round(random.normal(131, 20, rows)),
        "copd": (random.random(rows) < 0.22).astype(float),
        **{f"noise_{at}": np.round(random.normal(size=rows), 2) for at in range(noise)},
    }
    log_odds = (
        -2.0
        + baseline[trust]
        + 0.60 * np.log1p(features["prior_admissions"])
        + 0.45 * np.log(features["urea"] / 9.3)
        - 0.03 * (features["sodium"] - 138)
        - 0.010 * (features["systolic"] - 128)
        + 0.30 * features["copd"]
    )
    event = (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype("int8")
    key = pd.DataFrame({"person_id": random.integers(0, rows, rows), "index_id": np.arange(rows, dtype="int64")})
    discharged = pd.Timestamp("2016-01-01") + pd.to_timedelta(random.integers(0, 1500, rows), "D")
    dictionary = tuple(
        Feature(
            name=name,
            words=name.replace("_", " "),
            family="laboratory",
            theme="Other",
            unit="",
            window="",
            sources=("measurement",),
            precision=0.01,
            lower=-10.0,
            upper=1000.0,
            modifiable=False,
        )
        for name in features
    )
    return partition_frames(
        key.assign(
            discharge_date=discharged,
            state=np.where(event == 1, "readmitted", "none"),
            outcome_day=np.where(event == 1, 12.0, np.nan),
            event=event,
        ),
        pd.DataFrame(features),
        pd.DataFrame({"site_group": [f"Trust {at + 1:02d}" for at in trust]}),
        dictionary,
        window_end=29,
        settings=ValidationSettings(),
    )


def by_loop(model: Any, data: Any, learner: Any, design_seed: int) -> tuple[pd.DataFrame, float]:
    """Each trust's rows cut by hand, the others' model made with LightGBM, its calibration with scikit-learn, and both measured there."""
    import lightgbm as lgb
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    from hfrisk.modelling.folds import person_folds

    rows = data.rows.assign(trust=data.groups["site_group"])
    params = {name: value for name, value in model.summary["params"].items() if name != "monotone"}
    params |= {"objective": "binary", "bagging_freq": 1, "deterministic": True, "verbosity": -1, "num_threads": 2}
    params |= {"seed": learner.seed, "max_bin": learner.max_bin, "min_data_in_bin": learner.min_data_in_bin}
    params |= {"feature_pre_filter": False, "data_random_seed": learner.seed, "force_col_wise": True}
    rounds, folds = model.summary["rounds"], int(data.rows["fold"].max()) + 1
    found = []
    began = time.perf_counter()
    for number, trust in enumerate(sorted(rows["trust"].unique())):
        there = (rows["trust"] == trust).to_numpy()
        teaches = ~rows["person_id"].isin(rows.loc[there, "person_id"]).to_numpy()
        x, y = data.features.loc[teaches, model.inputs].to_numpy(), rows.loc[teaches, "event"].to_numpy(dtype=float)
        fold = person_folds(
            rows.loc[teaches, "person_id"], rows.loc[teaches, "event"], folds, seed=(design_seed, number, 2)
        )
        margin = np.empty(len(y))
        whole = lgb.Dataset(x, y, params=params, free_raw_data=False).construct()
        for k in range(folds):
            part = whole.subset(np.flatnonzero(fold != k).tolist())
            margin[fold == k] = lgb.train(params, part, num_boost_round=rounds).predict(x[fold == k], raw_score=True)
        platt = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(margin[:, None], y)
        final = lgb.train(params, whole, num_boost_round=rounds)
        elsewhere = final.predict(data.features.loc[there, model.inputs].to_numpy(), raw_score=True)
        risk = platt.predict_proba(elsewhere[:, None])[:, 1]
        event = rows.loc[there, "event"].to_numpy(dtype=float)
        found.append({"level": trust, "auroc": roc_auc_score(event, risk), "oe_ratio": event.sum() / risk.sum()})
    return pd.DataFrame(found), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--trusts", type=int, default=22)
    parser.add_argument("--noise", type=int, default=40, help="features that mean nothing")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.smoke:
        given.rows, given.trusts, given.noise = 6_000, 4, 4

    from hfrisk.assessment import AssessmentSettings
    from hfrisk.designs import DesignSettings
    from hfrisk.designs.leaving_out import leave_each_out
    from hfrisk.modelling import ModelSettings, develop
    from hfrisk.progress import Quiet

    data = made_up(given.rows, given.trusts, given.noise)
    learner = ModelSettings(trials=8, startup_trials=4, repeats=1, calibration="platt")
    with tempfile.TemporaryDirectory() as folder:
        model = develop(data, learner, folder=Path(folder))
    development = data.part("development")
    settings = DesignSettings()
    looped, loop_seconds = by_loop(model, development, learner, settings.seed)
    began = time.perf_counter()
    left_out, across = leave_each_out(model, development, learner, settings, AssessmentSettings(), Quiet())
    seconds = time.perf_counter() - began
    mine = left_out.pivot(index="level", columns="measure", values="estimate").loc[looped["level"]]
    worst = {name: float(np.abs(mine[name].to_numpy() - looped[name]).max()) for name in ("auroc", "oe_ratio")}
    if not max(worst.values()) <= TOLERANCE:
        raise SystemExit(f"the design differs from the loop by {worst}: no time is worth anything")
    summary = across.set_index("measure")
    found = {
        "development": len(development.rows),
        "events": int(development.rows["event"].sum()),
        "inputs": len(model.inputs),
        "trees": int(model.summary["rounds"]),
        "trusts": given.trusts,
        "models_made": given.trusts * (int(development.rows["fold"].max()) + 2),
        "largest_difference": {name: round(value, 6) for name, value in worst.items()},
        "seconds": round(seconds, 2),
        "loop_seconds": round(loop_seconds, 2),
        "times_the_loop": round(loop_seconds / seconds, 2),
        "planted_tau_of_log_odds": BETWEEN,
        "across_trusts": {
            measure: {
                name: round(float(summary.loc[measure, name]), 3)
                for name in ("estimate", "lower", "upper", "prediction_lower", "prediction_upper", "tau")
            }
            for measure in summary.index
        },
    }
    print(json.dumps(found, indent=1))
    if not given.smoke:
        (HERE / "leaving_out.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
