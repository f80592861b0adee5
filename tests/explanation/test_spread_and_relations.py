"""How contributions spread over people without showing one, and which features stand for one another or for a decision."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hfrisk.codelists import read_yaml
from hfrisk.explanation.indication import stands_for
from hfrisk.explanation.related import related
from hfrisk.explanation.spread import contribution_spread, step_width


def test_steps_of_the_spread_are_plain_counts() -> None:
    random = np.random.default_rng(1)
    x = np.column_stack([random.normal(size=2000).round(1), (random.random(2000) < 0.4).astype(float)])
    x[:100, 0] = np.nan
    y = np.column_stack(
        [0.3 * np.nan_to_num(x[:, 0]) + random.normal(0, 0.01, 2000), np.where(x[:, 1] == 1, 0.21, -0.13)]
    )
    width = step_width(y)
    assert width in (0.05, 0.1, 0.2)
    frame = contribution_spread(["a", "b"], x, y, width=width, minimum=30)
    ranks = stats.rankdata(x[100:, 0]) - 0.5
    for name, at in (("a", 0), ("b", 1)):
        steps = frame[frame["feature"] == name].reset_index(drop=True)
        assert steps["n"].sum() == 2000
        assert steps["share"].sum() == pytest.approx(1)
        assert (steps["n"] >= 30).all()
        for i, step in steps.iterrows():
            # the outermost steps are open
            low = -np.inf if i == 0 else step["lower"] - 1e-12
            high = np.inf if i == len(steps) - 1 else step["upper"] - 1e-12
            mine = (y[:, at] >= low) & (y[:, at] < high)
            assert step["n"] == mine.sum()
            if name == "a" and mine[100:].sum() >= 30:
                assert step["rank"] == pytest.approx(ranks[mine[100:]].mean() / 1900)
    # of the yes-or-no feature nobody lies between
    assert frame[frame["feature"] == "b"]["n"].max() < 2000


def test_the_ends_of_the_spread_do_not_follow_one_person() -> None:
    y = np.random.default_rng(2).normal(0, 0.2, (1000, 1))
    plain = contribution_spread(["a"], y, y, width=0.1, minimum=20)
    y[0] = 7.5
    far = contribution_spread(["a"], y, y, width=0.1, minimum=20)
    assert far["upper"].max() == plain["upper"].max()


def test_related_features_have_scipy_s_correlation_and_cluster_whole() -> None:
    random = np.random.default_rng(3)
    n = 900
    kidney = random.normal(size=n)
    values = np.column_stack(
        [
            kidney + random.normal(0, 0.2, n),
            random.normal(size=n),
            -(kidney + random.normal(0, 0.2, n)),
            kidney + random.normal(0, 0.8, n),
            np.ones(n),
        ]
    )
    values[:50, 2] = np.nan
    frame = related(["urea", "age", "egfr", "weight", "flat"], values, from_=0.7, minimum=100)
    pairs = frame.set_index(["feature_a", "feature_b"])
    both = ~np.isnan(values[:, 2])
    exact = stats.spearmanr(values[both, 0], values[both, 2]).statistic
    assert exact < -0.9
    assert pairs.loc[("urea", "egfr"), "correlation"] == pytest.approx(exact)
    assert pairs.loc[("urea", "egfr"), ["cluster", "n"]].tolist() == [1, 850]
    loose = [abs(stats.spearmanr(values[both, i], values[both, 3]).statistic) for i in (0, 2)]
    listed = [key for key in (("urea", "weight"), ("egfr", "weight")) if key in pairs.index]
    assert len(listed) == sum(value >= 0.7 for value in loose)
    assert not {"age", "flat"} & set(frame["feature_a"]) | {"age", "flat"} & set(frame["feature_b"])
    assert related(["urea", "egfr"], values[:, [0, 2]], from_=0.7, minimum=860).empty
    assert related(["urea"], values[:, :1], from_=0.7, minimum=10).empty


def test_each_entry_of_the_list_of_indications_knows_a_feature_and_has_its_source() -> None:
    names = [line.split()[0] for line in Path("tests/features/names.txt").read_text().splitlines() if line.strip()]
    for key, entry in read_yaml("indication.yaml").items():
        assert set(entry) == {"features", "stands_for", "source"}
        assert "[M]" in entry["source"] or "[V]" in entry["source"], key
        known = [p for p in entry["features"] if any(fnmatchcase(name, p) for name in names)]
        assert known, key


@pytest.mark.parametrize(
    ("feature", "word"),
    [
        ("loop_furosemide_equivalent_mg", "congested"),
        ("loop_diuretic_iv_48h", "congested"),
        ("nt_probnp_count", "unsure"),
        ("urea_count", "watched"),
        ("procedure_device", "device"),
        ("beta_blocker", "bear treatment"),
    ],
)
def test_drivers_that_tell_of_a_decision_are_known(feature: str, word: str) -> None:
    assert word in stands_for(feature)


def test_a_value_of_the_body_stands_for_itself() -> None:
    for feature in ("urea_last", "age", "nt_probnp_last", "systolic_pressure_last", "medicines_unknown"):
        assert stands_for(feature) == ""
