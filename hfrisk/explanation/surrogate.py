"""The model in a few rules: a small tree that copies it, and how much of it the copy tells.

The copy is fitted to the model's log-odds in half of the people, and its fidelity is R2 against the model's log-odds in the other half.
Thresholds lie on the clinical grid of the feature, and the rules are applied with them, so that what is told is what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.explanation.results import COLUMNS
from hfrisk.features import Feature

__all__ = ["Rule", "surrogate"]

Floats = NDArray[np.float64]

_OLDEST = 90.0
"""Ages above are one, since no rule on a higher age may be told."""
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Rule:
    """One way through the tree.

    Parameters
    ----------
    lower, upper
        By place of the feature: the value is above `lower` and at most `upper`.
    unrecorded
        Features of which a value that is not recorded goes this way.
    value
        Mean of the target in the rows that it was learnt from.
    """

    lower: dict[int, float]
    upper: dict[int, float]
    unrecorded: frozenset[int]
    value: float

    @property
    def features(self) -> list[int]:
        """Places of the features that the rule reads."""
        return list(dict.fromkeys([*self.lower, *self.upper]))

    def holds(self, values: Floats) -> NDArray[np.bool_]:
        """Which rows go this way."""
        found = np.ones(len(values), dtype=bool)
        for at in self.features:
            column = values[:, at]
            inside = (column > self.lower.get(at, -np.inf)) & (column <= self.upper.get(at, np.inf))
            found &= np.where(np.isnan(column), at in self.unrecorded, inside)
        return found


def surrogate(
    entries: Sequence[Feature],
    values: Floats,
    margin: Floats,
    risk: Floats,
    person: pd.Series,
    *,
    depth: int,
    least: int,
    seed: int,
) -> pd.DataFrame:
    """Rules that copy the model.

    Parameters
    ----------
    entries
        The features that a rule may read, one a column.
    values
        Shape (rows, features); NaN where not recorded.
    margin, risk
        The model's log-odds, and its calibrated risk.
    person
        Identifier of the person of each row; nobody is in both halves.
    depth
        Most questions in a rule.
    least
        Fewest rows of a rule, in each half; never less than a twentieth of the half that is learnt from.
    seed
        Of the halves.

    Returns
    -------
    pandas.DataFrame
        One row a condition: ``leaf`` (from 1, lowest risk first), ``feature, lower, upper`` (above and at most; NaN: no limit),
        ``unrecorded`` (whether a value that is not recorded goes this way too; only where some are not recorded), ``n`` (all rows of
        the rule), ``risk`` (their mean predicted risk) and ``fidelity`` (R2). Empty if the tree does not branch.
    """
    from sklearn.tree import DecisionTreeRegressor

    x = _topped(entries, values)
    people = np.unique(person.to_numpy())
    chosen = np.random.default_rng(seed).permutation(len(people))[: len(people) // 2]
    learnt = np.isin(person.to_numpy(), people[chosen])
    smallest = max(least, math.ceil(_LEAST_SHARE * int(learnt.sum())))
    if learnt.sum() < 2 * smallest or (~learnt).sum() < 2 * smallest:
        return pd.DataFrame(columns=COLUMNS["surrogate"].split())
    tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=smallest, random_state=0)
    tree.fit(x[learnt], margin[learnt])
    rules = _rules(tree.tree_, [entry.precision for entry in entries])
    goes = np.array([rule.holds(x) for rule in rules])
    if len(rules) < 2 or goes.sum(axis=1).min() < least:
        return pd.DataFrame(columns=COLUMNS["surrogate"].split())
    told = np.array([rule.value for rule in rules]) @ goes
    held_out = ~learnt
    error = float(((margin[held_out] - told[held_out]) ** 2).sum())
    fidelity = 1 - error / float(((margin[held_out] - margin[held_out].mean()) ** 2).sum())
    missing = np.asarray(np.isnan(x).any(axis=0))
    rows: list[tuple[Any, ...]] = []
    means = [float(risk[mine].mean()) for mine in goes]
    for leaf, at in enumerate(np.argsort(means, kind="stable"), start=1):
        rule = rules[int(at)]
        for feature in rule.features:
            limits = (rule.lower.get(feature, math.nan), rule.upper.get(feature, math.nan))
            unrecorded = bool(missing[feature]) and feature in rule.unrecorded
            rows.append((leaf, entries[feature].name, *limits, unrecorded, int(goes[at].sum()), means[at], fidelity))
    return pd.DataFrame(rows, columns=COLUMNS["surrogate"].split())


def _topped(entries: Sequence[Feature], values: Floats) -> Floats:
    years = np.array([entry.unit == "years" for entry in entries])
    return np.where(years[None, :] & (values > _OLDEST), _OLDEST, values)


def _rules(tree: Any, precisions: list[float]) -> list[Rule]:
    """The ways through scikit-learn's tree, with thresholds moved down to the grid (values lie on it, so that none changes sides)."""
    found: list[Rule] = []

    def walk(node: int, lower: dict[int, float], upper: dict[int, float], absent: dict[int, bool]) -> None:
        if tree.children_left[node] == -1:
            unrecorded = frozenset(at for at, goes in absent.items() if goes)
            found.append(Rule(lower, upper, unrecorded, float(tree.value[node].ravel()[0])))
            return
        at, grid = int(tree.feature[node]), precisions[int(tree.feature[node])]
        limit = round(math.floor(float(tree.threshold[node]) / grid + 1e-6) * grid, 10)
        left = bool(tree.missing_go_to_left[node])
        walk(
            int(tree.children_left[node]),
            lower,
            upper | {at: min(limit, upper.get(at, math.inf))},
            absent | {at: absent.get(at, True) and left},
        )
        walk(
            int(tree.children_right[node]),
            lower | {at: max(limit, lower.get(at, -math.inf))},
            upper,
            absent | {at: absent.get(at, True) and not left},
        )

    walk(0, {}, {}, {})
    return found
