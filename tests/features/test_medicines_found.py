"""Which medicines a source has: on the small OMOP export, and by each way to tell an ingredient, on every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from hfrisk.cdm import SourceSettings, connect
from hfrisk.features.medicines_found import medicines_found
from tests import omop_text

EXPOSURES = """
person_id drug_concept_id drug_exposure_start_date dose_mg quantity
1 956874 2023-01-01 40 -
1 956874 2023-01-02 - 1
2 957136 2023-01-01 - 2
2 957136 2023-01-02 - -
2 19900002 2023-01-01 - 1
3 19900003 2023-01-01 - -
3 0 2023-01-01 - -
"""
STRENGTHS = """
drug_concept_id ingredient_concept_id amount_value amount_unit_concept_id
957136 956874 40 8576
19900002 991382 5 8576
19900002 956874 40 8576
"""
ANCESTORS = "ancestor_concept_id descendant_concept_id\n956874 957136\n956874 19900002\n991382 19900002\n956874 956874"


def found(engine: Any, concepts: list[tuple[int, str, str]] | None = None, **tables: str) -> pd.DataFrame:
    frames = {name: omop_text.rows(text) for name, text in tables.items()}
    if concepts:
        frames["concept"] = pd.DataFrame(concepts, columns=["concept_id", "concept_name", "vocabulary_id"])
    return medicines_found(engine.open(frames)).set_index("concept")


def told(table: pd.DataFrame, concept: int) -> list[Any]:
    return list(table.loc[concept, ["class", "rows", "people", "how", "rows_with_dose"]])


def test_by_the_hierarchy(engine: Any) -> None:
    table = found(engine, drug_exposure=EXPOSURES, concept_ancestor=ANCESTORS, drug_strength=STRENGTHS)
    assert told(table, 956874) == ["loop_diuretic", 5, 2, "ingredient, concept_ancestor", 3]
    assert told(table, 991382) == ["potassium_sparing", 1, 1, "concept_ancestor", 1]
    assert told(table, 19900003) == ["", 1, 1, "not in the list", 0]
    assert told(table, 932745) == ["loop_diuretic", 0, 0, "not found", 0]
    assert 0 not in table.index


def test_by_strengths_where_there_is_no_hierarchy(engine: Any) -> None:
    table = found(
        engine,
        drug_exposure=EXPOSURES,
        drug_strength=STRENGTHS,
        # a hierarchy that says only that a concept is above itself is none
        concept_ancestor="ancestor_concept_id descendant_concept_id\n956874 956874",
    )
    assert told(table, 956874) == ["loop_diuretic", 5, 2, "ingredient, drug_strength", 3]
    assert told(table, 991382) == ["potassium_sparing", 1, 1, "drug_strength", 1]


def test_by_name_where_there_is_neither(engine: Any) -> None:
    names = [
        (957136, "Furosemide 40 MG Oral Tablet", "RxNorm"),
        (19900002, "amiloride hydrochloride 5 MG / furosemide 40 MG Oral Tablet", "RxNorm Extension"),
        (19900003, "furosemide by another vocabulary", "dm+d"),
    ]
    table = found(engine, names, drug_exposure=EXPOSURES)
    assert told(table, 956874) == ["loop_diuretic", 5, 2, "ingredient, name of the drug", 1]
    assert told(table, 991382) == ["potassium_sparing", 1, 1, "name of the drug", 0]
    assert list(table.loc[19900003, ["words", "how"]]) == ["furosemide by another vocabulary", "not in the list"]


def test_a_name_is_a_whole_word_and_the_longest_that_fits(engine: Any) -> None:
    exposures = "person_id drug_concept_id drug_exposure_start_date\n" + "\n".join(
        f"1 {n} 2023-01-01" for n in (1, 2, 3)
    )
    names = [
        (1, "chlorothiazide 250 MG Oral Tablet", "RxNorm"),
        (2, "dabigatran etexilate 150 MG Oral Capsule", "RxNorm"),
        (3, "sacubitril 24 MG / valsartan 26 MG Oral Tablet", "RxNorm"),
    ]
    table = found(engine, names, drug_exposure=exposures)
    assert set(table[table["rows"] > 0].index) == {992590, 45775372, 46275719, 1308842}


def test_without_medicines_nothing_is_found(engine: Any) -> None:
    table = found(engine)
    assert set(table["how"]) == {"not found"}
    assert table["rows"].sum() == 0


def test_the_small_export_of_clinical_drugs(synthea: Path) -> None:
    table = medicines_found(connect(SourceSettings(path=synthea)))
    listed = table[(table["class"] != "") & (table["rows"] > 0)]
    # counted by hand in DRUG_EXPOSURE.csv and CONCEPT.csv
    assert dict(zip(listed["words"], listed["rows"], strict=True)) == {
        "carvedilol": 7, "furosemide": 8, "hydrochlorothiazide": 103, "lisinopril": 93, "losartan": 48, "glyceryl trinitrate": 23,
        "amiodarone": 1, "clopidogrel": 24, "simvastatin": 72, "insulin isophane": 16, "ibuprofen": 16, "naproxen": 5,
        "amlodipine": 75, "oxycodone": 21, "codeine": 11, "tramadol": 10, "fentanyl": 10, "salbutamol": 96,
    }  # fmt: skip
    assert set(listed["how"]) == {"name of the drug"}
    assert table["rows"].sum() == 883
    absent = table[table["how"] == "not found"]
    assert {"spironolactone", "dapagliflozin", "bisoprolol", "digoxin"} <= set(absent["words"])


def test_desynpuf_has_no_medicines(desynpuf: Path) -> None:
    cdm = connect(SourceSettings(path=desynpuf))
    assert not cdm.has("drug_exposure")
    assert set(medicines_found(cdm)["how"]) == {"not found"}
