"""A concept set means in this source what ATLAS means by it; what cannot be known stops the study and says what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.cdm import Cdm, SourceSettings, made_up
from hfrisk.cdm.concept_sets import (
    concepts_with_codes,
    explain_concept_set,
    resolve_concept_set,
    source_codes,
    with_descendants,
)
from hfrisk.codelists import read_yaml
from hfrisk.errors import DataError, StudyError


@cache
def opened() -> Cdm:
    """Opened once; each test lays its own vocabulary tables over it."""
    return made_up(SourceSettings(path=Path("nowhere")), {})


# heart failure, left ventricular failure below it, rheumatic heart failure below it, and one kind of the last
HIERARCHY = {316139: {316139, 439846, 315295, 999}, 439846: {439846}, 315295: {315295, 999}, 999: {999}}
CONCEPTS = [
    (316139, "SNOMED", "84114007", None),
    (439846, "SNOMED", "85232009", None),
    (315295, "SNOMED", "82523003", None),
    (45596210, "ICD10", "I50.0", None),
    (45576878, "ICD10", "I50.9", None),
    (1569178, "ICD10CM", "I50.9", None),
    (11, "SNOMED", "195111005", "D"),
    (12, "SNOMED", "195111005", None),
]
MAPPED = [
    (45596210, 316139, "Maps to", None),
    (45576878, 316139, "Maps to", "D"),
    (1569178, 316139, "Is a", None),
    (316139, 45596210, "Mapped from", None),
    (44, 439846, "Maps to", None),
]


def cdm(**rows: list[tuple[Any, ...]]) -> Cdm:
    """A source that has only these vocabulary tables, each a list of rows in the order of the columns named here."""
    columns = {
        "concept": ["concept_id", "vocabulary_id", "concept_code", "invalid_reason"],
        "concept_ancestor": ["ancestor_concept_id", "descendant_concept_id"],
        "concept_relationship": ["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"],
    }
    tables = {}
    for name, listed in rows.items():
        types = {c: "int64" if "concept_id" in c else "string" for c in columns[name]}
        tables[name] = opened().values([dict(zip(types, row, strict=True)) for row in listed], types)
    return replace(opened(), tables=tables)


def source(**changed: list[tuple[Any, ...]]) -> Cdm:
    """A source with a small vocabulary."""
    pairs = [(above, below) for above, listed in HIERARCHY.items() for below in sorted(listed)]
    return cdm(**{"concept": CONCEPTS, "concept_ancestor": pairs, "concept_relationship": MAPPED, **changed})


def item(concept: int | None = None, vocabulary: str = "", code: str = "", **flags: bool) -> dict[str, Any]:
    return {
        "concept": {"CONCEPT_ID": concept, "VOCABULARY_ID": vocabulary, "CONCEPT_CODE": code, "CONCEPT_NAME": "a name"},
        **flags,
    }


def items(*listed: Mapping[str, Any]) -> dict[str, Any]:
    return {"items": list(listed)}


ALL_BELOW = items(item(316139, includeDescendants=True))


def test_a_concept_alone_is_itself() -> None:
    assert resolve_concept_set(source(), items(item(316139))) == [316139]


def test_descendants_come_from_the_source_s_hierarchy() -> None:
    assert resolve_concept_set(source(), ALL_BELOW) == [999, 315295, 316139, 439846]


def test_an_exclusion_takes_its_own_descendants_away() -> None:
    content = items(item(316139, includeDescendants=True), item(315295, isExcluded=True, includeDescendants=True))
    assert resolve_concept_set(source(), content) == [316139, 439846]


def test_an_exclusion_without_descendants_takes_only_itself_away() -> None:
    content = items(item(316139, includeDescendants=True), item(315295, isExcluded=True))
    assert resolve_concept_set(source(), content) == [999, 316139, 439846]


def test_mapped_concepts_are_the_source_concepts_that_still_map_to_it() -> None:
    assert resolve_concept_set(source(), items(item(316139, includeMapped=True))) == [316139, 45596210]


def test_mapped_concepts_of_descendants_come_with_the_descendants() -> None:
    content = items(item(316139, includeMapped=True, includeDescendants=True))
    assert resolve_concept_set(source(), content) == [44, 999, 315295, 316139, 439846, 45596210]


def test_an_excluded_mapped_source_concept_leaves() -> None:
    content = items(item(316139, includeMapped=True), item(45596210, isExcluded=True))
    assert resolve_concept_set(source(), content) == [316139]


@pytest.mark.parametrize("concept", [None, 0, ""])
def test_an_item_without_an_id_is_found_by_vocabulary_and_code(concept: Any) -> None:
    assert resolve_concept_set(source(), items(item(concept, "SNOMED", "85232009"))) == [439846]


@pytest.mark.parametrize("code", ["I50.0", "I500", " i50.0 "])
def test_a_code_is_found_however_it_is_written_within_its_vocabulary(code: str) -> None:
    assert resolve_concept_set(source(), items(item(0, "icd10", code))) == [45596210]


def test_a_code_means_its_own_vocabulary_and_no_other() -> None:
    assert resolve_concept_set(source(), items(item(0, "ICD10CM", "I50.9"))) == [1569178]


def test_a_code_given_to_a_newer_concept_means_the_valid_one() -> None:
    assert resolve_concept_set(source(), items(item(0, "SNOMED", "195111005"))) == [12]


def test_an_id_that_means_something_else_here_gives_way_to_the_code_and_is_told() -> None:
    told = explain_concept_set(source(), items(item(439846, "SNOMED", "84114007", includeDescendants=True)))
    assert told.concepts == (999, 315295, 316139, 439846)
    assert [check.code for check in told.checks] == ["HFR035"]
    assert "SNOMED 84114007" in told.checks[0].text()


def test_an_id_that_means_something_else_and_a_code_that_is_not_there_stop_the_study() -> None:
    with pytest.raises(DataError, match="the id 439846 means something else"):
        resolve_concept_set(source(), items(item(439846, "SNOMED", "1")))


def test_an_id_that_this_vocabulary_lacks_is_kept_and_told() -> None:
    told = explain_concept_set(source(), items(item(4273632, "SNOMED", "367363000")))
    assert told.concepts == (4273632,)
    assert [check.code for check in told.checks] == ["HFR036"]


def test_ids_need_no_vocabulary_table() -> None:
    told = explain_concept_set(cdm(), items(item(316139, "SNOMED", "84114007")))
    assert (told.concepts, told.checks) == ((316139,), ())


def test_a_code_without_a_vocabulary_table_stops_the_study() -> None:
    with pytest.raises(DataError, match="no concept table") as told:
        resolve_concept_set(cdm(), items(item(0, "SNOMED", "84114007")))
    assert "ATLAS" in str(told.value)


def test_a_code_that_is_nowhere_stops_the_study() -> None:
    with pytest.raises(DataError, match="SNOMED 5"):
        resolve_concept_set(source(), items(item(0, "SNOMED", "5")))


def test_heart_failure_without_a_hierarchy_uses_the_shipped_list_and_says_so() -> None:
    shipped = read_yaml("heart_failure.yaml")["omop_316139"]["shipped_descendants"]
    for lacking in (cdm(), source(concept_ancestor=[])):
        told = explain_concept_set(lacking, ALL_BELOW)
        assert list(told.concepts) == sorted(shipped)
        assert [check.code for check in told.checks] == ["HFR037"]


def test_its_usual_exclusion_needs_no_hierarchy_either() -> None:
    content = items(item(316139, includeDescendants=True), item(315295, isExcluded=True, includeDescendants=True))
    assert 315295 not in resolve_concept_set(cdm(), content)


def test_other_descendants_without_a_hierarchy_stop_the_study() -> None:
    with pytest.raises(DataError, match="cannot be known") as told:
        resolve_concept_set(cdm(), items(item(201820, includeDescendants=True)))
    assert "201820" in str(told.value)
    assert "concept_ancestor" in str(told.value)


def test_mapped_concepts_without_their_table_stop_the_study() -> None:
    with pytest.raises(DataError, match="concept_relationship"):
        resolve_concept_set(source(concept_relationship=[]), items(item(316139, includeMapped=True)))


def test_a_set_that_excludes_all_it_includes_is_refused() -> None:
    with pytest.raises(StudyError, match="exclusions take away everything"):
        resolve_concept_set(source(), items(item(439846), item(316139, isExcluded=True, includeDescendants=True)))


WRAPPINGS: list[Any] = [
    ALL_BELOW,
    {"expression": ALL_BELOW},
    {"id": 7, "name": "HF", "expression": ALL_BELOW},
    {"ConceptSets": [{"id": 0, "name": "HF", "expression": ALL_BELOW}], "PrimaryCriteria": {}},
    {"Items": [{"Concept": {"conceptId": "316139"}, "INCLUDE_DESCENDANTS": "true"}]},
]


@pytest.mark.parametrize("content", WRAPPINGS, ids=["bare", "expression", "named", "cohort", "other case"])
def test_every_way_of_writing_it_means_the_same(content: Any, tmp_path: Path) -> None:
    file = tmp_path / "hf.json"
    file.write_text(json.dumps(content), encoding="utf-8-sig")
    assert resolve_concept_set(source(), content) == [999, 315295, 316139, 439846]
    assert resolve_concept_set(source(), file) == [999, 315295, 316139, 439846]


def test_a_bare_list_in_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "hf.json"
    file.write_text(json.dumps(ALL_BELOW["items"]))
    assert resolve_concept_set(source(), file) == [999, 315295, 316139, 439846]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("3", "not a concept set"),
        ("{}", "not a concept set"),
        ('{"items": []}', "no item"),
        ('{"items": [3]}', "Item 1"),
        ('{"items": [{"concept": {"CONCEPT_NAME": "heart"}}]}', "neither an id nor a vocabulary"),
        ('{"items": [{"concept": {"CONCEPT_CODE": "I50"}}]}', "neither an id nor a vocabulary"),
        ('{"items": [{"concept": {"CONCEPT_ID": "x"}}]}', "not a whole number"),
        ('{"items": [{"concept": {"CONCEPT_ID": 1}, "isExcluded": true}]}', "includes nothing"),
        ('{"ConceptSets": [{"name": "HF"}, {"name": "AF"}]}', "2 concept sets .HF, AF."),
    ],
)
def test_a_file_that_is_not_one_is_told_by_name(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "hf.json"
    file.write_text(text)
    with pytest.raises(StudyError, match=says) as told:
        resolve_concept_set(source(), file)
    assert "hf.json" in str(told.value)
    assert "what to do" in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no concept set"):
        resolve_concept_set(source(), tmp_path / "nothing.json")


@pytest.mark.parametrize(
    ("listed", "vocabulary"), [("ICD10CM", "icd10_uk"), ("ICD10", "icd10_cm"), ("ICD10", "icd9_cm")]
)
def test_concepts_of_another_edition_are_refused_with_the_reason(listed: str, vocabulary: str) -> None:
    with pytest.raises(StudyError, match="editions share shapes but not codes"):
        resolve_concept_set(source(), items(item(45576878, listed, "I50.9")), vocabulary=vocabulary)


def test_ids_alone_do_not_hide_another_edition() -> None:
    content = items({"concept": {"CONCEPT_ID": 1569178}})
    assert resolve_concept_set(source(), content, vocabulary="icd10_cm") == [1569178]
    with pytest.raises(StudyError, match="ICD10CM, but the study's diagnoses are coded in icd10_uk"):
        resolve_concept_set(source(), content, vocabulary="icd10_uk")


@pytest.mark.parametrize("vocabulary", ["icd10_uk", "icd10_cm", "icd9_cm"])
def test_standard_concepts_suit_every_edition(vocabulary: str) -> None:
    content = items(item(316139, "SNOMED", "84114007"))
    assert resolve_concept_set(source(), content, vocabulary=vocabulary) == [316139]


def test_a_preset_s_descendants_leave_out_its_exclusions() -> None:
    assert with_descendants(source(), [316139], [315295]) == [316139, 439846]
    assert with_descendants(cdm(), [316139], [315295], [316139, 315295, 5]) == [5, 316139]
    with pytest.raises(DataError, match="cannot be known"):
        with_descendants(cdm(), [316139])


def test_source_codes_are_those_that_still_map_to_the_concepts() -> None:
    assert source_codes(source(), [316139, 439846]) == [44, 45596210]
    assert source_codes(cdm(), [316139]) == []


def test_codes_find_their_concepts() -> None:
    assert concepts_with_codes(source(), "SNOMED", ["84114007", "85232009", "1"]) == [316139, 439846]
    assert concepts_with_codes(cdm(), "SNOMED", ["84114007"]) == []


def test_every_engine_finds_the_same_concepts(engine: Any) -> None:
    pairs = [(above, below) for above, listed in HIERARCHY.items() for below in sorted(listed)]
    tables = {
        "concept": pd.DataFrame(CONCEPTS, columns=["concept_id", "vocabulary_id", "concept_code", "invalid_reason"]),
        "concept_ancestor": pd.DataFrame(pairs, columns=["ancestor_concept_id", "descendant_concept_id"]),
        "concept_relationship": pd.DataFrame(
            MAPPED, columns=["concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"]
        ),
    }
    made = engine.open(tables)
    content = items(
        item(0, "SNOMED", "84114007", includeDescendants=True, includeMapped=True),
        item(0, "SNOMED", "195111005"),
        item(315295, isExcluded=True, includeDescendants=True),
    )
    assert resolve_concept_set(made, content) == [12, 44, 316139, 439846, 45596210]
    assert with_descendants(made, [316139], [315295]) == [316139, 439846]
    assert concepts_with_codes(made, "SNOMED", ["84114007"]) == [316139]
    # tables that are there and empty
    bare = engine.open({name: frame.head(0) for name, frame in tables.items()})
    assert 442310 in resolve_concept_set(bare, ALL_BELOW)
    with pytest.raises(DataError, match="concept_ancestor"):
        resolve_concept_set(bare, items(item(201820, includeDescendants=True)))


# --- against a slow, plain resolver ---------------------------------------------------------------------------------------------


def below(concept: int, parents: Mapping[int, Iterable[int]]) -> set[int]:
    """A concept and everything under it, by walking the parents of everything."""
    reached = {concept}
    while True:
        more = {child for child, above in parents.items() if set(above) & reached} - reached
        if not more:
            return reached
        reached |= more


def naive(listed: list[dict[str, Any]], parents: Mapping[int, Iterable[int]], maps: list[tuple[Any, ...]]) -> set[int]:
    """What the items mean, one at a time, in plain Python."""
    kept: dict[bool, set[int]] = {False: set(), True: set()}
    for one in listed:
        mine = {one["concept"]["CONCEPT_ID"]}
        if one["includeDescendants"]:
            mine = below(one["concept"]["CONCEPT_ID"], parents)
        if one["includeMapped"]:
            mine = mine | {a for a, b, kind, invalid in maps if b in mine and kind == "Maps to" and invalid is None}
        kept[one["isExcluded"]] |= mine
    return kept[False] - kept[True]


STANDARD = st.integers(1, 8)
PARENTS = st.dictionaries(STANDARD, st.lists(STANDARD, max_size=2), max_size=8).map(
    lambda found: {child: sorted({above for above in listed if above < child}) for child, listed in found.items()}
)
MAPS = st.lists(
    st.tuples(
        st.integers(101, 106), STANDARD, st.sampled_from(["Maps to", "Maps to", "Is a"]), st.sampled_from([None, "D"])
    ),
    min_size=1,
    max_size=8,
)
ITEMS = st.lists(
    st.builds(
        lambda concept, down, mapped, out: item(concept, includeDescendants=down, includeMapped=mapped, isExcluded=out),
        st.one_of(STANDARD, st.integers(101, 106)),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(parents=PARENTS, maps=MAPS, listed=ITEMS)
def test_it_agrees_with_a_plain_resolver_on_random_hierarchies(
    parents: dict[int, list[int]], maps: list[tuple[Any, ...]], listed: list[dict[str, Any]]
) -> None:
    pairs = [(above, under) for above in range(1, 9) for under in sorted(below(above, parents))]
    expected = naive(listed, parents, maps)
    made = cdm(concept_ancestor=pairs, concept_relationship=maps)
    if not expected:
        with pytest.raises(StudyError):
            resolve_concept_set(made, items(*listed))
    else:
        assert resolve_concept_set(made, items(*listed)) == sorted(expected)
