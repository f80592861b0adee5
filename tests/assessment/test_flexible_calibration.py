"""The flexible curve and the ICI beside what a perfect model would show."""

from __future__ import annotations

import numpy as np
import pytest

from hfrisk.assessment import calibration, flexible
from hfrisk.assessment.calibration import discharges_for_slope


def true_risks(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Events drawn from the risks themselves."""
    random = np.random.default_rng(seed)
    risk = 1 / (1 + np.exp(1.5 - random.normal(0, 0.6, n)))
    return (random.random(n) < risk).astype(np.int64), risk


def test_true_risks_of_200000_index_discharges_are_calibrated() -> None:
    event, risk = true_risks(200_000, 1)
    assert calibration.calibration_intercept(event, risk) == pytest.approx(0, abs=0.03)
    assert calibration.calibration_slope(event, risk) == pytest.approx(1, abs=0.03)
    error = flexible.calibration_error(flexible.FlexibleCurve.fit(event, risk), risk)
    assert error.ici < 0.005


def test_risks_with_true_log_odds_shrunk_and_shifted_give_back_slope_and_shape() -> None:
    event, risk = true_risks(100_000, 2)
    log_odds = np.log(risk / (1 - risk))
    stretched = 1 / (1 + np.exp(-(0.4 + 1.6 * log_odds)))
    assert calibration.calibration_slope(event, stretched) == pytest.approx(1 / 1.6, abs=0.02)
    curve = flexible.FlexibleCurve.fit(event, stretched)
    at = np.array([0.05, 0.15, 0.3])
    expected = 1 / (1 + np.exp(-(np.log(at / (1 - at)) - 0.4) / 1.6))
    np.testing.assert_allclose(curve.observed(at), expected, atol=0.012)


def test_ici_of_a_perfect_model_is_where_the_redraws_say_that_it_would_be() -> None:
    found, expected = [], []
    for seed in range(25):
        event, risk = true_risks(3000, seed)
        found.append(flexible.calibration_error(flexible.FlexibleCurve.fit(event, risk), risk).ici)
        expected.append(flexible.expected_ici(risk, redraws=60, seed=seed).mean())
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.2)
    assert np.mean(expected) > 0.005  # biased upwards: it cannot be nought, which is why it has no interval


def test_about_one_perfect_model_in_twenty_is_above_the_95th_centile_of_the_redraws() -> None:
    above = 0
    for seed in range(120):
        event, risk = true_risks(600, seed)
        ici = flexible.calibration_error(flexible.FlexibleCurve.fit(event, risk), risk).ici
        above += ici > np.quantile(flexible.expected_ici(risk, redraws=100, seed=seed), 0.95)
    assert 1 <= above <= 14


def test_redraws_are_the_same_for_the_same_seed() -> None:
    _, risk = true_risks(500, 3)
    first, again = (flexible.expected_ici(risk, redraws=50, seed=9) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_constant_risks_have_no_curve_and_no_ici_rather_than_perfect_calibration() -> None:
    # PatientLevelPrediction reports E-statistics of nought, which is perfection, when its smoother fails.
    event = np.tile([0, 0, 0, 1], 200)
    curve = flexible.FlexibleCurve.fit(event, np.full(800, 0.3))
    assert not curve.converged
    error = flexible.calibration_error(curve, np.full(800, 0.3))
    assert np.isnan([error.ici, error.e50, error.e90]).all()
    assert np.isnan(flexible.largest_error(curve, np.full(800, 0.3)))
    assert np.isnan(flexible.expected_ici(np.full(800, 0.3), redraws=50, seed=1)).all()


@pytest.mark.parametrize("values", [2, 3, 4, 8])
def test_few_different_risks_leave_fewer_knots_but_a_curve(values) -> None:
    random = np.random.default_rng(values)
    risk = random.choice(np.linspace(0.1, 0.4, values), 4000)
    event = (random.random(4000) < risk).astype(int)
    curve = flexible.FlexibleCurve.fit(event, risk)
    assert curve.converged
    assert flexible.calibration_error(curve, risk).ici < 0.04


def test_knots_are_harrells_centiles_of_the_log_odds() -> None:
    event, risk = true_risks(5000, 5)
    expected = np.quantile(np.log(risk / (1 - risk)), (0.05, 0.275, 0.5, 0.725, 0.95))
    np.testing.assert_allclose(flexible.FlexibleCurve.fit(event, risk).knots, expected)


def test_band_is_wider_when_the_same_discharges_belong_to_fewer_persons() -> None:
    event, risk = true_risks(2000, 6)
    several = np.tile(np.arange(2000), 3)
    alone = flexible.FlexibleCurve.fit(event[several], risk[several])
    clustered = flexible.FlexibleCurve.fit(event[several], risk[several], person=several)
    width = [upper - lower for lower, upper in (curve.band([0.2]) for curve in (alone, clustered))]
    assert width[1] / width[0] == pytest.approx(np.sqrt(3), rel=0.02)


def test_grid_is_whole_hundredths_between_the_1st_and_99th_centile() -> None:
    _, risk = true_risks(5000, 7)
    grid = flexible.risk_grid(risk)
    low, high = np.quantile(risk, (0.01, 0.99))
    assert grid[0] - 0.01 < low <= grid[0]
    assert grid[-1] <= high < grid[-1] + 0.01
    np.testing.assert_allclose(np.diff(grid), 0.01)
    assert len(flexible.risk_grid(np.linspace(0.201, 0.204, 50))) == 1


@pytest.mark.parametrize(
    ("c_statistic", "mean", "spread", "published"),
    [(0.60, -1.42482, 0.36205, 19_494), (0.65, -1.47556, 0.55836, 8_929), (0.70, -1.55238, 0.77621, 5_270)],
)
def test_discharges_for_a_slope_are_those_of_pmvalsampsize(c_statistic, mean, spread, published) -> None:
    # Prevalence 0.20, interval of width 0.2; normal log-odds with that prevalence and c statistic; PyPI's 0.2.1
    # draws them at random, hence half a per cent.
    from scipy.stats import norm

    log_odds = mean + spread * norm.ppf((np.arange(4000) + 0.5) / 4000)
    assert discharges_for_slope(log_odds, 0.2) == pytest.approx(published, rel=0.006)


def test_no_number_of_discharges_gives_a_slope_of_constant_risks() -> None:
    with pytest.raises(ValueError, match="do not vary"):
        discharges_for_slope(np.full(100, -1.2), 0.2)
