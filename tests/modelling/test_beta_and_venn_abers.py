"""Beta calibration against the likelihood, and Venn-Abers predictors against their definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from hfrisk.modelling import apply_calibrator, fit_calibrator
from hfrisk.modelling.calibration import LEAST_SLOPE, tells_apart

Pair = tuple[np.ndarray, np.ndarray]


def made(event_slope: float, none_slope: float, n: int = 5000, seed: int = 4) -> Pair:
    """Log-odds, and outcomes whose odds are a beta calibration of them."""
    random = np.random.default_rng(seed)
    score = expit(random.normal(-1.2, 1.0, n))
    truth = expit(event_slope * np.log(score) - none_slope * np.log(1 - score) + 0.2)
    return np.log(score / (1 - score)), (random.random(n) < truth).astype(float)


def naive_beta(margin: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Intercept, a and b at the greatest likelihood under a, b >= 0, by a general optimiser."""
    score = 1 / (1 + np.exp(-margin))

    def loss(at: np.ndarray) -> float:
        odds = np.exp(at[0]) * score ** at[1] / (1 - score) ** at[2]
        risk = odds / (1 + odds)
        return float(-np.mean(event * np.log(risk) + (1 - event) * np.log(1 - risk)))

    tight = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 5000}
    bounds = [(None, None), (0, None), (0, None)]
    return np.asarray(optimize.minimize(loss, [0, 1, 1], method="L-BFGS-B", bounds=bounds, options=tight).x)


@pytest.mark.parametrize(("event_slope", "none_slope"), [(1.0, 1.0), (0.4, 1.8), (1.6, 0.5)])
def test_beta_has_the_greatest_likelihood(event_slope: float, none_slope: float) -> None:
    margin, event = made(event_slope, none_slope)
    fitted = fit_calibrator("beta", margin, event)
    oracle = naive_beta(margin, event)
    found = [fitted["intercept"], fitted["slope_event"], fitted["slope_none"]]
    np.testing.assert_allclose(found, oracle, atol=2e-4)
    gradient = event - apply_calibrator(fitted, margin)
    score = expit(margin)
    for column in (np.ones_like(margin), np.log(score), np.log(1 - score)):
        assert abs(float(gradient @ column)) < 1e-6, "at the maximum the score equations hold"


@pytest.mark.parametrize(
    ("event_slope", "none_slope", "absent"), [(-0.9, 4.0, "slope_event"), (2.2, -3.5, "slope_none")]
)
def test_a_negative_beta_coefficient_is_nought_and_the_other_is_fitted_again(
    event_slope: float, none_slope: float, absent: str
) -> None:
    margin, event = made(event_slope, none_slope)
    fitted = fit_calibrator("beta", margin, event)
    assert fitted[absent] == 0
    found = [fitted["intercept"], fitted["slope_event"], fitted["slope_none"]]
    np.testing.assert_allclose(found, naive_beta(margin, event), atol=2e-4)
    assert (np.diff(apply_calibrator(fitted, np.linspace(-6, 4, 300))) > 0).all()


def test_beta_never_reverses_the_order_of_the_model() -> None:
    random = np.random.default_rng(2)
    margin = random.normal(0, 1, 2000)
    event = (random.random(2000) < expit(-margin)).astype(float)
    fitted = fit_calibrator("beta", margin, event)
    assert fitted["slope_event"] == fitted["slope_none"] == LEAST_SLOPE
    assert not tells_apart(fitted)
    assert apply_calibrator(fitted, margin).mean() == pytest.approx(event.mean(), abs=1e-12)


def naive_venn_abers(scores: np.ndarray, event: np.ndarray, at: float) -> tuple[float, float]:
    """The definition: isotonic regression of everyone and of one more row at the score, without and with the event."""
    levels = []
    for label in (0.0, 1.0):
        x, y = np.r_[scores, at], np.r_[event, label]
        levels.append(float(IsotonicRegression().fit(x, y).predict([at])[0]))
    return levels[0], levels[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_venn_abers_is_the_definition_on_the_blocks(seed: int) -> None:
    random = np.random.default_rng(seed)
    margin = np.round(random.normal(-1.0, 1.0, 700), 2)  # with ties
    event = (random.random(700) < expit(margin)).astype(float)
    fitted = fit_calibrator("venn_abers", margin, event)
    quantiles = np.unique(np.round(np.quantile(margin, np.arange(1, 14) / 14), 4))
    kept, below = [], 0
    for edge in quantiles:
        here = int((margin < edge).sum())
        if here - below >= 50 and 700 - here >= 50:
            kept.append(edge)
            below = here
    assert len(kept) > 6
    blocks = np.array([sum(value >= edge for edge in kept) for value in margin], dtype=float)
    for value, block in zip(margin[:150], blocks[:150], strict=True):
        p0, p1 = naive_venn_abers(blocks, event, block)
        place = sum(value >= edge for edge in fitted["edges"])
        assert fitted["p0"][place] == round(p0, 4)
        assert fitted["p1"][place] == round(p1, 4)
        p0, p1 = round(p0, 4), round(p1, 4)
        assert apply_calibrator(fitted, [value])[0] == pytest.approx(p1 / (1 - p0 + p1), abs=1e-12)


def test_venn_abers_blocks_hold_fifty_people_and_numbers_have_four_decimals() -> None:
    margin, event = made(1.0, 1.0, n=12_000)
    fitted = fit_calibrator("venn_abers", margin, event)
    sizes = np.bincount(np.searchsorted(fitted["edges"], margin, side="right"))
    assert 3 <= len(sizes) <= 100
    assert sizes.min() >= 50
    assert all(value == round(value, 4) for name in ("edges", "p0", "p1") for value in fitted[name])
    assert (np.array(fitted["p0"]) < np.array(fitted["p1"])).all()
    assert (np.diff(fitted["p0"]) >= 0).all()
    assert (np.diff(fitted["p1"]) >= 0).all()


def test_venn_abers_undoes_a_miscalibration() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(-1.4, 0.7, 20_000)
    event = (random.random(20_000) < expit(truth)).astype(float)
    risk = apply_calibrator(fit_calibrator("venn_abers", 0.8 + 2 * truth, event), 0.8 + 2 * truth)
    assert np.abs(risk - expit(truth)).mean() < 0.015


def test_venn_abers_of_nobody_with_the_event_is_not_nought() -> None:
    margin = np.linspace(-2, 2, 60_000)
    event = np.zeros(60_000)
    event[-3000:] = 1
    risk = apply_calibrator(fit_calibrator("venn_abers", margin, event), margin)
    assert 0 < risk.min() < risk.max() < 1


def test_constant_log_odds_are_one_venn_abers_block() -> None:
    event = np.r_[np.ones(20), np.zeros(80)]
    fitted = fit_calibrator("venn_abers", np.full(100, 0.1), event)
    assert (fitted["edges"], fitted["p0"], fitted["p1"]) == ([], [round(20 / 101, 4)], [round(21 / 101, 4)])
    assert not tells_apart(fitted)
