"""The person-clustered bootstrap: re-weighting is the same as copying rows and computing again."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from hfrisk.assessment.discrimination import delong
from hfrisk.assessment.resampling import Resampled, percentile_interval, person_weights, replicates_of

THRESHOLDS = (0.05, 0.2, 0.4)
RATES = (0.2, 0.4)
CAPACITIES = (0.05, 0.1, 0.2, 0.5)
EVERYTHING = {"thresholds": THRESHOLDS, "rates": RATES, "capacities": CAPACITIES}


def naive(event: np.ndarray, risk: np.ndarray) -> dict[str, float]:
    """Everything with other people's code, from copied rows."""
    log_odds = np.log(risk / (1 - risk))
    in_the_large = sm.GLM(event, np.ones((len(event), 1)), family=sm.families.Binomial(), offset=log_odds)
    weak = sm.GLM(event, sm.add_constant(log_odds), family=sm.families.Binomial())
    found = {
        "auroc": roc_auc_score(event, risk),
        "auprc": average_precision_score(event, risk),
        "prevalence": event.mean(),
        "brier": brier_score_loss(event, risk),
        "scaled_brier": 1 - brier_score_loss(event, risk) / (event.mean() * (1 - event.mean())),
        "log_loss": log_loss(event, risk),
        "oe_ratio": event.sum() / risk.sum(),
        "calibration_intercept": in_the_large.fit(tol=1e-14).params[0],
        "calibration_slope": weak.fit(tol=1e-14).params[1],
    }
    for threshold in THRESHOLDS:
        flagged = risk >= threshold
        benefit = (flagged & (event == 1)).mean() - (flagged & (event == 0)).mean() * threshold / (1 - threshold)
        found[f"net_benefit@{threshold:.2f}"] = benefit
        found[f"net_benefit_all@{threshold:.2f}"] = event.mean() - (1 - event.mean()) * threshold / (1 - threshold)
    for threshold in RATES:
        flagged = (risk >= threshold).astype(int)
        with np.errstate(divide="ignore"):
            precision = np.divide(1, precision_score(event, flagged, zero_division=np.nan))
        found[f"sensitivity@{threshold:.2f}"] = recall_score(event, flagged)
        found[f"specificity@{threshold:.2f}"] = recall_score(1 - event, 1 - flagged)
        found[f"ppv@{threshold:.2f}"] = precision_score(event, flagged, zero_division=np.nan)
        found[f"npv@{threshold:.2f}"] = precision_score(1 - event, 1 - flagged, zero_division=np.nan)
        found[f"nne@{threshold:.2f}"] = precision if np.isfinite(precision) else np.nan
        found[f"selection_rate@{threshold:.2f}"] = flagged.mean()
        found[f"false_positive_rate@{threshold:.2f}"] = flagged[event == 0].mean()
    for share in CAPACITIES:
        found |= {f"{name}@top{share:g}": value for name, value in among_the_highest(event, risk, share).items()}
    return found


def among_the_highest(event: np.ndarray, risk: np.ndarray, share: float) -> dict[str, float]:
    """The rates by walking down the discharges; who ties at the edge is taken in every order at once."""
    room = round(share * len(risk))
    edge = np.sort(risk)[::-1][room - 1]
    above, tied = risk > edge, risk == edge
    hits = event[above].sum() + (room - above.sum()) * event[tied].mean()
    events, others = event.sum(), (1 - event).sum()
    return {
        "sensitivity": hits / events,
        "specificity": 1 - (room - hits) / others,
        "ppv": hits / room,
        "npv": 1 - (events - hits) / (len(risk) - room),
        "nne": room / hits if hits else np.nan,
        "selection_rate": room / len(risk),
        "false_positive_rate": (room - hits) / others,
    }


def made_up(n: int, seed: int, decimals: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Persons, events and risks with many ties."""
    random = np.random.default_rng(seed)
    person = random.integers(0, int(0.6 * n), n)
    risk = np.clip(np.round(1 / (1 + np.exp(1.4 - random.normal(0, 0.7, n))), decimals), 0.01, 0.99)
    return person, (random.random(n) < risk).astype(np.int64), risk


def test_reweighting_equals_copying_rows_and_computing_again_on_the_same_draws() -> None:
    person, event, risk = made_up(700, 1)
    group = np.flatnonzero(np.arange(700) % 3 == 0)
    sets = [Resampled.of(event, risk, **EVERYTHING), Resampled.of(event, risk, group, **EVERYTHING)]
    replicates = 25
    fast = replicates_of(person, sets, replicates=replicates, seed=7)
    codes = np.unique(person, return_inverse=True)[1]
    weight = person_weights(codes.max() + 1, range(replicates), 7)
    for one, rows in zip(fast, (np.arange(700), group), strict=True):
        for replicate in range(replicates):
            copies = np.repeat(rows, weight[replicate][codes[rows]])
            slow = naive(event[copies], risk[copies])
            assert set(slow) == set(one)
            for measure, expected in slow.items():
                tolerance = 1e-8 if measure.startswith("calibration") else 1e-12
                assert one[measure][replicate] == pytest.approx(expected, abs=tolerance, nan_ok=True), measure


def test_estimates_are_those_of_unit_weights() -> None:
    _, event, risk = made_up(500, 2)
    found = Resampled.of(event, risk, **EVERYTHING).measures()
    assert found == pytest.approx(naive(event, risk), abs=1e-9)


def test_replicates_do_not_depend_on_threads_or_on_how_many_follow() -> None:
    person, event, risk = made_up(400, 3)
    sets = [Resampled.of(event, risk)]
    one = replicates_of(person, sets, replicates=60, seed=5, threads=1)[0]
    two = replicates_of(person, sets, replicates=60, seed=5, threads=2)[0]
    few = replicates_of(person, sets, replicates=20, seed=5)[0]
    for measure in one:
        np.testing.assert_array_equal(one[measure], two[measure])
        np.testing.assert_allclose(one[measure][:20], few[measure], rtol=0, atol=1e-12)


def test_each_replicate_draws_as_many_persons_as_there_are() -> None:
    weight = person_weights(83, range(40), 1)
    assert (weight.sum(axis=1) == 83).all()
    np.testing.assert_array_equal(weight[11:13], person_weights(83, range(11, 13), 1))


def test_bootstrap_error_of_auroc_is_that_of_delong_for_single_discharges() -> None:
    _, event, risk = made_up(2000, 4, decimals=6)
    drawn = replicates_of(np.arange(2000), [Resampled.of(event, risk)], replicates=2000, seed=1, threads=2)[0]
    assert drawn["auroc"].std() == pytest.approx(np.sqrt(delong(event, risk)[1]), rel=0.06)


def test_bootstrap_error_of_auroc_is_that_of_obuchowski_for_persons_with_several_discharges() -> None:
    random = np.random.default_rng(6)
    person = np.repeat(np.arange(300), 6)
    frailty = np.repeat(random.normal(0, 1.2, 300), 6)
    event = (random.random(1800) < 1 / (1 + np.exp(1.2 - frailty))).astype(np.int64)
    risk = 1 / (1 + np.exp(1.2 - 0.6 * frailty - random.normal(0, 0.3, 1800)))
    plain, clustered = delong(event, risk)[1], delong(event, risk, person)[1]
    drawn = replicates_of(person, [Resampled.of(event, risk)], replicates=2000, seed=1, threads=2)[0]
    assert clustered > 1.4 * plain
    assert drawn["auroc"].std() == pytest.approx(np.sqrt(clustered), rel=0.06)


def test_persons_may_have_any_kind_of_identifier() -> None:
    person, event, risk = made_up(300, 8)
    sets = [Resampled.of(event, risk)]
    numbers = replicates_of(person - 10**15, sets, replicates=10, seed=1)[0]
    words = replicates_of(np.array([f"{one:06d}" for one in person], dtype=object), sets, replicates=10, seed=1)[0]
    np.testing.assert_array_equal(numbers["auroc"], words["auroc"])


def test_draws_without_events_are_missing_and_never_nought() -> None:
    event = np.array([1, 0, 0, 0, 0, 0])
    risk = np.array([0.3, 0.2, 0.1, 0.4, 0.25, 0.15])
    drawn = replicates_of(np.arange(6), [Resampled.of(event, risk)], replicates=200, seed=1)[0]
    without = person_weights(6, range(200), 1)[:, 0] == 0
    assert 0 < without.sum() < 200
    for measure in ("auroc", "auprc", "scaled_brier", "calibration_intercept", "calibration_slope"):
        assert np.isnan(drawn[measure][without]).all(), measure
    assert all(np.isnan(percentile_interval(drawn["auroc"], 0.95)))


def test_percentile_interval_forgives_one_replicate_in_a_hundred_and_no_more() -> None:
    values = np.linspace(0, 1, 100)
    values[0] = np.nan
    assert percentile_interval(values, 0.9)[0] > 0
    values[1] = np.nan
    assert np.isnan(percentile_interval(values, 0.9)).all()
