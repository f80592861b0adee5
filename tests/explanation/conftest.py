"""A small model with known directions, fitted without a search."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData

FAMILIES = {
    "age": ("demography", "Age and sex"),
    "male": ("demography", "Age and sex"),
    "admissions": ("prior_care", "Earlier hospital use"),
    "urea": ("laboratory", "Blood tests and vital signs"),
    "sodium": ("laboratory", "Blood tests and vital signs"),
    "beta_blocker": ("medicines", "Medicines"),
    "unused": ("comorbidity", "Other long-term conditions"),
}
KIND = {"male": "binary", "beta_blocker": "binary", "admissions": "count"}


@pytest.fixture(scope="session")
def data() -> ModellingData:
    random = np.random.default_rng(1)
    n = 3000
    features = pd.DataFrame(
        {
            "age": np.clip(random.normal(77, 12, n).round(), 18, 104),
            "male": (random.random(n) < 0.5).astype(float),
            "admissions": random.poisson(0.8, n).astype(float),
            "urea": np.where(random.random(n) < 0.2, np.nan, np.round(random.lognormal(2.2, 0.4, n), 1)),
            "sodium": np.round(random.normal(138, 4, n)),
            "beta_blocker": (random.random(n) < 0.6).astype(float),
            "unused": np.zeros(n),
        }
    )
    log_odds = (
        -1.6
        + 0.8 * np.log1p(features["admissions"])
        + 0.6 * np.log(features["urea"].fillna(9) / 9)
        - 0.5 * features["beta_blocker"]
        + 0.04 * (features["sodium"] - 138) ** 2
    )
    event = (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype("int8")
    rows = pd.DataFrame(
        {
            "person_id": np.arange(n),
            "index_id": np.arange(n),
            "discharge_date": pd.Timestamp("2020-01-01"),
            "split": np.where(np.arange(n) < 2000, "development", "test"),
            "fold": np.where(np.arange(n) < 2000, np.arange(n) % 5, -1),
            "state": "none",
            "outcome_day": np.nan,
            "event": event,
        }
    )
    dictionary = tuple(
        Feature(
            name,
            f"the {name}",
            family,
            theme,
            "",
            "",
            (),
            0.1 if name == "urea" else 1.0,
            0.0,
            200.0,
            modifiable=name in {"beta_blocker", "sodium"},
            kind=KIND.get(name, "continuous"),
        )
        for name, (family, theme) in FAMILIES.items()
    )
    return ModellingData(rows, features, pd.DataFrame(index=rows.index), dictionary)


def as_model(text: str, inputs: list[str]) -> Model:
    empty = pd.DataFrame()
    return Model(text, inputs, {"method": "none"}, {}, {}, 0.2, empty, empty, {}, [])


@pytest.fixture(scope="session")
def model(data: ModellingData) -> Model:
    params = {"objective": "binary", "num_leaves": 6, "learning_rate": 0.05, "min_data_in_leaf": 40, "num_threads": 1}
    params |= {"seed": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1}
    train = lgb.Dataset(data.features.to_numpy(), data.rows["event"], feature_name=list(data.features))
    return as_model(lgb.train(params, train, 80).model_to_string(), list(data.features))
