"""Release of what goes beyond the mean contributions: how they spread, go together, differ between groups, and the model in a few rules.

- Steps, cells and rules hold at least the threshold of discharges. Cells of two features, correlations and pairs carry no counts: a
  count of two values at once is in no other table, and one from which a margin is taken would be another person's.
- Shares of people in a step are worked out of rounded counts.
- Groups are shown where the table of performance shows how many they are, in every split, and parts of a total are protected here too.
  Shares have two decimals, so that what is left of the whole when the shown groups are taken off says nothing about few.
- Limits lie on the feature's grid and inside its published range; ages end at 90.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.explained import on_the_grid, release_means
from hfrisk.disclosure.margins import protect, protect_all
from hfrisk.disclosure.people import released_sets
from hfrisk.disclosure.policy import Floats, Policy, significant

if TYPE_CHECKING:
    from hfrisk.explanation import Explanation
    from hfrisk.features import Feature

__all__ = ["DRIVERS", "RULES", "release_drivers"]

DRIVERS = {
    "by_modifiable": "modifiable mean_abs share n",
    "not_recorded": "feature mean_contribution",
    "spread": "feature lower upper share rank",
    "related": "feature_a feature_b correlation cluster",
    "interactions": "feature_a feature_b mean_abs share",
    "interaction_table": "feature_a feature_b a_lower a_upper b_lower b_upper together beyond reason",
    "themes_by_group": "group level theme mean_abs share elsewhere difference chance beyond_chance n reason",
    "surrogate": "leaf feature lower upper unrecorded n risk fidelity",
}
RULES = {
    "by_modifiable": "means over enough people",
    "not_recorded": "no counts; means over enough people, and enough left over",
    "spread": "steps of enough people; shares from rounded counts",
    "related": "no counts; two decimals",
    "interactions": "no counts; means over enough people",
    "interaction_table": "no counts; cells of enough people; edges on the feature's grid",
    "themes_by_group": "counts as in performance, parts of a total protected; two decimals",
    "surrogate": "rules of enough people, counts rounded; limits on the feature's grid; no outcomes",
}
_DECIMALS = 2


def release_drivers(
    explanation: Explanation, dictionary: Sequence[Feature], performance: pd.DataFrame, policy: Policy
) -> dict[str, pd.DataFrame]:
    """Every table in `DRIVERS`, with ``suppressed``.

    Parameters
    ----------
    explanation
        As it was worked out.
    dictionary
        Gives grids and published ranges.
    performance
        `Results.performance`, exact: which groups are shown there is shown here.
    policy
        The rules.
    """
    features = {feature.name: feature for feature in dictionary}
    total = float(explanation.summary.get("rows", math.nan))
    tables = {
        "by_modifiable": release_means(explanation.by_modifiable, policy),
        "not_recorded": _plain(
            explanation.not_recorded,
            policy,
            {"mean_contribution": policy.estimate},
            policy.small(_n(explanation.not_recorded), total),
        ),
        "spread": _spread(explanation.spread, total, policy),
        "related": _plain(explanation.related, policy, {"correlation": _two_decimals}),
        "interactions": _plain(
            explanation.interactions, policy, {"mean_abs": policy.estimate, "share": policy.estimate}
        ),
        "interaction_table": _cells(explanation.interaction_table, features, policy),
        "themes_by_group": _by_group(explanation.themes_by_group, performance, policy),
        "surrogate": _rules(explanation.surrogate, features, total, policy),
    }
    return {name: table[[*DRIVERS[name].split(), "suppressed"]] for name, table in tables.items()}


def _plain(
    frame: pd.DataFrame, policy: Policy, numbers: Mapping[str, Any], hidden: np.ndarray[Any, Any] | None = None
) -> pd.DataFrame:
    """Numbers at the figures that they may have; withheld where a row rests on too few."""
    result = frame.reset_index(drop=True).copy()
    small = policy.small(_n(result)) if hidden is None else hidden
    for name, shown in numbers.items():
        result[name] = result[name].astype(np.float64).mask(small).map(shown)
    result["suppressed"] = np.where(small, policy.withheld, "")
    return result


def _spread(frame: pd.DataFrame, total: float, policy: Policy) -> pd.DataFrame:
    result = frame.reset_index(drop=True).copy()
    result[["lower", "upper", "share", "rank"]] = result[["lower", "upper", "share", "rank"]].astype(np.float64)
    result["suppressed"] = ""
    for _, steps in result.groupby("feature", sort=False):
        n = steps["n"].to_numpy(dtype=np.float64)
        hidden = protect(n, total, policy) if len(n) > 1 else policy.small(n)
        shares = policy.rounded(n) / float(policy.rounded(total))
        result.loc[steps.index, "share"] = np.where(hidden, np.nan, shares)
        result.loc[steps.index[hidden], "rank"] = np.nan
        result.loc[steps.index[hidden], "suppressed"] = policy.withheld
    for name in ("share", "rank", "lower", "upper"):
        result[name] = result[name].map(_two_decimals)
    return result


def _cells(frame: pd.DataFrame, features: Mapping[str, Feature], policy: Policy) -> pd.DataFrame:
    result = _plain(frame, policy, {"together": policy.estimate, "beyond": policy.estimate})
    # a cell that was too small to be worked out says so itself, in words that hold for every such cell
    told = result["reason"].astype(str) != ""
    result["suppressed"] = result["suppressed"].where(~told, "")
    for side in ("a", "b"):
        for edge in ("lower", "upper"):
            name = f"{side}_{edge}"
            result[name] = [
                on_the_grid(value, features.get(str(feature)), policy)
                for value, feature in zip(result[name].astype(np.float64), result[f"feature_{side}"], strict=True)
            ]
    return result


def _by_group(frame: pd.DataFrame, performance: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    result = frame.reset_index(drop=True).copy()
    numbers = ["mean_abs", "share", "elsewhere", "difference", "chance", "n"]
    result[numbers] = result[numbers].astype(np.float64)
    result["beyond_chance"] = (result["difference"].abs() > result["chance"]).astype(bool)
    hidden = pd.Series(False, index=result.index)
    if len(result):
        shown = _shown_in_performance(performance, policy)
        levels = result.drop_duplicates(["group", "level"])
        lists = [part for _, part in levels.groupby("group", sort=False)]
        sizes = [part["n"].to_numpy(dtype=np.float64) for part in lists]
        small = [
            policy.small(size, size.sum())
            | np.array(
                [(str(g), str(v)) not in shown for g, v in zip(part["group"], part["level"], strict=True)], dtype=bool
            )
            for part, size in zip(lists, sizes, strict=True)
        ]
        masks = protect_all(sizes, max(float(size.sum()) for size in sizes), policy, small)
        gone = {
            (group, level)
            for part, mask in zip(lists, masks, strict=True)
            for group, level, away in zip(part["group"], part["level"], mask, strict=True)
            if away
        }
        hidden = pd.Series(
            [key in gone for key in zip(result["group"], result["level"], strict=True)], index=result.index
        )
    result["n"] = result["n"].map(lambda n: float(policy.rounded(n)))
    result["mean_abs"] = result["mean_abs"].map(lambda value: policy.estimate(value, 2))
    for name in ("share", "elsewhere", "difference", "chance"):
        result[name] = result[name].map(_two_decimals)
    result.loc[hidden, numbers] = np.nan
    result.loc[hidden, "beyond_chance"] = False
    result.loc[hidden, "reason"] = ""
    result["suppressed"] = np.where(hidden, policy.withheld, "")
    return result


def _shown_in_performance(performance: pd.DataFrame, policy: Policy) -> set[tuple[str, str]]:
    """Groups whose size the table of performance shows wherever it speaks of them."""
    sets = released_sets(performance, policy)
    keys = [sets["group"].astype(str), sets["level"].astype(str)]
    shown = sets["shown_n"].notna().groupby(keys).all()
    return {(str(group), str(level)) for group, level in shown[shown].index}


def _rules(frame: pd.DataFrame, features: Mapping[str, Feature], total: float, policy: Policy) -> pd.DataFrame:
    result = frame.reset_index(drop=True).copy()
    numbers = ["lower", "upper", "n", "risk", "fidelity"]
    result[numbers] = result[numbers].astype(np.float64)
    leaves = result.drop_duplicates("leaf")
    mask = protect(leaves["n"].to_numpy(), total, policy) if len(leaves) else np.zeros(0, dtype=bool)
    hidden = result["leaf"].isin(set(leaves.loc[mask, "leaf"]))
    for edge in ("lower", "upper"):
        result[edge] = [
            on_the_grid(value, features.get(str(name)), policy)
            for value, name in zip(result[edge], result["feature"], strict=True)
        ]
    result["n"] = np.where(hidden, np.nan, policy.rounded(result["n"]))
    result["risk"] = result["risk"].mask(hidden).map(lambda value: policy.estimate(value, 2))
    result["fidelity"] = result["fidelity"].map(_two_decimals)
    result["suppressed"] = np.where(hidden, policy.withheld, "")
    return result


def _two_decimals(value: float) -> float:
    return significant(value, 3, _DECIMALS)


def _n(frame: pd.DataFrame) -> Floats:
    return np.asarray(frame["n"], dtype=np.float64)
