"""Of the inequality picture: people with palliative care apart, and two groups at once."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, clearly_apart, why_held
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.naming import group_name, level_name, people

__all__ = ["SAID", "crossed", "own_outcome", "palliative", "share_text"]

SAID = {"readmission": "came back", "death": "died without coming back", "composite": "came back or died"}
"""What people did, by outcome."""


def own_outcome(evidence: Evidence) -> str:
    """The outcome of the study."""
    return "composite" if evidence.composite else "readmission"


def share_text(row: pd.Series, value: str, lower: str, upper: str) -> str:
    """A share with its interval, or the word for why it is not there."""
    if not words.known(row[value]):
        return Tabulator().cell("", row[value], row)
    return f"{words.percent(row[value])} ({words.percent(row[lower])} to {words.percent(row[upper])})"


def palliative(evidence: Evidence) -> list[Prose]:
    """Those with palliative care recorded, beside the others (decision 6)."""
    rates = evidence.released.inequality_rates
    mine = rates[rates["group"] == "palliative"]
    if mine.empty:
        return []
    heading = "With palliative care apart"
    by = mine.set_index(["outcome", "level"])
    levels = list(dict.fromkeys(mine["level"]))
    if len(levels) < 2 or mine.loc[mine["outcome"] == "readmission", "rate"].isna().any():
        return [Prose((f"Outcomes of those with palliative care recorded are {why_held(mine)}.",), heading=heading)]
    said = []
    for outcome, words_of in SAID.items():
        pair = [by.loc[(outcome, level)] for level in ("Recorded", "Not recorded in the stay")]
        if all(words.known(row["rate"]) for row in pair):
            with_, without = (share_text(row, "rate", "lower", "upper") for row in pair)
            said.append(f"{words.capital(words_of)}: {with_} with palliative care recorded, {without} without.")
        else:
            said.append(f"{words.capital(words_of)}: {why_held(mine[mine['outcome'] == outcome])}.")
    note = "Someone who is dying cannot come back, so that fewer readmissions there are no sign of better care."
    return [Prose((note,), heading=heading, items=tuple(said))]


def crossed(evidence: Evidence) -> list[Prose | Table]:
    """Two groups at once: those that may be shown, and which of them stand out."""
    pairs = evidence.released.inequality_pairs
    if pairs.empty:
        return []
    mine = pairs[pairs["outcome"] == own_outcome(evidence)]
    shown = mine[mine["rate"].notna()]
    heading = "Two groups at once"
    own = evidence.released.inequality_rates
    everyone = float(own[(own["outcome"] == own_outcome(evidence)) & (own["group"] == "all")].iloc[0]["rate"])
    if shown.empty or not words.known(everyone):
        return [Prose((f"No share of two groups at once may be shown: each is {why_held(mine)}.",), heading=heading)]
    apart = clearly_apart(shown, everyone)
    high = apart[apart["lower"] > everyone].sort_values("lower", ascending=False).head(3)
    parts = [
        f"{_both(row)} ({words.percent(row['rate'])}, {words.percent(row['lower'])} to {words.percent(row['upper'])})"
        for _, row in high.iterrows()
    ]
    found = (
        f"Most often {evidence.came_back}, clearly more than everyone ({words.percent(everyone)}): {words.listed(parts)}."
        if parts
        else f"None of them clearly lies above everyone ({words.percent(everyone)})."
    )
    text = f"{len(shown):,} of {len(mine):,} combinations of two groups are large enough to be shown, in whole per cent. {found}"
    many = f" With {len(shown):,} comparisons, about {round(0.025 * len(shown)):,} would lie above by chance alone."
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    last = ("", "")
    wide = {outcome: part.reset_index(drop=True) for outcome, part in pairs.groupby("outcome", sort=False)}
    for at, row in wide[own_outcome(evidence)].iterrows():
        if not words.known(row["rate"]):
            continue
        if (row["group"], row["with_group"]) != last:
            last = (row["group"], row["with_group"])
            rows.append((" by ".join(group_name(g).split(" (")[0] for g in last),))
        cells = [f"{level_name(row['group'], row['level'])}; {level_name(row['with_group'], row['with_level'])}"]
        for outcome in SAID:
            other = wide[outcome].loc[at]
            cells.append(tab.cell(share_text(other, "rate", "lower", "upper"), other["rate"], other))
        standard = share_text(row, "standardised", "standardised_lower", "standardised_upper")
        cells.append(tab.cell(standard, row["standardised"], row))
        rows.append(tuple(cells))
    head = (
        "Groups",
        *(words.capital(said) for said in SAID.values()),
        f"{words.capital(evidence.came_back)}, at one age and sex",
    )
    table = tab.table("Outcomes by two groups at once, with 95% intervals", head, rows, folded=True)
    return [Prose((text + (many if parts else ""),), heading=heading), table]


def _both(row: pd.Series) -> str:
    return f"{people(row['group'], row['level'])} and {people(row['with_group'], row['with_level'])}".replace(
        " and people ", ", "
    )
