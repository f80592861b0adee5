"""The table's contract at the door to modelling, and tables as files that another engine's study loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import DataError
from hfrisk.features import FeatureSettings, build_features, checked, load_features, save_features
from hfrisk.features.dictionary import Feature
from hfrisk.modelling import ValidationSettings, partition
from tests.features.random_people import DATA_END, DATA_START, random_people

AGE = Feature("age", "age", "demography", "Age and sex", "years", "at admission", ("person",), 1, 18, 110)
MALE = replace(AGE, name="male", words="being a man", kind="binary")
SPELLS = replace(AGE, name="spells", words="earlier spells", kind="count")
ENTRIES = (AGE, MALE, SPELLS)


def table(**columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "person_id": [10, 10, 11],
            "index_id": [1, 2, 3],
            "age": [80.0, 81.0, np.nan],
            "male": [1.0, 1.0, 0.0],
            "spells": [0.0, 2.0, 0.0],
            "group_sex": ["Male", "Male", "Female"],
        }
    )
    return frame.assign(**columns)


def told(frame: pd.DataFrame) -> str:
    with pytest.raises(DataError) as caught:
        checked(frame, ENTRIES, ("sex",))
    return str(caught.value)


def test_a_table_that_keeps_the_contract_comes_through_as_it_is() -> None:
    pd.testing.assert_frame_equal(checked(table(), ENTRIES, ("sex",)), table())


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table(age=["80", "81", "82"]), "age is not of its type"),
        (table(age=[1, 2, 3]), "age is not of its type"),
        (table(age=[1.0, np.inf, 3.0]), "age holds an infinite number"),
        (table(male=[1.0, 0.5, 0.0]), "male holds something else than 0 and 1"),
        (table(spells=[0.0, -7654321.0, 1.0]), "spells holds a count below 0"),
        (table().drop(columns="spells"), "spells is missing"),
        (table(more=1.0), "more does not belong there"),
        (table()[["person_id", "index_id", "male", "age", "spells", "group_sex"]], "is not in its place"),
        (table(group_sex=["Male", None, "Female"]), "group_sex has a row without a value"),
        (table(index_id=[1, 1, 3]), "person_id, index_id a key is there twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_told_by_its_column_and_without_a_value(frame: pd.DataFrame, words: str) -> None:
    message = told(frame)
    assert words in message
    assert "7654321" not in message
    assert "0.5" not in message


def test_a_table_of_one_engine_loads_beside_the_cohort_of_another(engine: Any, tmp_path: Path) -> None:
    people = random_people(seed=5, persons=60)
    cdm = engine.open(people)
    cohort = build_cohort(cdm, CohortSettings(minimum_age=None, require_unplanned_index=False), DATA_END, DATA_START)
    families = ("demography", "prior_care", "frailty", "laboratory")
    made = build_features(cdm, cohort, FeatureSettings(families=families))
    save_features(cdm, made, tmp_path)
    loaded = load_features(tmp_path)
    assert (loaded.dictionary, loaded.catalogue, loaded.groups) == (made.dictionary, made.catalogue, made.groups)
    key = ["person_id", "index_id"]
    here = cdm.frame(made.table, "features").sort_values(key, ignore_index=True)
    there = loaded.table.to_pandas().sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(there, here, check_exact=True)
    validation = ValidationSettings(test_share=0.3)
    split, again = partition(made, cohort, validation), partition(loaded, cohort, validation)
    pd.testing.assert_frame_equal(split.features, again.features)
    pd.testing.assert_frame_equal(split.rows, again.rows)


def test_a_file_that_was_changed_does_not_load(tmp_path: Path) -> None:
    table().to_parquet(tmp_path / "features.parquet")
    facts = {"key": "k", "groups": ["sex"], "offered": ["age"], "catalogue": [vars(entry) for entry in ENTRIES]}
    (tmp_path / "features.json").write_text(json.dumps(facts), encoding="utf-8")
    assert load_features(tmp_path).dictionary == (AGE,)
    table(spells=[0.0, -1.0, 0.0]).to_parquet(tmp_path / "features.parquet")
    with pytest.raises(DataError, match="spells holds a count below 0"):
        load_features(tmp_path)
    (tmp_path / "features.parquet").write_bytes(b"nothing")
    with pytest.raises(DataError, match="no feature table that can be read"):
        load_features(tmp_path)
    with pytest.raises(DataError, match="no feature table"):
        load_features(tmp_path / "elsewhere")
