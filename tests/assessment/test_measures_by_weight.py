"""Plain measures: a weight is a number of copies, nonsense is refused, and what cannot be computed is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from hfrisk.assessment import accuracy, calibration, discrimination, utility
from hfrisk.assessment.flexible import FlexibleCurve, calibration_error

MEASURES = {
    "auroc": discrimination.auroc,
    "auprc": discrimination.auprc,
    "brier": accuracy.brier,
    "scaled_brier": accuracy.scaled_brier,
    "log_loss": accuracy.log_loss,
    "oe_ratio": calibration.oe_ratio,
    "calibration_intercept": calibration.calibration_intercept,
    "calibration_slope": calibration.calibration_slope,
    "net_benefit": lambda event, risk, weight=None: utility.net_benefit(event, risk, 0.2, weight),
}
DISCHARGE = st.tuples(st.integers(0, 1), st.integers(1, 19), st.integers(0, 3))


@given(st.lists(DISCHARGE, min_size=8, max_size=60))
@settings(max_examples=150, deadline=None)
def test_a_weight_is_a_number_of_copies(discharges) -> None:
    event, twentieths, weight = (np.array(column) for column in zip(*discharges, strict=True))
    if weight.sum() == 0:
        weight[0] = 1
    risk = twentieths / 20
    copies = np.repeat(np.arange(len(event)), weight)
    for name, measure in MEASURES.items():
        if name == "calibration_slope" and len(set(risk[copies])) < 4:
            continue
        weighted, copied = measure(event, risk, weight), measure(event[copies], risk[copies])
        assert weighted == pytest.approx(copied, abs=1e-7, nan_ok=True), name


@given(st.lists(DISCHARGE, min_size=8, max_size=60))
@settings(max_examples=100, deadline=None)
def test_weighted_ranking_measures_are_those_of_scikit_learn(discharges) -> None:
    event, twentieths, weight = (np.array(column) for column in zip(*discharges, strict=True))
    risk = twentieths / 20
    if len(set(event[weight > 0])) < 2:
        return
    assert discrimination.auroc(event, risk, weight) == pytest.approx(roc_auc_score(event, risk, sample_weight=weight))
    assert discrimination.auprc(event, risk, weight) == pytest.approx(
        average_precision_score(event, risk, sample_weight=weight)
    )
    assert accuracy.brier(event, risk, weight) == pytest.approx(brier_score_loss(event, risk, sample_weight=weight))
    assert accuracy.log_loss(event, risk, weight) == pytest.approx(
        log_loss(event, risk, sample_weight=weight, labels=[0, 1])
    )


@pytest.mark.parametrize("decimals", [1, 2, 6])
def test_parts_of_the_brier_score_add_up_and_their_bins_are_those_of_scikit_learn(decimals) -> None:
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(decimals)
    risk = np.round(random.beta(2, 6, 3000), decimals)
    event = (random.random(3000) < np.clip(1.3 * risk, 0, 1)).astype(int)
    parts = accuracy.brier_parts(event, risk)
    whole = parts.reliability - parts.resolution + parts.uncertainty
    assert whole == pytest.approx(brier_score_loss(event, risk), abs=1e-12)
    seen, said = calibration_curve(event, risk, n_bins=10, strategy="quantile")
    # Each bin of scikit-learn is known by its mean risk: the discharges whose cumulative mean it is.
    size = np.unique(np.searchsorted(np.quantile(risk, np.arange(1, 10) / 10), risk), return_counts=True)[1]
    assert len(size) == len(seen)
    assert (size @ said, size @ seen) == pytest.approx((risk.sum(), event.sum()), abs=1e-9)
    expected = sum(n / 3000 * ((p - o) ** 2 - o * (1 - o) / (n - 1)) for n, p, o in zip(size, said, seen, strict=True))
    assert parts.reliability == pytest.approx(expected, abs=1e-12)
    share = event.mean()
    assert parts.uncertainty == pytest.approx(share * (1 - share) * 3000 / 2999, abs=1e-12)


def test_reliability_of_a_perfect_model_is_nought_on_average_once_chance_is_taken_off() -> None:
    random = np.random.default_rng(4)
    risk = random.beta(2, 6, 400)
    drawn = [accuracy.brier_parts(random.random(400) < risk, risk).reliability for _ in range(2000)]
    error = np.std(drawn) / np.sqrt(len(drawn))
    assert abs(np.mean(drawn)) < 3 * error
    # What is taken off: about ten parts' worth of chance, many times that error.
    assert 20 * error < 0.17 * 10 / 400


def test_risks_that_do_not_vary_have_parts_too() -> None:
    event = np.array([0, 1, 0, 0] * 50)
    parts = accuracy.brier_parts(event, np.full(200, 0.35))
    chance = 0.25 * 0.75 / 199
    assert parts.reliability == pytest.approx(0.1**2 - chance)
    assert parts.resolution == pytest.approx(0, abs=1e-12)
    assert np.isnan(accuracy.brier_parts([1], [0.2]).reliability)


def test_weighted_calibration_error_is_that_of_copied_discharges() -> None:
    random = np.random.default_rng(1)
    risk = random.uniform(0.05, 0.6, 600)
    event = (random.random(600) < risk).astype(int)
    weight = random.poisson(1, 600)
    copies = np.repeat(np.arange(600), weight)
    curve = FlexibleCurve.fit(event, risk, weight=weight)
    weighted = calibration_error(curve, risk, weight)
    copied = calibration_error(curve, risk[copies])
    assert (weighted.ici, weighted.e50, weighted.e90) == pytest.approx((copied.ici, copied.e50, copied.e90), abs=1e-12)


@pytest.mark.parametrize("only", [0, 1])
@pytest.mark.parametrize("name", ["auroc", "scaled_brier", "calibration_intercept", "calibration_slope"])
def test_one_class_only_is_missing_and_never_nought(name, only) -> None:
    assert np.isnan(MEASURES[name](np.full(30, only), np.linspace(0.1, 0.5, 30)))


def test_risks_that_do_not_vary_have_no_slope_but_an_intercept() -> None:
    event = np.array([0, 1] * 50)
    assert np.isnan(calibration.calibration_slope(event, np.full(100, 0.3)))
    assert calibration.calibration_intercept(event, np.full(100, 0.3)) == pytest.approx(-np.log(0.3 / 0.7))


def test_perfectly_separated_outcomes_have_no_slope() -> None:
    assert np.isnan(calibration.calibration_slope(np.repeat([0, 1], 50), np.linspace(0.01, 0.99, 100)))


def test_risk_of_exactly_nought_or_one_is_read_as_one_in_a_million() -> None:
    assert accuracy.log_loss([1, 0], [0.0, 1.0]) == pytest.approx(-np.log(1e-6), rel=1e-6)
    assert np.isfinite(calibration.calibration_slope([1, 0, 1, 0, 1], [0.0, 0.2, 0.5, 0.6, 1.0]))


@pytest.mark.parametrize(
    ("event", "risk"),
    [
        ([0, 1], [0.1, np.nan]),
        ([0, 1], [0.1, 1.2]),
        ([0, 2], [0.1, 0.2]),
        ([0, 1, 1], [0.1, 0.2]),
        ([0, 1], [-0.1, 0.2]),
    ],
)
def test_what_is_not_an_outcome_or_a_risk_is_refused(event, risk) -> None:
    with pytest.raises(ValueError, match=r"must|long"):
        discrimination.auroc(event, risk)
