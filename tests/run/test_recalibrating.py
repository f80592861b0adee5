"""A registered model on another site's data: a new version with its own lineage, and the old one as it was."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import statsmodels.api as sm
from scipy.special import logit

from hfrisk.errors import DataError, StudyError
from hfrisk.modelling import ModellingData, apply_calibrator
from hfrisk.progress import Quiet
from hfrisk.recalibrating import _between, recalibrated
from hfrisk.registry import load_bundle
from hfrisk.registry.offline import offline_mlflow
from hfrisk.run import Finished
from hfrisk.study import Study
from hfrisk.synthetic import RegionSettings, synthesise
from tests.run.conftest import Place

Done = tuple[Place, Finished]


@dataclasses.dataclass(frozen=True)
class NewSite:
    study: Study
    old: Path
    before: dict[str, bytes]
    result: dict[str, Any]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def registry(study: Study) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{(study.folders.models.resolve() / 'mlflow.db').as_posix()}")


@pytest.fixture(scope="module")
def site(done: Done, tmp_path_factory: pytest.TempPathFactory) -> NewSite:
    """Another made-up region, to which the model of the first is taken."""
    place, _ = done
    folder = tmp_path_factory.mktemp("new")
    synthesise(folder / "omop", RegionSettings(index_discharges=1_500, seed=23))
    # a models folder of its own: other tests look at that of the first run
    shutil.copytree(place.study().folders.models, folder / "models")
    study = Place(folder / "omop", folder).study(name="new-site")
    old = folder / "models" / "small"
    before = files(old)
    result = recalibrated(study, "models:/hf-readmission-30d@candidate", Quiet(), method="logistic")
    return NewSite(study, old, before, result)


def test_the_numbers_are_those_of_a_logistic_regression_on_the_old_risks(site: NewSite) -> None:
    """The old bundle on the kept feature table, outcomes from the truth file, and statsmodels."""
    old_model = load_bundle(site.old)
    inputs = old_model.scorer.inputs
    kept = [path for path in (site.study.folder / "internal").rglob("*.parquet") if path.is_file()]
    tables = [path for path in kept if {"index_id", *inputs} <= set(pq.read_schema(path).names)]
    features = pd.read_parquet(tables[0])
    features["risk"] = old_model.predict(features[inputs])["risk"]
    truth = pd.read_parquet(Path(str(site.study.source.path)) / "truth.parquet")
    both = features.merge(truth[["person_id", "index_id", "state"]], on=["person_id", "index_id"], validate="1:1")
    assert len(both) == 1_500
    assert not (both["state"] == "censored").any()
    event, x = (both["state"] == "readmitted").astype(float), logit(both["risk"].to_numpy())
    oracle = sm.Logit(event.to_numpy(), sm.add_constant(x)).fit(disp=0).params
    folder = site.study.model_folder.with_name("new-site-recalibrated")
    calibration = json.loads((folder / "calibration.json").read_text())
    old = json.loads(site.before["calibration.json"])
    assert calibration == {
        "method": "recalibrated",
        "intercept": round(oracle[0], 4),
        "slope": round(oracle[1], 4),
        "of": old,
    }


def test_the_new_version_says_what_it_came_from_and_the_old_one_is_as_it_was(site: NewSite) -> None:
    assert files(site.old) == site.before
    with offline_mlflow():
        client = registry(site.study)
        versions = {v.version: v for v in client.search_model_versions("name = 'hf-readmission-30d'")}
        new, old = versions[2], versions[1]
        assert old.tags["hfrisk.study"] == "small"
        assert not any("recalibrat" in tag for tag in old.tags)
        assert new.tags["hfrisk.recalibrated_from"] == "hf-readmission-30d/1"
        assert new.tags["hfrisk.recalibrated_from_bundle"] == old.tags["hfrisk.bundle"]
        assert new.tags["hfrisk.recalibration"] == "logistic"
        assert new.tags["hfrisk.study_hash"] == site.study.fingerprint() != old.tags["hfrisk.study_hash"]
        assert new.tags["hfrisk.source_fingerprint"] != old.tags["hfrisk.source_fingerprint"]
        assert new.tags["hfrisk.bundle"] == site.result["model"]["fingerprint"] != old.tags["hfrisk.bundle"]


def test_the_new_bundle_scores_as_in_the_run(site: NewSite) -> None:
    folder = site.study.model_folder.with_name("new-site-recalibrated")
    new, old = load_bundle(folder), load_bundle(site.old)
    assert (folder / "model.txt").read_bytes() == site.before["model.txt"]
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {item["name"]: random.uniform(item["lower"], item["upper"], 50).round() for item in new.contract["inputs"]}
    )
    margin = old.scorer.booster.predict(table.to_numpy(), raw_score=True)
    expected = apply_calibrator(new.scorer.calibration, margin)
    np.testing.assert_allclose(new.predict(table)["risk"], expected, rtol=0, atol=1e-12)
    assert new.contract["calibration"] == new.scorer.calibration


def test_only_rounded_counts_and_nothing_that_gives_the_exact_ones_away_leave(site: NewSite) -> None:
    released = json.loads((site.study.folder / "recalibration.json").read_text())
    told = released["recalibration"]
    assert [(row["model"], row["measure"]) for row in told] == [
        ("before_recalibration", "oe_ratio"),
        ("before_recalibration", "calibration_slope"),
        ("recalibrated", "oe_ratio_cross_fitted"),
        ("recalibrated", "calibration_slope"),
        ("recalibrated", "recalibration_intercept"),
        ("recalibrated", "recalibration_slope"),
    ]
    assert all(row["n"] % 5 == 0 and row["events"] % 5 == 0 for row in told)
    assert all(released["cohort"][name] % 5 == 0 for name in ("index_discharges", "persons", "events"))
    after = next(row for row in told if row["measure"] == "oe_ratio_cross_fitted")
    assert after["estimate"] == pytest.approx(1, abs=0.01)
    folder = site.study.model_folder.with_name("new-site-recalibrated")
    assert json.loads((folder / "metrics.json").read_text())["tables"]["table1"] == []


def test_the_command_prints_what_was_released(site: NewSite) -> None:
    place = Path(str(site.study.source.path))
    file = Place(place, place.parent).file(name="new-site")
    command = [
        sys.executable,
        "-c",
        "from hfrisk.cli import main; main()",
        "recalibrate",
        str(site.old),
        str(file),
        "--quiet",
    ]
    found = subprocess.run([*command, "--method", "in_the_large"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    for words in ("observed / expected, before", "slope of the recalibration", "fixed", "version"):
        assert words in found.stdout
    wrong = subprocess.run([*command, "--method", "isotonic"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "There is no recalibration called isotonic" in wrong.stderr


def test_what_does_not_fit_is_refused(site: NewSite, done: Done) -> None:
    first, _ = done
    model = str(site.old)
    other = site.study.model_copy(update={"cohort": site.study.cohort.model_copy(update={"window": "1-30"})})
    with pytest.raises(StudyError, match="answers another question"):
        recalibrated(other, model, Quiet())
    with pytest.raises(StudyError, match="made from these very data"):
        recalibrated(Place(first.region, site.old.parents[1]).study(name="new-site"), model, Quiet())
    with pytest.raises(StudyError, match="no exported model"):
        recalibrated(site.study, str(site.old / "nothing"), Quiet())
    with pytest.raises(StudyError, match="MLflow did not give the model"):
        recalibrated(site.study, "models:/hf-readmission-30d/99", Quiet())


def test_a_short_period_with_too_few_events_is_refused_and_registers_nothing(site: NewSite) -> None:
    with offline_mlflow():
        before = len(registry(site.study).search_model_versions("name = 'hf-readmission-30d'"))
    with pytest.raises(DataError, match="fewer than 200 index discharges with the outcome"):
        recalibrated(
            site.study, str(site.old), Quiet(), method="logistic", first=date(2018, 1, 1), last=date(2018, 3, 1)
        )
    with offline_mlflow():
        assert len(registry(site.study).search_model_versions("name = 'hf-readmission-30d'")) == before


def test_dates_are_whole_days_and_may_not_leave_out_a_few() -> None:
    days = pd.date_range("2020-01-01", periods=40, freq="D") + pd.Timedelta(hours=15)
    rows = pd.DataFrame({"person_id": range(40), "discharge_date": days})
    data = ModellingData(rows, pd.DataFrame({"age": np.arange(40.0)}), pd.DataFrame(index=range(40)), ())
    used = _between(data, date(2020, 1, 11), date(2020, 1, 30), 10)
    assert used.rows["person_id"].tolist() == list(range(10, 30)) == used.features["age"].tolist()
    assert len(_between(data, date(2019, 1, 1), None, 10).rows) == 40
    with pytest.raises(StudyError, match="leave out only a few"):
        _between(data, date(2020, 1, 5), None, 10)
    with pytest.raises(DataError, match="no index discharge between"):
        _between(data, None, date(2019, 12, 31), 10)
