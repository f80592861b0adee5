"""The random-effects summary against metafor (oracles/meta.R)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from hfrisk.assessment.pooling import between_variance, pool

ORACLE = pd.read_csv(Path(__file__).parent / "oracles" / "meta.csv")


@pytest.mark.parametrize("name", ORACLE["set"].unique())
def test_the_summary_is_that_of_metafor(name: str) -> None:
    rows = ORACLE[ORACLE["set"] == name]
    pooled = pool(rows["y"], rows["v"])
    expected = rows.iloc[0][["mean", "lower", "upper", "prediction_lower", "prediction_upper", "tau2"]]
    np.testing.assert_allclose(np.array(pooled), expected.to_numpy(dtype=float), rtol=1e-7, atol=1e-8)


def test_the_variance_between_trusts_is_where_the_restricted_likelihood_is_highest() -> None:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.005, 0.05, 15)
    y = rng.normal(0.2, np.sqrt(v + 0.03))

    def less_likelihood(between: float) -> float:
        w = 1 / (v + between)
        mean = (w * y).sum() / w.sum()
        return 0.5 * (np.log(v + between).sum() + np.log(w.sum()) + (w * (y - mean) ** 2).sum())

    best = minimize_scalar(less_likelihood, bounds=(0, 1), method="bounded", options={"xatol": 1e-10}).x
    assert between_variance(y, v) == pytest.approx(best, abs=1e-6)
    assert best > 0.001


def test_two_trusts_are_not_summarised() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        pool([0.1, 0.2], [0.01, 0.01])
