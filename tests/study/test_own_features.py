"""Features of the study's own in the study file: what cannot be made is told by the name of the setting; paths count from the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.study import load_study
from hfrisk.template import study_text
from tests.study.example import MINIMAL, refused

AMYLOID = "{words: amyloidosis, table: condition_occurrence, codes: [E85]}"


def own(text: str) -> str:
    return MINIMAL + f"features:\n  own:\n    {text}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x: {words: w, table: conditions, codes: [E85]}", "features.own.x.table: should be 'condition_occurrence'"),
        ("x: {words: w, table: condition_occurrence}", "features.own.x: nothing is looked for"),
        ("x: {words: w, table: drug_exposure, concepts: []}", "features.own.x: nothing is looked for"),
        ("x: {words: w, codes: [E85]}", "features.own.x: table is required"),
        ("x: {words: w, table: drug_exposure, codes: [E85]}", "features.own.x: codes are looked for in"),
        ("x: {words: w, table: condition_occurrence, codes: ['']}", "features.own.x: codes has a blank one"),
        ("x: {words: w, cohort: 7, table: condition_occurrence}", "features.own.x: cohort stands alone"),
        ("x: {words: w, cohort: 7, concepts: [1]}", "features.own.x: cohort stands alone"),
        ("x: {words: w, cohort: seven}", "features.own.x.cohort: should be a whole number"),
        ("x: {words: w, cohort: 7, statistics: [any, count, any]}", "features.own.x: statistics names any twice"),
        ("x: {words: w, cohort: 7, statistics: []}", "features.own.x.statistics"),
        ("x: {words: w, cohort: 7, statistics: [mean]}", "features.own.x.statistics.0: should be 'any'"),
        (
            "x: {words: w, table: drug_exposure, concepts: [1], statistics: [last_value], lower: 0, upper: 9}",
            "features.own.x: last_value needs a table with values: measurement or observation",
        ),
        (
            "x: {words: w, table: measurement, concepts: [1], statistics: [last_value], lower: 0}",
            "features.own.x: last_value needs lower and upper",
        ),
        (
            "x: {words: w, table: drug_exposure, concepts: [1], lower: 0}",
            "features.own.x: lower and upper need a table",
        ),
        (
            "x: {words: w, table: measurement, concepts: [1], lower: 9, upper: 0}",
            "features.own.x: lower is above upper",
        ),
        ("x: {words: w, table: observation, concepts: [1], unit_concepts: [2]}", "features.own.x: unit_concepts"),
        ("x: {words: w, cohort: 7, window_days: 0}", "features.own.x.window_days"),
        ("x: {words: '', cohort: 7}", "features.own.x.words"),
        ("x: {cohort: 7}", "features.own.x.words is required"),
        ("x: {words: w, cohort: 7, statistic: [any]}", "Did you mean statistics?"),
        ("Amyloid: " + AMYLOID, "features.own: the name Amyloid cannot be part of a column"),
        ("heart-muscle: " + AMYLOID, "features.own: the name heart-muscle cannot"),
        ("1st: " + AMYLOID, "features.own: the name 1st cannot"),
        ("a" * 41 + ": " + AMYLOID, "cannot be part of a column"),
        ("x: amyloid", "features.own.x: is a group of settings"),
    ],
)
def test_an_own_feature_that_cannot_be_made_is_told_by_its_setting(file: Path, text: str, says: str) -> None:
    told = refused(file, own(text))
    assert says in told
    assert "what to do" in told


def test_the_concept_set_of_an_own_feature_counts_from_the_file(file: Path) -> None:
    file.write_text(own("x: {words: w, table: drug_exposure, concept_set: sets/x.json}"))
    assert load_study(file).features.own["x"].concept_set == file.parent / "sets/x.json"


def test_an_own_feature_can_be_overridden_on_the_command_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file.write_text(own("x: " + AMYLOID))
    study = load_study(file, ["features.own.x.window_days=30", "features.own.y={words: in seven, cohort: 7}"])
    assert study.features.own["x"].window_days == 30
    assert study.features.own["x"].codes == ("E85",)
    assert study.features.own["y"].cohort == 7
    monkeypatch.chdir(tmp_path)
    changed = load_study(file, ["features.own.x.concept_set=here.json", "features.own.x.codes=[]"])
    assert changed.features.own["x"].concept_set == tmp_path / "here.json"
    assert "There is no setting features.own.x.windw" in refused(file, own("x: " + AMYLOID), "features.own.x.windw=3")
    assert "has no parts" in refused(file, own("x: " + AMYLOID), "features.own.x.words.y=3")


def test_the_hash_of_a_study_follows_the_content_of_its_own_concept_sets(file: Path) -> None:
    listed = file.parent / "x.json"
    listed.write_text("[]")
    file.write_text(own("x: {words: w, table: drug_exposure, concept_set: x.json}"))
    before, made_before = load_study(file).fingerprint(), load_study(file).features.identity
    assert load_study(file).fingerprint() == before
    listed.write_text("[ ]")
    assert load_study(file).fingerprint() != before
    assert load_study(file).features.identity != made_before


def test_the_template_says_what_an_own_feature_has() -> None:
    text = study_text({"name": "mine", "source": {"path": "x"}})
    assert "own: {}" in text
    assert "unit_concepts - unit_concept_id values" in text
