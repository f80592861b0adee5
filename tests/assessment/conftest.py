"""A made-up set of index discharges with known risks, and a model that knows them, for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.features import Feature


def expit(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def feature(name: str, kind: str = "continuous", unit: str = "") -> Feature:
    return Feature(
        name=name,
        words=name.replace("_", " "),
        family="demography",
        theme="Age and sex",
        unit=unit,
        window="at discharge",
        sources=("person",),
        precision=0.001,
        lower=-10.0,
        upper=10.0,
        kind=kind,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Region:
    """The shape of `hfrisk.modelling.ModellingData`."""

    rows: pd.DataFrame
    features: pd.DataFrame
    groups: pd.DataFrame
    dictionary: tuple[Feature, ...]

    def part(self, split: str) -> Region:
        inside = (self.rows["split"] == split).to_numpy()
        return replace(
            self,
            rows=self.rows[inside].reset_index(drop=True),
            features=self.features[inside].reset_index(drop=True),
            groups=self.groups[inside].reset_index(drop=True),
        )

    @property
    def scores(self) -> pd.DataFrame:
        return pd.DataFrame()

    @property
    def for_comparators(self) -> pd.DataFrame:
        return self.features


@dataclass(frozen=True)
class KnownModel:
    """Gives `shift + scale * truth` in log-odds; its comparator gives the truth less one of its inputs."""

    cross_validated: pd.DataFrame
    shift: float = 0.0
    scale: float = 1.0
    comparators: list[str] = field(default_factory=lambda: ["logistic"])
    subject: str = "lightgbm"

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return expit(self.shift + self.scale * truth(features))

    def predict_comparator(self, name: str, features: pd.DataFrame) -> np.ndarray:
        return expit(truth(features) - 0.2 * features["second"].to_numpy())


def truth(features: pd.DataFrame) -> np.ndarray:
    """True log-odds."""
    return -1.5 + 0.5 * features["first"].to_numpy() + 0.2 * features["second"].to_numpy()


def build_region(discharges: int, seed: int = 0, shift: float = 0.0, scale: float = 1.0) -> tuple[Region, KnownModel]:
    """`discharges` index discharges of about two thirds as many people, the last 30 % by time as the test."""
    random = np.random.default_rng(seed)
    person = np.sort(random.integers(0, int(discharges * 0.7), discharges)) - 1000
    features = pd.DataFrame(random.normal(size=(discharges, 3)), columns=["first", "second", "noise"])
    features["binary"] = (random.random(discharges) < 0.3).astype(float)
    features.loc[random.random(discharges) < 0.2, "noise"] = np.nan
    chance = random.random(discharges)
    risk = expit(truth(features))
    state = np.where(chance < risk, "readmitted", np.where(chance > 0.98, "died", "none"))
    day = random.integers(0, 365 * 5, discharges)
    cut = np.quantile(day, 0.7)
    rows = pd.DataFrame(
        {
            "person_id": person,
            "index_id": np.arange(discharges) * 7 + 1,
            "discharge_date": pd.Timestamp("2019-01-01") + pd.to_timedelta(day, unit="D"),
            "split": np.where(day > cut, "test", np.where(day > cut - 30, "gap", "development")),
            "fold": person % 5,
            "state": state,
            "outcome_day": np.nan,
            "event": (state == "readmitted").astype(np.int8),
        }
    )
    groups = pd.DataFrame(
        {
            "sex": random.choice(["Female", "Male"], discharges),
            "age_band": random.choice(["18-64", "65-74", "75-84", "85 and over"], discharges, p=[0.15, 0.2, 0.35, 0.3]),
            "ethnicity": random.choice(
                ["White", "Asian", "Black", "Mixed", "Not recorded"], discharges, p=[0.86, 0.06, 0.03, 0.005, 0.045]
            ),
            "imd_quintile": random.choice(["1 (most deprived)", "2", "3", "4", "5 (least deprived)"], discharges),
            "site_group": random.choice([f"Trust {letter}" for letter in "ABCDEFGH"], discharges),
        }
    )
    dictionary = tuple(feature(name, "binary" if name == "binary" else "continuous") for name in features.columns)
    region = Region(rows, features, groups, dictionary)
    inside = region.part("development")
    known = KnownModel(pd.DataFrame(), shift, scale)
    out_of_fold = inside.rows[["person_id", "index_id", "fold"]].assign(
        risk=known.predict(inside.features), risk_logistic=known.predict_comparator("logistic", inside.features)
    )
    # Shuffled: the assessment must join by key, not by position.
    return region, replace(known, cross_validated=out_of_fold.sample(frac=1, random_state=seed).reset_index(drop=True))


@pytest.fixture(scope="session")
def make_region() -> Callable[..., tuple[Region, KnownModel]]:
    """Builds a region and the model that knows its truth."""
    return build_region


@pytest.fixture(scope="session")
def oracles() -> Path:
    """The folder with the numbers from R."""
    return Path(__file__).parent / "oracles"


@pytest.fixture(scope="session")
def discharges(oracles: Path) -> pd.DataFrame:
    """500 discharges (person, event, risk) with tied and overconfident risks."""
    return pd.read_csv(oracles / "discharges.csv")
