"""A model beside the truth: the made-up region with its known risks, an effect planted in it, and labels that mean nothing.

    python benchmarks/truth.py [--index-discharges 100000] [--seeds 100] [--parts region planted shuffled] [--smoke]

`region`: the study's defaults on a region without drift, the last 30 % by time as the test: how far the AUROC lies below that of the true
risks, slope and ICI, and whether the report's check says that the simple spline model does as well (HFR133), as the truth is nearly
linear. `planted`: outcomes drawn anew with a strong interaction and a threshold on real features of that region; now the trees must be
better, and HFR133 silent. `shuffled`: labels shuffled over people, fixed settings: in how many of the seeds the 95 % interval of the
AUROC in held-out people holds 0.5. Results go to benchmarks/truth.json, by part.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
WORK = HERE / "work"
sys.path.insert(0, str(HERE.parent))

GAP_BAR, SLOPE_BARS, ICI_BAR = 0.015, (0.9, 1.1), 0.008
HOLDS_BAR = 0.88


def region(index_discharges: int) -> tuple[Any, pd.Series]:
    """The discharges of a region, divided, and the true risk of each."""
    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort
    from hfrisk.features import FeatureSettings, build_features
    from hfrisk.modelling import ValidationSettings, partition
    from hfrisk.synthetic import RegionSettings, synthesise

    folder = WORK / f"region-{index_discharges}"
    if not (folder / "truth.parquet").exists():
        synthesise(folder, RegionSettings(index_discharges=index_discharges, seed=1))
    chosen = CohortSettings()
    with connect(SourceSettings(path=folder), stages=WORK / "stages") as cdm:
        cohort = build_cohort(cdm, chosen, None, None)
        features = build_features(cdm, cohort, FeatureSettings(), chosen.diagnosis_vocabulary)
        data = partition(features, cohort, ValidationSettings())
    truth = pd.read_parquet(folder / "truth.parquet", columns=["person_id", "index_id", "p_readmitted"])
    known = data.rows[["person_id", "index_id"]].merge(truth, how="left", validate="1:1")["p_readmitted"]
    return data, known


def judged(data: Any, truth: pd.Series, trials: int, replicates: int) -> dict[str, Any]:
    """Develop and assess, and set the test beside the truth."""
    from sklearn.metrics import roc_auc_score

    from hfrisk.assessment import AssessmentSettings, assess
    from hfrisk.modelling import ModelSettings, develop

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        alone = {"points": {"enabled": False}, "competing": {"enabled": False}}
        model = develop(data, ModelSettings(trials=trials, **alone), folder=Path(folder))
    seconds = time.perf_counter() - began
    settings = AssessmentSettings(replicates=replicates, groups=())
    found = assess(model, data, settings)
    tested = (data.rows["split"] == "test").to_numpy()
    rows = found.performance.query("model == 'lightgbm' and split == 'test' and group == 'all'").set_index("measure")
    paired = found.comparison.query("model_b == 'logistic' and split == 'test' and measure == 'auroc'").iloc[0]
    best = roc_auc_score(data.rows["event"][tested], truth[tested])
    return {
        "discharges": len(data.rows),
        "tested": int(tested.sum()),
        "auroc": float(rows.loc["auroc", "estimate"]),
        "auroc_of_truth": float(best),
        "gap": float(best - rows.loc["auroc", "estimate"]),
        "slope": float(rows.loc["calibration_slope", "estimate"]),
        "ici": float(rows.loc["ici", "estimate"]),
        "ici_expected": float(rows.loc["ici_expected", "estimate"]),
        "better_than_spline_by": [float(paired[name]) for name in ("difference", "lower", "upper")],
        "says_the_spline_does_as_well": any(check.code == "HFR133" for check in found.checks),
        "trials": trials,
        "seconds_to_develop": round(seconds, 1),
    }


def planted(data: Any, truth: pd.Series) -> tuple[Any, pd.Series]:
    """The same people and features, and outcomes with an interaction and a threshold that no additive spline can follow."""
    rng = np.random.default_rng(11)
    features = data.features
    old = (features["age"] >= 78).to_numpy()
    often = (features["emergency_admissions_365d"] >= 1).to_numpy()
    urea = features["urea_last"].to_numpy() if "urea_last" in features else features["urea_nitrogen_last"].to_numpy()
    high = np.nan_to_num(urea, nan=0.0) > np.nanmedian(urea)
    # exclusive or: neither alone says anything
    log_odds = -1.6 + 0.9 * np.where(old ^ often, 1.0, -1.0) + 0.7 * np.where(high, 0.5, -0.5)
    risk = pd.Series(1 / (1 + np.exp(-log_odds)))
    event = (rng.random(len(risk)) < risk).astype("int8")
    rows = data.rows.assign(event=event, state=np.where(event == 1, "readmitted", "none"))
    return dataclasses.replace(data, rows=rows), risk


def shuffled(data: Any, seeds: int) -> dict[str, Any]:
    """Labels dealt out anew to people: how often the interval of the AUROC in held-out people holds a toss of a coin."""
    import lightgbm

    from hfrisk.assessment.resampling import Resampled, percentile_interval, replicates_of

    held = data.rows["fold"].to_numpy() == 0
    learnt = data.rows["fold"].to_numpy() > 0
    matrix, person = data.features.to_numpy(), data.rows["person_id"].to_numpy()
    params = {
        "objective": "binary",
        "num_leaves": 7,
        "learning_rate": 0.1,
        "min_data_in_leaf": 100,
        "num_threads": 2,
        "verbosity": -1,
        "deterministic": True,
    }
    binned = lightgbm.Dataset(matrix[learnt], free_raw_data=False).construct()
    holds, areas = 0, []
    people, who = np.unique(person, return_inverse=True)
    rate = data.rows["event"].mean()
    for seed in range(seeds):
        rng = np.random.default_rng([17, seed])
        # a person's label is one, so that discharges of one person stay alike, as in life
        event = (rng.random(len(people)) < rate).astype(float)[who]
        binned.set_label(event[learnt])
        booster = lightgbm.train({**params, "seed": seed}, binned, num_boost_round=60)
        one = Resampled.of(event[held], booster.predict(matrix[held]), intercept=False, slope=False)
        (drawn,) = replicates_of(person[held], [one], replicates=300, seed=seed, threads=2)
        low, high = percentile_interval(drawn["auroc"], 0.95)
        holds += low <= 0.5 <= high
        areas.append(one.measures()["auroc"])
    return {"seeds": seeds, "holds_a_half": holds, "mean_auroc": float(np.mean(areas)), "held_out": int(held.sum())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index-discharges", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--parts", nargs="+", default=["region", "planted", "shuffled"])
    parser.add_argument("--smoke", action="store_true", help="a small region and few seeds: does it run at all?")
    given = parser.parse_args()
    n, seeds, trials, replicates = given.index_discharges, given.seeds, given.trials, 200
    if given.smoke:
        n, seeds, trials, replicates = 3_000, 3, 2, 50
    data, truth = region(n)
    found: dict[str, Any] = {}
    if "shuffled" in given.parts:
        found["shuffled"] = shuffled(data, seeds)
        found["shuffled"]["holds"] = found["shuffled"]["holds_a_half"] >= HOLDS_BAR * seeds
        print(json.dumps({"shuffled": found["shuffled"]}), flush=True)
    if "region" in given.parts:
        one = judged(data, truth, trials, replicates)
        near = one["gap"] <= GAP_BAR and SLOPE_BARS[0] <= one["slope"] <= SLOPE_BARS[1] and one["ici"] < ICI_BAR
        found["region"] = one | {"holds": bool(near and one["says_the_spline_does_as_well"])}
        print(json.dumps({"region": found["region"]}), flush=True)
    if "planted" in given.parts:
        one = judged(*planted(data, truth), trials, replicates)
        found["planted"] = one | {"holds": not one["says_the_spline_does_as_well"]}
        print(json.dumps({"planted": found["planted"]}), flush=True)
    if not given.smoke:
        path = HERE / "truth.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(kept | found, indent=1) + "\n")


if __name__ == "__main__":
    main()
