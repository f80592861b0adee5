"""An attack: reconstruct exact events from estimates that carry the prevalence (decision 30)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from hfrisk.disclosure.curves import release_by_period, release_decision_curve
from hfrisk.disclosure.estimates import net_benefit
from hfrisk.disclosure.performance import benefits_shown, release_comparison, release_performance
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
    for measure in ("brier", "auprc"):
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
