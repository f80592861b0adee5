"""Release of what is known of groups beyond their measures: whom a team would see, tests of differences, numbers drawn together.

- Of each group the four cells at a capacity are released as those at the threshold are, and between two capacities lie at least the
  threshold of people.
- The gap between levels is worked out anew from the numbers that are shown. A p-value and its statistic leave only where every level that
  was compared, and everyone without it, has the threshold of people, events and non-events; for groups taken together, as in `crossed`.
- Numbers drawn together are worked out anew from the released table of performance, and so hold nothing that it does not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hfrisk.assessment.gaps import gap
from hfrisk.assessment.results import COLUMNS, CROSS, at_threshold
from hfrisk.assessment.shrinkage import shrunk_levels
from hfrisk.disclosure.crossed import NO_COUNTS, are_crossed, released_crossed
from hfrisk.disclosure.people import EVERYONE
from hfrisk.disclosure.performance import GROUP_RATES, release_threshold_groups
from hfrisk.disclosure.policy import Policy, significant

if TYPE_CHECKING:
    from hfrisk.assessment import Results

__all__ = ["EQUITY_RULES", "release_capacity_groups", "release_equity"]

EQUITY_RULES = {
    "capacity_groups": "four cells rounded or withheld together; steps of enough people; no counts of groups taken together",
    "fairness_tests": "gaps from the shown numbers; p-values in two figures, where every level compared and the rest have enough people, "
    "events and non-events",
    "shrunk": "no counts; worked out from the shown numbers, two decimals",
}
_ODDS = "equalized_odds"


def release_capacity_groups(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """How many of each group are among those at highest risk of all, by the rules of the table at the threshold.

    Parameters
    ----------
    frame
        `Results.capacity_groups`.
    policy
        The rules.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``, without everyone: they stand in the table of capacity, and a total rounded in two ways would
        be told more nearly.
    """
    columns = [*COLUMNS["capacity_groups"].split(), "suppressed"]
    if frame.empty:
        return pd.DataFrame(columns=columns)
    cells = frame.rename(columns={"share": "threshold", "reviewed": "flagged", "events_found": "true_positives"})
    cells = cells.reset_index(drop=True).assign(
        false_positives=cells["flagged"].to_numpy() - cells["true_positives"].to_numpy(),
        false_negatives=cells["events"].to_numpy() - cells["true_positives"].to_numpy(),
        **dict.fromkeys(GROUP_RATES, 0.0),
    )
    cells["true_negatives"] = cells["n"] - cells["events"] - cells["false_positives"]
    shown = release_threshold_groups(cells, policy)
    # as in the decision curve: else the capacities together would be a distribution of risks in steps that are too small
    near = np.zeros(len(cells), dtype=bool)
    for _, steps in cells.groupby(["model", "split", "group", "level"], sort=False):
        last = math.inf
        for row in steps.sort_values("threshold", ascending=False).itertuples():
            if last - float(row.flagged) < policy.threshold:
                near[row.Index] = True
            else:
                last = float(row.flagged)
    shown.loc[near, ["flagged", "true_positives"]] = np.nan
    shown.loc[near & ~are_crossed(shown["group"]), "suppressed"] = policy.withheld
    names = {"threshold": "share", "flagged": "reviewed", "true_positives": "events_found"}
    return shown.loc[shown["group"] != EVERYONE].rename(columns=names)[columns].reset_index(drop=True)


def release_equity(
    found: Results, performance: pd.DataFrame, policy: Policy, threshold: float, confidence: float
) -> dict[str, pd.DataFrame]:
    """Tests of differences, and numbers drawn together.

    Parameters
    ----------
    found
        Exact results.
    performance
        Released table of performance.
    policy
        The rules.
    threshold
        The decision threshold (risk).
    confidence
        Confidence of the intervals (0 to 1).

    Returns
    -------
    dict
        ``fairness_tests`` and ``shrunk``, columns as in the results and ``suppressed``.
    """
    return {
        "fairness_tests": _tests(found.fairness_tests, found.performance, performance, policy),
        "shrunk": _drawn(found.shrunk, performance, threshold, confidence),
    }


def _tests(tests: pd.DataFrame, exact: pd.DataFrame, shown: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    columns = [*COLUMNS["fairness_tests"].split(), "suppressed"]
    allowed = _large_enough(exact, policy)
    rows: list[dict[str, Any]] = []
    for row in ({str(name): value for name, value in each.items()} for each in tests.to_dict("records")):
        place = (str(row["model"]), str(row["split"]), str(row["group"]))
        compared = [level for level in str(row["levels"]).split("; ") if level]
        safe = all((*place, level) in allowed for level in compared)
        numbers = {name: float(row[name]) for name in ("statistic", "p", "p_adjusted")}
        told = {name: significant(value, 2, 4) if safe else math.nan for name, value in numbers.items()}
        difference, ratio = _gap(str(row["measure"]), place, shown)
        gaps = {"difference": difference, "ratio": ratio}
        held = any(math.isnan(value) and not math.isnan(float(row[name])) for name, value in {**told, **gaps}.items())
        rows.append(row | told | gaps | {"suppressed": policy.withheld if held else ""})
    return pd.DataFrame(rows, columns=columns)


def _large_enough(exact: pd.DataFrame, policy: Policy) -> set[tuple[str, str, str, str]]:
    """Levels that have enough people, events and non-events, as everyone without them has."""
    key = ["model", "split", "group", "level"]
    sets = exact[[*key, "n", "events"]].drop_duplicates(key)
    whole = sets[sets["group"] == EVERYONE].set_index(["model", "split"])[["n", "events"]]
    plain = sets[~are_crossed(sets["group"]) & (sets["group"] != EVERYONE)]
    totals = whole.reindex(pd.MultiIndex.from_frame(plain[["model", "split"]])).to_numpy(dtype=float)
    n, events = (plain[name].to_numpy(dtype=float) for name in ("n", "events"))
    hide = policy.small(events, n) | policy.small(n)
    hide |= policy.small(totals[:, 1] - events, totals[:, 0] - n)
    rows = plain.loc[~hide, key].astype(str).itertuples(index=False)
    return {(model, split, group, level) for model, split, group, level in rows} | released_crossed(exact, policy)


def _gap(measure: str, place: tuple[str, str, str], shown: pd.DataFrame) -> tuple[float, float]:
    """Difference and ratio between the shown numbers of the levels."""
    name, _, at = measure.partition("@")
    if name == _ODDS:
        pairs = [_gap(f"{rate}@{at}", place, shown) for rate in ("sensitivity", "false_positive_rate")]
        if any(math.isnan(number) for pair in pairs for number in pair):
            return math.nan, math.nan
        return max(difference for difference, _ in pairs), min(ratio for _, ratio in pairs)
    model, split, group = place
    mine = (shown["model"] == model) & (shown["split"] == split) & (shown["group"] == group)
    difference, ratio = gap(shown.loc[mine & (shown["measure"] == measure), "estimate"].astype(float).tolist())
    if name == "net_benefit":
        ratio = math.nan
    figures = 2 if CROSS in group else 3
    return significant(difference, figures, 3), significant(ratio, figures, 3)


def _drawn(exact: pd.DataFrame, performance: pd.DataFrame, threshold: float, confidence: float) -> pd.DataFrame:
    columns = [*COLUMNS["shrunk"].split(), "suppressed"]
    parts = []
    for model, split in exact[["model", "split"]].drop_duplicates().itertuples(index=False):
        place = at_threshold("", threshold).removeprefix("@")
        mine = performance[performance["split"] == split]
        parts.append(shrunk_levels(mine, model=str(model), threshold=place, confidence=confidence))
    if not parts:
        return pd.DataFrame(columns=columns)
    frame = pd.concat(parts, ignore_index=True)
    for name in ("shrunken", "lower", "upper", "weight"):
        frame[name] = [significant(float(value), 3, 2) for value in frame[name]]
    frame["suppressed"] = np.where(are_crossed(frame["group"]), NO_COUNTS, "")
    return frame[columns]
