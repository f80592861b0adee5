"""The study file is strict, explained, and overridable; paths count from where they were written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from hfrisk.errors import StudyError
from hfrisk.study import Study, load_study, walk
from hfrisk.template import schema_text
from tests.study.example import MINIMAL, refused

ROOT = Path(__file__).resolve().parents[2]


def test_paths_in_the_file_count_from_the_file(file: Path) -> None:
    study = load_study(file)
    assert study.source.path == file.parent / "data/omop"
    assert study.folder == file.parent / "reports" / "mine"


def test_paths_given_with_set_count_from_the_working_directory(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_study(file, ["source.path=elsewhere"]).source.path == tmp_path / "elsewhere"
    assert load_study(file, ["folders.reports=out"]).folder == tmp_path / "out" / "mine"


def test_any_setting_can_be_overridden(file: Path) -> None:
    study = load_study(
        file,
        [
            "cohort.window=1-30",
            "cohort.heart_failure.position=any",
            "model.trials=7",
            "validation.test_from=2020-01-01",
        ],
    )
    assert (study.cohort.window, study.cohort.heart_failure.position, study.model.trials) == ("1-30", "any", 7)
    assert str(study.validation.test_from) == "2020-01-01"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINIMAL + "cohort:\n  windw: 0-29\n", "Did you mean window?"),
        (MINIMAL + "trials: 3\n", "Did you mean model.trials?"),
        (MINIMAL + "sauce: {}\n", "Did you mean source?"),
        (MINIMAL + "cohort:\n  window: 0-28\n", "cohort.window"),
        (MINIMAL + "validation:\n  test_from: 2020-13-45\n", "validation.test_from"),
        (MINIMAL + "source:\n  path: other\n", "given twice"),
        ("name: Mine!\nsource:\n  path: x\n", "lower-case letters"),
        ("name: mine\n", "source is required"),
        ("name: mine\nsource:\n  path: [1\n", "cannot be understood"),
        ("", "empty"),
        ("- a\n- b\n", "not a list of settings"),
        (MINIMAL + "cohort:\n  heart_failure:\n    preset: icd9_428\n", "editions share shapes but not codes"),
        ("name: mine\nsource: !!python/object/apply:os.system ['true']\n", "cannot be understood"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(file: Path, text: str, says: str) -> None:
    told = refused(file, text)
    assert says in told
    assert "what to do" in told


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("cohort.windw=0-29", "Did you mean window?"),
        ("cohort.window", "a.b=c"),
        ("name.x=1", "has no parts"),
        ("model.trials=many", "model.trials"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_too(file: Path, override: str, says: str) -> None:
    assert says in refused(file, MINIMAL, override)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="hfrisk init"):
        load_study(tmp_path / "nothing.yaml")


def test_every_setting_is_described() -> None:
    bare = [path for path, field in walk(Study) if not (field.description or "").strip()]
    assert bare == []


@pytest.mark.parametrize("name", ["demo", "desynpuf"])
def test_the_committed_studies_load_and_fit_the_schema(name: str) -> None:
    path = ROOT / "configs" / f"{name}.yaml"
    assert load_study(path).name == name
    content = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    jsonschema.validate(content, json.loads(schema_text()))


def test_the_command_line_stays_quick_to_start() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import hfrisk.cli, sys; print(*[m for m in ('ibis', 'pandas', 'pydantic') if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.split() == []
