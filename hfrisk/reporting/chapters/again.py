"""Would it be the same model again? Models from other samples of the same people, and from fewer of them."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.designs import draw_instability, draw_learning
from hfrisk.reporting.naming import MEASURES
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["corrected", "growing", "of_measure", "scatter", "setting"]


def setting(evidence: Evidence, name: str, default: float) -> float:
    """A setting of the designs as the study has it."""
    designs = evidence.released.study.get("settings", {}).get("designs", {})
    value = designs.get(name, default)
    return float(value) if words.known(value) else default


def scatter(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    """How far the risks of bootstrap models lie from the model's own."""
    summary = evidence.released.instability_summary
    if summary.empty:
        return []
    values = summary.set_index("measure")["estimate"]
    title = "How much the risks depend on who was in development is not shown"
    if not words.known(values["mape"]):
        return [Exhibit("instability", title, f"It is {why_held(summary)}.")]
    models = int(setting(evidence, "bootstraps", 0))
    points = 100 * float(values["mape"])
    moved, limit = float(values["moved"]), setting(evidence, "unstable", 0.1)
    title = f"With other people it would give risks {words.significant(points)} percentage points away, on average"
    sentence = (
        f"{models:,} models were made in the same way from other samples of the same people. On average a person's risk moved by "
        f"{words.significant(points)} percentage points, and by more than {words.significant(100 * float(values['mape_95']))} for one "
        f"person in twenty. In {words.in_hundred(moved)} of 100 cases such a model puts a person on the other side of the threshold of "
        f"{words.percent(evidence.threshold)}: {'more' if moved >= limit else 'less'} than the {words.in_hundred(limit)} from which this "
        "study warns."
    )
    steps = evidence.released.instability
    tab = Tabulator()
    rows = [
        (
            tab.percent(row, "risk"),
            tab.count(row, "n"),
            tab.percent(row, "low"),
            tab.percent(row, "middle"),
            tab.percent(row, "high"),
            tab.percent(row, "error"),
            tab.percent(row, "moved"),
        )
        for _, row in steps.iterrows()
    ]
    head = ("Risk by this model", "Discharges", "2.5th centile", "Middle", "97.5th centile", "Mean error", "Other side")
    note = "Other side: share of models that put a person on the other side of the threshold."
    table = tab.table(
        "Risks by models from other samples, by the model's own risk", head, rows, notes=(note,), folded=True
    )
    shown = steps.dropna()
    if len(shown) < 2:
        return [Exhibit("instability", title, sentence, table=table)]
    ends = [
        f"at {words.percent(row['risk'])} from {words.percent(row['low'])} to {words.percent(row['high'])}"
        for _, row in shown.iloc[[0, len(shown) // 2, -1]].iterrows()
    ]
    alt = f"Risks by {models:,} other models over the model's own risk; 95 in 100 lie {words.listed(ends)}."
    picture = draw_instability(shown, evidence.threshold, settings.dots_per_inch)
    few = "" if models >= 200 else f"{models:,} models are a first look; 200 or more are usual."
    return [Exhibit("instability", title, sentence, alt, picture, table, few)]


def corrected(evidence: Evidence) -> list[Prose | Table]:
    """Apparent, optimism, corrected."""
    frame = evidence.released.optimism
    if frame.empty:
        return []
    tab = Tabulator()
    rows = []
    for _, row in frame.iterrows():
        name, decimals, good = MEASURES[str(row["measure"])]
        rows.append(
            (
                f"{name}: {good}" if good else name,
                tab.number(row, "apparent", decimals),
                tab.number(row, "optimism", decimals),
                tab.estimate(row, decimals),
                evidence.number(str(row["measure"]), split="cross-validation").text(decimals),
                evidence.number(str(row["measure"]), split="test").text(decimals),
            )
        )
    slopes = of_measure(frame, "calibration_slope")["apparent"]
    far = words.known(slopes.iloc[0]) and abs(float(slopes.iloc[0]) - 1) > 0.25 if len(slopes) else False
    rough = (
        "Its apparent slope is far from 1, so that taking optimism off it is rough: trust the slope of cross-validation and of the test."
        if far
        else ""
    )
    trials = int(setting(evidence, "retune_trials", 0))
    searched = (
        f"The search for its settings was made again in each, with {trials:,} trials."
        if trials
        else "Its settings were searched for once, with everybody, and kept: what that search itself adds to optimism is not taken off."
    )
    return [
        Prose(
            (
                "On the people that it was made from, a model looks better than it is. Each bootstrap model was measured on its own "
                f"sample and on everybody; the mean difference is the optimism. {searched}",
            ),
            heading="What is left without optimism",
        ),
        tab.table(
            "How good it is, by each way of asking",
            (
                "Measure",
                "Apparent",
                "Optimism",
                "Corrected",
                "Cross-validation",
                words.capital(evidence.tested["test"]),
            ),
            rows,
            notes=[note for note in (rough, evidence.folds["measured"]) if note],
        ),
    ]


def growing(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    """What more people would bring."""
    frame = evidence.released.learning_curve
    if frame.empty:
        return []
    tab = Tabulator()
    rows = []
    for share, part in frame.groupby("share", sort=True):
        by = {str(row["measure"]): row for _, row in part.iterrows()}
        area, loss = by["auroc"], by["log_loss"]
        rows.append((words.percent(share), tab.count(area, "n"), tab.estimate(area), tab.estimate(loss, 3)))
    table = tab.table(
        "Held-out performance by share of people learnt from", ("Share", "Discharges", "AUROC", "Log loss"), rows
    )
    seen = frame[frame["measure"] == "auroc"].dropna(subset=["estimate", "lower", "upper", "n"])
    if len(seen) < 2:
        return [
            Exhibit(
                "learning-curve",
                "What more people would bring is not shown",
                f"It is {why_held(frame)}.",
                "",
                None,
                table,
            )
        ]
    first, last = seen.iloc[-2], seen.iloc[-1]
    gain = round(round(float(last["estimate"]), 2) - round(float(first["estimate"]), 2), 2)
    title = (
        "It still ranked better with the last people added"
        if gain >= 0.01
        else "The last people added made no difference that can be seen"
    )
    sentence = (
        f"From {words.count(first['n'])} discharges the AUROC in the same held-out people was {words.figure(first['estimate'])}, from "
        f"{words.count(last['n'])} it was {words.figure(last['estimate'])} "
        f"({words.interval(last['lower'], last['upper'], words.figure)}). Settings are those found with everybody."
    )
    alt = "AUROC by discharges learnt from: " + "; ".join(f"{r[1]}: {r[2]}" for r in rows) + "."
    return [Exhibit("learning-curve", title, sentence, alt, draw_learning(seen, settings.dots_per_inch), table)]


def of_measure(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    """The rows of one measure."""
    if frame.empty:
        return frame
    return frame[frame["measure"] == measure].reset_index(drop=True)
