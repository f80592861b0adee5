"""Release of the explanation: mean contributions, and how they run along a feature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hfrisk.disclosure.description import OLDEST_AGE
from hfrisk.disclosure.margins import protect
from hfrisk.disclosure.policy import Policy

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = ["on_the_grid", "release_dependence", "release_means"]

_MEANS = ("mean_abs", "share", "modifiable_share")


def release_means(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Mean contributions over at least the threshold of discharges, to the policy's significant figures."""
    result = frame.reset_index(drop=True).copy()
    small = policy.small(result["n"])
    result["n"] = np.where(small, np.nan, policy.rounded(result["n"]))
    for column in [c for c in _MEANS if c in result]:
        result[column] = result[column].astype(float).mask(small).map(policy.estimate)
    result["suppressed"] = np.where(small, policy.withheld, "")
    return result


def release_dependence(frame: pd.DataFrame, dictionary: Sequence[Feature], policy: Policy) -> pd.DataFrame:
    """Mean contribution by bins of a feature, each with at least the threshold of discharges.

    Edges lie on the grid of the feature and inside its published range; ages end at 90. Withheld bins follow the
    rule of parts of a total.
    """
    result = frame.reset_index(drop=True).copy()
    columns = ["bin_lower", "bin_upper", "n", "mean_contribution"]
    result[columns] = result[columns].astype(float)
    result["suppressed"] = ""
    features = {f.name: f for f in dictionary}
    for name, bins in result.groupby("feature", sort=False):
        n = bins["n"].to_numpy()
        # A feature in one bin has no rest; several bins share the discharges that have a value.
        hidden = protect(n, n.sum(), policy) if len(bins) > 1 else policy.small(n)
        feature = features.get(str(name))
        for edge in ("bin_lower", "bin_upper"):
            result.loc[bins.index, edge] = [on_the_grid(value, feature, policy) for value in bins[edge]]
        result.loc[bins.index, "n"] = np.where(hidden, np.nan, policy.rounded(n))
        result.loc[bins.index[hidden], "mean_contribution"] = np.nan
        result.loc[bins.index[hidden], "suppressed"] = policy.withheld
    result["mean_contribution"] = result["mean_contribution"].map(policy.estimate)
    return result


def on_the_grid(value: float, feature: Feature | None, policy: Policy) -> float:
    """An edge as it may be shown: on the grid of the feature and inside its published range, in three figures; NaN stays NaN."""
    if feature is not None and not math.isnan(value):
        upper = min(feature.upper, OLDEST_AGE) if feature.unit == "years" else feature.upper
        value = min(max(round(value / feature.precision) * feature.precision, feature.lower), upper)
    return policy.estimate(value, 3)
