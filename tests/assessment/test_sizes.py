"""How many discharges a test needs: against the published package's numbers, and against simulated intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from hfrisk.assessment import AssessmentSettings
from hfrisk.assessment.calibration import discharges_for_slope
from hfrisk.assessment.sizes import discharges_for_auroc, discharges_for_oe, sizes_of_test


def test_observed_over_expected_is_as_published() -> None:
    # pmvalsampsize 0.2.1 on PyPI gives 1,538: it rounds the standard error to three decimals (0.051)
    assert discharges_for_oe(0.2, 0.2) == 1542
    assert math.ceil((1 - 0.2) / (0.2 * 0.051**2)) == 1538


@pytest.mark.parametrize(("auroc", "published"), [(0.60, 763), (0.65, 715), (0.70, 650)])
def test_the_auroc_is_as_published(auroc: float, published: int) -> None:
    assert discharges_for_auroc(auroc, 0.2, 0.1) == published


def test_the_number_for_the_auroc_is_the_first_that_is_enough() -> None:
    def error(n: float, auroc: float, p: float) -> float:
        more = (n / 2 - 1) * ((1 - auroc) / (2 - auroc) + auroc / (1 + auroc))
        return float(np.sqrt(auroc * (1 - auroc) * (1 + more) / (n**2 * p * (1 - p))))

    z = stats.norm.ppf(0.95)
    for auroc, p, width in ((0.58, 0.13, 0.07), (0.72, 0.3, 0.2), (0.9, 0.05, 0.1)):
        n = discharges_for_auroc(auroc, p, width, confidence=0.9)
        assert 2 * z * error(n, auroc, p) <= width < 2 * z * error(n - 1, auroc, p)


def test_observed_over_expected_has_the_promised_width_in_simulation() -> None:
    rng = np.random.default_rng(7)
    n = discharges_for_oe(0.2, 0.2)
    ratios = rng.binomial(n, 0.2, 20_000) / (0.2 * n)
    low, high = np.quantile(ratios, [0.025, 0.975])
    assert high - low == pytest.approx(0.2, abs=0.01)


def test_what_is_told_gives_no_count_away_and_what_cannot_be_given_is_absent() -> None:
    rng = np.random.default_rng(3)
    risk = rng.beta(4, 16, 3001)
    event = (rng.random(3001) < risk).astype(float)
    settings = AssessmentSettings()
    told = sizes_of_test(event, risk, 0.6512, settings).set_index("measure")
    assert list(told.index) == ["oe_ratio", "auroc", "calibration_slope"]
    assert told.loc["auroc", "needed"] == 720
    assert set(told["n"]) == {3001}
    exact = discharges_for_slope(np.log(risk / (1 - risk)), 0.2)
    assert exact <= told.loc["calibration_slope", "needed"] <= 1.1 * exact
    for needed in told["needed"]:
        assert float(f"{needed:.1e}") == needed
    flat = sizes_of_test(event, np.full(3001, 0.2), float("nan"), settings).set_index("measure")["needed"]
    assert np.isnan(flat["auroc"])
    assert np.isnan(flat["calibration_slope"])
    assert sizes_of_test(np.array([]), np.array([]), 0.6, settings).empty
