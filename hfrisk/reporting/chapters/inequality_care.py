"""Who is given what, and of whom it is not recorded."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import group_name, level_name, people
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["care", "difference", "not_recorded"]

_IMD = "imd_quintile"
_MOST, _LEAST = "1", "5"


def care(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit | Prose]:
    """Treatment and access by group: the most and the least deprived drawn, every group in the table."""
    frame = evidence.released.care_gaps
    if frame.empty:
        return []
    absent = frame[frame["reason"] != ""]
    known = frame[frame["reason"] == ""]
    blocks: list[Exhibit | Prose] = []
    if len(known):
        blocks.append(_drawn(known, settings))
    if len(absent):
        named = words.listed(dict.fromkeys(absent["words"]))
        blocks.append(
            Prose((f"**Not told by these data:** {named}. Nobody can say here who is given it; it is not 0%.",))
        )
    return blocks


def _drawn(known: pd.DataFrame, settings: ReportingSettings) -> Exhibit:
    lines, gaps = [], []
    for item, part in known.groupby("item", sort=False):
        ends = [_level(part, first) for first in (_MOST, _LEAST)]
        name = words.capital(str(part["words"].iloc[0]))
        for row, second in zip(ends, (False, True), strict=True):
            if row is not None:
                label = level_name(_IMD, row["level"])
                lines.append(Line(label, row["share"], row["lower"], row["upper"], _share(row), name, second=second))
        if all(row is not None and words.known(row["share"]) for row in ends):
            gaps.append((str(item), name, *difference(ends[0], ends[1])))
    picture = draw_forest(
        "care_gaps",
        lines,
        settings.dots_per_inch,
        reference=0.0,
        axis="Share given it (filled: most deprived fifth; open: least deprived)",
        percent=True,
    )
    title, sentence = _said(known, gaps)
    alt = "Treatment and access. " + "; ".join(f"{line.section}, {line.label}: {line.text}" for line in lines)
    return Exhibit(
        "care",
        title,
        sentence,
        f"{alt}." if picture else "",
        picture,
        _table(known, "item", "Treatment and access by group"),
    )


def difference(one: pd.Series, other: pd.Series) -> tuple[float, float, float]:
    """The difference of two shares and its interval from theirs, squared and added (Newcombe, Stat Med 1998;17:873, method 10)."""
    gap = one["share"] - other["share"]
    low = gap - math.hypot(one["share"] - one["lower"], other["upper"] - other["share"])
    high = gap + math.hypot(one["upper"] - one["share"], other["share"] - other["lower"])
    return float(gap), float(low), float(high)


def _said(known: pd.DataFrame, gaps: list[tuple[str, str, float, float, float]]) -> tuple[str, str]:
    if not gaps:
        overall = known[(known["group"] == "all") & known["share"].notna()]
        told = [f"{row['words']}: {words.percent(row['share'])}" for _, row in overall.iterrows()]
        everyone = f" Of everyone: {words.listed(told)}." if told else ""
        return (
            "Treatment by deprivation cannot be told",
            f"The most and the least deprived are not both shown.{everyone}",
        )
    clear = [gap for gap in gaps if not gap[3] <= 0 <= gap[4]]
    if not clear:
        return (
            "No clear gap in treatment between the most and the least deprived",
            f"Of {len(gaps)} items none clearly differs between the most and the least deprived fifth.",
        )
    less = [gap for gap in clear if gap[2] < 0]
    lead = max(clear, key=lambda gap: abs(gap[2]))
    title = f"{'Fewer' if lead[2] < 0 else 'More'} of the most deprived had {_inside(lead[1])}"
    told = [
        f"{_inside(name)}, {words.figure(100 * abs(gap), 0)} in 100 {'fewer' if gap < 0 else 'more'} "
        f"({_ends(low, high)})"
        for _, name, gap, low, high in sorted(clear, key=lambda g: -abs(g[2]))
    ]
    sentence = f"The most deprived fifth against the least: {words.listed(told)}."
    rest = len(gaps) - len(clear)
    if rest:
        sentence += f" For {words.in_words(rest)} other{'s' if rest > 1 else ''} there is no clear difference."
    if less:
        sentence += " A treatment that fewer are given may be one that fewer could take: the data do not say which."
    return title, sentence


def _ends(low: float, high: float) -> str:
    ends = sorted((abs(low), abs(high)))
    return f"{words.figure(100 * ends[0], 0)} to {words.figure(100 * ends[1], 0)}"


def _inside(name: str) -> str:
    first = name.split(" ")[0]
    return name if len(first) > 1 and first[:2].isupper() else name[:1].lower() + name[1:]


def _level(part: pd.DataFrame, first: str) -> pd.Series | None:
    mine = part[(part["group"] == _IMD) & part["level"].str.startswith(first)]
    return mine.iloc[0] if len(mine) else None


def _share(row: pd.Series) -> str:
    if not words.known(row["share"]):
        return Tabulator().cell("", row["share"], row)
    return f"{words.percent(row['share'])} ({words.percent(row['lower'])} to {words.percent(row['upper'])})"


def not_recorded(evidence: Evidence) -> list[Prose | Table]:
    """How often a key feature, or a group itself, is not recorded, by group."""
    frame = evidence.released.group_missingness
    if frame.empty:
        return []
    known = frame[frame["reason"] == ""].copy()
    known["words"] = [_feature(str(f), str(w)) for f, w in zip(known["feature"], known["words"], strict=True)]
    absent = [str(w) for w in frame.loc[frame["reason"] != "", "words"]]
    heading = "What is not recorded, and of whom"
    if not known["share"].notna().any():
        return [Prose((f"How often values are not recorded is {why_held(known)}.",), heading=heading)]
    widest = []
    for _, part in known[known["group"] != "all"].groupby(["feature", "group"], sort=False):
        seen = part[part["share"].notna()]
        if len(seen) < 2:
            continue
        top, bottom = seen.loc[seen["share"].idxmax()], seen.loc[seen["share"].idxmin()]
        # the highest and the lowest of several: intervals that do not touch are what Tukey's range asks of about five levels
        if top["lower"] > bottom["upper"]:
            widest.append((float(top["share"] - bottom["share"]), top, bottom))
    widest.sort(key=lambda found: -found[0])
    items = tuple(
        f"{words.capital(str(top['words']))}: not recorded for {words.percent(top['share'])} of {people(top['group'], top['level'])}, "
        f"{words.percent(bottom['share'])} of {people(bottom['group'], bottom['level'])}."
        for _, top, bottom in widest[:5]
    )
    lead = "The widest gaps:" if items else "No clear gap between groups in what is not recorded."
    paragraphs = [f"What is recorded less often in one group leaves less to be known of its people. {lead}"]
    gone = Prose((f"**Not in these data at all:** {words.listed(absent)}.",)) if absent else None
    return [
        Prose(tuple(paragraphs), heading=heading, items=items),
        *([gone] if gone else []),
        _table(known, "feature", "Not recorded, by group"),
    ]


def _feature(name: str, said: str) -> str:
    return group_name(name.removeprefix("group_")).split(" (")[0].lower() if name.startswith("group_") else said


def _table(known: pd.DataFrame, key: str, caption: str) -> Table:
    tab = Tabulator()
    items = list(dict.fromkeys(known[key]))
    by = known.set_index([key, "group", "level"])
    named = known.drop_duplicates(key).set_index(key)["words"]
    rows: list[tuple[str, ...]] = []
    last = "all"
    for group, level in dict.fromkeys(zip(known["group"], known["level"], strict=True)):
        if group != last:
            last = group
            rows.append((group_name(group),))
        cells = [level_name(group, level)]
        for item in items:
            place = (item, group, level)
            cells.append(tab.percent(by.loc[place], "share") if place in by.index else "by itself")
        rows.append(tuple(cells))
    notes = ("Shares in whole per cent, of those of whom it is known; counts are not shown.",)
    head = ["Group", *(words.capital(str(named[item])) for item in items)]
    return tab.table(caption, head, rows, notes=notes, folded=True)
