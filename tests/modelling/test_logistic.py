"""The comparator on equal terms."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hfrisk.features import Feature
from hfrisk.modelling import ModellingData, spline_basis
from hfrisk.modelling.logistic import PENALTIES, fit_comparator, fit_logistic, logistic_margin


def entry(name: str, **more) -> Feature:
    return Feature(name, name, "laboratory", "Blood tests and vital signs", "", "", (), 1.0, 0.0, 1.0, **more)


@pytest.fixture(scope="module")
def development(data: ModellingData) -> ModellingData:
    return data.part("development")


def by_hand(data: ModellingData, fitted: dict) -> np.ndarray:
    """The design, written out again the long way."""
    columns = []
    for feature, term in zip(data.dictionary, fitted["terms"], strict=True):
        values = data.features[feature.name]
        filled = values.fillna(term["fill"])
        knots = np.array(term["knots"])
        if feature.skewed:
            filled, knots = np.log1p(filled), np.log1p(knots)
        columns.append(spline_basis(filled, knots) if len(knots) else filled.to_numpy()[:, None])
        if values.isna().any():
            columns.append(values.isna().to_numpy(dtype=float)[:, None])
    return np.hstack(columns)


def test_predicting_from_plain_numbers_is_scikit_learns_prediction(development: ModellingData) -> None:
    event = development.rows["event"]
    fitted = fit_logistic(development.features, event, development.dictionary, penalty=0.03)
    design = StandardScaler().fit_transform(by_hand(development, fitted))
    oracle = LogisticRegression(C=0.03, solver="newton-cholesky", tol=1e-10).fit(design, event)
    risk = expit(logistic_margin(fitted, development.features))
    np.testing.assert_allclose(risk, oracle.predict_proba(design)[:, 1], atol=1e-12)


def test_with_hardly_any_penalty_it_is_maximum_likelihood(development: ModellingData) -> None:
    event = development.rows["event"]
    fitted = fit_logistic(development.features, event, development.dictionary, penalty=1e9)
    design = StandardScaler().fit_transform(by_hand(development, fitted))
    oracle = sm.Logit(event, sm.add_constant(design)).fit(disp=0, tol=1e-12, method="newton")
    np.testing.assert_allclose(expit(logistic_margin(fitted, development.features)), oracle.predict(), atol=1e-6)


def test_it_survives_json(development: ModellingData) -> None:
    fitted = fit_logistic(development.features, development.rows["event"], development.dictionary, penalty=0.01)
    again = json.loads(json.dumps(fitted))
    np.testing.assert_array_equal(
        logistic_margin(again, development.features), logistic_margin(fitted, development.features)
    )


def test_a_value_that_is_not_recorded_becomes_the_median_and_is_marked(development: ModellingData) -> None:
    fitted = fit_logistic(development.features, development.rows["event"], development.dictionary, penalty=0.01)
    terms = {term["feature"]: term for term in fitted["terms"]}
    assert [name for name, term in terms.items() if term["indicator"]] == ["nt_probnp"]
    median = development.features["nt_probnp"].median()
    assert terms["nt_probnp"]["fill"] == pytest.approx(median, abs=5.0)
    assert terms["nt_probnp"]["fill"] % 10 == 0, "the median lies on the feature's grid"


def test_skewed_features_are_bent_on_the_log_scale_and_yes_or_no_stays_straight(development: ModellingData) -> None:
    fitted = fit_logistic(development.features, development.rows["event"], development.dictionary, penalty=0.01)
    terms = {term["feature"]: term for term in fitted["terms"]}
    assert terms["urea"]["log"]
    assert not terms["sodium"]["log"]
    assert terms["copd"]["knots"] == []
    assert len(terms["sbp"]["knots"]) == 4
    assert len(terms["sbp"]["coefficients"]) == 3


def test_nothing_is_learnt_from_the_fold_that_is_scored(development: ModellingData) -> None:
    event, fold = development.rows["event"].to_numpy(), development.rows["fold"].to_numpy()
    scored = np.flatnonzero(fold == 1)
    watched, others = scored[: len(scored) // 2], scored[len(scored) // 2 :]
    altered, outcome = development.features.copy(), event.copy()
    altered.iloc[others] = altered.iloc[others] * 50 + 1000
    altered.iloc[others[:50]] = np.nan
    outcome[others] = 1 - outcome[others]
    before, after = (
        fit_comparator(features, y, fold, development.dictionary, penalties=(0.01,)).margin
        for features, y in ((development.features, event), (altered, outcome))
    )
    np.testing.assert_array_equal(before[watched], after[watched])
    assert (before[fold != 1] != after[fold != 1]).any()


def test_the_penalty_is_the_one_with_the_least_loss_out_of_fold(development: ModellingData) -> None:
    event, fold = development.rows["event"].to_numpy(), development.rows["fold"].to_numpy()
    chosen = fit_comparator(development.features, event, fold, development.dictionary)
    losses = {}
    for penalty in PENALTIES:
        by_fold = []
        for k in np.unique(fold):
            inside = fold == k
            fitted = fit_logistic(
                development.features[~inside], event[~inside], development.dictionary, penalty=penalty
            )
            risk = expit(logistic_margin(fitted, development.features[inside]))
            by_fold.append(-np.mean(np.log(np.where(event[inside] == 1, risk, 1 - risk))))
        losses[penalty] = np.mean(by_fold)
    assert chosen.parameters["penalty"] == min(losses, key=losses.get)
    np.testing.assert_allclose(list(chosen.losses.values()), list(losses.values()), atol=1e-12)


def test_how_many_folds_run_side_by_side_changes_nothing(development: ModellingData) -> None:
    event, fold = development.rows["event"].to_numpy(), development.rows["fold"].to_numpy()
    one, three = (fit_comparator(development.features, event, fold, development.dictionary, threads=n) for n in (1, 3))
    assert one.parameters == three.parameters
    np.testing.assert_array_equal(one.margin, three.margin)


def test_awkward_columns_are_handled_without_a_warning() -> None:
    random = np.random.default_rng(1)
    n = 600
    features = pd.DataFrame(
        {
            "constant": np.ones(n),
            "never_recorded": np.full(n, np.nan),
            "recorded_once": np.r_[5.0, np.full(n - 1, np.nan)],
            "mostly_zero": np.r_[np.zeros(n - 30), np.arange(30.0)],
            "negative_skewed": random.normal(0, 3, n).round(),
            "useful": random.normal(0, 1, n),
            "same_again": 0.0,
        }
    )
    features["same_again"] = features["useful"]
    event = (random.random(n) < expit(features["useful"] - 1)).astype(int)
    dictionary = [entry(name, skewed=name == "negative_skewed") for name in features]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fit_comparator(features, event, np.arange(n) % 3, dictionary)
    assert np.isfinite(fit.margin).all()
    assert {term["feature"] for term in fit.parameters["terms"]} >= {"useful", "recorded_once"}
    assert not {term["feature"] for term in fit.parameters["terms"]} & {"constant", "never_recorded"}


def test_a_feature_missing_only_in_new_people_is_filled_with_the_median(development: ModellingData) -> None:
    fitted = fit_logistic(development.features, development.rows["event"], development.dictionary, penalty=0.01)
    fill = {term["feature"]: term["fill"] for term in fitted["terms"]}["sodium"]
    missing, filled = (development.features.head(5).assign(sodium=value) for value in (np.nan, fill))
    np.testing.assert_array_equal(logistic_margin(fitted, missing), logistic_margin(fitted, filled))


def test_with_nothing_to_use_it_is_the_average_risk(development: ModellingData) -> None:
    nothing = development.features[["copd"]].assign(copd=1.0)
    event = development.rows["event"]
    fitted = fit_logistic(nothing, event, [replace(entry("copd"), kind="binary")], penalty=0.1)
    np.testing.assert_allclose(expit(logistic_margin(fitted, nothing)), event.mean())
