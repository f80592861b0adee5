"""Cumulative incidence of readmission and of death before it, day by day: Aalen and Johansen's estimator, never 1 - Kaplan-Meier."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.special import ndtri

from hfrisk.cdm import Cdm

__all__ = ["cumulative_incidence", "first_states_by_day"]

_CONFIDENCE = 0.95


def first_states_by_day(cdm: Cdm, index: ir.Table, last_day: int) -> pd.DataFrame:
    """How many index discharges reached which first state on which day, and how many were last seen on it.

    Returns
    -------
    DataFrame
        One row a day from 0 to `last_day`: ``day``, ``readmitted``, ``died``, ``censored`` (last seen alive and at home on that day).
    """
    day = ibis.coalesce(index.outcome_day, ibis.least(index.follow_up_days, last_day)).cast("int64")
    rows = index.select("state", day=day)
    counted = cdm.frame(rows.group_by("state", "day").aggregate(n=rows.count()), "cumulative incidence")
    days = pd.DataFrame({"day": np.arange(last_day + 1)})
    for column, states in (("readmitted", ["readmitted"]), ("died", ["died"]), ("censored", ["none", "censored"])):
        of_state = counted[counted["state"].isin(states)].groupby("day")["n"].sum()
        days[column] = days["day"].map(of_state).fillna(0).astype("int64")
    return days


def cumulative_incidence(days: pd.DataFrame) -> pd.DataFrame:
    """The probability of having been readmitted, and of having died first, by the end of each day.

    Parameters
    ----------
    days
        From `first_states_by_day`. Events of a day come before the end of anybody's follow-up on that day.

    Returns
    -------
    DataFrame
        ``day``, ``at_risk`` (at the beginning of the day), ``readmitted``, ``died``, ``censored``; ``readmission`` and ``death``
        (proportions), each with ``_low`` and ``_high``: 95 % intervals on the complementary log-log scale.

    Notes
    -----
    Variance by the delta method (Marubini and Valsecchi 1995, section 10.2, as in Choudhury, Stat Med 2002;21:1129-44). Discharges of one
    person are taken as independent.
    """
    counts = days[["readmitted", "died", "censored"]].to_numpy(dtype=np.float64)
    leaving = counts.sum(axis=1)
    at_risk = leaving.sum() - np.concatenate([[0.0], np.cumsum(leaving)[:-1]])
    events = counts[:, 0] + counts[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(at_risk > 0, events / at_risk, 0.0)
        free_before = np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])
        result = days.assign(at_risk=at_risk.astype("int64"))
        for name, column in (("readmission", 0), ("death", 1)):
            step = np.where(at_risk > 0, free_before * counts[:, column] / at_risk, 0.0)
            incidence = np.cumsum(step)
            error = np.sqrt(_variance(incidence, free_before, counts[:, column], events, at_risk))
            low, high = _interval(incidence, error)
            result[name], result[f"{name}_low"], result[f"{name}_high"] = incidence, low, high
    return result


def _variance(
    incidence: np.ndarray, free_before: np.ndarray, of_cause: np.ndarray, events: np.ndarray, at_risk: np.ndarray
) -> np.ndarray:
    """Variance of the cumulative incidence of one cause at the end of each day."""
    n = np.where(at_risk > 0, at_risk, np.nan)
    all_gone = np.where(n - events > 0, events / (n * (n - events)), 0.0)
    within = free_before**2 * (n - of_cause) * of_cause / n**3
    across = free_before * of_cause / n**2
    total = np.empty(len(incidence))
    for t in range(len(incidence)):
        gap = incidence[t] - incidence[: t + 1]
        parts = gap**2 * all_gone[: t + 1] + within[: t + 1] - 2 * gap * across[: t + 1]
        total[t] = np.nansum(parts)
    return np.asarray(np.maximum(total, 0.0))


def _interval(incidence: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """On the scale of log(-log): inside 0 and 1, and open where nothing happened yet."""
    z = float(ndtri(0.5 + _CONFIDENCE / 2))
    inside = (incidence > 0) & (incidence < 1)
    safe = np.where(inside, incidence, 0.5)
    spread = z * error / (safe * np.abs(np.log(safe)))
    low = np.where(inside, safe ** np.exp(spread), np.nan)
    high = np.where(inside, safe ** np.exp(-spread), np.nan)
    return low, high
