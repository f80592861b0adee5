"""Shapley values and interaction indices from their definitions, over every set of features."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import lightgbm as lgb
import numpy as np


def trees_of(text: str) -> list[dict[str, Any]]:
    return [tree["tree_structure"] for tree in lgb.Booster(model_str=text).dump_model()["tree_info"]]


def expected(tree: dict[str, Any], row: np.ndarray, known: frozenset[int]) -> float:
    """A tree's mean output where only some features are known: unknown splits are averaged by training counts."""
    if "leaf_value" in tree:
        return float(tree["leaf_value"])
    left, right = tree["left_child"], tree["right_child"]
    at = tree["split_feature"]
    if at in known:
        missing = np.isnan(row[at])
        goes_left = tree["default_left"] if missing else row[at] <= tree["threshold"]
        return expected(left if goes_left else right, row, known)
    counts = [branch.get("leaf_count", branch.get("internal_count")) for branch in (left, right)]
    return sum(n * expected(branch, row, known) for n, branch in zip(counts, (left, right), strict=True)) / sum(counts)


def shapley(trees: list[dict[str, Any]], row: np.ndarray) -> list[float]:
    """Shapley values from their definition: every feature, every set of the others."""
    p = len(row)
    every = [frozenset(chosen) for size in range(p + 1) for chosen in combinations(range(p), size)]
    value = {known: sum(expected(tree, row, known) for tree in trees) for known in every}
    weight = {size: factorial(size) * factorial(p - size - 1) / factorial(p) for size in range(p)}
    return [
        sum(weight[len(known)] * (value[known | {i}] - value[known]) for known in every if i not in known)
        for i in range(p)
    ]


def interaction(trees: list[dict[str, Any]], row: np.ndarray, i: int, j: int) -> float:
    """The Shapley interaction index (Grabisch and Roubens 1999): every set of the others, weighed by its size."""
    p = len(row)
    others = [k for k in range(p) if k not in (i, j)]

    def value(known: tuple[int, ...]) -> float:
        return sum(expected(tree, row, frozenset(known)) for tree in trees)

    return sum(
        factorial(size)
        * factorial(p - size - 2)
        / factorial(p - 1)
        * (value((*s, i, j)) - value((*s, i)) - value((*s, j)) + value(s))
        for size in range(len(others) + 1)
        for s in combinations(others, size)
    )
