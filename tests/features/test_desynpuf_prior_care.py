"""Use of hospital before the stay on DE-SynPUF, against the naive reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, differences, indexes
from tests.features.naive_prior_care import expected

SAMPLE = 600


@pytest.fixture(scope="module")
def opened(desynpuf: Path) -> tuple[Cdm, Cohort, Source]:
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
    persons = {index.person_id for index in indexes(cdm, cohort, SAMPLE)}
    columns = {
        "visit_occurrence": [
            *("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_end_date")
        ],
        "condition_occurrence": [
            *("person_id", "visit_occurrence_id", "condition_concept_id"),
            *("condition_start_date", "condition_source_value"),
        ],
    }
    tables = {}
    for name, listed in columns.items():
        frame = pd.read_parquet(desynpuf / f"{name}.parquet", columns=listed)
        frame = frame[frame["person_id"].isin(persons)]
        for column in listed:
            if column.endswith("_date"):
                frame[column] = pd.to_datetime(frame[column])
        tables[name] = frame
    return cdm, cohort, Source(tables)


def told(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    """Every admission counts as unplanned there, so emergencies are no column."""
    found = expected(source, index, settings, edition="icd9")
    return {name: value for name, value in found.items() if not name.startswith(("emergency_", "elective_"))}


@pytest.mark.parametrize("settings", [{}, {"short_look_back": "missing", "coding_lag_days": 30}], ids=str)
def test_earlier_care_on_desynpuf_equals_a_loop_over_people(
    opened: tuple[Cdm, Cohort, Source], settings: dict[str, Any]
) -> None:
    cdm, cohort, source = opened
    found = differences(cdm, cohort, source, told, ("prior_care",), settings, vocabulary="icd9_cm", sample=SAMPLE)
    assert found[:10] == []
