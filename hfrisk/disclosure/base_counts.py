"""The counts that the inequality picture may go by: those that other tables show of the same people, and rates made from them.

The picture adds no count of its own to what is known of a level of a group. Where the study describes, its sizes, events and deaths are
those of the table of outcomes; where it has a model, sizes and events are the sums of what the table of performance shows of development
and of test, withheld where either is. Deaths by group are then new, and protected as lists of parts of the same whole; so are the two
parts into which palliative care divides everyone. From three states the fourth number follows: the events of the study and the
deaths are shown, and the third outcome is their sum (or, where a death is an event, their difference), never rounded for itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import wilson_limits
from hfrisk.disclosure.margins import Mask
from hfrisk.disclosure.people import EVERYONE, protect_events_all
from hfrisk.disclosure.policy import Floats, Policy

__all__ = ["Shown", "clustered_limits", "shown_counts"]


@dataclass(frozen=True)
class Shown:
    """What may be shown of each level.

    Parameters
    ----------
    frame
        group, level, n, readmission, death, composite (exact), shown_n, and shown_readmission, shown_death, shown_composite; NaN where
        withheld.
    """

    frame: pd.DataFrame

    @cached_property
    def _by_level(self) -> dict[tuple[str, str], dict[str, float]]:
        rows = self.frame.to_dict("records")
        return {(row["group"], row["level"]): {str(key): value for key, value in row.items()} for row in rows}

    def of(self, group: str, level: str) -> dict[str, float]:
        """One level's row."""
        return self._by_level[group, level]

    def knows(self, group: str, level: str) -> bool:
        """Whether anybody here has that level."""
        return (group, level) in self._by_level

    def hidden(self, group: str, levels: list[str], column: str = "shown_n") -> Mask:
        """Which of the levels are withheld."""
        return np.array([math.isnan(self.of(group, level)[column]) for level in levels], dtype=bool)


def shown_counts(
    rates: pd.DataFrame,
    policy: Policy,
    *,
    composite: bool,
    outcomes: pd.DataFrame,
    performance: pd.DataFrame,
    no_deaths: bool,
) -> Shown:
    """What may be shown of every level of the picture.

    Parameters
    ----------
    rates
        `Inequality.rates`.
    policy
        The rules.
    composite
        Whether a death is an event of the study.
    outcomes
        As released; empty where there is a model.
    performance
        As released; empty where there is none.
    no_deaths
        Whether another table withholds the deaths of everyone.

    Raises
    ------
    ValueError
        If another table counts other people (a fault of ours).
    """
    frame = _exact(rates)
    known = _from_outcomes(outcomes) if len(outcomes) else _from_performance(performance)
    frame = frame.merge(known, on=["group", "level"], how="left", indicator="elsewhere")
    told = ["other_n", "other_events", "other_died"]
    frame[told] = frame[told].astype(float)
    _refuse_others(frame, policy)
    elsewhere = (frame.pop("elsewhere") == "both").to_numpy()
    primary = frame["composite" if composite else "readmission"].to_numpy(dtype=float)
    n, died = frame["n"].to_numpy(dtype=float), frame["death"].to_numpy(dtype=float)
    third = frame["readmission"].to_numpy(dtype=float) if composite else n - primary - died
    held = policy.small(third) | (elsewhere & frame["other_events"].isna().to_numpy())
    hide_n, hide_primary, hide_died = _own_masks(frame, n, primary, died, held, policy)
    deaths_elsewhere = elsewhere & frame["told_died"].eq(True).to_numpy()
    shown_n = np.where(elsewhere, frame["other_n"], np.where(hide_n, np.nan, policy.rounded(n)))
    events = np.where(elsewhere, frame["other_events"], np.where(hide_primary, np.nan, policy.rounded(primary)))
    deaths = np.where(
        deaths_elsewhere, frame["other_died"], np.where(hide_died | no_deaths, np.nan, policy.rounded(died))
    )
    events = np.where(np.isnan(shown_n), np.nan, events)
    deaths = np.where(np.isnan(events), np.nan, deaths)
    frame["shown_n"], frame["shown_death"] = shown_n, deaths
    frame["shown_readmission"] = events - deaths if composite else events
    frame["shown_composite"] = events if composite else events + deaths
    return Shown(frame.drop(columns=["other_n", "other_events", "other_died", "told_died"]))


def clustered_limits(events: float, n: float, design: float, confidence: float) -> tuple[float, float]:
    """Wilson's limits of a share from shown counts, as if there were fewer of both by the design effect."""
    return wilson_limits(events / design, n / design, confidence)


def _exact(rates: pd.DataFrame) -> pd.DataFrame:
    wide = rates.pivot_table(index=["group", "level"], columns="outcome", values="events", sort=False)
    n = rates.drop_duplicates(["group", "level"]).set_index(["group", "level"])["n"]
    return wide.join(n).reset_index().astype({"n": float})


def _from_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    named = outcomes[["group", "level", "n", "events", "died"]]
    return named.set_axis(["group", "level", "other_n", "other_events", "other_died"], axis="columns").assign(
        told_died=True
    )


def _from_performance(performance: pd.DataFrame) -> pd.DataFrame:
    columns = ["group", "level", "other_n", "other_events", "other_died", "told_died"]
    if performance.empty:
        return pd.DataFrame(columns=columns)
    mine = performance[performance["model"] == performance["model"].iloc[0]]
    mine = mine.drop_duplicates(["split", "group", "level"])
    splits = mine["split"].nunique()
    rows = []
    for (group, level), part in mine.groupby(["group", "level"], sort=False):
        # a level that one split does not have is 0 there, which is a small count
        whole = len(part) == splits
        n, events = (part[c].sum(skipna=False) if whole else math.nan for c in ("n", "events"))
        rows.append((group, level, n, events, math.nan, False))
    return pd.DataFrame(rows, columns=columns)


def _refuse_others(frame: pd.DataFrame, policy: Policy) -> None:
    """What other tables show of the same people differs by no more than rounding two parts of them can make it."""
    if ((frame["n"] - frame["other_n"]).abs() > policy.base).any():
        raise ValueError("the inequality picture and another table count other people")


def _own_masks(
    frame: pd.DataFrame, n: Floats, primary: Floats, died: Floats, held: Mask, policy: Policy
) -> tuple[Mask, Mask, Mask]:
    """What the picture would withhold by itself, all groups together: sizes, events, and deaths, besides those that are `held`."""
    places = [part.index.to_numpy() for group, part in frame.groupby("group", sort=False) if group != EVERYONE]
    whole = int(frame.index[frame["group"] == EVERYONE][0])
    hide_n = policy.small(n)
    hide_primary = hide_n | policy.small(primary, n)
    hide_died = hide_primary | policy.small(died, n) | held
    if places:
        sizes, events = protect_events_all(
            [n[p] for p in places], [primary[p] for p in places], n[whole], primary[whole], policy
        )
        first = [hide_died[p] | e for p, e in zip(places, events, strict=True)]
        _, deaths = protect_events_all(
            [n[p] for p in places], [died[p] for p in places], n[whole], died[whole], policy, first
        )
        for p, size, event, death in zip(places, sizes, events, deaths, strict=True):
            hide_n[p], hide_primary[p], hide_died[p] = size, size | event, size | event | death
    for mask in (hide_primary, hide_died):
        if mask[whole]:
            mask[:] = True
    return hide_n, hide_primary, hide_died
