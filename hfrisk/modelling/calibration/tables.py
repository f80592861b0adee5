"""Calibrators that are tables: isotonic regression and Venn-Abers predictors, coarse enough to leave.

No step rests on fewer than fifty rows, and every number has four decimals before it is used: an exact share of fifty
rows would be a count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from sklearn.isotonic import IsotonicRegression

__all__ = ["DECIMALS", "LEAST_BLOCK", "isotonic", "venn_abers"]

LEAST_BLOCK = 50
DECIMALS = 4
_MOST_BLOCKS = 100

Floats = NDArray[np.float64]


def isotonic(x: Floats, y: Floats) -> dict[str, list[float]]:
    """The best non-decreasing steps, the short ones joined, with straight lines between their centres."""
    level = IsotonicRegression().fit_transform(x, y)
    _, block = np.unique(level, return_inverse=True)
    size = np.bincount(block).astype(np.float64)
    events, centre = np.bincount(block, y), np.bincount(block, x)
    joined: list[list[float]] = []
    for part in zip(size, events, centre, strict=True):
        if joined and (joined[-1][0] < LEAST_BLOCK or part[0] < LEAST_BLOCK):
            joined[-1] = [a + b for a, b in zip(joined[-1], part, strict=True)]
        else:
            joined.append(list(part))
    sizes, totals, sums = (np.array(column) for column in zip(*joined, strict=True))
    # Laplace's rule where a block is all or nothing: at 0 and 1 the log loss of a surprise is infinite.
    rate = np.clip(totals / sizes, 1 / (sizes + 2), (sizes + 1) / (sizes + 2))
    # Four decimals, so that the table that is used is one that may leave: an exact share of fifty rows is a count.
    x_shown, first = np.unique(np.round(sums / sizes, DECIMALS), return_index=True)
    return {"x": x_shown.tolist(), "y": np.round(np.maximum.accumulate(rate), DECIMALS)[first].tolist()}


def venn_abers(x: Floats, y: Floats) -> dict[str, list[float]]:
    """The inductive Venn-Abers predictor of scores that are told apart by blocks of at least fifty rows.

    The blocks are made from the scores alone, never from the outcomes, so that the block is itself a score and the
    predictor of it is valid as any (Vovk and Petej, Venn-Abers predictors, UAI 2014). For each block, isotonic regression is done with
    one more row there, once without and once with the event: its level there is p0, and p1.

    Returns
    -------
    dict
        ``edges`` between the blocks (log-odds; a score at an edge belongs to the block above), and ``p0`` and ``p1``
        of each block. The risk is p1 / (1 - p0 + p1), the one whose log loss is least in the worse of the two cases.
    """
    edges = _edges(x)
    block = np.searchsorted(edges, x, side="right")
    size = np.bincount(block, minlength=len(edges) + 1).astype(np.float64)
    events = np.bincount(block, y, minlength=len(edges) + 1)
    levels = np.empty((2, len(size)))
    for label in (0, 1):
        for place in range(len(size)):
            rows, total = size.copy(), events.copy()
            rows[place] += 1
            total[place] += label
            levels[label, place] = isotonic_regression(total / rows, weights=rows).x[place]
    # a risk of nought or one would make the log loss of a surprise infinite
    smallest = 10.0**-DECIMALS
    p0 = np.minimum(np.round(levels[0], DECIMALS), 1 - smallest)
    p1 = np.maximum(np.round(levels[1], DECIMALS), smallest)
    apart = (np.diff(p0) != 0) | (np.diff(p1) != 0)
    first = np.r_[True, apart]
    return {"edges": edges[apart].tolist(), "p0": p0[first].tolist(), "p1": p1[first].tolist()}


def _edges(x: Floats) -> Floats:
    """Edges between blocks of scores: rounded first, so that the blocks are those of the table that is kept."""
    blocks = max(1, min(_MOST_BLOCKS, len(x) // LEAST_BLOCK))
    inner = np.unique(np.round(np.quantile(x, np.arange(1, blocks) / blocks), DECIMALS))
    ordered = np.sort(x)
    kept: list[float] = []
    below = 0
    for edge in inner:
        here = int(np.searchsorted(ordered, edge, side="left"))
        if here - below >= LEAST_BLOCK and len(x) - here >= LEAST_BLOCK:
            kept.append(float(edge))
            below = here
    return np.array(kept, dtype=np.float64)
