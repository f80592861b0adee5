"""An attack: reconstruct exact events from estimates that carry the prevalence (decision 30)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from hfrisk.assessment.results import NOBODY
from hfrisk.disclosure.curves import release_by_period, release_capacity, release_decision_curve
from hfrisk.disclosure.estimates import net_benefit
from hfrisk.disclosure.performance import (
    benefits_shown,
    rates_shown,
    release_comparison,
    release_performance,
    release_threshold_groups,
)
from hfrisk.disclosure.policy import Policy

POLICY = Policy()
RISKS = np.clip(np.random.default_rng(5).beta(3, 12, 4000), 0.01, 0.9)


def performance(
    n: int, events: int, *, brier: float = 0.149, mean_risk: float = 0.2, model: str = "lightgbm"
) -> pd.DataFrame:
    """What the assessment would compute for these counts, if risks and distances were as given."""
    p = events / n
    measures = {
        "brier": brier,
        "scaled_brier": 1 - brier / (p * (1 - p)),
        "oe_ratio": p / mean_risk,
        "net_benefit@0.20": net_benefit(events // 2, n // 5, n, 0.2),
        "auroc": 0.6437,
        "prevalence": p,
        "auprc": p if model == "null" else 0.312,
        "emax": 0.0312,
        "brier_reliability": 0.0013,
        "brier_resolution": 0.0013 + p * (1 - p) * n / (n - 1) - brier,
        "brier_uncertainty": p * (1 - p) * n / (n - 1),
    }
    rows = [
        {"model": model, "split": "test", "group": "all", "level": "all", "measure": m, "estimate": v, "lower": v - 0.03,
         "upper": v + 0.04, "n": n, "events": events, "reason": ""}
        for m, v in measures.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def decision(n: int, events: int, flagged: int, found: int) -> pd.DataFrame:
    row = {"model": "lightgbm", "split": "test", "threshold": 0.2, "n": n, "events": events, "flagged": flagged,
           "true_positives": found, "net_benefit": 0.0, "net_benefit_all": 0.0}  # fmt: skip
    return pd.DataFrame([row])


def estimate(frame: pd.DataFrame, measure: str) -> float:
    return float(frame.loc[frame["measure"] == measure, "estimate"].iloc[0])


def events_behind_brier(frame: pd.DataFrame, n: float) -> float:
    """p (1 - p) = brier / (1 - scaled), so p, so the events."""
    variance = estimate(frame, "brier") / (1 - estimate(frame, "scaled_brier"))
    return n * (1 - math.sqrt(1 - 4 * variance)) / 2


def test_brier_and_scaled_brier_would_give_the_exact_events_away() -> None:
    assert events_behind_brier(performance(1003, 198), 1003) == pytest.approx(198, abs=1e-6)


@pytest.mark.parametrize("events", [198, 199, 200, 201, 202])
def test_released_they_give_back_only_the_shown_events(events: int) -> None:
    released = release_performance(performance(1003, events), POLICY, {})
    found = events_behind_brier(released, 1005)
    # Three figures of either leave more room than the rounding of the count, and the middle is the shown count.
    assert abs(found - 200) < 8
    assert released["events"].unique() == [200]


pairs = st.tuples(st.integers(60, 4000), st.floats(0.05, 0.6), st.integers(-2, 2), st.integers(-2, 2))


@settings(max_examples=150, deadline=None)
@given(pairs, st.floats(0.08, 0.24), st.floats(0.05, 0.5))
def test_data_that_round_alike_are_released_alike(
    pair: tuple[int, float, int, int], brier: float, mean_risk: float
) -> None:
    n, share, more_n, more_events = pair
    n, events = round(n / 5) * 5, round(n * share / 5) * 5
    if min(events, n - events) < 15:
        return
    one = release_performance(performance(n, events, brier=brier, mean_risk=mean_risk), POLICY, {})
    other = release_performance(
        performance(n + more_n, events + more_events, brier=brier, mean_risk=mean_risk), POLICY, {}
    )
    columns = ["measure", "estimate", "n", "events", "suppressed"]
    pd.testing.assert_frame_equal(one[columns], other[columns])


@pytest.mark.parametrize("events", [198, 199, 200, 201, 202])
def test_parts_of_the_brier_score_add_up_with_the_shown_events_and_so_give_back_no_others(events: int) -> None:
    exact, released = performance(1003, events), release_performance(performance(1003, events), POLICY, {})

    def events_behind(frame: pd.DataFrame, n: float) -> float:
        parts = {name: estimate(frame, f"brier_{name}") for name in ("reliability", "resolution")}
        variance = (estimate(frame, "brier") - parts["reliability"] + parts["resolution"]) * (n - 1) / n
        return n * (1 - math.sqrt(1 - 4 * variance)) / 2

    assert events_behind(exact, 1003) == pytest.approx(events, abs=1e-6)
    found = release_performance(performance(1005, 200), POLICY, {})
    for name in ("brier_uncertainty", "brier_resolution", "brier_reliability", "brier"):
        assert estimate(released, name) == estimate(found, name)
    # Whatever rounding leaves, it is the same for all that are shown as 200.
    assert events_behind(released, 1005) == pytest.approx(200, abs=1)


def test_observed_over_expected_with_the_mean_risk_gives_back_only_the_shown_events() -> None:
    behind = set()
    for events in range(198, 203):
        released = release_performance(performance(1000, events, mean_risk=0.187), POLICY, {})
        behind.add(estimate(released, "oe_ratio") * 0.187 * 1000)
    assert len(behind) == 1
    assert behind.pop() == pytest.approx(200, abs=1)


def test_the_middle_of_an_interval_moves_with_its_estimate() -> None:
    exact = performance(1003, 198)
    released = release_performance(exact, POLICY, {})
    for measure in ("scaled_brier", "oe_ratio"):
        row = released[released["measure"] == measure].iloc[0]
        was = exact[exact["measure"] == measure].iloc[0]
        middle, was_middle = (row["lower"] + row["upper"]) / 2, (was["lower"] + was["upper"]) / 2
        assert middle - row["estimate"] == pytest.approx(was_middle - was["estimate"], abs=0.004)
        assert row["estimate"] != was["estimate"]


def test_net_benefit_is_a_function_of_shown_counts_and_nothing_else() -> None:
    shown = set()
    for found, flagged in ((98, 298), (100, 300), (102, 302), (99, 301)):
        curve = release_decision_curve(decision(1001, 199, flagged, found), POLICY, 0.2)
        benefits = benefits_shown(curve, pd.DataFrame())
        frame = performance(1001, 199)
        frame.loc[frame["measure"] == "net_benefit@0.20", "estimate"] = net_benefit(found, flagged - found, 1001, 0.2)
        released = release_performance(frame, POLICY, benefits)
        shown.add((estimate(released, "net_benefit@0.20"), float(curve["net_benefit"].iloc[0])))
    assert len(shown) == 1
    assert shown.pop() == (0.05, 0.05)


def test_net_benefit_is_withheld_when_its_counts_are() -> None:
    curve = release_decision_curve(decision(1001, 199, 15, 9), POLICY, 0.2)
    released = release_performance(performance(1001, 199), POLICY, benefits_shown(curve, pd.DataFrame()))
    row = released[released["measure"] == "net_benefit@0.20"].iloc[0]
    assert math.isnan(row["estimate"])
    assert row["suppressed"] == POLICY.withheld


def gain(n: int, events: int, mine: tuple[int, int], theirs: tuple[int, int]) -> pd.DataFrame:
    """Released differences in net benefit at 20 %, against a model and against choosing everyone; flagged and found of each."""
    curves = pd.concat([decision(n, events, *mine), decision(n, events, *theirs).assign(model="logistic")])
    benefits = benefits_shown(release_decision_curve(curves, POLICY, 0.2), pd.DataFrame())
    own, other = (net_benefit(found, flagged - found, n, 0.2) for flagged, found in (mine, theirs))
    rows = [
        {"model_a": "lightgbm", "model_b": b, "split": "test", "measure": "net_benefit@0.20", "difference": d,
         "lower": d - 0.002, "upper": d + 0.003, "n": n, "events": events}
        for b, d in (("logistic", own - other), ("treat_all", own - net_benefit(events, n - events, n, 0.2)))
    ]  # fmt: skip
    return release_comparison(pd.DataFrame(rows), POLICY, benefits)


def test_a_gain_in_net_benefit_is_a_function_of_shown_counts_and_claims_no_more_than_the_exact_ones() -> None:
    shown = set()
    for n, events, mine, theirs in (
        (5000, 1000, (1500, 450), (1480, 435)),
        (5002, 998, (1502, 448), (1478, 437)),
        (4998, 1002, (1498, 452), (1482, 433)),
    ):
        exact = net_benefit(mine[1], mine[0] - mine[1], n, 0.2) - net_benefit(theirs[1], theirs[0] - theirs[1], n, 0.2)
        released = gain(n, events, mine, theirs)
        assert released["lower"].iloc[0] <= exact - 0.002 + 5e-5
        assert released["upper"].iloc[0] >= exact + 0.003 - 5e-5
        shown.add(tuple(released["difference"]))
    assert len(shown) == 1
    of_all = 0.2 - 0.8 / 4
    own, other = 450 / 5000 - 1050 / 5000 / 4, 435 / 5000 - 1045 / 5000 / 4
    assert shown.pop() == pytest.approx((own - other, own - of_all), abs=5e-4)


def test_a_gain_in_net_benefit_is_withheld_when_counts_of_either_are() -> None:
    released = gain(1001, 199, (300, 90), (15, 9))
    assert released["difference"].isna().tolist() == [True, False]
    assert released["suppressed"].tolist() == [POLICY.withheld, ""]


def rates_of(where: str, n: int, events: int, chosen: int, found: int, reason: str = "") -> pd.DataFrame:
    """What the assessment would compute of those chosen; the interval hangs on the exact number."""
    negatives = n - events
    measures = {
        "sensitivity": found / events,
        "specificity": (negatives - chosen + found) / negatives,
        "ppv": found / chosen,
        "npv": (negatives - chosen + found) / (n - chosen),
        "nne": chosen / found,
        "selection_rate": chosen / n,
        "false_positive_rate": (chosen - found) / negatives,
    }
    frame = performance(n, events).iloc[[0] * len(measures)].reset_index(drop=True)
    frame["measure"], frame["estimate"] = [f"{name}@{where}" for name in measures], list(measures.values())
    frame["lower"], frame["upper"], frame["reason"] = frame["estimate"] * 0.9, frame["estimate"] * 1.1, reason
    return frame


def released_rates(n: int, events: int, chosen: int, found: int, where: str = "0.20", reason: str = "") -> pd.DataFrame:
    curve = release_decision_curve(decision(n, events, chosen, found), POLICY, 0.2)
    room = pd.DataFrame([{"model": "lightgbm", "split": "test", "share": 0.3, "n": n, "reviewed": chosen,
                          "events": events, "events_found": found}])  # fmt: skip
    capacity = release_capacity(room, POLICY)
    exact = rates_of(where, n, events, chosen, found, reason)
    return release_performance(exact, POLICY, rates_shown(curve, pd.DataFrame(), capacity, pd.DataFrame()))


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.integers(3, 300)] * 4), st.tuples(*[st.integers(-2, 2)] * 4), st.sampled_from(["0.20", "top0.3"]))
def test_rates_of_those_chosen_are_functions_of_shown_counts(
    cells: tuple[int, ...], more: tuple[int, ...], where: str
) -> None:
    n, events, chosen, found = sum(cells), cells[0] + cells[1], cells[0] + cells[2], cells[0]
    shown = [5 * round(count / 5) for count in (n, events, chosen, found)]
    others = [count + step for count, step in zip(shown, more, strict=True)]
    released = []
    for n, events, chosen, found in (shown, others):
        if min(found, events - found, chosen - found, n - events - chosen + found) < 10:
            return
        released.append(released_rates(n, events, chosen, found, where))
    pd.testing.assert_series_equal(released[0]["estimate"], released[1]["estimate"])
    n, events, chosen, found = shown
    if min(events - found, chosen - found, n - events - chosen + found) > 0 and min(events, n - events) >= 100:
        assert released[0]["estimate"].iloc[2] == pytest.approx(found / chosen, abs=5e-3)


def test_intervals_of_rates_move_with_them_and_the_number_needed_to_evaluate_is_the_ppv_turned_over() -> None:
    rows = released_rates(1003, 198, 302, 102).set_index("measure")
    exact, ppv, each = 102 / 302, rows.loc["ppv@0.20"], rows.loc["nne@0.20"]
    assert ppv["estimate"] == pytest.approx(100 / 300, abs=1e-3)
    assert ppv["lower"] == pytest.approx(exact * 0.9 + (100 / 300 - exact), abs=1e-3)
    assert ppv["upper"] == pytest.approx(exact * 1.1 + (100 / 300 - exact), abs=1e-3)
    assert each["estimate"] == pytest.approx(3, abs=5e-3)
    # 0.9 and 1.1 of the exact number, turned over, moved as the PPV is, and turned back.
    assert each["lower"] == pytest.approx(1 / (exact / 0.9 + (100 / 300 - exact)), abs=1e-2)
    assert each["upper"] == pytest.approx(1 / (exact / 1.1 + (100 / 300 - exact)), abs=1e-2)


@pytest.mark.parametrize("where", ["0.20", "top0.3"])
@pytest.mark.parametrize("counts", [(1001, 199, 15, 9), (1001, 199, 209, 190), (1001, 199, 207, 198)])
def test_rates_are_withheld_when_one_of_their_four_cells_is_small(counts: tuple[int, ...], where: str) -> None:
    rows = released_rates(*counts, where)
    assert rows["estimate"].isna().all()
    assert rows["lower"].isna().all()
    assert (rows["suppressed"] == POLICY.withheld).all()


def test_that_nobody_was_chosen_cannot_be_told_from_that_few_were() -> None:
    few = released_rates(1001, 199, 15, 9)
    exact = rates_of("0.20", 1001, 199, 15, 9, NOBODY).assign(estimate=math.nan, lower=math.nan, upper=math.nan)
    nobody = release_performance(exact, POLICY, {})
    pd.testing.assert_frame_equal(few, nobody)


def test_rates_of_groups_come_from_their_shown_cells() -> None:
    rows = []
    for group, level, tp, fp, fn, tn in (
        ("all", "all", 150, 250, 148, 1002),
        ("sex", "Female", 72, 121, 74, 498),
        ("sex", "Male", 78, 129, 74, 504),
    ):
        rows.append({"model": "lightgbm", "split": "test", "group": group, "level": level, "threshold": 0.2,
                     "n": tp + fp + fn + tn, "events": tp + fn, "flagged": tp + fp, "true_positives": tp,
                     "false_positives": fp, "false_negatives": fn, "true_negatives": tn, "selection_rate": 0.2,
                     "true_positive_rate": 0.5, "false_positive_rate": 0.2, "positive_predictive_value": 0.4})  # fmt: skip
    groups = release_threshold_groups(pd.DataFrame(rows), POLICY)
    curve = release_decision_curve(decision(1550, 298, 400, 150), POLICY, 0.2)
    found = rates_shown(curve, groups, pd.DataFrame(), pd.DataFrame())
    assert found["lightgbm", "test", "sex", "Female", "ppv@0.20"] == 70 / (70 + 120)
    assert found["lightgbm", "test", "sex", "Male", "sensitivity@0.20"] == 80 / (80 + 75)
    for group in groups.itertuples():
        same = found["lightgbm", "test", group.group, group.level, "sensitivity@0.20"]
        assert POLICY.estimate(same) == group.true_positive_rate


def intercept(events: int) -> float:
    log_odds = np.log(RISKS / (1 - RISKS))
    return float(brentq(lambda a: (1 / (1 + np.exp(-(log_odds + a)))).sum() - events, -5, 5, xtol=1e-12))


@pytest.mark.parametrize("events", [800, 1200, 210])
def test_the_calibration_intercept_hardly_depends_on_events_within_the_rounding(events: int) -> None:
    n, exact, shown = len(RISKS), [], []
    for e in range(events - 2, events + 3):
        frame = performance(n, e)
        frame.loc[0, ["measure", "estimate"]] = ["calibration_intercept", intercept(e)]
        exact.append(intercept(e))
        shown.append(estimate(release_performance(frame, POLICY, {}), "calibration_intercept"))
    assert np.ptp(shown) <= 0.0011  # one step of its last decimal
    assert np.ptp(exact) > 5 * np.ptp(shown)


def test_a_model_without_inputs_keeps_its_error_to_itself() -> None:
    released = release_performance(performance(1003, 198, model="null"), POLICY, {})
    # Everyone has the same risk, so that the area under its precision and recall is the prevalence.
    for measure in ("brier", "auprc", "brier_reliability", "brier_resolution"):
        row = released[released["measure"] == measure].iloc[0]
        assert math.isnan(row["estimate"])
        assert "exact share" in row["suppressed"]


@pytest.mark.parametrize("events", [198, 199, 200, 201, 202])
def test_the_share_that_the_auprc_has_to_beat_is_the_shown_one_and_its_interval_moves_with_it(events: int) -> None:
    row = release_performance(performance(1003, events), POLICY, {}).set_index("measure").loc["prevalence"]
    assert row["estimate"] == pytest.approx(200 / 1005, abs=5e-4)
    assert row["lower"] == pytest.approx(200 / 1005 - 0.03, abs=5e-4)
    assert row["upper"] == pytest.approx(200 / 1005 + 0.04, abs=5e-4)


@pytest.mark.parametrize(("n", "shown"), [(397, False), (398, True), (1003, True)])
def test_the_largest_error_is_shown_where_enough_people_lie_beyond_both_ends(n: int, shown: bool) -> None:
    row = release_performance(performance(n, n // 4), POLICY, {}).set_index("measure").loc["emax"]
    assert row["estimate"] == 0.0312 if shown else math.isnan(row["estimate"])
    assert row["suppressed"] == ("" if shown else POLICY.withheld)


def test_differences_of_scaled_brier_and_of_brier_do_not_give_the_prevalence() -> None:
    ratios = set()
    for events in range(198, 203):
        p = events / 1000
        frame = pd.DataFrame(
            [
                {"model_a": "lightgbm", "model_b": "logistic", "split": "test", "measure": m, "difference": d,
                 "lower": d - 0.001, "upper": d + 0.001, "n": 1000, "events": events}
                for m, d in (("brier", -0.00812), ("scaled_brier", 0.00812 / (p * (1 - p))))
            ]
        )  # fmt: skip
        released = release_comparison(frame, POLICY, {})
        ratios.add(tuple(released["difference"]))
    assert len(ratios) == 1


def test_the_interval_of_a_quarter_is_made_from_the_shown_events() -> None:
    # An exact Poisson interval has a ratio of its ends that only one number of events has.
    shown = set()
    for events in (58, 59, 60, 61, 62):
        frame = pd.DataFrame(
            [
                {
                    "split": "test",
                    "period": p,
                    "n": 300,
                    "events": e,
                    "expected": 54.0,
                    "oe_ratio": e / 54,
                    "lower": 0.5,
                    "upper": 2.0,
                }
                for p, e in (("2023 Q1", events), ("2023 Q2", 70), ("2023 Q3", 50))
            ]
        )
        row = release_by_period(frame, POLICY, 0.95).iloc[0]
        shown.add(tuple(row[["n", "events", "expected", "oe_ratio", "lower", "upper"]]))
    assert shown == {(300.0, 60.0, 54.0, 1.1, 0.85, 1.4)}
