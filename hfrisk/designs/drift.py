"""Drift: whether risks stay true month after month, and whether the people are still those of development.

The population stability index (PSI) of a distribution a against a reference e over bins is ``sum (a - e) ln(a / e)``, the symmetrised
Kullback-Leibler divergence (Siddiqi, Credit Risk Scorecards, 2006; Lewis 1994, whose limits 0.10 and 0.25 are customs of credit
scoring, not of medicine). It is never 0 in a finite sample: with B bins, m and n people it is about ``(1/m + 1/n)`` times a chi-squared
with B - 1 degrees of freedom if nothing has changed (Yurdakul and Naranjo, J Risk Model Validation 2020;14(4):89), whose 95th centile
stands beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2, norm

from hfrisk.assessment.calibration import exact_oe_interval
from hfrisk.assessment.scored import Array
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.designs.estimates import NOT_FITTED, auroc_on_logit
from hfrisk.designs.results import COLUMNS
from hfrisk.designs.settings import DesignSettings

__all__ = ["by_month", "feature_shifts", "joined_months", "stability_index"]

_BINS = 10


def stability_index(reference: npt.ArrayLike, values: npt.ArrayLike, bins: int = _BINS) -> tuple[float, float]:
    """PSI of `values` against `reference`, and its 95th centile if nothing had changed.

    Parameters
    ----------
    reference, values
        Numbers; NaN is not recorded, and has a bin of its own.
    bins
        Most bins; edges are quantiles of the reference, or each of its values where there are no more of them.

    Returns
    -------
    tuple
        An empty bin counts as half a discharge (of the one side that lacks it). NaN where one side is empty.
    """
    before, now = np.asarray(reference, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if len(before) == 0 or len(now) == 0:
        return float("nan"), float("nan")
    edges = _edges(before[~np.isnan(before)], bins)
    counts = [_counts(x, edges) for x in (before, now)]
    used = (counts[0] > 0) | (counts[1] > 0)
    e, a = (np.maximum(count[used], 0.5) / count.sum() for count in counts)
    index = float(((a - e) * np.log(a / e)).sum())
    return index, float(chi2.ppf(0.95, max(int(used.sum()) - 1, 1))) * (1 / len(before) + 1 / len(now))


def _edges(recorded: Array, bins: int) -> Array:
    """Where bins begin, but for the first: a value each where there are few, else quantiles."""
    distinct = np.unique(recorded)
    if len(distinct) <= bins:
        return distinct[1:]
    edges = np.unique(np.quantile(recorded, np.arange(1, bins) / bins))
    above = edges[edges > distinct[0]]
    # Nearly all at the lowest value: they are one bin, and everybody above them the other.
    return above if len(above) else distinct[1:2]


def _counts(values: Array, edges: Array) -> Array:
    bins = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    return np.bincount(bins, minlength=len(edges) + 2).astype(np.float64)


def joined_months(discharged: pd.Series, event: npt.ArrayLike, least: int) -> pd.Series:
    """The period of each discharge: months joined until each period has so many events and non-events.

    Parameters
    ----------
    discharged
        Dates of discharge.
    event
        0 or 1.
    least
        Events, and non-events, of a period. A rest at the end joins the period before it.

    Returns
    -------
    Series
        Such as ``2023-01`` or ``2023-01 to 2023-02``; one period if there are fewer in all.
    """
    month = pd.to_datetime(discharged.reset_index(drop=True)).dt.strftime("%Y-%m")
    outcome = np.asarray(event, dtype=np.float64)
    counted = pd.DataFrame({"events": outcome, "others": 1 - outcome}).groupby(month.to_numpy(), sort=True).sum()
    periods: list[list[str]] = [[]]
    events = others = 0.0
    for name, row in counted.iterrows():
        periods[-1].append(str(name))
        events, others = events + row["events"], others + row["others"]
        if min(events, others) >= least:
            periods.append([])
            events = others = 0.0
    rest = periods.pop()
    if periods:
        periods[-1] += rest
    else:
        periods = [rest] if rest else []
    named = {m: p[0] if p[0] == p[-1] else f"{p[0]} to {p[-1]}" for p in periods for m in p}
    return month.map(named)


def by_month(
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    person: npt.ArrayLike,
    discharged: pd.Series,
    reference: npt.ArrayLike,
    settings: DesignSettings,
    assessment: AssessmentSettings,
) -> pd.DataFrame:
    """O/E, AUROC and PSI of risk by period of the test.

    Parameters
    ----------
    event, risk, person, discharged
        Of the test, one entry a discharge.
    reference
        Risks of development, predicted out of fold: what the model says of people whom it has not seen.
    settings, assessment
        Events of a period; confidence.

    Returns
    -------
    DataFrame
        `Designs.drift`. The interval of O/E is Garwood's, that of AUROC the clustered DeLong on the log-odds.
    """
    outcome, predicted = np.asarray(event, dtype=np.float64), np.asarray(risk, dtype=np.float64)
    who, period = np.asarray(person), joined_months(discharged, outcome, settings.drift_events).to_numpy()
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(sorted(period)):
        chosen = period == name
        n, events = int(chosen.sum()), int(outcome[chosen].sum())
        few = min(events, n - events) < assessment.minimum_for_anything
        reason = f"fewer than {assessment.minimum_for_anything} events or non-events" if few else ""
        nothing = (np.nan, np.nan, np.nan)
        expected = float(predicted[chosen].sum())
        ratio = nothing if few else (events / expected, *exact_oe_interval(events, expected, assessment.confidence))
        area = nothing
        if not few:
            found = auroc_on_logit(outcome[chosen], predicted[chosen], who[chosen])
            half = reach * found.variance**0.5 if found.known else np.nan
            ends = (found.value, found.value - half, found.value + half)
            area = (_share(ends[0]), _share(ends[1]), _share(ends[2]))
        psi, by_chance = stability_index(reference, predicted[chosen])
        for measure, values, why in (
            ("oe_ratio", ratio, reason),
            ("auroc", area, reason or ("" if np.isfinite(area[1]) else NOT_FITTED)),
            ("psi", (psi, np.nan, np.nan), ""),
            ("psi_expected", (by_chance, np.nan, np.nan), ""),
        ):
            limits = dict(zip(("estimate", "lower", "upper"), values, strict=True))
            rows.append({"period": name, "measure": measure, **limits, "n": n, "events": events, "reason": why})
    return pd.DataFrame(rows, columns=COLUMNS["drift"].split())


def _share(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def feature_shifts(reference: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """PSI of each feature, the test against development (`Designs.feature_shifts`), the largest first."""
    rows = []
    for name in reference.columns:
        index, by_chance = stability_index(reference[name].to_numpy(), now[name].to_numpy())
        reason = "" if np.isfinite(index) else "nobody to compare"
        rows.append({"feature": name, "estimate": index, "expected": by_chance, "n": len(now), "reason": reason})
    frame = pd.DataFrame(rows, columns=COLUMNS["feature_shifts"].split())
    return frame.sort_values(["estimate", "feature"], ascending=[False, True], ignore_index=True)
