"""Trusts between the limits of chance, and beside what their case mix would give."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Exhibit, Table, Tabulator
from hfrisk.reporting.figures.funnel import draw_funnel
from hfrisk.reporting.naming import level_name
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["trusts"]

_GROUP = "site_group"


def trusts(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    """The funnel of the study's outcome, with its table."""
    frame = evidence.released.trust_outcomes
    if frame.empty:
        return []
    own = "composite" if evidence.composite else "readmission"
    mine = frame[frame["outcome"] == own].reset_index(drop=True)
    shown = mine[mine["rate"].notna()]
    table = _table(evidence, mine)
    if shown.empty:
        return [Exhibit("funnel", "Trusts are not shown", f"Each is {why_held(mine)}.", "", None, table)]
    limits = evidence.released.trust_limits
    picture = draw_funnel(
        shown,
        limits[limits["outcome"] == own].sort_values("n"),
        f"Share who {evidence.came_back}",
        settings.dots_per_inch,
    )
    title, sentence = _said(evidence, shown)
    alt = f"Share who {evidence.came_back} by trust over its discharges: " + "; ".join(
        f"{row['level']}: {words.percent(row['rate'])} of {words.count(row['n'])}" for _, row in shown.iterrows()
    )
    return [Exhibit("funnel", title, sentence, f"{alt}.", picture, table)]


def _said(evidence: Evidence, shown: pd.DataFrame) -> tuple[str, str]:
    far = shown[shown["place"].str.contains("99.8")]
    between = int((shown["place"].str.contains("95 %")).sum())
    target = float(shown["target"].iloc[0])
    widened = float(shown["widening"].iloc[0]) > 1
    count = f"{len(shown)} trusts are set beside everyone ({words.percent(target)} {evidence.came_back})."
    scatter = _scatter(shown)
    if far.empty:
        title = "No trust lies beyond what chance would give"
        found = f"None lies outside the 99.8% limits{'' if not widened else ', widened for that'}"
        found += f"; {words.in_words(between)} between the 95% and the 99.8% limits." if between else "."
    else:
        title = f"{'One trust lies' if len(far) == 1 else f'{len(far)} trusts lie'} far from the others"
        named = [
            f"{level_name(_GROUP, row['level'])} ({words.percent(row['rate'])}, {'above' if row['rate'] > target else 'below'})"
            for _, row in far.iterrows()
        ]
        found = f"Outside the 99.8% limits: {words.listed(named)}. "
        found += _with_case_mix(far)
    warning = "A funnel does not say why: whom a trust treats, what it records, where people go afterwards, and care all play in."
    return title, f"{count} {scatter} {found} {warning}"


def _scatter(shown: pd.DataFrame) -> str:
    ratio = float(shown["dispersion"].iloc[0])
    if not words.known(ratio):
        return "They are too few to say whether they scatter more than chance allows."
    if float(shown["widening"].iloc[0]) > 1:
        return f"They scatter more than chance allows (over-dispersion {words.figure(ratio, 1)}, where chance gives 1)."
    return f"They scatter no more than chance allows (over-dispersion {words.figure(ratio, 1)}, where chance gives 1)."


def _with_case_mix(far: pd.DataFrame) -> str:
    known = far[far["oe_lower"].notna()]
    if known.empty:
        return ""
    still = known[[not low <= 1 <= high for low, high in zip(known["oe_lower"], known["oe_upper"], strict=True)]]
    if len(still) == len(known):
        return "With age, sex and comorbidity allowed for that stays."
    if still.empty:
        return "With age, sex and comorbidity allowed for no clear difference is left."
    return f"With age, sex and comorbidity allowed for it stays at {words.in_words(len(still))} of them."


def _table(evidence: Evidence, mine: pd.DataFrame) -> Table:
    tab = Tabulator()
    rows = []
    for _, row in mine.iterrows():
        limits = (
            f"{words.percent(row['lower_998'])} to {words.percent(row['upper_998'])}"
            if words.known(row["rate"])
            else ""
        )
        ratio = (
            f"{words.figure(row['oe_ratio'])} ({words.figure(row['oe_lower'])} to {words.figure(row['oe_upper'])})"
            if words.known(row["oe_ratio"])
            else ""
        )
        rows.append(
            (
                level_name(_GROUP, row["level"]),
                tab.count(row, "n"),
                tab.percent(row, "rate"),
                tab.cell(limits, row["rate"], row),
                tab.cell(str(row["place"]).replace(" %", "%"), row["rate"], row),
                tab.cell(ratio, row["oe_ratio"], row),
            )
        )
    return tab.table(
        "Trusts, and the limits within which chance alone would keep 99.8 in 100 of them",
        (
            "Trust",
            "Discharges",
            words.capital(evidence.came_back),
            "99.8% limits at that size",
            "Place",
            "Observed over expected from its case mix",
        ),
        rows,
        left=(0, 4),
        notes=(
            "Limits: exact binomial about everyone's share (Spiegelhalter 2005); the place allows for scatter beyond chance. "
            "Expected: a logistic regression of age, sex and comorbidity on these very people, made for nothing else.",
        ),
        folded=True,
    )
