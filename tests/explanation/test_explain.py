"""What drives the risks, and whether it adds up."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import DataError
from hfrisk.explanation import Explanation, ExplanationSettings, explain
from hfrisk.modelling import Model, ModellingData

EVERYBODY = ExplanationSettings(split="both")


@pytest.fixture(scope="module")
def explained(model: Model, data: ModellingData) -> Explanation:
    return explain(model, data, EVERYBODY)


def expected(tree: dict[str, Any], row: np.ndarray, known: frozenset[int]) -> float:
    """A tree's mean output where only some features are known: unknown splits are averaged by training counts."""
    if "leaf_value" in tree:
        return float(tree["leaf_value"])
    left, right = tree["left_child"], tree["right_child"]
    at = tree["split_feature"]
    if at in known:
        missing = np.isnan(row[at])
        goes_left = tree["default_left"] if missing else row[at] <= tree["threshold"]
        return expected(left if goes_left else right, row, known)
    counts = [branch.get("leaf_count", branch.get("internal_count")) for branch in (left, right)]
    return sum(n * expected(branch, row, known) for n, branch in zip(counts, (left, right), strict=True)) / sum(counts)


def shapley(trees: list[dict[str, Any]], row: np.ndarray) -> list[float]:
    """Shapley values from their definition: every feature, every set of the others."""
    p = len(row)
    every = [frozenset(chosen) for size in range(p + 1) for chosen in combinations(range(p), size)]
    value = {known: sum(expected(tree, row, known) for tree in trees) for known in every}
    weight = {size: factorial(size) * factorial(p - size - 1) / factorial(p) for size in range(p)}
    return [
        sum(weight[len(known)] * (value[known | {i}] - value[known]) for known in every if i not in known)
        for i in range(p)
    ]


def test_contributions_are_shapley_values_by_their_definition(model: Model, data: ModellingData) -> None:
    # the shap package hands LightGBM models back to LightGBM, and so is no oracle
    trees = [tree["tree_structure"] for tree in lgb.Booster(model_str=model.booster_text).dump_model()["tree_info"]]
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
    assert explained.checks == []


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
    assert list(explained.by_feature.columns) == [
        "feature", "words", "family", "theme", "modifiable", "mean_abs", "share", "direction", "n",
    ]  # fmt: skip
    assert list(explained.by_family.columns) == ["family", "mean_abs", "share", "n"]
    assert list(explained.by_theme.columns) == ["theme", "modifiable_share", "mean_abs", "share", "n"]
    assert list(explained.dependence.columns) == ["feature", "bin_lower", "bin_upper", "n", "mean_contribution"]


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
