"""Each group's number beside the same number drawn towards the other levels, so that a handful of people does not look like a finding.

The levels of a characteristic are taken as draws from one distribution on the scale on which estimates are about normal: log of observed
over expected, logit of AUROC and rates. The variance of each comes from its person-clustered interval on that scale, so that this is a
function of the table of performance and of nothing else: the gate works it out again from what is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.assessment.pooling import LEAST, draw_together
from hfrisk.assessment.results import COLUMNS
from hfrisk.assessment.scored import Array

__all__ = ["SHRUNK", "shrunk_levels"]

SHRUNK = ("oe_ratio", "auroc", "selection_rate", "sensitivity", "false_positive_rate", "ppv")
"""Measures that are drawn together; rates at the decision threshold."""

_TOO_FEW = f"not computed: fewer than {LEAST} levels have this number with an interval"
_NO_VARIANCE = "not computed: the interval reaches the end of the scale"
_EVERYONE = "all"


def shrunk_levels(performance: pd.DataFrame, *, model: str, threshold: str, confidence: float) -> pd.DataFrame:
    """Draw the levels of each group towards each other.

    Parameters
    ----------
    performance
        As in `Results.performance`, of one split; exact, or as it was released.
    model
        Whose numbers.
    threshold
        The decision threshold, as it stands in the names of measures (``0.20``).
    confidence
        Confidence of the intervals, both those given and those made (0 to 1).

    Returns
    -------
    DataFrame
        split, model, group, level, measure, raw, raw_lower, raw_upper, shrunken, lower, upper, weight, reason: one row for each number
        that is there. `weight` is what the level's own number counts for (0 to 1).
    """
    columns = COLUMNS["shrunk"].split()
    wanted = {name: name for name in ("oe_ratio", "auroc")}
    wanted |= {f"{name}@{threshold}": name for name in SHRUNK[2:]}
    mine = performance[
        (performance["model"] == model)
        & (performance["group"] != _EVERYONE)
        & performance["measure"].isin(list(wanted))
        & performance["estimate"].notna()
    ]
    rows: list[dict[str, Any]] = []
    for _, levels in mine.groupby(["group", "measure"], sort=False):
        rows += _drawn(levels, confidence)
    return pd.DataFrame(rows, columns=columns)


def _drawn(levels: pd.DataFrame, confidence: float) -> list[dict[str, Any]]:
    there, back = _SCALES["oe_ratio" if levels["measure"].iloc[0] == "oe_ratio" else "share"]
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        y, low, high = (there(levels[name].to_numpy(dtype=np.float64)) for name in ("estimate", "lower", "upper"))
        variance = ((high - low) / (2 * z)) ** 2
    usable = np.isfinite(y) & np.isfinite(variance) & (variance > 0)
    numbers = {name: np.full(len(levels), np.nan) for name in ("shrunken", "lower", "upper", "weight")}
    reason = np.where(usable, "", _NO_VARIANCE).astype(object)
    if usable.sum() >= LEAST:
        drawn = draw_together(y[usable], variance[usable], confidence)
        found = (back(drawn.estimates), back(drawn.lower), back(drawn.upper), drawn.weight)
        for name, values in zip(numbers, found, strict=True):
            numbers[name][usable] = values
    else:
        reason[usable] = _TOO_FEW
    told = levels[["model", "split", "group", "level", "measure"]].assign(
        raw=levels["estimate"], raw_lower=levels["lower"], raw_upper=levels["upper"], **numbers, reason=reason
    )
    return [{str(name): value for name, value in row.items()} for row in told.to_dict("records")]


def _logit(share: Array) -> Array:
    return np.asarray(np.log(share) - np.log1p(-share))


def _expit(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


_SCALES: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "oe_ratio": (lambda x: np.asarray(np.log(x)), lambda x: np.asarray(np.exp(x))),
    "share": (_logit, _expit),
}
