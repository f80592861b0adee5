"""How a contribution goes with the value of its feature, in steps that hold enough people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hfrisk.explanation.steps import inner, quantile_edges, runs
from hfrisk.features import Feature

__all__ = ["HIGHER", "LOWER", "MIXED", "UNUSED", "direction", "feature_dependence"]

Floats = NDArray[np.float64]

HIGHER = "higher value, higher risk"
LOWER = "lower value, higher risk"
MIXED = "no one direction"
UNUSED = "not used by the model"

_CLEAR_TREND = 0.5


@dataclass(frozen=True)
class _Steps:
    lower: Floats
    upper: Floats
    n: NDArray[np.int64]
    mean: Floats


def feature_dependence(
    feature: Feature, values: Floats, contributions: Floats, *, bins: int, minimum: int
) -> pd.DataFrame:
    """Mean contribution by steps of the value.

    Parameters
    ----------
    feature
        Gives the grid that edges lie on.
    values
        In the feature's unit; NaN where not recorded, which is left out.
    contributions
        Log-odds.
    bins
        Most steps. A feature with no more values than that has a step for each.
    minimum
        Fewest rows in a step; smaller ones join a neighbour.

    Returns
    -------
    pandas.DataFrame
        ``feature, bin_lower, bin_upper, n, mean_contribution``. Edges are quantiles between the 5th and the 95th
        centile (of any value, for yes-or-no features), on the feature's grid. Steps made of single values hold
        both edges; others hold the lower edge, and the last one the upper too. Empty if fewer than `minimum` rows
        are left.
    """
    inside = inner(values, feature)
    x, y = values[inside], contributions[inside]
    steps = _joined(_by_value(x, y) if len(np.unique(x)) <= bins else _by_quantile(x, y, feature, bins), minimum)
    return pd.DataFrame(
        {
            "feature": pd.Series([feature.name] * len(steps.n), dtype=object),
            "bin_lower": steps.lower,
            "bin_upper": steps.upper,
            "n": steps.n,
            "mean_contribution": steps.mean,
        }
    )


def direction(values: Floats, contributions: Floats) -> str:
    """Say which way risk goes as the value rises, from the rank correlation of value and contribution.

    Parameters
    ----------
    values
        NaN where not recorded, which is left out.
    contributions
        Log-odds.

    Returns
    -------
    str
        One of `HIGHER`, `LOWER`, `MIXED` (Spearman's correlation between -0.5 and 0.5) and `UNUSED`.
    """
    if not np.any(contributions):
        return UNUSED
    recorded = ~np.isnan(values)
    x, y = values[recorded], contributions[recorded]
    if len(np.unique(x)) < 2 or len(np.unique(y)) < 2:
        return MIXED
    trend = stats.spearmanr(x, y).statistic
    if trend >= _CLEAR_TREND:
        return HIGHER
    return LOWER if trend <= -_CLEAR_TREND else MIXED


def _by_value(x: Floats, y: Floats) -> _Steps:
    value, at = np.unique(x, return_inverse=True)
    n = np.bincount(at, minlength=len(value))
    return _Steps(value, value, n, np.bincount(at, y, minlength=len(value)) / np.maximum(n, 1))


def _by_quantile(x: Floats, y: Floats, feature: Feature, bins: int) -> _Steps:
    edges = quantile_edges(x, feature, bins)
    at = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    n = np.bincount(at, minlength=len(edges) - 1)
    return _Steps(edges[:-1], edges[1:], n, np.bincount(at, y, minlength=len(n)) / np.maximum(n, 1))


def _joined(steps: _Steps, minimum: int) -> _Steps:
    """Join each small step to its smaller neighbour until none is left; none at all if they are too few together."""
    total = steps.mean * steps.n
    found = runs([float(n) for n in steps.n], minimum)
    sizes = np.array([steps.n[a : b + 1].sum() for a, b in found], dtype=np.int64)
    totals = np.array([total[a : b + 1].sum() for a, b in found], dtype=np.float64)
    return _Steps(
        np.array([steps.lower[a] for a, _ in found], dtype=np.float64),
        np.array([steps.upper[b] for _, b in found], dtype=np.float64),
        sizes,
        totals / np.maximum(sizes, 1),
    )
