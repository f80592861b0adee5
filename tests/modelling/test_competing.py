"""Three states whose risks add up: the model, its recalibration, and when it is not made."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import softmax

from hfrisk.modelling.companions import fit_companions
from hfrisk.modelling.competing import STATES, _fitted, apply_recalibration, fit_competing, recalibrate, state_risks
from hfrisk.modelling.settings import CompetingSettings, ModelSettings, PointsSettings


@pytest.fixture(scope="module")
def development(make):
    data = make(3000).partition().part("development")
    random = np.random.default_rng(5)
    older = 1 / (1 + np.exp(3.0 - 0.1 * (data.features["age"] - 77)))
    dies = (data.rows["state"] == "none") & (random.random(len(data.rows)) < older)
    data.rows.loc[dies, "state"] = "died"
    return data


@pytest.fixture(scope="module")
def fit(development):
    return fit_competing(
        development.features, development.rows["state"], development.rows["fold"], development.dictionary
    )


def test_the_three_risks_add_up_to_one_for_everybody(fit, development) -> None:
    shipped = state_risks(fit.parameters, development.features)
    for risk in (fit.risk, shipped):
        assert risk.shape == (len(development.rows), 3)
        np.testing.assert_allclose(risk.sum(axis=1), 1.0, atol=1e-12)
        assert (risk > 0).all()


def test_mean_risks_out_of_fold_are_the_shares_of_the_states(fit, development) -> None:
    shares = [(development.rows["state"] == name).mean() for name in STATES]
    np.testing.assert_allclose(fit.risk.mean(axis=0), shares, atol=0.006)
    died = (development.rows["state"] == "died").to_numpy()
    assert fit.risk[died, 1].mean() > 1.2 * fit.risk[~died, 1].mean()


def test_recalibration_is_that_of_statsmodels_multinomial_logit() -> None:
    random = np.random.default_rng(6)
    margin = np.column_stack([random.normal(-1.5, 0.8, 2000), random.normal(-3, 0.7, 2000)])
    risk = softmax(
        np.column_stack([0.3 + 0.6 * margin[:, 0], 0.2 * margin[:, 0] + margin[:, 1], np.zeros(2000)]), axis=1
    )
    place = (risk.cumsum(axis=1) > random.random((2000, 1))).argmax(axis=1)
    # statsmodels sets the others against the first
    oracle = sm.MNLogit((place + 1) % 3, sm.add_constant(margin)).fit(disp=0, tol=1e-12, maxiter=100)
    found = recalibrate(margin, place)
    np.testing.assert_allclose(found, oracle.params.T, atol=1e-7)
    after = apply_recalibration(found, margin)
    np.testing.assert_allclose(after.mean(axis=0), np.bincount(place) / 2000, atol=1e-10)


def test_with_hardly_any_ridge_the_fit_is_statsmodels_multinomial_logit(development) -> None:
    x = development.features[["age", "urea", "copd"]].to_numpy()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    place = development.rows["state"].map({name: i for i, name in enumerate(STATES)}).to_numpy()
    oracle = sm.MNLogit((place + 1) % 3, sm.add_constant(x)).fit(disp=0)
    ((coefficients, intercepts),) = _fitted(x, place, [1e6])
    np.testing.assert_allclose(np.column_stack([intercepts, coefficients]), oracle.params.T, atol=2e-4)


def test_no_row_is_scored_by_a_fit_or_a_recalibration_that_saw_it(development, fit) -> None:
    rows, features = development.rows, development.features
    fold, state = rows["fold"].to_numpy(), rows["state"]
    margin = np.empty((len(rows), 2))
    for k in range(3):
        rest = (fold != k).nonzero()[0]
        without = fit_competing(
            features.iloc[rest].reset_index(drop=True),
            state.iloc[rest],
            np.arange(len(rest)) % 2,
            development.dictionary,
            penalties=[fit.parameters["penalty"]],
        ).parameters
        as_it_is = without | {"calibration": [[0, 1, 0], [0, 0, 1]]}
        risk = state_risks(as_it_is, features[fold == k])
        margin[fold == k] = np.log(risk[:, :2] / risk[:, 2:])
    place = state.map({name: i for i, name in enumerate(STATES)}).to_numpy()
    for k in range(3):
        line = recalibrate(margin[fold != k], place[fold != k])
        np.testing.assert_allclose(fit.risk[fold == k], apply_recalibration(line, margin[fold == k]), atol=2e-4)


def test_parameters_survive_json_and_threads_change_nothing(fit, development) -> None:
    again = fit_competing(
        development.features, development.rows["state"], development.rows["fold"], development.dictionary, threads=2
    )
    assert again.parameters == fit.parameters
    np.testing.assert_array_equal(again.risk, fit.risk)
    read = json.loads(json.dumps(fit.parameters))
    np.testing.assert_array_equal(
        state_risks(read, development.features), state_risks(fit.parameters, development.features)
    )


def test_a_censored_discharge_is_refused(development) -> None:
    with pytest.raises(ValueError, match="one of readmitted, died, none"):
        fit_competing(
            development.features,
            development.rows["state"].replace("died", "censored"),
            development.rows["fold"],
            development.dictionary,
        )


def test_too_few_deaths_are_said_and_switches_switch_off(development) -> None:
    few = development.rows.assign(state=development.rows["state"].replace("died", "none"))
    only = ModelSettings(points=PointsSettings(enabled=False))
    found = fit_companions(development.features, few, development.dictionary, only)
    assert (found.competing, found.points, found.risks) == ({}, {}, {})
    assert [check.code for check in found.checks] == ["HFR118"]
    off = ModelSettings(points=PointsSettings(enabled=False), competing=CompetingSettings(enabled=False))
    nothing = fit_companions(development.features, development.rows, development.dictionary, off)
    assert (nothing.competing, nothing.points, nothing.risks, nothing.checks) == ({}, {}, {}, [])
