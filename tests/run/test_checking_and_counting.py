"""`hfrisk check` and `hfrisk cohort`: made-up patients before data, errors that stop a run, counts in any order."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.run.conftest import Place
from tests.run.test_command_line import hfrisk, told

TRANSFER = {
    "name": "A transfer to another trust is one stay",
    "visits": "visit person concept start end from to\n"
    "1 1 262 2020-01-01 2020-01-05 - 51\n2 1 9201 2020-01-05 2020-01-09 51 19\n3 1 262 2020-01-20 2020-01-22 - 19",
    "heart_failure": "1",
    "expect": "1 readmitted 11",
}


def test_made_up_patients_are_tried_first_and_hold(elsewhere: Place) -> None:
    result = hfrisk("check", elsewhere.file(assurances=[TRANSFER]))
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Assurances: 1 of 1 hold.")
    said = result.stderr
    assert said.index("made-up patients") < said.index("Opening the source")


def test_an_assurance_that_does_not_hold_stops_before_any_data_is_read(elsewhere: Place) -> None:
    study = elsewhere.file(assurances=[TRANSFER, {**TRANSFER, "name": "It is two", "expect": "1 none -"}])
    result = hfrisk("check", study)
    assert result.returncode == 2
    assert "Assurances: 1 of 2 hold." in result.stdout
    assert "does not hold: It is two" in result.stdout
    assert "expected:\n      1 none -\n    found:\n      1 readmitted 11" in result.stdout
    assert "Opening the source" not in result.stderr
    found = json.loads(hfrisk("check", study, "--json", "--quiet").stdout)
    assert [outcome["passed"] for outcome in found["assurances"]] == [True, False]
    assert found["tables"] == found["checks"] == []


def test_check_says_what_such_data_can_never_tell_and_lists_the_gravest_first(elsewhere: Place) -> None:
    found = json.loads(hfrisk("check", elsewhere.file(), "--json", "--quiet").stdout)
    assert found["profile"] == "omop54"
    assert any("admission method" in sentence for sentence in found["cannot_know"])
    order = [{"error": 0, "warning": 1, "note": 2}[row["severity"]] for row in found["checks"]]
    assert order == sorted(order)
    assert found["data_start"] < found["data_end"]
    words = hfrisk("check", elsewhere.file(), "--quiet").stdout
    assert "What data of the profile omop54 cannot tell:" in words
    assert max(map(len, words.splitlines())) <= 80


@pytest.fixture(scope="module")
def without_diagnoses(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The region after a join that lost the diagnoses of two stays in three."""
    source = tmp_path_factory.mktemp("lost") / "omop"
    shutil.copytree(region, source)
    path = source / "condition_occurrence.parquet"
    rows = pd.read_parquet(path)
    visits = rows["visit_occurrence_id"].fillna(0).astype("int64")
    rows[visits % 3 == 0].to_parquet(path)
    return source


def test_a_failed_check_of_the_data_has_an_exit_code_of_its_own(elsewhere: Place, without_diagnoses: Path) -> None:
    result = hfrisk("check", elsewhere.file(), "--set", f"source.path={without_diagnoses}", "--quiet")
    assert result.returncode == 3
    assert result.stdout.startswith("HFR041 error:")


def test_a_failed_check_of_the_data_stops_the_run_and_leaves_no_report(
    elsewhere: Place, without_diagnoses: Path
) -> None:
    study = elsewhere.file(model="none")
    words = told(hfrisk("run", study, "--set", f"source.path={without_diagnoses}"), 3)
    assert "The data failed a check (HFR041)" in words
    assert not (elsewhere.study(model="none").folder / "report.html").exists()


def test_the_flow_the_days_and_the_evidence_fit_a_terminal(elsewhere: Place) -> None:
    words = hfrisk("cohort", elsewhere.file(), "--quiet").stdout
    assert max(map(len, words.splitlines())) <= 80
    lines = words.splitlines()
    assert lines[0].split() == ["left", "after", "the", "rule", "admissions", "people", "events", "only", "here"]
    for day in (6, 13, 29):
        assert any(line.startswith(f"day {day} ") for line in lines)
    assert any(line.startswith("Unplanned told by: ae_segment") for line in lines)
    assert any("The scoring-time rule picks out" in line for line in lines)


def test_the_rules_can_be_applied_in_any_order(elsewhere: Place) -> None:
    study = elsewhere.file()
    usual = json.loads(hfrisk("cohort", study, "--json", "--quiet").stdout)["attrition"]
    names = [row["rule"] for row in usual]
    other = [names[0], *reversed(names[1:])]
    turned = json.loads(hfrisk("cohort", study, "--order", ", ".join(other), "--json", "--quiet").stdout)["attrition"]
    assert [row["rule"] for row in turned] == other
    for column in ("admissions", "persons", "events"):
        assert turned[-1][column] == usual[-1][column]
    alone = {row["rule"]: row["excluded_only_here"] for row in usual}
    assert {row["rule"]: row["excluded_only_here"] for row in turned} == alone
    assert "names" not in told(hfrisk("cohort", study, "--order", "adult,unplanned"), 2).split("where")[1]


def test_definitions_side_by_side(elsewhere: Place) -> None:
    study = elsewhere.file(sensitivity={"every admission an emergency": {"unplanned": "assume_unplanned"}})
    found = json.loads(hfrisk("cohort", study, "--sensitivity", "--json", "--quiet").stdout)["definitions"]
    assert [row["name"] for row in found] == ["as defined", "every admission an emergency"]
    assert found[0]["index_discharges"] == 3_000
    assert found[1]["events"] > found[0]["events"]
    words = hfrisk("cohort", study, "--sensitivity", "--quiet").stdout
    assert max(map(len, words.splitlines())) <= 80
    assert words.splitlines()[0].split() == ["definition", "discharges", "people", "events", "rate", "back", "died"]
    assert "no other definition" in hfrisk("cohort", elsewhere.file(), "--sensitivity", "--quiet").stdout
    assert "one of the two" in told(hfrisk("cohort", study, "--sensitivity", "--order", "adult"), 2)


def test_a_region_with_a_planted_defect_says_what_was_planted(tmp_path: Path) -> None:
    made = hfrisk(
        "synthesise",
        tmp_path / "region",
        "--index-discharges",
        60,
        "--background",
        1,
        "--defect",
        "hb_g_per_dl=0.5",
        "--json",
        "--quiet",
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["defects"]["hb_g_per_dl"] > 0
    wrong = hfrisk("synthesise", tmp_path / "other", "--index-discharges", 60, "--defect", "hb_g_per_dl=3")
    assert "from 0 to 1" in told(wrong, 2)
    assert not (tmp_path / "other").exists()


def test_init_writes_the_site_maps_that_a_profile_needs(tmp_path: Path) -> None:
    made = hfrisk("init", "study.yaml", "--profile", "lsc_lth", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "study.yaml").read_text()
    assert "profile: lsc_lth" in text
    for line in text.splitlines():
        if "maps/" in line and not line.lstrip().startswith("#"):
            assert (tmp_path / line.split(":")[1].strip()).is_file()
    assert "Known: " in told(hfrisk("init", "other.yaml", "--profile", "lancashire", cwd=tmp_path), 2)


def test_no_help_is_cut_off(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    program = str(Path(sys.executable).with_name("hfrisk"))
    narrow = os.environ | {"COLUMNS": "80"}
    commands = [
        "init",
        "synthesise",
        "check",
        "cohort",
        "features",
        "tune",
        "run",
        "report",
        "score",
        "recalibrate",
        "demo",
    ]
    for command in ("", *commands):
        arguments = [program, *([command] if command else []), "--help"]
        text = subprocess.run(arguments, capture_output=True, text=True, check=True, env=narrow).stdout
        assert "..." not in text.replace("[ARGS]...", "").replace("RULE,RULE,...", ""), command
        assert max(map(len, text.splitlines())) <= 80, command
