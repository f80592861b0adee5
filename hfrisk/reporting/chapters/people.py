"""Who is in it: the flow of patients, from every admission to the discharges of the study."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Tabulator
from hfrisk.reporting.figures.flow import Box, draw_flow
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["flow"]


def flow(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """The flow of patients, drawn, with the table behind it."""
    frame = evidence.released.flow
    tab = Tabulator()
    rows = [
        (
            str(row["words"]),
            tab.count(row, "admissions"),
            tab.count(row, "persons"),
            tab.count(row, "events"),
            tab.count(row, "excluded"),
            tab.count(row, "excluded_only_here"),
        )
        for _, row in frame.iterrows()
    ]
    table = tab.table(
        "Flow of patients, rule by rule",
        (
            "After this rule",
            "Admissions left",
            "People",
            words.capital(evidence.came_back),
            "Taken out",
            "Taken out by this rule only",
        ),
        rows,
    )
    if frame.empty:
        exhibit = Exhibit("flow", "The flow of patients was not released", f"It is {words.NOT_COMPUTED}.")
    else:
        boxes = [_box(row, first=place == 0) for place, (_, row) in enumerate(frame.iterrows())]
        picture = draw_flow(boxes, _ends(evidence), settings.dots_per_inch)
        alt = "Flow of patients. " + " ".join(
            f"{box.words}: {box.remaining}{f' ({box.excluded})' if box.excluded else ''}." for box in boxes
        )
        exhibit = Exhibit("flow", _flow_title(frame), _flow_sentence(frame), alt, picture, table)
    tried = "the model was tried on" if evidence.stored else "the model was made and tried on"
    end = "are described here" if evidence.describes else tried
    return Chapter(
        "flow", "Flow of patients", f"From every admission in the data to the discharges that {end}.", (exhibit,)
    )


def _box(row: pd.Series, *, first: bool) -> Box:
    tab = Tabulator()
    people = f"{tab.count(row, 'persons')} people" if words.known(row["persons"]) else f"people {words.SUPPRESSED}"
    left = f"{tab.count(row, 'admissions')} admissions, {people}"
    gone = "" if first else f"{tab.count(row, 'excluded')} taken out"
    return Box(words.capital(str(row["words"])), left, "" if gone.startswith("0 ") else gone)


def _ends(evidence: Evidence) -> list[Box]:
    parts = evidence.released.headline.get("by_split") or {}
    ends = []
    learned = words.capital(evidence.tested["learned_discharges"]) if evidence.stored else "Learned from"
    for key, title in (("development", learned), ("test", "Tried on")):
        part = parts.get(key) or {}
        n = part.get("n")
        if n is None and not part:
            continue
        size = f"{words.count(n)} discharges" if words.known(n) else words.SUPPRESSED
        first, last = part.get("period_from"), part.get("period_to")
        span = f": {words.month(first)} to {words.month(last)}" if first and last else ""
        ends.append(Box(f"{title}{span}", size))
    return ends


def _flow_title(frame: pd.DataFrame) -> str:
    first, last = frame.iloc[0], frame.iloc[-1]
    if words.known(first["admissions"]) and words.known(last["admissions"]):
        return f"Of {words.count(first['admissions'])} admissions, {words.count(last['admissions'])} are in the study"
    return "Which admissions are in the study"


def _flow_sentence(frame: pd.DataFrame) -> str:
    taken = frame.iloc[1:].dropna(subset=["excluded"])
    taken = taken[taken["excluded"] > 0]
    if taken.empty:
        return "No rule took out a number of admissions that may be shown."
    worst = taken.loc[taken["excluded"].idxmax()]
    return (
        f"The rule that took out most was “{worst['words']}”: {words.count(worst['excluded'])} admissions. "
        f"In the end there are {words.count(frame.iloc[-1]['persons'])} people."
        if words.known(frame.iloc[-1]["persons"])
        else f"The rule that took out most was “{worst['words']}”: {words.count(worst['excluded'])} admissions."
    )
