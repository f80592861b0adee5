"""How far a feature's contributions spread over people, in steps that hold enough of them: what a beeswarm shows without its points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from hfrisk.explanation.results import COLUMNS
from hfrisk.explanation.steps import runs

__all__ = ["contribution_spread", "step_width"]

Floats = NDArray[np.float64]

_ENDS = (0.01, 0.99)
_STEPS = 16
_WIDTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def step_width(contributions: Floats) -> float:
    """A round width (log-odds) under which the widest feature has about sixteen steps."""
    if not contributions.size:
        return _WIDTHS[0]
    low, high = np.quantile(contributions, _ENDS, axis=0)
    wanted = float((high - low).max()) / _STEPS
    return next((width for width in _WIDTHS if width >= wanted), float(math.ceil(wanted)))


def contribution_spread(
    names: Sequence[str], values: Floats, contributions: Floats, *, width: float, minimum: int
) -> pd.DataFrame:
    """People by the size and the sign of a feature's contribution.

    Parameters
    ----------
    names
        Of the features, one a column.
    values
        Shape (rows, features); NaN where not recorded.
    contributions
        Log-odds, same shape.
    width
        Of a step (log-odds).
    minimum
        Fewest rows in a step; smaller ones join a neighbour.

    Returns
    -------
    pandas.DataFrame
        ``feature, lower, upper`` (log-odds; the outermost steps hold whatever lies beyond them), ``n, share`` (of the rows) and ``rank``:
        the mean rank of the value among those recorded, from 0 (lowest) to 1; NaN where fewer than `minimum` of the step are recorded.
    """
    frames = []
    for at, name in enumerate(names):
        y, x = contributions[:, at], values[:, at]
        first, last = (math.floor(float(edge) / width) for edge in np.quantile(y, _ENDS))
        step = np.clip(np.floor(y / width).astype(np.int64), first, last) - first
        recorded = ~np.isnan(x)
        rank = np.zeros(len(x))
        rank[recorded] = (stats.rankdata(x[recorded]) - 0.5) / max(int(recorded.sum()), 1)
        count = last - first + 1
        n = np.bincount(step, minlength=count)
        seen = np.bincount(step, recorded, minlength=count)
        ranks = np.bincount(step, rank, minlength=count)
        rows = []
        for a, b in runs([float(size) for size in n], minimum):
            size, known = int(n[a : b + 1].sum()), float(seen[a : b + 1].sum())
            middle = float(ranks[a : b + 1].sum()) / known if known >= minimum else math.nan
            rows.append((name, (first + a) * width, (first + b + 1) * width, size, size / len(y), middle))
        frames.append(pd.DataFrame(rows, columns=COLUMNS["spread"].split()))
    kept = [frame for frame in frames if len(frame)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=COLUMNS["spread"].split())
