"""Restricted cubic splines, against Harrell's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.modelling.splines import place_knots, spline_basis, to_grid

ORACLES = Path(__file__).parent / "oracles"


@pytest.mark.parametrize("knots", [(100, 120, 140), (98, 120, 136, 164), (95, 110, 120, 135, 165)])
def test_the_basis_is_the_one_of_hmisc(knots: tuple[float, ...]) -> None:
    oracle = pd.read_csv(ORACLES / f"rcspline_{len(knots)}_knots.csv", comment="#")
    basis = spline_basis(oracle["x"], knots)
    np.testing.assert_allclose(basis, oracle.to_numpy(), rtol=1e-12, atol=1e-12)


def test_the_curve_is_straight_beyond_the_outer_knots() -> None:
    basis = spline_basis([200.0, 210.0, 220.0], [98, 120, 136, 164])
    np.testing.assert_allclose(np.diff(basis, n=2, axis=0), 0, atol=1e-9)


def test_knots_lie_on_the_grid_of_the_feature() -> None:
    values = np.random.default_rng(1).normal(9, 3, 1000)
    knots = place_knots(values, 4, 0.5)
    assert len(knots) == 4
    assert all(float(knot * 2).is_integer() for knot in knots)
    np.testing.assert_allclose(knots, np.quantile(values, (0.05, 0.35, 0.65, 0.95)), atol=0.25)


def test_missing_values_do_not_move_the_knots() -> None:
    values = np.arange(100.0)
    assert place_knots([*values, np.nan, np.nan], 4, 1.0) == place_knots(values, 4, 1.0)


def test_a_feature_with_few_values_gets_three_knots_or_none() -> None:
    assert len(place_knots(np.repeat(np.arange(7.0), 20), 4, 1.0)) == 3
    assert place_knots(np.repeat(np.arange(4.0), 20), 4, 1.0) == []


def test_a_feature_that_is_nearly_always_zero_stays_a_straight_line() -> None:
    mostly_zero = np.r_[np.zeros(950), np.arange(1.0, 51.0)]
    assert place_knots(mostly_zero, 4, 1.0) == []


def test_grid_values_have_no_tail() -> None:
    assert to_grid([0.31, 0.74], 0.1).tolist() == [0.3, 0.7]
    assert to_grid([4163.0], 10.0).tolist() == [4160.0]
