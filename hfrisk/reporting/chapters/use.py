"""What it is worth in practice to a team that can see only some people."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Tabulator
from hfrisk.reporting.figures.curves import draw_decision
from hfrisk.reporting.naming import model_name
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import benefit_table, capacity_table, rates_table

__all__ = ["usefulness"]


def usefulness(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """The decision curve beside the capacity table."""
    curve = evidence.rows("decision_curve")
    curve = curve.dropna(subset=["net_benefit", "net_benefit_all"]) if len(curve) else curve
    lead = "What a team that can see only some people would gain by choosing them with it."
    rates = rates_table(evidence)
    found = (capacity_table(evidence, weekly=True), *([rates] if rates.rows else []))
    if curve.empty:
        drawn = Exhibit("decision", "There is no decision curve", f"It is {why_held(evidence.rows('decision_curve'))}.")
        return Chapter("usefulness", "Is it useful?", lead, (*found, drawn))
    other = next((c for c in evidence.chief if len(evidence.rows("decision_curve", model=c))), "")
    second = evidence.rows("decision_curve", model=other) if other else curve.iloc[:0]
    picture = draw_decision(
        curve, second.dropna(subset=["net_benefit"]), model_name(other), evidence.threshold, settings.dots_per_inch
    )
    title, sentence = _benefit(evidence, curve)
    tab = Tabulator()
    every = max(1, len(curve) // 10)
    rows = [
        (
            words.percent(float(row["threshold"])),
            tab.count(row, "flagged"),
            tab.count(row, "true_positives"),
            words.figure(100 * float(row["net_benefit"])),
            words.figure(100 * float(row["net_benefit_all"])),
        )
        for _, row in curve.iloc[::every].iterrows()
    ]
    table = tab.table(
        "Net benefit per 100 people, over thresholds",
        ("Threshold", "Flagged", f"of whom {evidence.came_back}", "Net benefit", "If everyone were reviewed"),
        rows,
        notes=("Every threshold is in metrics.json.",),
    )
    gains = benefit_table(evidence)
    points = "; ".join(f"at {r[0]} {r[3]} (everyone: {r[4]})" for r in rows)
    alt = f"Net benefit per 100 people over thresholds: {points}."
    return Chapter(
        "usefulness",
        "Is it useful?",
        lead,
        (*found, Exhibit("decision", title, sentence, alt, picture, table), *([gains] if gains.rows else [])),
    )


def _benefit(evidence: Evidence, curve: pd.DataFrame) -> tuple[str, str]:
    row = curve.iloc[(curve["threshold"] - evidence.threshold).abs().argmin()]
    at = words.percent(float(row["threshold"]))
    nearest = (
        f" (the nearest to {words.percent(evidence.threshold)} that may be shown)"
        if abs(float(row["threshold"]) - evidence.threshold) > 0.005
        else ""
    )
    net, everyone = 100 * float(row["net_benefit"]), 100 * float(row["net_benefit_all"])
    best = max(everyone, 0.0)
    instead = "reviewing nobody" if everyone <= 0 else "reviewing everyone"
    gain = net - best
    better = curve[curve["net_benefit"] > curve[["net_benefit_all"]].assign(nobody=0.0).max(axis=1)]
    number = evidence.number(f"net_benefit@{evidence.threshold:.2f}")
    span = (
        f" ({words.figure(100 * number.lower)} to {words.figure(100 * number.upper)})" if number.with_interval else ""
    )
    sure = number.with_interval and 100 * number.lower > best
    sentence = (
        f"At a threshold of {at}{nearest} its net benefit is {words.figure(net)} per 100 people{span}, against "
        f"{words.figure(best)} for {instead}: "
        + (
            f"as if, of every 100 people, {words.significant(gain)} more of those who {evidence.came_back} were found "
            "with no needless review."
            if gain > 0.005
            else "it adds nothing there."
            if gain >= 0
            else "at that threshold it does worse."
        )
    )
    if gain > 0.005 and number.with_interval and not sure:
        sentence += " The interval does not rule out that it adds nothing."
    if len(better):
        sentence += (
            f" It does better than reviewing everyone or nobody at {len(better)} of the {len(curve)} thresholds shown."
        )
    title = (
        f"At a threshold of {at} it is worth more than {instead}"
        if gain > 0.005 and (sure or not number.with_interval)
        else f"At a threshold of {at} it is not shown to be worth more than {instead}"
    )
    return title, sentence
