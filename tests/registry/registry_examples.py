"""A made-up release with a real small LightGBM model in it, for the tests of the registry."""

from __future__ import annotations

from functools import cache
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from hfrisk.disclosure import Bundle, Released, released

INPUTS = [
    # name, type, unit, lower, upper
    ("age", "number", "years", 18.0, 110.0),
    ("length_of_stay", "number", "days", 0.0, 365.0),
    ("emergency_admissions_365d", "number", "count", 0.0, 60.0),
    ("creatinine_last", "number", "µmol/L", 10.0, 2000.0),
    ("haemoglobin_last", "number", "g/L", 20.0, 250.0),
    ("nt_probnp_last", "number", "ng/L", 5.0, 70000.0),
    ("atrial_fibrillation", "binary", "", 0.0, 1.0),
    ("lives_alone", "binary", "", 0.0, 1.0),
]
NAMES = [name for name, *_ in INPUTS]
CALIBRATIONS: dict[str, dict[str, Any]] = {
    "none": {"method": "none"},
    "platt": {"method": "platt", "intercept": -0.1234567890123, "slope": 0.8765432109876},
    "isotonic": {"method": "isotonic", "x": [-3.0, -1.7, -1.1, 0.3], "y": [0.031, 0.117, 0.254, 0.613]},
    "beta": {"method": "beta", "intercept": -0.31234567, "slope_event": 0.71234567, "slope_none": 1.31234567},
    "piecewise_linear": {"method": "piecewise_linear", "x": [-2.5, -1.2, 0.1], "y": [0.05, 0.2, 0.55]},
    "venn_abers": {
        "method": "venn_abers",
        "edges": [-1.9, -1.4, -0.6],
        "p0": [0.0512, 0.1101, 0.1933, 0.4012],
        "p1": [0.0609, 0.1207, 0.2119, 0.4502],
    },
    "recalibrated": {
        "method": "recalibrated",
        "intercept": 0.2123456,
        "slope": 0.9123456,
        "of": {"method": "platt", "intercept": -0.12, "slope": 0.88},
    },
}
BANDS = [0.10, 0.20, 0.30]


def people(rows: int = 400, seed: int = 3) -> pd.DataFrame:
    """Made-up discharges; a third of the blood tests are missing."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": draw.integers(45, 100, rows).astype(float),
            "length_of_stay": draw.poisson(7, rows).astype(float),
            "emergency_admissions_365d": draw.poisson(1.2, rows).astype(float),
            "creatinine_last": np.round(draw.lognormal(4.7, 0.4, rows)),
            "haemoglobin_last": np.round(draw.normal(120, 18, rows)),
            "nt_probnp_last": np.round(draw.lognormal(8, 1, rows)),
            "atrial_fibrillation": draw.integers(0, 2, rows).astype(float),
            "lives_alone": draw.integers(0, 2, rows).astype(float),
        }
    )
    for name in ("creatinine_last", "haemoglobin_last", "nt_probnp_last"):
        table.loc[draw.random(rows) < 1 / 3, name] = np.nan
    return table[NAMES]


@cache
def booster() -> lgb.Booster:
    """A small model of a readmission-like outcome, with missing values in it."""
    table = people(4000, seed=11)
    log_odds = -2.0 + 0.35 * table["emergency_admissions_365d"] + 0.02 * (table["age"] - 75)
    event = np.random.default_rng(12).random(len(table)) < 1 / (1 + np.exp(-log_odds))
    settings = {
        "objective": "binary",
        "num_leaves": 15,
        "learning_rate": 0.1,
        "num_threads": 2,
        "verbose": -1,
        "seed": 1,
    }
    return lgb.train(settings, lgb.Dataset(table, label=event.astype(int)), num_boost_round=60)


def expected_risk(table: pd.DataFrame, method: str = "platt") -> np.ndarray:
    """The calibrated risk from the booster in memory, by the formula as written in textbooks."""
    probability = np.asarray(booster().predict(table))
    log_odds = np.log(probability / (1 - probability))
    calibration = CALIBRATIONS[method]
    if method == "platt":
        return np.asarray(1 / (1 + np.exp(-(calibration["intercept"] + calibration["slope"] * log_odds))))
    if method == "isotonic":
        return np.interp(log_odds, calibration["x"], calibration["y"])
    if method == "piecewise_linear":
        return np.interp(log_odds, calibration["x"], calibration["y"])
    if method == "beta":
        odds = np.exp(calibration["intercept"]) * probability ** calibration["slope_event"]
        odds = odds / (1 - probability) ** calibration["slope_none"]
        return np.asarray(odds / (1 + odds))
    if method == "venn_abers":
        place = [sum(value >= edge for edge in calibration["edges"]) for value in log_odds]
        pairs = [(calibration["p0"][k], calibration["p1"][k]) for k in place]
        return np.array([p1 / (1 - p0 + p1) for p0, p1 in pairs])
    if method == "recalibrated":
        first = -0.12 + 0.88 * log_odds
        return np.asarray(1 / (1 + np.exp(-(calibration["intercept"] + calibration["slope"] * first))))
    return probability


def release_example(
    method: str = "platt", *, study: dict[str, Any] | None = None, trials: int = 4, estimate: float = 0.671
) -> Released:
    """What the gate would let through for a study with this model."""
    contract = {
        "name": "hf-readmission-30d",
        "inputs": [
            {"name": n, "words": n.replace("_", " "), "unit": u, "type": t, "lower": a, "upper": b, "required": False}
            for n, t, u, a, b in INPUTS
        ],
        "outcome": "came back to hospital as an emergency within 30 days",
        "window": [0, 29],
        "risk": "cumulative_incidence",
        "bands": BANDS,
        "threshold": 0.2,
        "status": "research software, not a medical device",
    }
    rows = [
        ("lightgbm", "test", "all", "all", "auroc", estimate, 0.65, 0.69, 3000.0, 600.0),
        ("lightgbm", "test", "all", "all", "net_benefit@0.20", 0.021, 0.01, 0.03, 3000.0, 600.0),
        ("lightgbm", "test", "all", "all", "ici", 0.011, np.nan, np.nan, 3000.0, 600.0),
        ("lightgbm", "test", "sex", "Female", "auroc", 0.66, 0.63, 0.69, 1400.0, 280.0),
        ("lightgbm", "cross-validation", "all", "all", "auroc", 0.68, 0.67, 0.69, 7000.0, 1400.0),
        ("logistic", "test", "all", "all", "auroc", 0.66, 0.64, 0.68, 3000.0, 600.0),
    ]
    names = ["model", "split", "group", "level", "measure", "estimate", "lower", "upper", "n", "events"]
    performance = pd.DataFrame(rows, columns=names).assign(reason="", suppressed="")
    words = ["code", "severity", "title", "finding", "consequence", "todo"]
    empty = pd.DataFrame({"suppressed": pd.Series(dtype=str)})
    tables = {name: empty for name in Released.__dataclass_fields__ if name not in _NOT_FRAMES}
    tables["performance"] = performance
    tables["checks"] = pd.DataFrame(columns=words, dtype=str)
    return Released(
        study={
            "title": "Readmission after heart failure (made up)",
            "environment": "tests",
            "risk": "cumulative_incidence",
            "window": [0, 29],
            **(study or {}),
        },
        headline={
            "index_discharges": 10000,
            "persons": 6000,
            "events": 2000,
            "died": 700,
            "sites": 8,
            "period_from": "2019-04",
            "period_to": "2024-03",
            "states": {"readmitted": 2000, "died": 700, "none": 7300, "censored": None},
            "by_split": {"test": {"n": 3000, "events": 600, "share_events": 0.2}},
            "reasons": {"states.censored": "fewer than 10"},
        },
        bundle=Bundle(booster().model_to_string(), dict(CALIBRATIONS[method]), contract, [{"name": n} for n in NAMES]),
        tuning={
            "best": {"num_leaves": 15, "learning_rate": 0.1},
            "summary": {"trials": trials},
            "trials": [
                {"trial": i, "state": "complete", "value": 0.48, "rounds": 60, "num_leaves": 15, "fold_0": 0.47}
                for i in range(trials)
            ]
            + [{"trial": trials, "state": "failed", "value": None, "num_leaves": 31}],
        },
        provenance={
            "study_hash": "0123abcd",
            "code_version": "0.1.0",
            "source_fingerprint": "f" * 64,
            "seeds": {"model": 1},
            "versions": {"lightgbm": "4.7.0"},
        },
        seal=released._SEAL,  # made by hand: these tests are about what happens after the gate
        **tables,
    )


_NOT_FRAMES = {"study", "headline", "bundle", "tuning", "provenance", "seal"}
