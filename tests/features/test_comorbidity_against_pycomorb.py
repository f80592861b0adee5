"""Charlson, Elixhauser and frailty totals of made-up people against pycomorb (oracles/comorbidity.py), on DuckDB and PostgreSQL."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from tests.engines import WITHOUT_A_CLUSTER

ENGINES = WITHOUT_A_CLUSTER

ORACLE = pd.read_csv(Path(__file__).parent / "oracles" / "comorbidity.csv")
SYSTEMS = {"icd10": ("icd10_uk", "nicor7", "I50.0"), "icd9cm": ("icd9_cm", "icd9_428", "4280")}


@pytest.mark.parametrize("system", SYSTEMS)
def test_totals_are_those_of_an_independent_package(engine: Any, system: str) -> None:
    vocabulary, preset, heart_failure = SYSTEMS[system]
    people = ORACLE[ORACLE["system"] == system].reset_index(drop=True)
    cdm = engine.open(_tables(people, heart_failure))
    settings = CohortSettings(
        minimum_age=None,
        complete_follow_up=False,
        unplanned="assume_unplanned",
        diagnosis_vocabulary=vocabulary,  # type: ignore[arg-type]
        heart_failure={"preset": preset},  # type: ignore[arg-type]
    )
    cohort = build_cohort(cdm, settings, date(2024, 12, 31), date(2020, 1, 1))
    features = build_features(cdm, cohort, FeatureSettings(families=("comorbidity", "frailty")), vocabulary)
    made = cdm.frame(features.table, "features").set_index("person_id").loc[list(people.index + 1)]
    made = made.reset_index(drop=True)
    for name in ("charlson_1987", "charlson_1987_age", "charlson_quan_2011", "elixhauser_van_walraven"):
        assert made[name].tolist() == people[name].tolist(), name
    if system == "icd10":
        assert made["frailty_score"].tolist() == people["frailty_score"].tolist()
        assert made["charlson_shmi"].clip(lower=0).tolist() == people["charlson_shmi"].tolist()


def _tables(people: pd.DataFrame, heart_failure: str) -> dict[str, pd.DataFrame]:
    persons, visits, conditions = [], [], []
    for number, row in zip(people.index + 1, people.itertuples(), strict=True):
        persons.append(
            {
                "person_id": number,
                "gender_concept_id": 8507,
                "year_of_birth": 2022 - row.age,
                "month_of_birth": 1,
                "day_of_birth": 1,
            }
        )
        visits.append(
            {
                "visit_occurrence_id": number,
                "person_id": number,
                "visit_concept_id": 9201,
                "visit_start_date": date(2022, 6, 1),
                "visit_end_date": date(2022, 6, 9),
            }
        )
        codes = [(heart_failure, date(2022, 6, 1), 32903, number)]
        codes += [(code, date(2022, 1, 5), 32909, None) for code in str(row.codes).split()]
        conditions += [
            {
                "person_id": number,
                "condition_concept_id": 0,
                "condition_start_date": day,
                "condition_status_concept_id": status,
                "visit_occurrence_id": visit,
                "condition_source_value": code,
            }
            for code, day, status, visit in codes
        ]
    tables = {"person": persons, "visit_occurrence": visits, "condition_occurrence": conditions}
    return {name: pd.DataFrame(rows, dtype="object") for name, rows in tables.items()}
