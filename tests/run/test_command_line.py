"""What a person at the terminal meets: results on standard output, the rest on standard error, and errors without a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.run import Finished
from tests import omop_text
from tests.run.conftest import Place

HFRISK = str(Path(sys.executable).with_name("hfrisk"))
NUMBER_OF_NHS = "943 476 5919"


def hfrisk(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HFRISK, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=600, check=False
    )


def told(result: subprocess.CompletedProcess[str], code: int) -> str:
    """The error's words, once it is sure that they are an error of the right kind and no traceback."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert NUMBER_OF_NHS not in result.stderr
    assert re.search(r"where: \S", result.stderr), result.stderr
    assert re.search(r"what to do: \S", result.stderr), result.stderr
    return result.stderr


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    result = hfrisk("--help")
    for command in (
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
        "explain",
        "demo",
    ):
        assert command in result.stdout
    heavy = ("pandas", "numpy", "ibis", "lightgbm", "mlflow", "sklearn", "pydantic")
    code = f"import sys, hfrisk.cli; print([name for name in {heavy} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_study_that_init_wrote_can_be_used_at_once(region: Path, tmp_path: Path) -> None:
    assert hfrisk("init", "new/study.yaml", "--source", region, cwd=tmp_path).returncode == 0
    assert (tmp_path / "new" / "study.schema.json").is_file()
    result = hfrisk("cohort", "new/study.yaml", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["index_discharges"] == 3_000
    assert "there already" in told(hfrisk("init", "new/study.yaml", cwd=tmp_path), 2)


def test_cohort_as_json_is_all_that_stands_on_standard_output(elsewhere: Place) -> None:
    result = hfrisk("cohort", elsewhere.file(), "--json")
    found = json.loads(result.stdout)
    assert set(found) >= {"index_discharges", "persons", "events", "states", "attrition", "strategies", "checks"}
    assert set(found["states"]) == {"readmitted", "died", "none", "censored"}
    assert set(found["attrition"][0]) >= {"rule", "admissions", "persons", "events", "excluded", "excluded_only_here"}
    truth = pd.read_parquet(elsewhere.region / "truth.parquet")
    assert found["states"]["readmitted"] == (truth["state"] == "readmitted").sum()
    assert "Finding the index discharges" in result.stderr


def test_words_for_people_and_json_for_programs(elsewhere: Place) -> None:
    study = elsewhere.file()
    words = hfrisk("cohort", study, "--quiet")
    assert (words.returncode, words.stderr) == (0, "")
    assert "Unplanned admission" in words.stdout
    dictionary = json.loads(hfrisk("features", study, "--json").stdout)
    assert {"name", "words", "unit", "window", "sources", "missing"} <= set(dictionary["features"][0])
    assert "missing" in hfrisk("features", study).stdout
    found = json.loads(hfrisk("check", study, "--json").stdout)
    assert {"code", "severity", "finding", "consequence", "todo"} <= set(found["checks"][0])


def test_run_prints_where_the_report_and_the_model_are(done: tuple[Place, Finished]) -> None:
    place, _ = done
    result = hfrisk("run", place.file())
    assert "nothing was done" in result.stderr
    assert "export MLFLOW_TRACKING_URI=sqlite:" in result.stdout
    assert (
        json.loads(hfrisk("run", place.file(), "--json").stdout)["model"]["model_uri"]
        == "models:/hf-readmission-30d@candidate"
    )


def test_no_such_study_no_such_source_no_such_setting(tmp_path: Path, elsewhere: Place) -> None:
    assert "no study file" in told(hfrisk("run", tmp_path / "no.yaml"), 2)
    study = elsewhere.file()
    assert "no file or folder" in told(hfrisk("run", study, "--set", "source.path=nowhere"), 2)
    assert "Did you mean window" in told(hfrisk("run", study, "--set", "cohort.windw=0-29"), 2)
    assert "validation.test_from" in told(hfrisk("run", study, "--set", "validation.test_from=2019-02-30"), 2)
    assert hfrisk("bogus").returncode == 2


def test_an_empty_folder_and_a_missing_table_are_faults_of_the_data(tmp_path: Path, elsewhere: Place) -> None:
    study = elsewhere.file()
    (tmp_path / "empty").mkdir()
    assert "No OMOP table" in told(hfrisk("check", study, "--set", f"source.path={tmp_path / 'empty'}"), 3)
    omop_text.write(tmp_path / "omop")
    (tmp_path / "omop" / "person.csv").unlink()
    assert "person" in told(hfrisk("run", study, "--set", f"source.path={tmp_path / 'omop'}"), 3)


def test_tables_without_rows_are_a_fault_of_the_data(tmp_path: Path, elsewhere: Place) -> None:
    source = omop_text.write(tmp_path / "omop")
    assert "No inpatient stay" in told(hfrisk("run", elsewhere.file(), "--set", f"source.path={source}"), 3)


def test_no_index_discharge_shows_the_visits_by_concept(synthea: Path, elsewhere: Place) -> None:
    words = told(
        hfrisk(
            "run", elsewhere.file(), "--set", f"source.path={synthea}", "--set", "cohort.heart_failure.position=any"
        ),
        3,
    )
    assert "9202" in words
    assert "cohort.inpatient_visit_concepts" in words


def test_an_unwritable_output_folder_is_told(tmp_path: Path, elsewhere: Place) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert "cannot be written" in told(
        hfrisk("run", elsewhere.file(), "--set", f"folders.reports={tmp_path / 'file'}"), 2
    )


def test_too_little_to_learn_from_is_refused_with_the_number_needed(elsewhere: Place) -> None:
    words = told(hfrisk("run", elsewhere.file(), "--set", "model.minimum_events=5000"), 3)
    assert "5,000" in words or "5000" in words


def test_one_class_only_is_refused(elsewhere: Place, tmp_path: Path) -> None:
    import shutil

    source = tmp_path / "nobody-comes-back"
    shutil.copytree(elsewhere.region, source)
    visits = pd.read_parquet(source / "visit_occurrence.parquet")
    conditions = pd.read_parquet(source / "condition_occurrence.parquet")
    truth = pd.read_parquet(source / "truth.parquet")
    alone = truth.drop_duplicates("person_id", keep=False).query("state == 'none'")
    visits[visits["visit_occurrence_id"].isin(alone["index_id"])].to_parquet(source / "visit_occurrence.parquet")
    conditions[conditions["visit_occurrence_id"].isin(alone["index_id"])].to_parquet(
        source / "condition_occurrence.parquet"
    )
    overrides = ["--set", f"source.path={source}", "--set", "cohort.require_unplanned_index=false"]
    assert "event" in told(hfrisk("run", elsewhere.file(), *overrides), 3)


def test_a_cut_csv_is_told_without_a_value(elsewhere: Place, tmp_path: Path) -> None:
    source = omop_text.write(tmp_path / "omop")
    rows = "\n".join(f"{i},10,9201,2024-01-01,2024-01-02,{NUMBER_OF_NHS}" for i in range(50))
    text = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_source_value\n" + rows
    (source / "visit_occurrence.csv").write_text(text.rsplit(",", 3)[0])
    assert "cut short" in told(hfrisk("run", elsewhere.file(), "--set", f"source.path={source}"), 3)


def test_an_interrupted_run_goes_on_where_it_was_and_ends_the_same(
    done: tuple[Place, Finished], elsewhere: Place
) -> None:
    """Interrupted once while it tunes (Ctrl-C), killed once later: the numbers are those of an undisturbed run."""
    place, _ = done
    study = elsewhere.file()
    expected = json.loads((place.study().folder / "metrics.json").read_text())["performance"]
    stopped = _interrupt(study, signal.SIGINT, once=elsewhere.study().folder / "internal" / "tuning.db", after=0.5)
    assert stopped.returncode == 130
    assert "the same command goes on" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    _interrupt(study, signal.SIGKILL, once=elsewhere.study().folder / "internal" / "tuning.db", after=1.5)
    ended = hfrisk("report", study)
    assert ended.returncode == 0, ended.stderr
    found = json.loads((elsewhere.study().folder / "metrics.json").read_text())["performance"]
    assert [row for row, wanted in zip(found, expected, strict=True) if row != wanted] == []


def _interrupt(study: Path, how: signal.Signals, *, once: Path, after: float) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        [HFRISK, "report", str(study)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_at_a_terminal,
    )
    deadline = time.monotonic() + 120
    while not once.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(after)
    os.kill(process.pid, how)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _as_at_a_terminal() -> None:
    # a shell that runs the tests in the background lets its children ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_two_runs_in_one_folder_do_not_harm_each_other(elsewhere: Place) -> None:
    study = elsewhere.file(
        model={"trials": 2, "max_rounds": 30}, assessment={"replicates": 100, "redraws": 50, "permutations": 99}
    )
    both = [subprocess.Popen([HFRISK, "report", str(study)], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=600)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert any("Another run is at work" in words for words in said)


def test_a_fault_of_ours_goes_to_the_internal_log_and_not_to_the_terminal(
    elsewhere: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import hfrisk.workshop
    from hfrisk.cli import main

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"row of patient {NUMBER_OF_NHS}")

    study = elsewhere.file()
    monkeypatch.setattr(hfrisk.workshop, "build_cohort", broken)
    monkeypatch.setattr(sys, "argv", ["hfrisk", "cohort", str(study), "--quiet"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    words = capsys.readouterr().err
    assert "RuntimeError" in words
    assert NUMBER_OF_NHS not in words
    assert NUMBER_OF_NHS in (elsewhere.study().folder / "internal" / "error.log").read_text()


def test_a_study_is_named_after_its_file_and_a_bad_name_is_refused_at_once(tmp_path: Path) -> None:
    assert hfrisk("init", "Leeds HF 2024.yaml", cwd=tmp_path).returncode == 0
    assert "name: leeds-hf-2024" in (tmp_path / "Leeds HF 2024.yaml").read_text()
    assert "cannot be the name" in told(hfrisk("init", "other.yaml", "--name", "Leeds HF", cwd=tmp_path), 2)


def test_a_numbered_check_is_explained_and_an_unknown_one_is_refused() -> None:
    told = hfrisk("explain", "hfr101")
    assert told.returncode == 0
    assert told.stdout.startswith("HFR101 Better than this outcome allows")
    assert "How it is worked out" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 80
    assert "HFR045" in hfrisk("explain", "HFR045").stdout
    unknown = hfrisk("explain", "HFR999")
    assert unknown.returncode == 2
    assert "no check HFR999" in unknown.stderr


def test_scoring_before_any_run_says_to_run_first(elsewhere: Place) -> None:
    assert "hfrisk run" in told(hfrisk("score", elsewhere.file()), 2)


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert "cannot be made" in told(hfrisk("synthesise", tmp_path / "file" / "x", "--index-discharges", "20"), 2)


def test_the_verdict_is_said_at_the_terminal_and_kept_with_the_version(done: tuple[Place, Finished]) -> None:
    from mlflow import MlflowClient

    place, finished = done
    verdict = finished.summary["verdict"]
    assert verdict in {"Fit for silent testing", "Needs recalibration before use", "Do not use"}
    assert f"Verdict: {verdict}" in hfrisk("run", place.file()).stdout
    client = MlflowClient(tracking_uri=finished.summary["model"]["tracking_uri"])
    version = client.get_model_version_by_alias("hf-readmission-30d", "candidate")
    assert version.tags["hfrisk.verdict"] == verdict
