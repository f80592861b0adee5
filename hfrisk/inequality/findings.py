"""Numbered checks on the picture: HFR170 to HFR172, made from numbers that may be shown.

They are worked out after the gate has rounded: which side of a limit an exact count lies on would narrow that count down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hfrisk.checks import Check

__all__ = ["inequality_checks"]

_SAID = {
    "readmission": "came back as an emergency",
    "death": "died without coming back",
    "composite": "came back as an emergency or died",
}
_MOST_NAMED = 5


def inequality_checks(tables: Mapping[str, pd.DataFrame], facts: Mapping[str, Any], *, outcome: str) -> list[Check]:
    """Every check.

    Parameters
    ----------
    tables
        As released: ``inequality_slopes``, ``trust_outcomes``, ``representation``.
    facts
        `Inequality.facts`.
    outcome
        The outcome of the study: one comparison, so that HFR170 is wrong as often as the confidence says.
    """
    return [
        *_by_deprivation(tables["inequality_slopes"], outcome),
        *_trusts_apart(tables["trust_outcomes"], outcome),
        *_not_represented(tables["representation"], facts),
    ]


def _by_deprivation(slopes: pd.DataFrame, outcome: str) -> list[Check]:
    """HFR170: the slope index, adjusted for age and sex, whose interval leaves out 0."""
    rows = slopes[(slopes["outcome"] == outcome) & (slopes["measure"] == "sii") & (slopes["adjusted"] != "nothing")]
    rows = rows.dropna(subset=["lower", "upper"])
    if rows.empty:
        return []
    low, value, high = (100 * float(rows.iloc[0][c]) for c in ("lower", "estimate", "upper"))
    if low <= 0 <= high:
        return []
    worse = value > 0
    ends = sorted((abs(low), abs(high)))
    return [
        Check(
            code="HFR170",
            severity="note",
            title="Outcomes differ between the most and the least deprived",
            finding="At one age and sex, {more} people {said} among the most deprived than among the least: by {by} in 100 "
            "({low} to {high}).",
            consequence="A difference that is in the records is in whatever is learnt from them.",
            todo="Look at treatment, access and recording by deprivation before reading it as need. This difference has no cause in it.",
            facts={
                "more": "more" if worse else "fewer",
                "said": _SAID[outcome],
                "by": f"{abs(value):.2g}",
                "low": f"{ends[0]:.2g}",
                "high": f"{ends[1]:.2g}",
            },
        )
    ]


def _trusts_apart(trusts: pd.DataFrame, outcome: str) -> list[Check]:
    """HFR171: trusts beyond the 99.8 % limits, widened where trusts scatter more than chance allows."""
    mine = trusts[(trusts["outcome"] == outcome) & (trusts["place"] != "")] if len(trusts) else trusts
    beyond = mine[mine["place"].str.contains("99.8")] if len(mine) else mine
    if beyond.empty:
        return []
    widened = bool((mine["widening"] > 1).any())
    return [
        Check(
            code="HFR171",
            severity="note",
            title="A trust lies far from the others",
            finding="{some} of {all} trusts {lie} outside the 99.8 % limits of the funnel{how}: {named}.",
            consequence="More than chance sets them apart. That may be whom they treat, what is recorded, where people go afterwards, or "
            "care; the funnel does not say which.",
            todo="Look at recording and at observed over expected with them, in that order. Do not rank trusts by it.",
            facts={
                "some": len(beyond),
                "all": len(mine),
                "lie": "lies" if len(beyond) == 1 else "lie",
                "how": ", widened for their scatter" if widened else "",
                "named": _listed([f"{row.level} ({str(row.place).split()[0]})" for row in beyond.itertuples()]),
            },
        )
    ]


def _not_represented(frame: pd.DataFrame, facts: Mapping[str, Any]) -> list[Check]:
    """HFR172: levels whose ratio of shares lies outside the bounds, and whose interval does too."""
    low, high = facts.get("within", (0.8, 1.25))
    mine = frame[frame["group"].isin(facts.get("judged", ()))].dropna(subset=["ratio"]) if len(frame) else frame
    if mine.empty:
        return []
    fewer, more = mine[mine["upper"] < low], mine[mine["lower"] > high]
    if fewer.empty and more.empty:
        return []
    parts = []
    for rows, word in ((fewer, "less"), (more, "more")):
        if len(rows):
            named = _listed([f"{row.level} ({row.ratio:g} times)" for row in rows.itertuples()])
            parts.append(f"{word} than their share of the catchment: {named}")
    return [
        Check(
            code="HFR172",
            severity="warning",
            title="The cohort does not have the mix of its catchment",
            finding="Some groups are here by {parts} (bounds of this study: {low} to {high}).",
            consequence="Heart failure is not spread evenly, so that a ratio other than 1 may be right. It may also mean that people are "
            "not admitted, not diagnosed or not recorded, and then nothing here is about them.",
            todo="Set it beside what is known of heart failure in these groups, and beside how often the group is not recorded.",
            facts={"parts": "; by ".join(parts), "low": f"{low:g}", "high": f"{high:g}"},
        )
    ]


def _listed(parts: list[str]) -> str:
    more = len(parts) - _MOST_NAMED
    return ", ".join(parts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
