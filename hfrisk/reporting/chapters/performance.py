"""How good it is: ranking, percentages, usefulness, and whether it stays so over time and between hospitals."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import ranking as picking
from hfrisk.reporting import sentences, words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Tabulator
from hfrisk.reporting.figures.calibration import draw_calibration, draw_deciles
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import model_name
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import (
    beside_table,
    calibration_table,
    estimates_table,
    sizes_table,
)

__all__ = ["calibration", "calibration_alt", "calibration_title", "discrimination"]


def discrimination(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """Ranking: each model in each split, and what happened in each tenth of risk."""
    table = estimates_table(
        evidence,
        (
            "auroc",
            "auroc_delong",
            "auprc",
            "prevalence",
            "brier",
            "brier_reliability",
            "brier_resolution",
            "brier_uncertainty",
            "scaled_brier",
            "log_loss",
        ),
        "Ranking and overall accuracy",
        notes=(
            "The interval to go by is the one from resampling people; DeLong's takes every discharge for another person's and is "
            "there to be set beside published ones.",
            "The Brier score is reliability less resolution plus uncertainty, by tenths of risk, corrected for chance.",
        ),
    )
    lines = []
    for split in ("test", "cross-validation"):
        # a score was not learnt here: where the model is judged is enough
        for model in [evidence.model, *(evidence.comparators if split == evidence.split else evidence.chief)]:
            number = evidence.number("auroc", model=model, split=split)
            if number.known or model == evidence.model:
                lines.append(
                    Line(
                        words.capital(model_name(model)),
                        number.estimate,
                        number.lower,
                        number.upper,
                        number.text(),
                        words.capital(evidence.where(split)),
                        second=model != evidence.model,
                    )
                )
    picture = draw_forest(
        "ranking",
        lines,
        settings.dots_per_inch,
        reference=0.5,
        axis="Ranking (AUROC): 0.5 is a coin toss, 1 is perfect",
    )
    alt = "Ranking of each model. " + "; ".join(f"{i.section}, {i.label}: {i.text}" for i in lines) + "."
    exhibit = Exhibit("ranking", _ranking_title(evidence), " ".join(_ranking(evidence)), alt, picture, table)
    return Chapter(
        "discrimination",
        "Does it tell people apart?",
        f"Whether those who {evidence.came_back} were given higher risks than those who did not.",
        (exhibit, *([beside_table(evidence)] if evidence.comparators else []), _deciles(evidence, settings)),
    )


def _ranking(evidence: Evidence) -> list[str]:
    told = picking.ranking(evidence)
    inside = evidence.number("auroc", split="cross-validation")
    if evidence.has_test and inside.known:
        told.append(
            f"{words.capital('in ' + evidence.folds['name'])}, among {evidence.tested['learned_people']}, it was right "
            f"{100 * inside.estimate:.0f} times in 100."
        )
    return [t.replace("**", "") for t in told]


def _ranking_title(evidence: Evidence) -> str:
    auroc = evidence.number("auroc")
    if not auroc.known:
        return "How well it tells people apart is not known"
    if auroc.with_interval and auroc.lower <= 0.5:
        return "It is not shown to tell people apart better than a coin toss"
    return f"It ranks two people rightly {100 * auroc.estimate:.0f} times in 100"


def _deciles(evidence: Evidence, settings: ReportingSettings) -> Exhibit:
    frame = evidence.rows("risk_deciles")
    key = "deaths"
    if frame.empty or not frame["n"].notna().any():
        return Exhibit(key, "Deaths by tenth of risk are not shown", f"They are {why_held(frame)}.")
    tab = Tabulator()
    rows = [
        (
            str(int(row["decile"])),
            tab.count(row, "n"),
            tab.percent(row, "mean_risk"),
            _share(tab, row, "events"),
            _share(tab, row, "died"),
        )
        for _, row in frame.iterrows()
    ]
    head = ("Tenth of risk", "Discharges", "Mean predicted", words.capital(evidence.came_back), "Died first")
    table = tab.table("What happened in each tenth of predicted risk", head, rows)
    died = frame.dropna(subset=["died", "n"])
    seen = frame.dropna(subset=["events", "n"])
    title = f"How many {evidence.came_back} in each tenth of risk may not be shown"
    told = []
    if len(seen) >= 2:
        low, high = seen.iloc[0], seen.iloc[-1]
        title = (
            f"{words.in_hundred(high['events'] / high['n'])} of every 100 in the {_tenth(high)} tenth of risk "
            f"{evidence.came_back}, {words.in_hundred(low['events'] / low['n'])} in the {_tenth(low)}"
        )
    if len(died):
        total = died["died"].sum() / died["n"].sum()
        where = (
            "" if len(died) == len(frame) else f" in the {words.in_words(len(died))} of ten tenths that may be shown"
        )
        told.append(
            f"Deaths before any return stand beside it ({words.percent(total)}{where}): a tool that looks only for "
            "returns can pass by people who are dying."
        )
    else:
        told.append(f"Deaths in each tenth are {why_held(frame)}.")
    if len(died) >= 2 and len(died) == len(frame):
        a, b = died.iloc[0], died.iloc[-1]
        told.append(
            f"{words.percent(a['died'] / a['n'])} died first in the lowest tenth, "
            f"{words.percent(b['died'] / b['n'])} in the highest."
        )
    alt = "By tenth of predicted risk: " + "; ".join(
        f"{r[0]}: predicted {r[2]}, {evidence.came_back} {r[3]}, died first {r[4]}" for r in rows
    )
    picture = draw_deciles(frame, evidence.came_back, settings.dots_per_inch)
    return Exhibit(key, title, " ".join(told), f"{alt}.", picture, table)


def _tenth(row: pd.Series) -> str:
    return {1: "lowest", 2: "second", 3: "third", 9: "ninth", 10: "highest"}.get(
        int(row["decile"]), f"{int(row['decile'])}th"
    )


def calibration(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """Percentages: the curve beside the comparator's, and the measures."""
    curve = evidence.overall("calibration_curve")
    curve = curve.dropna(subset=["predicted", "observed"]) if len(curve) else curve
    measures = estimates_table(
        evidence,
        (
            "oe_ratio",
            "calibration_intercept",
            "calibration_slope",
            "ici",
            "ici_expected",
            "ici_expected_95",
            "e50",
            "e90",
            "emax",
        ),
        "Measures of calibration",
        notes=(
            "The average error (ICI) is never 0, even for a perfect model: compare it with what chance alone gives.",
        ),
    )
    lead = "Whether a risk of 20% means that 20 in every 100 such people came back."
    if curve.empty:
        drawn = Exhibit("calibration", "There is no calibration curve", f"The curve is {sentences.no_curve(evidence)}.")
    else:
        beside = ("recalibrated", *evidence.chief) if evidence.stored else evidence.chief
        other = next((c for c in beside if len(evidence.overall("calibration_curve", model=c))), "")
        picture = draw_calibration(
            "calibration",
            curve,
            evidence.rows("risk_distribution"),
            evidence.came_back,
            settings.dots_per_inch,
            comparator=evidence.overall("calibration_curve", model=other) if other else None,
            comparator_words=model_name(other),
        )
        drawn = Exhibit(
            "calibration",
            calibration_title(evidence),
            _calibration_words(evidence),
            calibration_alt(evidence),
            picture,
            calibration_table(evidence),
        )
    sizes = sizes_table(evidence)
    return Chapter(
        "calibration", "Are its percentages true?", lead, (drawn, measures, *([sizes] if sizes.rows else []))
    )


def calibration_title(evidence: Evidence) -> str:
    """The finding about the percentages."""
    ratio = evidence.number("oe_ratio")
    if not ratio.with_interval:
        return "Whether its percentages are true is not known"
    if ratio.excludes(1):
        return f"It predicts {words.predicted_against_observed(ratio.estimate)} {evidence.came_back}"
    slope = evidence.number("calibration_slope")
    if slope.excludes(1):
        return (
            "Right on average, but its high risks are too high"
            if slope.estimate < 1
            else "Right on average, but its risks are too close together"
        )
    return "What it says and what happened agree"


def calibration_alt(evidence: Evidence) -> str:
    """The curve in words, at a handful of risks."""
    table = calibration_table(evidence, points=6)
    said = "; ".join(f"said {row[0]}, {evidence.came_back} {row[1]}" for row in table.rows)
    return f"Calibration curve against the line of agreement: {said}. Below it, how many people were given each risk."


def _calibration_words(evidence: Evidence) -> str:
    told = [
        sentences.level(evidence),
        sentences.calibration_at_threshold(evidence),
        sentences.spread_of_risks(evidence),
    ]
    ici, chance = evidence.number("ici"), evidence.number("ici_expected_95")
    if ici.known and chance.known:
        verdict = "no more than" if ici.estimate <= chance.estimate else "more than"
        told.append(
            f"Its percentages are out by {words.significant(100 * ici.estimate)} in 100 on average, "
            f"{verdict} chance alone gives 19 times in 20 ({words.significant(100 * chance.estimate)} in 100)."
        )
    return " ".join(t for t in told if t).replace("**", "")


def _share(tab: Tabulator, row: pd.Series, column: str) -> str:
    if not (words.known(row[column]) and words.known(row["n"]) and row["n"] > 0):
        return tab.cell("", float("nan"), row)
    return words.percent(row[column] / row["n"])
