"""How to read what drives it: what care can change, which drivers stand for one another or for a decision, and how well they hold."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["changeable", "explained_setting", "how_it_holds", "how_to_read"]

_TOP = 10
_LEAST_SHARE = 0.02
_NEARLY_ALL = 0.9
_HALF = 0.5
_NAMED = 3
_FEWEST_MODELS = 10


def explained_setting(evidence: Evidence, name: str, default: float) -> float:
    """A setting of the explanation as the study has it."""
    found = evidence.released.study.get("settings", {}).get("explanation", {}).get(name, default)
    return float(found) if words.known(found) else default


def changeable(evidence: Evidence) -> str:
    """What care can change against everything else; nothing where it is not shown."""
    frame = evidence.released.by_modifiable
    frame = frame.dropna(subset=["share"]) if len(frame) else frame
    can = frame[frame["modifiable"].astype(bool)] if len(frame) else frame
    if can.empty:
        return ""
    share = float(can.iloc[0]["share"])
    return (
        f"Added up for each person, what care can change makes up {words.percent(share)} of what moves the risk, and everything else "
        f"{words.percent(1 - share)}. That care can change a value does not mean that changing it changes what happens to a person."
    )


def how_to_read(evidence: Evidence, settings: ReportingSettings) -> Prose:
    """The caveats that the numbers support, each a sentence."""
    features = evidence.released.by_feature
    ranked = features.dropna(subset=["share"]).sort_values("share", ascending=False) if len(features) else features
    items = [*_stand_for_one_another(evidence, ranked), *_stand_for_a_decision(ranked)]
    first = changeable(evidence)
    return Prose((first,) if first else (), heading="How to read this", items=tuple(items))


def _stand_for_one_another(evidence: Evidence, ranked: pd.DataFrame) -> list[str]:
    frame = evidence.released.related
    if ranked.empty:
        return []
    named = ranked.set_index("feature")["words"]
    limit = words.trimmed(explained_setting(evidence, "related_from", 0.7), 2)
    frame = frame.dropna(subset=["correlation"]) if len(frame) else frame
    within = frame[frame["cluster"] > 0] if len(frame) else frame
    items = []
    for _, pairs in within.groupby("cluster", sort=True) if len(within) else ():
        members = list(dict.fromkeys([*pairs["feature_a"], *pairs["feature_b"]]))
        texts = [str(named.get(name, name)) for name in members]
        size = pairs["correlation"].abs()
        low, high = words.figure(float(size.min())), words.figure(float(size.max()))
        negative = pairs["correlation"] < 0
        how = "they rise and fall together"
        if negative.all() and len(texts) == 2:
            how, low, high = "as one rises the other falls", "\u2212" + low, "\u2212" + high
        elif negative.any():
            how = "they rise and fall together, some of them the other way round"
        which = "either" if len(texts) == 2 else "any of them"
        said = low if low == high else f"{low} to {high}"
        items.append(
            f"{words.capital(words.listed(texts))} stand for one another: {how} (rank correlation of {said}), and the model may have "
            f"given the credit to {which}."
        )
    if not items:
        items.append(
            "No two of the features that count most have values that go together closely (a rank correlation of "
            f"{limit} or more)."
        )
    return items


def _stand_for_a_decision(ranked: pd.DataFrame) -> list[str]:
    if ranked.empty or "indication" not in ranked:
        return []
    top = ranked[ranked["share"] >= _LEAST_SHARE].head(_TOP)
    told = top[top["indication"].astype(str) != ""]
    return [
        f"{words.capital(str(row['words']))} ({words.percent(float(row['share']))}) may stand for {row['indication']}. It tells what "
        "somebody decided, not what does harm or good."
        for _, row in told.iterrows()
    ]


def how_it_holds(evidence: Evidence, settings: ReportingSettings) -> list[Prose | Table]:
    """Whether models from other samples of the same people are driven by the same features."""
    frame = evidence.released.stability
    if frame.empty:
        return []
    frame = frame.sort_values("share", ascending=False, kind="stable")
    first = frame[frame["share"] > 0].head(_TOP)
    if first.empty:
        return []
    models = int(first.iloc[0]["models"])
    often = int((first["top_ten"] >= _NEARLY_ALL).sum())
    all_of = "all" if often == len(first) else "one" if often == 1 else words.in_words(often) if often else "none"
    sentences = [
        f"{models:,} models were made in the same way from other samples of the same people. Of the {words.in_words(len(first))} features "
        f"that count most here, {all_of} {'was' if often == 1 else 'were'} among the first ten in at least nine of ten of those models."
    ]
    rarely = first[first["top_ten"] < _HALF]
    if len(rarely):
        told = [
            f"{row['words']} ({round(float(row['top_ten']) * models):,} of {models:,} models)"
            for _, row in rarely.head(_NAMED).iterrows()
        ]
        more = f"; and {words.in_words(len(rarely) - _NAMED)} more" if len(rarely) > _NAMED else ""
        sentences.append(f"That some count may be chance: {'; '.join(told)}{more}.")
    lead = first.iloc[0]
    if models >= _FEWEST_MODELS:
        sentences.append(
            f"{words.capital(str(lead['words']))}, first here with {words.percent(float(lead['share']))}, had "
            f"{words.percent(float(lead['median']))} in the middle model, and between {words.percent(float(lead['lower']))} and "
            f"{words.percent(float(lead['upper']))} in nine of ten."
        )
    tab = Tabulator()
    rows = [
        (
            str(row["words"]),
            tab.percent(row, "share"),
            tab.percent(row, "median"),
            words.interval(row["lower"], row["upper"], words.percent),
            f"{round(float(row['top_ten']) * models):,} of {models:,}",
        )
        for _, row in frame.head(settings.top_features).iterrows()
    ]
    note = () if models >= 100 else (f"{models:,} models are a first look; 100 or more say more.",)
    table = tab.table(
        "How the features hold in models from other samples",
        ("Feature", "Share here", "Middle model", "5th to 95th centile", "Among the first ten"),
        rows,
        notes=("Shares of what moves the risk, in development.", *note),
        folded=True,
    )
    return [Prose((" ".join(sentences),), heading="Would it be the same with other people?"), table]
