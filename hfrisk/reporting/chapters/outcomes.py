"""The picture before any model: how often people came back, by day, by group and over time."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.incidence import incidence
from hfrisk.reporting.evidence import QUARTER, Evidence, clearly_apart, reason_of, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import group_name, level_name, people
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["by_group", "crude", "group_rates", "rate_words", "wilson"]


def crude(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """How often people came back, by day and by group, before any model."""
    lead = (
        f"How often people {evidence.outcome}, before any model, from the released counts. Nothing is adjusted for: "
        "a gap says where to look, not why it is there."
    )
    return Chapter(
        "outcomes",
        "Outcomes by day and by group, before any model",
        lead,
        (incidence(evidence, settings), _by_group(evidence, settings)),
    )


def by_group(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """How often people came back, by group, where there is no model."""
    lead = (
        f"How often people {evidence.outcome}, from the released counts. Nothing is adjusted for: a gap says where to look, "
        "not why it is there."
    )
    return Chapter("outcomes", "Outcomes by group", lead, (_by_group(evidence, settings),))


def _by_group(evidence: Evidence, settings: ReportingSettings) -> Exhibit | Prose:
    frame = group_rates(evidence)
    if frame.empty:
        return Prose(("No counts by group were released.",))
    everyone = frame[frame["group"] == "all"].iloc[0]
    lines = [
        Line(
            level_name(row["group"], row["level"]),
            row["rate"],
            row["lower"],
            row["upper"],
            _rate_text(row),
            group_name(row["group"]).split(" (")[0],
        )
        for _, row in frame[frame["group"] != "all"].iterrows()
    ]
    tab = Tabulator()
    table_rows: list[tuple[str, ...]] = []
    last = "all"
    for _, row in frame.iterrows():
        if row["group"] != last:
            last = row["group"]
            table_rows.append((group_name(last),))
        cells = [level_name(row["group"], row["level"]), tab.count(row, "n"), tab.count(row, "events"), _rate_text(row)]
        if "died" in frame:
            cells += [tab.count(row, "died"), tab.percent(row, "share_died")]
        table_rows.append(tuple(cells))
    head = ["Group", "Discharges", words.capital(evidence.came_back), "Share (95% interval)"]
    if "died" in frame:
        head += ["Died first", "Share"]
    table = tab.table(
        f"How many {evidence.came_back}, by group",
        head,
        table_rows,
        notes=(
            "Intervals (Wilson) are from the rounded counts and count each discharge once.",
            *([evidence.folds["counted"]] if evidence.folds["counted"] else []),
        ),
    )
    title, sentence = rate_words(evidence, frame, everyone)
    picture = draw_forest(
        "outcomes_by_group",
        lines,
        settings.dots_per_inch,
        reference=float(everyone["rate"]),
        axis=f"Share who {evidence.came_back} (dashed: everyone)",
        percent=True,
    )
    alt = f"Share who {evidence.came_back}, by group. " + "; ".join(f"{i.section}, {i.label}: {i.text}" for i in lines)
    return Exhibit("crude", title, sentence, f"{alt}.", picture, table)


def group_rates(evidence: Evidence) -> pd.DataFrame:
    """Who came back, by group: everyone's counts, or those of development and test together (withheld in either: withheld)."""
    described = evidence.released.outcomes
    if len(described):
        return described[described["group"] != QUARTER].rename(columns={"share": "rate"}).reset_index(drop=True)
    frame = evidence.released.performance
    if frame.empty:
        return frame
    mine = frame[(frame["model"] == evidence.model) & frame["split"].isin(["test", "cross-validation"])]
    mine = mine.drop_duplicates(["split", "group", "level"])
    rows = []
    for (group, level), part in mine.groupby(["group", "level"], sort=False):
        n, events = part["n"].sum(skipna=False), part["events"].sum(skipna=False)
        held = next((reason_of(r) for _, r in part.iterrows() if not words.known(r["events"])), "")
        rate = lower = upper = math.nan
        if words.known(n) and words.known(events) and n > 0:
            rate, lower, upper = wilson(float(events), float(n))
        rows.append((group, level, n, events, rate, lower, upper, held))
    table = pd.DataFrame(rows, columns=["group", "level", "n", "events", "rate", "lower", "upper", "suppressed"])
    return table if (table["group"] == "all").any() else table.iloc[:0]


def wilson(events: float, n: float, z: float = 1.959964) -> tuple[float, float, float]:
    """A share and its 95% limits, from released counts."""
    rate = events / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return rate, max(0.0, middle - half), min(1.0, middle + half)


def _rate_text(row: pd.Series) -> str:
    if not words.known(row["rate"]):
        return Tabulator().cell("", row["rate"], row)
    return f"{words.percent(row['rate'])} ({words.percent(row['lower'])} to {words.percent(row['upper'])})"


def rate_words(evidence: Evidence, frame: pd.DataFrame, everyone: pd.Series) -> tuple[str, str]:
    """The finding about the groups, and the sentence under it."""
    rate = everyone["rate"]
    if not words.known(rate):
        return (
            "How many came back may not be shown",
            "The overall count is held back, so no group can be set beside it.",
        )
    groups = frame[(frame["group"] != "all") & frame["rate"].notna()]
    overall = f"Of everyone, {words.percent(rate)} {evidence.came_back}."
    clear = clearly_apart(groups, rate)
    high = clear[clear["lower"] > rate].sort_values("lower", ascending=False)
    low = clear[clear["upper"] < rate].sort_values("upper")
    apart = [(part.iloc[0], word) for part, word in ((high, "most"), (low, "least")) if len(part)]
    if groups.empty:
        return (
            "No group is large enough to set beside everyone",
            f"{overall} The groups are {why_held(frame[frame['group'] != 'all'])}.",
        )
    if not apart:
        return (
            "No group clearly differs from everyone in how many came back",
            f"{overall} No group's interval leaves that out.",
        )
    told = [
        words.capital(
            f"{people(r['group'], r['level'])} {evidence.came_back} {word} often: {words.percent(r['rate'])}, "
            f"{words.percent(r['lower'])} to {words.percent(r['upper'])}."
        )
        for r, word in apart
    ]
    lead, word = apart[0]
    return (
        words.capital(f"{people(lead['group'], lead['level'])} {evidence.came_back} {word} often"),
        " ".join([overall, *told]),
    )
