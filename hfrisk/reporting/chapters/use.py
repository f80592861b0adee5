"""What it is worth in practice: usefulness to a team, and whether it lasts over time and between hospitals."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import sentences, words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Tabulator
from hfrisk.reporting.figures.curves import draw_decision, draw_periods
from hfrisk.reporting.naming import level_name, model_name
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import benefit_table, capacity_table, group_estimates_table, rates_table

__all__ = ["over_time", "usefulness"]


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


def over_time(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """By quarter, and by group of hospitals."""
    return Chapter(
        "over-time",
        "Over time and between hospitals",
        "Whether what it says stays true from quarter to quarter, and from one group of hospitals to another.",
        (_periods(evidence, settings), *_sites(evidence)),
    )


def _periods(evidence: Evidence, settings: ReportingSettings) -> Exhibit:
    frame = evidence.released.by_period
    key = "periods"
    if frame.empty or not frame["oe_ratio"].notna().any():
        return Exhibit(key, "Quarters are not shown", f"They are {why_held(frame)}.")
    tab = Tabulator()
    rows = [
        (
            str(row["period"]),
            evidence.where(str(row["split"])),
            tab.count(row, "n"),
            tab.count(row, "events"),
            tab.count(row, "expected"),
            tab.estimate(row, column="oe_ratio"),
        )
        for _, row in frame.iterrows()
    ]
    head = ("Quarter", "Where", "Discharges", words.capital(evidence.came_back), "Expected", "Observed over expected")
    table = tab.table("Observed over expected, by quarter", head, rows, left=(0, 1))
    quarter, quarters = evidence.tested["quarter"], evidence.tested["quarters"]
    test = frame[(frame["split"] == "test")].dropna(subset=["oe_ratio", "lower", "upper"])
    out = test[[words.differs(a, b, 1) for a, b in zip(test["lower"], test["upper"], strict=True)]]
    if test.empty:
        title = f"No {quarter} was large enough to judge"
        sentence = "Only quarters of cross-validation are shown."
    elif out.empty:
        title = f"No {quarter} is clearly out"
        sentence = f"In each of the {len(test)} {quarters} the interval holds 1."
    else:
        high, low = int((out["oe_ratio"] < 1).sum()), int((out["oe_ratio"] > 1).sum())
        told = [f"too much in {high}"] * bool(high) + [f"too little in {low}"] * bool(low)
        title = f"It was clearly out in {len(out)} of {len(test)} {quarters}"
        sentence = words.capital(f"it said {words.listed(told)} of the {len(test)} {quarters}.")
    sentence = f"{sentence} {sentences.recent(evidence)}".strip()
    alt = "Observed over expected by quarter: " + "; ".join(f"{r[0]} ({r[1]}): {r[5]}" for r in rows) + "."
    picture = draw_periods(frame, evidence.tested, settings.dots_per_inch)
    return Exhibit(key, title, sentence, alt, picture, table)


def _sites(evidence: Evidence) -> tuple[Prose | Exhibit, ...]:
    sites = [g for g in evidence.groups("oe_ratio") if g.group == "site_group"]
    if not sites:
        return (Prose(("Groups of hospitals are not recorded in these data, so nothing can be said about them.",)),)
    seen = [s for s in sites if s.with_interval]
    out = [s for s in seen if s.excludes(1)]
    if not seen:
        title, text = "No group of hospitals was large enough to judge", "All of them are held back or not computed."
    elif not out:
        title = "No group of hospitals is clearly out"
        text = f"In each of the {len(seen)} groups of hospitals that could be judged the interval holds 1."
    else:
        title = f"It is clearly out in {len(out)} of {len(seen)} groups of hospitals"
        told = [f"{level_name('site_group', s.level)}, {s.text()}" for s in out]
        everyone = evidence.number("oe_ratio").excludes(1)
        text = f"Observed over expected leaves out 1 in: {'; '.join(told)}."
        text += " It is out for everyone, not for these hospitals in particular." if everyone else ""
    table = group_estimates_table(evidence, ("oe_ratio", "auroc"), "By group of hospitals", only="site_group")
    return (Exhibit("sites", title, text, table=table),)
