"""A study with comparators and no learned model: a complete run, a complete report, and nothing to register."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.run import Finished, run_study
from hfrisk.scoring import scored
from hfrisk.searching import searched
from tests.run.conftest import Place


@pytest.fixture(scope="module")
def compared(region: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Finished]:
    place = Place(region, tmp_path_factory.mktemp("compared"))
    return place, run_study(place.study(model={"learner": "none"}))


def test_it_judges_the_spline_model_with_every_score_beside_it(compared: tuple[Place, Finished]) -> None:
    place, _ = compared
    metrics = json.loads((place.study().folder / "metrics.json").read_text())
    rows = pd.DataFrame(metrics["performance"])
    models = set(rows["model"])
    assert {"logistic", "lace", "le", "gwtg_hf", "null", "points"} <= models
    assert "lightgbm" not in models
    tested = rows[(rows["split"] == "test") & (rows["group"] == "all") & (rows["measure"] == "auroc")]
    assert tested["estimate"].between(0.4, 0.75).all()
    paired = pd.DataFrame(metrics["tables"]["comparison"])
    assert set(paired["model_a"]) == {"logistic"}
    assert {"lace", "le", "gwtg_hf", "points"} <= set(paired["model_b"])


def test_its_numbers_are_those_that_the_spline_model_has_beside_a_learned_one(
    compared: tuple[Place, Finished], done: tuple[Place, Finished]
) -> None:
    found, expected = (
        pd.DataFrame(json.loads((place.study().folder / "metrics.json").read_text())["performance"])
        for place, _ in (compared, done)
    )
    key = ["model", "split", "group", "level", "measure"]
    both = found.merge(expected, on=key, suffixes=("", "_beside"))
    both = both[both["model"].isin(["logistic", "lace", "null"])]
    assert len(both) > 300
    for column in ("estimate", "lower", "upper", "n"):
        pd.testing.assert_series_equal(both[column], both[f"{column}_beside"], check_names=False)


def test_nothing_is_registered_and_no_trees_are_spoken_of(compared: tuple[Place, Finished]) -> None:
    place, finished = compared
    study = place.study()
    assert finished.summary["model"] == {}
    assert not study.model_folder.exists()
    assert not (study.folder / "model_card.md").exists()
    assert finished.summary["verdict"] in ("Fit to compare with", "Needs recalibration before use", "Do not use")
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert "No model was learnt" in text
    assert "Nothing was registered" in text
    for word in ("TreeSHAP", "LightGBM", "Optuna", "silently", "Status:"):
        assert word not in text, word


def test_there_is_nothing_to_search_for_and_nothing_to_score_with(compared: tuple[Place, Finished]) -> None:
    place, _ = compared
    study = place.study(model={"learner": "none"})
    with pytest.raises(StudyError, match="nothing to search for"):
        searched(study, Quiet())
    with pytest.raises(StudyError, match="nothing to score with"):
        scored(study, Quiet())


def test_a_second_run_does_nothing(compared: tuple[Place, Finished]) -> None:
    place, _ = compared
    assert run_study(place.study(model={"learner": "none"})).unchanged
