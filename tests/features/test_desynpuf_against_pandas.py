"""Use of hospital before on DE-SynPUF, recomputed person by person in plain pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, connect
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


def test_earlier_spells_equal_a_loop_over_people(both: tuple[pd.DataFrame, pd.DataFrame, Path]) -> None:
    made, index, folder = both
    visits = pd.read_parquet(
        folder / "visit_occurrence.parquet",
        columns=["visit_occurrence_id", "person_id", "visit_start_date", "visit_end_date"],
    )
    visits["visit_start_date"] = pd.to_datetime(visits["visit_start_date"])
    visits["visit_end_date"] = pd.to_datetime(visits["visit_end_date"])
    chosen = index.sample(1500, random_state=1)
    by_person = dict(list(visits[visits["person_id"].isin(chosen["person_id"])].groupby("person_id")))
    for index_id, row in chosen.iterrows():
        mine = by_person[row["person_id"]]
        admitted = pd.Timestamp(row["admission_date"])
        # of stays that begin on one day, the one that ended first came first
        discharged = pd.Timestamp(row["discharge_date"])
        same_day = mine["visit_start_date"] == admitted
        ends_before = (mine["visit_end_date"] < discharged) | (
            (mine["visit_end_date"] == discharged) & (mine["visit_occurrence_id"] < index_id)
        )
        earlier = mine[(mine["visit_start_date"] < admitted) | (same_day & ends_before)]
        ago = (admitted - earlier["visit_start_date"]).dt.days
        for days in (30, 90, 365):
            recent = earlier[(ago >= 1) & (ago <= days)]
            assert made.loc[index_id, f"admissions_{days}d"] == len(recent)
            assert (
                made.loc[index_id, f"bed_days_{days}d"]
                == (recent["visit_end_date"] - recent["visit_start_date"]).dt.days.sum()
            )
        since = made.loc[index_id, "days_since_discharge"]
        if earlier.empty:
            assert pd.isna(since)
        else:
            assert since == max((admitted - earlier["visit_end_date"].max()).days, 0)
