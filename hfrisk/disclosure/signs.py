"""Release of what was found about labels, proxies and risks of groups: ratios without counts, as if rounded counts were the true ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.disclosure.people import protect_events_all
from hfrisk.disclosure.policy import Policy, significant

__all__ = ["release_labels", "release_proxies", "release_shifts"]

_COUNTED = ("readmitted", "died")
_LIMITS = ["estimate", "lower", "upper"]


def release_labels(frame: pd.DataFrame, policy: Policy, words: Mapping[str, str]) -> pd.DataFrame:
    """`Mitigation.label_bias`: observed numbers rounded; the share that may be missing follows from the two shown ratios."""
    result, hidden, factor = _prepared(frame, ["group", "sign"], policy)
    if result.empty:
        return result
    counted = result["sign"].isin(_COUNTED)
    result.loc[counted, _LIMITS] = result.loc[counted, _LIMITS].mul(factor[counted], axis=0)
    for _, rows in result.groupby(["group", "level"], sort=False):
        place = {str(sign): index for index, sign in rows["sign"].items()}
        # the gap is log died - log readmitted: it is moved as the two are
        moved = factor[place["died"]] / factor[place["readmitted"]]
        result.loc[place["lost"], _LIMITS] = 1 - (1 - result.loc[place["lost"], _LIMITS].astype(float)) / moved
        hidden[place["lost"]] = hidden[place["died"]] or hidden[place["readmitted"]]
    # a difference of means says nothing of how many lack the sign: it needs enough people, and no complement
    means = ~result["sign"].isin([*_COUNTED, "lost"]).to_numpy()
    hidden = np.where(means, policy.small(result["n"]) | policy.small(result["events"]), hidden)
    result["words"] = [words.get(str(sign), str(sign)) for sign in result["sign"]]
    return _shown(result, hidden, policy)


def release_proxies(frame: pd.DataFrame, policy: Policy, words: Mapping[str, str]) -> pd.DataFrame:
    """`Mitigation.biased_proxies`: events rounded; what is recorded is a ratio of sums, at two figures."""
    result, hidden, factor = _prepared(frame, ["group", "feature", "measure"], policy)
    if result.empty:
        return result
    events = result["measure"] == "events"
    result.loc[events, _LIMITS] = result.loc[events, _LIMITS].mul(factor[events], axis=0)
    result["words"] = [words.get(str(name), str(name)) for name in result["feature"]]
    return _shown(result, hidden, policy)


def release_shifts(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """`Mitigation.shifted_groups`: events rounded."""
    result, hidden, factor = _prepared(frame, ["group", "split"], policy)
    if result.empty:
        return result
    result[_LIMITS] = result[_LIMITS].mul(factor, axis=0)
    return _shown(result, hidden, policy)


def _prepared(
    frame: pd.DataFrame, lists: list[str], policy: Policy
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], pd.Series]:
    """The frame, which rows are withheld, and rounded over exact events of each."""
    result = frame.reset_index(drop=True).copy()
    hidden = np.zeros(len(result), dtype=bool)
    if result.empty:
        return result, hidden, pd.Series(dtype=float)
    result[_LIMITS] = result[_LIMITS].astype(float)
    n, events = result["n"].to_numpy(dtype=float), result["events"].to_numpy(dtype=float)
    for _, rows in result.groupby(lists, sort=False):
        at = rows.index.to_numpy()
        sizes, outcomes = protect_events_all([n[at]], [events[at]], float(n[at].sum()), float(events[at].sum()), policy)
        hidden[at] = sizes[0] | outcomes[0]
    # what is too few is withheld, whatever it is multiplied by
    factor = pd.Series(np.where(policy.small(events), 1.0, policy.rounded(events) / np.maximum(events, 1)))
    return result, hidden, factor


def _shown(result: pd.DataFrame, hidden: npt.NDArray[np.bool_], policy: Policy) -> pd.DataFrame:
    for column in _LIMITS:
        result[column] = [math.nan if hide else _two(value) for value, hide in zip(result[column], hidden, strict=True)]
    result["reason"] = np.where(hidden, "", result["reason"])
    return result.assign(suppressed=np.where(hidden, policy.withheld, ""))


def _two(value: Any) -> float:
    """Two decimals, and no more than three figures."""
    return significant(float(value), 3, 2)
