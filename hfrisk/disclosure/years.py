"""Release of the years: sums of the quarters as they are shown."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.assessment.periods import year_of_quarter
from hfrisk.assessment.settings import Years
from hfrisk.disclosure.estimates import poisson_limits
from hfrisk.disclosure.policy import Policy

__all__ = ["release_by_year"]

_COUNTS = ["n", "events", "expected"]
_RATIO = ["oe_ratio", "lower", "upper"]
_AREA = ["auroc", "auroc_lower", "auroc_upper"]


def release_by_year(frame: pd.DataFrame, by_period: pd.DataFrame, policy: Policy, confidence: float) -> pd.DataFrame:
    """Years as the sums of their quarters as shown, so that no quarter that is withheld is what is left of a year.

    Parameters
    ----------
    frame
        `Results.by_year`. Its counts are not looked at; its AUROC is shown where the counts of the year are.
    by_period
        The quarters as released.
    policy
        The rules.
    confidence
        Confidence of the interval of observed over expected (0 to 1), which is Garwood's for the shown events.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``. A year of which a quarter is withheld shows no number.
    """
    result = frame.reset_index(drop=True).copy()
    result[[*_COUNTS, *_RATIO, *_AREA]] = result[[*_COUNTS, *_RATIO, *_AREA]].astype(float)
    years: Years = "financial" if result["period"].astype(str).str.contains("/").any() else "calendar"
    year = by_period["period"].map(lambda quarter: year_of_quarter(str(quarter), years)).rename("period")
    sums = by_period.groupby(["split", year])[_COUNTS].agg(lambda x: x.sum(skipna=False)).reset_index()
    shown = result[["split", "period"]].merge(sums, on=["split", "period"], how="left")[_COUNTS]
    shown = shown.where(shown.notna().all(axis=1))
    had_ratio = result["oe_ratio"].notna()
    result[_COUNTS] = shown
    hidden = shown["n"].isna()
    result["suppressed"] = hidden.map({True: policy.withheld, False: ""})
    low, high = poisson_limits(result["events"], confidence)
    for column, value in zip(_RATIO, (result["events"], low, high), strict=True):
        result[column] = (value / result["expected"]).where(had_ratio)
    result.loc[hidden, _AREA] = math.nan
    figures = [policy.figures_for(e, n - e) for n, e in zip(result["n"], result["events"], strict=True)]
    for column in (*_RATIO, *_AREA):
        result[column] = [policy.estimate(v, f) for v, f in zip(result[column], figures, strict=True)]
    result["expected"] = result["expected"].map(policy.estimate)
    return result
