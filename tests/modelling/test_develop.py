"""From development rows to a model that can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from hfrisk.errors import DataError, StudyError
from hfrisk.modelling import Model, ModellingData, ModelSettings, apply_calibrator, develop
from hfrisk.modelling.logistic import logistic_margin


@pytest.fixture(scope="module")
def test_part(data: ModellingData) -> ModellingData:
    return data.part("test")


def test_it_ranks_people_nearly_as_well_as_the_truth(make: Callable, small: ModelSettings, tmp_path: Path) -> None:
    frames = make(9000, seed=4)
    data = frames.partition()
    model = develop(data, small, folder=tmp_path)
    test = data.part("test")
    truth = frames.truth.to_numpy()[test.rows["index_id"]]
    best = roc_auc_score(test.rows["event"], truth)
    assert best - 0.05 < roc_auc_score(test.rows["event"], model.predict(test.features)) < best + 0.01
    assert best - 0.05 < roc_auc_score(test.rows["event"], model.predict_comparator("logistic", test.features))


def test_shuffled_rows_give_the_same_model(undisturbed: Model, frames, small: ModelSettings, tmp_path: Path) -> None:
    shuffled = develop(frames.shuffled(8).partition(), small, folder=tmp_path)
    assert shuffled.booster_text == undisturbed.booster_text
    assert shuffled.logistic == undisturbed.logistic
    pd.testing.assert_frame_equal(shuffled.cross_validated, undisturbed.cross_validated, check_exact=True)


def test_nothing_after_the_cut_changes_the_model(
    undisturbed: Model, data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    later = data.rows["split"] != "development"
    rows = data.rows.assign(event=data.rows["event"].where(~later, 1 - data.rows["event"]).astype("int8"))
    altered = replace(data, rows=rows, features=data.features.where(~later, -5.0))
    model = develop(altered, small, folder=tmp_path)
    assert model.booster_text == undisturbed.booster_text
    assert model.calibration == undisturbed.calibration


def test_every_development_row_has_its_cross_validated_risks(undisturbed: Model, data: ModellingData) -> None:
    development = data.part("development").rows
    frame = undisturbed.cross_validated
    assert list(frame.columns) == ["person_id", "index_id", "fold", "risk", "risk_logistic", "risk_null"]
    pd.testing.assert_frame_equal(
        frame[["person_id", "index_id", "fold"]], development[["person_id", "index_id", "fold"]]
    )
    risks = frame[["risk", "risk_logistic", "risk_null"]].to_numpy()
    assert ((risks > 0) & (risks < 1)).all()
    assert frame["risk"].mean() == pytest.approx(development["event"].mean(), abs=0.01)


def test_the_null_model_is_the_event_rate_of_the_other_folds(undisturbed: Model, data: ModellingData) -> None:
    development = data.part("development").rows
    for k, part in undisturbed.cross_validated.groupby("fold"):
        elsewhere = development.loc[development["fold"] != k, "event"].mean()
        np.testing.assert_allclose(part["risk_null"], elsewhere)


def test_cross_validated_risks_are_less_sure_than_apparent_ones(undisturbed: Model, data: ModellingData) -> None:
    development = data.part("development")
    apparent = roc_auc_score(development.rows["event"], undisturbed.predict(development.features))
    honest = roc_auc_score(development.rows["event"], undisturbed.cross_validated["risk"])
    assert honest < apparent


def test_predict_is_the_calibrated_margin(undisturbed: Model, test_part: ModellingData) -> None:
    margin = undisturbed.margin(test_part.features)
    a, b = undisturbed.calibration["intercept"], undisturbed.calibration["slope"]
    np.testing.assert_allclose(undisturbed.predict(test_part.features), expit(a + b * margin), atol=1e-15)


def test_the_comparator_is_calibrated_by_the_same_method(undisturbed: Model, test_part: ModellingData) -> None:
    assert undisturbed.comparators == ["logistic", "null"]
    expected = apply_calibrator(
        undisturbed.logistic["calibration"], logistic_margin(undisturbed.logistic, test_part.features)
    )
    np.testing.assert_array_equal(undisturbed.predict_comparator("logistic", test_part.features), expected)
    with pytest.raises(KeyError):
        undisturbed.predict_comparator("lace", test_part.features)


def test_columns_are_found_by_name_in_any_order(undisturbed: Model, test_part: ModellingData) -> None:
    reordered = test_part.features[test_part.features.columns[::-1]].assign(something_else="text")
    np.testing.assert_array_equal(undisturbed.predict(reordered), undisturbed.predict(test_part.features))


def test_whole_numbers_yes_and_no_and_nullable_columns_are_numbers(
    undisturbed: Model, test_part: ModellingData
) -> None:
    typed = test_part.features.assign(
        copd=test_part.features["copd"] == 1,
        age=test_part.features["age"].astype("int32"),
        nt_probnp=test_part.features["nt_probnp"].astype("Int64"),
    )
    np.testing.assert_array_equal(undisturbed.predict(typed), undisturbed.predict(test_part.features))


def test_a_person_of_whom_nothing_is_recorded_has_a_risk(undisturbed: Model) -> None:
    unknown = pd.DataFrame(np.nan, index=[0], columns=undisturbed.inputs)
    assert 0 < undisturbed.predict(unknown)[0] < 1
    assert 0 < undisturbed.predict_comparator("logistic", unknown)[0] < 1


def test_missing_columns_are_named(undisturbed: Model, test_part: ModellingData) -> None:
    with pytest.raises(DataError, match="not there") as caught:
        undisturbed.predict(test_part.features.drop(columns=["urea", "copd"]))
    assert caught.value.where == "urea, copd"


def test_a_text_column_is_named_and_its_values_are_not(undisturbed: Model, test_part: ModellingData) -> None:
    with pytest.raises(DataError) as caught:
        undisturbed.predict(test_part.features.assign(urea="NHS 943 476 5919"))
    assert caught.value.where == "urea"
    assert "943" not in str(caught.value)


def test_the_model_is_plain_text_numbers_and_frames(undisturbed: Model) -> None:
    for part in (undisturbed.calibration, undisturbed.logistic, undisturbed.summary, undisturbed.inputs):
        assert json.loads(json.dumps(part)) == part
    for frame in (undisturbed.trials, undisturbed.cross_validated):
        assert isinstance(frame.index, pd.RangeIndex)


def test_trees_are_small_and_leaves_are_large(undisturbed: Model) -> None:
    counts = [
        int(count)
        for line in undisturbed.booster_text.splitlines()
        if line.startswith("leaf_count=")
        for count in line.removeprefix("leaf_count=").split()
    ]
    assert min(counts) >= 20
    leaves = [
        int(line.split("=")[1]) for line in undisturbed.booster_text.splitlines() if line.startswith("num_leaves=")
    ]
    assert max(leaves) <= 31


def test_fewer_than_a_hundred_events_are_refused_with_the_number_needed(make: Callable, tmp_path: Path) -> None:
    data = make(500).partition()
    with pytest.raises(DataError, match="fewer than 100 index discharges with the outcome") as caught:
        develop(data, ModelSettings(), folder=tmp_path)
    assert "at least 100" in caught.value.todo
    assert not (tmp_path / "tuning.db").exists()


@pytest.mark.parametrize(("outcome", "words"), [(0, "with the outcome"), (1, "without the outcome")])
def test_one_class_only_is_refused_and_a_small_number_is_not_told(
    frames, tmp_path: Path, outcome: int, words: str
) -> None:
    data = replace(frames, rows=frames.rows.assign(event=outcome)).partition()
    with pytest.raises(DataError, match=f"fewer than 100 index discharges {words} in development:"):
        develop(data, ModelSettings(), folder=tmp_path)


def test_events_of_a_handful_of_people_are_refused(data: ModellingData, tmp_path: Path) -> None:
    part = data.part("development")
    one = part.rows["person_id"].where(part.rows["event"] == 0, 999_999)
    rows = part.rows.assign(person_id=one, fold=part.rows["fold"].where(part.rows["event"] == 0, 0))
    with pytest.raises(DataError, match="concentrated in fewer people"):
        develop(replace(part, rows=rows), ModelSettings(), folder=tmp_path)


def test_features_that_never_vary_are_left_out_and_said(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    features = data.features.assign(sodium=np.nan, noise_flag=0.0)
    model = develop(replace(data, features=features), small.model_copy(update={"trials": 1}), folder=tmp_path)
    assert not {"sodium", "noise_flag"} & set(model.inputs)
    (check,) = [check for check in model.checks if check.code == "HFR111"]
    assert "sodium" in check.text()
    assert "noise flag" in check.text()


def test_excluded_features_are_not_used_and_unknown_names_are_refused(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    once = small.model_copy(update={"trials": 1})
    model = develop(data, once.model_copy(update={"exclude": ["urea"]}), folder=tmp_path)
    assert "urea" not in model.inputs
    assert "urea" not in {term["feature"] for term in model.logistic["terms"]}
    with pytest.raises(StudyError, match="ureaa"):
        develop(data, once.model_copy(update={"exclude": ["ureaa"]}), folder=tmp_path)


def test_too_few_rows_for_the_criteria_is_a_warning(undisturbed: Model) -> None:
    assert "HFR110" in [check.code for check in undisturbed.checks]


def test_a_search_that_ends_at_the_edge_says_so(data: ModellingData, small: ModelSettings, tmp_path: Path) -> None:
    narrow = small.model_copy(update={"trials": 1, "lambda_l2": (0.1, 5.0)})
    model = develop(data, narrow, folder=tmp_path)
    assert model.summary["edge_of_space"] == ["lambda_l2"]
    (check,) = [check for check in model.checks if check.code == "HFR120"]
    assert "lambda_l2" in check.text()


def test_a_model_of_nothing_is_flattened_and_said_to_rank_nobody(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    random = np.random.default_rng(3)
    rows = data.rows.copy()
    part = np.flatnonzero(rows["split"] == "development")
    rows.loc[part, "event"] = random.permutation(rows.loc[part, "event"].to_numpy())
    model = develop(replace(data, rows=rows), small, folder=tmp_path)
    development = data.part("development")
    spread = np.std(logit(model.predict(development.features)))
    assert spread < 0.5
    assert abs(roc_auc_score(rows.loc[part, "event"], model.cross_validated["risk"]) - 0.5) < 0.07
    flat = model.calibration["slope"] <= 0.01
    assert flat == ("HFR112" in [check.code for check in model.checks])


def test_a_planted_leak_is_found_to_be_too_good_and_breaks_nothing(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    features = data.features.assign(noise=data.rows["event"].astype(float))
    model = develop(replace(data, features=features), small.model_copy(update={"trials": 1}), folder=tmp_path)
    development = data.part("development")
    assert roc_auc_score(development.rows["event"], model.cross_validated["risk"]) > 0.99
    assert np.isfinite(model.cross_validated[["risk", "risk_logistic"]].to_numpy()).all()


@pytest.mark.parametrize("method", ["none", "beta", "isotonic", "venn_abers"])
def test_other_calibrations_go_the_same_way(
    data: ModellingData, small: ModelSettings, tmp_path: Path, method: str
) -> None:
    once = small.model_copy(update={"trials": 1, "calibration": method})
    model = develop(data, once, folder=tmp_path)
    assert model.calibration["method"] == model.logistic["calibration"]["method"] == method
    risk = model.predict(data.part("test").features)
    assert ((risk > 0) & (risk < 1)).all()


@pytest.mark.parametrize(("different", "left_out"), [(9, True), (10, False)])
def test_a_feature_that_fewer_than_ten_people_have_is_left_out(different: int, left_out: bool) -> None:
    from hfrisk.modelling.material import _hardly_varies

    assert _hardly_varies(pd.Series([0.0] * 200 + [1.0] * different)) is left_out
    assert _hardly_varies(pd.Series([np.nan] * 200 + [1.0] * different)) is left_out
