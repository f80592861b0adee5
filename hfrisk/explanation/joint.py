"""The strongest pairs of features, and how their joint effect lies over their values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.explanation.interactions import UnknownSplitError, leaves_of, pair_values
from hfrisk.explanation.results import COLUMNS
from hfrisk.explanation.settings import ExplanationSettings
from hfrisk.explanation.steps import inner, quantile_edges
from hfrisk.features import Feature

__all__ = ["Joint", "joint_effects", "joint_table"]

Floats = NDArray[np.float64]

_FEWEST_ROWS = 100
_TOLERANCE = 1e-6
_SIDE = 4


class Joint:
    """What was found of pairs.

    Parameters
    ----------
    pairs, table
        As `Explanation.interactions` and `Explanation.interaction_table`.
    agree
        Whether the trees could be read, and the contributions that come of the same sums are those of the model.
    """

    def __init__(self, pairs: pd.DataFrame, table: pd.DataFrame, *, agree: bool = True) -> None:
        self.pairs, self.table, self.agree = pairs, table, agree

    @classmethod
    def nothing(cls, *, agree: bool = True) -> Joint:
        """No pair."""
        return cls(
            *(pd.DataFrame(columns=COLUMNS[name].split()) for name in ("interactions", "interaction_table")),
            agree=agree,
        )


def joint_effects(
    text: str, entries: Sequence[Feature], values: Floats, contributions: Floats, settings: ExplanationSettings
) -> Joint:
    """Interaction values of the strongest features, and the table of the strongest pairs.

    Parameters
    ----------
    text
        The trees as LightGBM's text.
    entries
        The inputs, in the order of the columns.
    values, contributions
        Shape (rows, inputs).
    settings
        How many features, rows, and how much work.
    """
    mean_abs = np.abs(contributions).mean(axis=0)
    order = np.lexsort((np.arange(len(mean_abs)), -mean_abs))[: settings.strongest]
    strongest = [int(at) for at in order if mean_abs[at] > 0]
    if not settings.interaction_rows or len(strongest) < 2:
        return Joint.nothing()
    try:
        leaves = leaves_of(text)
    except UnknownSplitError:
        return Joint.nothing(agree=False)
    most = max(settings.interaction_work // max(len(leaves), 1), _FEWEST_ROWS)
    rows = _some(len(values), min(settings.interaction_rows, most), settings.seed)
    found = pair_values(leaves, values[rows], strongest)
    wanted = contributions[rows][:, strongest].T
    if not np.allclose(found.contributions, wanted, rtol=_TOLERANCE, atol=_TOLERANCE):
        return Joint.nothing(agree=False)
    sizes = np.abs(found.values).mean(axis=1)
    every = float(np.abs(contributions[rows]).mean(axis=0).sum())
    best = [int(at) for at in np.lexsort((np.arange(len(sizes)), -sizes))[: settings.strongest] if sizes[at] > 0]
    pairs = pd.DataFrame(
        [
            (entries[a].name, entries[b].name, float(sizes[at]), float(sizes[at]) / every, len(rows))
            for at in best
            for a, b in [found.pairs[at]]
        ],
        columns=COLUMNS["interactions"].split(),
    )
    tables = []
    more = _some(len(values), max(most, len(rows)), settings.seed)
    for at in best[: settings.interaction_tables]:
        if pairs["share"].iloc[best.index(at)] < settings.interaction_least:
            break
        a, b = (int(place) for place in found.pairs[at])
        beyond = pair_values(leaves, values[more], [a, b], with_contributions=False).values[0]
        both = contributions[more][:, [a, b]].sum(axis=1)
        tables.append(
            joint_table((entries[a], entries[b]), values[more][:, [a, b]], both, beyond, minimum=settings.minimum_bin)
        )
    kept = [table for table in tables if len(table)]
    return Joint(pairs, pd.concat(kept, ignore_index=True) if kept else Joint.nothing().table)


def joint_table(
    pair: tuple[Feature, Feature], values: Floats, both: Floats, beyond: Floats, *, minimum: int, side: int = _SIDE
) -> pd.DataFrame:
    """Mean joint contribution, and what of it neither says alone, by steps of both values.

    Parameters
    ----------
    pair
        Give the grids that edges lie on.
    values
        Shape (rows, 2); rows in which either is not recorded, or lies beyond its 5th or 95th centile, are left out.
    both, beyond
        Sum of the two contributions, and the interaction value (log-odds), shape (rows,).
    minimum
        Fewest rows in a cell; a cell with fewer has its place and no numbers.
    side
        Most steps of each feature; a value each where it has no more than that.

    Returns
    -------
    pandas.DataFrame
        ``feature_a, feature_b, a_lower, a_upper, b_lower, b_upper, n, together, beyond, reason``. Steps as in `feature_dependence`.
    """
    inside = inner(values[:, 0], pair[0]) & inner(values[:, 1], pair[1])
    x, y, z = values[inside], both[inside], beyond[inside]
    if not len(x):
        return pd.DataFrame(columns=COLUMNS["interaction_table"].split())
    steps = [_steps(x[:, at], pair[at], side) for at in (0, 1)]
    (low_a, high_a, at_a), (low_b, high_b, at_b) = steps
    cell = at_a * len(low_b) + at_b
    count = len(low_a) * len(low_b)
    n = np.bincount(cell, minlength=count)
    sums = [np.bincount(cell, part, minlength=count) for part in (y, z)]
    rows = []
    for i, j in itertools.product(range(len(low_a)), range(len(low_b))):
        at = i * len(low_b) + j
        shown = n[at] >= minimum
        means = [float(part[at] / n[at]) if shown else math.nan for part in sums]
        reason = "" if shown else f"fewer than {minimum} discharges"
        rows.append((pair[0].name, pair[1].name, low_a[i], high_a[i], low_b[j], high_b[j], int(n[at]), *means, reason))
    return pd.DataFrame(rows, columns=COLUMNS["interaction_table"].split())


def _steps(x: Floats, feature: Feature, side: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    value, at = np.unique(x, return_inverse=True)
    if len(value) <= side:
        return value, value, at
    edges = quantile_edges(x, feature, side)
    return edges[:-1], edges[1:], np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)


def _some(n: int, most: int, seed: int) -> NDArray[np.intp]:
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, size=most, replace=False))
