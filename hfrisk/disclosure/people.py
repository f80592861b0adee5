"""Counts of people and events by group: which may be shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hfrisk.assessment.results import CROSS
from hfrisk.disclosure.margins import Mask, protect_all
from hfrisk.disclosure.policy import Floats, Policy

__all__ = ["EVERYONE", "SET", "protect_events", "protect_events_all", "released_sets"]

EVERYONE = "all"
SET = ["model", "split", "group", "level"]
"""What names a set of people in the results."""


def protect_events(
    n: Floats, events: Floats, total: float, total_events: float, policy: Policy, hidden: Mask | None = None
) -> tuple[Mask, Mask]:
    """Which sizes and which event counts of one list of parts to withhold; see `protect_events_all`."""
    more = None if hidden is None else [hidden]
    sizes, outcomes = protect_events_all([n], [events], total, total_events, policy, more)
    return sizes[0], outcomes[0]


def protect_events_all(
    n: Sequence[Floats],
    events: Sequence[Floats],
    total: float,
    total_events: float,
    policy: Policy,
    hidden: Sequence[Mask] | None = None,
) -> tuple[list[Mask], list[Mask]]:
    """Which sizes and which event counts to withhold, in lists of parts of the same whole.

    Parameters
    ----------
    n, events
        Exact sizes of the parts and events among them, one array of shape (k,) a list.
    total, total_events
        Exact size of the whole and its events.
    policy
        The rules.
    hidden
        Parts whose events are withheld for another reason.

    Returns
    -------
    (list of ndarray of bool, list of ndarray of bool)
        Sizes and event counts to withhold. Events go when they, the non-events, or either of these among all other
        parts together are under the threshold (decision 19), and when they or the non-events could be worked out.
    """
    sizes = protect_all(n, total, policy)
    withheld = []
    for i, (size, cases) in enumerate(zip(n, events, strict=True)):
        mask = sizes[i] | policy.small(cases, size)
        if len(size) > 1:
            mask |= policy.small(total_events - cases, total - size)
        withheld.append(mask if hidden is None else mask | hidden[i])
    non_events = [size - cases for size, cases in zip(n, events, strict=True)]
    # Withholding events withholds non-events too, since both follow from n; each has to hold against its total.
    while True:
        wider = protect_all(events, total_events, policy, withheld)
        wider = protect_all(non_events, total - total_events, policy, wider)
        if all((a == b).all() for a, b in zip(wider, withheld, strict=True)):
            return sizes, withheld
        withheld = wider


def released_sets(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row for each set of people named in `frame`, with what may be shown of its size and events.

    Parameters
    ----------
    frame
        Columns `SET`, n, events; n and events are the same in all rows of a set.
    policy
        The rules.

    Returns
    -------
    DataFrame
        `SET`, n, events (exact), shown_n, shown_events (rounded; NaN where withheld, as they are of groups taken together: see
        `crossed`).

    Raises
    ------
    ValueError
        If rows of one set disagree about n or events (a fault of ours).
    """
    sets = frame[[*SET, "n", "events"]].drop_duplicates().reset_index(drop=True)
    if sets.duplicated(SET).any():
        raise ValueError("rows of one set of people disagree about n or events")
    sets[["n", "events"]] = sets[["n", "events"]].astype(float)
    crossed = sets["group"].astype(str).str.contains(CROSS, regex=False).to_numpy()
    hide_n = policy.small(sets["n"]) | crossed
    hide_events = hide_n | policy.small(sets["events"], sets["n"])
    for _, within in sets[~crossed].groupby(["model", "split"], sort=False):
        lists = [parts for group, parts in within.groupby("group", sort=False) if group != EVERYONE]
        if not lists:
            continue
        whole = within[within["group"] == EVERYONE]
        source = whole if len(whole) else lists[0]
        n, events = source["n"].sum(), source["events"].sum()
        sizes, outcomes = protect_events_all(
            [_column(parts, "n") for parts in lists], [_column(parts, "events") for parts in lists], n, events, policy
        )
        for parts, size, outcome in zip(lists, sizes, outcomes, strict=True):
            hide_n[parts.index] = size
            hide_events[parts.index] = outcome | bool(policy.small(events, n))
    sets["shown_n"] = np.where(hide_n, np.nan, policy.rounded(sets["n"]))
    sets["shown_events"] = np.where(hide_events, np.nan, policy.rounded(sets["events"]))
    return sets


def _column(frame: pd.DataFrame, name: str) -> Floats:
    return np.asarray(frame[name], dtype=float)
