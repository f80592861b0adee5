"""Conditions and frailty on DE-SynPUF, recomputed person by person in plain pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features


@pytest.fixture(scope="module")
def both(desynpuf: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    cdm = connect(SourceSettings(path=desynpuf))
    settings = CohortSettings(
        diagnosis_vocabulary="icd9_cm",
        unplanned="assume_unplanned",
        window="1-30",
        heart_failure={"preset": "icd9_428", "position": "any"},  # type: ignore[arg-type]
        spells={"rule": "none", "merge_overlapping": False},
        keep_transferred_out=True,  # type: ignore[arg-type]
    )
    cohort = build_cohort(cdm, settings)
    features = build_features(cdm, cohort, FeatureSettings(coding_is_live=True, ethnicity_from="omop_race"), "icd9_cm")
    return features.table.execute().set_index("index_id"), cohort.table.execute().set_index("index_id"), desynpuf


def test_conditions_and_frailty_equal_a_loop_over_people(both: tuple[pd.DataFrame, pd.DataFrame, Path]) -> None:
    made, index, folder = both
    columns = ["person_id", "visit_occurrence_id", "condition_start_date", "condition_source_value"]
    coded = pd.read_parquet(folder / "condition_occurrence.parquet", columns=columns).dropna(
        subset=["condition_source_value"]
    )
    coded["condition_start_date"] = pd.to_datetime(coded["condition_start_date"])
    visits = pd.read_parquet(folder / "visit_occurrence.parquet", columns=["visit_occurrence_id", "visit_end_date"])
    ended = pd.to_datetime(visits.set_index("visit_occurrence_id")["visit_end_date"])
    coded["ended"] = coded["visit_occurrence_id"].map(ended)
    chosen = index.sample(600, random_state=2)
    by_person = dict(list(coded[coded["person_id"].isin(chosen["person_id"])].groupby("person_id")))
    conditions = read_yaml("conditions.yaml")
    weights = {row["code"]: float(row["weight"]) for row in read_csv("hfrs.csv")}
    frailty = {row["prefix"]: row["category"] for row in read_csv("hfrs_icd9.csv")}
    for index_id, row in chosen.iterrows():
        mine = by_person[row["person_id"]]
        ago = (pd.Timestamp(row["admission_date"]) - mine["condition_start_date"]).dt.days
        own = mine["visit_occurrence_id"] == index_id
        # what a stay that had not ended yet would be coded with was not known
        ago = ago.where(mine["ended"] < pd.Timestamp(row["discharge_date"]))
        known = [
            c.strip().upper().replace(".", "")
            for c in mine.loc[((ago >= 1) & (ago <= 1825)) | own, "condition_source_value"]
        ]
        for name, entry in conditions.items():
            if name == "heart_failure_before":
                continue
            expected = any(code.startswith(tuple(entry["icd9"])) for code in known)
            assert made.loc[index_id, name] == expected, name
        recent = [
            c.strip().upper().replace(".", "")
            for c in mine.loc[((ago >= 1) & (ago <= 730)) | own, "condition_source_value"]
        ]
        categories = set()
        for code in recent:
            hits = [frailty[code[:length]] for length in (5, 4, 3) if code[:length] in frailty]
            categories.update(hits[0].split("+") if hits else [])
        # F00 and G30 come together from 331.0
        assert made.loc[index_id, "frailty_score"] == pytest.approx(sum(weights[c] for c in categories), abs=0.051)
