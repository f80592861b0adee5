"""What is more than chance: the released tests of differences between groups, and what is done where there is none.

With thirty groups, one or two intervals leave out the truth by chance. A group is called different only if its characteristic as a whole
was tested and differs, allowing for how many characteristics were tested. Where no test could be released, its interval is widened so
that all groups together hold the truth as often as one was to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, Number
from hfrisk.reporting.naming import CROSS, group_name

__all__ = ["ALPHA", "Tested", "asked_of", "beyond_chance", "frame_of", "shown_p", "spoken", "whole_sentence"]

ALPHA = 0.05
"""Adjusted p-value up to which a difference is called one."""


@dataclass(frozen=True)
class Tested:
    """Whether the levels of a group differ in a measure.

    Parameters
    ----------
    group, measure
        What was asked.
    p
        Adjusted for the number of groups; NaN where it is not known.
    gap
        Between the levels that differ most; NaN where it is not known.
    reason
        Why there is no p; empty where there is one.
    """

    group: str
    measure: str
    p: float
    gap: float
    reason: str

    @property
    def differs(self) -> bool:
        """Whether they differ by more than chance gives."""
        return words.known(self.p) and self.p <= ALPHA


def asked_of(evidence: Evidence, measure: str, *, crossed: bool = False) -> list[Tested]:
    """The tests of `measure`, of groups or of those taken together; none where nothing was tested."""
    frame = evidence.rows("fairness_tests")
    if frame.empty:
        return []
    mine = frame[
        (frame["measure"] == measure) & (frame["group"].astype(str).str.contains(CROSS, regex=False) == crossed)
    ]
    return [
        Tested(
            str(row["group"]),
            measure,
            float(row["p_adjusted"]),
            float(row["difference"]),
            "" if words.known(row["p_adjusted"]) else str(row["suppressed"] or row["reason"]),
        )
        for _, row in mine.iterrows()
    ]


def beyond_chance(evidence: Evidence, number: Number, measure: str, looked_at: int) -> Number | None:
    """The number of a group with the interval to judge it by; None where its characteristic does not differ.

    Parameters
    ----------
    evidence
        The released numbers.
    number
        Of one level.
    measure
        ``oe_ratio`` or ``auroc``.
    looked_at
        How many levels were looked at, for which the interval is widened where no test was released (Bonferroni; on the log scale for
        ratios).
    """
    known = {one.group: one for one in asked_of(evidence, measure) if words.known(one.p)}
    if number.group in known:
        return number if known[number.group].differs else None
    normal = NormalDist()
    factor = normal.inv_cdf(1 - ALPHA / (2 * max(looked_at, 1))) / normal.inv_cdf(1 - ALPHA / 2)
    ratio = measure == "oe_ratio" and min(number.estimate, number.lower) > 0
    there, back = (math.log, math.exp) if ratio else (float, float)
    middle = there(number.estimate)
    low, high = (back(middle + factor * (there(limit) - middle)) for limit in (number.lower, number.upper))
    return replace(number, lower=low, upper=high)


def whole_sentence(evidence: Evidence, measure: str, what: str) -> str:
    """With which characteristics `what` varies, and with which it does not; empty where nothing was tested."""
    asked = [one for one in asked_of(evidence, measure) if words.known(one.p)]
    if not asked:
        return ""
    out = [spoken(one.group) for one in asked if one.differs]
    same = [spoken(one.group) for one in asked if not one.differs]
    allowing = f"Allowing for {words.in_words(len(asked))} tests, " if len(asked) > 1 else "As a test has it, "
    if not out:
        return f"{allowing}{what} does not vary with {words.listed(same, 'or')} by more than chance gives."
    rest = f"; with {words.listed(same, 'or')} it does not" if same else ""
    return f"{allowing}{what} varies with **{words.listed(out)}** by more than chance gives{rest}."


def spoken(group: str) -> str:
    """A characteristic in the middle of a sentence."""
    return "deprivation" if group == "imd_quintile" else group_name(group).lower()


def shown_p(p: float) -> str:
    """A p-value as it is written: ``0.03``, ``0.4``, and at the finest ``0.001``."""
    return "not known" if not words.known(p) else words.trimmed(p, 2 if p < 0.1 else 1)


def frame_of(evidence: Evidence, name: str, *, crossed: bool) -> pd.DataFrame:
    """A released table by group, kept to groups alone or to those taken together."""
    frame = evidence.rows(name)
    if frame.empty:
        return frame
    return frame[frame["group"].astype(str).str.contains(CROSS, regex=False) == crossed].reset_index(drop=True)
