"""Indices that add up the weights of categories, where a severer form takes the place of a milder one."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from hfrisk.features.family import on_grid

__all__ = ["span", "total"]


def total(
    flags: Mapping[str, ir.NumericValue], weights: Mapping[str, float], replaces: Mapping[str, str]
) -> ir.FloatingValue:
    """The sum of the weights of the categories that are there (1; otherwise 0), on a grid of one.

    Parameters
    ----------
    replaces
        The severer category and the milder one in whose place it counts.
    """
    severer = {mild: severe for severe, mild in replaces.items()}
    parts = []
    for category, weight in weights.items():
        if not weight:
            continue
        there = flags[category]
        if category in severer:
            there = there * (1.0 - flags[severer[category]])
        parts.append(there * float(weight))
    found = parts[0]
    for part in parts[1:]:
        found = found + part
    return on_grid(found, 1)


def span(weights: Mapping[str, float], replaces: Mapping[str, str]) -> tuple[float, float]:
    """The least and the greatest total that there can be."""
    alternatives = {category: [0.0, float(weight)] for category, weight in weights.items()}
    for severe, mild in replaces.items():
        alternatives[severe] += alternatives.pop(mild)
    return sum(map(min, alternatives.values())), sum(map(max, alternatives.values()))
