"""Release of how people were counted: by which evidence, by which rule at the time of scoring, and under other definitions.

Other definitions are nearly the same people: what two of them differ by is a number of people too. A count that differs by
fewer than the threshold from one that is already shown takes that one's place, as boxes of the flow diagram are joined; and a
definition whose difference from the study's own would narrow down one day of the incidence curve (the one without
readmissions on the day of discharge, say) keeps its outcomes to itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import wilson_limits
from hfrisk.disclosure.margins import protect
from hfrisk.disclosure.policy import Floats, Policy

__all__ = ["apart", "release_eligibility", "release_sensitivity", "release_strategies"]

_COUNTS = ["index_discharges", "persons", "events", "readmitted", "died"]
_SHARES = ["rate", "readmission", "lower", "upper", "death"]


def release_strategies(strategies: Mapping[str, Mapping[str, int]], policy: Policy) -> pd.DataFrame:
    """How it was told, with the number of spells (or stays) each way.

    Parameters
    ----------
    strategies
        `Cohort.strategies`: for ``heart_failure`` and ``unplanned``, spells by what told them (all of them together are in the
        flow diagram); for ``spells``, all ``stays`` and those that each kind of evidence joined to another.
    policy
        The rules.

    Returns
    -------
    DataFrame
        question, told_by, n, of (what n is a part of), suppressed.
    """
    rows: list[dict[str, Any]] = []
    for question, found in strategies.items():
        counts = {name: float(count) for name, count in found.items()}
        # Stays that nothing joined are no number of their own, but all stays and all spells are.
        total = counts.pop("stays", None)
        whole = sum(counts.values()) if total is None else total
        parts = np.array(list(counts.values()))
        listed = parts if total is None else np.append(parts, whole - parts.sum())
        hidden = protect(listed, whole, policy)[: len(parts)] if len(parts) > 1 else policy.small(parts)
        shown = math.nan if bool(policy.small(whole)) else float(policy.rounded(whole))
        if total is not None:
            rows.append({"question": question, "told_by": "stays", "n": shown, "of": shown})
        for (name, count), hide in zip(counts.items(), hidden, strict=True):
            rows.append(
                {
                    "question": question,
                    "told_by": name,
                    "n": math.nan if hide else float(policy.rounded(count)),
                    "of": shown,
                }
            )
    result = pd.DataFrame(rows, columns=["question", "told_by", "n", "of"])
    result["suppressed"] = np.where(result[["n", "of"]].isna().any(axis=1), policy.withheld, "")
    return result


def release_eligibility(frame: pd.DataFrame | None, policy: Policy, confidence: float) -> pd.DataFrame:
    """Whom the rule at the time of scoring finds: its sensitivity and its positive predictive value, from the shown counts.

    Parameters
    ----------
    frame
        `Cohort.eligibility`: coded, eligible, both; None or empty where the study could not look.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).

    Returns
    -------
    DataFrame
        coded, eligible, both, sensitivity, sensitivity_low, sensitivity_high, ppv, ppv_low, ppv_high, suppressed.
    """
    columns = ["coded", "eligible", "both"]
    shares = [f"{name}{end}" for name in ("sensitivity", "ppv") for end in ("", "_low", "_high")]
    rows = []
    for exact in [] if frame is None else frame[columns].astype(float).to_dict("records"):
        both = exact["both"]
        small = {name: bool(policy.small(exact[name])) for name in ("coded", "eligible")}
        # Those whom only one of the two finds are cells like any other.
        hide = any(small.values()) or bool(policy.small(both, exact["coded"]) | policy.small(both, exact["eligible"]))
        row = {name: math.nan if small[name] else float(policy.rounded(exact[name])) for name in small}
        row["both"] = math.nan if hide else float(policy.rounded(both))
        row |= dict.fromkeys(shares, math.nan)
        if not hide:
            for name, of in (("sensitivity", row["coded"]), ("ppv", row["eligible"])):
                found = min(row["both"], of)
                values = (found / of, *wilson_limits(found, of, confidence))
                figures = policy.figures_for(found, of - found)
                row |= {
                    f"{name}{end}": policy.estimate(value, figures)
                    for end, value in zip(("", "_low", "_high"), values, strict=True)
                }
        rows.append(row | {"suppressed": policy.withheld if hide else ""})
    return pd.DataFrame(rows, columns=[*columns, *shares, "suppressed"])


def release_sensitivity(
    frame: pd.DataFrame | None,
    incidence: pd.DataFrame,
    policy: Policy,
    confidence: float,
    shown: Mapping[str, float | None],
) -> pd.DataFrame:
    """Other definitions beside the study's own.

    Parameters
    ----------
    frame
        `hfrisk.cohort.sensitivity_cohorts`; its first row is the study's own definition. None or empty where there are none.
    incidence
        The exact curve of the study's own definition (`incidence.exact_incidence`).
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    shown
        ``events``, ``readmitted`` and ``died`` as page one shows them; None where it withholds them.

    Returns
    -------
    DataFrame
        name, index_discharges, persons, events, readmitted, died (counts by the last day), rate (of events, among those not
        censored), day, readmission, lower, upper, death (shares by that day), near (why a count stands for another), suppressed.
    """
    columns = ["name", *_COUNTS, "rate", "day", *_SHARES[1:], "near", "suppressed"]
    if frame is None or frame.empty:
        return pd.DataFrame(columns=columns)
    exact = _exact_counts(frame)
    hidden = _hidden(exact, incidence, policy, shown)
    result = pd.DataFrame({"name": frame["name"].astype(str), "day": frame["incidence_day"].astype(int)})
    near = np.zeros(len(exact), dtype=bool)
    for column in _COUNTS:
        result[column], replaced = apart(exact[column].to_numpy(), hidden[column].to_numpy(), policy)
        near |= replaced
    n = exact["index_discharges"]
    followed = np.where(
        n - exact["followed"] < policy.threshold, result["index_discharges"], policy.rounded(exact["followed"])
    )
    result["rate"] = result["events"] / followed
    result["readmission"] = result["readmitted"] / result["index_discharges"]
    result["death"] = result["died"] / result["index_discharges"]
    pairs = list(zip(result["readmitted"], result["index_discharges"], strict=True))
    limits = [wilson_limits(events, size, confidence) for events, size in pairs]
    result[["lower", "upper"]] = np.array(limits, dtype=float).reshape(-1, 2)
    deaths = list(zip(result["died"], result["index_discharges"], strict=True))
    for column in _SHARES:
        counted = deaths if column == "death" else pairs
        figures = [policy.figures_for(events, size - events) for events, size in counted]
        result[column] = [policy.estimate(x, f) for x, f in zip(result[column], figures, strict=True)]
    words = (
        f"a count that differs by fewer than {policy.threshold} from that of another definition is shown as that one"
    )
    result["near"] = np.where(near, words, "")
    result["suppressed"] = np.where(result[_COUNTS].isna().any(axis=1), policy.withheld, "")
    return result[columns]


def _exact_counts(frame: pd.DataFrame) -> pd.DataFrame:
    n = frame["index_discharges"].astype(float)
    followed = (frame["events"].astype(float) / frame["rate"].astype(float)).round().where(lambda x: x > 0, n)
    return pd.DataFrame(
        {
            "index_discharges": n,
            "followed": followed,
            "persons": frame["persons"].astype(float),
            "events": frame["events"].astype(float),
            "readmitted": (frame["readmission"].astype(float) * n).round(6).fillna(0.0),
            "died": (frame["death"].astype(float) * n).round(6).fillna(0.0),
        }
    )


def _hidden(
    exact: pd.DataFrame, incidence: pd.DataFrame, policy: Policy, shown: Mapping[str, float | None]
) -> pd.DataFrame:
    n = exact["index_discharges"]
    neither = policy.small(n - exact["readmitted"] - exact["died"])
    hidden = pd.DataFrame({name: policy.small(exact[name]) for name in _COUNTS}, index=exact.index)
    for name in ("events", "readmitted", "died"):
        hidden[name] |= policy.small(exact[name], n) | hidden["index_discharges"]
    hidden["died"] |= neither
    # What page one withholds of the study's own definition is withheld here too, in every row: they are nearly the same people.
    for name in ("events", "readmitted", "died"):
        if shown.get(name) is None:
            hidden[name] = True
    for state, columns in (("readmitted", ["events", "readmitted"]), ("died", ["events", "died"])):
        mine, curve = float(exact[state].iloc[0]), incidence[incidence["state"] == state]
        for place in exact.index[1:]:
            other = float(exact.loc[place, state])
            if any(_narrowed(mine, other, days, policy) for days in _days(curve, policy)):
                hidden.loc[place, columns] = True
    return hidden


def _days(curve: pd.DataFrame, policy: Policy) -> Iterator[float]:
    # What the curve gives: the people of its first days, and of its last ones.
    cumulative = curve["events"].to_numpy(dtype=float)
    total = cumulative[-1] if len(cumulative) else 0.0
    for count in cumulative:
        for part in (count, total - count):
            if part >= policy.threshold:
                yield float(part)


def _narrowed(mine: float, other: float, part: float, policy: Policy) -> bool:
    """Whether `part` of the curve less what two definitions differ by is few people, and known to be one of fewer than base numbers."""
    left = part - (mine - other)
    if not 0 <= left < policy.threshold:
        return False
    if abs(mine - other) < policy.threshold:
        return False  # the other is shown as the study's own
    ranges = [policy.stands_for(policy.rounded(x)) for x in (part, other, mine)]
    (_, part_high), (_, other_high), (mine_low, _) = ranges
    highest = float(part_high + other_high - mine_low)
    return highest + 1 < policy.base


def apart(counts: Floats, hidden: Any, policy: Policy) -> tuple[Floats, Any]:
    """Counts as shown, each either at least the threshold away from all others that are shown, or the same as one of them."""
    shown = np.full(len(counts), np.nan)
    replaced = np.zeros(len(counts), dtype=bool)
    anchors: list[float] = []
    for place, count in enumerate(counts):
        if hidden[place]:
            continue
        nearest = min(anchors, key=lambda a: abs(a - count), default=math.nan)
        if abs(nearest - count) < policy.threshold:
            replaced[place], count = True, nearest  # said of an equal count too, else it would tell that none differs
        else:
            anchors.append(float(count))
        shown[place] = float(policy.rounded(count))
    return shown, replaced
