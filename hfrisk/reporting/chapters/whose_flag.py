"""Who would be flagged by each remedy and who no longer, and whose need would be denied."""

from __future__ import annotations

from typing import Any

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.naming import group_name, level_name, people

__all__ = ["NONE", "REMEDIES", "whose_flag"]

NONE = "none"
REMEDIES = {
    NONE: "As it is, one threshold for all",
    "recalibration": "Risks recalibrated by group",
    "group_thresholds": "A threshold for each group",
    "threshold_optimizer": "ThresholdOptimizer, by chance in part",
    "exponentiated_gradient": "ExponentiatedGradient, by chance in part",
    "reweighting": "Made again from reweighted people",
    "without_sensitive": "Made again without sensitive features",
}


def whose_flag(evidence: Evidence, group: str) -> list[Table | Prose]:
    """The table of who is newly flagged and who no longer, and a sentence for each group that loses flags."""
    frame = evidence.released.remedy_flags
    if frame.empty:
        return []
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for remedy, mine in frame.groupby("remedy", sort=False):
        rows.append((REMEDIES[str(remedy)],))
        for _, row in mine.iterrows():
            counts = (tab.count(row, name) for name in ("newly", "newly_events", "no_longer", "no_longer_events"))
            rows.append((level_name(str(row["group"]), str(row["level"])), *counts))
    table = tab.table(
        f"Who would be flagged and who no longer, by {group_name(group)}",
        (
            "Group",
            "Newly flagged",
            f"Of these, {evidence.came_back}",
            "No longer flagged",
            f"Of these, {evidence.came_back}",
        ),
        rows,
        folded=True,
    )
    said = [text for _, row in frame.iterrows() if (text := _taken(evidence, row))]
    heading = "Whose flag would be taken away"
    if said:
        lead = (
            "In these groups fewer people would be flagged than are now. Elsewhere a remedy may exchange some people for others of the "
            "same group: the table has both.",
        )
        return [Prose(lead, heading=heading, items=tuple(said)), table]
    quiet = "No remedy is shown to flag fewer people of any group. It may exchange some for others of the same group: the table has both."
    return [Prose((quiet,), heading=heading), table]


def _taken(evidence: Evidence, row: Any) -> str:
    """Of a group that is flagged less: how many lose their flag, and what happened to them; and whether that denies need."""
    remedy, group, level = (str(row[name]) for name in ("remedy", "group", "level"))
    before, after = (_rates(evidence, each, group, level) for each in (NONE, remedy))
    if group == "all" or not (words.known(after[0]) and words.known(before[0]) and after[0] < before[0]):
        return ""
    flagged = f"{REMEDIES[remedy]}: of {people(group, level)}, {words.percent(after[0])} would be flagged, not {words.percent(before[0])}."
    if not words.known(row["no_longer"]):
        told = f"{flagged} How many lose their flag may not be shown."
    elif words.known(row["no_longer_events"]):
        others = words.count(row["no_longer"] - row["no_longer_events"])
        told = (
            f"{flagged} About {words.count(row['no_longer'])} lose their flag: about {words.count(row['no_longer_events'])} who "
            f"{evidence.came_back} and {others} who did not."
        )
    else:
        told = f"{flagged} About {words.count(row['no_longer'])} lose their flag; how many of them {evidence.came_back} may not be shown."
    everyone = _rates(evidence, NONE, "all", "all")
    # as a reader sees them, in whole per cent
    if words.known(before[1]) and words.known(everyone[1]) and round(100 * before[1]) < round(100 * everyone[1]):
        told += (
            f" Of those who {evidence.came_back}, the model as it is finds {words.percent(before[1])} in this group and "
            f"{words.percent(everyone[1])} overall: fewer flags here would deny need, so that this is no remedy."
        )
    return told


def _rates(evidence: Evidence, remedy: str, group: str, level: str) -> tuple[Any, Any]:
    """Shares flagged, of all and of those with the outcome."""
    cells = evidence.released.remedy_cells
    found = cells[(cells["remedy"] == remedy) & (cells["group"] == group) & (cells["level"] == level)]
    return (found["selection_rate"].iloc[0], found["true_positive_rate"].iloc[0]) if len(found) else (None, None)
