"""Release of the remedies, side by side, and of what was found about labels, proxies and risks of groups.

Remedies judge the same people, so that what two of them differ by is a number of people too:

- A cell that differs from that of the model as it is, or of a remedy before it, by fewer than the threshold is shown as that one; rates and
  net benefit are those of the shown cells.
- Who is newly flagged, and who no longer, is shown where those moved, those of them with and without the outcome, and those who stayed are
  all enough, and no level follows from the others.
- Sizes and events are shown as the table of performance shows them of the same people; where it withholds a level, or does not know it,
  its counts are withheld here too.
- Ratios about deaths, records and risks carry no counts; their observed number is the rounded one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from hfrisk.assessment.results import at_threshold
from hfrisk.disclosure.estimates import Estimate, People, net_benefit, released_difference, released_estimate
from hfrisk.disclosure.margins import Mask
from hfrisk.disclosure.people import EVERYONE, SET, protect_events_all, released_sets
from hfrisk.disclosure.performance import CELLS, GROUP_RATES, release_threshold_groups
from hfrisk.disclosure.policy import Floats, Policy, significant
from hfrisk.disclosure.signs import release_labels, release_proxies, release_shifts

if TYPE_CHECKING:
    from hfrisk.fairness import Mitigation

__all__ = ["MITIGATION", "RULES", "release_mitigation"]

MITIGATION = {
    "remedies": "remedy done standing randomised reason",
    "remedy_rules": "remedy level rule value slope",
    "remedy_cells": "remedy group level threshold n events flagged true_positives false_positives false_negatives true_negatives "
    "selection_rate true_positive_rate false_positive_rate positive_predictive_value near",
    "remedy_calibration": "remedy group level measure estimate lower upper reason",
    "remedy_benefit": "remedy group level net_benefit difference lower upper n events",
    "remedy_gaps": "remedy measure estimate by_chance levels",
    "remedy_flags": "remedy group level newly newly_events no_longer no_longer_events",
    "label_bias": "group level sign words estimate lower upper reason",
    "biased_proxies": "group level feature words measure estimate lower upper reason",
    "shifted_groups": "group level split estimate lower upper reason",
}
RULES = {
    "remedies": "words",
    "remedy_rules": "no counts; two decimals",
    "remedy_cells": "cells rounded or withheld, nearly equal ones shown as one; rates from the shown cells",
    "remedy_calibration": "no counts; ratios from rounded counts",
    "remedy_benefit": "counts as in performance; net benefit from the shown cells, intervals widened by the rounding",
    "remedy_gaps": "from the shown rates; two decimals",
    "remedy_flags": "counts rounded, parts of a total protected",
    "label_bias": "no counts; ratios from rounded counts",
    "biased_proxies": "no counts; two figures",
    "shifted_groups": "no counts; ratios from rounded counts",
}
_NONE, _SPLIT = "none", "test"
_GAPS = {
    "demographic_parity_difference": "selection_rate",
    "equal_opportunity_difference": "true_positive_rate",
    "false_positive_rate_difference": "false_positive_rate",
    "positive_predictive_value_difference": "positive_predictive_value",
}
_MOVED = (("newly", "newly_events"), ("no_longer", "no_longer_events"))
_NOT_SEEN = People(math.nan, math.nan, math.nan, math.nan)
_Seen = Mapping[tuple[str, str], People]


def release_mitigation(
    found: Mitigation | None,
    performance: pd.DataFrame,
    policy: Policy,
    confidence: float,
    words: Mapping[str, str],
) -> dict[str, pd.DataFrame]:
    """Every table of the remedies.

    Parameters
    ----------
    found
        As they were compared; None where they were not.
    performance
        `Results.performance`, exact: the same people are shown there.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    words
        What each feature is called.

    Returns
    -------
    dict
        Tables by name, columns as in `MITIGATION` and ``suppressed``; empty where a remedy was not made.

    Raises
    ------
    ValueError
        If a level has other counts here than in the table of performance (a fault of ours).
    """
    if found is None:
        return {name: _frame(name, pd.DataFrame()) for name in MITIGATION}
    sets = released_sets(performance, policy)
    sets = sets[sets["model"] == performance["model"].iloc[0]] if len(sets) else sets
    seen = {
        split: {
            (str(row["group"]), str(row["level"])): People(row["n"], row["events"], row["shown_n"], row["shown_events"])
            for row in sets[sets["split"] == split].to_dict("records")
        }
        for split in (_SPLIT, "cross-validation")
    }
    cells = _cells(found.remedy_cells, seen[_SPLIT], policy)
    tables = {
        "remedies": found.remedies.assign(suppressed=""),
        "remedy_rules": _rules(found.remedy_rules, str(found.facts.get("group", "")), seen["cross-validation"], policy),
        "remedy_cells": cells,
        "remedy_calibration": _calibration(found.remedy_calibration, seen[_SPLIT], policy, confidence),
        "remedy_benefit": _benefit(found.remedy_benefit, cells, seen[_SPLIT], policy),
        "remedy_gaps": _gaps(found.remedy_gaps, cells, policy),
        "remedy_flags": _flags(found.remedy_flags, policy),
        "label_bias": release_labels(found.label_bias, policy, words),
        "biased_proxies": release_proxies(found.biased_proxies, policy, words),
        "shifted_groups": release_shifts(found.shifted_groups, policy),
    }
    return {name: _frame(name, table) for name, table in tables.items()}


def _cells(frame: pd.DataFrame, seen: _Seen, policy: Policy) -> pd.DataFrame:
    if frame.empty:
        return pd.DataFrame()
    result = frame.rename(columns={"remedy": "model"}).assign(split=_SPLIT, near=False)
    for _, same in result.groupby(["group", "level"], sort=False):
        for cell in ("true_positives", "false_positives"):
            values, near = _anchored(same[cell].to_numpy(dtype=float), policy)
            result.loc[same.index, cell] = values
            result.loc[same.index, "near"] |= near
    result["flagged"] = result["true_positives"] + result["false_positives"]
    result["false_negatives"] = result["events"] - result["true_positives"]
    result["true_negatives"] = result["n"] - result["events"] - result["false_positives"]
    result[GROUP_RATES] = 0.0  # known, and worked out from the shown cells
    people = [_people(row, seen) for row in result.to_dict("records")]
    sets = result[SET].assign(shown_n=[p.shown_n for p in people], shown_events=[p.shown_events for p in people])
    # Levels add up to their own sum: of everyone, moves that are too few to show in any level may together be enough.
    whole = result["group"] == EVERYONE
    parts = [release_threshold_groups(result[rows], policy, sets) for rows in (whole, ~whole)]
    near = pd.concat([result.loc[rows, "near"] for rows in (whole, ~whole)]).to_numpy()
    shown = pd.concat(parts, ignore_index=True)
    same = f"a cell that differs by fewer than {policy.threshold} from that of another remedy is shown as that one"
    shown["near"] = np.where(near & shown[CELLS].notna().all(axis=1).to_numpy(), same, "")
    order = {name: place for place, name in enumerate(dict.fromkeys(frame["remedy"]))}
    shown = shown.rename(columns={"model": "remedy"})
    return shown.sort_values("remedy", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _anchored(counts: Floats, policy: Policy) -> tuple[Floats, Mask]:
    """Each count, or the earlier one that it is nearer to than the threshold; and where that was done (said of equal ones too)."""
    values, near = counts.copy(), np.zeros(len(counts), dtype=bool)
    anchors: list[float] = []
    for place, count in enumerate(counts):
        nearest = min(anchors, key=lambda a: abs(a - count), default=math.nan)
        if abs(nearest - count) < policy.threshold:
            values[place], near[place] = nearest, True
        else:
            anchors.append(float(count))
    return values, near


def _rules(frame: pd.DataFrame, group: str, seen: _Seen, policy: Policy) -> pd.DataFrame:
    """A shift of log-odds moves with the events of the level, so that it is moved to the shown ones; a threshold lies on a coarse grid."""
    rows = []
    for row in _records(frame):
        shift = row["remedy"] == "recalibration"
        people = seen.get((group, str(row["level"])), _NOT_SEEN)
        hide = shift and row["rule"] == "own" and not (people.shown and people.n == row["n"])
        value = float(row["value"])
        if shift and row["rule"] == "own" and not hide:
            value += _logit(people.shown_events / people.shown_n) - _logit(people.events / people.n)
        places = 2 if shift else 3
        value = math.nan if hide else significant(value, 3, places)
        slope = math.nan if hide else significant(float(row["slope"]), 3, 2)
        rows.append(row | {"value": value, "slope": slope, "suppressed": policy.withheld if hide else ""})
    return pd.DataFrame(rows)


def _calibration(frame: pd.DataFrame, seen: _Seen, policy: Policy, confidence: float) -> pd.DataFrame:
    rows = []
    for row in _records(frame):
        people = _people(row, seen)
        exact = Estimate(float(row["estimate"]), float(row["lower"]), float(row["upper"]))
        shown, why = released_estimate(str(row["remedy"]), str(row["measure"]), exact, people, policy, math.nan)
        if row["measure"] == "oe_ratio" and people.shown and not math.isnan(exact.value):
            expected = people.events / exact.value / people.n * people.shown_n
            tail = (1 - confidence) / 2
            low, high = (
                chi2.ppf(tail, 2 * people.shown_events) / 2,
                chi2.ppf(1 - tail, 2 * people.shown_events + 2) / 2,
            )
            figures = policy.figures_for(people.shown_events, people.shown_n - people.shown_events)
            shown = Estimate(
                shown.value, *Estimate(math.nan, float(low) / expected, float(high) / expected).at(figures, 4)[1:]
            )
        reason = row["reason"] if people.shown else ""
        why = why or ("" if people.shown else policy.withheld)
        rows.append(row | shown._asdict() | {"estimate": shown.value, "reason": reason, "suppressed": why})
    return pd.DataFrame(rows)


def _benefit(frame: pd.DataFrame, cells: pd.DataFrame, seen: _Seen, policy: Policy) -> pd.DataFrame:
    worth = {
        (str(row["remedy"]), str(row["group"]), str(row["level"])): (
            net_benefit(row["true_positives"], row["false_positives"], row["n"], row["threshold"]),
            float(row["threshold"]),
        )
        for row in _records(cells)
    }
    rows = []
    for row in _records(frame):
        group, level = str(row["group"]), str(row["level"])
        people = _people(row, seen)
        mine, threshold = worth[str(row["remedy"]), group, level]
        before = worth[_NONE, group, level][0]
        exact = Estimate(float(row["difference"]), float(row["lower"]), float(row["upper"]))
        measure = at_threshold("net_benefit", threshold)
        shown, why = released_difference(measure, exact, people, policy, mine - before)
        figures = policy.figures_for(people.shown_events, people.shown_n - people.shown_events)
        value = math.nan if math.isnan(row["net_benefit"]) else policy.estimate(mine, figures)
        if math.isnan(mine) or not people.shown:
            why = policy.withheld
        numbers = {"net_benefit": value, "difference": shown.value, "lower": shown.lower, "upper": shown.upper}
        counts = {"n": people.shown_n, "events": people.shown_events}
        rows.append(row | numbers | counts | {"suppressed": why})
    return pd.DataFrame(rows)


def _gaps(frame: pd.DataFrame, cells: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    rows = []
    for row in _records(frame):
        mine = cells[(cells["remedy"] == row["remedy"]) & (cells["group"] != EVERYONE)]
        rates = mine[_GAPS[str(row["measure"])]].dropna()
        gap = float(rates.max() - rates.min()) if len(rates) > 1 else math.nan
        hide = len(rates) < len(mine)
        rows.append(
            row
            | {
                "estimate": significant(gap, 2, 2),
                "by_chance": significant(float(row["by_chance"]), 2, 2),
                "levels": float(len(rates)),
                "suppressed": policy.withheld if hide else "",
            }
        )
    return pd.DataFrame(rows)


def _flags(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    result = frame.reset_index(drop=True).copy()
    if result.empty:
        return result
    numbers = [column for pair in _MOVED for column in pair]
    result[numbers] = result[numbers].astype(float)
    shown = result[numbers].copy()
    stays = {"newly": result["n"] - result["flagged"], "no_longer": result["flagged"]}
    for _, rows in result.groupby("remedy", sort=False):
        whole = rows[rows["group"] == EVERYONE]
        parts = rows[rows["group"] != EVERYONE]
        for moved, events in _MOVED:
            n, cases = float(whole[moved].iloc[0]), float(whole[events].iloc[0])
            left = float(stays[moved][whole.index[0]])
            small = bool(policy.small(n, left))
            few = small or bool(policy.small(cases, n))
            sizes, outcomes = protect_events_all(
                [parts[moved].to_numpy(dtype=float)], [parts[events].to_numpy(dtype=float)], n, cases, policy
            )
            crowded = policy.small(parts[moved], stays[moved][parts.index])
            hide = sizes[0] | crowded | small
            shown.loc[parts.index, moved] = np.where(hide, np.nan, policy.rounded(parts[moved]))
            shown.loc[parts.index, events] = np.where(hide | outcomes[0] | few, np.nan, policy.rounded(parts[events]))
            shown.loc[whole.index, moved] = math.nan if small else float(policy.rounded(n))
            shown.loc[whole.index, events] = math.nan if few else float(policy.rounded(cases))
    result[numbers] = shown
    return result.assign(suppressed=np.where(shown.isna().any(axis=1), policy.withheld, ""))


def _people(row: Mapping[str, Any], seen: _Seen) -> People:
    people = seen.get((str(row["group"]), str(row["level"])), _NOT_SEEN)
    if not math.isnan(people.n) and (float(row["n"]), float(row["events"])) != (people.n, people.events):
        raise ValueError("a remedy and the table of performance disagree about n or events of the same people")
    return people


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _frame(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    columns = [*MITIGATION[name].split(), "suppressed"]
    return rows[columns].reset_index(drop=True) if len(rows) else pd.DataFrame(columns=columns)
