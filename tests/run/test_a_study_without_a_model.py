"""`model: none` is a complete run: a report on who, how many and what became of them, and nothing registered."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.run import Finished, run_study
from hfrisk.scoring import scored
from tests.run.conftest import Place

Described = tuple[Place, Finished]
NO_MODEL: dict[str, Any] = {
    "model": "none",
    "sensitivity": {
        "without readmissions on day 0": {"count_zero_day_readmissions": False},
        "every admission an emergency": {"unplanned": "assume_unplanned"},
    },
}


@pytest.fixture(scope="module")
def described(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Described:
    """The whole job without a model, once."""
    place = Place(region, tmp_path_factory.mktemp("described"))
    # What a study with a model left in the same folder before.
    left = place.study(**NO_MODEL).folder
    (left / "internal").mkdir(parents=True)
    (left / "model_card.md").write_text("an earlier model")
    (left / "internal" / "predictions.parquet").write_bytes(b"an earlier model")
    return place, run_study(place.study(**NO_MODEL))


def metrics_of(described: Described) -> dict[str, Any]:
    place, _ = described
    found: dict[str, Any] = json.loads((place.study(**NO_MODEL).folder / "metrics.json").read_text())
    return found


def test_what_a_run_without_a_model_leaves(described: Described) -> None:
    place, finished = described
    study = place.study(**NO_MODEL)
    for name in ("report.html", "metrics.json", "manifest.json", "figures/incidence.png", "tables/incidence.csv"):
        assert (study.folder / name).stat().st_size > 0, name
    assert finished.summary["model"] == {}
    assert not study.model_folder.exists()
    assert not (study.folders.models / "mlflow.db").exists()


def test_nothing_of_an_earlier_model_stays_beside_the_report(described: Described) -> None:
    place, _ = described
    folder = place.study(**NO_MODEL).folder
    assert not (folder / "model_card.md").exists()
    assert not (folder / "internal" / "predictions.parquet").exists()


def test_the_curve_ends_in_the_truth(described: Described) -> None:
    place, _ = described
    truth = pd.read_parquet(place.region / "truth.parquet")
    curve = pd.DataFrame(metrics_of(described)["tables"]["incidence"])
    for state in ("readmitted", "died"):
        last = curve[curve["state"] == state].iloc[-1]
        assert last["day"] == 29
        assert abs(last["events"] - (truth["state"] == state).sum()) <= 2, "rounded to five"


def test_every_chapter_of_a_description_is_in_the_report(described: Described) -> None:
    place, finished = described
    html = (place.study(**NO_MODEL).folder / "report.html").read_text(encoding="utf-8")
    for chapter in (
        "flow",
        "table-1",
        "day-by-day",
        "outcomes",
        "over-time",
        "other-definitions",
        "data-quality",
        "definitions",
    ):
        assert f'<section class="chapter" id="{chapter}">' in html
    assert 'id="discrimination"' not in html
    assert finished.summary["verdict"] in html


def test_the_warnings_of_the_data_reach_page_one_and_the_verdict(described: Described) -> None:
    _, finished = described
    warned = {check["code"] for check in finished.summary["checks"] if check["severity"] == "warning"}
    assert warned
    assert finished.summary["verdict"] == "These figures can be used with care"
    statements = pd.read_csv(described[0].study(**NO_MODEL).folder / "tables" / "statements.csv")
    reasons = " ".join(statements.loc[statements["where"] == "verdict", "words"])
    assert any(code in reasons for code in warned)


def test_the_other_definitions_stand_beside_the_study_s_own(described: Described) -> None:
    rows = pd.DataFrame(metrics_of(described)["tables"]["sensitivity"]).set_index("name")
    assert rows.index.tolist() == ["as defined", *NO_MODEL["sensitivity"]]
    cohort = metrics_of(described)["cohort"]
    assert rows.loc["as defined", "events"] == cohort["events"]
    assert rows.loc["without readmissions on day 0", "readmitted"] <= cohort["events"]


def test_metrics_and_manifest_are_whole(described: Described) -> None:
    place, _ = described
    metrics = metrics_of(described)
    assert metrics["performance"] == []
    assert metrics["cohort"]["readmitted_for_heart_failure"] < metrics["cohort"]["readmitted"]
    assert metrics["tables"]["eligibility"][0]["coded"] == metrics["cohort"]["index_discharges"]
    manifest = json.loads((place.study(**NO_MODEL).folder / "manifest.json").read_text())
    assert set(manifest["stages"]) == {
        "cohort",
        "quality",
        "features",
        "sensitivity",
        "description",
        "inequality",
        "disclosure",
        "report",
    }
    assert "lightgbm" not in manifest["libraries"]
    assert set(manifest["seeds"]) == {"cohort"}


def test_a_second_run_with_nothing_changed_does_nothing(described: Described) -> None:
    place, _ = described
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*") if path.is_file()}
    assert run_study(place.study(**NO_MODEL)).unchanged
    assert {path: path.stat().st_mtime_ns for path in place.folder.rglob("*") if path.is_file()} == before


def test_a_report_that_was_touched_is_written_again_the_same(described: Described) -> None:
    place, _ = described
    study = place.study(**NO_MODEL)
    report = (study.folder / "report.html").read_bytes()
    (study.folder / "report.html").write_text("spoilt")
    assert not run_study(study).unchanged
    assert (study.folder / "report.html").read_bytes() == report
    manifest = json.loads((study.folder / "manifest.json").read_text())
    assert {"cohort", "features", "description"} <= set(manifest["kept_from_before"])


def test_nothing_patient_level_stands_outside_internal(described: Described) -> None:
    place, _ = described
    keys = pd.read_parquet(place.region / "truth.parquet", columns=["person_id", "index_id"]).astype(str)
    wanted = {key.encode() for key in set(keys["person_id"]) | set(keys["index_id"]) if len(key) >= 9}
    for path in place.folder.rglob("*"):
        if path.is_file() and "internal" not in path.parts:
            content = path.read_bytes()
            assert not any(key in content for key in wanted), path
            if path.suffix in {".html", ".json", ".csv"}:
                assert not re.search(r"\b20\d\d-\d\d-\d\d\b", content.decode()), path


def test_there_is_nothing_to_score_with(described: Described) -> None:
    place, _ = described
    with pytest.raises(StudyError, match="makes no model"):
        scored(place.study(**NO_MODEL), Quiet())
