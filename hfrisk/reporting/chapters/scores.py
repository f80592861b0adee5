"""Clinical scores: for how many each could be worked out, and which of its inputs was missing most often."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, reason_of
from hfrisk.reporting.exhibits import Chapter, Prose, Table, Tabulator
from hfrisk.reporting.naming import model_name

__all__ = ["clinical_scores", "scores_in_words"]

_JUDGED = {"readmission": "coming back as an emergency", "composite": "coming back or dying"}
_MADE_FOR = {**_JUDGED, "death_in_hospital": "death in hospital", "death": "death within years"}
_NOT_HERE, _ALL = "not here", "everyone"


def clinical_scores(evidence: Evidence) -> Chapter | None:
    """A sentence for each score, and the table of its inputs; None where no score was made."""
    frame = evidence.released.score_inputs
    if frame.empty:
        return None
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for title, total, inputs in _scores(frame):
        rows.append((words.capital(title),))
        rows += [_cells(tab, row, words.capital(str(row["words"]))) for _, row in inputs.iterrows()]
        rows.append(_cells(tab, total, "Whole score"))
    notes = list(dict.fromkeys(text for text in frame["near"] if text))
    notes += [f"{_NOT_HERE}: {text}" for text in dict.fromkeys(frame.loc[~_always(frame), "reason"]) if text]
    notes += [f"{_ALL}: {text}" for text in dict.fromkeys(frame.loc[_always(frame), "reason"])]
    size = frame["rows"].iloc[0]
    of = f" (of {words.count(size)})" if words.known(size) else ""
    table = tab.table(
        "For how many discharges each part of each score is known",
        ("What the score needs", f"Known for{of}", "Share"),
        rows,
        notes=[f"{words.capital(text)}." for text in notes],
        folded=True,
    )
    return Chapter(
        "clinical-scores",
        "Clinical scores",
        "Published scores can only be compared with, or used, for people whose values are recorded.",
        (Prose((), items=tuple(scores_in_words(evidence))), *_ranked(evidence), table),
    )


def _ranked(evidence: Evidence) -> tuple[Table, ...]:
    """How each score ranks those who have it, on the outcome that it was made for and on the other."""
    frame = evidence.rows("score_outcomes")
    if frame.empty:
        return ()
    tab = Tabulator()
    rows, notes = [], []
    for name, mine in frame.groupby("score", sort=False):
        of = mine.set_index("outcome")
        made_for = str(mine["made_for"].iloc[0])
        cells = [tab.estimate(of.loc[outcome], 2) if outcome in of.index else words.NOT_COMPUTED for outcome in _JUDGED]
        rows.append((model_name(str(name)), _MADE_FOR[made_for], *cells))
        if made_for in of.index and made_for not in _JUDGED:
            notes.append(f"{model_name(str(name))}: {of.loc[made_for, 'reason']}.")
    return (
        tab.table(
            "How each score ranks those who have it (AUROC)",
            ("Score", "Made to predict", *(words.capital(said) for said in _JUDGED.values())),
            rows,
            notes=("Brackets: 95% interval. 0.5 is a coin toss, 1 is perfect.", *notes),
        ),
    )


def scores_in_words(evidence: Evidence) -> list[str]:
    """A sentence for each score; those of which it may not be said share one."""
    told, held, why = [], [], ""
    for title, total, inputs in _scores(evidence.released.score_inputs):
        absent = [str(text) for text in inputs.loc[(inputs["reason"] != "") & ~_always(inputs), "words"]]
        if total["always"]:
            told.append(f"{title}: can be worked out for every discharge.")
        elif words.known(total["share"]):
            share = float(total["share"])
            base = words.out_of(share)
            told.append(
                f"{title}: can be worked out for {words.in_hundred(share, base)} of every {base:,} discharges{_least(inputs)}."
            )
        elif total["reason"]:
            told.append(f"{title}: cannot be worked out for anyone{_without(absent)}.")
        else:
            held.append(title)
            why = why or reason_of(total)
    if held:
        told.append(
            f"{words.listed(held)}: for how many {'it' if len(held) == 1 else 'they'} can be worked out is {why}."
        )
    return told


def _scores(frame: pd.DataFrame) -> list[tuple[str, pd.Series, pd.DataFrame]]:
    """Of each score what it is called, the row of the whole of it, and the rows of its inputs."""
    found = []
    for name, mine in frame.groupby("score", sort=False):
        whole = mine["input"] == f"score_{name}"
        total = mine[whole].iloc[0]
        found.append((str(total["words"]), total, mine[~whole]))
    return found


def _least(inputs: pd.DataFrame) -> str:
    """Which input is known least often, to follow how often the whole is."""
    known = inputs.dropna(subset=["share"])
    if known.empty:
        return ""
    row = known.loc[known["share"].idxmin()]
    share = float(row["share"])
    base = words.out_of(share)
    return f"; most often missing is the {row['words']}, known for {words.in_hundred(share, base)}"


def _always(frame: pd.DataFrame) -> pd.Series:
    return frame["always"].astype(bool)


def _without(absent: list[str]) -> str:
    if not absent:
        return " here"
    return f", because these are not in the data: {words.listed(absent)}"


def _cells(tab: Tabulator, row: pd.Series, name: str) -> tuple[str, ...]:
    if row["always"]:
        return (name, _ALL, _ALL)
    if row["reason"]:
        return (name, _NOT_HERE, _NOT_HERE)
    return (name, tab.count(row, "observed"), tab.percent(row, "share"))
