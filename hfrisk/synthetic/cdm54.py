"""The tables and columns of the OMOP CDM 5.4 that a region fills, and their columns from numbers.

Source: OHDSI/CommonDataModel, inst/csv/OMOP_CDMv5.4_Field_Level.csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from hfrisk.synthetic.draws import Bools, Ints

__all__ = ["COLUMNS", "dates", "moments", "schema", "table", "words"]

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "person": """person_id gender_concept_id year_of_birth month_of_birth day_of_birth birth_datetime
            race_concept_id ethnicity_concept_id location_id provider_id care_site_id person_source_value
            gender_source_value gender_source_concept_id race_source_value race_source_concept_id
            ethnicity_source_value ethnicity_source_concept_id""",
        "observation_period": """observation_period_id person_id observation_period_start_date
            observation_period_end_date period_type_concept_id""",
        "visit_occurrence": """visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime
            visit_end_date visit_end_datetime visit_type_concept_id provider_id care_site_id visit_source_value
            visit_source_concept_id admitted_from_concept_id admitted_from_source_value discharged_to_concept_id
            discharged_to_source_value preceding_visit_occurrence_id""",
        "condition_occurrence": """condition_occurrence_id person_id condition_concept_id condition_start_date
            condition_start_datetime condition_end_date condition_end_datetime condition_type_concept_id
            condition_status_concept_id stop_reason provider_id visit_occurrence_id visit_detail_id
            condition_source_value condition_source_concept_id condition_status_source_value""",
        "drug_exposure": """drug_exposure_id person_id drug_concept_id drug_exposure_start_date
            drug_exposure_start_datetime drug_exposure_end_date drug_exposure_end_datetime verbatim_end_date
            drug_type_concept_id stop_reason refills quantity days_supply sig route_concept_id lot_number provider_id
            visit_occurrence_id visit_detail_id drug_source_value drug_source_concept_id route_source_value
            dose_unit_source_value""",
        "measurement": """measurement_id person_id measurement_concept_id measurement_date measurement_datetime
            measurement_time measurement_type_concept_id operator_concept_id value_as_number value_as_concept_id
            unit_concept_id range_low range_high provider_id visit_occurrence_id visit_detail_id
            measurement_source_value measurement_source_concept_id unit_source_value unit_source_concept_id
            value_source_value measurement_event_id meas_event_field_concept_id""",
        "observation": """observation_id person_id observation_concept_id observation_date observation_datetime
            observation_type_concept_id value_as_number value_as_string value_as_concept_id qualifier_concept_id
            unit_concept_id provider_id visit_occurrence_id visit_detail_id observation_source_value
            observation_source_concept_id unit_source_value qualifier_source_value value_source_value
            observation_event_id obs_event_field_concept_id""",
        "death": """person_id death_date death_datetime death_type_concept_id cause_concept_id cause_source_value
            cause_source_concept_id""",
        "care_site": """care_site_id care_site_name place_of_service_concept_id location_id care_site_source_value
            place_of_service_source_value""",
        "location": """location_id address_1 address_2 city state zip county location_source_value
            country_concept_id country_source_value latitude longitude""",
        "cdm_source": """cdm_source_name cdm_source_abbreviation cdm_holder source_description
            source_documentation_reference cdm_etl_reference source_release_date cdm_release_date cdm_version
            cdm_version_concept_id vocabulary_version""",
    }.items()
}
_WHOLE = {"year_of_birth", "month_of_birth", "day_of_birth", "refills", "days_supply"}
_FRACTIONAL = {"value_as_number", "range_low", "range_high", "quantity", "latitude", "longitude"}


def schema(name: str) -> pa.Schema:
    """Names and types of a table: ids are 64-bit integers, moments are microseconds without a zone."""
    return pa.schema([(column, _type(column)) for column in COLUMNS[name]])


def table(name: str, n: int, **columns: Any) -> pa.Table:
    """A whole CDM table: given columns in their types, the others empty; a single number fills a column."""
    of_type: Mapping[str, pa.DataType] = {field.name: field.type for field in schema(name)}
    arrays = []
    for column in COLUMNS[name]:
        value = columns.pop(column, None)
        if value is None:
            arrays.append(pa.nulls(n, of_type[column]))
        elif isinstance(value, int):
            arrays.append(pa.array(np.full(n, value), type=of_type[column]))
        elif isinstance(value, pa.Array):
            arrays.append(value.cast(of_type[column]))
        else:
            arrays.append(pa.array(value, type=of_type[column]))
    if columns:
        raise KeyError(f"{name} has no column {sorted(columns)}")
    return pa.Table.from_arrays(arrays, schema=schema(name))


def dates(day: Ints) -> pa.Array:
    """Dates from day numbers."""
    return pa.array(np.asarray(day, dtype=np.int64).astype("datetime64[D]"))


def moments(minute: Ints) -> pa.Array:
    """Date and time; the seconds follow from the minute and are never zero, so that nothing happens at midnight."""
    seconds = minute * 60 + 1 + minute * 7919 % 59
    return pa.array(seconds.astype("datetime64[s]"))


def words(position: Ints, vocabulary: Sequence[str], missing: Bools | None = None) -> pa.Array:
    """Text from positions in a list of words; empty where `missing`."""
    indices = pa.array(position.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(vocabulary))).cast(pa.string())


def _type(column: str) -> pa.DataType:
    if column.endswith("_datetime"):
        return pa.timestamp("us")
    if column.endswith("_date"):
        return pa.date32()
    if column in _FRACTIONAL:
        return pa.float64()
    if column in _WHOLE or column.endswith("_id"):
        return pa.int64()
    return pa.string()
