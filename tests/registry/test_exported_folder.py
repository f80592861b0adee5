"""The exported model folder: complete, readable, replaced whole, refused when changed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pytest

import hfrisk.registry.bundle as bundle_room
from hfrisk.errors import DataError, StudyError
from hfrisk.registry import load_bundle, write_bundle
from tests.registry.registry_examples import NAMES, expected_risk, people, release_example

FILES = {
    "MLmodel",
    "calibration.json",
    "conda.yaml",
    "consumer.py",
    "contract.json",
    "feature_dictionary.json",
    "hashes.json",
    "metrics.json",
    "model.txt",
    "python_env.yaml",
    "requirements.txt",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "models" / "demo"
    write_bundle(release_example(), place)
    return place


def test_the_folder_holds_the_model_as_text_and_nothing_pickled(folder: Path) -> None:
    assert {p.name for p in folder.iterdir()} == FILES
    for path in folder.iterdir():
        path.read_text(encoding="utf-8")
    description = (folder / "MLmodel").read_text()
    assert "model_code_path: consumer.py" in description
    assert not re.search("pickle|python_model|input_example|pkl", description)


def test_the_folder_names_no_path_no_host_and_no_moment(folder: Path) -> None:
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert str(folder.parent) not in text, path.name
        assert not re.search(r"file:/|sqlite:|https?://|utc_time_created", text), path.name


def test_the_same_release_gives_the_same_files_and_the_same_fingerprint(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "elsewhere" / "demo"
    assert write_bundle(release_example(), again) == json.loads((folder / "hashes.json").read_text())["bundle"]
    for path in folder.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_requirements_are_the_four_libraries_with_their_versions(folder: Path) -> None:
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert [line.split("==")[0] for line in lines] == ["mlflow", "lightgbm", "pandas", "numpy"]
    assert f"lightgbm=={lgb.__version__}" in lines


def test_the_consumers_script_imports_nothing_of_ours() -> None:
    source = (Path(bundle_room.__file__).parent / "consumer.py").read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"mlflow", "lightgbm", "pandas", "numpy"}


def test_plain_lightgbm_reads_the_text(folder: Path) -> None:
    table = people()
    plain = np.asarray(lgb.Booster(model_file=str(folder / "model.txt")).predict(table))
    calibration = json.loads((folder / "calibration.json").read_text())
    log_odds = calibration["intercept"] + calibration["slope"] * np.log(plain / (1 - plain))
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), expected_risk(table), rtol=0, atol=1e-9)


def test_a_second_write_replaces_the_folder_as_a_whole(folder: Path) -> None:
    (folder / "left_over.txt").write_text("from another time")
    write_bundle(release_example("isotonic"), folder)
    assert {p.name for p in folder.iterdir()} == FILES
    assert json.loads((folder / "calibration.json").read_text())["method"] == "isotonic"
    assert [p.name for p in folder.parent.iterdir() if p.name != ".publish.lock"] == ["demo"]


def test_an_interrupted_write_leaves_the_earlier_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    written = Path.write_bytes

    def interrupted(path: Path, content: bytes) -> int:
        if path.name == "contract.json":
            raise KeyboardInterrupt
        return written(path, content)

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_bundle(release_example("isotonic"), folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_stopped_between_taking_the_earlier_model_away_and_placing_the_new_one(folder: Path) -> None:
    folder.rename(folder.parent / ".demo.earlier")
    shutil.copytree(folder.parent / ".demo.earlier", folder.parent / ".demo.new-1")
    assert load_bundle(folder).contract["name"] == "hf-readmission-30d"
    write_bundle(release_example("none"), folder)
    assert [p.name for p in folder.parent.iterdir() if p.name != ".publish.lock"] == ["demo"]
    assert json.loads((folder / "calibration.json").read_text())["method"] == "none"


def test_a_folder_that_is_not_a_model_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "models" / "demo"
    place.mkdir(parents=True)
    (place / "thesis.docx").write_text("years of work")
    with pytest.raises(StudyError, match="not a model bundle"):
        write_bundle(release_example(), place)
    assert (place / "thesis.docx").read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(StudyError, match="cannot be written") as caught:
        write_bundle(release_example(), tmp_path / "models" / "demo")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["artifacts", "mlflow.db"])
def test_a_study_may_not_take_the_place_of_mlflows_own_files(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="MLflow keeps its own files there"):
        write_bundle(release_example(), tmp_path / name)


def test_the_exported_model_scores_as_inside_the_run_after_being_moved(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "a stick" / "modèle"
    moved.parent.mkdir()
    shutil.move(folder, moved)
    table = people()
    scored = load_bundle(moved).predict(table)
    np.testing.assert_allclose(scored["risk"], expected_risk(table), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", sorted(FILES - {"hashes.json"}))
def test_a_changed_file_is_refused_by_name(folder: Path, name: str) -> None:
    with (folder / name).open("a") as stream:
        stream.write(" ")
    with pytest.raises(DataError, match=re.escape(name)) as caught:
        load_bundle(folder)
    assert caught.value.exit_code == 3


def test_an_absent_file_is_refused_by_name(folder: Path) -> None:
    (folder / "model.txt").unlink()
    with pytest.raises(DataError, match=r"model\.txt is not there"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"files": []}',
        '{"files": {"../../etc/passwd": "0"}}',
        '{"files": {"model.txt": 3}}',
        "[" * 90000,
    ],
)
def test_hashes_that_are_not_hashes_are_refused(folder: Path, content: str) -> None:
    (folder / "hashes.json").write_text(content)
    with pytest.raises(DataError, match="not a complete model"):
        load_bundle(folder)


def test_no_folder_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"hashes\.json is not there"):
        load_bundle(tmp_path / "nowhere")


def test_mlflow_itself_refuses_a_changed_model(folder: Path) -> None:
    import mlflow.pyfunc

    calibration = (folder / "calibration.json").read_text()
    (folder / "calibration.json").write_text(calibration.replace("0.87", "0.97"))
    with pytest.raises(Exception, match=r"calibration\.json is not the file that was released"):
        mlflow.pyfunc.load_model(str(folder))


def test_inside_a_table_that_does_not_fit_is_an_error_about_data(folder: Path) -> None:
    with pytest.raises(DataError, match=f"missing from the input: {NAMES[0]}"):
        load_bundle(folder).predict(people().drop(columns=NAMES[0]))


def test_a_published_folder_is_the_exported_one(published: SimpleNamespace) -> None:
    assert load_bundle(published.folder).fingerprint == published.result.fingerprint
