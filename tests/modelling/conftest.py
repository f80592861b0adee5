"""A small made-up development data set, after the recipe of the house's synthetic region, with a known truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData, ModelSettings, ValidationSettings, develop, partition_frames

SKEWED = {"prior_admissions", "urea", "nt_probnp"}
BINARY = {"copd", "lives_alone", "noise_flag"}
PRECISION = {"urea": 0.1, "nt_probnp": 10.0, "noise": 0.01}


@dataclass(frozen=True)
class Frames:
    """What comes through the door, and the truth that does not."""

    rows: pd.DataFrame
    features: pd.DataFrame
    groups: pd.DataFrame
    dictionary: tuple[Feature, ...]
    truth: pd.Series

    def partition(self, settings: ValidationSettings | None = None, window_end: int = 29) -> ModellingData:
        return partition_frames(
            self.rows,
            self.features,
            self.groups,
            self.dictionary,
            window_end=window_end,
            settings=settings or ValidationSettings(folds=3),
        )

    def shuffled(self, seed: int) -> Frames:
        order = np.random.default_rng(seed).permutation(len(self.rows))
        frames = (frame.iloc[order] for frame in (self.rows, self.features, self.groups))
        return Frames(*frames, dictionary=self.dictionary, truth=self.truth.iloc[order])


def make_frames(n: int, seed: int = 1) -> Frames:
    random = np.random.default_rng(seed)
    age = np.clip(random.normal(77, 12, n).round(), 18, 104)
    prior = random.poisson(0.6, n).astype(float)
    urea = np.round(np.exp(random.normal(np.log(9.3), 0.43, n)), 1)
    sodium = np.round(random.normal(138, 4, n))
    sbp = np.round(random.normal(131, 20, n))
    nt_probnp = np.round(np.exp(random.normal(np.log(5100), 1.0, n)), -1)
    copd = (random.random(n) < 0.22).astype(float)
    alone = (random.random(n) < 0.33).astype(float)
    log_odds = (
        -1.95
        + 0.60 * np.log1p(prior)
        + 0.45 * np.log(urea / 9.3)
        - 0.03 * (sodium - 138)
        - 0.010 * (sbp - 128)
        + 0.25 * np.log(nt_probnp / 4200)
        + 0.30 * copd
        + 0.20 * alone
    )
    truth = 1 / (1 + np.exp(-log_odds))
    event = (random.random(n) < truth).astype("int8")
    features = pd.DataFrame(
        {
            "age": age,
            "prior_admissions": prior,
            "urea": urea,
            "sodium": sodium,
            "sbp": sbp,
            "nt_probnp": np.where(random.random(n) < 0.5, np.nan, nt_probnp),
            "copd": copd,
            "lives_alone": alone,
            "noise": np.round(random.normal(0, 1, n), 2),
            "noise_flag": (random.random(n) < 0.2).astype(float),
        }
    )
    rows = pd.DataFrame(
        {
            "person_id": random.integers(-n, n, n),
            "index_id": np.arange(n, dtype="int64"),
            "discharge_date": pd.Timestamp("2016-01-01") + pd.to_timedelta(random.integers(0, 1500, n), "D"),
            "state": np.where(event == 1, "readmitted", "none"),
            "outcome_day": np.where(event == 1, 12.0, np.nan),
            "event": event,
        }
    )
    groups = pd.DataFrame({"sex": np.where(random.random(n) < 0.5, "Female", "Male")})
    dictionary = tuple(
        Feature(
            name=name,
            words=name.replace("_", " "),
            family="laboratory" if name in {"urea", "sodium", "nt_probnp"} else "comorbidity",
            theme="Blood tests and vital signs" if name in {"urea", "sodium", "sbp", "nt_probnp"} else "Other",
            unit="",
            window="",
            sources=("measurement",),
            precision=PRECISION.get(name, 1.0),
            lower=0.0,
            upper=100.0,
            modifiable=name == "sbp",
            skewed=name in SKEWED,
            kind="binary" if name in BINARY else "continuous",
        )
        for name in features.columns
    )
    return Frames(rows, features, groups, dictionary, pd.Series(truth))


@pytest.fixture(scope="session")
def make() -> Callable[..., Frames]:
    return make_frames


@pytest.fixture(scope="session")
def frames() -> Frames:
    return make_frames(2400)


@pytest.fixture(scope="session")
def data(frames: Frames) -> ModellingData:
    return frames.partition()


@pytest.fixture(scope="session")
def small() -> ModelSettings:
    """A search that takes a second or two."""
    return ModelSettings(trials=6, startup_trials=3, repeats=1, max_rounds=200, early_stopping_rounds=15)


@pytest.fixture(scope="session")
def undisturbed(data: ModellingData, small: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The model of a run that nobody interrupted."""
    return develop(data, small, folder=Path(tmp_path_factory.mktemp("undisturbed")))
