"""What drives the risks, and whether it adds up."""

from __future__ import annotations

import re
from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import DataError
from hfrisk.explanation import Explanation, ExplanationSettings, explain
from hfrisk.explanation.results import COLUMNS
from hfrisk.modelling import Model, ModellingData
from tests.explanation.by_definition import shapley, trees_of

EVERYBODY = ExplanationSettings(split="both")


@pytest.fixture(scope="module")
def explained(model: Model, data: ModellingData) -> Explanation:
    return explain(model, data, EVERYBODY)


def test_contributions_are_shapley_values_by_their_definition(model: Model, data: ModellingData) -> None:
    # the shap package hands LightGBM models back to LightGBM, and so is no oracle
    trees = trees_of(model.booster_text)
    rows = data.features.iloc[[0, 1, 2, int(data.features["urea"].isna().idxmax())]]
    contributions = model.contributions(rows)
    for i, row in enumerate(rows.to_numpy()):
        np.testing.assert_allclose(contributions[i, :-1], shapley(trees, row), atol=1e-9)


def test_a_feature_is_judged_by_its_mean_absolute_contribution(
    explained: Explanation, model: Model, data: ModellingData
) -> None:
    mean_abs = explained.by_feature.set_index("feature")["mean_abs"]
    parts = model.contributions(data.features)
    for i, name in enumerate(model.inputs):
        assert mean_abs[name] == pytest.approx(np.mean([abs(value) for value in parts[:, i]]))


def test_a_family_is_judged_by_the_sum_of_its_features(
    explained: Explanation, model: Model, data: ModellingData
) -> None:
    by_family = explained.by_family.set_index("family")["mean_abs"]
    laboratory = [abs(row[3] + row[4]) for row in model.contributions(data.features)]
    assert by_family["laboratory"] == pytest.approx(np.mean(laboratory), abs=1e-9)
    separately = explained.by_feature.loc[explained.by_feature["family"] == "laboratory", "mean_abs"].sum()
    assert by_family["laboratory"] < separately, "contributions within a family partly cancel"


def test_contributions_add_up_to_the_margin(explained: Explanation) -> None:
    assert explained.summary["additivity_error"] < 1e-9
    assert explained.summary["rows"] == 3000
    assert not [check for check in explained.checks if check.severity == "error"]


def test_contributions_that_do_not_add_up_are_an_error_in_the_report(model: Model, data: ModellingData) -> None:
    # a text whose counts were zeroed predicts the same, but its contributions are not numbers; the length of the text
    # must stay, since LightGBM aborts the process where `tree_sizes` does not fit
    zeroed = re.sub(
        r"^((?:leaf|internal)_count=)(.*)$",
        lambda line: line[1] + re.sub(r"\d", "0", line[2]),
        model.booster_text,
        flags=re.MULTILINE,
    )
    explained = explain(replace(model, booster_text=zeroed), data, EVERYBODY)
    assert [(check.code, check.severity) for check in explained.checks] == [("HFR150", "error")]
    assert not explained.summary["additivity_error"] < 1e-6
    for name in ("spread", "interactions", "surrogate", "themes_by_group"):
        assert getattr(explained, name).empty, "what rests on contributions that do not add up is not told"


def test_shares_sum_to_one_and_the_largest_comes_first(explained: Explanation) -> None:
    for frame in (explained.by_feature, explained.by_family, explained.by_theme):
        assert frame["share"].sum() == pytest.approx(1)
        assert frame["mean_abs"].is_monotonic_decreasing
        assert (frame["n"] == 3000).all()


def test_a_theme_says_how_much_of_it_care_can_change(explained: Explanation) -> None:
    share = explained.by_theme.set_index("theme")["modifiable_share"]
    by_feature = explained.by_feature.set_index("feature")["mean_abs"]
    assert share["Medicines"] == 1
    assert share["Earlier hospital use"] == 0
    expected = by_feature["sodium"] / (by_feature["sodium"] + by_feature["urea"])
    assert share["Blood tests and vital signs"] == pytest.approx(expected)
    assert share["Other long-term conditions"] == 0, "a theme that the model does not use has nothing to change"


def test_directions_are_said_in_words(explained: Explanation) -> None:
    direction = explained.by_feature.set_index("feature")["direction"]
    assert direction["admissions"] == direction["urea"] == "higher value, higher risk"
    assert direction["beta_blocker"] == "lower value, higher risk"
    assert direction["sodium"] == "no one direction"
    assert direction["unused"] == "not used by the model"


def test_the_columns_are_the_agreed_ones(explained: Explanation) -> None:
    for name, columns in COLUMNS.items():
        assert list(getattr(explained, name).columns) == columns.split(), name


def test_what_care_can_change_is_summed_up_with_its_signs(
    explained: Explanation, model: Model, data: ModellingData
) -> None:
    split = explained.by_modifiable.set_index("modifiable")
    can = [model.inputs.index(name) for name in ("sodium", "beta_blocker")]
    cannot = [at for at in range(len(model.inputs)) if at not in can]
    rows = model.contributions(data.features)
    changeable = sum(abs(sum(row[at] for at in can)) for row in rows) / len(rows)
    fixed = sum(abs(sum(row[at] for at in cannot)) for row in rows) / len(rows)
    assert split.loc[True, "mean_abs"] == pytest.approx(changeable)
    assert split.loc[False, "mean_abs"] == pytest.approx(fixed)
    assert split.loc[True, "share"] == pytest.approx(changeable / (changeable + fixed))


def test_not_being_recorded_has_its_own_mean_effect(explained: Explanation, model: Model, data: ModellingData) -> None:
    assert explained.not_recorded["feature"].tolist() == ["urea"]
    absent = data.features["urea"].isna().to_numpy()
    urea = model.contributions(data.features)[absent, model.inputs.index("urea")]
    assert explained.not_recorded.loc[0, "n"] == absent.sum()
    assert explained.not_recorded.loc[0, "mean_contribution"] == pytest.approx(urea.mean())


def test_a_driver_that_tells_of_a_decision_is_named(explained: Explanation) -> None:
    told = explained.by_feature.set_index("feature")["indication"]
    assert told["beta_blocker"].startswith("who could bear treatment")
    assert told["urea"] == ""
    (check,) = [check for check in explained.checks if check.code == "HFR153"]
    assert check.text() == "Among what counts most: the beta_blocker."


def test_the_test_is_what_is_explained_unless_asked_otherwise(model: Model, data: ModellingData) -> None:
    assert explain(model, data, ExplanationSettings()).summary["rows"] == 1000
    assert explain(model, data, ExplanationSettings(split="development")).summary["rows"] == 2000


def test_a_large_data_set_is_sampled_the_same_way_each_time(model: Model, data: ModellingData) -> None:
    settings = ExplanationSettings(split="both", rows=400)
    one, again = explain(model, data, settings), explain(model, data, settings)
    other = explain(model, data, settings.model_copy(update={"seed": 5}))
    assert one.summary["rows"] == 400
    pd.testing.assert_frame_equal(one.by_feature, again.by_feature, check_exact=True)
    assert not one.by_feature["mean_abs"].equals(other.by_feature["mean_abs"])


def test_nobody_to_explain_is_said(model: Model, data: ModellingData) -> None:
    with pytest.raises(DataError, match="no index discharge to explain"):
        explain(model, data.part("development"), ExplanationSettings(split="test"))


def test_a_model_that_uses_nothing_has_an_empty_explanation(model: Model, data: ModellingData) -> None:
    params = {"objective": "binary", "min_data_in_leaf": 2000, "verbosity": -1, "num_threads": 1}
    train = lgb.Dataset(data.features.to_numpy(), data.rows["event"], feature_name=list(data.features))
    flat = replace(model, booster_text=lgb.train(params, train, 2).model_to_string())
    explained = explain(flat, data, EVERYBODY)
    assert (explained.by_feature["share"] == 0).all()
    assert explained.dependence.empty
    assert explained.dependence.columns.tolist() == ["feature", "bin_lower", "bin_upper", "n", "mean_contribution"]
