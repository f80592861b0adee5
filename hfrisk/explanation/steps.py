"""Steps of a value that hold enough people: edges on a feature's grid, small steps joined to their neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hfrisk.features import Feature
from hfrisk.modelling import to_grid

__all__ = ["CENTILES", "inner", "quantile_edges", "runs"]

Floats = NDArray[np.float64]

CENTILES = (0.05, 0.95)
"""What lies beyond is left out: values that few have are theirs."""


def runs(n: Sequence[float], minimum: int) -> list[tuple[int, int]]:
    """First and last place of each run of neighbouring steps, once each small step has joined its smaller neighbour.

    Parameters
    ----------
    n
        Sizes of the steps.
    minimum
        Fewest in a run.

    Returns
    -------
    list of (int, int)
        In order, covering every step; empty if all together are too few.
    """
    sizes, found = [float(size) for size in n], [(i, i) for i in range(len(n))]
    while sizes and min(sizes) < minimum:
        i = int(np.argmin(sizes))
        if len(sizes) == 1:
            return []
        j = min((j for j in (i - 1, i + 1) if 0 <= j < len(sizes)), key=lambda j: sizes[j])
        first, second = min(i, j), max(i, j)
        sizes[first] += sizes[second]
        found[first] = (found[first][0], found[second][1])
        del sizes[second], found[second]
    return found


def inner(values: Floats, feature: Feature) -> NDArray[np.bool_]:
    """Which values are recorded and lie between the 5th and the 95th centile; of a yes-or-no feature, which are recorded."""
    recorded = ~np.isnan(values)
    if feature.kind == "binary" or not recorded.any():
        return np.asarray(recorded)
    low, high = np.quantile(values[recorded], CENTILES)
    return np.asarray(recorded & (values >= low) & (values <= high))


def quantile_edges(values: Floats, feature: Feature, bins: int) -> Floats:
    """Edges of at most `bins` steps at quantiles, on the grid of the feature; two equal ones where there is but one."""
    edges = np.unique(to_grid(np.quantile(values, np.linspace(0, 1, bins + 1)), feature.precision))
    return np.repeat(edges, 2) if len(edges) == 1 else edges
