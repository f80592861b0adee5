"""What changes over the years, when it is asked for; the truth knows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import StudyError
from hfrisk.synthetic import RegionSettings, synthesise
from hfrisk.synthetic.outcome import true_risk
from hfrisk.synthetic.recipe import load_recipe
from tests.synthetic.reader import known_before, read_index, sql

_ALL = ("case_mix", "event_rate", "covid_dip")
_WAVE = "date '2020-03-23' and date '2020-06-30'"
_YEAR_BEFORE = "date '2019-03-23' and date '2019-06-30'"


@pytest.fixture(scope="module")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drifting")
    synthesise(folder, RegionSettings(index_discharges=12_000, seed=4, background=1.0, drift=_ALL))
    return folder


def _by_year(truth: pd.DataFrame, column: str) -> float:
    """Change a year, by least squares."""
    years = (pd.to_datetime(truth["discharge_date"]) - pd.Timestamp("2019-10-01")).dt.days / 365.25
    return float(np.polyfit(years, truth[column].astype(float), 1)[0])


def test_patients_grow_older_and_readmission_more_frequent(drifting: Path) -> None:
    truth = pd.read_parquet(drifting / "truth.parquet")
    assert _by_year(truth, "true_age") == pytest.approx(0.15, abs=0.12)
    assert _by_year(truth, "p_readmitted") == pytest.approx(0.03 * 0.16, abs=0.002)
    assert truth["p_readmitted"].mean() == pytest.approx(0.2, abs=0.015)


def test_the_truth_of_a_drifting_region_follows_from_its_inputs(drifting: Path) -> None:
    truth = pd.read_parquet(drifting / "truth.parquet")
    inputs = {name.removeprefix("true_"): truth[name].to_numpy() for name in truth if name.startswith("true_")}
    risk = true_risk(inputs, load_recipe())
    np.testing.assert_allclose(truth["p_readmitted"], risk.readmitted, rtol=1e-12)
    assert truth["true_drift_readmission"].abs().max() > 0.1
    without = true_risk({name: inputs[name] for name in inputs if not name.startswith("drift")}, load_recipe())
    assert np.abs(without.readmitted - risk.readmitted).max() > 0.005
    error = np.sqrt((truth["p_readmitted"] * (1 - truth["p_readmitted"])).sum())
    assert abs((truth["state"] == "readmitted").sum() - truth["p_readmitted"].sum()) < 4 * error


def test_a_reader_still_finds_the_truth(drifting: Path) -> None:
    truth = pd.read_parquet(drifting / "truth.parquet").set_index(["person_id", "index_id"]).sort_index()
    found = read_index(drifting).set_index(["person_id", "index_id"]).sort_index()
    assert found.index.equals(truth.index)
    assert (found["state"] == truth["state"]).all()
    known = known_before(drifting).set_index("index_id").sort_index()
    expected = truth.reset_index().set_index("index_id").sort_index()
    for column in ("prior_emergency_admissions_365", "ed_attendances_180", "hfrs"):
        np.testing.assert_allclose(known[column], expected[f"true_{column}"], atol=1e-6)


def test_fewer_come_in_the_first_wave(drifting: Path, region: Path) -> None:
    counts = """select count(*) filter (where visit_start_date between {wave}) * 1.0
        / count(*) filter (where visit_start_date between {before}) as share from visit_occurrence
        where visit_source_value = '{kind}'"""
    for kind, share in (("elective", 0.30), ("attendance", 0.55), ("outpatient", 0.50), ("emergency", 0.80)):
        query = counts.format(wave=_WAVE, before=_YEAR_BEFORE, kind=kind)
        assert sql(drifting, query)["share"][0] == pytest.approx(share, abs=0.15), kind
        assert sql(region, query)["share"][0] == pytest.approx(1.0, abs=0.15), kind


def test_without_drift_the_truth_has_no_such_inputs(truth: pd.DataFrame) -> None:
    assert not [name for name in truth if "drift" in name]


def test_a_drift_that_does_not_exist_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no drift called casemix(.|\n)*Did you mean case_mix\?(.|\n)*event_rate"):
        synthesise(tmp_path / "x", RegionSettings(index_discharges=5, drift=("casemix",)))
    assert not (tmp_path / "x").exists()
