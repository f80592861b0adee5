"""Decision curve, capacity, and who is where in the spread of risks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.assessment.groups import find_groups
from hfrisk.assessment.performance import split_performance
from hfrisk.assessment.periods import by_quarter
from hfrisk.assessment.resampling import Resampled, person_weights
from hfrisk.assessment.results import at_threshold
from hfrisk.assessment.utility import capacity_table, decision_curve, net_benefit, risk_deciles, risk_distribution


def test_decision_curve_is_that_of_dcurves(discharges) -> None:
    import dcurves

    thresholds = [hundredth / 100 for hundredth in range(5, 41)]
    theirs = dcurves.dca(data=discharges, outcome="event", modelnames=["risk"], thresholds=np.array(thresholds))
    ours = decision_curve(discharges["event"], discharges["risk"], thresholds)
    for model, column in (("risk", "net_benefit"), ("all", "net_benefit_all")):
        expected = theirs[theirs["model"] == model].sort_values("threshold")["net_benefit"]
        np.testing.assert_allclose(ours[column], expected, atol=1e-12)


def test_gain_in_net_benefit_is_that_of_dcurves_with_the_interval_of_a_naive_loop_on_the_same_draws(discharges) -> None:
    import dcurves

    settings = AssessmentSettings(
        replicates=60, redraws=50, permutations=99, net_benefit_from=0.1, net_benefit_to=0.4, net_benefit_step=0.1
    )
    event, risk, person = (discharges[name].to_numpy() for name in ("event", "risk", "person"))
    other = np.round(0.5 * risk + 0.2 * np.random.default_rng(1).random(len(risk)), 3)
    risks = {"lightgbm": risk, "logistic": other, "null": np.full(len(risk), event.mean())}
    groups = find_groups(event, pd.DataFrame(), [])
    found = split_performance(event, risks, person, groups, settings).comparison
    found = found[found["measure"].str.startswith("net_benefit")].set_index(["model_b", "measure"])
    thresholds = np.array([0.1, 0.2, 0.3, 0.4])
    # The same risk for everyone chooses everyone or no one: it is one of the two policies already.
    wanted = {(b, f"net_benefit@{t:.2f}") for b in ("logistic", "treat_all") for t in thresholds}
    assert set(found.index) == wanted

    def gains(rows: np.ndarray) -> dict[tuple[str, str], float]:
        frame = pd.DataFrame({"event": event[rows], "mine": risk[rows], "theirs": other[rows]})
        table = dcurves.dca(data=frame, outcome="event", modelnames=["mine", "theirs"], thresholds=thresholds)
        net = table.set_index(["model", "threshold"])["net_benefit"]
        return {
            (b, f"net_benefit@{t:.2f}"): net["mine", t] - net[name, t]
            for b, name in (("logistic", "theirs"), ("treat_all", "all"))
            for t in thresholds
        }

    for key, gain in gains(np.arange(len(event))).items():
        assert found.loc[key, "difference"] == pytest.approx(gain, abs=1e-12)
    codes = np.unique(person, return_inverse=True)[1]
    weight = person_weights(codes.max() + 1, range(settings.replicates), settings.seed)
    drawn = pd.DataFrame([gains(np.repeat(np.arange(len(event)), one[codes])) for one in weight])
    for key in wanted:
        limits = np.quantile(drawn[key], (0.025, 0.975))
        assert found.loc[key, ["lower", "upper"]].tolist() == pytest.approx(limits.tolist(), abs=1e-12)


def test_net_benefit_of_flagging_no_one_is_nought_and_of_everyone_treat_all() -> None:
    event, risk = np.array([0, 0, 0, 1]), np.array([0.10, 0.12, 0.14, 0.18])
    assert net_benefit(event, risk, 0.5) == 0
    everyone = decision_curve(event, risk, [0.05]).iloc[0]
    assert everyone["net_benefit"] == pytest.approx(everyone["net_benefit_all"]) == pytest.approx(0.25 - 0.75 / 19)


def test_a_person_exactly_at_the_threshold_is_flagged() -> None:
    row = decision_curve(np.array([1, 0, 0]), np.array([0.2, 0.2, 0.19]), [0.2]).iloc[0]
    assert (row["flagged"], row["true_positives"]) == (2, 1)


def test_reviewing_the_riskiest_fifth_finds_those_of_them_who_came_back() -> None:
    event = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    risk = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    table = capacity_table(event, risk, [0.2, 0.5])
    assert table[["reviewed", "events", "events_found"]].to_numpy().tolist() == [[2, 3, 2], [5, 3, 3]]


def test_of_those_who_tie_at_the_edge_the_expected_number_is_found_in_any_order() -> None:
    event = np.array([1, 0, 1, 0, 1, 0, 0, 0, 0, 0])
    risk = np.array([0.5, 0.3, 0.3, 0.3, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1])
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(10)
        table = capacity_table(event[order], risk[order], [0.1, 0.3, 0.5])
        assert table["events_found"].tolist() == [1, 2, 3]


def test_rates_at_a_capacity_are_those_of_the_capacity_table_before_it_is_rounded_to_people() -> None:
    random = np.random.default_rng(3)
    risk = np.round(random.beta(2, 6, 3000), 2)
    event = (random.random(3000) < risk).astype(int)
    found = Resampled.of(event, risk, capacities=(0.05, 0.2)).measures()
    for row in capacity_table(event, risk, (0.05, 0.2)).itertuples():
        assert found[f"sensitivity@top{row.share:g}"] * row.events == pytest.approx(row.events_found, abs=0.5)
        assert found[f"ppv@top{row.share:g}"] * row.reviewed == pytest.approx(row.events_found, abs=0.5)


def test_rates_without_a_denominator_are_missing_and_never_nought() -> None:
    event, risk = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.15, 0.3])
    found = Resampled.of(event, risk, thresholds=(0.05, 0.4), rates=(0.05, 0.4), capacities=(0.1,)).measures()
    for measure in ("ppv@0.40", "nne@0.40", "npv@0.05", "ppv@top0.1", "nne@top0.1"):
        assert np.isnan(found[measure]), measure
    assert (found["sensitivity@0.40"], found["specificity@0.40"], found["npv@0.40"]) == (0, 1, 0.5)


def test_edges_of_bands_are_thresholds_of_the_decision_curve_and_keep_their_names() -> None:
    settings = AssessmentSettings(bands=(0.125, 0.2, 0.6), threshold=0.15)
    assert settings.rate_thresholds == (0.125, 0.15, 0.2, 0.6)
    assert set(settings.rate_thresholds) < set(settings.net_benefit_thresholds)
    assert [at_threshold("ppv", one) for one in settings.rate_thresholds] == [
        "ppv@0.125",
        "ppv@0.15",
        "ppv@0.20",
        "ppv@0.60",
    ]


def test_risk_bins_hold_everyone_once_and_know_their_edges() -> None:
    risk = np.array([0.0, 0.019, 0.02, 0.28, 0.29, 0.5, 1.0])
    table = risk_distribution(np.array([0, 1, 0, 1, 0, 1, 1]), risk)
    assert table["n"].sum() == 7
    assert table["events"].sum() == 4
    for value in risk[:-1]:
        assert ((table["bin_lower"] <= value) & (value < table["bin_upper"])).sum() == 1
    assert table.loc[table["bin_lower"] == 0.02, "n"].tolist() == [1]
    assert table.iloc[-1]["n"] == 1


def test_deciles_of_risk_show_deaths_beside_events() -> None:
    n = 1003
    risk = np.linspace(0.05, 0.6, n)
    died = np.arange(n) < 100
    table = risk_deciles((np.arange(n) % 4 == 0).astype(int), risk, died)
    assert table["decile"].tolist() == list(range(1, 11))
    assert table["n"].sum() == n
    assert table["n"].min() >= 100
    assert table["died"].tolist()[0] >= 99
    assert table["died"].sum() == 100
    assert table["mean_risk"].is_monotonic_increasing


def test_quarters_compare_observed_with_expected_and_leave_small_ones_without_a_ratio() -> None:
    date = pd.Series(pd.to_datetime(["2023-01-31"] * 100 + ["2023-04-01"] * 100 + ["2022-12-31"] * 20))
    event = np.array([1] * 20 + [0] * 80 + [1] * 40 + [0] * 60 + [1] * 4 + [0] * 16)
    table = by_quarter(event, np.full(220, 0.2), date)
    assert table["period"].tolist() == ["2022 Q4", "2023 Q1", "2023 Q2"]
    assert table["n"].tolist() == [20, 100, 100]
    assert table["events"].tolist() == [4, 20, 40]
    np.testing.assert_allclose(table["expected"], [4, 20, 20])
    np.testing.assert_allclose(table["oe_ratio"], [np.nan, 1, 2])
    assert (table["lower"] < table["oe_ratio"]).tolist() == [False, True, True]
    assert table.loc[2, "lower"] > 1 > table.loc[1, "lower"]
