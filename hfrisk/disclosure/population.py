"""Release of what is told of everyone where no model is made: outcomes by group and over time, beside Table 1."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.description import release_table1
from hfrisk.disclosure.estimates import wilson_limits
from hfrisk.disclosure.people import EVERYONE, protect_events_all
from hfrisk.disclosure.policy import Policy

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = ["OUTCOMES", "release_outcomes", "release_population"]

OUTCOMES = [
    "group", "level", "n", "events", "share", "lower", "upper", "died", "share_died", "died_lower", "died_upper", "suppressed",
]  # fmt: skip


def release_population(
    table1: pd.DataFrame,
    outcomes: pd.DataFrame,
    dictionary: Sequence[Feature],
    policy: Policy,
    confidence: float,
    numbers: Mapping[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table 1 and the outcomes by group, which count the same people and so withhold the same sizes.

    Parameters
    ----------
    table1
        As `Results.table1`, of one split.
    outcomes
        group, level, n, readmitted, died; ``all`` and, for each group, levels that add up to it.
    dictionary
        Features.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    numbers
        Page one: what it withholds of everyone is withheld here too.

    Returns
    -------
    (DataFrame, DataFrame)
        Table 1 as `description.release_table1` gives it, and the outcomes as `release_outcomes` does.
    """
    described = release_table1(table1, dictionary, policy)
    levels = described["section"] == "Groups of people"
    hidden = {(row.group, row.level) for row in described[levels].itertuples() if np.isnan(row.value)}
    released = release_outcomes(
        outcomes,
        policy,
        confidence,
        composite=numbers["risk"] == "composite",
        hidden=hidden,
        withheld={name for name in ("events", "died") if numbers[name] is None},
    )
    held = {(row.group, row.level) for row in released.itertuples() if np.isnan(row.n)}
    more = levels & pd.Series([(g, v) in held for g, v in zip(described["group"], described["level"], strict=True)])
    described.loc[more, ["value", "percent"]] = np.nan
    described.loc[more, "suppressed"] = policy.withheld
    return described.drop(columns="group"), released


def release_outcomes(
    frame: pd.DataFrame,
    policy: Policy,
    confidence: float,
    *,
    composite: bool,
    hidden: set[tuple[str, str]] | None = None,
    withheld: Collection[str] = (),
) -> pd.DataFrame:
    """What became of the people of each group, from the shown counts.

    Parameters
    ----------
    frame
        group, level, n, readmitted, died (first); exact. Levels of a group add up to the row ``all``.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    composite
        Whether a death is an event.
    hidden
        (group, level) whose size another table withholds.
    withheld
        Which of ``events`` and ``died`` page one withholds of everyone.

    Returns
    -------
    DataFrame
        group, level, n, events, share, lower, upper (Wilson, from the shown counts), died, share_died, died_lower, died_upper,
        suppressed. Those who neither came back nor died follow from the others, and those who came back follow from events
        and deaths where a death is an event: whichever of them is small takes the other counts of its row along.
    """
    result = frame.reset_index(drop=True).copy()
    n, readmitted, died = (result[c].to_numpy(dtype=float) for c in ("n", "readmitted", "died"))
    events = readmitted + died if composite else readmitted
    whole = result.index[result["group"] == EVERYONE]
    others = n - readmitted - died
    derived = policy.small(readmitted) if composite else policy.small(others)
    lists = [part.index for group, part in result.groupby("group", sort=False) if group != EVERYONE]
    hide = {name: policy.small(n) for name in ("n", "events", "died")}
    for name, counts in (("events", events), ("died", died)):
        hide[name] = hide[name] | policy.small(counts, n)
    hide["died"] = hide["died"] | derived
    for name in withheld:
        hide[name] = np.ones(len(result), dtype=bool)
    if len(whole) and lists:
        at = int(whole[0])
        extra = [derived[rows] | _known(result.loc[rows], hidden) for rows in lists]
        sizes, outcomes = protect_events_all(
            [n[r] for r in lists], [events[r] for r in lists], n[at], events[at], policy, None if composite else extra
        )
        _, deaths = protect_events_all([n[r] for r in lists], [died[r] for r in lists], n[at], died[at], policy, extra)
        for rows, size, outcome, death in zip(lists, sizes, outcomes, deaths, strict=True):
            size = size | _known(result.loc[rows], hidden)
            hide["n"][rows] = size
            hide["events"][rows] = size | outcome | bool(hide["events"][at])
            hide["died"][rows] = size | death | bool(hide["died"][at])
    for name, counts in (("n", n), ("events", events), ("died", died)):
        result[name] = np.where(hide[name], np.nan, policy.rounded(counts))
    for counted, names in (
        ("events", ("share", "lower", "upper")),
        ("died", ("share_died", "died_lower", "died_upper")),
    ):
        rows = []
        for count, size in zip(result[counted], result["n"], strict=True):
            values = (count / size, *wilson_limits(count, size, confidence))
            figures = policy.figures_for(count, size - count)
            rows.append([policy.estimate(value, figures) for value in values])
        result[list(names)] = np.array(rows, dtype=float).reshape(-1, 3)
    result["suppressed"] = np.where(result[["n", "events", "died"]].isna().any(axis=1), policy.withheld, "")
    return result[OUTCOMES]


def _known(part: pd.DataFrame, hidden: set[tuple[str, str]] | None) -> np.ndarray:
    pairs = zip(part["group"], part["level"], strict=True)
    return np.array([pair in (hidden or set()) for pair in pairs], dtype=bool)
