"""Features that act together: exact by definition and by the shap package, found where planted, silent where there is nothing."""

from __future__ import annotations

import warnings

import lightgbm as lgb
import numpy as np
import pytest

from hfrisk.explanation import ExplanationSettings
from hfrisk.explanation.interactions import leaves_of, pair_values
from hfrisk.explanation.joint import joint_effects, joint_table
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData
from tests.explanation.by_definition import interaction, trees_of

SETTINGS = ExplanationSettings()


def entry(name: str, precision: float = 1.0, kind: str = "binary") -> Feature:
    return Feature(name, name, "stay", "Stay", "", "", (), precision, 0.0, 9.0, kind=kind)  # type: ignore[arg-type]


def grown(features: np.ndarray, target: np.ndarray, **params: int | float) -> str:
    settings = {
        "objective": "regression",
        "num_leaves": 8,
        "learning_rate": 0.2,
        "min_data_in_leaf": 20,
        "num_threads": 1,
    }
    settings |= {"deterministic": True, "verbosity": -1, "seed": 1}
    return lgb.train(settings | params, lgb.Dataset(features, target), 60).model_to_string()


@pytest.fixture(scope="module")
def three() -> tuple[str, np.ndarray]:
    random = np.random.default_rng(3)
    features = np.round(random.normal(size=(600, 3)), 1)
    features[random.random((600, 3)) < 0.15] = np.nan
    filled = np.nan_to_num(features)
    return grown(features, filled[:, 0] * filled[:, 1] + np.abs(filled[:, 2]), num_leaves=6), features


def test_pairs_are_shapley_interaction_indices_by_their_definition(three: tuple[str, np.ndarray]) -> None:
    text, features = three
    rows = features[:6]
    assert np.isnan(rows).any()
    found, trees = pair_values(leaves_of(text), rows, [0, 1, 2]), trees_of(text)
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    for (i, j), values in zip(found.pairs, found.values, strict=True):
        by_definition = [interaction(trees, row, int(i), int(j)) for row in rows]
        np.testing.assert_allclose(values, by_definition, atol=1e-9)


def test_pairs_are_those_of_the_shap_package(model: Model, data: ModellingData) -> None:
    with warnings.catch_warnings():
        # shap draws with parts of matplotlib that are to go
        warnings.simplefilter("ignore")
        import shap
    rows = data.features.to_numpy()[:40]
    explainer = shap.TreeExplainer(
        lgb.Booster(model_str=model.booster_text), feature_perturbation="tree_path_dependent"
    )
    theirs = np.asarray(explainer.shap_interaction_values(rows))
    ours = pair_values(leaves_of(model.booster_text), rows, range(len(model.inputs)))
    assert np.abs(ours.values).max() > 0.05
    for (i, j), values in zip(ours.pairs, ours.values, strict=True):
        np.testing.assert_allclose(values, theirs[:, i, j] + theirs[:, j, i], atol=1e-9)
    np.testing.assert_allclose(ours.contributions.T, model.contributions(data.features.iloc[:40])[:, :-1], atol=1e-9)


def test_a_planted_interaction_is_found_and_sized() -> None:
    random = np.random.default_rng(4)
    features = (random.random((4000, 5)) < 0.5).astype(float)
    target = features[:, 0] + 0.5 * features[:, 1] + 1.0 * features[:, 2] * features[:, 3]
    text = grown(features, target)
    parts = lgb.Booster(model_str=text).predict(features, pred_contrib=True)[:, :-1]
    entries = [entry(name) for name in "abcde"]
    found = joint_effects(text, entries, features, parts, SETTINGS)
    first, second = found.pairs.iloc[0], found.pairs.iloc[1]
    assert {first["feature_a"], first["feature_b"]} == {"c", "d"}
    # a product of two coins says a quarter beyond what each says alone, for everybody
    assert first["mean_abs"] == pytest.approx(0.25, abs=0.01)
    assert second["mean_abs"] < 0.01
    cells = found.table.set_index(["a_lower", "b_lower"])
    assert cells.loc[(1.0, 1.0), "beyond"] == pytest.approx(0.25, abs=0.01)
    assert cells.loc[(1.0, 0.0), "beyond"] == pytest.approx(-0.25, abs=0.01)
    # c and d are 1 for a quarter of people: together 0.75 more than the mean
    assert cells.loc[(1.0, 1.0), "together"] == pytest.approx(0.75, abs=0.02)


def test_additive_data_have_no_pair_worth_a_word() -> None:
    random = np.random.default_rng(5)
    features = np.round(random.normal(size=(4000, 4)), 1)
    target = features[:, 0] + np.abs(features[:, 1]) + 0.5 * features[:, 2] + random.normal(0, 0.5, 4000)
    text = grown(features, target, num_leaves=4, min_data_in_leaf=200)
    parts = lgb.Booster(model_str=text).predict(features, pred_contrib=True)[:, :-1]
    found = joint_effects(text, [entry(n, 0.1, "continuous") for n in "abcd"], features, parts, SETTINGS)
    # trees leave traces of the other feature where data have none; below this bound nothing is said of a pair
    assert 0 < found.pairs["share"].max() < SETTINGS.interaction_least
    assert found.table.empty
    stumps = grown(features, target, num_leaves=2)
    alone = lgb.Booster(model_str=stumps).predict(features, pred_contrib=True)[:, :-1]
    assert joint_effects(stumps, [entry(n) for n in "abcd"], features, alone, SETTINGS).pairs.empty


def test_cells_are_the_plain_means_of_the_people_in_them() -> None:
    random = np.random.default_rng(6)
    values = np.column_stack(
        [np.round(random.normal(120, 20, 1500)), random.choice([0.0, 1.0, 2.0], 1500, p=[0.5, 0.4, 0.1])]
    )
    values[:60, 0] = np.nan
    both, beyond = random.normal(size=1500), random.normal(size=1500)
    pair = (entry("pressure", 1.0, "continuous"), entry("visits", 1.0, "count"))
    table = joint_table(pair, values, both, beyond, minimum=80)
    low, high = np.nanquantile(values[:, 0], [0.05, 0.95])
    last = table["a_lower"].max()
    seen = 0
    for cell in table.itertuples():
        mine = []
        for i, (a, b) in enumerate(values):
            upper = a <= cell.a_upper if cell.a_lower == last else a < cell.a_upper
            if low <= a <= high and cell.a_lower <= a and upper and b == cell.b_lower:
                mine.append(i)
        assert cell.n == len(mine)
        if cell.n >= 80:
            assert cell.together == pytest.approx(both[mine].mean())
            assert cell.beyond == pytest.approx(beyond[mine].mean())
            seen += 1
        else:
            assert np.isnan([cell.together, cell.beyond]).all()
            assert cell.reason == "fewer than 80 discharges"
    assert seen
    assert (table["reason"] != "").any()


def test_the_work_is_bounded(model: Model, data: ModellingData) -> None:
    entries = list(data.dictionary)
    values, parts = data.features.to_numpy(), model.contributions(data.features)[:, :-1]
    few = SETTINGS.model_copy(update={"interaction_work": 100_000})
    leaves = len(leaves_of(model.booster_text))
    found = joint_effects(model.booster_text, entries, values, parts, few)
    assert set(found.pairs["n"]) == {max(100_000 // leaves, 100)}
    assert joint_effects(
        model.booster_text, entries, values, parts, SETTINGS.model_copy(update={"interaction_rows": 0})
    ).pairs.empty


def test_a_split_that_is_no_threshold_is_said_and_stops_nothing() -> None:
    random = np.random.default_rng(8)
    features = random.integers(0, 5, (500, 2)).astype(float)
    data = lgb.Dataset(features, np.where(features[:, 0] == 3, 1.0, 0.0), categorical_feature=[0])
    text = lgb.train({"verbosity": -1, "num_threads": 1, "min_data_per_group": 5}, data, 3).model_to_string()
    assert "num_cat=1" in text
    found = joint_effects(text, [entry("a"), entry("b")], features, np.ones((500, 2)), SETTINGS)
    assert not found.agree
    assert found.pairs.empty


def test_sums_that_are_not_the_model_s_are_not_told(model: Model, data: ModellingData) -> None:
    values, parts = data.features.to_numpy(), model.contributions(data.features)[:, :-1]
    found = joint_effects(model.booster_text, list(data.dictionary), values, parts * 1.1, SETTINGS)
    assert not found.agree
    assert found.pairs.empty
