"""The worked examples of the NHS rules, as published, on every engine: one source that holds them all, read once a setting."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from hfrisk.cohort import CohortSettings
from tests.cohort.comparing import Found, by_hfrisk
from tests.engines import EngineUnderTest
from tests.omop_text import rows

# Every stay is for heart failure and every patient was born in 1940.
STAYS = """
visit patient start end admitted class from to discharged
 11 1 2024-03-01 2024-03-05 21 1  19 51 1
 12 1 2024-03-07 2024-03-10 81 1  51 19 1
 21 2 2024-03-01 2024-03-05 21 1  19 51 1
 22 2 2024-03-08 2024-03-10 81 1  51 19 1
 31 3 2024-03-01 2024-03-05 21 1  19 51 1
 32 3 2024-03-09 2024-03-12 81 1  51 19 1
 41 4 2023-12-28 2024-01-01 21 1  19 19 1
 42 4 2024-01-31 2024-02-02 22 1  19 19 1
 51 5 2023-12-28 2024-01-01 21 1  19 19 1
 52 5 2024-01-30 2024-02-02 2A 1  19 19 1
 61 6 2024-01-01 2024-01-05 21 1  19 79 4
 71 7 2024-01-01 2024-01-05 21 1  19 79 1
 81 8 2024-01-01 2024-01-01 11 2  19 19 1
 82 8 2024-01-10 2024-01-10 13 3  19 19 1
 83 8 2024-01-12 2024-01-12 12 -  19 19 1
 91 9 2024-01-01 2024-01-05 21 1  19 19 1
 92 9 2024-01-12 2024-01-14 11 1  19 19 1
101 10 2024-01-01 2024-01-05 21 1 19 19 1
102 10 2024-01-06 2024-01-08 21 1 51 19 1
111 11 2024-01-01 2024-01-05 21 1 19 49 1
112 11 2024-01-06 2024-01-08 22 1 19 19 1
121 12 2024-01-01 2024-01-03 21 1 19 51 1
122 12 2024-01-03 2024-01-05 81 1 51 52 1
123 12 2024-01-06 2024-01-06 2B 1 51 19 1
124 12 2024-01-08 2024-01-10 2B 1 19 53 1
125 12 2024-01-12 2024-01-12 81 1 51 51 1
126 12 2024-01-12 2024-01-15 81 1 51 84 1
127 12 2024-01-15 2024-01-20 21 1 87 19 1
131 13 2024-01-01 2024-01-05 21 1 19 19 6
141 14 2024-01-01 2024-01-05 21 1 19 51 1
"""
COLUMNS = {
    "visit": "visit_occurrence_id",
    "patient": "person_id",
    "start": "visit_start_date",
    "end": "visit_end_date",
    "admitted": "admission_method",
    "class": "patient_class",
    "from": "admitted_from_source_value",
    "to": "discharged_to_source_value",
    "discharged": "discharge_method",
}
SETTINGS: dict[str, dict[str, Any]] = {"NHS Digital": {}, "York": {"spells": {"rule": "che"}, "window": "0-30"}}


def source() -> dict[str, pd.DataFrame]:
    visits = rows(STAYS).rename(columns=COLUMNS).assign(visit_concept_id="9201")
    persons = pd.DataFrame({"person_id": visits["person_id"].unique()}).assign(
        gender_concept_id="8507", year_of_birth="1940"
    )
    diagnoses = visits[["visit_occurrence_id", "person_id"]].assign(
        condition_concept_id="0",
        condition_start_date=visits["visit_start_date"],
        condition_status_concept_id="32903",
        condition_source_value="I50.0",
    )
    return {"person": persons, "visit_occurrence": visits, "condition_occurrence": diagnoses}


@pytest.fixture(scope="module")
def read() -> dict[tuple[str, str], Found]:
    return {}


@pytest.fixture
def published(engine: EngineUnderTest, read: dict[tuple[str, str], Found]) -> dict[str, dict[int, dict[str, Any]]]:
    """For each setting the spells of each patient, by the key of the spell."""
    missing = [name for name in SETTINGS if (engine.name, name) not in read]
    if missing:
        cdm = engine.open(source())
        for name in missing:
            read[engine.name, name] = by_hfrisk(cdm, CohortSettings(**SETTINGS[name]))
    return {name: {int(index): spell for (_, index), spell in read[engine.name, name].items()} for name in SETTINGS}


def test_a_transfer_two_days_later_is_one_continuous_spell(published: Any) -> None:
    spell = published["NHS Digital"][11]
    assert spell["visits"] == ["11", "12"]
    assert (str(spell["admission_date"]), str(spell["discharge_date"])) == ("2024-03-01", "2024-03-10")
    assert published["York"][11]["visits"] == ["11", "12"]


def test_a_transfer_three_days_later_is_one_spell_for_york_and_two_for_nhs_digital(published: Any) -> None:
    assert published["York"][21]["visits"] == ["21", "22"]
    assert published["NHS Digital"][21]["visits"] == ["21"]
    assert published["NHS Digital"][22]["visits"] == ["22"]


def test_a_transfer_four_days_later_is_two_spells_for_both(published: Any) -> None:
    for rule in ("NHS Digital", "York"):
        assert published[rule][31]["visits"] == ["31"]
        assert published[rule][32]["visits"] == ["32"]


def test_discharged_on_1_january_and_readmitted_on_the_31st_counts_within_30_days_but_not_in_0_to_29(
    published: Any,
) -> None:
    outcome = {name: (published[name][41]["state"], published[name][41]["outcome_day"]) for name in SETTINGS}
    assert outcome == {"NHS Digital": ("none", None), "York": ("readmitted", 30)}
    assert (published["NHS Digital"][51]["state"], published["NHS Digital"][51]["outcome_day"]) == ("readmitted", 29)


def test_whoever_died_in_hospital_is_no_index_whether_the_method_or_the_destination_says_so(published: Any) -> None:
    assert published["NHS Digital"][61]["excluded"] == ["alive"]
    assert published["NHS Digital"][71]["excluded"] == ["alive"]


def test_day_cases_and_regular_attenders_are_no_index(published: Any) -> None:
    for index in (81, 82, 83):
        assert published["NHS Digital"][index]["excluded"] == ["ordinary", "unplanned"]


def test_an_admission_from_the_waiting_list_is_not_an_event(published: Any) -> None:
    spell = published["NHS Digital"][91]
    assert (spell["state"], spell["event"], spell["first_planned_day"], spell["excluded"]) == ("none", 0, 7, [])


def test_home_and_back_through_a_and_e_is_a_readmission_whatever_the_source_of_admission_says(published: Any) -> None:
    assert (published["NHS Digital"][101]["state"], published["NHS Digital"][101]["outcome_day"]) == ("readmitted", 1)
    assert published["York"][101]["visits"] == ["101", "102"]


def test_a_high_security_destination_is_a_transfer_for_nhs_digital_and_not_for_york(published: Any) -> None:
    assert published["NHS Digital"][111]["visits"] == ["111", "112"]
    assert published["York"][111]["visits"] == ["111"]


def test_a_chain_of_seven_stays_is_one_spell_from_the_first_admission_to_the_last_discharge(published: Any) -> None:
    spell = published["NHS Digital"][121]
    assert spell["visits"] == [str(visit) for visit in range(121, 128)]
    assert (str(spell["admission_date"]), str(spell["discharge_date"])) == ("2024-01-01", "2024-01-20")
    assert (spell["unplanned"], spell["excluded"], spell["state"]) == (True, [], "none")


def test_self_discharge_is_kept(published: Any) -> None:
    assert published["NHS Digital"][131]["excluded"] == []


def test_a_transfer_to_a_hospital_out_of_sight_is_no_index(published: Any) -> None:
    assert published["NHS Digital"][141]["excluded"] == ["not_transferred_out"]
