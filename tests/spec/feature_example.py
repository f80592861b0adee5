"""An example of a feature: a made-up history of one person with one stay for heart failure, and what a family makes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from tests import omop_text

__all__ = ["FeatureExample", "features_of", "found_in", "stacked"]

PERSON = "10 8507 1940 6 6 A"
STAY = "1 10 262 2023-06-05T14:00:00 2023-06-15T16:30:00"
DATA_START, DATA_END = date(2018, 1, 1), date(2024, 12, 31)
_APART = 1_000_000  # ids of one example lie this far from those of the next
_PERSON_HEAD = "person_id gender_concept_id year_of_birth month_of_birth day_of_birth race_source_value"
_STAY_HEAD = "visit_occurrence_id person_id visit_concept_id start end"
_DIAGNOSIS = {"icd10_uk": "I50.0", "icd10_cm": "I50.9", "icd9_cm": "4280"}
_PRESET = {"icd10_uk": "nicor7", "icd10_cm": "cms_icd10cm", "icd9_cm": "icd9_428"}
_SHARED = {"concept", "concept_ancestor", "concept_relationship", "drug_strength"}
_NOT_SHIFTED = {"cohort_definition_id"}


@dataclass(frozen=True)
class FeatureExample:
    """One rule as a sentence, the records that show it, and the features of index discharge 1 that come of them.

    The person (10) is a man born on 6 June 1940 and stays, visit 1 (concept 262), from 5 June 2023, 14:00, to 15 June 2023, 16:30,
    with heart failure as the principal diagnosis.

    Parameters
    ----------
    rule
        The rule as a sentence.
    expect
        Features and their values; None is not recorded.
    tables
        OMOP tables as lines of words whose first line names the contract's columns; ``-`` is missing, a ``T`` joins a date and a
        time. ``person_id`` may be left out. `visit_occurrence` takes `start` and `end` for date and time, and comes besides the stay.
    stay
        The stay, where it is another one; the first line may name columns, and there may be several lines.
    settings, cohort
        Settings of the features and of the cohort that differ.
    vocabulary
        How diagnoses are coded.
    apart
        Names a source of its own, for rules that ask what a whole source holds.
    """

    rule: str
    expect: Mapping[str, float | None]
    tables: Mapping[str, str] = field(default_factory=dict)
    person: str = PERSON
    stay: str = STAY
    settings: Mapping[str, Any] = field(default_factory=dict)
    cohort: Mapping[str, Any] = field(default_factory=dict)
    vocabulary: str = "icd10_uk"
    apart: str = ""

    @property
    def stack(self) -> str:
        """Examples with one and the same stack are run together."""
        return json.dumps([dict(self.settings), dict(self.cohort), self.vocabulary, self.apart], sort_keys=True)


def features_of(cdm: Cdm, example: FeatureExample, families: Sequence[str]) -> pd.DataFrame:
    """The features of every example that is stacked with this one, by index id."""
    cohort = {
        "minimum_age": None,
        "complete_follow_up": False,
        "diagnosis_vocabulary": example.vocabulary,
        "heart_failure": {"preset": _PRESET[example.vocabulary]},
        "unplanned": "assume_unplanned",
        **example.cohort,
    }
    index = build_cohort(cdm, CohortSettings(**cohort), DATA_END, DATA_START)
    settings = FeatureSettings(**{"families": tuple(families), **example.settings})
    made = build_features(cdm, index, settings, example.vocabulary).table
    frame = cdm.frame(made, "examples")
    return frame.assign(index_id=frame["index_id"].astype("int64")).set_index("index_id")


def found_in(frame: pd.DataFrame, i: int, names: Sequence[str]) -> dict[str, float | None]:
    """What the i-th example of the stack has come to."""
    row = frame.loc[1 + i * _APART]
    return {name: None if pd.isna(row[name]) else float(row[name]) for name in names}


def stacked(examples: Sequence[FeatureExample]) -> dict[str, pd.DataFrame]:
    """The tables of all examples in one source; ids of the i-th are moved by i times `_APART`."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for i, example in enumerate(examples):
        for name, table in _tables(example).items():
            if name in _SHARED:
                tables.setdefault(name, []).append(table)
                continue
            ids = [c for c in table if c.endswith("_id") and not c.endswith("concept_id") and c not in _NOT_SHIFTED]
            moved = table.assign(**{c: table[c].map(lambda v, i=i: _moved(v, i)) for c in ids})
            tables.setdefault(name, []).append(moved)
    return {name: pd.concat(parts, ignore_index=True).drop_duplicates() for name, parts in tables.items()}


def _tables(example: FeatureExample) -> dict[str, pd.DataFrame]:
    stay = example.stay.strip()
    if not stay.startswith("visit_occurrence_id"):
        stay = f"{_STAY_HEAD}\n{stay}"
    visits = [omop_text.rows(stay)]
    tables = {name: _rows(text) for name, text in example.tables.items()}
    if "visit_occurrence" in tables:
        visits.append(tables["visit_occurrence"])
    first = str(visits[0]["start"].iloc[0]).partition("T")[0]
    diagnosis = pd.DataFrame(
        [[_person(example), "0", first, "32903", "1", _DIAGNOSIS[example.vocabulary]]],
        columns=[
            *("person_id", "condition_concept_id", "condition_start_date", "condition_status_concept_id"),
            *("visit_occurrence_id", "condition_source_value"),
        ],
    )
    more = [tables["condition_occurrence"]] if "condition_occurrence" in tables else []
    conditions = pd.concat([diagnosis, *more], ignore_index=True)
    people = example.person if example.person.startswith("person_id") else f"{_PERSON_HEAD}\n{example.person}"
    return {
        **tables,
        "person": omop_text.rows(people),
        "visit_occurrence": _with_times(pd.concat(visits, ignore_index=True)),
        "condition_occurrence": conditions.assign(
            condition_concept_id=conditions["condition_concept_id"].fillna("0"),
            condition_occurrence_id=[str(number) for number in range(1, len(conditions) + 1)],
        ),
    }


def _person(example: FeatureExample) -> str:
    return example.person.strip().splitlines()[-1].split()[0]


def _rows(text: str) -> pd.DataFrame:
    frame = omop_text.rows(text)
    if "relationship_id" in frame:
        frame["relationship_id"] = frame["relationship_id"].str.replace("_", " ")  # Maps_to
    needs_person = not {"concept_id", "concept_id_1", "ancestor_concept_id", "drug_concept_id", "location_id"} & set(
        frame
    ) or ("drug_exposure_start_date" in frame)
    if needs_person and "person_id" not in frame and not {"care_site_name", "care_site_source_value"} & set(frame):
        frame.insert(0, "person_id", "10")
    return frame


def _with_times(visits: pd.DataFrame) -> pd.DataFrame:
    for end in ("start", "end"):
        parts = visits[end].map(lambda text: str(text).partition("T") if isinstance(text, str) else (None, "", ""))
        visits[f"visit_{end}_date"] = parts.map(lambda part: part[0])
        visits[f"visit_{end}_datetime"] = parts.map(lambda part: f"{part[0]} {part[2]}" if part[2] else None)
    return visits.drop(columns=["start", "end"])


def _moved(value: object, i: int) -> str | None:
    return None if value is None or pd.isna(value) else str(int(str(value)) + i * _APART)
