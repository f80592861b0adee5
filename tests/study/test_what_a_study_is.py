"""What a study is: its profile below it, its other cohorts beside it, with or without a model; and what its hash stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.study import Study, load_study, walk
from tests.study.example import MINIMAL, refused

ASSURANCE = """
assurances:
  - name: home and back within a week
    visits: |
      1 10 9201 2024-01-01 2024-01-05
      2 10 9201 2024-01-10 2024-01-12
    expect: 1 readmitted 5
"""


def test_a_study_may_describe_and_make_no_model(file: Path) -> None:
    assert load_study(file).model is not None
    for word in ("none", "None", "null", ""):
        assert load_study(file, [f"model={word}"]).model is None
    file.write_text(MINIMAL + "model: none\nvalidation:\n  folds: 3\nexplanation: {}\n")
    study = load_study(file)
    assert study.model is None
    # settings that only a model needs do no harm
    assert study.validation.folds == 3


def test_a_model_can_be_put_back_from_the_command_line(file: Path) -> None:
    file.write_text(MINIMAL + "model: none\n")
    again = load_study(file, ["model.trials=7"]).model
    assert again is not None
    assert again.trials == 7


def test_a_profile_lies_under_what_the_study_says(file: Path) -> None:
    file.write_text(MINIMAL + "profile: desynpuf\ncohort:\n  heart_failure:\n    position: any\n")
    study = load_study(file)
    assert study.cohort.diagnosis_vocabulary == "icd9_cm"
    # beside the profile's own settings of the same group
    assert (study.cohort.heart_failure.preset, study.cohort.heart_failure.position) == ("icd9_428", "any")
    assert study.features.coding_is_live
    file.write_text(MINIMAL + "profile: desynpuf\nfeatures:\n  coding_is_live: false\n")
    assert not load_study(file).features.coding_is_live


def test_a_profile_can_be_chosen_on_the_command_line(file: Path) -> None:
    study = load_study(file, ["profile=lsc_lth", "cohort.window=1-30"])
    assert study.profile == "lsc_lth"
    assert not study.cohort.nhs_codes
    assert study.cohort.window == "1-30"
    assert load_study(file, ["profile=lsc_lth", "cohort.nhs_codes=true"]).cohort.nhs_codes


def test_a_list_in_the_study_replaces_the_profile_s(file: Path) -> None:
    file.write_text(MINIMAL + "profile: lsc_lth\ncohort:\n  inpatient_visit_concepts: [9201]\n")
    assert load_study(file).cohort.inpatient_visit_concepts == (9201,)


@pytest.mark.parametrize(("name", "says"), [("lsc_lht", "Did you mean lsc_lth?"), ("zzz", "Known: desynpuf, lsc_lth")])
def test_a_profile_that_does_not_ship_is_told_with_those_that_do(file: Path, name: str, says: str) -> None:
    assert says in refused(file, MINIMAL + f"profile: {name}\n")
    assert says in refused(file, MINIMAL, f"profile={name}")


def test_sensitivity_cohorts_differ_from_the_study_s_own_in_what_they_say(file: Path) -> None:
    file.write_text(
        MINIMAL
        + "cohort:\n  window: 1-30\nsensitivity:\n  any position: {heart_failure: {position: any}}\n  first: {index: first}\n"
    )
    cohorts = load_study(file).sensitivity_settings()
    assert list(cohorts) == ["as defined", "any position", "first"]
    assert cohorts["as defined"] == load_study(file).cohort
    assert cohorts["any position"].heart_failure.position == "any"
    assert cohorts["any position"].window == "1-30"
    assert cohorts["first"].index == "first"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{strict: {windw: 0-29}}", "sensitivity.strict: There is no setting windw. Did you mean window?"),
        ("{strict: {heart_failure: {positoin: any}}}", "Did you mean position?"),
        ("{strict: {window: 0-28}}", "sensitivity.strict: window"),
        ("{strict: {heart_failure: {preset: icd9_428}}}", "written in icd9_cm"),
        ("{as defined: {window: 1-30}}", "a name of its own"),
        ("{strict: 0-29}", "sensitivity.strict: should be names"),
        ("{'': {window: 1-30}}", "a name of its own"),
    ],
)
def test_a_sensitivity_cohort_that_cannot_be_is_told(file: Path, text: str, says: str) -> None:
    assert says in refused(file, MINIMAL + f"sensitivity: {text}\n")


def test_a_concept_set_of_a_sensitivity_cohort_counts_from_the_file(file: Path) -> None:
    file.write_text(
        MINIMAL + "sensitivity:\n  ours: {heart_failure: {preset: concept_set, concept_set: lists/hf.json}}\n"
    )
    chosen = load_study(file).sensitivity_settings()["ours"].heart_failure
    assert chosen.concept_set == file.parent / "lists" / "hf.json"


def test_assurances_are_read(file: Path) -> None:
    file.write_text(MINIMAL + ASSURANCE)
    (assurance,) = load_study(file).assurances
    assert assurance.name == "home and back within a week"
    assert "9201" in assurance.visits


def test_a_mistake_in_an_assurance_is_told(file: Path) -> None:
    assert "assurances.0.expect is required" in refused(file, MINIMAL + "assurances:\n  - {name: a, visits: 1 2 3}\n")
    assert "Did you mean expect?" in refused(
        file, MINIMAL + ASSURANCE.replace("expect:", "expects:") + "    expect: x\n"
    )
    assert "two assurances have the name" in refused(file, MINIMAL + ASSURANCE + ASSURANCE.split("assurances:\n")[1])


ELSEWHERE = [
    "source.path=elsewhere",
    "source.memory_gb=4",
    "source.threads=1",
    "folders.reports=out",
    "model.threads=1",
    "assessment.threads=1",
    "registry.tracking_uri=http://127.0.0.1:5000",
    "registry.registry_uri=databricks-uc",
    "source.keep_scratch=true",
]
BEARING = [
    "cohort.window=1-30",
    "model.seed=1",
    "model=none",
    "source.data_end=2020-01-01",
    "source.columns={visit_occurrence.admission_method: ADMIMETH}",
    "profile=lsc_lth",
    "sensitivity={strict: {window: 1-30}}",
    "assurances=[{name: a, visits: 1 2 3 4 5, expect: ''}]",
    "quality.enough=60",
    "features.coding_is_live=true",
    "registry.model_name=other",
]


@pytest.mark.parametrize("override", ELSEWHERE)
def test_where_things_lie_does_not_change_the_study_s_hash(file: Path, override: str) -> None:
    assert load_study(file, [override]).fingerprint() == load_study(file).fingerprint()


def test_the_engine_does_not_change_the_study_s_hash(file: Path) -> None:
    elsewhere = load_study(file, ["source={engine: postgres, omop_schema: cdm, scratch_schema: mine}"])
    assert elsewhere.fingerprint() == load_study(file).fingerprint()


@pytest.mark.parametrize("override", BEARING)
def test_what_bears_on_the_result_changes_the_study_s_hash(file: Path, override: str) -> None:
    assert load_study(file, [override]).fingerprint() != load_study(file).fingerprint()


def test_every_setting_is_known_to_bear_on_the_result_or_not_to(file: Path) -> None:
    # a new setting that says where something lies must be left out of the hash, by name
    places = {
        path
        for path, field in walk(Study)
        if "Path" in str(field.annotation) or path.endswith(("threads", "_uri", "schema"))
    }
    content = {
        "cohort.heart_failure.concept_set",
        "quality.catchment",
        "inequality.census",
        "inequality.standard",
        *[p for p in places if p.startswith("source.maps.")],
    }
    assert places - content <= {
        "folders.reports", "folders.models", "source.path", "source.omop_schema", "source.scratch_schema", "source.threads",
        "model.threads", "assessment.threads", "designs.threads", "registry.tracking_uri", "registry.registry_uri",
    }  # fmt: skip


@pytest.mark.parametrize(
    "where",
    [
        "source.maps.ethnicity",
        "cohort.heart_failure.concept_set",
        "source.maps.trust",
        "quality.catchment",
        "inequality.census",
    ],
)
def test_what_a_list_holds_counts_and_where_it_lies_does_not(file: Path, tmp_path: Path, where: str) -> None:
    overrides = ["cohort.heart_failure.preset=concept_set"] if "concept_set" in where else []
    hashes = []
    for name, text in (("a", "one"), ("b", "one"), ("c", "other")):
        (tmp_path / name).write_text(text)
        hashes.append(load_study(file, [*overrides, f"{where}={tmp_path / name}"]).fingerprint())
    assert hashes[0] == hashes[1] != hashes[2]
