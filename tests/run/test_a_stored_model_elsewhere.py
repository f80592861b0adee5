"""A model made on one region tried on another, as it is and after recalibration: a complete run, and nothing to register."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from hfrisk.errors import StudyError
from hfrisk.registry import load_bundle
from hfrisk.run import Finished, run_study
from hfrisk.study import Study
from hfrisk.synthetic import RegionSettings, synthesise
from tests.run.conftest import Place


@pytest.fixture(scope="module")
def made(done: tuple[Place, Finished]) -> Path:
    """The exported model of another region."""
    return done[0].study().model_folder


@pytest.fixture(scope="module")
def tried(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Finished]:
    folder = tmp_path_factory.mktemp("elsewhere")
    synthesise(folder / "omop", RegionSettings(index_discharges=3_500, seed=23))
    study = Place(folder / "omop", folder).study(model={"learner": "stored", "stored": str(made)})
    return study, run_study(study)


def rows_of(study: Study) -> pd.DataFrame:
    return pd.DataFrame(json.loads((study.folder / "metrics.json").read_text())["performance"])


def test_its_risks_are_those_of_the_exported_model_untouched(tried: tuple[Study, Finished], made: Path) -> None:
    study, _ = tried
    predictions = pd.read_parquet(study.folder / "internal" / "predictions.parquet")
    (kept,) = (study.folder / "internal" / "stages").glob("features-*.parquet")
    features = pd.read_parquet(kept)
    joined = predictions.merge(features, on=["person_id", "index_id"], validate="1:1")
    expected = load_bundle(made).predict(joined)["risk"].to_numpy()
    np.testing.assert_allclose(joined["risk"], expected, atol=1e-12)
    tested = joined[joined["split"] == "test"]
    told = rows_of(study).query("model == 'stored' and split == 'test' and group == 'all'").set_index("measure")
    assert told.loc["auroc", "estimate"] == pytest.approx(roc_auc_score(tested["event"], tested["risk"]), abs=6e-3)
    ratio = tested["event"].sum() / tested["risk"].sum()
    assert told.loc["oe_ratio", "estimate"] == pytest.approx(ratio, rel=0.05)


def test_its_own_recalibration_stands_beside_it_and_ranks_as_it_does(tried: tuple[Study, Finished]) -> None:
    study, _ = tried
    rows = rows_of(study)
    assert {"stored", "recalibrated", "logistic", "lace", "null"} <= set(rows["model"])
    assert "lightgbm" not in set(rows["model"])
    everyone = rows[(rows["group"] == "all") & (rows["split"] == "test")].set_index(["model", "measure"])["estimate"]
    assert everyone["stored", "auroc"] == pytest.approx(everyone["recalibrated", "auroc"], abs=2e-3)
    assert everyone["stored", "oe_ratio"] != everyone["recalibrated", "oe_ratio"]
    fitted = rows[(rows["group"] == "all") & (rows["split"] == "cross-validation")].set_index(["model", "measure"])
    assert fitted.loc[("recalibrated", "oe_ratio"), "estimate"] == pytest.approx(1, abs=0.03)


def test_the_report_says_where_it_comes_from_and_nothing_is_registered(tried: tuple[Study, Finished]) -> None:
    study, finished = tried
    assert finished.summary["model"] == {}
    assert not study.model_folder.exists()
    html = (study.folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for words in (
        "made elsewhere",
        "It learned elsewhere",
        "this model, recalibrated here",
        "Nothing was registered",
        "TreeSHAP",
    ):
        assert words in text, words
    for words in ("It learned from", "Optuna", "Status:"):
        assert words not in text, words
    provenance = json.loads((study.folder / "metrics.json").read_text())["provenance"]
    assert len(provenance["stored_model"]["bundle"]) >= 12


def test_a_second_run_does_nothing(tried: tuple[Study, Finished]) -> None:
    assert run_study(tried[0]).unchanged


def test_its_own_data_another_question_and_no_model_are_refused(
    made: Path, done: tuple[Place, Finished], tried: tuple[Study, Finished], tmp_path: Path
) -> None:
    place, _ = done
    own = Place(place.region, tmp_path).study(model={"learner": "stored", "stored": str(made)})
    with pytest.raises(StudyError, match="these very data"):
        run_study(own)
    region = Path(str(tried[0].source.path))
    other = Place(region, tmp_path).study(
        model={"learner": "stored", "stored": str(made)}, cohort={"risk": "composite"}
    )
    with pytest.raises(StudyError, match="another question"):
        run_study(other)
    nobody = Place(region, tmp_path).study(model={"learner": "stored", "stored": str(tmp_path / "nothing")})
    with pytest.raises(StudyError, match="no exported model here"):
        run_study(nobody)
    with pytest.raises(StudyError, match="names the model where learner is stored"):
        Place(region, tmp_path).study(model={"learner": "stored"})
