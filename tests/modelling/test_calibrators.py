"""From log-odds to risk, without scoring what was learnt from."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from hfrisk.modelling import apply_calibrator, cross_fit, fit_calibrator
from hfrisk.modelling.calibration import LEAST_SLOPE

METHODS = ["none", "platt", "beta", "isotonic", "venn_abers"]


@pytest.fixture(scope="module")
def predicted() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds that are twice too spread out, and outcomes."""
    random = np.random.default_rng(1)
    truth = random.normal(-1.4, 0.5, 4000)
    return -1.4 + 2 * (truth + 1.4), (random.random(4000) < expit(truth)).astype(float)


def test_platt_is_an_unpenalised_logistic_regression(predicted) -> None:
    margin, event = predicted
    oracle = sm.Logit(event, sm.add_constant(margin)).fit(disp=0, tol=1e-12).params
    fitted = fit_calibrator("platt", margin, event)
    assert fitted["intercept"] == pytest.approx(oracle[0], abs=1e-9)
    assert fitted["slope"] == pytest.approx(oracle[1], abs=1e-9)


def test_platt_undoes_overconfidence(predicted) -> None:
    assert fit_calibrator("platt", *predicted)["slope"] == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_the_average_calibrated_risk_is_the_event_rate(predicted, method: str) -> None:
    margin, event = predicted
    risk = apply_calibrator(fit_calibrator(method, margin, event), margin)
    assert risk.mean() == pytest.approx(event.mean(), abs=1e-9 if method in {"platt", "beta"} else 0.01)


def test_a_calibrator_never_reverses_the_order_of_the_model() -> None:
    random = np.random.default_rng(2)
    margin = random.normal(0, 1, 2000)
    event = (random.random(2000) < expit(-margin)).astype(float)
    fitted = fit_calibrator("platt", margin, event)
    assert fitted["slope"] == LEAST_SLOPE
    assert apply_calibrator(fitted, margin).mean() == pytest.approx(event.mean(), abs=1e-12)


def test_constant_log_odds_become_the_event_rate() -> None:
    event = np.r_[np.ones(20), np.zeros(80)]
    for method in ("platt", "beta", "isotonic"):
        risk = apply_calibrator(fit_calibrator(method, np.full(100, 0.1), event), np.full(3, 0.1))
        np.testing.assert_allclose(risk, 0.2, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_a_perfect_leak_still_gives_finite_risks_in_order(method: str) -> None:
    margin = np.linspace(-3, 3, 400)
    event = (margin > 1).astype(float)
    risk = apply_calibrator(fit_calibrator(method, margin, event), margin)
    assert ((risk > 0) & (risk < 1)).all()
    assert (np.diff(risk) >= 0).all()


def test_isotonic_is_scikit_learns_where_its_steps_are_wide(predicted) -> None:
    margin, event = predicted
    fitted = fit_calibrator("isotonic", margin, event)
    steps = IsotonicRegression(out_of_bounds="clip").fit(margin, event)
    apart = np.abs(apply_calibrator(fitted, margin) - steps.predict(margin))
    middle = (margin > np.quantile(margin, 0.05)) & (margin < np.quantile(margin, 0.95))
    assert apart[middle].max() < 0.08
    assert apart.mean() < 0.015
    assert (np.diff(fitted["x"]) > 0).all()
    assert (np.diff(fitted["y"]) >= 0).all()


def test_isotonic_holds_no_value_of_fewer_than_fifty_people(predicted) -> None:
    margin, event = predicted
    fitted = fit_calibrator("isotonic", margin, event)
    assert len(fitted["x"]) <= len(margin) / 50
    assert not set(fitted["x"]) & set(margin)
    assert all(value == round(value, 4) for value in fitted["x"] + fitted["y"]), "no exact share of a few people"


def test_isotonic_makes_no_ties_between_its_ends(predicted) -> None:
    margin, event = predicted
    fitted = fit_calibrator("isotonic", margin, event)
    inside = np.linspace(fitted["x"][0], fitted["x"][-1], 500)
    assert (np.diff(apply_calibrator(fitted, inside)) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_calibrator_survives_json(predicted, method: str) -> None:
    margin, event = predicted
    fitted = fit_calibrator(method, margin, event)
    np.testing.assert_array_equal(
        apply_calibrator(fitted, margin), apply_calibrator(json.loads(json.dumps(fitted)), margin)
    )


@pytest.mark.parametrize("method", METHODS)
def test_cross_fitting_is_the_plain_loop_over_folds(predicted, method: str) -> None:
    margin, event = predicted
    fold = np.arange(len(margin)) % 4
    risk = cross_fit(method, margin, event, fold)
    for k in range(4):
        others = fit_calibrator(method, margin[fold != k], event[fold != k])
        np.testing.assert_array_equal(risk[fold == k], apply_calibrator(others, margin[fold == k]))


@pytest.mark.parametrize("method", ["platt", "beta", "isotonic", "venn_abers"])
def test_no_row_is_scored_by_a_calibrator_that_saw_its_outcome(predicted, method: str) -> None:
    margin, event = predicted
    fold = np.arange(len(margin)) % 4
    altered = np.where(fold == 2, 1 - event, event)
    before, after = cross_fit(method, margin, event, fold), cross_fit(method, margin, altered, fold)
    np.testing.assert_array_equal(before[fold == 2], after[fold == 2])
    assert (before[fold != 2] != after[fold != 2]).any()
