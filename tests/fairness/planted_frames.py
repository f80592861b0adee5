"""Made-up discharges with deprivation, deaths and, on request, one planted inequality; and a plain logistic model of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from hfrisk.features import Feature
from hfrisk.modelling import ModellingData, ValidationSettings, partition_frames

DEPRIVED = "1 (most deprived)"
FIFTHS = (DEPRIVED, "2", "3", "4", "5 (least deprived)")


@dataclass(frozen=True)
class Plain:
    """What the fairness room asks of a model, from a logistic regression."""

    cross_validated: pd.DataFrame
    fitted: Any
    names: tuple[str, ...]
    subject: str = "logistic"
    learnt: bool = False

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.fitted.predict_proba(_columns(features, self.names))[:, 1])


def discharges(n: int, seed: int, *, lost: float = 0.0, shift: float = 0.0, thinned: float = 0.0) -> ModellingData:
    """Discharges, in the most deprived fifth of which something is wrong.

    `lost`: share of their readmissions that is not recorded. `shift`: log-odds by which their readmissions rise in the later test.
    `thinned`: share of their attendances that is not recorded.
    """
    random = np.random.default_rng(seed)
    age = np.clip(random.normal(78, 11, n).round(), 20, 104)
    fifth = random.choice(5, n, p=[0.23, 0.21, 0.20, 0.19, 0.17])
    age = np.clip(age + 1.3 * (fifth - 2), 20, 104).round()
    male = (random.random(n) < 0.55).astype(float)
    attendances = random.poisson(np.exp(random.normal(0.2, 0.8, n))).astype(float)
    urea = np.round(np.exp(random.normal(np.log(9.3), 0.45, n)), 1)
    bnp = np.exp(random.normal(np.log(5100), 1.0, n)).round(-1)
    day = pd.Timestamp("2016-01-01") + pd.to_timedelta(random.integers(0, 1500, n), "D")
    late = np.asarray(day >= pd.Timestamp("2019-01-20"))
    deprived = fifth == 0
    sick = 0.45 * np.log(urea / 9.3) + 0.30 * np.log(bnp / 4200)
    back = 1 / (1 + np.exp(1.75 - 0.55 * np.log1p(attendances) - sick - shift * (deprived & late)))
    dies = 1 / (1 + np.exp(3.3 - 0.03 * (age - 78) - 1.2 * sick))
    total = np.maximum(back + dies, 1.0)
    drawn = random.random(n)
    state = np.select([drawn < back / total, drawn < (back + dies) / total], ["readmitted", "died"], "none").astype(
        object
    )
    state[(state == "readmitted") & deprived & (random.random(n) < lost)] = "none"
    seen = np.where(deprived, random.binomial(attendances.astype(int), 1 - thinned), attendances)
    features = pd.DataFrame(
        {
            "age": age,
            "male": male,
            "attendances": seen.astype(float),
            "urea": urea,
            "nt_probnp": np.where(random.random(n) < 0.5, np.nan, bnp),
            "imd": fifth + 1.0,
        }
    )
    rows = pd.DataFrame(
        {
            "person_id": random.integers(0, n, n),
            "index_id": np.arange(n, dtype="int64"),
            "discharge_date": day,
            "state": state,
            "outcome_day": np.where(state == "none", np.nan, 12.0),
            "event": (state == "readmitted").astype("int8"),
        }
    )
    groups = pd.DataFrame(
        {"imd_quintile": np.array(FIFTHS, dtype=object)[fifth], "sex": np.where(male == 1, "Male", "Female")}
    )
    return partition_frames(
        rows, features, groups, _DICTIONARY, window_end=29, settings=ValidationSettings(test_from="2019-01-20", folds=3)
    )


def plain_model(data: ModellingData, *, knows_deprivation: bool = True) -> Plain:
    """A logistic regression of development, with its risks out of fold."""
    names = tuple(name for name in data.features.columns if knows_deprivation or name != "imd")
    part = data.part("development")
    event, fold = part.rows["event"].to_numpy(), part.rows["fold"].to_numpy()
    risk = np.empty(len(event))
    for k in np.unique(fold):
        risk[fold == k] = _fit(part.features[fold != k], event[fold != k], names).predict_proba(
            _columns(part.features[fold == k], names)
        )[:, 1]
    return Plain(
        part.rows[["person_id", "index_id", "fold"]].assign(risk=risk), _fit(part.features, event, names), names
    )


def with_sex_only(data: ModellingData) -> ModellingData:
    """The same discharges without the record of deprivation."""
    return replace(data, groups=data.groups[["sex"]])


def _fit(features: pd.DataFrame, event: np.ndarray, names: tuple[str, ...]) -> Any:
    return LogisticRegression(C=1e6, max_iter=1000).fit(_columns(features, names), event)


def _columns(features: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    columns = []
    for name in names:
        values = features[name].to_numpy()
        if name in ("attendances", "urea", "nt_probnp"):
            values = np.log1p(values) - (8.5 if name == "nt_probnp" else 0.0)
        if name == "age":
            values = (values - 78) / 10
        missing = np.isnan(values)
        columns.append(np.where(missing, 0.0, values))
        if missing.any() or name == "nt_probnp":
            columns.append(missing.astype(float))
        if name == "imd":
            columns += [(values == k).astype(float) for k in (1, 2, 4, 5)]
    return np.column_stack(columns)


def _entry(name: str, **more: Any) -> Feature:
    return Feature(
        name=name,
        words=name.replace("_", " "),
        family="made_up",
        theme="Other",
        unit="",
        window="",
        sources=("measurement",),
        precision=1.0,
        lower=0.0,
        upper=100_000.0,
        **more,
    )


_DICTIONARY = (
    _entry("age", sensitive=True),
    _entry("male", sensitive=True, kind="binary"),
    _entry("attendances", kind="count", skewed=True),
    _entry("urea", skewed=True),
    _entry("nt_probnp", skewed=True),
    _entry("imd", sensitive=True),
)
