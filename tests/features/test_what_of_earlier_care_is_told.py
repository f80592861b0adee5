"""Which features of earlier care are made, and what is said where the source does not tell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from tests import omop_text
from tests.features.example import CONDITION_HEAD, INDEX_CONDITION, PERSON, STAY, VISIT_HEAD
from tests.features.random_people import DATA_END, DATA_START

ATTENDED = VISIT_HEAD + " attended"


def care(
    folder: Path, visits: str = "", *, unplanned: str | tuple[str, ...] = "ae_segment", stay: str = STAY
) -> FeatureTable:
    """The features of earlier care of the example with more visits, whose last column is `attended`."""
    source = omop_text.write(
        folder / "omop",
        person=PERSON,
        visit_occurrence=f"{ATTENDED}\n{stay} -\n{visits}",
        condition_occurrence=f"{CONDITION_HEAD}\n{INDEX_CONDITION}",
    )
    cdm: Cdm = connect(SourceSettings(path=source))
    settings = CohortSettings(unplanned=unplanned, complete_follow_up=False)
    cohort = build_cohort(cdm, settings, DATA_END, DATA_START)
    return build_features(cdm, cohort, FeatureSettings(families=("prior_care",)))


def test_emergencies_are_counted_where_any_strategy_tells_them(tmp_path: Path) -> None:
    made = care(tmp_path, unplanned=("admission_method", "ae_segment", "assume_unplanned"))
    assert "emergency_admissions_365d" in [entry.name for entry in made.catalogue]
    assert "HFR093" not in [notice.code for notice in made.notices]


def test_where_every_admission_is_taken_as_unplanned_emergencies_are_not_counted_and_that_is_said(
    tmp_path: Path,
) -> None:
    made = care(tmp_path, unplanned="assume_unplanned")
    assert not [entry.name for entry in made.catalogue if entry.name.startswith(("emergency_", "elective_"))]
    assert "admissions_365d" in [entry.name for entry in made.catalogue]
    assert "HFR093" in [notice.code for notice in made.notices]


def test_a_source_without_attendances_and_appointments_says_so_and_makes_no_column_of_them(tmp_path: Path) -> None:
    made = care(tmp_path, unplanned="assume_unplanned", stay=STAY.replace(" 262 ", " 9201 "))
    assert not [entry.name for entry in made.catalogue if entry.name.startswith(("ae_", "outpatient_"))]
    assert {"HFR030", "HFR094"} <= {notice.code for notice in made.notices}


def test_missed_appointments_are_no_feature_where_none_is_told(tmp_path: Path) -> None:
    made = care(tmp_path, "2 10 9202 2023-05-01 - 2023-05-01 - -")
    names = [entry.name for entry in made.catalogue]
    assert "outpatient_contacts_365d" in names
    assert "outpatient_missed_365d" not in names
    (notice,) = [notice for notice in made.notices if notice.code == "HFR095"]
    assert (notice.severity, notice.counts) == ("note", {"appointments": 1, "untold": 1, "other": 0})


def test_a_code_of_attendance_that_nobody_knows_is_counted_and_told(tmp_path: Path) -> None:
    made = care(tmp_path, "2 10 9202 2023-05-01 - 2023-05-01 - DNA\n3 10 9202 2023-05-02 - 2023-05-02 - 3")
    (notice,) = [notice for notice in made.notices if notice.code == "HFR095"]
    assert (notice.severity, notice.counts) == ("warning", {"appointments": 2, "untold": 0, "other": 1})
    row = made.table.execute().iloc[0]
    assert (row["outpatient_contacts_365d"], row["outpatient_missed_365d"]) == (0, 1)


def test_nothing_is_said_where_every_appointment_tells(tmp_path: Path) -> None:
    made = care(tmp_path, "2 10 9202 2023-05-01 - 2023-05-01 - 5")
    assert "HFR095" not in [notice.code for notice in made.notices]


def test_few_counts_of_earlier_care_are_offered_to_the_model_by_default(tmp_path: Path) -> None:
    made = care(tmp_path, "2 10 9202 2023-05-01 - 2023-05-01 - 5")
    assert sorted(entry.name for entry in made.dictionary) == [
        "admissions_30d",
        "admissions_365d",
        "admissions_90d",
        "ae_attendances_180d",
        "bed_days_30d",
        "bed_days_365d",
        "bed_days_90d",
        "days_since_discharge",
        "emergency_admissions_365d",
        "heart_failure_spells_730d",
        "outpatient_missed_365d",
    ]
    assert len(made.catalogue) == 7 * 5 + 5


def test_no_later_visit_changes_earlier_care(tmp_path: Path) -> None:
    kept = "6 10 9202 2023-05-01 - 2023-05-01 - 5\n"
    before = care(tmp_path / "before", kept + "2 10 9203 2023-06-01 - - - -").table.execute()
    later = f"""{kept}2 10 9203 2023-06-01 - 2023-06-15 2023-06-15T18:00:00 -
    3 10 9201 2023-06-16 - 2023-06-20 - -
    4 10 9203 2023-06-15 2023-06-15T17:00:00 2023-06-15 - -
    5 10 9202 2023-06-15 - 2023-06-15 - 3"""
    pd.testing.assert_frame_equal(before, care(tmp_path / "after", later).table.execute())
