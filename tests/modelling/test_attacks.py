"""What could be told from a model of those whom it was learnt from: oracles, an honest model, and one that learnt people by heart."""

from __future__ import annotations

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.membership import attack_model, auc_of_attack, caught_at
from hfrisk.modelling.membership_settings import MembershipSettings
from hfrisk.modelling.structure import RISK_STEPS, leaf_outcomes, parameters, risks_of, shown_window

BY_HEART = {
    "num_leaves": 255, "min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0.0, "learning_rate": 0.3, "lambda_l2": 0.0, "max_bin": 255
}  # fmt: skip


@pytest.fixture(scope="module")
def by_heart(undisturbed: Model, data: ModellingData) -> Model:
    """A deep model without regularisation on the same development, its risks as they come."""
    inside = data.part("development")
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 1, **BY_HEART}
    x, y = inside.features[undisturbed.inputs].to_numpy(), inside.rows["event"].to_numpy()
    fold = inside.rows["fold"].to_numpy()

    def learnt(rows: np.ndarray) -> lgb.Booster:
        told = {"feature_name": undisturbed.inputs, "params": {"min_data_in_bin": 1, "verbosity": -1}}
        return lgb.train(settings, lgb.Dataset(x[rows], y[rows], **told), 25)

    text = learnt(fold >= 0).model_to_string()
    unseen = np.empty(len(y))
    for k in range(3):
        unseen[fold == k] = learnt(fold != k).predict(x[fold == k])
    held_out = inside.rows[["person_id", "index_id", "fold"]].assign(risk=unseen)
    summary = {**undisturbed.summary, "params": BY_HEART | {"bagging_freq": 0}, "rounds": 25}
    del summary["params"]["max_bin"]
    return replace(
        undisturbed, booster_text=text, calibration={"method": "none"}, summary=summary, cross_validated=held_out
    )


def test_an_area_and_its_interval_are_delongs_where_everybody_has_one_discharge() -> None:
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(0.4, 1, 60).round(1), rng.normal(0, 1, 45).round(1)
    found = auc_of_attack(inside, outside, pd.Series(range(60)), pd.Series(range(100, 145)), 0.95)
    wins = np.array([[(a > b) + 0.5 * (a == b) for b in outside] for a in inside])
    variance = np.var(wins.mean(axis=1), ddof=1) / 60 + np.var(wins.mean(axis=0), ddof=1) / 45
    half = stats.norm.ppf(0.975) * np.sqrt(variance)
    np.testing.assert_allclose(found, (wins.mean(), wins.mean() - half, wins.mean() + half), rtol=1e-12)
    member = np.repeat([1, 0], [60, 45])
    assert found[0] == pytest.approx(roc_auc_score(member, np.concatenate([inside, outside])))


def test_people_with_several_discharges_widen_the_interval() -> None:
    rng = np.random.default_rng(2)
    inside, outside = np.repeat(rng.normal(size=80), 5), np.repeat(rng.normal(size=60), 5)
    alone = auc_of_attack(inside, outside, pd.Series(range(400)), pd.Series(range(1000, 1300)), 0.95)
    together = auc_of_attack(
        inside, outside, pd.Series(np.repeat(range(80), 5)), pd.Series(np.repeat(range(100, 160), 5)), 0.95
    )
    assert (together[2] - together[1]) / (alone[2] - alone[1]) == pytest.approx(5**0.5, rel=0.02)


def test_members_found_out_are_those_above_the_few_outsiders_that_are_allowed() -> None:
    inside, outside = np.array([0.99, 0.95, 0.9, 0.5]), np.linspace(0, 0.96, 100)
    # one of a hundred outsiders may be taken for a member: the highest
    assert caught_at(inside, outside, 0.01) == 1 + (inside[1] > np.sort(outside)[-2])
    assert np.isnan(caught_at(inside, outside, 0.001))


def test_an_honest_model_is_not_found_out_and_a_random_score_even_less(
    undisturbed: Model, data: ModellingData, small: ModelSettings
) -> None:
    found = attack_model(undisturbed, data, small, MembershipSettings(), confidence=0.95)
    areas = found[found["measure"] == "auc"].set_index("attack")
    assert areas.loc["worst_case", "lower"] < 0.5 < areas.loc["worst_case", "upper"]
    assert areas.loc["lira", "estimate"] < 0.65
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        low, high = auc_of_attack(
            rng.random(300), rng.random(200), pd.Series(range(300)), pd.Series(range(300, 500)), 0.95
        )[1:]
        covered += low <= 0.5 <= high
    assert covered >= 88  # of 100 at 95%, all but one in a million times


def test_a_random_risk_gives_the_worst_case_attacker_nothing(undisturbed: Model, data: ModellingData) -> None:
    class Guessing(Model):
        def predict(self, features: pd.DataFrame) -> np.ndarray:
            return np.random.default_rng(len(features)).random(len(features))

    guessing = Guessing(**vars(undisturbed))
    found = attack_model(guessing, data, ModelSettings(), MembershipSettings(shadow_models=0), confidence=0.95)
    area = found[(found["attack"] == "worst_case") & (found["measure"] == "auc")].iloc[0]
    assert area["lower"] < 0.5 < area["upper"]
    assert abs(area["estimate"] - 0.5) < 0.04
    assert set(found["attack"]) == {"worst_case", "control"}


def test_a_model_that_learnt_people_by_heart_is_found_out_by_both_attacks(
    by_heart: Model, data: ModellingData, small: ModelSettings
) -> None:
    settings = small.model_copy(update={"max_bin": 255, "min_data_in_bin": 10})
    found = attack_model(by_heart, data, settings, MembershipSettings(), confidence=0.95)
    areas = found[found["measure"] == "auc"].set_index("attack")
    assert areas.loc["worst_case", "lower"] > 0.75
    assert areas.loc["lira", "lower"] > 0.65
    again = attack_model(by_heart, data, settings, MembershipSettings(), confidence=0.95)
    pd.testing.assert_frame_equal(found, again, check_exact=True)


def test_who_was_never_held_out_is_not_told_apart_by_that(undisturbed: Model, data: ModellingData) -> None:
    """Where folds run forward in time the earliest block has no out-of-fold risk, which would give every one of its people away."""
    held = undisturbed.cross_validated
    some = replace(undisturbed, cross_validated=held.assign(risk=held["risk"].mask(held.index % 2 == 0)))
    settings = MembershipSettings(shadow_models=0)
    found = attack_model(some, data, ModelSettings(), settings, confidence=0.95).set_index(["attack", "measure"])
    control = found.loc[("control", "auc")]
    assert (
        control["members"] == some.cross_validated["risk"].notna().sum() < found.loc[("worst_case", "auc"), "members"]
    )
    assert control["estimate"] < 0.6


def test_nobody_who_was_in_development_is_an_outsider(undisturbed: Model, data: ModellingData) -> None:
    rows = data.rows
    met = set(rows.loc[rows["split"] == "development", "person_id"])
    expected = ((rows["split"] == "test") & ~rows["person_id"].isin(met)).sum()
    found = attack_model(undisturbed, data, ModelSettings(), MembershipSettings(shadow_models=0), confidence=0.95)
    assert set(found["outsiders"]) == {expected}
    assert expected < (rows["split"] == "test").sum()


def test_too_few_outsiders_give_a_reason_and_no_number(undisturbed: Model, data: ModellingData) -> None:
    keep = (data.rows["split"] != "test") | (data.rows.groupby("split").cumcount() < 60)
    few = ModellingData(
        *(f[keep].reset_index(drop=True) for f in (data.rows, data.features, data.groups)), data.dictionary
    )
    found = attack_model(undisturbed, few, ModelSettings(), MembershipSettings(), confidence=0.95)
    assert found["estimate"].isna().all()
    assert found["reason"].str.contains("fewer than 100").all()


def test_parameters_are_counted_as_sacro_ml_counts_them() -> None:
    # SACRO-ML: 2 an inner node and (classes - 1) a leaf of a tree; a boosted model adds one weight a tree
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 3))
    tree = DecisionTreeClassifier(max_leaf_nodes=9, random_state=0).fit(x, rng.random(400) < 0.4)
    leaves = sum(a == b for a, b in zip(tree.tree_.children_left, tree.tree_.children_right, strict=True))
    inner = tree.tree_.node_count - leaves
    assert parameters([int(leaves)]) == 2 * inner + leaves * (tree.n_classes_ - 1) + 1


def test_a_single_tree_has_the_leaves_and_outcomes_that_counting_by_hand_gives() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(500, 2))
    y = (rng.random(500) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    params = {"objective": "binary", "num_leaves": 6, "min_data_in_leaf": 20, "verbosity": -1, "num_threads": 1}
    booster = lgb.train(params, lgb.Dataset(x, y, params={"verbosity": -1}), 3)
    expected = []
    for tree in range(3):
        leaf = booster.predict(x, pred_leaf=True)[:, tree]
        expected += [min(y[leaf == k].sum(), (1 - y[leaf == k]).sum()) for k in sorted(set(leaf))]
    assert list(leaf_outcomes(booster.model_to_string(), x, y)) == expected


def naive_window(risk: np.ndarray, counted: np.ndarray, step: float, threshold: int) -> tuple[int, float] | None:
    """Every window tried, every class counted one by one: classes, and share beyond the ends."""
    shown = [int(np.floor(r / step + 0.5)) for r in risk]
    values, best = range(min(shown), max(shown) + 1), None
    for i, low in enumerate(values):
        for j in range(i + 1, len(values)):
            high = values[j]
            classes = [low, *values[i + 1 : j], high]
            told = [low if s <= low else high if s >= high else s for s in shown]
            enough = all(
                sum(row[k] for row, s in zip(counted, told, strict=True) if s == c) >= threshold
                for c in classes
                for k in range(counted.shape[1])
            )
            beyond = sum(s < low or s > high for s in shown) / len(shown)
            if enough and (best is None or beyond < best[1]):
                best = (len(classes), beyond)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_window_of_shown_risks_is_the_best_of_all_that_hold_enough(seed: int) -> None:
    rng = np.random.default_rng(seed)
    risk = rng.beta(2, 6, 400)
    event = (rng.random(400) < risk).astype(float)
    for counted in (np.ones((400, 1)), np.column_stack([event, 1 - event])):
        found, expected = shown_window(risk, counted, 0.05, 10), naive_window(risk, counted, 0.05, 10)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert (found.classes, found.beyond) == (expected[0], pytest.approx(expected[1]))
            assert found.smallest >= 10


def test_risks_of_an_honest_model_can_be_shown_and_those_of_one_that_knows_by_heart_cannot(
    undisturbed: Model, by_heart: Model, data: ModellingData, small: ModelSettings
) -> None:
    none = MembershipSettings(shadow_models=0)
    honest, learnt = (
        risks_of(model, data, small, none, threshold=10, confidence=0.95) for model in (undisturbed, by_heart)
    )
    for kind in ("people", "outcomes"):
        mine = honest.steps[honest.steps["kind"] == kind]
        assert list(mine["step"]) == list(RISK_STEPS)
        assert (mine["beyond"] <= 0.05).any(), kind
        other = learnt.steps[learnt.steps["kind"] == kind]
        assert not (other["beyond"] <= 0.05).any(), kind
    assert honest.facts["n"] - honest.facts["parameters"] > 10
    assert learnt.facts["n"] - learnt.facts["parameters"] < 10


def test_shadow_models_come_in_pairs() -> None:
    with pytest.raises(ValueError, match="even number"):
        MembershipSettings(shadow_models=3)
