"""Groups taken together, one capacity for all, and numbers drawn towards each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from hfrisk.assessment.capacity import Ranking, capacity_groups, capacity_rates, chosen_at_capacity
from hfrisk.assessment.groups import find_groups, levels_of
from hfrisk.assessment.performance import split_performance
from hfrisk.assessment.resampling import person_weights
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.assessment.shrinkage import shrunk_levels
from tests.assessment.test_pooling import ORACLE

SETTINGS = AssessmentSettings(replicates=60, redraws=50, capacities=(0.1, 0.25), threads=1)


def discharges(n: int = 1500, seed: int = 2) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    risk = np.round(1 / (1 + np.exp(1.2 - random.normal(0, 0.8, n))), 2)
    return pd.DataFrame(
        {
            "person": random.integers(0, n * 3 // 4, n),
            "event": (random.random(n) < risk).astype(int),
            "risk": risk,
            "sex": random.choice(["Female", "Male"], n),
            "imd_quintile": random.choice(["1 (most deprived)", "2", None], n, p=[0.45, 0.45, 0.1]),
        }
    )


def test_groups_taken_together_have_the_names_of_both_and_keep_what_is_missing() -> None:
    frame = discharges()
    groups = find_groups(frame["event"], frame, ["sex"], intersections=[("sex", "imd_quintile"), ("sex", "not_here")])
    crossed = [one for one in groups if one.crossed]
    assert {one.group for one in crossed} == {"sex x imd_quintile"}
    assert [one.level for one in crossed][:3] == ["Female x 1 (most deprived)", "Female x 2", "Female x Not recorded"]
    assert sum(one.n for one in crossed) == len(frame)
    assert levels_of(pd.DataFrame({"a": ["u x v"], "b": ["w"]}), ["a", "b"])[0] == "u/v x w"


def test_only_the_model_that_is_judged_is_judged_in_groups_taken_together() -> None:
    frame = discharges()
    groups = find_groups(frame["event"], frame, ["sex"], intersections=[("sex", "imd_quintile")], for_slope=50)
    risks = {"lightgbm": frame["risk"], "logistic": frame["risk"] ** 1.1}
    found = split_performance(frame["event"], risks, frame["person"], groups, SETTINGS)
    crossed = found.performance[found.performance["group"] == "sex x imd_quintile"]
    assert set(crossed["model"]) == {"lightgbm"}
    assert not (found.calibration_curve["group"] == "sex x imd_quintile").any()
    excess = crossed[crossed["measure"].isin(["ici", "ici_expected", "ici_excess"])]
    wide = excess.pivot_table(index="level", columns="measure", values="estimate")
    assert len(wide) >= 4
    np.testing.assert_allclose(wide["ici_excess"], wide["ici"] - wide["ici_expected"])


def test_the_team_s_room_is_shared_by_those_who_tie_at_its_edge() -> None:
    seen = chosen_at_capacity([0.9, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 0.3)
    np.testing.assert_allclose(seen, [1, 2 / 3, 2 / 3, 2 / 3, 0, 0, 0, 0, 0, 0])
    assert chosen_at_capacity(discharges()["risk"], 0.2).sum() == pytest.approx(300)


def test_capacity_is_one_for_all_and_the_groups_add_up_to_it() -> None:
    frame = discharges()
    groups = find_groups(frame["event"], frame, ["sex"])
    table = capacity_groups(frame["event"], frame["risk"], groups, (0.1,)).set_index("level")
    assert table.loc["all", "reviewed"] == 150
    assert table.loc[["Female", "Male"], "reviewed"].sum() == pytest.approx(150, abs=1)
    # nobody is favoured: the shares reviewed are not one each
    assert len(set(table.loc[["Female", "Male"], "reviewed"] / table.loc[["Female", "Male"], "n"])) == 2


def test_rates_at_capacity_and_their_replicates_are_those_of_copying_rows() -> None:
    frame = discharges()
    groups = find_groups(frame["event"], frame, ["sex"], for_slope=100)
    found = capacity_rates(frame["event"], frame["risk"], frame["person"], groups, SETTINGS)
    rows = found[found["level"] == "Female"].set_index("measure")

    def naive(copies: pd.DataFrame) -> dict[str, float]:
        room = round(0.1 * len(copies))
        ordered = copies.sort_values("risk", ascending=False, kind="stable")
        edge = ordered["risk"].iloc[room - 1]
        above, at = copies["risk"] > edge, copies["risk"] == edge
        seen = above + at * (room - above.sum()) / at.sum()
        mine = copies["sex"] == "Female"
        hit, events = (seen * copies["event"])[mine].sum(), copies.loc[mine, "event"].sum()
        chosen = seen[mine].sum()
        return {
            "selection_rate": chosen / mine.sum(),
            "sensitivity": hit / events,
            "false_positive_rate": (chosen - hit) / (mine.sum() - events),
            "ppv": hit / chosen,
        }

    point = naive(frame)
    codes = np.unique(frame["person"], return_inverse=True)[1]
    weights = person_weights(codes.max() + 1, range(SETTINGS.replicates), SETTINGS.seed)
    drawn = pd.DataFrame([naive(frame.loc[frame.index.repeat(w[codes])]) for w in weights])
    for rate, value in point.items():
        row = rows.loc[f"{rate}@top0.1"]
        assert row["estimate"] == pytest.approx(value, abs=1e-12)
        np.testing.assert_allclose(
            row[["lower", "upper"]].astype(float), drawn[rate].quantile([0.025, 0.975]), atol=1e-12
        )


def test_of_small_groups_only_who_is_seen_is_told_at_capacity() -> None:
    frame = discharges()
    groups = find_groups(frame["event"], frame, ["sex"])  # fewer than 200 events in each
    found = capacity_rates(frame["event"], frame["risk"], frame["person"], groups, SETTINGS)
    assert set(found.loc[found["estimate"].notna(), "measure"]) == {"selection_rate@top0.1", "selection_rate@top0.25"}
    assert found.loc[found["estimate"].isna(), "reason"].str.startswith("not computed: fewer than 200").all()


def test_nobody_weighed_is_nobody_chosen() -> None:
    weight = np.array([[0.0, 2.0, 1.0]])
    chosen = weight * Ranking([0.3, 0.2, 0.2]).chosen(weight, 1 / 3)
    np.testing.assert_allclose(chosen, [[0, 2 / 3, 1 / 3]])


def rows_of(y: np.ndarray, v: np.ndarray, measure: str = "oe_ratio") -> pd.DataFrame:
    half = 1.959963984540054 * np.sqrt(v)
    back = np.exp if measure == "oe_ratio" else lambda x: 1 / (1 + np.exp(-x))
    return pd.DataFrame(
        {
            "model": "lightgbm",
            "split": "test",
            "group": "g",
            "level": [f"level {i}" for i in range(len(y))],
            "measure": measure,
            "estimate": back(y),
            "lower": back(y - half),
            "upper": back(y + half),
        }
    )


def shrunk(frame: pd.DataFrame) -> pd.DataFrame:
    return shrunk_levels(frame, model="lightgbm", threshold="0.20", confidence=0.95)


@pytest.mark.parametrize("measure", ["oe_ratio", "auroc"])
@pytest.mark.parametrize("name", ["differ", "alike", "many"])
def test_levels_are_drawn_together_as_metafor_s_tau_and_mean_say(name: str, measure: str) -> None:
    """metafor's tau2 and mean (oracles/meta.csv), put into the closed form of the best linear unbiased prediction."""
    oracle = ORACLE[ORACLE["set"] == name]
    y, v, tau2, mean = (oracle[c].to_numpy() for c in ("y", "v", "tau2", "mean"))
    crit = t.ppf(0.975, len(y) - 1)
    of_mean = ((oracle["upper"].to_numpy() - mean) / crit) ** 2
    weight = tau2 / (tau2 + v)
    blup = weight * y + (1 - weight) * mean
    half = crit * np.sqrt(weight * v + (1 - weight) ** 2 * of_mean)
    found = shrunk(rows_of(y, v, measure))
    there = np.log if measure == "oe_ratio" else lambda x: np.log(x / (1 - x))
    np.testing.assert_allclose(there(found["shrunken"]), blup, atol=1e-6)
    np.testing.assert_allclose(there(found["lower"]), blup - half, atol=1e-6)
    np.testing.assert_allclose(there(found["upper"]), blup + half, atol=1e-6)
    np.testing.assert_allclose(found["weight"], weight, atol=1e-6)


def test_drawing_together_makes_the_guesses_better_on_the_whole() -> None:
    random = np.random.default_rng(8)
    raw = drawn = 0.0
    for _ in range(50):
        truth, v = random.normal(0, 0.1, 6), np.array([0.002, 0.005, 0.01, 0.03, 0.05, 0.1])
        y = random.normal(truth, np.sqrt(v))
        raw += ((y - truth) ** 2).sum()
        drawn += ((np.log(shrunk(rows_of(y, v))["shrunken"]) - truth) ** 2).sum()
    assert drawn < 0.6 * raw


def test_two_levels_or_an_interval_without_end_are_not_drawn_together() -> None:
    two = shrunk(rows_of(np.array([0.1, 0.2]), np.array([0.01, 0.01])))
    assert two["shrunken"].isna().all()
    assert two["reason"].str.contains("fewer than 3 levels").all()
    endless = rows_of(np.array([0.1, 0.2, 0.3, 0.1]), np.full(4, 0.01))
    endless.loc[3, "lower"] = 0.0
    found = shrunk(endless)
    assert found["shrunken"].notna().tolist() == [True, True, True, False]
    assert found["reason"].iloc[3] == "not computed: the interval reaches the end of the scale"
