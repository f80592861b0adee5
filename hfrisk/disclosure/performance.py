"""Release of the tables about how good the model is: performance, groups at the threshold, comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.assessment.results import CROSS, NOBODY, RATES, TREAT_ALL, at_capacity, at_threshold, at_weekly
from hfrisk.disclosure.crossed import NO_COUNTS, are_crossed, crossed_row, crossed_values, released_crossed
from hfrisk.disclosure.estimates import Estimate, People, net_benefit, released_difference, released_estimate
from hfrisk.disclosure.margins import Mask, protect
from hfrisk.disclosure.people import EVERYONE, SET, released_sets
from hfrisk.disclosure.policy import Policy

__all__ = [
    "GROUP_RATES",
    "Benefits",
    "benefits_shown",
    "rates_shown",
    "release_comparison",
    "release_performance",
    "release_threshold_groups",
]

Benefits = Mapping[tuple[str, str, str, str, str], float]
"""Net benefit, or a rate among those chosen, from shown counts, by model, split, group, level and measure name."""

CELLS = ["true_positives", "false_positives", "false_negatives", "true_negatives"]
GROUP_RATES = ["selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value"]

_TOO_FEW = "not computed: too few events or non-events for these rates"


def release_performance(frame: pd.DataFrame, policy: Policy, benefits: Benefits) -> pd.DataFrame:
    """Performance rows with shown counts, and estimates that give away no others.

    Parameters
    ----------
    frame
        `Results.performance`.
    policy
        The rules.
    benefits
        From `benefits_shown` and `rates_shown`; of groups taken together from `crossed.crossed_values`.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``.
    """
    pairs = released_crossed(frame, policy)
    sets = {_set(row): _people(row) for row in released_sets(frame, policy).to_dict("records")}
    rows = []
    for row in frame.to_dict("records"):
        key = _set(row)
        if CROSS in key[2]:
            rows.append(crossed_row(row, key, pairs, benefits, policy))
            continue
        people = sets[key]
        exact = Estimate(float(row["estimate"]), float(row["lower"]), float(row["upper"]))
        measure = str(row["measure"])
        benefit = benefits.get((*key, measure), math.nan)
        shown, why = released_estimate(str(row["model"]), measure, exact, people, policy, benefit)
        if row["reason"] == NOBODY:
            # That a count is nought is a small count like any other.
            row, why = row | {"reason": ""}, policy.dependent
        if not why and not people.shown:
            why = policy.withheld
        rows.append(_row(row, estimate=shown, people=people, suppressed=why))
    return _frame(rows, frame)


def release_threshold_groups(frame: pd.DataFrame, policy: Policy, sets: pd.DataFrame | None = None) -> pd.DataFrame:
    """Who is flagged, by group: the four cells rounded, the rates from the rounded cells.

    If one of the four cells of a group is withheld the other three go with it, since each follows from the margins; and
    over the levels of a group no cell can be worked out from everyone's (`margins.protect`). Of groups taken together only the rates
    are shown, in whole per cent (`crossed`).

    Parameters
    ----------
    frame
        `Results.threshold_groups`.
    policy
        The rules.
    sets
        From `people.released_sets`, what is shown of the same people elsewhere; made from `frame` by default.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``.
    """
    result = frame.reset_index(drop=True).copy()
    columns = ["n", "events", "flagged", *CELLS, *GROUP_RATES]
    result[columns] = result[columns].astype(float)
    result["suppressed"] = ""
    if result.empty:
        return result
    known = released_sets(result, policy) if sets is None else sets
    shown = result[SET].merge(known, on=SET, how="left")
    hide_cells = (result[CELLS] < policy.threshold).any(axis=1).to_numpy()
    hide_cells |= shown[["shown_n", "shown_events"]].isna().any(axis=1).to_numpy()
    hide_flagged = shown["shown_n"].isna().to_numpy() | policy.small(result["flagged"], result["n"])
    for _, within in result[~are_crossed(result["group"])].groupby(["model", "split", "threshold"], sort=False):
        whole = within[within["group"] == EVERYONE]
        for group, parts in within.groupby("group", sort=False):
            if group == EVERYONE:
                continue
            total = whole if len(whole) else parts
            hide_cells[parts.index] = _protect_cells(parts, total, hide_cells[parts.index], policy)
            flagged = parts["flagged"].to_numpy()
            hide_flagged[parts.index] = protect(flagged, total["flagged"].sum(), policy, hide_flagged[parts.index])
    exact_known = result[GROUP_RATES].notna()
    together = are_crossed(result["group"])
    hide_cells |= together
    hide_flagged |= together
    result["n"], result["events"] = shown["shown_n"], shown["shown_events"]
    for cell in CELLS:
        result[cell] = policy.rounded(result[cell].mask(hide_cells))
    # where the cells are shown, those flagged are their sum as shown: rounded apart, the two would narrow each other down
    added = result["true_positives"] + result["false_positives"]
    result["flagged"] = added.where(added.notna(), policy.rounded(result["flagged"].mask(hide_flagged)))
    tp, fp, fn, tn = (result[c] for c in CELLS)
    result["selection_rate"] = result["flagged"] / result["n"]
    result["true_positive_rate"] = tp / (tp + fn)
    result["false_positive_rate"] = fp / (fp + tn)
    result["positive_predictive_value"] = tp / (tp + fp)
    for rate in GROUP_RATES:
        result[rate] = result[rate].where(exact_known[rate]).map(policy.estimate)
    hidden = shown["shown_n"].isna() | shown["shown_events"].isna() | hide_cells | hide_flagged
    too_few = exact_known.any(axis=1) & ~exact_known.all(axis=1)
    result["suppressed"] = np.where(hidden, policy.withheld, np.where(too_few, _TOO_FEW, ""))
    return _rates_of_pairs(result, frame.reset_index(drop=True), together, policy)


def _rates_of_pairs(result: pd.DataFrame, exact: pd.DataFrame, together: Mask, policy: Policy) -> pd.DataFrame:
    """The rates of groups taken together, in whole per cent, where they may leave."""
    if not together.any():
        return result
    allowed = released_crossed(exact, policy)
    values = crossed_values(exact, pd.DataFrame(), policy)
    names = dict(zip(GROUP_RATES, ("selection_rate", "sensitivity", "false_positive_rate", "ppv"), strict=True))
    for i in np.flatnonzero(together):
        row = exact.loc[i].to_dict()
        key = _set(row)
        shown = {
            rate: round(values.get((*key, at_threshold(name, row["threshold"])), math.nan), 2)
            for rate, name in names.items()
            if key in allowed and not math.isnan(row[rate])
        }
        for rate, value in shown.items():
            result.loc[i, rate] = value
        result.loc[i, "suppressed"] = policy.withheld if all(map(math.isnan, shown.values())) else NO_COUNTS
    return result


def release_comparison(frame: pd.DataFrame, policy: Policy, benefits: Benefits) -> pd.DataFrame:
    """Differences between models on the same people.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``.
    """
    rows = []
    for row in frame.to_dict("records"):
        n, events = float(row["n"]), float(row["events"])
        hide = bool(policy.small(n)), bool(policy.small(n) | policy.small(events, n))
        people = People(
            n,
            events,
            math.nan if hide[0] else float(policy.rounded(n)),
            math.nan if hide[1] else float(policy.rounded(events)),
        )
        exact = Estimate(float(row["difference"]), float(row["lower"]), float(row["upper"]))
        measure, split = str(row["measure"]), str(row["split"])
        a, b = (
            benefits.get((str(row[m]), split, EVERYONE, EVERYONE, measure), math.nan) for m in ("model_a", "model_b")
        )
        shown, why = released_difference(measure, exact, people, policy, a - b)
        if not why and not people.shown:
            why = policy.withheld
        rows.append(_row(row, difference=shown, people=people, suppressed=why))
    return _frame(rows, frame)


def benefits_shown(decision: pd.DataFrame, cells: pd.DataFrame) -> Benefits:
    """Net benefit of everyone and of groups from released counts, by the names of the performance table; that of `TREAT_ALL` too.

    Parameters
    ----------
    decision
        Released decision curve.
    cells
        Released groups at the threshold.
    """
    found: dict[tuple[str, str, str, str, str], float] = {}
    for row in cells.to_dict("records"):
        key = (row["model"], row["split"], row["group"], row["level"], _benefit_name(row["threshold"]))
        found[key] = net_benefit(row["true_positives"], row["false_positives"], row["n"], row["threshold"])
    for row in decision.to_dict("records"):
        key = (row["model"], row["split"], EVERYONE, EVERYONE, _benefit_name(row["threshold"]))
        false_positives = row["flagged"] - row["true_positives"]
        found[key] = net_benefit(row["true_positives"], false_positives, row["n"], row["threshold"])
        all_events = net_benefit(row["events"], row["n"] - row["events"], row["n"], row["threshold"])
        found[TREAT_ALL, *key[1:]] = all_events
    return found


def rates_shown(
    decision: pd.DataFrame,
    cells: pd.DataFrame,
    capacity: pd.DataFrame,
    weekly: pd.DataFrame,
    capacity_groups: pd.DataFrame | None = None,
) -> Benefits:
    """`RATES` (sensitivity, PPV ...) from released counts, by the names of the performance table.

    Everyone's at the decision threshold are those of the table by group where it shows them, so that a reader finds one number.

    Parameters
    ----------
    decision
        Released decision curve.
    cells
        Released groups at the threshold.
    capacity, weekly
        Released capacity tables: of the whole period, and of each site and week.
    capacity_groups
        Released table of groups at capacity.
    """
    found: dict[tuple[str, str, str, str, str], float] = {}
    for frame, chosen, hits, where, name in (
        (decision, "flagged", "true_positives", "threshold", at_threshold),
        (capacity, "reviewed", "events_found", "share", at_capacity),
        (weekly, "reviewed", "events_found", "reviews", at_weekly),
    ):
        for row in frame.to_dict("records"):
            tp, fp = row[hits], row[chosen] - row[hits]
            fn = row["events"] - tp
            rates = _rates(tp, fp, fn, row["n"] - row["events"] - fp)
            place = (row["model"], row["split"], EVERYONE, EVERYONE)
            found |= {(*place, name(rate, row[where])): value for rate, value in rates.items()}
    for row in cells.to_dict("records"):
        place = (row["model"], row["split"], row["group"], row["level"])
        rates = _rates(*(row[cell] for cell in CELLS))
        # of a small group how many are flagged may be shown where its cells are not
        rates["selection_rate"] = row["flagged"] / row["n"]
        found |= {(*place, at_threshold(rate, row["threshold"])): v for rate, v in rates.items() if not math.isnan(v)}
    for row in [] if capacity_groups is None else capacity_groups.to_dict("records"):
        place = (row["model"], row["split"], row["group"], row["level"])
        tp, chosen = row["events_found"], row["reviewed"]
        rates = _rates(tp, chosen - tp, row["events"] - tp, row["n"] - row["events"] - chosen + tp)
        rates["selection_rate"] = chosen / row["n"]
        found |= {(*place, at_capacity(rate, row["share"])): v for rate, v in rates.items() if not math.isnan(v)}
    return found


def _rates(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    """The rates of four shown cells; NaN where one is withheld, or where rounding leaves none of them."""
    if not min(tp, fp, fn, tn) > 0:
        return dict.fromkeys(RATES, math.nan)
    chosen, n = tp + fp, tp + fp + fn + tn
    values = (tp / (tp + fn), tn / (tn + fp), tp / chosen, tn / (tn + fn), chosen / tp, chosen / n, fp / (tn + fp))
    return dict(zip(RATES, values, strict=True))


def _benefit_name(threshold: float) -> str:
    return at_threshold("net_benefit", threshold)


def _protect_cells(parts: pd.DataFrame, total: pd.DataFrame, first: Mask, policy: Policy) -> Mask:
    hidden = first
    while True:
        wider = hidden
        for cell in CELLS:
            wider = protect(parts[cell].to_numpy(), total[cell].sum(), policy, wider)
        if (wider == hidden).all():
            return hidden
        hidden = wider


def _set(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return str(row["model"]), str(row["split"]), str(row["group"]), str(row["level"])


def _people(row: Mapping[str, Any]) -> People:
    return People(*(float(row[k]) for k in ("n", "events", "shown_n", "shown_events")))


def _row(row: dict[str, Any], *, people: People, suppressed: str, **shown: Estimate) -> dict[str, Any]:
    ((name, estimate),) = shown.items()
    return row | {
        name: estimate.value,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "n": people.shown_n,
        "events": people.shown_events,
        "suppressed": suppressed,
    }


def _frame(rows: list[dict[str, Any]], like: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*like.columns, "suppressed"])
