"""Figures: bins, points, steps and cells with enough people in them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import Released
from hfrisk.disclosure.curves import (
    release_calibration_curve,
    release_capacity,
    release_deciles,
    release_decision_curve,
    release_distribution,
)
from hfrisk.disclosure.explained import release_dependence, release_means
from hfrisk.disclosure.people import released_sets
from hfrisk.disclosure.performance import release_threshold_groups
from hfrisk.disclosure.policy import Policy
from tests.disclosure.made_up import DICTIONARY, Run

POLICY = Policy()
WHO = {"model": "lightgbm", "split": "test"}
RATES = ["selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value"]
CELLS = ["true_positives", "false_positives", "false_negatives", "true_negatives"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 80), min_size=1, max_size=30), st.integers(0, 10**6))
def test_every_bin_of_the_distribution_has_ten_people(sizes: list[int], seed: int) -> None:
    if sum(sizes) < 10:
        return
    events = np.random.default_rng(seed).binomial(sizes, 0.2)
    edges = np.arange(len(sizes) + 1) / 50
    frame = pd.DataFrame({**WHO, "bin_lower": edges[:-1], "bin_upper": edges[1:], "n": sizes, "events": events})
    shown = release_distribution(frame, POLICY)
    for row in shown.itertuples():
        inside = (edges[:-1] >= row.bin_lower - 1e-9) & (edges[1:] <= row.bin_upper + 1e-9)
        exact, cases = np.array(sizes)[inside].sum(), events[inside].sum()
        assert exact >= 10
        assert math.isnan(row.n) or row.n == POLICY.rounded(exact)
        assert math.isnan(row.events) or (cases >= 10 and exact - cases >= 10)
    assert (shown["bin_upper"].to_numpy()[:-1] == shown["bin_lower"].to_numpy()[1:]).all()


def test_the_highest_risk_of_anyone_stays_unknown() -> None:
    bins = {"bin_lower": [0.1, 0.12, 0.14], "bin_upper": [0.12, 0.14, 0.16], "n": [500, 300, 1], "events": [50, 60, 1]}
    frame = pd.DataFrame({**WHO, **bins})
    shown = release_distribution(frame, POLICY)
    assert shown[["bin_lower", "bin_upper"]].to_numpy().tolist() == [[0.1, 0.12], [0.12, 0.2]]


def curve(*points: tuple[float, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(points, columns=["predicted", "n", "events"])
    return frame.assign(**WHO, group="all", level="all", observed=frame["predicted"], lower=0.01, upper=0.5)


def sets_of(n: int, events: int) -> pd.DataFrame:
    return released_sets(pd.DataFrame([{**WHO, "group": "all", "level": "all", "n": n, "events": events}]), POLICY)


def test_calibration_points_stand_for_ten_events_and_ten_non_events() -> None:
    points = curve((0.05, 90, 4), (0.06, 80, 5), (0.07, 100, 8), (0.1, 200, 20), (0.3, 60, 20), (0.5, 12, 9))
    shown = release_calibration_curve(points, POLICY, sets_of(542, 66))
    assert shown["n"].tolist() == [270, 200, 70]
    assert shown["events"].tolist() == [15, 20, 30]
    assert shown["predicted"].tolist() == [0.06, 0.1, 0.3]


def test_no_calibration_curve_is_shown_for_people_whose_events_are_withheld() -> None:
    shown = release_calibration_curve(curve((0.1, 200, 5)), POLICY, sets_of(200, 5))
    assert shown[["predicted", "observed", "n", "events"]].isna().all(axis=None)
    assert shown["suppressed"].ne("").all()


def decision(*points: tuple[float, int, int], n: int = 1000, events: int = 200) -> pd.DataFrame:
    frame = pd.DataFrame(points, columns=["threshold", "flagged", "true_positives"])
    return frame.assign(**WHO, n=n, events=events, net_benefit=0.1, net_benefit_all=0.1)


def test_a_decision_point_is_withheld_when_one_of_its_four_cells_is_small() -> None:
    points = decision((0.05, 995, 199), (0.1, 800, 195), (0.2, 400, 120), (0.3, 40, 31), (0.35, 15, 9))
    shown = release_decision_curve(points, POLICY, 0.2)
    assert shown["true_positives"].isna().tolist() == [True, True, False, True, True]
    assert shown["net_benefit"].isna().equals(shown["true_positives"].isna())
    assert shown["net_benefit_all"].notna().all()


def test_steps_of_the_decision_curve_have_ten_people() -> None:
    points = decision(
        (0.18, 412, 130), (0.19, 405, 125), (0.2, 400, 120), (0.21, 396, 118), (0.22, 391, 115), (0.23, 388, 112)
    )
    shown = release_decision_curve(points, POLICY, 0.2)
    assert shown["flagged"].isna().tolist() == [False, True, False, True, True, False]


def test_the_decision_threshold_is_always_the_first_to_be_shown(run: Run, released: Released) -> None:
    at = released.decision_curve[released.decision_curve["threshold"] == 0.2]
    assert at["net_benefit"].notna().all()


def test_capacity_needs_ten_in_each_of_four_cells() -> None:
    frame = pd.DataFrame(
        {**WHO, "share": [0.05, 0.2], "n": 400, "reviewed": [20, 80], "events": 60, "events_found": [8, 25]}
    )
    shown = release_capacity(frame, POLICY)
    assert shown["events_found"].isna().tolist() == [True, False]
    assert shown.loc[1, ["reviewed", "events_found"]].tolist() == [80, 25]


def test_deaths_by_tenth_are_withheld_with_the_tenth_that_would_give_them_away() -> None:
    frame = pd.DataFrame(
        {
            **WHO,
            "decile": [1, 2, 3],
            "n": 300,
            "events": [30, 60, 90],
            "died": [4, 13, 25],
            "mean_risk": [0.1, 0.2, 0.3],
        }
    )
    shown = release_deciles(frame, POLICY)
    assert shown["died"].isna().tolist() == [True, True, False]
    assert shown["events"].tolist() == [30, 60, 90]


def cells(**levels: tuple[int, int, int, int]) -> pd.DataFrame:
    rows = [("sex" if k != "all" else "all", k, *v) for k, v in levels.items()]
    frame = pd.DataFrame(rows, columns=["group", "level", *CELLS]).assign(**WHO, threshold=0.2)
    frame["events"] = frame["true_positives"] + frame["false_negatives"]
    frame["flagged"] = frame["true_positives"] + frame["false_positives"]
    frame["n"] = frame[CELLS].sum(axis=1)
    return frame.assign(
        selection_rate=0.5, true_positive_rate=0.5, false_positive_rate=0.5, positive_predictive_value=0.5
    )


def test_rates_at_the_threshold_come_from_the_shown_cells() -> None:
    shown = release_threshold_groups(cells(all=(51, 149, 98, 702)), POLICY).iloc[0]
    assert shown[CELLS].tolist() == [50, 150, 100, 700]
    assert shown[RATES].tolist() == [0.2, 0.333, 0.176, 0.25]


def test_one_small_cell_takes_the_other_three_and_the_next_level_along() -> None:
    shown = release_threshold_groups(
        cells(all=(104, 325, 120, 900), Female=(8, 60, 30, 400), Male=(96, 265, 90, 500)), POLICY
    )
    assert shown[CELLS].isna().all(axis=1).tolist() == [False, True, True]
    assert shown["n"].notna().all()
    assert shown.loc[1:, "true_positive_rate"].isna().all()


def test_cells_do_not_give_back_events_that_are_withheld() -> None:
    everyone = (42, 180, 64, 1600)
    shown = release_threshold_groups(
        cells(all=everyone, A=(5, 50, 4, 400), B=(12, 70, 40, 700), C=(25, 60, 20, 500)), POLICY
    ).set_index("level")
    assert math.isnan(shown.loc["C", "events"])
    assert shown.loc["C", CELLS].isna().all()


def test_no_cell_of_a_group_is_small_in_the_whole_run(run: Run, released: Released) -> None:
    exact, shown = run.results.threshold_groups, released.threshold_groups
    for column in ("n", "events", "flagged", *CELLS):
        visible = shown[column].notna().to_numpy()
        assert (exact[column].to_numpy()[visible] >= 10).all()
        assert (shown[column].dropna() % 5 == 0).all()


def test_contributions_are_shown_for_bins_of_ten_and_ages_end_at_ninety() -> None:
    frame = pd.DataFrame(
        {"feature": ["age", "age", "rare", "rare"], "bin_lower": [50.2, 88.0, 0, 1], "bin_upper": [88.0, 107.0, 0, 1],
         "n": [700, 60, 752, 8], "mean_contribution": [0.123456, -0.2, 0.0, 0.9]}
    )  # fmt: skip
    shown = release_dependence(frame, DICTIONARY, POLICY)
    assert shown["bin_upper"].tolist()[:2] == [88, 90]
    assert shown["mean_contribution"].iloc[0] == 0.123
    assert shown["n"].isna().tolist() == [False, False, True, True]


def test_means_over_too_few_people_are_withheld() -> None:
    frame = pd.DataFrame({"feature": ["a", "b"], "mean_abs": [0.12345, 0.5], "share": [0.2, 0.8], "n": [400, 9]})
    shown = release_means(frame, POLICY)
    assert shown["mean_abs"].iloc[0] == 0.123
    assert shown.loc[1, ["mean_abs", "share", "n"]].isna().all()


def test_empty_tables_stay_empty(run: Run) -> None:
    for name, gate in (
        ("decision_curve", lambda f: release_decision_curve(f, POLICY, 0.2)),
        ("risk_distribution", lambda f: release_distribution(f, POLICY)),
        ("risk_deciles", lambda f: release_deciles(f, POLICY)),
        ("threshold_groups", lambda f: release_threshold_groups(f, POLICY)),
        ("calibration_curve", lambda f: release_calibration_curve(f, POLICY, sets_of(100, 20))),
    ):
        empty = getattr(run.results, name).iloc[:0]
        shown = gate(empty)
        assert shown.empty
        assert {*empty.columns, "suppressed"} == set(shown.columns)
