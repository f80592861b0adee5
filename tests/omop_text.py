"""Small OMOP sources written as tables of text, so that a test shows its patients."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

_COLUMNS = {
    "person": "person_id gender_concept_id year_of_birth month_of_birth day_of_birth race_source_value",
    "visit_occurrence": "visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date",
    "condition_occurrence": (
        "person_id condition_concept_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
    ),
}


def rows(text: str) -> pd.DataFrame:
    """A table whose first line names the columns; ``-`` is missing; a ``T`` joins a date and a time."""
    lines = [line.split() for line in text.strip().splitlines() if line.strip()]
    frame = pd.DataFrame(lines[1:], columns=lines[0])
    return frame.mask(frame == "-").astype("object")


def write(folder: Path, **tables: str) -> Path:
    """Write each table as a CSV file; the three required ones are there, empty, when they are not given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in _COLUMNS.items():
        tables.setdefault(name, columns)
    for name, text in tables.items():
        frame = rows(text)
        if name == "condition_occurrence" and "condition_concept_id" not in frame:
            frame.insert(1, "condition_concept_id", "0")
        if name == "person" and "gender_concept_id" not in frame:
            frame = frame.assign(gender_concept_id="8507", year_of_birth="1940")
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder
