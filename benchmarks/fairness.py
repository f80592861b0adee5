"""Planted inequality in twenty made-up data sets each: how often it is found, and how near its size; and what is said of clean ones.

    python benchmarks/fairness.py [--seeds 20] [--rows 10000]

The discharges and the plain logistic model are those of tests/fairness/planted_frames.py. On clean data each of HFR177 to HFR179 may come
up in one of twenty (fairness.alarm). Results go to benchmarks/fairness.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binom
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

PLANTED: dict[str, dict[str, Any]] = {
    "clean": {},
    "clean, deprivation not in the model": {"knows_deprivation": False},
    "40 % of readmissions not recorded": {"lost": 0.4},
    "40 % of readmissions not recorded, deprivation not in the model": {"lost": 0.4, "knows_deprivation": False},
    "log-odds raised by 0.5 in the later test": {"shift": 0.5},
    "60 % of attendances not recorded": {"thinned": 0.6},
}
FOUND_BY = {"lost": "HFR177", "shift": "HFR178", "thinned": "HFR179"}


def looked_at(seed: int, rows: int, planted: dict[str, Any]) -> tuple[Any, float]:
    """What is found in one data set, and for a shift what it does to observed over expected of the group."""
    from hfrisk.assessment import AssessmentSettings
    from hfrisk.fairness import FairnessSettings, mitigate
    from hfrisk.modelling import ModelSettings
    from tests.fairness.planted_frames import discharges, plain_model

    settings = FairnessSettings(
        remedies=(),
        look_at=("imd_quintile", "sex"),
        severity=("nt_probnp", "urea"),
        proxies=("attendances", "nt_probnp"),
    )
    knows = planted.get("knows_deprivation", True)
    wrong = {name: value for name, value in planted.items() if name != "knows_deprivation"}
    data = discharges(rows, seed, **wrong)
    model: Any = plain_model(data, knows_deprivation=knows)
    risk = model.cross_validated["risk"].to_numpy()
    raised = 1 / (1 + np.exp(-(np.log(risk / (1 - risk)) + wrong.get("shift", 0.0))))
    return mitigate(model, data, ModelSettings(), settings, AssessmentSettings()), float(raised.sum() / risk.sum())


def size(found: Any, name: str, planted: dict[str, Any], ratio: float) -> tuple[float, float, float, float]:
    """Estimate, its limits, and the planted value."""
    from tests.fairness.planted_frames import DEPRIVED

    def row(frame: Any, query: str) -> tuple[float, float, float]:
        one = frame[frame["level"] == DEPRIVED].query(query).iloc[0]
        return float(one["estimate"]), float(one["lower"]), float(one["upper"])

    if name == "lost":
        return (*row(found.label_bias, "sign == 'lost'"), planted["lost"])
    if name == "shift":
        return (*row(found.shifted_groups, "split == 'test'"), ratio)
    return (*row(found.biased_proxies, "feature == 'attendances' and measure == 'recorded'"), 1 - planted["thinned"])


def one_kind(label: str, planted: dict[str, Any], seeds: int, rows: int) -> dict[str, Any]:
    """Alarms over the seeds; for a planted inequality, how often it is found, in the right people, and its size."""
    began = time.process_time()
    alarms: Counter[str] = Counter()
    right, sizes = 0, []
    name = next((name for name in planted if name in FOUND_BY), "")
    for seed in range(seeds):
        found, ratio = looked_at(seed, rows, planted)
        alarms.update({check.code for check in found.checks})
        if name:
            whose = [check.facts["who"] for check in found.checks if check.code == FOUND_BY[name]]
            right += whose == ["people in deprivation fifth 1 (most deprived)"]
            sizes.append(size(found, name, planted, ratio))
    told: dict[str, Any] = {
        "data": label,
        "seeds": seeds,
        "rows": rows,
        "data_sets_with": {code: alarms[code] for code in FOUND_BY.values()},
        "seconds": round(time.process_time() - began, 1),
    }
    if name:
        values = np.array(sizes)
        inside = (values[:, 1] <= values[:, 3]) & (values[:, 3] <= values[:, 2])
        told |= {
            "found_and_in_the_right_people_only": right,
            "planted": round(float(values[:, 3].mean()), 3),
            "estimate_mean": round(float(values[:, 0].mean()), 3),
            "estimate_sd": round(float(values[:, 0].std(ddof=1)), 3),
            "interval_holds_planted": int(inside.sum()),
        }
        told["holds"] = bool(right >= seeds // 2 and inside.sum() >= binom.ppf(0.005, seeds, 0.95))
    else:
        # more than chance would give in one of two hundred sets of seeds
        told["holds"] = bool(max(told["data_sets_with"].values()) <= binom.ppf(0.995, seeds, 0.05))
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=10_000)
    chosen = parser.parse_args()
    with threadpool_limits(limits=1):
        results = [one_kind(label, planted, chosen.seeds, chosen.rows) for label, planted in PLANTED.items()]
    (HERE / "fairness.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
