"""Conditions from OMOP concepts on random people, against the naive reference, and what is said where concepts cannot tell."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest

from hfrisk.codelists import read_csv
from hfrisk.features import FeatureSettings, build_features
from tests.engines import WITHOUT_A_CLUSTER
from tests.features import naive_codes
from tests.features.naive import Index, Source, differences
from tests.features.random_people import random_people
from tests.features.random_records.condition_occurrence import CODES, LISTED
from tests.features.test_against_the_naive_reference import everybody

ENGINES = WITHOUT_A_CLUSTER

PERSONS = {"duckdb": 200, "postgres": 100}
SETTINGS: dict[str, Any] = {"conditions_from": "omop_concepts", "coding_is_live": True}
TABLES = dict[str, pd.DataFrame]


def test_concepts_are_looked_up_through_the_vocabulary(engine: Any) -> None:
    tables, leads = with_vocabulary(random_people(seed=3, persons=PERSONS[engine.name]))

    def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
        known = naive_codes.codes_known(source, index, settings, "icd10_uk", concepts=True)
        # a concept stands for every code that maps to it
        codes = [(code, ago, earlier) for concept, ago, earlier in known for code in leads.get(int(concept), [])]
        made = naive_codes.expected_of(codes, index, settings, "icd10_uk")
        return made | {"diagnoses_365d": different(known)}

    cdm = engine.open(tables)
    found = differences(cdm, everybody(cdm), Source(tables), expected, naive_codes.FAMILIES, SETTINGS)
    assert found[:10] == []


@pytest.mark.parametrize("hierarchy", [True, False])
def test_charlson_comes_from_groups_of_concepts(engine: Any, hierarchy: bool) -> None:
    tables, groups = with_groups(random_people(seed=3, persons=PERSONS[engine.name]), hierarchy=hierarchy)

    def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
        known = naive_codes.codes_known(source, index, settings, "icd10_uk", concepts=True)
        near = [int(concept) for concept, ago, _ in known if ago <= settings.condition_lookback_days]
        held = {category: float(any(concept in mine for concept in near)) for category, mine in groups.items()}
        made: dict[str, float | None] = {f"charlson_{category}": value for category, value in held.items()}
        return made | naive_codes.charlson_totals(held, index) | {"diagnoses_365d": different(known)}

    cdm = engine.open(tables)
    found = differences(cdm, everybody(cdm), Source(tables), expected, naive_codes.FAMILIES, SETTINGS)
    assert found[:10] == []


def test_what_concepts_cannot_tell_is_left_out_and_said(only_duckdb_people: Any) -> None:
    cdm, cohort = only_duckdb_people
    made = build_features(cdm, cohort, FeatureSettings(families=naive_codes.FAMILIES, **SETTINGS))
    names = {entry.name for entry in made.catalogue}
    assert "charlson_quan_2011" in names
    assert not names & {"copd", "frailty_score", "elixhauser_count", "charlson_shmi"}
    assert [(check.code, check.severity) for check in made.notices] == [
        ("HFR068", "warning"),
        ("HFR067", "warning"),
        ("HFR067", "warning"),
    ]
    assert "the Hospital Frailty Risk Score cannot be made" in made.notices[-1].text()
    words = {entry.name: entry.words for entry in made.catalogue}
    assert words["charlson_1987"] == "Charlson index, original weights of 1987, by OHDSI's groups of concepts"


@pytest.mark.parametrize(
    ("vocabulary", "codes"), [("icd10_uk", []), ("icd9_cm", ["HFR069", "HFR031"]), ("icd10_cm", ["HFR069"])]
)
def test_a_list_for_another_edition_is_said(only_duckdb_people: Any, vocabulary: str, codes: list[str]) -> None:
    cdm, cohort = only_duckdb_people
    made = build_features(cdm, cohort, FeatureSettings(families=naive_codes.FAMILIES), vocabulary)
    assert [check.code for check in made.notices] == codes
    assert ("charlson_shmi" in {entry.name for entry in made.catalogue}) == (vocabulary != "icd9_cm")
    assert ("frailty_high" in {entry.name for entry in made.catalogue}) == (vocabulary != "icd9_cm")


def test_codes_of_another_edition_serve_where_the_vocabulary_has_no_other(only_duckdb: Any) -> None:
    tables, _ = with_vocabulary(random_people(seed=3, persons=20))
    concept = tables["concept"].assign(vocabulary_id="ICD10CM")
    cdm = only_duckdb.open(tables | {"concept": concept})
    made = build_features(cdm, everybody(cdm), FeatureSettings(families=naive_codes.FAMILIES, **SETTINGS))
    assert [check.code for check in made.notices] == ["HFR068", "HFR069", "HFR069"]
    assert "ICD10CM" in made.notices[1].text()
    frame = cdm.frame(made.table, "features")
    assert frame[["copd", "frailty_score", "charlson_shmi"]].sum().min() > 0


def different(known: naive_codes.Known) -> float:
    return float(len({concept for concept, ago, earlier in known if earlier and ago <= 365}))


def with_vocabulary(tables: TABLES) -> tuple[TABLES, dict[int, list[str]]]:
    """A vocabulary in which some codes share a concept, some map to two and some to none; the codes of each concept."""
    rng = random.Random(5)
    codes = sorted({*LISTED, *(code for code in CODES if code and code[0].isalpha())})
    concepts, leads = [], []
    meant: dict[int, list[str]] = {}
    of_code: dict[str, list[int]] = {}
    for number, code in enumerate(codes):
        plain = code.strip().upper().replace(".", "")
        concepts.append(
            {
                "concept_id": 1000 + number,
                "vocabulary_id": "ICD10",
                "concept_code": plain[:3] + "." * (len(plain) > 3) + plain[3:],
            }
        )
        for target in {5000 + rng.randrange(len(codes)) for _ in range(rng.choice([0, 1, 1, 1, 2]))}:
            valid = rng.choice([None, None, None, "D"])
            leads.append(
                {
                    "concept_id_1": 1000 + number,
                    "concept_id_2": target,
                    "relationship_id": "Maps to",
                    "invalid_reason": valid,
                }
            )
            if valid is None:
                meant.setdefault(target, []).append(plain)
                of_code.setdefault(plain, []).append(target)
        leads.append(
            {"concept_id_1": 1000 + number, "concept_id_2": 4999, "relationship_id": "Is a", "invalid_reason": None}
        )
    rows = tables["condition_occurrence"]
    plain = rows["condition_source_value"].map(lambda code: (code or "").strip().upper().replace(".", ""))
    chosen = [rng.choice(of_code.get(code, of_code.get(code[:3], [0]))) for code in plain]
    conditions = rows.assign(condition_concept_id=pd.Series(chosen, index=rows.index, dtype="object"))
    added = {
        "condition_occurrence": conditions,
        "concept": pd.DataFrame(concepts, dtype="object"),
        "concept_relationship": pd.DataFrame(leads, dtype="object"),
    }
    return tables | added, meant


def with_groups(tables: TABLES, *, hierarchy: bool) -> tuple[TABLES, dict[str, set[int]]]:
    """Diagnoses by concept, a hierarchy below some groups, and the concepts of each category."""
    rng = random.Random(6)
    groups: dict[str, set[int]] = {}
    tree = []
    for row in read_csv("charlson_concepts.csv"):
        ancestor = int(row["concept"])
        mine = {ancestor}
        tree.append({"ancestor_concept_id": ancestor, "descendant_concept_id": ancestor})
        if hierarchy:
            below = {700 + rng.randrange(60) for _ in range(rng.randrange(4))}
            mine |= below
            tree += [{"ancestor_concept_id": ancestor, "descendant_concept_id": concept} for concept in below]
        groups.setdefault(row["category"], set()).update(mine)
    rows = tables["condition_occurrence"]
    all_of_them = [0, 1, *range(700, 760), *sorted(set().union(*groups.values()))]
    chosen = [rng.choice(all_of_them) for _ in range(len(rows))]
    conditions = rows.assign(condition_concept_id=pd.Series(chosen, index=rows.index, dtype="object"))
    return tables | {"condition_occurrence": conditions, "concept_ancestor": pd.DataFrame(tree, dtype="object")}, groups


@pytest.fixture
def only_duckdb(_start: Any) -> Any:
    return _start("duckdb")


@pytest.fixture
def only_duckdb_people(only_duckdb: Any) -> Any:
    cdm = only_duckdb.open(random_people(seed=3, persons=20))
    return cdm, everybody(cdm)
