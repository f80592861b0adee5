"""Whether levels of a group differ: fairlearn's gaps, the statistic beside a naive loop, and how often chance alone sets it off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment.differences import RatioTest, difference_tests, holm, permutation_p
from hfrisk.assessment.discrimination import auroc, delong
from hfrisk.assessment.equity import differing_groups
from hfrisk.assessment.groups import find_groups
from hfrisk.assessment.ranked import AreaTest
from hfrisk.assessment.settings import AssessmentSettings

FEW = AssessmentSettings(permutations=99, capacities=(0.1,), threads=1)


def people(n: int, seed: int, *, levels: int = 3, gain: float = 0.0, ties: bool = False) -> pd.DataFrame:
    """Discharges of people of whom a quarter have several; `gain` is added to the log-odds of the first level's events."""
    random = np.random.default_rng(seed)
    person = np.concatenate([np.arange(n), random.integers(0, n, n // 3)])
    level = random.integers(0, levels, n)[person]
    said = random.normal(-1.4, 0.7, len(person)) + random.normal(0, 0.3, n)[person]
    risk = 1 / (1 + np.exp(-said))
    event = random.random(len(person)) < 1 / (1 + np.exp(-said - gain * (level == 0)))
    return pd.DataFrame(
        {
            "person": person,
            "level": np.array(["a", "b", "c", "d", "e"])[level],
            "risk": np.round(risk, 2) if ties else risk,
            "event": event.astype(int),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, len(person)), "D"),
        }
    )


def judged(frame: pd.DataFrame, settings: AssessmentSettings = FEW, least: int = 10) -> pd.DataFrame:
    groups = find_groups(frame["event"], frame[["level"]], ["level"], least=least, for_slope=least)
    found = difference_tests(frame["event"], frame["risk"], frame["person"], frame["day"], groups, settings)
    return found.set_index("measure")


def test_gaps_are_those_of_fairlearn() -> None:
    from fairlearn import metrics

    frame = people(900, 1, ties=True)
    ours = judged(frame)
    given = {"y_true": frame["event"], "sensitive_features": frame["level"]}
    flagged = (frame["risk"] >= 0.2).astype(int)
    for measure in ("selection_rate", "sensitivity", "false_positive_rate", "equalized_odds"):
        row = ours.loc[f"{measure}@0.20"]
        for column in ("difference", "ratio"):
            theirs = getattr(metrics, f"{row['fairlearn']}_{column}")(y_pred=flagged, **given)
            assert row[column] == pytest.approx(theirs, abs=1e-14), (measure, column)
    # at capacity everyone is ranked together: no ties at this edge, so that those chosen are chosen wholly
    plain = people(900, 1)
    room = round(0.1 * len(plain))
    chosen = (plain["risk"].rank(ascending=False) <= room).astype(int)
    row = judged(plain).loc["selection_rate@top0.1"]
    theirs = metrics.demographic_parity_difference(plain["event"], chosen, sensitive_features=plain["level"])
    assert row["difference"] == pytest.approx(theirs, abs=1e-14)


def naive_ratio(top: np.ndarray, bottom: np.ndarray, label: np.ndarray) -> float:
    """The chi-square at its smallest over the common rate's first-order shift, level by level, by search."""
    rate = top.sum() / bottom.sum()
    parts = []
    for level in range(label.max() + 1):
        mine = label == level
        left = top[mine] - rate * bottom[mine]
        parts.append((left.sum(), bottom[mine].sum(), (left**2).sum()))
    shifts = np.linspace(-0.5, 0.5, 200_001)
    total = sum((s - shifts * b) ** 2 / q for s, b, q in parts if q > 0)
    return float(np.min(total))


def test_the_statistic_of_a_ratio_is_that_of_a_loop_over_levels() -> None:
    random = np.random.default_rng(4)
    bottom = random.integers(1, 4, (60, 1)).astype(float)
    top = np.minimum(bottom, random.poisson(0.4, (60, 1)))
    labels = np.stack([random.integers(0, 3, 60) for _ in range(5)])
    ours = RatioTest.of(top, bottom).statistics(labels, 3)[:, 0]
    theirs = [naive_ratio(top[:, 0], bottom[:, 0], label) for label in labels]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_areas_and_their_clustered_variances_are_those_of_delong_within_each_level(ties: bool) -> None:
    frame = people(260, 2, ties=ties)
    codes, label = np.unique(frame["level"], return_inverse=True)
    person = frame["person"].to_numpy()
    of_person = pd.Series(label).groupby(person).first().to_numpy()
    area = AreaTest.of(frame["event"].to_numpy(float), frame["risk"].to_numpy(), person)
    shuffled = np.random.default_rng(1).permutation(of_person)
    areas, variances = area.areas(np.stack([of_person, shuffled]), len(codes))
    for row, labels in enumerate((of_person, shuffled)):
        for level in range(len(codes)):
            mine = frame[labels[person] == level]
            assert areas[row, level] == pytest.approx(auroc(mine["event"], mine["risk"]), abs=1e-12)
            assert variances[row, level] == pytest.approx(clustered_variance(mine), abs=1e-12)
            # Obuchowski's has small-sample factors besides
            assert variances[row, level] == pytest.approx(
                delong(mine["event"], mine["risk"], mine["person"])[1], rel=0.1
            )


def clustered_variance(frame: pd.DataFrame) -> float:
    """Pair by pair."""
    high, low = (frame[frame["event"] == outcome] for outcome in (1, 0))
    wins = (high["risk"].to_numpy()[:, None] > low["risk"].to_numpy()) + 0.5 * (
        high["risk"].to_numpy()[:, None] == low["risk"].to_numpy()
    )
    away = pd.concat(
        [
            pd.Series((wins.mean(axis=1) - wins.mean()) / len(high), index=high["person"]),
            pd.Series((wins.mean(axis=0) - wins.mean()) / len(low), index=low["person"]),
        ]
    )
    return float((away.groupby(level=0).sum() ** 2).sum())


def test_p_is_that_of_a_loop_over_the_same_draws() -> None:
    frame = people(300, 3, gain=0.5)
    first = frame.sort_values("day", kind="stable").groupby("person")["level"].first()
    label = np.unique(first, return_inverse=True)[1]
    sums = frame.groupby("person")[["event", "risk"]].sum().to_numpy()
    observed = naive_ratio(sums[:, 0], sums[:, 1], label)
    as_large = 0
    for draw in range(FEW.permutations):
        dealt = np.random.default_rng([FEW.seed, 7, draw]).permutation(label)
        as_large += naive_ratio(sums[:, 0], sums[:, 1], dealt) >= observed - 1e-6
    row = judged(frame).loc["oe_ratio"]
    assert row["statistic"] == pytest.approx(observed, abs=1e-5)
    assert row["p"] == pytest.approx((as_large + 1) / (FEW.permutations + 1))


def test_a_false_alarm_is_as_rare_as_declared_and_a_difference_is_found() -> None:
    settings = AssessmentSettings(permutations=99, capacities=(), threads=1)
    null = np.array([judged(people(240, seed, levels=2), settings)["p"] for seed in range(200)])
    share = (null <= 0.05).mean(axis=0)
    # 200 data sets: 5 % give 10, and more than 20 (or fewer than 2) only once in a thousand
    assert ((share >= 0.01) & (share <= 0.10)).all(), share
    # planted: the first level comes back far more often than the model says
    found = [judged(people(500, seed, levels=2, gain=0.8), settings).loc["oe_ratio", "p"] for seed in range(20)]
    assert np.mean(np.array(found) <= 0.05) > 0.8


def test_a_difference_in_need_is_no_difference_in_truth() -> None:
    """Levels that differ in risk, with risks true for both: flagged more often, but O/E does not differ."""
    random = np.random.default_rng(11)
    alarms, flagged = [], []
    settings = AssessmentSettings(permutations=99, capacities=(), threads=1)
    for _ in range(100):
        level = np.repeat([0, 1], [200, 400])
        risk = 1 / (1 + np.exp(1.8 - 1.2 * (level == 0) - random.normal(0, 0.5, 600)))
        frame = pd.DataFrame(
            {
                "person": np.arange(600),
                "level": np.where(level == 0, "a", "b"),
                "risk": risk,
                "event": (random.random(600) < risk).astype(int),
                "day": pd.Timestamp("2024-01-01"),
            }
        )
        p = judged(frame, settings)["p"]
        alarms.append(p["oe_ratio"] <= 0.05)
        flagged.append(p["selection_rate@0.20"] <= 0.05)
    assert np.mean(alarms) <= 0.13
    assert np.mean(flagged) > 0.95


def test_levels_too_small_take_no_part_and_are_named() -> None:
    frame = people(400, 5)
    frame.loc[frame["person"] < 6, "level"] = "handful"
    found = judged(frame).loc["oe_ratio"]
    assert found["levels"] == "a; b; c"
    assert found["levels_excluded"] == "handful"
    without = frame[frame["person"] >= 6]
    assert judged(without).loc["oe_ratio", "p"] == found["p"]


def test_one_level_alone_is_not_tested() -> None:
    frame = people(300, 6).assign(level="only")
    found = judged(frame, least=1)
    assert found["p"].isna().all()
    assert (found["reason"] == "not computed: fewer than two levels are large enough").all()


def test_holm_is_that_of_statsmodels_and_p_counts_the_data_themselves() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, 0.2, 0.03, 0.004, 0.9])
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    assert permutation_p(np.array([5.0]), np.array([[1.0], [5.0], [6.0]]))[0] == 0.75


def test_checks_name_the_groups_that_differ_and_no_crossed_ones() -> None:
    tests = pd.DataFrame(
        [
            ("imd_quintile", "oe_ratio", 0.02),
            ("sex", "oe_ratio", 0.5),
            ("sex x imd_quintile", "oe_ratio", 0.01),
            ("sex", "sensitivity@0.20", 0.05),
        ],
        columns=["group", "measure", "p_adjusted"],
    )
    first, second = differing_groups(tests, 0.2)
    assert (first.code, first.severity, first.facts["names"]) == ("HFR175", "warning", "imd quintile")
    assert (second.code, second.severity, second.facts["names"]) == ("HFR176", "note", "sex")
    assert differing_groups(tests.assign(p_adjusted=0.06), 0.2) == []
