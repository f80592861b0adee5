"""How much two features say together that neither says alone: Shapley interaction values of a model of trees.

Of a tree a leaf is a product game: for known features K it is worth its value times, for each feature on its way, 1 or 0 (known: whether
the row goes that way) or the share of training rows that do (not known). The Shapley interaction index of such a product (Grabisch and
Roubens, Int J Game Theory 1999;28:547) is an integral of a polynomial,

    I_ij = value (o_i - z_i)(o_j - z_j) x integral over t from 0 to 1 of the product over the others k of (z_k + t (o_k - z_k)),

which Gauss and Legendre's rule gives exactly with half as many points as there are features on the way. `shap.TreeExplainer` gives the
same numbers for every pair at once (Lundberg et al., Nature Machine Intelligence 2020;2:56), at 7 to 20 times the cost (measured), so that
a table over values could not be filled; it is the oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

__all__ = ["Pairs", "UnknownSplitError", "leaves_of", "pair_values"]

Floats = NDArray[np.float64]
_NOTHING = 1e-35  # what LightGBM takes for nought


class UnknownSplitError(ValueError):
    """A tree of a model made elsewhere asks something else than whether a value is at most a threshold."""


@dataclass(frozen=True)
class _Split:
    feature: int
    threshold: float
    default_left: bool
    missing: str
    left: bool

    def passed(self, values: Floats) -> NDArray[np.bool_]:
        """Which rows go this way."""
        absent = np.isnan(values)
        if self.missing == "None":
            goes_left = np.where(absent, 0.0, values) <= self.threshold
        else:
            if self.missing == "Zero":
                absent = absent | (np.abs(values) <= _NOTHING)
            goes_left = np.where(absent, self.default_left, values <= self.threshold)
        return np.asarray(goes_left if self.left else ~goes_left)


@dataclass(frozen=True)
class _Leaf:
    value: float
    splits: tuple[_Split, ...]
    covers: tuple[float, ...]
    tree: int


@dataclass(frozen=True)
class Pairs:
    """Interaction values of some rows.

    Parameters
    ----------
    features
        Places of the features, shape (k,).
    pairs
        Places of the two features of each pair, shape (k (k - 1) / 2, 2).
    values
        What both say together beyond what each says alone, log-odds, shape (pairs, rows): the Shapley interaction index, twice an
        off-diagonal cell of the matrix that the shap package gives.
    contributions
        Shapley values of `features`, shape (k, rows); those of TreeSHAP, for comparison.
    """

    features: NDArray[np.int64]
    pairs: NDArray[np.int64]
    values: Floats
    contributions: Floats


def leaves_of(text: str) -> list[_Leaf]:
    """The leaves of LightGBM's text with the splits on the way to each, and the share of training rows that took each split.

    Raises
    ------
    UnknownSplitError
        If a split is no threshold.
    """
    found: list[_Leaf] = []
    for number, tree in enumerate(lgb.Booster(model_str=text).dump_model()["tree_info"]):
        found.extend(_leaves(tree["tree_structure"], (), (), number))
    return found


def _leaves(node: dict[str, Any], splits: tuple[_Split, ...], covers: tuple[float, ...], tree: int) -> Iterator[_Leaf]:
    if "leaf_value" in node:
        yield _Leaf(float(node["leaf_value"]), splits, covers, tree)
        return
    if node["decision_type"] != "<=":
        raise UnknownSplitError("a split that is no threshold: the models of this package have none")
    branches = [node["left_child"], node["right_child"]]
    counts = [float(branch.get("leaf_count", branch.get("internal_count", 0))) for branch in branches]
    for branch, count, left in zip(branches, counts, (True, False), strict=True):
        split = _Split(
            int(node["split_feature"]),
            float(node["threshold"]),
            bool(node["default_left"]),
            str(node["missing_type"]),
            left,
        )
        yield from _leaves(branch, (*splits, split), (*covers, count / sum(counts) if sum(counts) else np.nan), tree)


def pair_values(
    leaves: Sequence[_Leaf], values: Floats, features: Sequence[int], *, with_contributions: bool = True
) -> Pairs:
    """Interaction values of every pair of some features.

    Parameters
    ----------
    leaves
        As `leaves_of` gives them.
    values
        Shape (rows, inputs); NaN where not recorded.
    features
        Places of the features whose pairs are wanted. Leaves whose way passes none of them cost nothing.
    with_contributions
        Whether the Shapley values of the features are wanted too; without, leaves whose way passes one of them cost nothing either.
    """
    wanted = np.asarray(features, dtype=np.int64)
    place = {int(feature): at for at, feature in enumerate(wanted)}
    k, rows = len(wanted), len(values)
    first, second = np.triu_indices(k, 1)
    at_pair = np.full((k, k), -1)
    at_pair[first, second] = at_pair[second, first] = np.arange(len(first))
    together = np.zeros((len(first), rows))
    alone = np.zeros((k, rows))
    columns = np.ascontiguousarray(values.T)
    for leaf in leaves:
        ways = list(dict.fromkeys(split.feature for split in leaf.splits))
        mine = [i for i, feature in enumerate(ways) if feature in place]
        if len(mine) < (1 if with_contributions else 2):
            continue
        goes, share = _ways(leaf, ways, columns)
        points, weights = np.polynomial.legendre.leggauss(-(-len(ways) // 2))
        t, weights = (points + 1) / 2, weights / 2 * leaf.value
        factor = share[None, :, None] + t[:, None, None] * (goes - share[:, None])[None]
        product = weights[:, None] * factor.prod(axis=1)
        ratio = (goes[mine] - share[mine][:, None])[None] / factor[:, mine]
        own = [place[ways[i]] for i in mine]
        alone[own] += np.einsum("qr,qir->ir", product, ratio)
        for a in range(len(mine)):
            for b in range(a + 1, len(mine)):
                together[at_pair[own[a], own[b]]] += (product * ratio[:, a] * ratio[:, b]).sum(axis=0)
    return Pairs(wanted, np.column_stack([wanted[first], wanted[second]]), together, alone)


def _ways(leaf: _Leaf, ways: list[int], columns: Floats) -> tuple[Floats, Floats]:
    """For each feature on the way whether each row passes all its splits (1 or 0), and the share of training rows that do."""
    goes = np.ones((len(ways), columns.shape[1]))
    share = np.ones(len(ways))
    for split, cover in zip(leaf.splits, leaf.covers, strict=True):
        at = ways.index(split.feature)
        goes[at] *= split.passed(columns[split.feature])
        share[at] *= cover
    return goes, share
