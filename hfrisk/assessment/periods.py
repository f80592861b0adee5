"""Stability over time: observed against expected by quarter, and ranking too by year."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.calibration import exact_oe_interval
from hfrisk.assessment.discrimination import delong
from hfrisk.assessment.scored import two_classes
from hfrisk.assessment.settings import Years

__all__ = ["by_quarter", "by_year", "year_of_quarter"]


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
    frame = pd.DataFrame({"period": _quarters(date), "event": outcome, "risk": probability})
    return _observed_over_expected(frame, confidence, least)


def by_year(
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    person: npt.ArrayLike,
    discharged: pd.Series,
    *,
    years: Years = "financial",
    confidence: float = 0.95,
    least: int = 10,
) -> pd.DataFrame:
    """Observed over expected, and ranking, by year of discharge.

    Parameters
    ----------
    event, risk, discharged, confidence, least
        As in `by_quarter`.
    person
        Identifier of the person of each discharge.
    years
        ``financial`` (April to March, as the NHS counts) or ``calendar``; both are whole quarters.

    Returns
    -------
    DataFrame
        period (``2023/24`` or ``2023``), quarters (how many of them hold a discharge), n, events, expected, oe_ratio, lower, upper (exact
        for Poisson counts), auroc, auroc_lower, auroc_upper (DeLong for clustered discharges, Obuchowski 1997, on the log-odds); by time.
    """
    outcome, probability = two_classes(event, risk)
    who = np.asarray(person)
    quarter = _quarters(pd.to_datetime(discharged.reset_index(drop=True)))
    year = quarter.map({name: year_of_quarter(name, years) for name in quarter.unique()})
    frame = pd.DataFrame({"period": year, "event": outcome, "risk": probability})
    table = _observed_over_expected(frame, confidence, least)
    table.insert(1, "quarters", table["period"].map(quarter.groupby(year).nunique()).astype(np.int64))
    reach = float(norm.ppf(0.5 + confidence / 2))
    areas = []
    for row in table.itertuples():
        chosen = (year == row.period).to_numpy()
        if min(row.events, row.n - row.events) < least:
            areas.append((np.nan, np.nan, np.nan))
        else:
            areas.append(_area(*delong(outcome[chosen], probability[chosen], who[chosen]), reach))
    table[["auroc", "auroc_lower", "auroc_upper"]] = np.array(areas, dtype=np.float64).reshape(-1, 3)
    return table


def year_of_quarter(quarter: str, years: Years) -> str:
    """The year in which a calendar quarter such as ``2023 Q1`` lies: ``2022/23`` or ``2023``."""
    year, number = int(quarter[:4]), int(quarter[-1])
    if years == "calendar":
        return str(year)
    first = year if number > 1 else year - 1
    return f"{first}/{(first + 1) % 100:02d}"


def _area(area: float, variance: float, reach: float) -> tuple[float, float, float]:
    if not (variance > 0 and 0 < area < 1):
        return area, math.nan, math.nan
    middle, half = math.log(area / (1 - area)), reach * math.sqrt(variance) / (area * (1 - area))
    return area, 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))


def _quarters(date: pd.Series) -> pd.Series:
    return date.dt.year.astype(str) + " Q" + date.dt.quarter.astype(str)


def _observed_over_expected(frame: pd.DataFrame, confidence: float, least: int) -> pd.DataFrame:
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
