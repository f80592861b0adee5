"""What the structure of a model tells of the people that it was learnt from: parameters, and groups who are given one risk.

SACRO-ML's structural checks do not know LightGBM (it counts no parameters of it). The definitions are theirs where they can be:

- parameters of boosted trees: two for each inner node (which feature, where), one for each leaf, one for each tree;
- equivalence classes: the development rows that are given the same risk. At full precision nearly everybody has a risk of their own in
  a sum of many trees, and nobody is told it. Here the classes are those of the risk *as it is shown*: in steps, with an open end on
  either side ("6% or less", "48% or more"). The finest step in which every class holds enough is found.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.modelling.membership import attack_model
from hfrisk.modelling.membership_settings import MembershipSettings
from hfrisk.modelling.model import Model
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.settings import ModelSettings

__all__ = ["STEPS", "ModelRisks", "Window", "leaf_outcomes", "parameters", "risks_of", "shown_window"]

Floats = NDArray[np.float64]

RISK_STEPS = (0.01, 0.02, 0.05, 0.1)
STEPS = "kind step lowest highest classes smallest beyond n"
"""Columns of the steps."""

_TREES_AT_ONCE = 50


@dataclass(frozen=True)
class ModelRisks:
    """What could be told from a model of those whom it was learnt from. Exact: it leaves by the gate.

    Parameters
    ----------
    facts
        ``trees``, ``leaves``, ``parameters``, ``n`` (development rows), ``few_outcomes`` (leaves with fewer events or non-events than
        the threshold), ``threshold``.
    steps
        Columns `STEPS`, one row a kind (``people``, ``outcomes``) and step: the window from ``lowest`` to ``highest`` outside which
        risks are not told apart, its classes, the smallest of them (people, or the fewer of events and non-events), and the share of
        rows beyond it. NaN where no window holds enough in every class.
    attacks
        As `attack_model` gives them.
    """

    facts: dict[str, Any]
    steps: pd.DataFrame
    attacks: pd.DataFrame


class Window(NamedTuple):
    """Classes of the shown risk, those at either end open."""

    lowest: float
    highest: float
    classes: int
    smallest: float
    beyond: float


def risks_of(
    model: Model,
    data: ModellingData,
    settings: ModelSettings,
    membership: MembershipSettings,
    *,
    threshold: int,
    confidence: float,
) -> ModelRisks:
    """Everything that the gate judges a learnt model by.

    Parameters
    ----------
    model, data, settings, membership, confidence
        As for `attack_model`.
    threshold
        Fewest people that may be told of.
    """
    inside = data.part("development")
    event = inside.rows["event"].to_numpy(dtype=np.float64)
    risk = model.predict(inside.features)
    leaves = [int(found) for found in re.findall(r"(?m)^num_leaves=(\d+)$", model.booster_text)]
    features = inside.features[model.inputs].to_numpy(dtype=np.float64)
    facts = {
        "trees": len(leaves),
        "leaves": sum(leaves),
        "parameters": parameters(leaves),
        "n": len(event),
        "few_outcomes": int((leaf_outcomes(model.booster_text, features, event) < threshold).sum()),
        "threshold": threshold,
    }
    rows = []
    for kind, counted in (("people", np.ones((len(event), 1))), ("outcomes", np.column_stack([event, 1 - event]))):
        for step in RISK_STEPS:
            window = shown_window(risk, counted, step, threshold)
            rows.append((kind, step, *(window or (math.nan,) * 5), len(event)))
    attacks = attack_model(model, data, settings, membership, confidence=confidence)
    return ModelRisks(facts, pd.DataFrame(rows, columns=STEPS.split()), attacks)


def parameters(leaves: list[int]) -> int:
    """Parameters of boosted trees for two classes, by SACRO-ML's count: 2 a node, 1 a leaf, 1 a tree."""
    return sum(2 * (count - 1) + count + 1 for count in leaves)


def leaf_outcomes(text: str, features: Floats, event: Floats) -> NDArray[np.int64]:
    """For each leaf of every tree, the fewer of the events and non-events of the rows that fall into it."""
    booster = lgb.Booster(model_str=text)
    fewer = []
    for first in range(0, booster.num_trees(), _TREES_AT_ONCE):
        at = booster.predict(
            features, pred_leaf=True, start_iteration=first, num_iteration=_TREES_AT_ONCE, num_threads=1
        )
        for leaf in np.atleast_2d(at).T.astype(np.int64):
            rows, events = np.bincount(leaf), np.bincount(leaf, weights=event)
            fewer.append(np.minimum(events, rows - events)[rows > 0])
    return np.concatenate(fewer).round().astype(np.int64) if fewer else np.empty(0, dtype=np.int64)


def shown_window(risk: Floats, counted: Floats, step: float, threshold: int) -> Window | None:
    """The widest window of shown risks in which every class, its open ends included, holds enough of everything counted.

    Parameters
    ----------
    risk
        Risk of each row.
    counted
        What has to be enough: one column a kind, 0 or 1 in each row.
    step
        Risks are shown at the nearest multiple of it.
    threshold
        What is enough.

    Returns
    -------
    Window or None
        That with the fewest rows beyond its end classes; None if there is none of two classes or more.
    """
    shown = np.floor(risk / step + 0.5).astype(int)
    # A step between two others that nobody was given is a class of nobody, which is too few.
    at = np.arange(shown.min(), shown.max() + 1)
    place = shown - shown.min()
    sizes = np.bincount(place, minlength=len(at))
    counts = np.column_stack([np.bincount(place, weights=column, minlength=len(at)) for column in counted.T])
    fewest = counts.min(axis=1)
    up_to, from_here = counts.cumsum(axis=0).min(axis=1), counts[::-1].cumsum(axis=0)[::-1].min(axis=1)
    below = np.concatenate([[0], sizes.cumsum()[:-1]])
    above = np.concatenate([sizes[::-1].cumsum()[::-1][1:], [0]])
    best: Window | None = None
    for low in np.flatnonzero(up_to >= threshold):
        for high in range(low + 1, len(at)):
            if from_here[high] >= threshold:
                beyond = float(below[low] + above[high]) / len(risk)
                if best is None or beyond < best.beyond:
                    smallest = float(min([up_to[low], from_here[high], *fewest[low + 1 : high]]))
                    best = Window(float(at[low] * step), float(at[high] * step), int(high - low + 1), smallest, beyond)
            # this class lies inside every wider window
            if fewest[high] < threshold:
                break
    return best
