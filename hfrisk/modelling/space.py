"""What the search may try: small trees with large leaves, and how near to the edge of that space it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from hfrisk.modelling.settings import ModelSettings

__all__ = ["LEAST_LEAF", "at_the_edge", "coarse", "first_trial", "search_space"]

_FIRST = {
    "learning_rate": 0.05,
    "num_leaves": 4,
    "max_depth": 3,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "lambda_l1": 0.01,
    "lambda_l2": 10.0,
    "path_smooth": 10.0,
    "min_gain_to_split": 0.0,
}

_LOG = {"learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l1", "lambda_l2", "path_smooth"}

# Beyond these there is nothing (a share cannot exceed 1, a stump is the smallest tree, leaves are bounded by the
# number of rows), or as good as nothing.
_NATURAL = {
    ("num_leaves", "low"),
    ("max_depth", "low"),
    ("max_depth", "high"),
    ("min_data_in_leaf", "high"),
    ("feature_fraction", "high"),
    ("bagging_fraction", "high"),
    ("lambda_l1", "low"),
    ("lambda_l2", "low"),
    ("path_smooth", "low"),
    ("min_gain_to_split", "low"),
}

_NEAR = 0.02
LEAST_LEAF = 20
"""Fewest discharges in a leaf, whatever else is asked for."""

_LEAF_SHARE = 20


def search_space(
    settings: ModelSettings, rows: int, *, least_leaf: int = LEAST_LEAF, constraints: bool = True
) -> dict[str, BaseDistribution]:
    """The distributions that are searched, in a fixed order.

    Parameters
    ----------
    settings
        Holds a range for each.
    rows
        Development rows; no leaf need hold more than a twentieth of them.
    least_leaf
        The disclosure threshold: no leaf may hold fewer, however few rows there are.
    constraints
        Whether any input has a monotone constraint, so that there is something to choose.

    Returns
    -------
    dict
        Optuna distributions by LightGBM's names, and ``monotone`` (off, on) where the search chooses it.
    """
    space: dict[str, BaseDistribution] = {}
    for name, first in _FIRST.items():
        low, high = getattr(settings, name)
        if name == "min_data_in_leaf":
            least = max(LEAST_LEAF, least_leaf)
            high = max(least, min(high, rows // _LEAF_SHARE))
            low = max(least, min(low, high))
        if isinstance(first, int):
            space[name] = IntDistribution(int(low), int(high), log=name in _LOG)
        else:
            space[name] = FloatDistribution(float(low), float(high), log=name in _LOG)
    if settings.monotone == "search" and constraints:
        space["monotone"] = CategoricalDistribution(("off", "on"))
    return space


def first_trial(space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """A good guess that the search starts from, moved inside the ranges where they exclude it."""
    first = {}
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            first[name] = distribution.choices[0]
            continue
        low, high = _bounds(distribution)
        first[name] = min(max(_FIRST[name], low), high)
    return first


def coarse(params: Mapping[str, Any]) -> dict[str, Any]:
    """The same parameters with three figures, inside which every trial is judged: they leave with the model."""
    return {name: float(f"{value:.3g}") if isinstance(value, float) else value for name, value in params.items()}


def at_the_edge(space: Mapping[str, BaseDistribution], params: Mapping[str, Any]) -> list[str]:
    """Names of parameters whose best value lies within 2 % of an end of their range that could be moved."""
    found = []
    for name, distribution in space.items():
        if isinstance(distribution, CategoricalDistribution):
            continue
        low, high = _bounds(distribution)
        if low == high:
            continue
        scale = math.log if name in _LOG else float
        place = (scale(params[name]) - scale(low)) / (scale(high) - scale(low))
        end = "low" if place <= _NEAR else "high" if place >= 1 - _NEAR else None
        if end is not None and (name, end) not in _NATURAL:
            found.append(name)
    return found


def _bounds(distribution: BaseDistribution) -> tuple[float, float]:
    if not isinstance(distribution, IntDistribution | FloatDistribution):
        raise TypeError("a parameter has no range")
    return distribution.low, distribution.high
