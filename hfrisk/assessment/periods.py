"""Stability over time: observed against expected, quarter by quarter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.calibration import exact_oe_interval
from hfrisk.assessment.scored import two_classes

__all__ = ["by_quarter"]


def by_quarter(
    event: npt.ArrayLike, risk: npt.ArrayLike, discharged: pd.Series, *, confidence: float = 0.95, least: int = 10
) -> pd.DataFrame:
    """Observed over expected events by calendar quarter of discharge.

    The interval is exact for Poisson counts (`exact_oe_interval`), not a bootstrap: a quarter may hold few events, and
    few people have two discharges within one.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    discharged
        Date of discharge, rows as in `event`.
    confidence
        Confidence of the interval.
    least
        Events, and non-events, below which a quarter has no ratio (NaN).

    Returns
    -------
    DataFrame
        period (such as ``2023 Q1``), n, events, expected (sum of the risks), oe_ratio, lower, upper; by time.
    """
    outcome, probability = two_classes(event, risk)
    date = pd.to_datetime(discharged.reset_index(drop=True))
    quarter = date.dt.year.astype(str) + " Q" + date.dt.quarter.astype(str)
    frame = pd.DataFrame({"period": quarter, "event": outcome, "risk": probability})
    table = (
        frame.groupby("period", sort=True)
        .agg(n=("event", "size"), events=("event", "sum"), expected=("risk", "sum"))
        .reset_index()
        .astype({"n": np.int64, "events": np.int64})
    )
    ratio = []
    for n, events, expected in zip(table["n"], table["events"], table["expected"], strict=True):
        if min(events, n - events) < least:
            ratio.append((np.nan, np.nan, np.nan))
        else:
            ratio.append((events / expected, *exact_oe_interval(int(events), float(expected), confidence)))
    table[["oe_ratio", "lower", "upper"]] = np.array(ratio, dtype=np.float64).reshape(-1, 3)
    return table
