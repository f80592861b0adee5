"""The measures against R: the calls are in oracles/make_oracles.R, the tests read its CSVs only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import accuracy, calibration, discrimination, flexible, loess, utility


@pytest.fixture(scope="module")
def from_r(oracles: Path) -> dict[str, float]:
    table = pd.read_csv(oracles / "measures.csv")
    return dict(zip(table["measure"], table["value"], strict=True))


@pytest.mark.parametrize(
    ("measure", "function"),
    [
        ("auroc", discrimination.auroc),
        ("auroc_val_prob", discrimination.auroc),
        ("brier", accuracy.brier),
        ("scaled_brier", accuracy.scaled_brier),
        ("log_loss", accuracy.log_loss),
        ("oe_ratio", calibration.oe_ratio),
        ("calibration_intercept", calibration.calibration_intercept),
        ("calibration_slope", calibration.calibration_slope),
        ("val_prob_slope", calibration.calibration_slope),
    ],
)
def test_measure_is_that_of_r(measure, function, discharges, from_r) -> None:
    assert function(discharges["event"], discharges["risk"]) == pytest.approx(from_r[measure], abs=1e-9)


def test_calibration_intercept_holds_the_slope_at_one_where_plps_qualified_offset_fits_it(discharges, from_r) -> None:
    # PatientLevelPrediction since 6.4 writes stats::offset(...) in a formula: R takes it for a covariate, fits its
    # slope, and reports the intercept of another model, here of the opposite sign.
    ours = calibration.calibration_intercept(discharges["event"], discharges["risk"])
    assert ours == pytest.approx(from_r["calibration_intercept"], abs=1e-9)
    assert from_r["qualified_offset_coefficients"] == 2
    assert from_r["qualified_offset_intercept"] == pytest.approx(from_r["weak_intercept"], abs=1e-12)
    assert ours > 0.1
    assert from_r["qualified_offset_intercept"] < -0.1
    # What defines the right one: added to every risk, expected events equal those observed.
    log_odds = np.log(discharges["risk"] / (1 - discharges["risk"]))
    expected = {
        shift: (1 / (1 + np.exp(-(log_odds + shift)))).sum() for shift in (ours, from_r["qualified_offset_intercept"])
    }
    assert expected[ours] == pytest.approx(discharges["event"].sum(), abs=1e-6)
    assert abs(expected[from_r["qualified_offset_intercept"]] - discharges["event"].sum()) > 20


def test_delong_variance_is_that_of_proc_and_the_clustered_one_that_of_obuchowski(discharges, from_r) -> None:
    area, variance = discrimination.delong(discharges["event"], discharges["risk"])
    assert (area, variance) == pytest.approx((from_r["auroc"], from_r["auroc_delong_variance"]), abs=1e-12)
    _, clustered = discrimination.delong(discharges["event"], discharges["risk"], discharges["person"])
    assert clustered == pytest.approx(from_r["auroc_clustered_variance"], abs=1e-12)


def test_delongs_interval_is_that_of_proc_and_is_missing_where_there_is_no_variance(discharges, from_r) -> None:
    # pROC::ci.auc(method = "delong"): auc +- qnorm(0.975) * sqrt(var(roc, method = "delong")).
    reach = 1.959963984540054 * np.sqrt(from_r["auroc_delong_variance"])
    found = discrimination.delong_interval(discharges["event"], discharges["risk"])
    assert found == pytest.approx((from_r["auroc"], from_r["auroc"] - reach, from_r["auroc"] + reach), abs=1e-12)
    for risk, area in (([0.2, 0.2, 0.2, 0.2], 0.5), ([0.1, 0.2, 0.3, 0.4], 1.0)):
        exact, lower, upper = discrimination.delong_interval([0, 0, 1, 1], risk)
        assert exact == area
        assert np.isnan([lower, upper]).all()


def test_emax_is_the_largest_distance_of_rms_spline_and_no_ones_own_risk(discharges, oracles, from_r) -> None:
    table = pd.read_csv(oracles / "curve.csv")
    curve = flexible.FlexibleCurve.fit(discharges["event"], discharges["risk"])
    # One in ten at 0.05 and at 0.80, so that the middle 95 in 100 reach from the one to the other.
    risk = np.repeat(table["risk"], 10)
    found = flexible.largest_error(curve, risk)
    assert found >= np.abs(table["risk"] - table["observed"]).max() - 1e-8
    grid = flexible.risk_grid(risk, flexible.LARGEST_TAIL)
    assert (grid[0], grid[-1]) == (0.05, 0.80)
    assert found == pytest.approx(max(abs(grid - curve.observed(grid))), abs=1e-15)
    # A single extreme risk changes nothing.
    assert flexible.largest_error(curve, np.append(risk, [0.001, 0.999])) == found
    assert flexible.largest_error(curve, discharges["risk"]) > from_r["e90"] - 0.01


def test_ici_e50_and_e90_are_those_of_rms_spline(discharges, from_r) -> None:
    curve = flexible.FlexibleCurve.fit(discharges["event"], discharges["risk"])
    error = flexible.calibration_error(curve, discharges["risk"])
    assert (error.ici, error.e50, error.e90) == pytest.approx((from_r["ici"], from_r["e50"], from_r["e90"]), abs=1e-8)


def test_flexible_curve_and_its_clustered_band_are_those_of_rms_and_robcov(discharges, oracles) -> None:
    table = pd.read_csv(oracles / "curve.csv")
    curve = flexible.FlexibleCurve.fit(discharges["event"], discharges["risk"], person=discharges["person"])
    np.testing.assert_allclose(curve.observed(table["risk"]), table["observed"], atol=1e-8)
    lower, upper = curve.band(table["risk"], 0.95)
    error = (np.log(upper / (1 - upper)) - np.log(lower / (1 - lower))) / (2 * 1.959963984540054)
    persons = discharges["person"].nunique()
    # robcov leaves out the factor persons / (persons - 1).
    np.testing.assert_allclose(error * np.sqrt((persons - 1) / persons), table["log_odds_error"], rtol=1e-6)


def test_loess_curve_is_that_of_rs_direct_surface(discharges, oracles) -> None:
    table = pd.read_csv(oracles / "loess.csv")
    ours = loess.loess(discharges["event"], discharges["risk"], table["risk"].to_numpy())
    np.testing.assert_allclose(ours, table["observed"], atol=1e-8)


def test_loess_ici_is_rs_and_differs_from_the_interpolated_surface_in_the_fourth_decimal(discharges, from_r) -> None:
    ours = loess.ici_loess(discharges["event"], discharges["risk"])
    assert ours == pytest.approx(from_r["ici_loess_direct"], abs=1e-8)
    assert ours == pytest.approx(from_r["ici_loess"], abs=5e-4)


def test_spline_and_loess_ici_agree_to_the_tolerance_of_two_smoothers(discharges, from_r) -> None:
    assert from_r["ici"] == pytest.approx(from_r["ici_loess"], abs=0.005)


@pytest.mark.parametrize("threshold", [0.10, 0.20, 0.30])
def test_net_benefit_is_that_of_the_formula_in_r(threshold, discharges, from_r) -> None:
    ours = utility.net_benefit(discharges["event"], discharges["risk"], threshold)
    assert ours == pytest.approx(from_r[f"net_benefit@{threshold:.2f}"], abs=1e-12)


def test_exact_oe_interval_is_that_of_poisson_test(from_r) -> None:
    lower, upper = calibration.exact_oe_interval(37, 41.5)
    assert (lower, upper) == pytest.approx((from_r["poisson_lower"], from_r["poisson_upper"]), abs=1e-9)
