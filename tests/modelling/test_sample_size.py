"""The criteria of Riley 2020, against pmsampsize."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from hfrisk.modelling.sample_size import cox_snell_from_auroc, riley_sample_size, sample_size_check

# PyPI pmsampsize 0.1.0: pmsampsize(type="b", cstatistic=c, parameters=30, prevalence=0.2, shrinkage=0.9).
PMSAMPSIZE = {0.60: 13_418, 0.65: 5_849, 0.70: 3_206}


@pytest.mark.parametrize("auroc", PMSAMPSIZE)
def test_thirty_parameters_need_as_many_rows_as_pmsampsize_says(auroc: float) -> None:
    # pmsampsize simulates the R2 with one seed, which moves its own answer by about one per cent
    assert riley_sample_size(30, 0.2, auroc).needed == pytest.approx(PMSAMPSIZE[auroc], rel=0.03)


def test_r2_from_auroc_is_that_of_simulated_people() -> None:
    random = np.random.default_rng(1)
    event = random.random(400_000) < 0.2
    predictor = random.normal(0.0, 1.0, len(event)) + event * np.sqrt(2) * 0.38532046640756773  # Phi^-1(0.65)
    fit = sm.Logit(event.astype(float), sm.add_constant(predictor)).fit(disp=0)
    simulated = 1 - np.exp(-2 * (fit.llf - fit.llnull) / len(event))
    assert cox_snell_from_auroc(0.65, 0.2) == pytest.approx(simulated, rel=0.04)  # two standard errors of the draw


def test_the_average_risk_alone_needs_the_textbook_number() -> None:
    assert riley_sample_size(1, 0.5, 0.9).prevalence == 385  # (1.96 / 0.05)^2 / 4


def test_enough_rows_are_not_remarked_upon() -> None:
    assert sample_size_check(6_000, 1_200, 30, 0.65) is None


def test_too_few_rows_are_a_warning_with_the_shortfall() -> None:
    check = sample_size_check(4_000, 801, 30, 0.65)
    assert check is not None
    assert check.severity == "warning"
    assert "4,000 discharges" in check.text()
    assert "about 5,900: about 1,900 more" in check.text()


def test_the_needed_number_does_not_give_the_exact_event_rate_away() -> None:
    one, other = (sample_size_check(4_000, events, 30, 0.65) for events in (790, 810))
    assert one is not None
    assert other is not None
    assert one.facts == other.facts
