"""Release of the tables that are drawn as curves or bars: counts in bins, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import net_benefit, poisson_limits
from hfrisk.disclosure.margins import Mask
from hfrisk.disclosure.people import SET, protect_events
from hfrisk.disclosure.policy import Floats, Policy

__all__ = [
    "release_by_period",
    "release_calibration_curve",
    "release_capacity",
    "release_deciles",
    "release_decision_curve",
    "release_distribution",
    "release_sizes",
]


def release_calibration_curve(frame: pd.DataFrame, policy: Policy, sets: pd.DataFrame) -> pd.DataFrame:
    """Points of the calibration curve, thinned until each stands for enough people.

    Neighbouring points are joined until at least the threshold of events and of non-events have a risk near them; the
    point that holds the middle person stays, with the size and events of all. The extremes of the risks are thereby
    not drawn. The curve is a smooth function of five parameters, so its height is no count.

    Parameters
    ----------
    frame
        `Results.calibration_curve`.
    policy
        The rules.
    sets
        From `people.released_sets`: a curve is shown only for people whose size and events are.
    """
    result = _floats(frame, ["predicted", "observed", "lower", "upper", "n", "events"])
    known = {tuple(row[k] for k in SET): row for row in sets.to_dict("records")}
    parts = []
    for key, points in result.groupby(SET, sort=False):
        whole = known.get(key)
        joined = _join_points(points.sort_values("predicted"), policy)
        if whole is None or np.isnan([whole["shown_n"], whole["shown_events"]]).any() or joined.empty:
            joined = points.head(1).assign(predicted=np.nan)
            sizes = hidden = np.array([True])
        else:
            n, events = _pair(joined)
            total, total_events = max(whole["n"], n.sum()), max(whole["events"], events.sum())
            sizes, hidden = protect_events(n, events, total, total_events, policy)
        joined["n"] = np.where(sizes, np.nan, policy.rounded(joined["n"]))
        joined["events"] = np.where(hidden, np.nan, policy.rounded(joined["events"]))
        joined.loc[hidden, ["observed", "lower", "upper"]] = np.nan
        joined["suppressed"] = np.where(hidden, policy.withheld, "")
        parts.append(joined)
    result = pd.concat(parts, ignore_index=True) if parts else result
    return _estimates(result, ["predicted", "observed", "lower", "upper"], policy)


def release_decision_curve(frame: pd.DataFrame, policy: Policy, threshold: float) -> pd.DataFrame:
    """Decision curve from rounded counts.

    A point is withheld when one of its four cells (flagged or not, event or not) is under the policy's threshold, or
    when fewer than that many people lie between it and the shown point before it, going outward from the decision
    threshold (else the curve would be a distribution of risks in steps that are too small). Net benefit is computed
    from the shown counts.
    """
    result = _floats(frame, ["n", "events", "flagged", "true_positives", "net_benefit", "net_benefit_all"])
    hidden = _cells_small(result["n"], result["events"], result["flagged"], result["true_positives"], policy)
    for _, curve in result.groupby(["model", "split"], sort=False):
        ordered = curve.sort_values("threshold")
        steps = ordered.index.to_numpy()
        flagged = ordered["flagged"].to_numpy()
        start = int((ordered["threshold"] - threshold).abs().to_numpy().argmin())
        for walk in (range(start, len(steps)), range(start, -1, -1)):
            last: float | None = None
            for i in walk:
                if hidden[steps[i]]:
                    continue
                if last is not None and abs(flagged[i] - last) < policy.threshold:
                    hidden[steps[i]] = True
                else:
                    last = float(flagged[i])
    result = _two_by_two(result, "flagged", "true_positives", hidden, policy)
    t = result["threshold"].astype(float)
    false_positives = result["flagged"] - result["true_positives"]
    result["net_benefit"] = net_benefit(result["true_positives"], false_positives, result["n"], t)
    result["net_benefit_all"] = net_benefit(result["events"], result["n"] - result["events"], result["n"], t)
    return _estimates(result, ["net_benefit", "net_benefit_all"], policy)


def release_capacity(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """What reviewing so many would have found, rounded; withheld where one of the four cells is small."""
    result = _floats(frame, ["n", "reviewed", "events", "events_found"])
    hidden = _cells_small(result["n"], result["events"], result["reviewed"], result["events_found"], policy)
    return _two_by_two(result, "reviewed", "events_found", hidden, policy)


def release_sizes(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """How many discharges the test has, rounded, beside how many it needs; those come from rounded shares already."""
    result = _floats(frame, ["width", "needed", "n"])
    small = policy.small(result["n"])
    result["n"] = policy.rounded(result["n"].mask(small))
    result["suppressed"] = np.where(small, policy.withheld, "")
    return result


def release_distribution(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Distribution of risks: neighbouring bins are merged until each holds at least the threshold of people.

    The outer edges are widened to a tenth, so that the lowest and the highest risk of anyone stay unknown.
    """
    parts = []
    result = _floats(frame, ["n", "events"])
    for _, bins in result.groupby(["model", "split"], sort=False):
        merged = _merge_small(bins.sort_values("bin_lower").reset_index(drop=True), policy)
        merged.loc[0, "bin_lower"] = np.floor(merged["bin_lower"].iloc[0] * 10 + 1e-9) / 10
        merged.loc[len(merged) - 1, "bin_upper"] = np.ceil(merged["bin_upper"].iloc[-1] * 10 - 1e-9) / 10
        n, events = _pair(merged)
        sizes, hidden = protect_events(n, events, n.sum(), events.sum(), policy)
        merged["n"] = np.where(sizes, np.nan, policy.rounded(n))
        merged["events"] = np.where(hidden, np.nan, policy.rounded(events))
        merged["suppressed"] = np.where(hidden, policy.withheld, "")
        parts.append(merged)
    return pd.concat(parts, ignore_index=True) if parts else result


def release_deciles(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Events and deaths by tenth of risk."""
    result = _floats(frame, ["n", "events", "died", "mean_risk"])
    for _, tenths in result.groupby(["model", "split"], sort=False):
        n, events = _pair(tenths)
        died = tenths["died"].to_numpy()
        neither = policy.small(n - events - died)
        sizes, hide_events = protect_events(n, events, n.sum(), events.sum(), policy, hidden=neither)
        _, hide_died = protect_events(n, died, n.sum(), died.sum(), policy, hidden=neither)
        where = tenths.index
        result.loc[where, "n"] = np.where(sizes, np.nan, policy.rounded(n))
        result.loc[where, "events"] = np.where(hide_events, np.nan, policy.rounded(events))
        result.loc[where, "died"] = np.where(hide_died, np.nan, policy.rounded(died))
        result.loc[where[sizes], "mean_risk"] = np.nan
        result.loc[where[sizes | hide_events | hide_died], "suppressed"] = policy.withheld
    return _estimates(result, ["mean_risk"], policy)


def release_by_period(frame: pd.DataFrame, policy: Policy, confidence: float) -> pd.DataFrame:
    """Observed over expected by quarter, and its Poisson interval, from the shown counts.

    Parameters
    ----------
    frame
        `Results.by_period`. Its interval is a function of the exact events, so it is computed anew.
    policy
        The rules.
    confidence
        Confidence of the interval (0 to 1).
    """
    result = _floats(frame, ["n", "events", "expected", "oe_ratio", "lower", "upper"])
    mean_risk = result["expected"] / result["n"]
    had_ratio, had_interval = result["oe_ratio"].notna(), result["lower"].notna()
    for _, quarters in result.groupby("split", sort=False):
        n, events = _pair(quarters)
        sizes, hidden = protect_events(n, events, n.sum(), events.sum(), policy)
        result.loc[quarters.index, "n"] = np.where(sizes, np.nan, policy.rounded(n))
        result.loc[quarters.index, "events"] = np.where(hidden, np.nan, policy.rounded(events))
        result.loc[quarters.index[sizes | hidden], "suppressed"] = policy.withheld
    result["expected"] = mean_risk * result["n"]
    result["oe_ratio"] = (result["events"] / result["expected"]).where(had_ratio)
    for column, limit in zip(("lower", "upper"), poisson_limits(result["events"], confidence), strict=True):
        result[column] = (limit / result["expected"]).where(had_interval)
    figures = [policy.figures_for(e, n - e) for n, e in zip(result["n"], result["events"], strict=True)]
    for column in ("oe_ratio", "lower", "upper"):
        result[column] = [policy.estimate(v, f) for v, f in zip(result[column], figures, strict=True)]
    return _estimates(result, ["expected"], policy)


def _cells_small(n: pd.Series, events: pd.Series, chosen: pd.Series, found: pd.Series, policy: Policy) -> Mask:
    small = policy.small(n)
    for cell in (found, chosen - found, events - found, n - chosen - events + found):
        small = small | policy.small(cell)
    return small


def _two_by_two(result: pd.DataFrame, chosen: str, found: str, hidden: Mask, policy: Policy) -> pd.DataFrame:
    size = policy.small(result["n"])
    hide_events = size | policy.small(result["events"], result["n"])
    result["suppressed"] = np.where(hidden | hide_events, policy.withheld, "")
    result["n"] = policy.rounded(result["n"].mask(size))
    result["events"] = policy.rounded(result["events"].mask(hide_events))
    for cell in (chosen, found):
        result[cell] = policy.rounded(result[cell].mask(hidden | hide_events))
    return result


def _join_points(points: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    groups: list[list[Any]] = [[]]
    for i in points.index:
        groups[-1].append(i)
        if _enough(points.loc[groups[-1]], policy):
            groups.append([])
    leftover = groups.pop()
    if not groups:
        return points.iloc[:0]
    groups[-1] += leftover
    rows = []
    for members in groups:
        inside = points.loc[members]
        middle = int(np.searchsorted(inside["n"].cumsum().to_numpy(), inside["n"].sum() / 2))
        rows.append(inside.iloc[middle].to_dict() | {"n": inside["n"].sum(), "events": inside["events"].sum()})
    return pd.DataFrame(rows, columns=points.columns)


def _enough(points: pd.DataFrame, policy: Policy) -> bool:
    n, events = points["n"].sum(), points["events"].sum()
    return bool(min(events, n - events) >= policy.threshold)


def _merge_small(bins: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    rows: list[dict[str, Any]] = bins.to_dict("records")
    while len(rows) > 1:
        sizes = [row["n"] for row in rows]
        i = int(np.argmin(sizes))
        if sizes[i] >= policy.threshold:
            break
        # Outer bins can only go inward; an inner one goes to its smaller neighbour.
        neighbours = [j for j in (i - 1, i + 1) if 0 <= j < len(rows)]
        j = min(neighbours, key=lambda k: sizes[k])
        low, high = sorted((i, j))
        joined = rows[low] | {"bin_upper": rows[high]["bin_upper"]}
        joined["n"], joined["events"] = (rows[low][c] + rows[high][c] for c in ("n", "events"))
        rows[low : high + 1] = [joined]
    return pd.DataFrame(rows, columns=bins.columns)


def _pair(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    return frame["n"].to_numpy(dtype=float), frame["events"].to_numpy(dtype=float)


def _floats(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    result = frame.reset_index(drop=True).copy()
    result[list(columns)] = result[list(columns)].astype(float)
    result["suppressed"] = ""
    return result


def _estimates(result: pd.DataFrame, columns: Sequence[str], policy: Policy) -> pd.DataFrame:
    for column in columns:
        result[column] = result[column].map(policy.estimate)
    return result
