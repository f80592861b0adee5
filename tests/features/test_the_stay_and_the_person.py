"""The families of the person and of the stay as a study sees them: what is offered, what is not made, what is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from tests.features import naive_stay
from tests.features.example import table
from tests.features.naive import Source, differences
from tests.features.random_people import DATA_END, DATA_START, random_people

BOTH = ("demography", "stay")


def test_a_study_can_look_at_sensitive_features_without_training_on_them(tmp_path: Path) -> None:
    # every feature is asked for, and the sensitive ones are made but not offered
    made = table(tmp_path, families=BOTH, sensitive="audit", also=("*",), tables={"observation": _NOTHING})
    offered, known = {entry.name for entry in made.dictionary}, {entry.name for entry in made.catalogue}
    sensitive = {entry.name for entry in made.catalogue if entry.sensitive}
    assert {
        "age",
        "male",
        "ethnicity_white",
        "ethnicity_16_a",
        "imd_quintile",
        "living_alone",
        "care_home",
    } <= sensitive
    assert sensitive <= known
    assert not sensitive & offered
    assert "length_of_stay" in offered
    assert set(made.table.columns) >= known


def test_ethnicity_is_there_to_look_at_groups_and_not_for_the_model(tmp_path: Path) -> None:
    made = table(tmp_path, families=BOTH)
    offered = {entry.name for entry in made.dictionary}
    assert {"age", "male", "living_alone", "care_home", "length_of_stay"} == offered
    assert made.groups == ("sex", "age_band", "ethnicity", "imd_quintile", "site_group")


def test_what_the_source_does_not_hold_is_not_made(tmp_path: Path) -> None:
    known = {entry.name for entry in table(tmp_path, families=BOTH).catalogue}
    absent = {"lvef", "specialist_review", "critical_care", "any_procedure", "cardiology_specialty", "cardiology_ward"}
    assert not known & absent
    assert {"hfref", "ef_unknown", "emergency_admission", "through_ae"} <= known


def test_categories_of_the_nhs_are_not_made_of_races_of_the_united_states(tmp_path: Path) -> None:
    made = table(tmp_path, families=BOTH, ethnicity_from="omop_race")
    assert not any(entry.name.startswith("ethnicity_") for entry in made.catalogue)


def test_no_ejection_fraction_in_the_source_is_told(tmp_path: Path) -> None:
    codes = [notice.code for notice in table(tmp_path, families=("stay",)).notices]
    assert codes == ["HFR091"]


PROCEDURE = "person_id procedure_concept_id procedure_date procedure_source_value"


def test_procedures_in_another_code_system_are_told_and_are_no_zeros(tmp_path: Path) -> None:
    lines = "10 0 2023-06-06 93010\n10 0 2023-06-06 99221"
    made = table(tmp_path / "none", families=("stay",), tables={"procedure_occurrence": f"{PROCEDURE}\n{lines}"})
    (notice,) = [notice for notice in made.notices if notice.code == "HFR092"]
    assert notice.text().startswith("2 of 2 procedures of the stays are not written in OPCS-4")
    assert not any("procedure" in entry.name for entry in made.catalogue)
    some = table(
        tmp_path / "some",
        families=("stay",),
        tables={"procedure_occurrence": f"{PROCEDURE}\n{lines}\n10 0 2023-06-06 K63.4\n10 0 2023-06-06 U20.1"},
    )
    assert "HFR092" not in [notice.code for notice in some.notices]
    assert some.table.execute()["procedures_in_stay"].tolist() == [1]


@pytest.mark.parametrize("live", [False, True])
def test_procedures_that_are_coded_later_are_known_only_with_live_coding(tmp_path: Path, live: bool) -> None:
    made = table(
        tmp_path,
        families=("stay",),
        coding_is_live=live,
        procedures_are_known="when_coded",
        tables={"procedure_occurrence": f"{PROCEDURE}\n10 0 2023-06-06 K63.4"},
    )
    assert ("any_procedure" in {entry.name for entry in made.catalogue}) is live


def test_a_day_after_admission_equals_the_naive_reference(engine: Any) -> None:
    tables = random_people(seed=2, persons={"duckdb": 200, "postgres": 100, "spark": 40}[engine.name])
    cdm = engine.open(tables)
    settings = CohortSettings(
        minimum_age=None, complete_follow_up=False, require_unplanned_index=False, prediction_time="admission_24h"
    )
    cohort = build_cohort(cdm, settings, DATA_END, DATA_START)
    chosen = {"cardiology_wards": ("CCU",), "specialist_review_observations": (555,)}
    assert differences(cdm, cohort, Source(tables), naive_stay.early, ("stay",), chosen)[:10] == []
    made = build_features(cdm, cohort, FeatureSettings(families=("stay",)))
    of_the_end = {"length_of_stay", "transfers", "discharged_home", "self_discharge", "discharged_on_friday"}
    assert not of_the_end & {entry.name for entry in made.catalogue}


_NOTHING = "person_id observation_concept_id observation_date\n10 0 2022-01-01"
