"""Whether it leans on different things for different people, and the model in a few rules."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Prose, Table, Tabulator
from hfrisk.reporting.naming import group_name, level_name, people

__all__ = ["in_a_few_rules", "leans_apart"]

_NAMED = 3


def leans_apart(evidence: Evidence) -> list[Prose | Table]:
    """What moves the risk for each group of people, beside everyone else."""
    frame = evidence.released.themes_by_group
    if frame.empty:
        return []
    heading = "Does it lean on different things for different people?"
    known = frame.dropna(subset=["share", "difference", "chance"])
    if known.empty:
        reason = str(frame["reason"].iloc[0]) or why_held(frame)
        return [Prose((f"This is {words.NOT_COMPUTED}: {reason}.",), heading=heading)]
    more = known[known["beyond_chance"].astype(bool) & (known["difference"] > 0)]
    more = more.sort_values("difference", ascending=False, kind="stable")
    if more.empty:
        said = ["No: for no group does a theme count more, or less, than chance allows."]
    else:
        said = [
            f"For {people(str(row['group']), str(row['level']))}, {words.percent(float(row['share']))} of what moves the risk comes from "
            f"{str(row['theme']).lower()}; for everyone else, {words.percent(float(row['elsewhere']))}."
            for _, row in more.head(_NAMED).iterrows()
        ]
        if len(more) > _NAMED:
            said.append(
                f"{len(more) - _NAMED:,} other differences are larger than chance allows, but smaller than these."
            )
        said.append(
            "A difference is no fault in itself: ask whether what it leans on is recorded as well for each of them."
        )
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for group, level in known[["group", "level"]].drop_duplicates().itertuples(index=False):
        part = known[(known["group"] == group) & (known["level"] == level)].sort_values("share", ascending=False)
        rows.append((f"{group_name(str(group)).split(' (')[0]}: {level_name(str(group), str(level))}",))
        rows.extend(
            (
                str(row["theme"]),
                tab.percent(row, "share"),
                tab.percent(row, "elsewhere"),
                "yes" if bool(row["beyond_chance"]) else "no",
                tab.count(row, "n"),
            )
            for _, row in part.iterrows()
        )
    absent = frame.loc[frame["share"].isna(), ["group", "level"]].drop_duplicates()
    notes = [
        "Beyond chance: people exchanged their groups many times; the limit holds for all groups and themes together."
    ]
    if len(absent):
        one = len(absent) == 1
        which = "One group is" if one else f"{words.capital(words.in_words(len(absent)))} groups are"
        notes.append(f"{which} too small to ask about, or withheld.")
    table = tab.table(
        "What moves the risk, by group of people",
        ("Theme", "Share here", "Share for everyone else", "Beyond chance", "Discharges"),
        rows,
        left=(0, 3),
        notes=notes,
        folded=True,
    )
    return [Prose((" ".join(said),), heading=heading), table]


def in_a_few_rules(evidence: Evidence) -> list[Prose]:
    """A small tree that copies the model, as sentences."""
    frame = evidence.released.surrogate
    if frame.empty:
        return []
    dictionary = evidence.released.dictionary
    facts = dictionary.set_index("name") if len(dictionary) else pd.DataFrame()
    items = []
    for _, part in frame.groupby("leaf", sort=True):
        conditions = [_condition(row, facts) for _, row in part.iterrows()]
        first = part.iloc[0]
        told = (
            f"a risk of {words.percent(float(first['risk']))} on average ({words.count(first['n'])} discharges)"
            if words.known(first["risk"]) and words.known(first["n"])
            else words.SUPPRESSED
        )
        items.append(f"{words.capital(words.listed(conditions))}: {told}.")
    fidelity = float(frame.iloc[0]["fidelity"])
    told = (
        f"They tell {words.percent(fidelity)} of what sets its risks apart in people whom they were not made from (R², on the log-odds); "
        "the rest is in the model and not in the rules."
        if fidelity > 0
        else "In people whom they were not made from they tell nothing of what sets its risks apart: they do not stand for the model."
    )
    count = words.capital(words.in_words(len(items)))
    lead = f"{count} rules that copy the model's risks, the lowest first. {told} Risks are predicted, not observed."
    return [Prose((lead,), heading="The model in a few rules", items=tuple(items))]


def _condition(row: pd.Series, facts: pd.DataFrame) -> str:
    """One question of a rule: ``last urea above 12.4 mmol/L``, ``no beta-blocker``, ``nights in hospital (2 or more)``."""
    name = str(row["feature"])
    known = facts.loc[name] if name in facts.index else pd.Series({"words": name, "unit": "", "kind": "continuous"})
    text, unit, kind = str(known["words"]), str(known["unit"]), str(known["kind"])
    absent = bool(row["unrecorded"])
    if kind == "count" and not (words.known(row["upper"]) and row["upper"] < 1):
        return f"{text} ({_how_many(row['lower'], row['upper'])}{', or not recorded' if absent else ''})"
    if kind in ("binary", "count"):
        said = text if words.known(row["lower"]) else _none(text)
    else:
        said = f"{text} {_limits(row['lower'], row['upper'])} {unit}".rstrip()
    return f"{said} (or not recorded)" if absent else said


def _how_many(low: float, high: float) -> str:
    """Whole numbers above `low` and at most `high`; either may be missing."""
    if not words.known(low):
        return f"{words.trimmed(high)} or fewer"
    first = words.trimmed(low + 1)
    if not words.known(high):
        return f"{first} or more"
    last = words.trimmed(high)
    return first if first == last else f"{first} to {last}"


def _limits(low: float, high: float) -> str:
    if words.known(low) and words.known(high):
        return f"above {words.trimmed(low)} and at most {words.trimmed(high)}"
    return f"above {words.trimmed(low)}" if words.known(low) else f"at most {words.trimmed(high)}"


def _none(text: str) -> str:
    return f"not {text}" if text.split()[0].endswith("ing") else f"no {text}"
