"""LACE and LE on DE-SynPUF, whose diagnoses are in ICD-9-CM, worked out person by person."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hfrisk.cdm import SourceSettings, connect
from hfrisk.codelists import read_csv
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from hfrisk.features.scores import score_inputs
from tests.features.naive_scores import points, weighed

SAMPLE = 400
BACK = 1825


def test_lace_and_le_equal_a_loop_over_people(desynpuf: Path) -> None:
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
    chosen = FeatureSettings(
        families=("demography", "stay", "prior_care", "comorbidity", "scores"),
        coding_is_live=True,
        ethnicity_from="omop_race",
        scores_missing="normal",
    )
    features = build_features(cdm, cohort, chosen, "icd9_cm")
    made = cdm.frame(features.table, "features").set_index("index_id")
    index = cdm.frame(cohort.table, "cohort").set_index("index_id").sample(SAMPLE, random_state=3)
    coded = pd.read_parquet(
        desynpuf / "condition_occurrence.parquet",
        columns=["person_id", "visit_occurrence_id", "condition_start_date", "condition_source_value"],
    ).dropna(subset=["condition_source_value"])
    coded = coded[coded["person_id"].isin(index["person_id"])]
    visits = pd.read_parquet(
        desynpuf / "visit_occurrence.parquet", columns=["visit_occurrence_id", "visit_start_date", "visit_end_date"]
    )
    coded = coded.merge(visits, "left", on="visit_occurrence_id")
    for day in ("condition_start_date", "visit_start_date", "visit_end_date"):
        coded[day] = pd.to_datetime(coded[day])
    coded["made"] = coded[["condition_start_date", "visit_start_date"]].max(axis=1)
    by_person = dict(list(coded.groupby("person_id")))
    lines = [(row["category"], row["prefix"]) for row in read_csv("charlson_quan.csv") if row["system"] == "icd9cm"]
    several = set()
    for index_id, row in index.iterrows():
        mine = by_person[row["person_id"]]
        own = mine["visit_occurrence_id"] == index_id
        ago = (pd.Timestamp(row["admission_date"]) - mine["made"]).dt.days
        # what a stay would be coded with that had not ended was not known; on the day itself, nobody knows which came first
        told = mine["visit_end_date"].isna() | (mine["visit_end_date"] < pd.Timestamp(row["discharge_date"]))
        known = mine.loc[own | (ago.between(1, BACK) & told), "condition_source_value"]
        codes = {code.strip().upper().replace(".", "") for code in known}
        found = {category for category, prefix in lines if any(code.startswith(prefix) for code in codes)} | {"chf"}
        pairs = (("mld", "msld"), ("diab", "diabwc"), ("canc", "metacanc"))
        found -= {lesser for lesser, graver in pairs if graver in found}
        days = (pd.Timestamp(row["discharge_date"]) - pd.Timestamp(row["admission_date"])).days
        charlson = weighed(found, "schneeweiss")
        length, comorbidity = points("lace_l", days), points("lace_c", charlson)
        got = made.loc[index_id]
        assert got["lace_charlson"] == charlson, (index_id, found)
        assert (got["lace_l"], got["lace_a"], got["lace_c"]) == (length, 3, comorbidity)
        # nobody's attendances are in this source: none is taken as normal, and LE is the length alone
        assert (got["score_lace"], got["score_le"]) == (length + 3 + comorbidity, length)
        several.add(charlson)
    assert len(several) > 5
    inputs = score_inputs(cdm, features, chosen).set_index(["score", "input"])["share"]
    assert (inputs["lace", "ae_attendances_180d"], inputs["lace", "length_of_stay"]) == (0, 1)
