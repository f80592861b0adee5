"""Groups taken together (women by deprivation): what of them may leave.

Where the counts of both groups and of all their pairs are shown, withheld cells can be solved for from rows and columns, and `margins`
guarantees nothing about lists that cross. So no count of a pair leaves, only estimates: whole per cent for shares, two figures for all
else. And an estimate leaves only where the pair, and what is left of its row, its column and everyone without it, have at least the
threshold of people, events and non-events; for rates among those chosen, of each of the four cells. What holds the share of events
itself (prevalence, Brier score and its parts, log loss, AUPRC) does not leave at all: with a size told elsewhere it would be a count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.assessment.results import CROSS, NOBODY, RATES, at_capacity, at_threshold
from hfrisk.disclosure.estimates import Estimate, net_benefit
from hfrisk.disclosure.margins import Mask
from hfrisk.disclosure.policy import Policy

__all__ = ["NO_COUNTS", "are_crossed", "crossed_row", "crossed_values", "released_crossed", "safe_pairs"]

NO_COUNTS = "no counts are shown of groups taken together: with those of each group alone they could be worked out"

_SHARES = frozenset({*RATES, "auroc", "auroc_delong"} - {"nne"})
_TELL_THE_EVENTS = frozenset(
    {
        "prevalence",
        "auprc",
        "brier",
        "brier_reliability",
        "brier_resolution",
        "brier_uncertainty",
        "scaled_brier",
        "log_loss",
        "emax",
    }
)
_FIGURES = 2
Key = tuple[str, str, str, str]


def are_crossed(groups: pd.Series) -> Mask:
    """Which rows are of groups taken together."""
    return np.asarray(groups.astype(str).str.contains(CROSS, regex=False), dtype=bool)


def released_crossed(frame: pd.DataFrame, policy: Policy) -> set[Key]:
    """The pairs of which estimates may leave: model, split, group and level.

    Parameters
    ----------
    frame
        Columns model, split, group, level, n, events; every pair that is met must be in it, however small.
    policy
        The rules.
    """
    sets = frame.loc[are_crossed(frame["group"]), ["model", "split", "group", "level", "n", "events"]].drop_duplicates()
    sets = sets.assign(non_events=sets["n"].astype(float) - sets["events"].astype(float))
    found: set[Key] = set()
    for (model, split, group), pairs in sets.groupby(["model", "split", "group"], sort=False):
        safe = safe_pairs(pairs, ["n", "events", "non_events"], policy)
        found |= {(str(model), str(split), str(group), str(level)) for level in pairs.loc[safe, "level"]}
    return found


def safe_pairs(pairs: pd.DataFrame, counts: Sequence[str], policy: Policy) -> Mask:
    """Which pairs have enough in each of `counts`, in the pair and in what is left of each row, column and everyone without it.

    Parameters
    ----------
    pairs
        All pairs of one group: level and the counts.
    counts
        Names of the counts.
    policy
        The rules.
    """
    numbers = pairs[list(counts)].astype(float).reset_index(drop=True)
    parts = pairs["level"].astype(str).str.split(CROSS, expand=True, regex=False).reset_index(drop=True)
    safe = ~policy.small(numbers).any(axis=1)
    for size in range(parts.shape[1]):
        for fixed in combinations(parts.columns, size):
            place = [parts[column] for column in fixed] or [pd.Series(0, index=parts.index)]
            rest = numbers.groupby(place).transform("sum") - numbers
            safe &= ~policy.small(rest).any(axis=1)
    return np.asarray(safe, dtype=bool)


def crossed_values(
    threshold_groups: pd.DataFrame, capacity_groups: pd.DataFrame, policy: Policy
) -> dict[tuple[str, str, str, str, str], float]:
    """Rates and net benefits of pairs that may leave, exact, by model, split, group, level and measure.

    Parameters
    ----------
    threshold_groups, capacity_groups
        As in `Results`, exact.
    policy
        The rules.
    """
    found: dict[tuple[str, str, str, str, str], float] = {}
    for frame, chosen, hits, where, name in (
        (threshold_groups, "flagged", "true_positives", "threshold", at_threshold),
        (capacity_groups, "reviewed", "events_found", "share", at_capacity),
    ):
        if frame.empty:
            continue
        cells = frame[are_crossed(frame["group"])]
        cells = cells.assign(tp=cells[hits], fp=cells[chosen] - cells[hits], fn=cells["events"] - cells[hits])
        cells = cells.assign(tn=cells["n"] - cells["events"] - cells["fp"], rest=cells["n"] - cells[chosen])
        for _, pairs in cells.groupby(["model", "split", "group", where], sort=False):
            counted = safe_pairs(pairs, [chosen, "rest"], policy)
            judged = counted & safe_pairs(pairs, ["tp", "fp", "fn", "tn"], policy)
            for row, count, judge in zip(pairs.to_dict("records"), counted, judged, strict=True):
                key = (str(row["model"]), str(row["split"]), str(row["group"]), str(row["level"]))
                at = float(row[where])
                if count:
                    found[*key, name("selection_rate", at)] = row[chosen] / row["n"]
                if judge:
                    rates = {
                        "sensitivity": row["tp"] / row["events"],
                        "specificity": row["tn"] / (row["n"] - row["events"]),
                        "ppv": row["tp"] / row[chosen],
                        "npv": row["tn"] / row["rest"],
                        "nne": row[chosen] / row["tp"],
                        "false_positive_rate": row["fp"] / (row["n"] - row["events"]),
                    }
                    found |= {(*key, name(rate, at)): value for rate, value in rates.items()}
                    if where == "threshold":
                        worth = net_benefit(row["tp"], row["fp"], row["n"], at)
                        found[*key, name("net_benefit", at)] = worth
    return found


def crossed_row(
    row: dict[str, Any],
    key: Key,
    allowed: set[Key],
    values: Mapping[tuple[str, str, str, str, str], float],
    policy: Policy,
) -> dict[str, Any]:
    """One row of performance of a pair, without counts.

    Parameters
    ----------
    row
        As computed.
    key
        Model, split, group and level.
    allowed
        From `released_crossed`.
    values
        From `crossed_values`: rates that are not among them are withheld.
    policy
        The rules.
    """
    measure = str(row["measure"])
    held = key not in allowed or measure in _TELL_THE_EVENTS or row["reason"] == NOBODY
    exact = Estimate(float(row["estimate"]), float(row["lower"]), float(row["upper"]))
    if "@" in measure and not math.isnan(exact.value):
        held |= math.isnan(values.get((*key, measure), math.nan))
    hidden = {"n": math.nan, "events": math.nan}
    if held:
        nothing = dict.fromkeys(("estimate", "lower", "upper"), math.nan)
        return row | hidden | nothing | {"reason": "", "suppressed": policy.withheld}
    share = measure.partition("@")[0] in _SHARES
    shown = exact.at(policy.figures, 2) if share else exact.at(_FIGURES, 3)
    numbers = {"estimate": shown.value, "lower": shown.lower, "upper": shown.upper}
    return row | hidden | numbers | {"suppressed": NO_COUNTS}
