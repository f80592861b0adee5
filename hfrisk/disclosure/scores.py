"""Release of for how many the inputs of clinical scores were known.

The inputs of a score are known for nearly the same people, and a whole score for those of them who have every input: what two
counts differ by is a number of people too. A count that differs by fewer than the threshold from one that is already shown takes
that one's place, as other definitions do (`counting`). Table 1 tells for how many a feature is missing, split by split: where it
withholds that of one split, the count of everybody less the other split would give it away, and is withheld with all near it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hfrisk.disclosure.counting import apart
from hfrisk.disclosure.policy import Policy

if TYPE_CHECKING:
    from hfrisk.features import Feature

__all__ = ["missing_withheld", "release_score_inputs", "release_score_outcomes"]

_COLUMNS = ["score", "input", "words", "observed", "rows", "share", "near", "always", "reason", "suppressed"]
_ALWAYS = "every discharge has it by what it is: a stay has a length, and a count of nothing is nothing"
_NOT_MADE = "no record of this source tells it, or the study does not ask for it"


def release_score_inputs(frame: pd.DataFrame, policy: Policy, held: Collection[str] = ()) -> pd.DataFrame:
    """For how many index discharges each input of each score was known.

    Parameters
    ----------
    frame
        `FeatureTable.observed`: score, input, words, observed, rows, made, always. Empty where no score was made.
    policy
        The rules. That nobody, or everybody, has an input is a count like any other, and withheld.
    held
        Inputs of which another table withholds for how many they are missing.

    Returns
    -------
    DataFrame
        score, input, words, observed, rows, share (of the shown counts), near, always, reason, suppressed. An input for which there is
        no column at all, and one that everybody has by what it is (`always`), have a reason and no count: that is what the source
        and the study are, and says nothing of anyone.
    """
    if frame.empty:
        return pd.DataFrame(columns=_COLUMNS)
    result = frame[["score", "input", "words"]].astype(str).reset_index(drop=True)
    observed, rows = (frame[name].to_numpy(dtype=float) for name in ("observed", "rows"))
    made = frame["made"].to_numpy(dtype=bool)
    always = frame["always"].to_numpy(dtype=bool)
    hidden = policy.small(observed, rows) | ~made | always
    for count in observed[made & frame["input"].isin(held).to_numpy()]:
        hidden |= np.abs(observed - count) < policy.threshold
    result["observed"], replaced = apart(observed, hidden, policy)
    result["rows"] = np.where(policy.small(rows), math.nan, policy.rounded(rows))
    result["share"] = [
        policy.estimate(count / of, policy.figures_for(count, of - count))
        for count, of in zip(result["observed"], result["rows"], strict=True)
    ]
    near = f"a count that differs by fewer than {policy.threshold} from that of another input is shown as that one"
    result["near"] = np.where(replaced, near, "")
    result["always"] = always
    result["reason"] = np.where(always, _ALWAYS, np.where(made, "", _NOT_MADE))
    withheld = (made & ~always & result["observed"].isna()) | result["rows"].isna()
    result["suppressed"] = np.where(withheld, policy.withheld, "")
    return result[_COLUMNS]


def release_score_outcomes(frame: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """How each score ranks, by outcome, without the counts: those of the two outcomes differ by the people who died.

    Parameters
    ----------
    frame
        `Results.score_outcomes`.
    policy
        The rules.

    Returns
    -------
    DataFrame
        score, made_for, outcome, split, estimate, lower, upper, reason, suppressed.
    """
    shown = frame[["score", "made_for", "outcome", "split", "estimate", "lower", "upper", "reason"]].copy()
    numbers = ["estimate", "lower", "upper"]
    shown[numbers] = shown[numbers].astype(float)
    there = shown["estimate"].notna().to_numpy()
    n, events = (frame[name].to_numpy(dtype=float) for name in ("n", "events"))
    hidden = there & (policy.small(n) | policy.small(events, n))
    for name in numbers:
        shown[name] = [
            math.nan if hide else policy.estimate(value, policy.figures_for(few, of - few))
            for value, hide, few, of in zip(shown[name], hidden, events, n, strict=True)
        ]
    shown["suppressed"] = np.where(hidden, policy.withheld, "")
    return shown.reset_index(drop=True)


def missing_withheld(table1: pd.DataFrame, dictionary: Sequence[Feature]) -> set[str]:
    """Names of the features of which the released Table 1 withholds, in any split, for how many they are missing."""
    rows = table1[(table1["statistic"] == "missing") & (table1["suppressed"] != "")]
    told = set(rows["characteristic"])
    return {entry.name for entry in dictionary if entry.words in told or entry.name in told}
