"""Recalibration in the large and logistic recalibration, against statsmodels and against a naive resampling of people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from hfrisk.errors import DataError
from hfrisk.modelling import apply_calibrator
from hfrisk.modelling.calibration.recalibration import Recalibration, recalibrate
from hfrisk.modelling.folds import person_folds

PLATT = {"method": "platt", "intercept": -0.1, "slope": 0.9}


class Site:
    """A new site where the model says too little, and too far apart; two discharges a person on average, which move together."""

    def __init__(self, n: int = 3000, seed: int = 1, slope: float = 0.7, intercept: float = 0.4) -> None:
        random = np.random.default_rng(seed)
        self.person = random.integers(0, n // 2, n)
        own = random.normal(0, 0.6, n)[self.person]
        self.margin = random.normal(-1.3, 0.9, n)
        self.x = -0.1 + 0.9 * self.margin
        self.event = (random.random(n) < expit(intercept + slope * self.x + own)).astype(float)
        self.fold = person_folds(pd.Series(self.person), pd.Series(self.event), 5, seed=1)

    def recalibrated(self, method: str, **more: int) -> Recalibration:
        least = {"minimum_events": 100, "minimum_for_slope": 200, **more}
        return recalibrate(method, PLATT, self.x, self.event, self.person, self.fold, **least)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def site() -> Site:
    return Site()


def clustered(site: Site, x: np.ndarray, *, offset: bool) -> sm.GLM:
    """Statsmodels' logistic regression with the sandwich of persons' scores, its small-sample factor that of people alone."""
    design = np.ones((len(x), 1)) if offset else sm.add_constant(x)
    model = sm.GLM(site.event, design, family=sm.families.Binomial(), offset=x if offset else None)
    people = len(np.unique(site.person))
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": site.person, "use_correction": False}, tol=1e-13)
    return fitted.params, fitted.bse * np.sqrt(people / (people - 1))


def test_in_the_large_the_slope_is_fixed_at_one_by_a_true_offset(site: Site) -> None:
    found = site.recalibrated("in_the_large")
    (intercept,), (error,) = clustered(site, site.x, offset=True)
    assert found.calibrator == {"method": "recalibrated", "intercept": round(intercept, 4), "slope": 1.0, "of": PLATT}
    expected = [intercept, intercept - 1.959964 * error, intercept + 1.959964 * error]
    np.testing.assert_allclose(found.intercept, expected, atol=1e-6)
    assert found.slope.estimate == 1
    assert np.isnan(found.slope.lower)
    # the intercept of the regression that also fits a slope is another number: PLP's mistake
    assert abs(sm.Logit(site.event, sm.add_constant(site.x)).fit(disp=0).params[0] - intercept) > 0.05


def test_logistic_recalibration_is_a_logistic_regression_on_the_log_odds(site: Site) -> None:
    found = site.recalibrated("logistic")
    values, errors = clustered(site, site.x, offset=False)
    assert [found.calibrator["intercept"], found.calibrator["slope"]] == [round(v, 4) for v in values]
    for interval, value, error in zip((found.intercept, found.slope), values, errors, strict=True):
        np.testing.assert_allclose(interval, [value, value - 1.959964 * error, value + 1.959964 * error], atol=1e-6)


def test_both_are_those_of_r() -> None:
    """The calls are in tests/assessment/oracles/make_oracles.R: glm with a true offset, glm, and rms::val.prob."""
    oracles = Path(__file__).parents[1] / "assessment" / "oracles"
    rows = pd.read_csv(oracles / "discharges.csv")
    from_r = pd.read_csv(oracles / "measures.csv").set_index("measure")["value"]
    x, fold = logit(rows["risk"].to_numpy()), np.arange(len(rows)) % 5
    large, both = (
        recalibrate(method, PLATT, x, rows["event"], rows["person"], fold, minimum_events=20, minimum_for_slope=20)
        for method in ("in_the_large", "logistic")
    )
    assert large.intercept.estimate == pytest.approx(from_r["calibration_intercept"], abs=1e-9)
    assert large.before["oe_ratio"].estimate == pytest.approx(from_r["oe_ratio"], abs=1e-9)
    assert both.intercept.estimate == pytest.approx(from_r["weak_intercept"], abs=1e-9)
    assert both.slope.estimate == pytest.approx(from_r["calibration_slope"], abs=1e-9)
    assert both.slope.estimate == pytest.approx(from_r["val_prob_slope"], abs=1e-9)


def test_intervals_count_people_and_not_rows(site: Site) -> None:
    doubled = Site()
    for name in ("person", "margin", "x", "event", "fold"):
        setattr(doubled, name, np.tile(getattr(doubled, name), 2))
    once, twice = site.recalibrated("logistic"), doubled.recalibrated("logistic")
    np.testing.assert_allclose(once.slope, twice.slope, atol=1e-9)
    np.testing.assert_allclose(once.before["oe_ratio"], twice.before["oe_ratio"], atol=1e-9)


def test_the_interval_of_oe_is_that_of_drawing_people(site: Site) -> None:
    random = np.random.default_rng(3)
    rows = pd.DataFrame({"person": site.person, "event": site.event, "risk": expit(site.x)})
    sums = rows.groupby("person")[["event", "risk"]].sum().to_numpy()
    drawn = [sums[random.integers(0, len(sums), len(sums))].sum(axis=0) for _ in range(2000)]
    ratios = [observed / expected for observed, expected in drawn]
    found = site.recalibrated("in_the_large").before["oe_ratio"]
    assert found.estimate == pytest.approx(site.event.sum() / expit(site.x).sum(), abs=1e-12)
    np.testing.assert_allclose([found.lower, found.upper], np.quantile(ratios, [0.025, 0.975]), atol=0.012)


def test_afterwards_risks_are_right_on_average_and_in_their_spread(site: Site) -> None:
    large, both = site.recalibrated("in_the_large"), site.recalibrated("logistic")
    assert large.before["oe_ratio"].lower > 1.1
    assert large.after["oe_ratio"].estimate == pytest.approx(1, abs=0.01)
    assert both.before["calibration_slope"].upper < 0.9
    assert large.after["calibration_slope"].estimate == pytest.approx(
        large.before["calibration_slope"].estimate, abs=0.02
    )
    assert both.after["calibration_slope"].estimate == pytest.approx(1, abs=0.05)
    risk = apply_calibrator(both.calibrator, site.margin)
    assert risk.mean() == pytest.approx(site.event.mean(), abs=1e-4)
    log_odds = both.calibrator["intercept"] + both.calibrator["slope"] * logit(apply_calibrator(PLATT, site.margin))
    np.testing.assert_allclose(risk, expit(log_odds), atol=1e-12)


@pytest.mark.parametrize("method", ["in_the_large", "logistic"])
def test_the_figures_after_are_of_recalibrations_that_did_not_see_the_person(site: Site, method: str) -> None:
    found = site.recalibrated(method)
    risk = np.empty(len(site.x))
    for k in range(5):
        inside = site.fold == k
        if method == "in_the_large":
            ones = np.ones((int((~inside).sum()), 1))
            fit = sm.GLM(site.event[~inside], ones, family=sm.families.Binomial(), offset=site.x[~inside]).fit()
            a, b = fit.params[0], 1.0
        else:
            a, b = sm.Logit(site.event[~inside], sm.add_constant(site.x[~inside])).fit(disp=0).params
        risk[inside] = expit(round(a, 4) + round(b, 4) * site.x[inside])
    assert found.after["oe_ratio"].estimate == pytest.approx(site.event.sum() / risk.sum(), abs=1e-9)


def test_too_few_events_are_refused_with_the_setting_that_says_so() -> None:
    few = Site(n=350)
    assert 100 < few.event.sum() < 200
    with pytest.raises(DataError, match=r"fewer than 200 .*: too few to recalibrate") as told:
        few.recalibrated("logistic")
    assert "assessment.minimum_for_slope" in str(told.value)
    found = few.recalibrated("in_the_large")
    assert "calibration_slope" not in found.before
    with pytest.raises(DataError, match="fewer than 400"):
        few.recalibrated("in_the_large", minimum_events=400)


def test_a_model_that_ranks_nobody_here_is_refused() -> None:
    with pytest.raises(DataError, match="does not rank people"):
        Site(slope=-0.3).recalibrated("logistic")


def test_a_risk_of_nought_is_refused() -> None:
    site = Site()
    site.x[3] = -np.inf
    with pytest.raises(DataError, match="exactly nought or one"):
        site.recalibrated("in_the_large")
