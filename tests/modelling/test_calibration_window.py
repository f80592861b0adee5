"""A calibration window between development and the test: who is in it, and that risks are made by it alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings, ValidationSettings, develop
from hfrisk.modelling.logistic import logistic_margin

CUT = date(2019, 1, 1)
BEGIN = date(2018, 1, 1)


@pytest.fixture(scope="module")
def windowed(make) -> ModellingData:
    settings = ValidationSettings(folds=3, test_from=CUT, calibration_from=BEGIN)
    return make(4000, seed=6).partition(settings)


@pytest.fixture(scope="module")
def model(windowed: ModellingData, small: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return develop(windowed, small, folder=tmp_path_factory.mktemp("windowed"))


@pytest.mark.parametrize("window_end", [0, 29, 90])
def test_each_part_has_seen_its_outcomes_before_the_next_begins(frames, window_end: int) -> None:
    settings = ValidationSettings(test_from=CUT, calibration_from=BEGIN)
    rows = frames.partition(settings, window_end=window_end).rows
    last = rows["discharge_date"] + pd.Timedelta(days=window_end)
    split = rows["split"]
    assert set(split) == {"development", "calibration", "gap", "test"} - ({"gap"} if window_end == 0 else set())
    assert last[split == "development"].max() < pd.Timestamp(BEGIN)
    assert rows.loc[split == "calibration", "discharge_date"].min() >= pd.Timestamp(BEGIN)
    assert last[split == "calibration"].max() < pd.Timestamp(CUT)
    # nobody is set aside without need
    gap = rows[split == "gap"]
    reaches = [
        (gap["discharge_date"] < pd.Timestamp(day)) & (last[gap.index] >= pd.Timestamp(day)) for day in (BEGIN, CUT)
    ]
    assert (reaches[0] | reaches[1]).all()
    assert (rows.loc[split != "development", "fold"] == -1).all()


def test_by_share_the_window_is_the_latest_of_what_lies_before_the_test(frames) -> None:
    rows = frames.partition(ValidationSettings(test_from=CUT, calibration_share=0.25)).rows
    before = rows[rows["discharge_date"] + pd.Timedelta(days=29) < pd.Timestamp(CUT)]
    assert (before["split"] == "calibration").mean() == pytest.approx(0.25, abs=0.01)


def test_without_a_window_nothing_is_divided_otherwise(frames) -> None:
    assert set(frames.partition(ValidationSettings(test_from=CUT)).rows["split"]) == {"development", "gap", "test"}


def test_log_odds_become_risks_by_the_window_alone(model: Model, windowed: ModellingData) -> None:
    window = windowed.part("calibration")
    event = window.rows["event"].to_numpy()
    for margin, calibration in (
        (model.margin(window.features), model.calibration),
        (logistic_margin(model.logistic, window.features[model.inputs]), model.logistic["calibration"]),
    ):
        fitted = sm.Logit(event, sm.add_constant(margin)).fit(disp=0)
        assert (calibration["intercept"], calibration["slope"]) == pytest.approx(tuple(fitted.params), abs=2e-3)
    # the sum of the risks is the number of events where a logistic calibration was fitted
    assert model.predict(window.features).sum() == pytest.approx(event.sum(), rel=5e-3)
    assert model.summary["calibrated_in"] == "window"


def test_the_trees_are_those_that_development_alone_makes(
    model: Model, windowed: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    alone = develop(windowed.part("development"), small, folder=tmp_path)
    assert alone.booster_text == model.booster_text
    assert alone.summary["calibrated_in"] == "development"
    assert alone.calibration != model.calibration
    pd.testing.assert_frame_equal(alone.cross_validated, model.cross_validated)


def test_neither_gap_nor_test_changes_the_model(
    model: Model, windowed: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    apart = windowed.rows["split"].isin(["gap", "test"])
    rows = windowed.rows.assign(event=windowed.rows["event"].where(~apart, 1 - windowed.rows["event"]).astype("int8"))
    altered = replace(windowed, rows=rows, features=windowed.features.where(~apart, -5.0))
    found = develop(altered, small, folder=tmp_path)
    assert (found.booster_text, found.calibration, found.logistic["calibration"]) == (
        model.booster_text,
        model.calibration,
        model.logistic["calibration"],
    )


def test_a_window_with_too_few_is_refused_before_the_search(
    windowed: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    few = windowed.rows["split"] == "calibration"
    rows = windowed.rows.assign(event=np.where(few, 0, windowed.rows["event"]).astype("int8"))
    with pytest.raises(DataError, match="calibration window") as said:
        develop(replace(windowed, rows=rows), small, folder=tmp_path)
    assert "validation.calibration" in str(said.value.where)
    assert not (tmp_path / "tuning.db").exists()


def test_an_empty_window_and_one_after_the_test_are_refused(frames) -> None:
    with pytest.raises(DataError, match="calibration window"):
        frames.partition(ValidationSettings(test_from=CUT, calibration_from=date(2018, 12, 20)))
    with pytest.raises(ValueError, match="comes before the test"):
        ValidationSettings(test_from=CUT, calibration_from=CUT)
