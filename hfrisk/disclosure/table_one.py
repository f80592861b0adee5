"""Release of Table 1 by outcome, and of the standardised mean differences between the columns of Table 1.

Table 1 by outcome crosses what other tables show apart: sizes by split, and events by group and split. Nothing new may follow from
setting them side by side, so

- a size is the sum of the sizes that Table 1 shows by split, and is withheld where it withholds one of them;
- the events of a group are the sum of those that the tables by group show by split, and are withheld where one of them is;
- the events of a feature are rounded, and withheld where they, the non-events, or either of these among all others are few, or where
  they could be worked out (`people.protect_events_all`); so are the deaths, and where those who came back (if a death is an event) or
  those to whom nothing happened (if not) are few;
- those without the event are the shown size less the shown events, so that they add nothing to the two;
- a standardised mean difference of shares is worked out from the shown counts; one of values has two decimals, and needs as many people
  on either side as a median does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from hfrisk.assessment.balance import binary_difference, categorical_difference
from hfrisk.disclosure.description import BEYOND, shown_value
from hfrisk.disclosure.margins import Mask
from hfrisk.disclosure.people import EVERYONE, protect_events_all
from hfrisk.disclosure.policy import Floats, Policy

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = ["TABLES", "Known", "known_by_split", "known_of_everyone", "release_by_outcome", "release_differences"]

TABLES = {
    "table1_by_outcome": "section characteristic level statistic outcome value n unit percent note suppressed",
    "table1_differences": "section characteristic kind between estimate reason suppressed",
}

_KEY = ["section", "characteristic", "level", "statistic"]
_DECIMALS = 2
_FOR_THE_REST = 2
_SPLITS = {"cross-validation": "development", "test": "test"}


class Known(NamedTuple):
    """What other tables show of a set of people: NaN where one of them withholds it, None where none has such a number."""

    n: float
    events: float
    died: float | None = None


_NOBODY = Known(math.nan, math.nan)


def known_by_split(sets: pd.DataFrame, table1: pd.DataFrame) -> dict[tuple[str, str], Known]:
    """What a study with a model shows of each group, development and test together.

    Parameters
    ----------
    sets
        `people.released_sets` of the performance.
    table1
        Table 1 as released, which shows the deaths of everyone.
    """
    mine = sets[sets["split"].isin(_SPLITS)].drop_duplicates(["split", "group", "level"])
    there = set(mine["split"])
    found: dict[tuple[str, str], Known] = {}
    for (group, level), part in mine.groupby(["group", "level"], sort=False):
        whole = set(part["split"]) == there
        n, events = (part[c].sum(skipna=False) if whole else math.nan for c in ("shown_n", "shown_events"))
        found[str(group), str(level)] = Known(float(n), float(events))
    died = table1[table1["level"] == "Died without coming back"]["value"].sum(skipna=False, min_count=1)
    if (EVERYONE, EVERYONE) in found:
        found[EVERYONE, EVERYONE] = found[EVERYONE, EVERYONE]._replace(died=float(died))
    return found


def known_of_everyone(outcomes: pd.DataFrame) -> dict[tuple[str, str], Known]:
    """What a study without a model shows of each group: its released outcomes."""
    return {(row.group, row.level): Known(row.n, row.events, row.died) for row in outcomes.itertuples()}


def release_by_outcome(
    frame: pd.DataFrame,
    exact: pd.DataFrame,
    table1: pd.DataFrame,
    known: Mapping[tuple[str, str], Known],
    dictionary: Sequence[Feature],
    policy: Policy,
    *,
    composite: bool,
) -> pd.DataFrame:
    """Table 1 by outcome, as it may leave.

    Parameters
    ----------
    frame
        `Results.table1_by_outcome`.
    exact, table1
        `Results.table1`, and as it was released.
    known
        What other tables show, from `known_by_split` or `known_of_everyone`.
    dictionary
        Features; their precision is looked up by words.
    policy
        The rules.
    composite
        Whether a death is an event.

    Returns
    -------
    DataFrame
        section, characteristic, level, statistic, outcome (event, other, died), value, n, unit, percent, note, suppressed. `n` is all
        discharges of the outcome.
    """
    columns = TABLES["table1_by_outcome"].split()
    if frame.empty:
        return pd.DataFrame(columns=columns)
    counts = _counts(frame, exact, table1)
    _show_counts(counts, known, policy, composite=composite)
    everyone = known.get((EVERYONE, EVERYONE), _NOBODY)
    total = {"event": everyone.events, "other": everyone.n - everyone.events, "died": _number(everyone.died)}
    cell = counts.set_index(_KEY)
    features = {feature.words: feature for feature in dictionary}
    values, notes, reasons = [], [], []
    for row in frame.to_dict("records"):
        value, note, why = math.nan, "", ""
        hidden = math.isnan(total[row["outcome"]])
        if row["statistic"] in ("n", "missing"):
            value = float(cell.at[tuple(row[k] for k in _KEY), f"shown_{row['outcome']}"])
            if row["level"] == "" and row["statistic"] == "n":
                value = total[row["outcome"]]
            why = policy.withheld if math.isnan(value) else ""
        elif hidden:
            why = policy.dependent
        elif row["n"] < BEYOND[row["statistic"]] * policy.threshold:
            why = f"fewer than {policy.threshold} people on one side of this value"
        else:
            value, note = shown_value(float(row["value"]), row, features.get(row["characteristic"]), policy)
        values.append(value)
        notes.append(note)
        reasons.append(why or (policy.withheld if hidden else ""))
    result = frame.assign(value=values, n=frame["outcome"].map(total), note=notes, suppressed=reasons)
    counted = result["statistic"].isin(["n", "missing"]) & ~((result["statistic"] == "n") & (result["level"] == ""))
    percent = (100 * result["value"] / result["n"]).where(counted)
    result["percent"] = percent.map(policy.estimate)
    return result[columns].reset_index(drop=True)


def release_differences(
    frame: pd.DataFrame, table1: pd.DataFrame, by_outcome: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """Standardised mean differences, from shown counts where they are differences of shares.

    Parameters
    ----------
    frame
        `Results.table1_differences`.
    table1, by_outcome
        As released.
    policy
        The rules.

    Returns
    -------
    DataFrame
        section, characteristic, kind, between (splits, outcomes), estimate (two decimals), reason, suppressed. Levels of a group that are
        withheld in either column are taken together (the shown total less the shown levels) if at least twice the threshold are left on
        both sides, and are left out otherwise.
    """
    columns = TABLES["table1_differences"].split()
    if frame.empty:
        return pd.DataFrame(columns=columns)
    shown = {
        "splits": _columns(table1, "split", ("development", "test")),
        "outcomes": _columns(by_outcome, "outcome", ("event", "other")),
    }
    least = BEYOND["median"] * policy.threshold
    estimates, reasons = [], []
    for row in frame.to_dict("records"):
        if math.isnan(row["estimate"]):
            estimates.append(math.nan)
            reasons.append("")
            continue
        value = math.nan
        if row["kind"] == "continuous":
            value = row["estimate"] if min(row["n_first"], row["n_second"]) >= least else math.nan
        else:
            cells = shown[row["between"]].get((row["section"], row["characteristic"]))
            if cells is not None:
                value = _of_shares(cells) if row["kind"] == "binary" else _of_levels(cells, policy)
        estimates.append(round(value, _DECIMALS) + 0.0 if not math.isnan(value) else value)
        reasons.append("" if not math.isnan(value) else policy.dependent)
    return frame.assign(estimate=estimates, suppressed=reasons)[columns].reset_index(drop=True)


def _counts(frame: pd.DataFrame, exact: pd.DataFrame, table1: pd.DataFrame) -> pd.DataFrame:
    """One row a count: exact event, other, died and all of them; its group; and its size as Table 1 shows it."""
    counted = frame[frame["statistic"].isin(["n", "missing"])]
    wide = counted.pivot(index=[*_KEY, "group"], columns="outcome", values="value").reset_index()
    wide = counted[[*_KEY, "group"]].drop_duplicates().merge(wide, on=[*_KEY, "group"], validate="one_to_one")
    wide["n"] = wide["event"] + wide["other"]
    sizes = exact.groupby(_KEY, sort=False)["value"].sum().rename("described")
    shown = table1.groupby(_KEY, sort=False)["value"].agg(lambda x: x.sum(skipna=False)).rename("size")
    return wide.merge(sizes, on=_KEY, how="left").merge(shown, on=_KEY, how="left")


def _show_counts(
    counts: pd.DataFrame, known: Mapping[tuple[str, str], Known], policy: Policy, *, composite: bool
) -> None:
    """Adds shown_event, shown_other and shown_died."""
    whole = counts[(counts["level"] == "") & (counts["statistic"] == "n")].iloc[0]
    parts = counts.drop(whole.name)
    # Whoever was not seen to the end is described in Table 1 and not here: few of them would follow from the two sizes.
    unseen = counts["described"] - counts["n"]
    size = np.where(unseen == 0, counts["size"], np.where(counts["size"].isna(), np.nan, policy.rounded(counts["n"])))
    size = np.where((unseen > 0) & (unseen < policy.threshold), np.nan, size)
    told = [known.get((g, v)) if g else None for g, v in zip(counts["group"], counts["level"], strict=True)]
    size = np.where([k is not None for k in told], [k.n if k else np.nan for k in told], size)
    shown_event, shown_died = policy.rounded(counts["event"]), policy.rounded(counts["died"])
    lists = [part.index.to_numpy() for _, part in parts.groupby(["section", "characteristic"], sort=False)]
    n, event, died = (counts[c].to_numpy(dtype=float) for c in ("n", "event", "died"))
    third = event - died if composite else counts["other"].to_numpy(dtype=float) - died
    everyone = known.get((EVERYONE, EVERYONE), _NOBODY)
    not_known = np.isnan(size)
    hide_event = _hidden(n, event, None, lists, not_known, policy, whole=int(whole.name))
    hide_died = _hidden(n, died, third, lists, not_known | policy.small(third), policy, whole=int(whole.name))
    withheld_elsewhere = [place for place, k in enumerate(told) if k is not None and math.isnan(k.events)]
    same = _the_same_people(n, event, withheld_elsewhere, int(whole.name))
    hide_event, hide_died = hide_event | same, hide_died | same
    shown_event = np.where(hide_event | math.isnan(everyone.events), np.nan, shown_event)
    shown_died = np.where(hide_died | math.isnan(_number(everyone.died)), np.nan, shown_died)
    for place, k in enumerate(told):
        if k is not None:
            shown_event[place] = k.events
            shown_died[place] = shown_died[place] if k.died is None else k.died
    shown_other = size - shown_event
    # a difference of two rounded numbers can be smaller than any of the exact ones
    low = np.isnan(shown_other) | (shown_other < policy.threshold)
    counts["shown_event"] = np.where(low, np.nan, shown_event)
    counts["shown_other"] = np.where(low, np.nan, shown_other)
    counts["shown_died"] = np.where(low, np.nan, shown_died)


def _the_same_people(n: Floats, event: Floats, places: Sequence[int], whole: int) -> Mask:
    """Where a count is of the people of a group whose events another table withholds, or of all but them.

    A feature can say the same as a group (the recorded sex): its events, development and test together, less those of the group in one
    of the two would be those withheld in the other.
    """
    same = np.zeros(len(n), dtype=bool)
    for place in places:
        same |= (n == n[place]) & (event == event[place])
        same |= (n == n[whole] - n[place]) & (event == event[whole] - event[place])
    same[whole] = False
    return same


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _hidden(
    n: Floats, cases: Floats, third: Floats | None, lists: Sequence[Any], first: Mask, policy: Policy, *, whole: int
) -> Mask:
    """Where counts of `cases` are withheld, list by list of parts of everyone; `third` is a count that follows from others."""
    hidden = first.copy()
    for rows in lists:
        # What is listed nowhere (those without a condition) is known too, as what is left.
        rest, rest_cases = n[whole] - n[rows].sum(), cases[whole] - cases[rows].sum()
        few = bool(policy.small(rest_cases, rest)) or (
            third is not None and bool(policy.small(third[whole] - third[rows].sum()))
        )
        if rest > 0 and few:
            hidden[rows] = True
    _, withheld = protect_events_all(
        [n[rows] for rows in lists],
        [cases[rows] for rows in lists],
        float(n[whole]),
        float(cases[whole]),
        policy,
        [hidden[rows] for rows in lists],
    )
    for rows, mask in zip(lists, withheld, strict=True):
        hidden[rows] = mask
    return hidden


def _columns(
    table: pd.DataFrame, column: str, pair: tuple[str, str]
) -> dict[tuple[str, str], tuple[pd.DataFrame, tuple[float, float]]]:
    """For each characteristic, the shown counts of its levels in the two columns of Table 1, and the two totals."""
    if table.empty:
        return {}
    mine = table[(table["statistic"] == "n") & table[column].isin(pair)]
    found = {}
    for (section, characteristic), part in mine.groupby(["section", "characteristic"], sort=False):
        wide = part.pivot(index="level", columns=column, values="value").reindex(columns=list(pair))
        totals = part.groupby(column)["n"].max().reindex(list(pair))
        found[str(section), str(characteristic)] = (wide, (float(totals.iloc[0]), float(totals.iloc[1])))
    return found


def _of_shares(cells: tuple[pd.DataFrame, tuple[float, float]]) -> float:
    wide, totals = cells
    if len(wide) != 1 or wide.isna().any(axis=None) or any(math.isnan(t) for t in totals):
        return math.nan
    first, second = (min(float(wide.iloc[0, i]) / totals[i], 1.0) for i in (0, 1))
    return binary_difference(first, second)


def _of_levels(cells: tuple[pd.DataFrame, tuple[float, float]], policy: Policy) -> float:
    wide, totals = cells
    both = wide.dropna()
    if both.empty or any(math.isnan(t) for t in totals):
        return math.nan
    lists = [both.iloc[:, i].to_list() for i in (0, 1)]
    rest = [total - sum(listed) for total, listed in zip(totals, lists, strict=True)]
    # A rest of a few people is made of what rounding left over, to which this distance gives much weight.
    if len(both) < len(wide) and min(rest) >= _FOR_THE_REST * policy.threshold:
        lists = [[*listed, left] for listed, left in zip(lists, rest, strict=True)]
    return categorical_difference(*lists)
