"""Release of what stands beside the model: the score-card, and readmission, death and neither against what happened.

The card holds rounded coefficients, published or rounded cut points, and two numbers that make a total a risk: no count of anyone. It
leaves where each of its bands held at least the threshold of discharges.

Of the three states the fourth number follows from three: with n, those who came back, those who died and those who did either give those
who did neither, and each pair gives the third. Where one of them is under the threshold in a split, no event count of that split is
shown, and no estimate that rests on one. Otherwise the bands of each outcome are protected against its total, as tenths of risk are. The
three totals are rounded apart: two exact counts that differ from what is shown by at most two each add up to a third that does too, so
that at least two numbers are left for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import wilson_limits
from hfrisk.disclosure.people import EVERYONE, protect_events
from hfrisk.disclosure.performance import release_performance
from hfrisk.disclosure.policy import Policy

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = [
    "CARD",
    "TOTALS",
    "release_card",
    "release_competing",
    "release_competing_performance",
    "release_hazards",
    "release_totals",
    "states_withheld",
]

CARD = ["item", "words", "unit", "band", "points", "suppressed"]
TOTALS = ["total", "risk", "suppressed"]


def release_card(card: Mapping[str, Any], dictionary: Sequence[Feature], policy: Policy) -> pd.DataFrame:
    """The score-card: what each band of each item is worth.

    Parameters
    ----------
    card
        `Model.points`; empty where no card was made.
    dictionary
        Features; those of the items are among them.
    policy
        The rules.

    Returns
    -------
    DataFrame
        item, words, unit, band (in words), points, suppressed; one row with its reason where the card may not leave.
    """
    if not card:
        return pd.DataFrame(columns=CARD)
    if policy.small(card["fewest"]):
        return pd.DataFrame([("", "", "", "", math.nan, policy.withheld)], columns=CARD)
    by_name = {entry.name: entry for entry in dictionary}
    rows: list[tuple[Any, ...]] = []
    for item in card["items"]:
        entry = by_name[item["feature"]]
        given = [*zip(_bands(item["cuts"], entry), item["points"], strict=True)]
        if item["not_recorded"] or entry.kind == "continuous":
            given.append(("not recorded", item["points_not_recorded"]))
        rows += [(entry.name, entry.words, entry.unit, band, float(points), "") for band, points in given]
    return pd.DataFrame(rows, columns=CARD)


def release_totals(card: Mapping[str, Any], policy: Policy) -> pd.DataFrame:
    """The risk of every total that the card can give: total, risk, suppressed."""
    if not card:
        return pd.DataFrame(columns=TOTALS)
    if policy.small(card["fewest"]):
        return pd.DataFrame([(math.nan, math.nan, policy.withheld)], columns=TOTALS)
    every = [[*item["points"], item["points_not_recorded"]] for item in card["items"]]
    totals = range(sum(map(min, every)), sum(map(max, every)) + 1)
    odds = [card["intercept"] + card["slope"] * total for total in totals]
    rows = [(float(t), policy.estimate(1 / (1 + math.exp(-x))), "") for t, x in zip(totals, odds, strict=True)]
    return pd.DataFrame(rows, columns=TOTALS)


def states_withheld(frame: pd.DataFrame, policy: Policy) -> set[str]:
    """Splits in which so few came back, died, or did neither that no event count may be shown (`Results.competing`)."""
    found = set()
    for split, whole in frame[frame["band"] == 0].groupby("split"):
        by_outcome = whole.set_index("outcome")
        n = float(by_outcome["n"].iloc[0])
        events = by_outcome["events"].astype(float)
        if policy.small([events["readmitted"], events["died"], n - events["either"]]).any():
            found.add(str(split))
    return found


def release_competing(frame: pd.DataFrame, policy: Policy, confidence: float, withheld: set[str]) -> pd.DataFrame:
    """Predicted risk and what happened, by fifth of predicted risk.

    Parameters
    ----------
    frame
        `Results.competing`.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    withheld
        From `states_withheld`.

    Returns
    -------
    DataFrame
        As it came, plus ``suppressed``; observed and its Wilson interval from the shown counts.

    Raises
    ------
    ValueError
        If somebody was not seen to the horizon: the estimate is then no share of the shown counts (a fault of ours).
    """
    result = frame.reset_index(drop=True).copy()
    numbers = ["n", "events", "predicted", "observed", "lower", "upper"]
    result[numbers] = result[numbers].astype(float)
    result["suppressed"] = ""
    if not np.allclose(result["observed"], result["events"] / result["n"], rtol=0, atol=1e-9):
        raise ValueError("an incidence of the three states is not the share of discharges")
    for (_, split), rows in result.groupby(["outcome", "split"], sort=False):
        whole, parts = rows[rows["band"] == 0].iloc[0], rows[rows["band"] != 0]
        n, events = parts["n"].to_numpy(), parts["events"].to_numpy()
        all_hidden = np.full(len(parts), split in withheld)
        sizes, hidden = protect_events(n, events, whole["n"], whole["events"], policy, hidden=all_hidden)
        small = bool(policy.small(whole["n"]))
        none = small or split in withheld or bool(policy.small(whole["events"], whole["n"]))
        hide_n = pd.Series(np.append(sizes, small), index=[*parts.index, whole.name])
        hide_events = pd.Series(np.append(hidden | sizes | none, none), index=hide_n.index)
        for at in hide_n.index:
            shown_n = math.nan if hide_n[at] else float(policy.rounded(result.at[at, "n"]))
            shown = math.nan if hide_events[at] else float(policy.rounded(result.at[at, "events"]))
            limits = wilson_limits(shown, shown_n, confidence)
            figures = policy.figures_for(shown, shown_n - shown)
            result.loc[at, "n":"events"] = [shown_n, shown]
            result.loc[at, "observed":"upper"] = [
                policy.estimate(value, figures) for value in (shown / shown_n, *limits)
            ]
            result.at[at, "predicted"] = math.nan if hide_n[at] else policy.estimate(result.at[at, "predicted"])
            result.at[at, "suppressed"] = policy.withheld if hide_n[at] or hide_events[at] else ""
    return result


def release_competing_performance(frame: pd.DataFrame, policy: Policy, withheld: set[str]) -> pd.DataFrame:
    """Measures of each outcome, as those of the models are released (`release_performance`)."""
    named = frame.rename(columns={"outcome": "model"}).assign(group=EVERYONE, level=EVERYONE)
    released = release_performance(named, policy, {}).rename(columns={"model": "outcome"})
    hidden = released["split"].isin(withheld)
    released.loc[hidden, ["estimate", "lower", "upper", "events"]] = math.nan
    released.loc[hidden, "suppressed"] = policy.withheld
    return released[[*frame.columns, "suppressed"]]


def release_hazards(frame: pd.DataFrame, policy: Policy, withheld: set[str]) -> pd.DataFrame:
    """Ratios of cause-specific hazards: a slope on risks that people share, at the figures that the shown counts support."""
    result = frame.reset_index(drop=True).copy()
    numbers = ["estimate", "lower", "upper", "n", "events"]
    result[numbers] = result[numbers].astype(float)
    small = policy.small(result["n"])
    hidden = small | policy.small(result["events"], result["n"]) | result["split"].isin(withheld).to_numpy()
    result["n"] = np.where(small, math.nan, policy.rounded(result["n"]))
    result["events"] = np.where(hidden, math.nan, policy.rounded(result["events"]))
    figures = [policy.figures_for(e, n - e) for n, e in zip(result["n"], result["events"], strict=True)]
    for column in ("estimate", "lower", "upper"):
        result[column] = [
            math.nan if hide else policy.estimate(value, f)
            for value, hide, f in zip(result[column], hidden, figures, strict=True)
        ]
    result["suppressed"] = np.where(hidden, policy.withheld, "")
    return result


def _bands(cuts: Sequence[float], entry: Feature) -> list[str]:
    """The bands in words: a band reaches to the last value of the feature's grid before the next cut."""
    if not cuts:
        return ["recorded"]
    if entry.kind == "binary":
        return ["no", "yes"]
    before = [_number(cut - entry.precision, entry.precision) for cut in cuts]
    at = [_number(cut, entry.precision) for cut in cuts]
    between = [low if low == high else f"{low} to {high}" for low, high in zip(at[:-1], before[1:], strict=True)]
    lowest = "0" if entry.kind == "count" and cuts[0] == 1 else f"under {at[0]}"
    return [lowest, *between, f"{at[-1]} or more"]


def _number(value: float, precision: float) -> str:
    decimals = max(0, -math.floor(math.log10(precision) + 1e-9)) if precision < 1 else 0
    return f"{value:,.{decimals}f}"
