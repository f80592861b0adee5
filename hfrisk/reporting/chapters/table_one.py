"""Table 1: who they were, by when they were discharged and by what happened, with standardised differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Prose, Table, Tabulator

__all__ = ["table_one"]

#: Sections of Table 1 that describe people and outcomes; the rest are the model's inputs.
_FIRST = ("Index discharges", "Groups of people")
_SPLITS = {"all": "Everyone", "development": "Learned from", "test": "Tried on (later)"}
_DIFFERENCE = "Standardised difference"
_MOST_NAMED = 5
_NOTHING = "–"  # the difference is that of the whole characteristic, or there is none to give


@dataclass(frozen=True)
class _Columns:
    """Which columns of Table 1 stand side by side, and what is said of how far they differ."""

    by: str  # the column of the frame that names them
    titles: Mapping[str, str]
    frame: pd.DataFrame
    differences: pd.DataFrame
    notes: tuple[str, ...]


def table_one(evidence: Evidence) -> Chapter:
    """Characteristics of the people: in development and in the later discharges, and by what happened."""
    blocks: list[Prose | Table] = []
    by_split, by_outcome = _by_split(evidence), _by_outcome(evidence)
    first = "Who they were" if evidence.describes else "Who they were, and what happened to them"
    inputs = "What was known at discharge" if evidence.describes else "Everything that the model reads"
    if told := _apart_in_time(evidence, by_split):
        blocks.append(Prose((told,)))
    blocks += _tables(by_split, first, inputs)
    if len(by_outcome.frame):
        blocks.append(Prose((_apart_by_outcome(evidence, by_outcome),), heading="By what happened"))
        blocks += _tables(by_outcome, "Who they were, by what happened", f"{inputs}, by what happened")
    return Chapter(
        "table-1",
        "Who they were (Table 1)",
        "A person who left hospital more than once is described at each discharge.",
        tuple(blocks),
    )


def _by_split(evidence: Evidence) -> _Columns:
    titles = _SPLITS | ({"development": "Earlier discharges"} if evidence.stored else {})
    return _Columns("split", titles, evidence.released.table1, _between(evidence, "splits"), ())


def _by_outcome(evidence: Evidence) -> _Columns:
    other = "Neither" if evidence.composite else "Did not come back"
    titles = {"event": words.capital(evidence.came_back), "other": other, "died": "Of them, died first"}
    among = f"those who {evidence.came_back}" if evidence.composite else "those who did not come back"
    note = f"People who died first, before any return, are among {among}."
    frame = evidence.released.table1_by_outcome
    if len(frame) and frame.loc[frame["outcome"] == "died", "value"].isna().all():
        frame = frame[frame["outcome"] != "died"]
        note += " Too few of them may be shown for a column of their own."
    return _Columns("outcome", titles, frame, _between(evidence, "outcomes"), (note,))


def _between(evidence: Evidence, between: str) -> pd.DataFrame:
    frame = evidence.released.table1_differences
    return frame[frame["between"] == between] if len(frame) else frame


def _apart_in_time(evidence: Evidence, columns: _Columns) -> str:
    seen, far = _far(columns)
    if not seen:
        return ""
    earlier = "the earlier discharges" if evidence.stored else "the discharges it learned from"
    limit = f"{_notable():g} standard deviations"
    if not far:
        return f"Between {earlier} and the later ones **none of {seen} characteristics** differs by more than {limit}."
    return (
        f"Between {earlier} and the later ones **{len(far)} of {seen} characteristics** "
        f"{'differs' if len(far) == 1 else 'differ'} by more than {limit}: {_named(far)}."
    )


def _apart_by_outcome(evidence: Evidence, columns: _Columns) -> str:
    seen, far = _far(columns)
    if not seen:
        return "How far the people of the two columns differ is not shown."
    limit = f"{_notable():g} standard deviations"
    whom = f"Those who {evidence.came_back} and the others"
    if not far:
        return f"{whom} differ by more than {limit} in **none of {seen} characteristics**."
    return (
        f"{whom} differ by more than {limit} in **{len(far)} of {seen} characteristics**: {_named(far)}. "
        "Nothing is adjusted for: this says who came back, not why."
    )


def _far(columns: _Columns) -> tuple[int, list[tuple[str, float]]]:
    """How many characteristics have a difference, and those that differ notably, the furthest first."""
    seen = columns.differences.dropna(subset=["estimate"]) if len(columns.differences) else columns.differences
    if seen.empty:
        return 0, []
    far = seen[seen["estimate"] > _notable()].sort_values("estimate", ascending=False, kind="stable")
    return len(seen), [(str(row["characteristic"]), float(row["estimate"])) for _, row in far.iterrows()]


def _named(far: list[tuple[str, float]]) -> str:
    named = [f"{_lowered(name)} ({words.figure(value)})" for name, value in far[:_MOST_NAMED]]
    more = len(far) - len(named)
    return f"{'; '.join(named)}{f'; and {more} more' if more else ''}"


def _lowered(name: str) -> str:
    # "Sex" begins a heading; "NT-proBNP" and "HFRS" are names
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def _notable() -> float:
    return float(read_yaml("table_one.yaml")["notable_difference"]["value"])


def _tables(columns: _Columns, first: str, inputs: str) -> list[Table]:
    frame = columns.frame
    if frame.empty:
        return [_table(columns, frame, first, folded=False)]
    about = frame["section"].isin(_FIRST)
    tables = [_table(columns, frame[about], first, folded=False)]
    if not about.all():
        tables.append(_table(columns, frame[~about], inputs, folded=True))
    return tables


def _table(columns: _Columns, frame: pd.DataFrame, caption: str, *, folded: bool) -> Table:
    tab = Tabulator()
    names = [s for s in columns.titles if len(frame) and (frame[columns.by] == s).any()]
    compared = len(columns.differences) > 0 and len(names) > 1
    gaps = {
        (str(row["section"]), str(row["characteristic"])): row
        for _, row in (columns.differences.iterrows() if compared else ())
    }
    rows: list[tuple[str, ...]] = []
    section, left_out = "", False
    for place, characteristic, part in _characteristics(frame):
        if place != section:
            section = place
            rows.append((section,))
        gap = gaps.get((place, characteristic))
        for number, (label, cells) in enumerate(_lines(tab, columns.by, characteristic, part, names)):
            if not cells:
                left_out = True
                continue
            if compared:
                # a line has nothing blank, unless it only names what its levels divide
                named_only = gap is None and not any(cells)
                last = _gap(tab, gap) if gap is not None and number == 0 else "" if named_only else _NOTHING
                cells = (*(cell or ("" if named_only else _NOTHING) for cell in cells), last)
            rows.append((label, *cells))
    notes = ["Discharges with percentages, or the median with the middle half of people in brackets.", *columns.notes]
    if compared:
        notes.append(
            f"{_DIFFERENCE}: how far {_first_two(columns, names)} differ, in standard deviations; above {_notable():g} is often taken as "
            "more than negligible."
        )
    if left_out:
        notes.append("Where there is no line “not recorded”, that number is too small to be shown, or nought.")
    head = ["Characteristic", *(columns.titles[s] for s in names), *([_DIFFERENCE] if compared else [])]
    return tab.table(caption, head, rows, notes=notes, folded=folded)


def _first_two(columns: _Columns, names: list[str]) -> str:
    return f"“{columns.titles[names[0]]}” and “{columns.titles[names[1]]}”"


def _gap(tab: Tabulator, row: pd.Series) -> str:
    return words.figure(row["estimate"]) if words.known(row["estimate"]) else tab.cell("", row["estimate"], row)


def _characteristics(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    if frame.empty:
        return
    for section, within in frame.groupby("section", sort=False):
        for characteristic, part in within.groupby("characteristic", sort=False):
            yield str(section), str(characteristic), part


def _lines(
    tab: Tabulator, by: str, characteristic: str, part: pd.DataFrame, names: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Label and cells of each line; a line of which no number may be shown, and that says only who is not recorded, has none."""
    medians = part[part["statistic"] == "median"]
    if len(medians):
        unit = next((str(u) for u in part["unit"] if isinstance(u, str) and u), "")
        label = f"{characteristic}, median{f' ({unit})' if unit else ''}"
        yield label, tuple(_median(tab, part[part[by] == s]) for s in names)
    counts = part[part["statistic"] == "n"]
    named = [str(v) for v in dict.fromkeys(counts["level"])]
    alone = len(named) == 1 and named[0] in ("", "yes")
    if named and not alone:
        yield characteristic, tuple("" for _ in names)
    for level in named:
        own = counts[counts["level"] == level]
        label = characteristic if alone else f"\u2003{level}"
        yield label, tuple(_share(tab, own[own[by] == s]) for s in names)
    missing = part[part["statistic"] == "missing"]
    if missing["value"].notna().any() and (missing["value"] > 0).any():
        label = f"\u2003{characteristic}, not recorded"
        yield label, tuple(_share(tab, missing[missing[by] == s]) for s in names)
    elif missing["value"].isna().any():
        yield "", ()


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
