"""The table contract: the part of OMOP CDM 5.3 and 5.4 that hfrisk reads, and the type of each column.

A column that an ETL left out arrives downstream as NULL of the right type, so nothing after this room asks which
columns exist. `!` marks a column without which the table cannot be used.
Source: OHDSI CommonDataModel, OMOP_CDMv5.4_Field_Level.csv; 5.3 spellings from OMOP_CDMv5.3_Field_Level.csv.

Columns beyond OMOP, which a secure environment may add to a table (found under this very name, or through
`source.columns`): on visit_occurrence, `admission_method` (NHS Data Dictionary METHOD OF ADMISSION, HES ADMIMETH: 21, 2A,
11 ...), `patient_class` (PATIENT CLASSIFICATION, CLASSPAT: 1 ordinary, 2 day case, 3 and 4 regular attenders, 5 mother and
baby), `discharge_method` (METHOD OF DISCHARGE, DISMETH: 4 died, 6 and 7 self-discharge) and `main_specialty` (MAIN
SPECIALTY CODE, MAINSPEF: 501, 710 ...) and `attended` (ATTENDED OR DID NOT ATTEND, ATTENDED: 5 and 6 seen, 3 did not attend ...);
on visit_detail, `main_specialty` of the episode; on drug_exposure, `dose_mg`, the dose of one administration in milligrams; on every
table of events, `recorded_at`, when the row could first be read where care is given (a result that was sent away, a diagnosis that
was coded later). Where it is absent, a row became known when what it tells happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ALIASES", "TABLES", "Column", "Kind", "TableContract"]

Kind = Literal["id", "int", "float", "date", "datetime", "text"]


@dataclass(frozen=True)
class Column:
    """One column: its name, its kind, and whether the table is unusable without it."""

    name: str
    kind: Kind
    required: bool


@dataclass(frozen=True)
class TableContract:
    """One table: its columns, and whether a study can run without it."""

    name: str
    required: bool
    columns: tuple[Column, ...]


def _table(name: str, text: str, *, required: bool = False) -> TableContract:
    columns = []
    kinds: dict[str, Kind] = {
        "id": "id",
        "int": "int",
        "float": "float",
        "date": "date",
        "datetime": "datetime",
        "text": "text",
    }
    for item in text.split(","):
        column, kind = item.split()
        columns.append(Column(column, kinds[kind.rstrip("!")], kind.endswith("!")))
    return TableContract(name, required, tuple(columns))


# 5.3 called these by other names; both spellings are read.
ALIASES: dict[str, dict[str, str]] = {
    "visit_occurrence": {
        "admitting_source_concept_id": "admitted_from_concept_id",
        "admitting_source_value": "admitted_from_source_value",
        "discharge_to_concept_id": "discharged_to_concept_id",
        "discharge_to_source_value": "discharged_to_source_value",
    },
    "cohort": {"subject_id": "person_id"},
}

TABLES: dict[str, TableContract] = {
    table.name: table
    for table in (
        _table(
            "person",
            "person_id id!, gender_concept_id int!, year_of_birth int!, month_of_birth int, day_of_birth int,"
            "birth_datetime datetime, race_concept_id int, ethnicity_concept_id int, location_id id, care_site_id id,"
            "gender_source_value text, race_source_value text, race_source_concept_id int, ethnicity_source_value text",
            required=True,
        ),
        _table(
            "visit_occurrence",
            "visit_occurrence_id id!, person_id id!, visit_concept_id int!, visit_start_date date!,"
            "visit_start_datetime datetime, visit_end_date date!, visit_end_datetime datetime, visit_type_concept_id int,"
            "provider_id id, care_site_id id, visit_source_value text, admitted_from_concept_id int,"
            "admitted_from_source_value text, discharged_to_concept_id int, discharged_to_source_value text,"
            "preceding_visit_occurrence_id id, admission_method text, patient_class text, discharge_method text,"
            "main_specialty text, attended text, recorded_at datetime",
            required=True,
        ),
        # one row an episode (finished consultant episode), inside its visit
        _table(
            "visit_detail",
            "visit_detail_id id!, visit_occurrence_id id!, person_id id, visit_detail_concept_id int,"
            "visit_detail_start_date date, visit_detail_start_datetime datetime, visit_detail_end_date date,"
            "visit_detail_end_datetime datetime, care_site_id id, main_specialty text, recorded_at datetime",
        ),
        _table(
            "condition_occurrence",
            "condition_occurrence_id id, person_id id!, condition_concept_id int!, condition_start_date date!,"
            "condition_start_datetime datetime, condition_type_concept_id int, condition_status_concept_id int,"
            "visit_occurrence_id id, visit_detail_id id, condition_source_value text, condition_source_concept_id int,"
            "condition_status_source_value text, recorded_at datetime",
            required=True,
        ),
        _table("death", "person_id id!, death_date date!, death_datetime datetime"),
        _table(
            "observation_period",
            "person_id id!, observation_period_start_date date!, observation_period_end_date date!",
        ),
        _table(
            "measurement",
            "measurement_id id, person_id id!, measurement_concept_id int!, measurement_date date!,"
            "measurement_datetime datetime, operator_concept_id int, value_as_number float, unit_concept_id int,"
            "visit_occurrence_id id, measurement_source_value text, unit_source_value text, value_source_value text, recorded_at datetime",
        ),
        _table(
            "drug_exposure",
            "drug_exposure_id id, person_id id!, drug_concept_id int!, drug_exposure_start_date date!,"
            "drug_exposure_start_datetime datetime, drug_exposure_end_date date, drug_exposure_end_datetime datetime,"
            "visit_occurrence_id id, drug_source_value text, route_concept_id int, route_source_value text, quantity float,"
            "days_supply int, dose_unit_source_value text, dose_mg float, recorded_at datetime",
        ),
        _table(
            "procedure_occurrence",
            "procedure_occurrence_id id, person_id id!, procedure_concept_id int, procedure_date date!,"
            "procedure_datetime datetime, visit_occurrence_id id, procedure_source_value text, recorded_at datetime",
        ),
        _table(
            "observation",
            "observation_id id, person_id id!, observation_concept_id int!, observation_date date!,"
            "observation_datetime datetime, observation_type_concept_id int, value_as_number float, value_as_string text,"
            "value_as_concept_id int, visit_occurrence_id id, observation_source_value text, observation_source_concept_id int,"
            "recorded_at datetime",
        ),
        _table("care_site", "care_site_id id!, care_site_name text, care_site_source_value text"),
        _table("location", "location_id id!, location_source_value text"),
        _table(
            "concept",
            "concept_id int!, concept_name text, domain_id text, vocabulary_id text, concept_class_id text, concept_code text,"
            "standard_concept text, invalid_reason text",
        ),
        _table("concept_ancestor", "ancestor_concept_id int!, descendant_concept_id int!"),
        _table(
            "concept_relationship", "concept_id_1 int!, concept_id_2 int!, relationship_id text!, invalid_reason text"
        ),
        _table(
            "drug_strength",
            "drug_concept_id int!, ingredient_concept_id int!, amount_value float, amount_unit_concept_id int,"
            "numerator_value float, numerator_unit_concept_id int, denominator_value float, denominator_unit_concept_id int",
        ),
        # ATLAS writes whom a cohort definition found into this table; `subject_id` is the person
        _table("cohort", "cohort_definition_id int!, person_id id!, cohort_start_date date!, cohort_end_date date"),
        _table("cdm_source", "cdm_source_name text, cdm_version text, cdm_release_date date, vocabulary_version text"),
    )
}
