"""Release of the cumulative incidence: a curve whose every step is enough people, and why that is safe.

A cumulative incidence by day is a list of daily counts in disguise: with n, the height at each day gives the people who
came back on that day, who are often few. What leaves is therefore the same curve in longer steps, for each outcome apart:

- Days are joined until the step holds at least `Policy.step` people (the threshold, as a multiple of the rounding base);
  what is left over at the end joins the last step, which always ends on the last day.
- What is shown at the end of a step is the *cumulative* count, rounded like any other count, over n as shown elsewhere.
  Share and interval are computed from these two, so that no digit of them holds anything that the counts do not.
- The last cumulative count is the number of people with that outcome that page one shows. Where page one withholds it, no
  point of the curve is shown.

Why nothing small can be worked out, for a reader who knows these rules: each cumulative count can be any of at least
``base`` numbers, or of those from the threshold on if it is the threshold itself as shown. A smallest step that is a multiple
of the base ties the counts of neighbouring days to each other without narrowing any of them: if all of them lie e above what
is shown, all steps are as long as shown, for every e that rounding allows. (A smallest step that is not such a multiple can
pin all of them: at threshold 12 and base 5, 15, 25 and 35 as shown can only be 13, 25 and 37.) A day inside a step is known
to have had fewer than `Policy.step` people, which is what is said of every withheld count, and can have had any such number.
Nobody still at risk is counted by day at all. The tests play this reader against random histories.

With follow-up that is not complete, n times the Aalen-Johansen estimate takes the place of the count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import wilson_limits
from hfrisk.disclosure.policy import Floats, Policy

__all__ = ["OUTCOMES", "exact_incidence", "release_incidence", "step_ends"]

OUTCOMES = {"readmitted": "readmission", "died": "death"}
"""The states of a person that end the wait, and the columns of their cumulative incidence."""

_COLUMNS = ["state", "day", "n", "events", "share", "lower", "upper"]
_Z = 1.959964


def exact_incidence(frame: pd.DataFrame, n: float) -> pd.DataFrame:
    """The cohort's curve, one row a day and outcome.

    Parameters
    ----------
    frame
        `Cohort.incidence`.
    n
        Index discharges.

    Returns
    -------
    DataFrame
        state, day, n, events (cumulative, n times the share where follow-up is incomplete), share, lower, upper, and
        ``new`` (people who had the outcome on that day).
    """
    parts = []
    complete = _complete(frame)
    for state, name in OUTCOMES.items():
        share = frame[name].astype(float)
        cumulative = frame[state].astype(float).cumsum() if complete else (share * n).round(6)
        part = pd.DataFrame({"state": state, "day": frame["day"].astype(int), "n": float(n), "events": cumulative})
        part["share"], part["new"] = share, frame[state].astype(float)
        part["lower"], part["upper"] = frame[f"{name}_low"].astype(float), frame[f"{name}_high"].astype(float)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[[*_COLUMNS, "new"]]


def release_incidence(
    frame: pd.DataFrame, n: float, shown: Mapping[str, float | None], policy: Policy, confidence: float
) -> pd.DataFrame:
    """The curve as it may leave.

    Parameters
    ----------
    frame
        `Cohort.incidence`.
    n
        Index discharges, exact.
    shown
        People with each outcome as page one shows them; None where it withholds them.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).

    Returns
    -------
    DataFrame
        state, day (the last of its step), n, events (cumulative), share, lower, upper, suppressed. One row with its reason,
        at the last day, for an outcome that may not be shown.

    Raises
    ------
    ValueError
        If the curve does not end in the number that page one shows (a fault of ours).
    """
    exact = exact_incidence(frame, n)
    complete = _complete(frame)
    rows: list[dict[str, Any]] = []
    size = math.nan if bool(policy.small(n)) else float(policy.rounded(n))
    for state, part in exact.groupby("state", sort=False):
        total = shown.get(str(state))
        ends = [] if total is None or math.isnan(size) else step_ends(part["new"].to_numpy(), policy)
        if not ends:
            last = {"state": state, "day": part["day"].iloc[-1], "n": size, "suppressed": policy.withheld}
            rows.append(dict.fromkeys(_COLUMNS, math.nan) | last)
            continue
        if complete and float(policy.rounded(part["events"].iloc[-1])) != total:
            raise ValueError(f"the curve of {state} does not end in the number of page one")
        for row in part.iloc[ends].to_dict("records"):
            events = float(policy.rounded(row["events"]))
            lower, upper = wilson_limits(events, size if complete else _effective(row, size, policy), confidence)
            figures = policy.figures_for(events, size - events)
            shares = [policy.estimate(x, figures) for x in (events / size, lower, upper)]
            rows.append(
                dict(zip(_COLUMNS, (state, row["day"], size, events, *shares), strict=True)) | {"suppressed": ""}
            )
    return pd.DataFrame(rows, columns=[*_COLUMNS, "suppressed"]).astype({"day": int})


def step_ends(new: Floats, policy: Policy) -> list[int]:
    """Where the steps end: positions in `new` (people by day), the last of which is always the last; none if all are too few."""
    ends: list[int] = []
    so_far = 0.0
    for place, count in enumerate(new):
        so_far += float(count)
        if so_far >= policy.step:
            ends.append(place)
            so_far = 0.0
    if ends:
        ends[-1] = len(new) - 1
    return ends


def _complete(frame: pd.DataFrame) -> bool:
    """Whether everyone was seen to the last day: who has neither come back nor died by then is last seen on it."""
    return not frame["censored"].astype(float).iloc[:-1].sum()


def _effective(row: Mapping[str, Any], size: float, policy: Policy) -> float:
    """How many people with complete follow-up would give an interval as wide, rounded like a count."""
    half = (float(row["upper"]) - float(row["lower"])) / (2 * _Z)
    share = float(row["share"])
    if not half > 0 or not 0 < share < 1:
        return size
    return float(np.clip(policy.rounded(share * (1 - share) / half**2), policy.base, size))
