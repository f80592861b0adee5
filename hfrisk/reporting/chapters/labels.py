"""Whether the label, a feature or the risks may be wrong for a group: possibilities, each with its size."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.naming import group_name, level_name

__all__ = ["labels"]

_CODES = {
    "HFR177": "Whether readmissions are recorded alike was asked by setting them beside deaths, at equal risk, age and sex.",
    "HFR178": "Whether risks are off for one group was asked in the test.",
    "HFR179": "Whether a feature is recorded less for a group of equal need was asked of counts, scores and tests.",
}
_QUIET = {
    "HFR177": "No group clearly stands out: none dies more, or comes back less, than its risk would have it by more than chance.",
    "HFR178": "No group clearly stands out.",
    "HFR179": "No feature clearly stands out.",
}


def labels(evidence: Evidence) -> list[Prose | Table]:
    """What was found, or that nothing was, and the numbers behind it."""
    released = evidence.released
    if released.label_bias.empty and released.shifted_groups.empty and released.biased_proxies.empty:
        return []
    told = []
    for code, asked in _CODES.items():
        found = released.checks[released.checks["code"] == code]
        said = " ".join(f"{row['finding']} {row['consequence']}" for _, row in found.iterrows())
        told.append(f"{asked} {said or _QUIET[code]}")
    found = [
        Prose(
            ("What the records hold may itself be unfair; no remedy above mends that.",),
            heading="Whether labels, features and risks may be wrong for a group",
            items=tuple(told),
        )
    ]
    tables = (_labels(evidence), _shifts(evidence), _proxies(evidence))
    return [*found, *(table for table in tables if table is not None)]


def _labels(evidence: Evidence) -> Table | None:
    frame = evidence.released.label_bias
    if frame.empty:
        return None
    signs = [sign for sign in dict.fromkeys(frame["sign"]) if sign not in ("readmitted", "died", "lost")]
    names = frame.drop_duplicates("sign").set_index("sign")["words"]
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for group, mine in frame.groupby("group", sort=False):
        rows.append((group_name(str(group)),))
        for level, one in mine.groupby("level", sort=False):
            each = one.set_index("sign")
            rows.append(
                (
                    level_name(str(group), str(level)),
                    tab.estimate(each.loc["readmitted"]),
                    tab.estimate(each.loc["died"]),
                    _share(tab, each.loc["lost"]),
                    *(tab.estimate(each.loc[sign]) if sign in each.index else words.NOT_COMPUTED for sign in signs),
                )
            )
    return tab.table(
        "Readmissions and deaths of each group, over what the other groups would have at equal risk, age and sex",
        (
            "Group",
            "Readmissions, over expected",
            "Deaths without readmission, over expected",
            "Readmissions that may be missing, if deaths are the yardstick",
            *(f"{words.capital(str(names[sign]))}, difference in standard deviations" for sign in signs),
        ),
        rows,
        notes=(
            f"Development out of fold and {evidence.tested['discharges']} together. "
            "What the model gives to a group as such is taken out of the risk. Below nought: more readmissions than deaths would suggest.",
        ),
        folded=True,
    )


def _share(tab: Tabulator, row: pd.Series) -> str:
    value = row["estimate"]
    if not words.known(value):
        return tab.cell("", value, row)
    span = words.interval(row["lower"], row["upper"], lambda v: f"{words.signed(100 * v, 0)}%")
    return f"{words.signed(100 * float(value), 0)}% ({span})"


def _shifts(evidence: Evidence) -> Table | None:
    frame = evidence.released.shifted_groups
    if frame.empty:
        return None
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for group, mine in frame.groupby("group", sort=False):
        rows.append((group_name(str(group)),))
        for level, one in mine.groupby("level", sort=False):
            each = one.set_index("split")
            cells = (tab.estimate(each.loc[split]) for split in ("cross-validation", "test"))
            rows.append((level_name(str(group), str(level)), *cells))
    return tab.table(
        "Observed over expected of each group, over that of the others",
        ("Group", "In development", "In the test"),
        rows,
        notes=("The interval of the test holds what development left unsure of the group.",),
        folded=True,
    )


def _proxies(evidence: Evidence) -> Table | None:
    frame = evidence.released.biased_proxies
    if frame.empty:
        return None
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for group, mine in frame.groupby("group", sort=False):
        rows.append((group_name(str(group)),))
        for (level, _), one in mine.groupby(["level", "feature"], sort=False):
            each = one.set_index("measure")
            rows.append(
                (
                    level_name(str(group), str(level)),
                    words.capital(str(one["words"].iloc[0])),
                    tab.estimate(each.loc["recorded"]),
                    tab.estimate(each.loc["events"]),
                )
            )
    return tab.table(
        "How much is recorded of each group, and how often the outcome comes at the same record",
        (
            "Group",
            "Feature",
            "Recorded, over expected at equal age and sex",
            "Events, over expected at the same recorded value",
        ),
        rows,
        left=(0, 1),
        notes=("A record that misses part of what a group has is below 1 in the first and above 1 in the second.",),
        folded=True,
    )
