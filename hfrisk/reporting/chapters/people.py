"""Who is in it: the flow of patients, their characteristics, and what happened to them before any model."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Table, Tabulator
from hfrisk.reporting.figures.flow import Box, draw_flow
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["flow", "table_one"]

#: Sections of Table 1 that describe people and outcomes; the rest are the model's inputs.
_FIRST = ("Index discharges", "Groups of people")
_SPLITS = {"all": "Everyone", "development": "Learned from", "test": "Tried on"}


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


def table_one(evidence: Evidence) -> Chapter:
    """Characteristics of the people: in development and in the test, or of everyone where there is no model."""
    frame = evidence.released.table1
    sections = list(dict.fromkeys(frame["section"])) if len(frame) else []
    inputs = [s for s in sections if s not in _FIRST]
    blocks = [
        _table_one(
            evidence,
            frame[frame["section"].isin(_FIRST)] if len(frame) else frame,
            "Who they were" if evidence.describes else "Who they were, and what happened to them",
            folded=False,
        )
    ]
    if inputs:
        caption = "What was known at discharge" if evidence.describes else "Everything that the model reads"
        blocks.append(_table_one(evidence, frame[frame["section"].isin(inputs)], caption, folded=True))
    return Chapter(
        "table-1",
        "Who they were (Table 1)",
        "A person who left hospital more than once is described at each discharge.",
        tuple(blocks),
    )


def _table_one(evidence: Evidence, frame: pd.DataFrame, caption: str, *, folded: bool) -> Table:
    tab = Tabulator()
    splits = [s for s in _SPLITS if len(frame) and (frame["split"] == s).any()]
    rows: list[tuple[str, ...]] = []
    section = ""
    for place, characteristic, levels in _characteristics(frame):
        if place != section:
            section = place
            rows.append((section,))
        for label, cells in _lines(tab, characteristic, levels, splits):
            rows.append((label, *cells))
    titles = _SPLITS | {"test": evidence.tested["column"]}
    titles |= {"development": words.capital(evidence.tested["learned_discharges"])} if evidence.stored else {}
    head = ["Characteristic", *(titles[s] for s in splits)]
    return tab.table(
        caption,
        head,
        rows,
        notes=("Discharges with percentages, or the median with the middle half of people in brackets.",),
        folded=folded,
    )


def _characteristics(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    if frame.empty:
        return
    for section, within in frame.groupby("section", sort=False):
        for characteristic, part in within.groupby("characteristic", sort=False):
            yield str(section), str(characteristic), part


def _lines(
    tab: Tabulator, characteristic: str, part: pd.DataFrame, splits: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    medians = part[part["statistic"] == "median"]
    if len(medians):
        unit = next((str(u) for u in part["unit"] if isinstance(u, str) and u), "")
        label = f"{characteristic}, median{f' ({unit})' if unit else ''}"
        yield label, tuple(_median(tab, part[part["split"] == s]) for s in splits)
    counts = part[part["statistic"] == "n"]
    named = [str(v) for v in dict.fromkeys(counts["level"])]
    alone = len(named) == 1 and named[0] in ("", "yes")
    if named and not alone:
        yield characteristic, tuple("" for _ in splits)
    for level in named:
        own = counts[counts["level"] == level]
        label = characteristic if alone else f"\u2003{level}"
        yield label, tuple(_share(tab, own[own["split"] == s]) for s in splits)
    missing = part[part["statistic"] == "missing"]
    if len(missing) and (missing["value"].isna().any() or (missing["value"] > 0).any()):
        label = f"\u2003{characteristic}, not recorded"
        yield label, tuple(_share(tab, missing[missing["split"] == s]) for s in splits)


def _share(tab: Tabulator, rows: pd.DataFrame) -> str:
    if rows.empty:
        # Nobody of this level in this part of the data: none is a small number too.
        return tab.cell("", None, {"suppressed": "too few people in this part of the data"})
    row = rows.iloc[0]
    if not words.known(row["value"]):
        return tab.cell("", row["value"], row)
    text = words.count(row["value"])
    if words.known(row["n"]) and row["n"] > 0 and _has_share(row):
        text += f" ({words.percent(float(row['value']) / float(row['n']))})"
    return text


def _has_share(row: pd.Series) -> bool:
    # A percentage of the discharges means nothing for people, nor for the discharges themselves.
    return str(row["characteristic"]) not in ("Index discharges", "Persons")


def _median(tab: Tabulator, rows: pd.DataFrame) -> str:
    by = {str(row["statistic"]): row for _, row in rows.iterrows()}
    middle = by.get("median")
    if middle is None:
        return words.NOT_COMPUTED
    if not words.known(middle["value"]):
        return tab.cell("", middle["value"], middle)
    text = words.trimmed(float(middle["value"]))
    low, high = by.get("lower_quartile"), by.get("upper_quartile")
    if low is not None and high is not None and words.known(low["value"]) and words.known(high["value"]):
        text += f" ({words.trimmed(float(low['value']))} to {words.trimmed(float(high['value']))})"
    return text
