"""One person with one index stay, 5 to 15 June 2023, and whatever history a test gives them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from tests import omop_text

PERSON = "person_id gender_concept_id year_of_birth month_of_birth day_of_birth race_source_value\n10 8507 1940 6 6 A"
STAY = "1 10 262 2023-06-05 2023-06-05T14:00:00 2023-06-15 2023-06-15T16:30:00"
VISIT_HEAD = "visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date visit_end_datetime"
CONDITION_HEAD = "person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
INDEX_CONDITION = "10 2023-06-05 32903 1 I50.0"


def table(
    folder: Path,
    *,
    visits: str = "",
    conditions: str = "",
    person: str = PERSON,
    vocabulary: str = "icd10_uk",
    tables: dict[str, str] | None = None,
    **settings: object,
) -> FeatureTable:
    """The features of the example with more visits and conditions, and any other table."""
    preset = {"icd10_uk": "nicor7", "icd9_cm": "icd9_428"}[vocabulary]
    index = INDEX_CONDITION if vocabulary == "icd10_uk" else INDEX_CONDITION.replace("I50.0", "4280")
    source = omop_text.write(
        folder / "omop",
        person=person,
        visit_occurrence=f"{VISIT_HEAD}\n{STAY}\n{visits}",
        condition_occurrence=f"{CONDITION_HEAD}\n{index}\n{conditions}",
        **(tables or {}),
    )
    cdm = connect(SourceSettings(path=source))
    chosen = CohortSettings(
        diagnosis_vocabulary=vocabulary,  # type: ignore[arg-type]
        heart_failure={"preset": preset},  # type: ignore[arg-type]
    )
    cohort = build_cohort(cdm, chosen, pd.Timestamp("2024-12-31").date())
    return build_features(cdm, cohort, FeatureSettings(**settings), vocabulary)  # type: ignore[arg-type]


def row(folder: Path, **given: object) -> pd.Series:
    """The one row of `table`."""
    frame = table(folder, **given).table.execute()  # type: ignore[arg-type]
    return frame.set_index("index_id").loc[1]
