"""Control limits by exact sums, over-dispersion by simulation, and the case-mix model by statsmodels."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
import statsmodels.api as sm

from hfrisk.inequality import InequalitySettings, look_at_rows
from hfrisk.inequality.case_mix import case_mix_design, expected_risk
from hfrisk.inequality.funnel import control_limits, dispersion, place_of
from hfrisk.inequality.regression import fit
from tests.inequality.invented_people import invented


def _upto(r: int, n: int, target: float) -> float:
    return sum(comb(n, k) * target**k * (1 - target) ** (n - k) for k in range(r + 1))


@pytest.mark.parametrize("within", [0.95, 0.998])
def test_limits_are_the_interpolated_exact_binomial_ones(within: float) -> None:
    sizes = np.array([20, 60, 150])
    lower, upper = control_limits(0.2, sizes, within)
    for at, n in enumerate(sizes):
        for p, limit in (((1 - within) / 2, lower[at]), ((1 + within) / 2, upper[at])):
            r = next(k for k in range(n + 1) if _upto(k, n, 0.2) >= p)
            before = _upto(r - 1, n, 0.2) if r else 0.0
            weight = (_upto(r, n, 0.2) - p) / (_upto(r, n, 0.2) - before)
            assert limit == pytest.approx(max((r - weight) / n, 0), abs=1e-9)


def test_limits_come_nearer_with_size_and_tend_to_the_normal_ones() -> None:
    n = np.array([50.0, 500, 50_000])
    lower, upper = control_limits(0.2, n, 0.95)
    assert (np.diff(upper - lower) < 0).all()
    assert upper[2] == pytest.approx(0.2 + 1.96 * np.sqrt(0.16 / 50_000), abs=2e-5)


def test_scatter_beyond_chance_is_called_that_and_chance_is_not() -> None:
    rng = np.random.default_rng(8)
    n = rng.integers(100, 900, 22).astype(float)
    called = sum(dispersion(0.2, n, rng.binomial(n.astype(int), 0.2).astype(float)).more for _ in range(200))
    assert called <= 10
    wide = dispersion(0.2, n, rng.binomial(n.astype(int), np.clip(rng.normal(0.2, 0.05, 22), 0, 1)).astype(float))
    assert wide.more
    assert wide.widening == pytest.approx(np.sqrt(wide.ratio))
    assert not dispersion(0.2, n[:4], 0.2 * n[:4]).more


def test_widened_limits_let_a_trust_back_in() -> None:
    assert place_of(0.30, 0.2, (0.12, 0.28), 1.0) == "above"
    assert place_of(0.30, 0.2, (0.12, 0.28), 1.5) == "within"
    assert place_of(0.05, 0.2, (0.12, 0.28), 1.0) == "below"


def test_expected_events_are_those_of_a_logistic_regression() -> None:
    rows, features, groups = invented(3_000, 4, trust=0.2)
    event = (rows["state"] == "readmitted").to_numpy(dtype=float)
    design, words = case_mix_design(features["age"], groups["age_band"], groups["sex"], features["charlson_quan_2011"])
    risk = expected_risk(design, event)
    plain = np.column_stack(
        [
            np.ones(3_000),
            features["age"],
            features["age"] ** 2,
            groups["sex"] == "Male",
            features["charlson_quan_2011"],
            features["charlson_quan_2011"] ** 2,
        ]
    ).astype(float)
    theirs = sm.Logit(event, plain / plain.max(axis=0)).fit(disp=0, method="newton", maxiter=100).predict()
    assert risk == pytest.approx(theirs, abs=1e-6)
    assert risk.sum() == pytest.approx(event.sum())
    assert words == "age, sex, comorbidity"
    found = look_at_rows(rows, features, groups, InequalitySettings(pairs=()))
    first = found.trusts.set_index("level").loc["Trust 1"]
    assert first["expected_readmission"] == pytest.approx(risk[groups["site_group"] == "Trust 1"].sum())
    assert first["readmitted"] / first["expected_readmission"] > 1.4


def test_case_mix_makes_do_with_what_there_is() -> None:
    rows, features, groups = invented(2_000, 4)
    event = (rows["state"] == "readmitted").to_numpy(dtype=float)
    design, words = case_mix_design(None, groups["age_band"], groups["sex"], None)
    assert words == "age band, sex"
    cells = groups["age_band"] + groups["sex"]
    assert expected_risk(design, event).sum() == pytest.approx(event.sum())
    assert cells.nunique() == 8
    age = features["age"].mask(np.arange(2_000) % 7 == 0)
    design, _ = case_mix_design(age, None, None, None)
    assert design.shape[1] == 4  # ones, age, its square, not recorded
    assert np.isnan(expected_risk(design, np.zeros(2_000))).all()


def test_a_regression_without_an_answer_says_so() -> None:
    x = np.column_stack([np.ones(40), np.repeat([0.0, 1.0], 20)])
    assert not fit(x, np.repeat([0.0, 1.0], 20), "logit").settled  # parted perfectly
    twice = np.column_stack([x, x[:, 1]])
    assert not fit(twice, np.tile([0.0, 1.0], 20), "linear", np.arange(40)).settled
