"""The whole assessment: frames as promised, joined by key, the same every time, with the real model too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from hfrisk.assessment import AssessmentSettings, Results, assess
from hfrisk.assessment.results import COLUMNS
from hfrisk.modelling import ModelSettings, ValidationSettings, develop, partition_frames
from hfrisk.progress import Quiet, Step

QUICK = AssessmentSettings(replicates=80, redraws=50, permutations=99)


@pytest.fixture(scope="module")
def judged(make_region) -> Results:
    region, model = make_region(8000)
    return assess(model, region, QUICK)


def test_every_frame_has_the_promised_columns_and_plain_numbers_and_words(judged) -> None:
    for name, columns in COLUMNS.items():
        frame = getattr(judged, name)
        assert list(frame.columns) == columns.split(), name
        assert isinstance(frame.index, pd.RangeIndex), name
        # the known model of these tests has no states, and its region no scores
        assert len(frame) or name.startswith(("competing", "score_outcomes")), name
        assert {dtype.kind for dtype in frame.dtypes} <= {"O", "i", "f"}, name
    assert {field.name for field in fields(judged)} == {*COLUMNS, "checks"}


def test_every_frame_survives_parquet(judged, tmp_path) -> None:
    for name in COLUMNS:
        getattr(judged, name).to_parquet(tmp_path / name)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / name), getattr(judged, name))


def test_every_number_is_one_row_and_every_missing_one_has_a_reason(judged) -> None:
    performance = judged.performance
    assert not performance.duplicated(["model", "split", "group", "level", "measure"]).any()
    assert (performance.loc[performance["estimate"].isna(), "reason"] != "").all()
    without = performance["lower"].isna() & performance["estimate"].notna()
    assert set(performance.loc[without, "measure"]) == {
        *("ici", "e50", "e90", "emax", "ici_expected", "ici_expected_95", "ici_excess"),
        *("brier_reliability", "brier_resolution", "brier_uncertainty"),
    }
    assert set(performance["model"]) == {"lightgbm", "logistic"}
    assert set(performance["split"]) == {"cross-validation", "test"}
    intervals = performance[performance["lower"].notna()]
    assert (intervals["lower"] <= intervals["upper"]).all()


def test_everyone_has_net_benefit_over_the_declared_range_and_groups_at_the_threshold(judged) -> None:
    rows = judged.performance[judged.performance["measure"].str.startswith("net_benefit@")]
    everyone = rows[(rows["group"] == "all") & (rows["split"] == "test") & (rows["model"] == "lightgbm")]
    assert everyone["measure"].tolist() == [f"net_benefit@{hundredth / 100:.2f}" for hundredth in range(5, 41)]
    assert set(rows.loc[rows["group"] != "all", "measure"]) == {"net_benefit@0.20"}


def test_rates_stand_at_thresholds_and_capacities_with_intervals_and_agree_with_the_tables(judged) -> None:
    rows = judged.performance.query("model == 'lightgbm' and split == 'test'")
    everyone = rows[rows["group"] == "all"].set_index("measure")
    places = ("0.10", "0.20", "0.30", "top0.05", "top0.1", "top0.2", "week5")
    names = ("sensitivity", "specificity", "ppv", "npv", "nne", "selection_rate", "false_positive_rate")
    wanted = {f"{name}@{place}" for name in names for place in places}
    assert {m for m in everyone.index if "@" in m and not m.startswith("net_benefit")} == wanted
    found = everyone.loc[sorted(wanted), ["estimate", "lower", "upper"]]
    assert found.notna().all().all()
    assert ((found["lower"] <= found["estimate"]) & (found["estimate"] <= found["upper"])).all()
    table = judged.threshold_groups.query("model == 'lightgbm' and split == 'test'")
    for row in table.itertuples():
        mine = rows[(rows["group"] == row.group) & (rows["level"] == row.level)].set_index("measure")["estimate"]
        for ours, theirs in (
            ("sensitivity", row.true_positive_rate),
            ("ppv", row.positive_predictive_value),
            ("selection_rate", row.selection_rate),
            ("false_positive_rate", row.false_positive_rate),
        ):
            assert mine[f"{ours}@0.20"] == pytest.approx(theirs, abs=1e-12, nan_ok=True)
    (week,) = judged.weekly.query("model == 'lightgbm' and split == 'test'").itertuples()
    assert everyone.loc["ppv@week5", "estimate"] == pytest.approx(week.events_found / week.reviewed, abs=1e-12)
    assert everyone.loc["sensitivity@week5", "estimate"] == pytest.approx(week.events_found / week.events, abs=1e-12)


def test_out_of_fold_risks_are_joined_by_key_and_not_by_position(make_region, judged) -> None:
    region, model = make_region(8000)
    inside = region.part("development").rows.merge(model.cross_validated, on=["person_id", "index_id"])
    expected = roc_auc_score(inside["event"], inside["risk"])
    rows = judged.performance.query("model == 'lightgbm' and split == 'cross-validation' and group == 'all'")
    assert rows.set_index("measure").loc["auroc", "estimate"] == pytest.approx(expected, abs=1e-12)


def test_out_of_fold_risks_of_other_discharges_are_refused(make_region) -> None:
    region, model = make_region(1000)
    with pytest.raises(ValueError, match="one each"):
        assess(replace(model, cross_validated=model.cross_validated.iloc[1:]), region, QUICK)
    stray = model.cross_validated.assign(index_id=model.cross_validated["index_id"] + 1)
    with pytest.raises(ValueError, match="one each"):
        assess(replace(model, cross_validated=stray), region, QUICK)


def test_calibration_curve_counts_the_people_whose_risk_rounds_to_each_point(make_region, judged) -> None:
    region, model = make_region(8000)
    test = region.part("test")
    risk = model.predict(test.features)
    curve = judged.calibration_curve.query("model == 'lightgbm' and split == 'test' and group == 'all'")
    for row in curve.itertuples():
        near = (risk >= row.predicted - 0.005) & (risk < row.predicted + 0.005)
        assert (row.n, row.events) == (near.sum(), test.rows.loc[near, "event"].sum())
    assert (curve["lower"] <= curve["observed"]).all()
    assert (curve["observed"] <= curve["upper"]).all()
    # The model is the truth: the diagonal lies inside the pointwise band nearly everywhere.
    inside = (curve["lower"] <= curve["predicted"]) & (curve["predicted"] <= curve["upper"])
    assert inside.mean() > 0.7


def test_comparison_is_paired_and_narrower_than_two_separate_intervals(judged) -> None:
    plain = judged.comparison[~judged.comparison["measure"].str.startswith("net_benefit@")]
    assert plain["measure"].tolist() == ["auroc", "log_loss", "brier"] * 2
    useful = judged.comparison.query("split == 'test' and measure == 'net_benefit@0.20'").set_index("model_b")
    assert set(useful.index) == {"logistic", "treat_all"}
    curve = judged.decision_curve.query("model == 'lightgbm' and split == 'test' and threshold == 0.2").iloc[0]
    gain = curve["net_benefit"] - curve["net_benefit_all"]
    assert useful.loc["treat_all", "difference"] == pytest.approx(gain, abs=1e-12)
    row = judged.comparison.query("split == 'test' and measure == 'auroc'").iloc[0]
    rows = judged.performance.query("split == 'test' and group == 'all' and measure == 'auroc'").set_index("model")
    assert row["difference"] == pytest.approx(rows.loc["lightgbm", "estimate"] - rows.loc["logistic", "estimate"])
    separate = rows.loc["lightgbm", "upper"] - rows.loc["lightgbm", "lower"]
    assert row["upper"] - row["lower"] < 0.75 * separate


def test_counts_of_the_tables_add_up_to_the_split(judged) -> None:
    size = judged.performance.query("group == 'all'").groupby(["model", "split"])[["n", "events"]].first()
    for name in ("risk_distribution", "risk_deciles"):
        sums = getattr(judged, name).groupby(["model", "split"])[["n", "events"]].sum()
        pd.testing.assert_frame_equal(sums, size)
    quarters = judged.by_period.groupby("split")[["n", "events"]].sum()
    pd.testing.assert_frame_equal(quarters, size.loc["lightgbm"])


def test_two_assessments_are_the_same_to_the_last_digit_whatever_the_threads(make_region, judged) -> None:
    region, model = make_region(8000)
    again = assess(model, region, QUICK.model_copy(update={"threads": 1}))
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(judged, name), check_exact=True)


def test_a_comparator_that_gives_everyone_the_same_risk_has_reasons_where_it_has_no_numbers(make_region) -> None:
    region, model = make_region(4000)

    class WithNull(type(model)):
        def predict_comparator(self, name, features):
            return np.full(len(features), 0.2)

    flat = WithNull(model.cross_validated.assign(risk_logistic=0.2))
    results = assess(flat, region, QUICK)
    rows = results.performance.query("model == 'logistic' and split == 'test' and group == 'all'").set_index("measure")
    assert rows.loc["auroc", ["estimate", "lower", "upper"]].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(rows.loc["auroc_delong", "lower"])
    assert rows.loc["ppv@0.20", "reason"] == "not computed: everyone has the same risk, which chooses nobody"
    assert rows.loc["auroc_delong", "reason"].startswith("no interval: DeLong")
    for measure in ("calibration_slope", "ici", "e50", "e90", "emax", "ici_expected"):
        assert np.isnan(rows.loc[measure, "estimate"])
        assert rows.loc[measure, "reason"] == "not computed: the risks do not vary, or the fit did not converge"
    assert np.isfinite(rows.loc["calibration_intercept", "estimate"])
    assert set(results.calibration_curve["model"]) == {"lightgbm"}


def test_progress_is_told_of_every_replicate(make_region) -> None:
    class Listening(Quiet):
        def __init__(self) -> None:
            self.steps: list[Step] = []

        @contextmanager
        def step(self, label: str, total: int) -> Iterator[Step]:
            self.steps.append(Step(label, total))
            yield self.steps[-1]

    region, model = make_region(1500)
    listening = Listening()
    assess(model, region, QUICK, listening)
    assert [step.label for step in listening.steps] == [
        "Resampling persons, cross-validation",
        "Calibration curves, cross-validation",
        "Resampling persons, test",
        "Calibration curves, test",
        "Testing differences between groups, test",
    ]
    assert all(step.done == step.total for step in listening.steps)


def test_the_tuned_model_of_the_modelling_room_is_assessed_as_it_is(make_region, tmp_path) -> None:
    region, _ = make_region(3000)
    data = partition_frames(
        region.rows.drop(columns=["split", "fold"]),
        region.features,
        region.groups,
        region.dictionary,
        window_end=29,
        settings=ValidationSettings(),
    )
    model = develop(data, ModelSettings(trials=1, startup_trials=1, repeats=1, max_rounds=20), folder=tmp_path)
    results = assess(model, data, QUICK)
    rows = results.performance.query("split == 'test' and group == 'all' and measure == 'auroc'").set_index("model")
    test = data.part("test")
    expected = roc_auc_score(test.rows["event"], model.predict(test.features))
    assert rows.loc["lightgbm", "estimate"] == pytest.approx(expected, abs=1e-12)
    assert set(results.performance["model"]) == {"lightgbm", *model.comparators}
    assert set(results.threshold_groups["model"]) == {"lightgbm", *model.comparators} - {"null"}
    assert np.isfinite(results.by_period["expected"]).all()
