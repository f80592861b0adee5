"""Release of what describes the people: flow diagram, Table 1, and the numbers of page one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.margins import protect, protect_all
from hfrisk.disclosure.people import EVERYONE
from hfrisk.disclosure.policy import Floats, Policy

if TYPE_CHECKING:
    from hfrisk.cohort import Cohort
    from hfrisk.features import Feature

__all__ = ["BEYOND", "OLDEST_AGE", "headline", "release_flow", "release_table1", "shown_value"]

OLDEST_AGE = 90.0
"""Ages from here on are shown as one (clinical.md 7.4: exact ages over 89 are disclosive)."""

BEYOND = {"median": 2, "lower_quartile": 4, "upper_quartile": 4}
"""How many times the threshold must have a value, so that the threshold lies on either side of this one."""


def release_flow(attrition: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Flow diagram in which no two boxes differ by a small number of admissions, people or events.

    Parameters
    ----------
    attrition
        `Cohort.attrition`: what is left after each rule.
    policy
        The rules.

    Returns
    -------
    DataFrame
        rule, words, bits, admissions, persons, events, excluded, excluded_only_here, merged, suppressed. A rule that leaves
        out fewer than the threshold (or no one) shares its box with the next rule; persons and events are withheld in a
        box that differs from the next by fewer. ``excluded`` is the difference of the shown numbers. ``bits`` are the places
        of the rules in the mask that each spell carries.
    """
    boxes = _merged_rules(attrition["admissions"].astype(float).tolist(), policy)
    last = [box[-1] for box in boxes]
    exact = attrition.iloc[last].reset_index(drop=True)
    admissions = exact["admissions"].to_numpy(dtype=float)
    result = pd.DataFrame(
        {
            "rule": ["+".join(attrition["rule"].iloc[box]) for box in boxes],
            "words": ["; ".join(attrition["words"].iloc[box]) for box in boxes],
            "bits": ["+".join(str(bit) for bit in attrition["bit"].iloc[box]) for box in boxes],
            "admissions": np.where(policy.small(admissions), np.nan, policy.rounded(admissions)),
            "persons": _spaced(exact["persons"], policy.small(exact["persons"]), policy),
            "events": _spaced(exact["events"], policy.small(exact["events"], admissions), policy),
        }
    )
    result["excluded"] = (-result["admissions"].diff()).where(np.arange(len(result)) > 0, 0.0)
    only = exact["excluded_only_here"].astype(float)
    excluded = -exact["admissions"].astype(float).diff()
    alone = np.array([len(box) == 1 for box in boxes])
    result["excluded_only_here"] = policy.rounded(only.mask(policy.small(only, excluded) | ~alone))
    if len(result) and alone[0]:
        result.loc[0, "excluded_only_here"] = 0.0
    if len(result) > 1 and alone[-1]:
        # What the last rule leaves out has passed all others: the same number twice.
        result.loc[len(result) - 1, "excluded_only_here"] = result["excluded"].iloc[-1]
    result["merged"] = [len(box) for box in boxes]
    result["suppressed"] = np.where(result.isna().any(axis=1), policy.withheld, "")
    return result


def release_table1(
    frame: pd.DataFrame, dictionary: Sequence[Feature], policy: Policy, events: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Table 1: counts rounded, percentages from the rounded counts, centiles only with enough people beyond them.

    A median needs twice the threshold of recorded values and a quartile four times, so that at least the threshold of
    people lie on either side. Values are rounded to the precision of their feature and to three significant figures;
    ages from 90 are shown as 90, with a note. The denominator of a median is the discharges with a value; where fewer
    than the threshold lack one, it is all discharges, so that those few cannot be counted.

    Parameters
    ----------
    frame
        `Results.table1`.
    dictionary
        Features; their precision is looked up by name or words.
    policy
        The rules.
    events
        Exact events by split, which other tables show: their row is not one that could hide another.
    """
    result = frame.reset_index(drop=True).copy()
    result[["value", "n"]] = result[["value", "n"]].astype(float)
    result["percent"], result["note"], result["suppressed"] = np.nan, "", ""
    features = {key: f for f in dictionary for key in (f.words, f.name)}
    counted = result["statistic"].isin(["n", "missing"])
    # A row without a level is the whole (all discharges, or all persons): there is no rest to protect.
    whole = (result["statistic"] == "n") & (result["level"] == "")
    _release_counts(result, result[counted & ~whole], policy, events or {})
    small = policy.small(result["value"]) & whole
    result.loc[whole, "value"] = policy.rounded(result.loc[whole, "value"].mask(small))
    result.loc[small, "suppressed"] = policy.withheld
    everyone = result[result["statistic"] == "missing"].set_index(["characteristic", "split"])["n"].to_dict()
    for i, row in result[~counted].iterrows():
        recorded = float(row["n"])
        if row["statistic"] not in BEYOND:
            row["value"], reason = math.nan, "the gate has no rule for this statistic"
        elif recorded >= BEYOND[row["statistic"]] * policy.threshold:
            reason = ""
        else:
            row["value"], reason = math.nan, f"fewer than {policy.threshold} people on one side of this value"
        value, note = shown_value(float(row["value"]), row, features.get(row["characteristic"]), policy)
        total = everyone.get((row["characteristic"], row["split"]), recorded)
        n = total if total - recorded < policy.threshold else recorded
        result.loc[i, ["value", "note", "suppressed", "n"]] = [value, note, reason, n]
    result["n"] = np.where(policy.small(result["n"]), np.nan, policy.rounded(result["n"]))
    percent = 100 * result["value"] / result["n"]
    result["percent"] = percent.where(counted & ~whole).map(policy.estimate)
    return result


def shown_value(
    value: float, row: Mapping[str, Any] | pd.Series, feature: Feature | None, policy: Policy
) -> tuple[float, str]:
    """A median or quartile as it may be shown, and what is said beside it.

    Parameters
    ----------
    value
        The exact one; NaN stays NaN.
    row
        Its row: characteristic and unit.
    feature
        Its feature, whose precision it is rounded to; None if it has none.
    policy
        The rules.
    """
    if math.isnan(value):
        return value, ""
    words = f"{row['characteristic']} {feature.name if feature else ''}".lower().split()
    if str(row.get("unit", "")) == "years" and "age" in words and value >= OLDEST_AGE:
        return OLDEST_AGE, "90 or over"
    if feature is not None:
        value = math.floor(value / feature.precision + 0.5) * feature.precision
    return policy.estimate(value, 3), ""


def headline(
    cohort: Cohort,
    performance: pd.DataFrame,
    by_period: pd.DataFrame,
    policy: Policy,
    for_heart_failure: float | None = None,
    learnt: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The numbers of page one; None where withheld, with the reason under ``reasons``.

    Parameters
    ----------
    cohort
        The cohort with exact counts.
    performance, by_period
        Released tables, which give the numbers by split.
    policy
        The rules.
    for_heart_failure
        Of those who came back, how many did for heart failure; None if nobody looked.
    learnt
        Where cross-validation judges only a part of development: ``n_development``, ``events`` and ``quarters`` of all of it, exact.
        What cross-validation judges then stands under ``cross-validation``.
    """
    n = float(cohort.index_discharges)
    # Nobody is censored when complete follow-up is required: that row says how the study was made, not who is in it.
    states = {name: float(count) for name, count in cohort.states.items() if not (name == "censored" and count == 0)}
    counts = np.array(list(states.values()))
    hidden = protect(counts, n, policy, keep=np.isin(counts, [cohort.events, n - cohort.events]))
    by_state = {name: _one(x, h, policy) for (name, x), h in zip(states.items(), hidden, strict=True)}
    shown: dict[str, float] = {
        "index_discharges": _one(n, policy.small(n), policy),
        "persons": _one(cohort.persons, policy.small(cohort.persons), policy),
        "events": _one(cohort.events, policy.small(cohort.events, n), policy),
        "readmitted": by_state.get("readmitted", math.nan),
        "died": by_state.get("died", math.nan),
    }
    if for_heart_failure is not None:
        again, back = float(for_heart_failure), float(cohort.states["readmitted"])
        hide = bool(policy.small(again, back)) or math.isnan(shown["readmitted"])
        shown["readmitted_for_heart_failure"] = _one(again, hide, policy)
    shown["share_events"] = policy.estimate(shown["events"] / shown["index_discharges"])
    shown["share_died"] = policy.estimate(shown["died"] / shown["index_discharges"])
    result: dict[str, Any] = {name: _or_none(value) for name, value in shown.items()}
    result["died_first"] = result["died"]
    result["states"] = {name: _or_none(value) for name, value in by_state.items()}
    result["sites"] = int(cohort.sites)
    result["period_from"] = f"{cohort.first_discharge:%Y-%m}"
    result["period_to"] = f"{cohort.last_discharge:%Y-%m}"
    result["window"] = [int(day) for day in cohort.window]
    result["risk"] = cohort.risk
    result["by_split"] = {
        name: _split(split, performance, by_period, policy)
        for name, split in (("development", "cross-validation"), ("test", "test"))
        if (performance["split"] == split).any()
    }
    if learnt and "development" in result["by_split"]:
        result["by_split"]["cross-validation"] = result["by_split"]["development"]
        result["by_split"]["development"] = _all_of(learnt, policy)
    result["reasons"] = {name: policy.withheld for name, value in result.items() if value is None}
    return result


def _all_of(learnt: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    n, events = float(learnt["n_development"]), float(learnt["events"])
    shown = [_one(n, policy.small(n), policy), _one(events, policy.small(events, n), policy)]
    return {
        "n": _or_none(shown[0]),
        "events": _or_none(shown[1]),
        "share_events": _or_none(policy.estimate(shown[1] / shown[0])),
        "period_from": learnt["quarters"][0],
        "period_to": learnt["quarters"][1],
    }


def _merged_rules(admissions: Sequence[float], policy: Policy) -> list[list[int]]:
    # From the last box backwards, since the last is the cohort and always shown.
    boxes: list[list[int]] = []
    for i in range(len(admissions) - 1, -1, -1):
        if not boxes or admissions[i] - admissions[boxes[0][-1]] >= policy.threshold:
            boxes.insert(0, [i])
        else:
            boxes[0].insert(0, i)
    return boxes


def _spaced(counts: pd.Series, small: Any, policy: Policy) -> Floats:
    exact = counts.to_numpy(dtype=float)
    shown = np.where(small, np.nan, policy.rounded(exact))
    after = math.nan
    for i in range(len(exact) - 1, -1, -1):
        if abs(exact[i] - after) < policy.threshold:
            shown[i] = np.nan
        elif not math.isnan(shown[i]):
            after = exact[i]
    return shown


def _release_counts(result: pd.DataFrame, rows: pd.DataFrame, policy: Policy, events: Mapping[str, float]) -> None:
    for (split, total), within in rows.groupby(["split", "n"], sort=False):
        lists = [part for _, part in within.groupby(["section", "characteristic"], sort=False)]
        values = [part["value"].to_numpy() for part in lists]
        known = [events.get(split, math.nan), total - events.get(split, math.nan)]
        masks = protect_all(values, total, policy, keep=[np.isin(v, known) for v in values])
        for part, hidden in zip(lists, masks, strict=True):
            result.loc[part.index, "value"] = np.where(hidden, np.nan, policy.rounded(part["value"]))
            result.loc[part.index[hidden], "suppressed"] = policy.withheld


def _split(split: str, performance: pd.DataFrame, by_period: pd.DataFrame, policy: Policy) -> dict[str, Any]:
    rows = performance[(performance["split"] == split) & (performance["group"] == EVERYONE)]
    n, events = (float(rows[c].iloc[0]) if len(rows) else math.nan for c in ("n", "events"))
    periods = by_period.loc[by_period["split"] == split, "period"].astype(str).tolist()
    return {
        "n": _or_none(n),
        "events": _or_none(events),
        "share_events": _or_none(policy.estimate(events / n)),
        "period_from": min(periods, default=None),
        "period_to": max(periods, default=None),
    }


def _one(count: float, small: Any, policy: Policy) -> float:
    return math.nan if bool(small) else float(policy.rounded(count))


def _or_none(value: float) -> float | int | None:
    if math.isnan(value):
        return None
    return int(value) if value.is_integer() else value
