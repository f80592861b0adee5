"""Numbered method checks on the explanation: HFR150, HFR151, HFR153 and HFR154."""

from __future__ import annotations

import pandas as pd

from hfrisk.checks import Check
from hfrisk.explanation.settings import ExplanationSettings

__all__ = ["explanation_checks", "not_additive", "pairs_do_not_agree"]

_TOP = 10
_LEAST_SHARE = 0.02
_MOST_NAMED = 3


def explanation_checks(
    by_feature: pd.DataFrame, themes_by_group: pd.DataFrame, settings: ExplanationSettings
) -> list[Check]:
    """What the frames give cause to say."""
    return [*_leans_apart(themes_by_group, settings), *_by_indication(by_feature)]


def not_additive() -> Check:
    """HFR150."""
    return Check(
        code="HFR150",
        severity="error",
        title="Contributions do not add up",
        finding="The contributions of the features do not sum to the model's log-odds.",
        consequence="What the report says about what drives the model cannot be relied on.",
        todo="Do not use the explanation. Tell the makers of hfrisk; the model text may have been altered.",
    )


def pairs_do_not_agree() -> Check:
    """HFR154."""
    return Check(
        code="HFR154",
        severity="warning",
        title="Interactions could not be worked out",
        finding="The trees ask something else than thresholds, or the sums behind interactions do not give the model's contributions.",
        consequence="The report says nothing of features that act together; the rest of the explanation stands.",
        todo="Nothing, where the model was made elsewhere. Else tell the makers of hfrisk; the model text may have been altered.",
    )


def _leans_apart(frame: pd.DataFrame, settings: ExplanationSettings) -> list[Check]:
    more = frame[frame["difference"] > frame["chance"]] if len(frame) else frame
    more = more[more["difference"] >= settings.leans_apart] if len(more) else more
    if more.empty:
        return []
    more = more.sort_values("difference", ascending=False, kind="stable")
    named = "; ".join(
        f"{str(row.theme).lower()} where {str(row.group).replace('_', ' ')} is {row.level}"
        for row in more.head(_MOST_NAMED).itertuples()
    )
    return [
        Check(
            code="HFR151",
            severity="note",
            title="The model leans on different things for different people",
            finding="What moves the risk differs between groups by more than chance allows. The model leans more on {named}.",
            consequence="What is recorded less well for a group, or means something else there, bears on its risks more than on others'.",
            todo="Ask whether what the model leans on is recorded as well, and means the same, in each of these groups.",
            facts={"named": named},
        )
    ]


def _by_indication(by_feature: pd.DataFrame) -> list[Check]:
    top = by_feature[by_feature["share"] >= _LEAST_SHARE].head(_TOP)
    told = top[top["indication"] != ""]
    if told.empty:
        return []
    return [
        Check(
            code="HFR153",
            severity="note",
            title="A driver may stand for who was treated, not for what treatment does",
            finding="Among what counts most: {named}.",
            consequence="They tell what somebody decided, and with it how ill a person was seen to be, not what harms or helps.",
            todo="Do not read them as causes. What a treatment does is a question for trials.",
            facts={"named": "; ".join(told["words"].head(_MOST_NAMED))},
        )
    ]
