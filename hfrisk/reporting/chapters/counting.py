"""How people were counted: definitions, the evidence that told them, whom a rule would pick out, and other definitions."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.rules import code_lists, rules
from hfrisk.reporting.evidence import Evidence, reason_of
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import told_by
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import plain_table

__all__ = ["definitions", "how_told", "other_definitions", "range_of_definitions"]

_QUESTIONS = {
    "heart_failure": "Heart failure in the stay, told by",
    "unplanned": "An emergency admission, told by",
    "spells": "Stays joined into one spell, for",
}


def definitions(evidence: Evidence) -> Chapter:
    """Who and what, as the computer was told, with sources; and how often each kind of evidence told it."""
    table = plain_table(
        evidence.released.definitions, {"item": "What", "value": "How it is defined", "source": "Source"}, "Definitions"
    )
    told, lists = rules(evidence), code_lists(evidence)
    blocks: list[Exhibit | Table | Prose] = [told, replace(table, folded=True)] if told else [table]
    blocks += [lists] if lists else []
    if len(evidence.released.strategies):
        blocks.append(_strategies(evidence))
    if len(evidence.released.eligibility):
        blocks.append(_eligibility(evidence))
    return Chapter(
        "definitions",
        "Definitions and code lists",
        "Who was counted, by which codes and on what evidence.",
        tuple(blocks),
    )


def how_told(evidence: Evidence) -> str:
    """How it was told who was admitted as an emergency, in a sentence."""
    frame = evidence.released.strategies
    mine = frame[(frame["question"] == "unplanned") & (frame["told_by"] != "planned")] if len(frame) else frame
    if mine.empty:
        return f"How it was told who was admitted as an emergency is {words.NOT_COMPUTED}."
    if mine["told_by"].tolist() == ["assume_unplanned"]:
        return "Every admission was **taken as an emergency**: these data do not tell planned from unplanned ones, or were not asked."
    shown = mine.dropna(subset=["n"])
    if shown.empty:
        return f"How it was told who was admitted as an emergency is {reason_of(mine.iloc[0])}."
    total = float(shown["n"].sum())
    parts = [
        f"{told_by('unplanned', str(row['told_by']))} ({words.in_hundred(float(row['n']) / total)} of every 100)"
        for _, row in shown.sort_values("n", ascending=False).iterrows()
    ]
    if len(shown) == 1:
        parts = [told_by("unplanned", str(shown["told_by"].iloc[0]))]
    return f"That an admission was an emergency was told by {words.listed(parts)}."


def _strategies(evidence: Evidence) -> Exhibit:
    frame = evidence.released.strategies
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for question, heading in _QUESTIONS.items():
        mine = frame[frame["question"] == question]
        if mine.empty:
            continue
        rows.append((heading,))
        for _, row in mine.iterrows():
            share = words.SUPPRESSED
            if words.known(row["n"]) and words.known(row["of"]) and row["of"] > 0:
                share = words.percent(float(row["n"]) / float(row["of"]))
            rows.append((told_by(question, str(row["told_by"])), tab.count(row, "n"), share))
    table = tab.table("How it was told, and how often", ("Evidence", "Spells (or stays)", "Share"), rows)
    return Exhibit("told", "On what evidence people were counted", how_told(evidence).replace("**", ""), table=table)


def _eligibility(evidence: Evidence) -> Exhibit:
    row = evidence.released.eligibility.iloc[0]
    items = {str(r["item"]): str(r["value"]) for _, r in evidence.released.definitions.iterrows()}
    rule = items.get("Who would be scored in practice", "")
    lead = f"Before a stay is coded, people would be picked out by {rule}. " if rule else ""
    tab = Tabulator()
    rows = [
        ("Coded heart-failure discharges", tab.count(row, "coded")),
        ("Discharges that the rule picks out", tab.count(row, "eligible")),
        ("Both", tab.count(row, "both")),
        ("Of the coded, picked out (sensitivity)", _share(tab, row, "sensitivity")),
        ("Of the picked out, coded (positive predictive value)", _share(tab, row, "ppv")),
    ]
    table = tab.table(
        "The rule at the time of scoring, against the coded discharges",
        ("What", "Number"),
        rows,
        notes=("Brackets: 95% interval (Wilson), from the rounded counts.",),
    )
    if not (words.known(row["sensitivity"]) and words.known(row["ppv"])):
        title = "How well today's patients can be picked out is not shown"
        return Exhibit(
            "eligibility", title, f"{lead}How well that does is {reason_of(row) or words.NOT_COMPUTED}.", table=table
        )
    found, right = words.in_hundred(row["sensitivity"]), words.in_hundred(row["ppv"])
    return Exhibit(
        "eligibility",
        f"At the time of scoring a rule would find {found} of every 100 heart-failure discharges",
        f"{lead}That finds {found} of every 100 discharges that are later coded as heart failure, and of every 100 that it picks "
        f"out, {right} are.",
        table=table,
    )


def _share(tab: Tabulator, row: pd.Series, name: str) -> str:
    shown = tab.percent(row, name)
    span = words.interval(row[f"{name}_low"], row[f"{name}_high"], words.percent)
    return f"{shown} ({span})" if span else shown


# ------------------------------------------------------------------ other definitions


def other_definitions(evidence: Evidence, settings: ReportingSettings) -> Chapter | None:
    """The same people by other definitions, side by side; None where the study names none."""
    frame = evidence.released.sensitivity
    if len(frame) < 2:
        return None
    same = (frame["rate"].fillna(-1) == frame["readmission"].fillna(-1)).all()
    tab = Tabulator()
    rows = [
        (
            words.capital(str(row["name"])),
            tab.count(row, "index_discharges"),
            tab.count(row, "persons"),
            tab.count(row, "events"),
            *([] if same else [tab.percent(row, "rate")]),
            _readmission(row),
            tab.percent(row, "death"),
        )
        for _, row in frame.iterrows()
    ]
    day = int(frame["day"].iloc[0])
    head = (
        "Definition",
        "Discharges",
        "People",
        words.capital(evidence.came_back),
        *([] if same else [f"Share who {evidence.came_back}"]),
        f"Came back by the last day{f' ({day})' if frame['day'].nunique() == 1 else ''} (95% interval)",
        "Died first",
    )
    notes = [
        "Shares by the last day are cumulative incidences; intervals (Wilson) are from the rounded counts.",
        *(words.capital(f"{text}.") for text in dict.fromkeys(frame["near"]) if text),
    ]
    table = tab.table("The same data by other definitions", head, rows, notes=notes)
    own = frame.iloc[0]
    lines = [
        Line(
            words.capital(str(row["name"])),
            float(row["readmission"]),
            float(row["lower"]),
            float(row["upper"]),
            _readmission(row),
            second=place > 0,
        )
        for place, (_, row) in enumerate(frame.iterrows())
    ]
    picture = draw_forest(
        "definitions",
        lines,
        settings.dots_per_inch,
        reference=float(own["readmission"]),
        axis="Share who came back (dashed: as defined)",
        percent=True,
    )
    alt = "Share who came back by each definition: " + "; ".join(f"{line.label} {line.text}" for line in lines) + "."
    title, sentence = range_of_definitions(evidence)
    return Chapter(
        "other-definitions",
        "Other definitions",
        "How far the figures depend on how people are counted. The rows share most of their people.",
        (Exhibit("definitions", title, sentence.replace("**", ""), alt, picture, table),),
    )


def range_of_definitions(evidence: Evidence) -> tuple[str, str]:
    """How far the share who came back moves from one definition to another: a title and a sentence."""
    frame = evidence.released.sensitivity
    if len(frame) < 2:
        return "", "No other definition was tried: the study file names none."
    seen = frame.dropna(subset=["readmission"])
    own = frame.iloc[0]
    others = seen[seen["name"] != own["name"]]
    if not words.known(own["readmission"]) or others.empty:
        return (
            "How far the figures hang on the definitions is not shown",
            f"Of {len(frame) - 1} other definitions, none can be set beside the study's own ({_why(frame)}).",
        )
    low, high = seen["readmission"].min(), seen["readmission"].max()
    base = words.out_of(float(low))
    least, most = words.in_hundred(float(low), base), words.in_hundred(float(high), base)
    far = others.loc[(others["readmission"] - own["readmission"]).abs().idxmax()]
    number = len(others)
    tried = "The other definition" if number == 1 else f"The {words.in_words(number)} other definitions"
    if least == most:
        title = f"By every definition {most} of every {base:,} came back"
        return (
            title,
            f"{tried} that the study names {'gives' if number == 1 else 'give'} the same **{most} of every {base:,}**.",
        )
    return (
        f"Between {least} and {most} of every {base:,} came back, depending on the definition",
        f"As defined, {words.percent(float(own['readmission']))} came back. {tried} that the study names "
        f"{'gives' if number == 1 else 'give'} between **{least} and {most} of every {base:,}**; furthest off is "
        f"“{far['name']}” with {words.percent(float(far['readmission']))}.",
    )


def _why(frame: pd.DataFrame) -> str:
    return next((reason for reason in (reason_of(row) for _, row in frame.iterrows()) if reason), words.NOT_COMPUTED)


def _readmission(row: pd.Series) -> str:
    if not words.known(row["readmission"]):
        return Tabulator().cell("", row["readmission"], row)
    span = words.interval(row["lower"], row["upper"], words.percent)
    return f"{words.percent(float(row['readmission']))} ({span})"
