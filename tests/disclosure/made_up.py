"""A made-up run with planted values that must never leave, up to the door of the gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.assessment import AssessmentSettings, Results, assess, describe_population
from hfrisk.checks import Check
from hfrisk.disclosure import DisclosureSettings, Released, release
from hfrisk.explanation import Explanation, ExplanationSettings, explain
from hfrisk.fairness import FairnessSettings, Mitigation, mitigate
from hfrisk.features import Feature
from hfrisk.inequality import Inequality, InequalitySettings, look_at_rows
from hfrisk.modelling import Model, ModellingData, ModelSettings, ValidationSettings, develop, partition_frames
from hfrisk.modelling.structure import ModelRisks

#: Values of one person each, far from all others: none may be read anywhere in what leaves.
CANARY = {"age": 107.0, "nt_probnp": 61397.0, "potassium": 8.7, "admissions": 47.0}
CANARY_DATES = ("2019-02-17", "2022-11-23")
#: Identifiers begin here; no such number may be read anywhere.
FIRST_ID = 9_400_000_000
CANARY_PATH = "/srv/secure-region/users/someone/omop"


def feature(name: str, words: str, unit: str, precision: float, lower: float, upper: float, **more: Any) -> Feature:
    given = {
        "family": "laboratory",
        "theme": "Blood tests and vital signs",
        "window": "in the stay",
        "sources": ("measurement",),
    }
    return Feature(
        name=name, words=words, unit=unit, precision=precision, lower=lower, upper=upper, **{**given, **more}
    )


DICTIONARY = (
    feature("age", "age at admission", "years", 1, 18, 120, family="demography", theme="Age and sex"),
    feature(
        "sex_female", "recorded sex is female", "", 1, 0, 1, family="demography", theme="Age and sex", kind="binary"
    ),
    feature(
        "admissions", "emergency admissions in the year before", "count", 1, 0, 60, family="prior_care", kind="count"
    ),
    feature("nt_probnp", "NT-proBNP, last in the stay", "ng/L", 1, 5, 100000, skewed=True),
    feature("potassium", "potassium, last in the stay", "mmol/L", 0.1, 1, 12),
    feature("rare", "a rare condition", "", 1, 0, 1, family="comorbidity", kind="binary"),
)
STUDY = {
    "name": "made-up",
    "title": "Made up",
    "model_name": "hf-readmission-30d",
    "outcome_words": "came back to hospital as an emergency within 30 days",
    "bands": [0.1, 0.2, 0.3],
    "threshold": 0.2,
    "status": "candidate",
    "settings": {
        "source": {"path": CANARY_PATH},
        "validation": {"test_from": "2021-04-01"},
        "assessment": {"confidence": 0.95},
    },
}


PROVENANCE = {
    "study_hash": "abc123",
    "source_fingerprint": "9f8e7d",
    "libraries": {"lightgbm": "4.7.0"},
    "seeds": {"model": 20260402},
    "log": f"read from {CANARY_PATH} up to {CANARY_DATES[1]}",
}


@dataclass(frozen=True)
class Run:
    """Everything that goes into the gate."""

    cohort: Any
    features: Any
    data: ModellingData
    model: Model
    results: Results
    explanation: Explanation
    mitigation: Mitigation
    inequality: Inequality
    inequality_of_everyone: Inequality

    def release(
        self, settings: DisclosureSettings | None = None, *, risks: ModelRisks | None = None, **study: Any
    ) -> Released:
        return release(
            self.cohort,
            self.features,
            (self.results, self.explanation),
            self.model,
            settings or DisclosureSettings(),
            study={**STUDY, **study},
            provenance=PROVENANCE,
            sensitivity=variants(self),
            mitigation=self.mitigation,
            risks=risks,
            inequality=self.inequality,
        )

    def release_without_model(self, settings: DisclosureSettings | None = None) -> Released:
        """The same people described, in a study that makes no model."""
        flags = {"self_discharged": self.data.rows["index_id"] % 50 == 0, "palliative": palliative(self.data.rows)}
        return release(
            self.cohort,
            self.features,
            None,
            None,
            settings or DisclosureSettings(),
            study={key: value for key, value in STUDY.items() if key not in ("model_name", "bands", "threshold")},
            provenance=PROVENANCE,
            population=describe_population(
                self.data.rows.assign(**flags),
                self.data.features,
                self.data.groups,
                DICTIONARY,
                ("sex", "imd_quintile"),
            ),
            sensitivity=variants(self),
            inequality=self.inequality_of_everyone,
        )


def palliative(rows: pd.DataFrame) -> pd.Series:
    """A flag that few have."""
    return rows["index_id"] % 700 == 0


def picture(data: ModellingData, *, used: bool) -> Inequality:
    """The inequality picture: of those whom a model's tables count, or of everyone."""
    chosen = data.rows["split"].isin(["development", "test"]) if used else data.rows["index_id"] > 0
    rows, features, groups = (part[chosen].reset_index(drop=True) for part in (data.rows, data.features, data.groups))
    rows = rows.assign(palliative=palliative(rows))
    settings = InequalitySettings(pairs=(("sex", "age_band"), ("sex", "ethnicity"), ("age_band", "site_group")))
    return look_at_rows(rows, features.rename(columns={"nt_probnp": "nt_probnp_last"}), groups, settings)


def made_up_rows(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Outcomes, features and groups of `n` index discharges."""
    rng = np.random.default_rng(seed)
    person = FIRST_ID + rng.integers(0, int(n * 0.75), n)
    features = pd.DataFrame(
        {
            "age": rng.integers(40, 98, n),
            "sex_female": rng.integers(0, 2, n),
            "admissions": rng.poisson(1.1, n),
            "nt_probnp": np.where(rng.random(n) < 0.4, np.nan, np.round(rng.lognormal(8, 0.9, n))),
            "potassium": np.where(rng.random(n) < 0.001, np.nan, np.round(rng.normal(4.4, 0.5, n), 1)),
            "rare": rng.random(n) < 0.002,
        }
    ).astype(float)
    features["nt_probnp"] = features["nt_probnp"].clip(upper=50000)
    for i, (name, value) in enumerate(CANARY.items()):
        features.loc[5 * i, name] = value
    log_odds = -1.9 + 0.35 * features["admissions"].clip(upper=6) + 0.02 * (features["age"] - 75)
    event = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    died = ~event & (rng.random(n) < 0.03)
    days = np.sort(rng.integers(0, 1375, n))
    discharge = pd.Timestamp(CANARY_DATES[0]) + pd.to_timedelta(days, "D")
    rows = pd.DataFrame(
        {
            "person_id": person,
            "index_id": FIRST_ID + 500_000 + np.arange(n),
            "discharge_date": discharge,
            "state": np.where(event, "readmitted", np.where(died, "died", "none")),
            "outcome_day": np.where(event | died, rng.integers(1, 30, n), np.nan),
            "event": event.astype(np.int8),
        }
    )
    rows.loc[0, "discharge_date"] = pd.Timestamp(CANARY_DATES[0])
    rows.loc[n - 1, "discharge_date"] = pd.Timestamp(CANARY_DATES[1])
    groups = pd.DataFrame(
        {
            "sex": np.where(features["sex_female"] == 1, "Female", "Male"),
            "age_band": pd.cut(
                features["age"], [17, 64, 74, 84, 200], labels=["18-64", "65-74", "75-84", "85 and over"]
            ).astype(str),
            "ethnicity": rng.choice(
                ["White", "Asian", "Black", "Mixed", "Not recorded"], n, p=[0.85, 0.08, 0.03, 0.003, 0.037]
            ),
            "site_group": rng.choice([f"Site {k}" for k in range(1, 7)], n),
        }
    )
    return rows, features, groups


def made_up_run(folder: Path, n: int = 4013, seed: int = 4) -> Run:
    """A run on `n` index discharges: really developed, really assessed."""
    rows, features, groups = made_up_rows(n, seed)
    data = partition_frames(rows, features, groups, DICTIONARY, window_end=29, settings=ValidationSettings(folds=3))
    settings = ModelSettings(trials=1, repeats=1, max_rounds=40, early_stopping_rounds=10, threads=1)
    model = develop(data, settings, folder=folder)
    results = assess(
        model,
        data,
        AssessmentSettings(
            replicates=50,
            redraws=50,
            permutations=99,
            capacities=(0.1, 0.2),
            groups=tuple(groups.columns),
            intersections=(("sex", "age_band"),),
        ),
    )
    return Run(
        cohort(rows, data),
        SimpleNamespace(
            dictionary=DICTIONARY, groups=tuple(groups.columns), notices=notices(), observed=observed(features)
        ),
        data,
        model,
        results,
        explain(model, data, ExplanationSettings(group_permutations=19), groups=tuple(groups.columns)),
        mitigate(
            model,
            data,
            settings,
            FairnessSettings(
                remedies=("recalibration", "group_thresholds", "threshold_optimizer", "reweighting"),
                group="age_band",
                look_at=("age_band", "ethnicity"),
                adjust=("sex_female",),
                severity=("potassium",),
                proxies=("admissions", "nt_probnp"),
                draws=50,
            ),
            AssessmentSettings(redraws=50),
        ),
        picture(data, used=True),
        picture(data, used=False),
    )


def cohort(rows: pd.DataFrame, data: ModellingData) -> Any:
    """The cohort's counts, dates and words, without its tables."""
    n, persons, events = len(rows), int(rows["person_id"].nunique()), int(rows["event"].sum())
    steps = [
        ("all_spells", "All hospital spells", n + 5204, persons + 3011, events + 777),
        ("heart_failure", "Heart failure recorded", n + 304, persons + 211, events + 77),
        ("adult", "Old enough at admission", n + 301, persons + 209, events + 76),
        ("unplanned", "Unplanned admission", n + 104, persons + 41, events + 21),
        ("alive", "Discharged alive", n + 3, persons + 2, events + 1),
        ("followed_up", "Seen for the whole window after discharge", n, persons, events),
    ]
    frame = pd.DataFrame(steps, columns=["rule", "words", "admissions", "persons", "events"])
    frame["excluded"] = (-frame["admissions"].diff()).fillna(0).astype(int)
    frame["excluded_only_here"] = [0, 3917, 1, 183, 96, 2]
    frame.insert(1, "bit", range(len(frame)))
    states = rows["state"].value_counts().to_dict()
    return SimpleNamespace(
        attrition=frame,
        states={"readmitted": states["readmitted"], "died": states["died"], "none": states["none"], "censored": 0},
        incidence=incidence(rows),
        strategies={
            "heart_failure": {"condition_status": n + 251, "legacy_type": n // 9, "order": 3},
            "unplanned": {"admission_method": n + 1000, "ae_segment": 300, "planned": 3903},
            "spells": {"stays": n + 5904, "overlapping": 230, "transfer": 463, "stand_in": 7},
        },
        eligibility=pd.DataFrame([{"coded": n, "eligible": n - 391, "both": n - 713}]),
        index_discharges=n,
        persons=persons,
        events=events,
        sites=6,
        window=(0, 29),
        risk="cumulative_incidence",
        data_end=date.fromisoformat(CANARY_DATES[1]),
        first_discharge=date.fromisoformat(CANARY_DATES[0]),
        last_discharge=date.fromisoformat(CANARY_DATES[1]),
        definitions=pd.DataFrame(
            [("Heart failure", "codes I11.0, I42, I50", "NICOR"), ("End of follow-up", CANARY_DATES[1], CANARY_PATH)],
            columns=["item", "value", "source"],
        ),
        checks=[
            Check(
                "HFR020",
                "warning",
                "Odd dates",
                "{stays} stays have no end.",
                "Left out.",
                "Look.",
                counts={"stays": 7},
            ),
            Check(
                "HFR021",
                "note",
                "Many",
                "{stays} of {all} stays ({share:.1%}).",
                "None.",
                "None.",
                counts={"stays": 1234, "all": 9876},
                facts={"share": 1234 / 9876},
            ),
        ],
    )


def incidence(rows: pd.DataFrame) -> pd.DataFrame:
    """The cumulative incidence by day of these discharges, all followed to day 29."""
    n, days = len(rows), pd.DataFrame({"day": np.arange(30)})
    for state in ("readmitted", "died"):
        found = rows.loc[rows["state"] == state, "outcome_day"].value_counts()
        days[state] = days["day"].map(found).fillna(0).astype(int)
    days["censored"] = 0
    days.loc[29, "censored"] = n - days["readmitted"].sum() - days["died"].sum()
    for state, name in (("readmitted", "readmission"), ("died", "death")):
        days[name] = days[state].cumsum() / n
        half = 1.96 * np.sqrt(days[name] * (1 - days[name]) / n)
        days[f"{name}_low"], days[f"{name}_high"] = days[name] - half, days[name] + half
    return days


def variants(run: Run) -> pd.DataFrame:
    """Other definitions: one that leaves out three events, one with other people."""
    n, events, died = run.cohort.index_discharges, run.cohort.events, run.cohort.states["died"]
    rows = []
    for name, size, found in (
        ("as defined", n, events),
        ("without readmissions on day 0", n, events - 3),
        ("any position", n + 1511, events + 293),
    ):
        share = found / size
        rows.append((name, size, int(size * 0.7), found, share, 29, share, share - 0.01, share + 0.01, died / size))
    columns = (
        "name index_discharges persons events rate incidence_day readmission readmission_low readmission_high death"
    )
    return pd.DataFrame(rows, columns=columns.split())


def observed(features: pd.DataFrame) -> pd.DataFrame:
    """For how many the inputs of two scores were observed; one of them is in no table."""
    n = len(features)
    rows = [
        ("mine", "age", "age", n),
        ("mine", "potassium", "last potassium", int(features["potassium"].notna().sum())),
        ("mine", "nt_probnp", "last NT-proBNP", int(features["nt_probnp"].notna().sum())),
        ("mine", "score_mine", "MINE score", int(features["nt_probnp"].notna().sum()) - 3),
        ("other", "lvef", "ejection fraction", 0),
        ("other", "score_other", "OTHER score", 0),
    ]
    frame = pd.DataFrame(rows, columns=["score", "input", "words", "observed"])
    return frame.assign(rows=n, share=frame["observed"] / n, made=frame["score"] == "mine", always=False)


def notices() -> list[Check]:
    return [
        Check(
            "HFR030",
            "note",
            "No table",
            f"The table lies in {CANARY_PATH}.",
            "None.",
            f"Look before {CANARY_DATES[1]}.",
        )
    ]
