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
    lost = [text for _, row in frame.iterrows() if (text := _taken(evidence, row))]
    if not lost:
        return [
            Prose(
                ("No remedy takes the flag from so many people of one group that their number may be shown.",),
                heading="Whose flag would be taken away",
            ),
            table,
        ]
    return [Prose((), heading="Whose flag would be taken away", items=tuple(lost)), table]


def _taken(evidence: Evidence, row: Any) -> str:
    """How many of a group lose their flag, and what happened to them; and whether that denies need."""
    if row["group"] == "all" or not words.known(row["no_longer"]):
        return ""
    whom = people(str(row["group"]), str(row["level"]))
    told = f"{REMEDIES[str(row['remedy'])]}: about {words.count(row['no_longer'])} {whom} would lose their flag"
    told += (
        f", of whom about {words.count(row['no_longer_events'])} {evidence.came_back}."
        if words.known(row["no_longer_events"])
        else f"; how many of them {evidence.came_back} may not be shown."
    )
    if _missed_more(evidence, row):
        told += (
            f" More of those who {evidence.came_back} are missed in this group already than overall: taking flags from it would deny need, "
            "so this is no remedy."
        )
    return told


def _missed_more(evidence: Evidence, row: Any) -> bool:
    cells = evidence.released.remedy_cells
    cells = cells[cells["remedy"] == NONE].set_index(["group", "level"])["true_positive_rate"]
    mine, everyone = cells.get((row["group"], row["level"])), cells.get(("all", "all"))
    return words.known(mine) and words.known(everyone) and mine < everyone
