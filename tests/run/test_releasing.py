"""From a finished run to the folder for the airlock; and a model that may not leave."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hfrisk.cli import app
from hfrisk.codelists import read_yaml
from hfrisk.egress import Egress
from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.releasing import released_folder
from hfrisk.run import Finished, run_study
from tests.run.conftest import Place

Done = tuple[Place, Finished]
ANSWER = {"check": "HFR144", "reason": "The airlock agreed to a model of this size", "by": "A. Name, data manager"}


@pytest.fixture(scope="module")
def copied(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The whole job, in a folder that these tests may spoil."""
    place, _ = done
    folder = tmp_path_factory.mktemp("released")
    shutil.copytree(place.folder, folder, dirs_exist_ok=True)
    return Place(place.region, folder)


def release(place: Place, *, without_model: bool = False, **settings: Any) -> Egress:
    return released_folder(place.study(**settings), Quiet(), without_model=without_model)


def test_the_demo_of_this_folder_leaves_with_its_model_and_acro_reads_it(copied: Place) -> None:
    made = release(copied)
    names = {path.name for path in made.folder.iterdir()}
    assert {"report.html", "metrics.json", "run.json", "model.txt", "contract.json", "five_safes.html", "manifest.json",
            "results.json", "figure_flow.png", "table_performance.csv", "table_model_egress.csv"} <= names  # fmt: skip
    assert {path.suffix for path in made.folder.iterdir() if path.is_file()} == {
        ".html",
        ".json",
        ".csv",
        ".png",
        ".txt",
    }
    assert [path.name for path in made.folder.glob("*.txt")] == ["model.txt"]
    records = pytest.importorskip("acro.record").load_records(str(made.folder))
    assert set(records.get_keys()) == names - {"results.json", "checksums"}
    counts = [file["behind"]["smallest_count_shown"] for file in made.files]
    assert min(count for count in counts if count is not None) >= 10
    assert release(copied).unchanged


def test_a_file_that_is_not_of_the_run_stops_the_release(copied: Place) -> None:
    folder = copied.study().folder
    for stray in ("predictions.parquet", "figures/patients.png", "tables/rows.csv"):
        shutil.copyfile(folder / "internal" / "predictions.parquet", folder / stray)
        with pytest.raises(StudyError, match=f"{stray} is not of the run"):
            release(copied)
        (folder / stray).unlink()


def test_a_result_that_was_changed_stops_the_release(copied: Place) -> None:
    study = copied.study()
    for path in (study.folder / "tables" / "flow.csv", study.model_folder / "model.txt"):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        with pytest.raises(StudyError, match="changed after the run"):
            release(copied)
        path.write_bytes(before)


def test_a_study_that_was_changed_or_not_run_to_its_end_is_not_released(copied: Place, elsewhere: Place) -> None:
    with pytest.raises(StudyError, match="The study has changed since it was run"):
        release(copied, cohort={"minimum_age": 50})
    with pytest.raises(StudyError, match="no finished run"):
        release(elsewhere)
    last = copied.study().folder / "internal" / "last_run.json"
    aside = last.rename(last.with_suffix(".aside"))
    with pytest.raises(StudyError, match="no finished run"):
        release(copied)
    aside.rename(last)


def test_the_command_prints_words_or_json(copied: Place) -> None:
    file = copied.file()
    said = CliRunner().invoke(app, ["release", str(file), "--quiet"])
    assert said.exit_code == 0
    assert "two output checkers read five_safes.html" in " ".join(said.stdout.split())
    found = json.loads(CliRunner().invoke(app, ["release", str(file), "--quiet", "--json"]).stdout)
    assert Path(found["folder"]).name == "egress"
    assert {"name", "what", "kind", "sha256", "bytes", "policy", "behind"} == set(found["files"][0])


def test_a_model_that_fails_has_its_report_and_is_not_registered_until_somebody_answers(
    copied: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(copied.study().folder / "egress", ignore_errors=True)
    versions = sorted(path.name for path in (copied.study().model_folder).iterdir())
    monkeypatch.setitem(read_yaml("model_egress.yaml")["degrees_of_freedom"], "limit", 10**6)
    stricter: dict[str, Any] = {"significant_figures": 2}
    failed = run_study(copied.study(disclosure=stricter))
    assert failed.summary["model"] == {}
    assert [row["code"] for row in failed.summary["not_exported"]] == ["HFR144"]
    report = failed.report.read_text(encoding="utf-8")
    assert "It is therefore neither exported nor registered." in report
    assert sorted(path.name for path in (copied.study().model_folder).iterdir()) == versions
    with pytest.raises(StudyError, match="The model may not leave: it failed HFR144") as refused:
        release(copied, disclosure=stricter)
    assert "disclosure.exceptions" in refused.value.todo
    rest = release(copied, without_model=True, disclosure=stricter)
    assert not (rest.folder / "model.txt").exists()

    answered: dict[str, Any] = {**stricter, "exceptions": [ANSWER]}
    waived = run_study(copied.study(disclosure=answered))
    assert waived.summary["model"]["version"]
    assert waived.summary["not_exported"] == []
    folder = copied.study().folder
    for name in ("report.html", "model_card.md", "manifest.json"):
        assert ANSWER["reason"] in (folder / name).read_text(encoding="utf-8"), name
    made = release(copied, disclosure=answered)
    assert ANSWER["reason"] in (made.folder / "five_safes.html").read_text(encoding="utf-8")
    assert json.loads((made.folder / "manifest.json").read_text())["exceptions"] == [ANSWER]
    assert json.loads((made.folder / "results.json").read_text())["results"]["model.txt"]["status"] == "fail"
