"""Features from the study file: concept sets, what cannot be found, and results that follow the content of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import DataError, StudyError
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from tests import omop_text
from tests.features.example import CONDITION_HEAD, INDEX_CONDITION, PERSON, STAY, VISIT_HEAD
from tests.features.random_people import DATA_END, DATA_START

DRUGS = "person_id drug_concept_id drug_exposure_start_date\n10 40220357 2023-05-01\n10 956874 2022-12-01"


def concept_set(path: Path, *concepts: int, descendants: bool = False) -> Path:
    """An ATLAS concept set in a file."""
    items = [{"concept": {"CONCEPT_ID": concept}, "includeDescendants": descendants} for concept in concepts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"items": items}))
    return path


def made(folder: Path, own: dict[str, object], **tables: str) -> FeatureTable:
    """The study's own features of the example with other tables."""
    source = folder / "omop"
    if not source.exists():
        omop_text.write(
            source,
            person=PERSON,
            visit_occurrence=f"{VISIT_HEAD}\n{STAY}",
            condition_occurrence=f"{CONDITION_HEAD}\n{INDEX_CONDITION}",
            **tables,
        )
    cdm = connect(SourceSettings(path=source), stages=folder / "stages")
    cohort = build_cohort(cdm, CohortSettings(complete_follow_up=False), DATA_END, DATA_START)
    return build_features(cdm, cohort, FeatureSettings(families=("own",), own=own))  # type: ignore[arg-type]


def drug(**more: object) -> dict[str, object]:
    return {"words": "a loop diuretic", "table": "drug_exposure", **more}


def test_a_concept_set_of_a_file_is_looked_for(tmp_path: Path) -> None:
    file = concept_set(tmp_path / "loop.json", 956874)
    table = made(tmp_path, {"loop": drug(concept_set=file, statistics=["days_since"])}, drug_exposure=DRUGS)
    assert table.table.execute()["own_loop_days_since"].tolist() == [186]
    (entry,) = table.dictionary
    assert (entry.name, entry.words, entry.unit) == (
        "own_loop_days_since",
        "a loop diuretic: days since the last time",
        "days",
    )
    assert (entry.window, entry.sources, entry.role) == ("365 days before admission", ("drug_exposure",), "input")


def test_a_concept_set_and_concepts_are_looked_for_together(tmp_path: Path) -> None:
    own = {
        "loop": drug(concept_set=concept_set(tmp_path / "loop.json", 956874), concepts=[40220357], statistics=["count"])
    }
    assert made(tmp_path, own, drug_exposure=DRUGS).table.execute()["own_loop_count"].tolist() == [2]


def test_a_concept_set_that_changed_is_looked_for_anew(tmp_path: Path) -> None:
    own = {"loop": drug(concept_set=concept_set(tmp_path / "loop.json", 1))}
    first = made(tmp_path, own, drug_exposure=DRUGS)
    assert first.table.execute()["own_loop_any"].tolist() == [0]
    assert made(tmp_path, own).reused
    concept_set(tmp_path / "loop.json", 956874)
    again = made(tmp_path, own)
    assert not again.reused
    assert again.key != first.key
    assert again.table.execute()["own_loop_any"].tolist() == [1]


def test_a_concept_set_that_cannot_be_read_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"features\.own\.loop\.concept_set") as told:
        made(tmp_path, {"loop": drug(concept_set=tmp_path / "nowhere.json")}, drug_exposure=DRUGS)
    assert "There is no concept set" in str(told.value)
    below = concept_set(tmp_path / "below.json", 956874, descendants=True)
    with pytest.raises(DataError, match=r"features\.own\.loop\.concept_set"):
        made(tmp_path, {"loop": drug(concept_set=below)})


def test_codes_of_another_edition_are_refused_by_the_name_of_the_setting(tmp_path: Path) -> None:
    own = {"odd": {"words": "odd", "table": "condition_occurrence", "codes": ["428"]}}
    with pytest.raises(StudyError, match=r"features\.own\.odd\.codes"):
        made(tmp_path, own)


def test_concepts_without_a_hierarchy_are_taken_alone_and_that_is_said(tmp_path: Path) -> None:
    table = made(tmp_path, {"loop": drug(concepts=[956874], statistics=["count"])}, drug_exposure=DRUGS)
    (notice,) = table.notices
    assert (notice.code, notice.facts) == ("HFR085", {"features": "loop"})
    assert table.table.execute()["own_loop_count"].tolist() == [1]


def test_nothing_is_said_where_the_study_asks_for_the_concepts_alone(tmp_path: Path) -> None:
    assert made(tmp_path, {"loop": drug(concepts=[956874], descendants=False)}, drug_exposure=DRUGS).notices == []


def test_a_cohort_that_the_source_does_not_hold_is_said_and_is_no_feature(tmp_path: Path) -> None:
    cohort = "cohort_definition_id subject_id cohort_start_date\n7 10 2023-01-01\n7 11 2023-01-01"
    own = {"there": {"words": "in seven", "cohort": 7}, "lacking": {"words": "in eight", "cohort": 8}}
    table = made(tmp_path, own, cohort=cohort)
    assert [entry.name for entry in table.catalogue] == ["own_there_any"]
    (notice,) = table.notices
    assert (notice.code, notice.counts) == ("HFR084", {"people": 2})
    assert "lacking (8)" in notice.text()
    assert table.table.execute()["own_there_any"].tolist() == [1]


def test_a_source_without_the_table_says_so_and_makes_no_feature_of_it(tmp_path: Path) -> None:
    own = {
        "loop": drug(concepts=[956874]),
        "failing": {"words": "failing", "table": "condition_occurrence", "codes": ["I50"]},
    }
    table = made(tmp_path, own)
    assert [entry.name for entry in table.catalogue] == ["own_failing_any"]
    assert [notice.text() for notice in table.notices if "no table drug_exposure" in notice.text()]


def test_a_feature_that_found_nobody_is_made_and_that_is_said(tmp_path: Path) -> None:
    table = made(tmp_path, {"loop": drug(concepts=[5], descendants=False)}, drug_exposure=DRUGS)
    assert table.table.execute()["own_loop_any"].tolist() == [0]
    assert [(notice.code, notice.facts) for notice in table.notices] == [("HFR086", {"features": "loop"})]


def test_the_dictionary_says_what_the_study_says(tmp_path: Path) -> None:
    own = {
        "frail": {
            **{"words": "a frailty drug", "table": "drug_exposure", "concepts": [956874], "descendants": False},
            **{"role": "more", "direction": "higher", "modifiable": True, "sensitive": True, "monotone": "increasing"},
            **{"when": "both", "window_days": 30, "statistics": ["any", "days_since"]},
        },
        "loop": drug(concepts=[956874], descendants=False),
    }
    table = made(tmp_path, own, drug_exposure=DRUGS)
    assert [entry.name for entry in table.dictionary] == ["own_loop_any"]
    yes, since, _ = table.catalogue
    assert (yes.role, yes.direction, yes.modifiable, yes.sensitive, yes.monotone) == (
        "more",
        "higher",
        True,
        True,
        "increasing",
    )
    assert (since.direction, since.monotone, since.upper) == ("lower", "none", 395)
    assert yes.window == "30 days before admission, and in the stay"


def test_two_features_with_the_same_words_are_refused(tmp_path: Path) -> None:
    own = {"one": drug(concepts=[1], descendants=False), "two": drug(concepts=[2], descendants=False)}
    with pytest.raises(StudyError, match="same wording: a loop diuretic"):
        made(tmp_path, own, drug_exposure=DRUGS)
