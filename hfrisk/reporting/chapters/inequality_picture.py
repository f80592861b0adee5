"""The inequality picture before any model: outcomes, trusts, treatment and representation, by group of people."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.inequality_apart import SAID, crossed, own_outcome, palliative, share_text
from hfrisk.reporting.chapters.inequality_care import care, not_recorded
from hfrisk.reporting.chapters.inequality_trusts import trusts
from hfrisk.reporting.chapters.representation import represented
from hfrisk.reporting.evidence import Evidence, clearly_apart, why_held
from hfrisk.reporting.exhibits import Chapter, Definitions, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import group_name, level_name, people
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["inequality_picture"]

_APART = ("site_group", "palliative")


def inequality_picture(evidence: Evidence, settings: ReportingSettings) -> Chapter | None:
    """The chapter; None where nobody looked."""
    if evidence.released.inequality_rates.empty:
        return None
    blocks: list[Exhibit | Table | Prose | Definitions] = [
        _by_group(evidence, settings),
        *palliative(evidence),
        *crossed(evidence),
        *trusts(evidence, settings),
        *care(evidence, settings),
        *not_recorded(evidence),
        *represented(evidence, settings),
    ]
    return Chapter(
        "inequality",
        "The inequality picture" if evidence.describes else "The inequality picture, before any model",
        "Who comes back, who dies, who is treated and who is in these data. A gap says where to look; it does not say why it is there, "
        "and it is never explained by the people in the group.",
        tuple(blocks),
    )


def _by_group(evidence: Evidence, settings: ReportingSettings) -> Exhibit:
    rates = evidence.released.inequality_rates
    own = rates[rates["outcome"] == own_outcome(evidence)]
    mine = own[~own["group"].isin(("all", *_APART))]
    everyone = own[own["group"] == "all"].iloc[0]
    lines = [
        Line(
            level_name(row["group"], row["level"]),
            row["standardised"],
            row["standardised_lower"],
            row["standardised_upper"],
            share_text(row, "standardised", "standardised_lower", "standardised_upper"),
            group_name(row["group"]).split(" (")[0],
        )
        for _, row in mine.iterrows()
    ]
    picture = draw_forest(
        "inequality",
        lines,
        settings.dots_per_inch,
        reference=float(everyone["standardised"]),
        axis=f"Share who {evidence.came_back}, at one age and sex (dashed: everyone)",
        percent=True,
    )
    title, sentence = _deprivation(evidence)
    apart = clearly_apart(
        mine.dropna(subset=["standardised"]).assign(
            lower=lambda f: f["standardised_lower"], upper=lambda f: f["standardised_upper"]
        ),
        float(everyone["standardised"]),
    )
    told = _told(evidence, apart, float(everyone["standardised"]))
    alt = f"Share who {evidence.came_back}, standardised for age and sex. " + "; ".join(
        f"{line.section}, {line.label}: {line.text}" for line in lines
    )
    if picture is None:
        return Exhibit("by-group", title, f"No share may be drawn: it is {why_held(mine)}.", "", None, _table(evidence))
    return Exhibit("by-group", title, f"{sentence} {told}".strip(), f"{alt}.", picture, _table(evidence))


def _deprivation(evidence: Evidence) -> tuple[str, str]:
    """The slope index as a title and a sentence."""
    slopes = evidence.released.inequality_slopes
    if slopes.empty:
        return "Deprivation is not recorded", "Nobody can say whether the more deprived fare worse: it is not recorded."
    chosen = slopes[(slopes["outcome"] == own_outcome(evidence)) & (slopes["adjusted"] == "age and sex")]
    by = chosen.set_index("measure")
    slope, ratio = by.loc["sii"], by.loc["rii"]
    if not words.known(slope["lower"]):
        return (
            "The gap between the most and the least deprived cannot be told",
            f"The gap between the most and the least deprived is {why_held(chosen)}.",
        )
    low, value, high = (100 * float(slope[c]) for c in ("lower", "estimate", "upper"))
    if low <= 0 <= high:
        return (
            "No clear gap between the most and the least deprived",
            f"At one age and sex there is no clear difference between the most and the least deprived in how many {evidence.came_back}: "
            f"{words.signed(value)} in 100, interval {words.signed(low)} to {words.signed(high)}.",
        )
    more = "more" if value > 0 else "fewer"
    ends = sorted((abs(low), abs(high)))
    times = words.significant(float(ratio["estimate"]))
    return (
        f"{words.capital(more)} of the most deprived {evidence.came_back}",
        f"At one age and sex, {words.significant(abs(value))} {more} in 100 {evidence.came_back} among the most deprived than among the "
        f"least ({words.significant(ends[0])} to {words.significant(ends[1])}); {times} times as many.",
    )


def _told(evidence: Evidence, apart: pd.DataFrame, everyone: float) -> str:
    if not words.known(everyone):
        return ""
    if apart.empty:
        return f"No single group clearly differs from everyone ({words.percent(everyone)})."
    parts = [
        f"{people(row['group'], row['level'])} ({words.percent(row['standardised'])})"
        for _, row in apart.sort_values("standardised", ascending=False).head(4).iterrows()
    ]
    more = f", and {len(apart) - 4} more" if len(apart) > 4 else ""
    return f"Of everyone, {words.percent(everyone)} {evidence.came_back}; clearly apart from that: {words.listed(parts)}{more}."


def _table(evidence: Evidence) -> Table:
    rates = evidence.released.inequality_rates
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    last = "all"
    wide = {outcome: part.set_index(["group", "level"]) for outcome, part in rates.groupby("outcome", sort=False)}
    for group, level in wide[own_outcome(evidence)].index:
        if group != last:
            last = group
            rows.append((group_name(group),))
        cells = [level_name(group, level), tab.count(wide[own_outcome(evidence)].loc[(group, level)], "n")]
        for outcome in SAID:
            row = wide[outcome].loc[(group, level)]
            for value, low, high in (
                ("rate", "lower", "upper"),
                ("standardised", "standardised_lower", "standardised_upper"),
            ):
                cells.append(tab.cell(share_text(row, value, low, high), row[value], row))
        rows.append(tuple(cells))
    head = ["Group", "Discharges"]
    head += [f"{words.capital(said)}, {how}" for said in SAID.values() for how in ("as it was", "at one age and sex")]
    standard = _standard(evidence)
    return tab.table(
        "Outcomes by group, with 95% intervals",
        head,
        rows,
        notes=(
            f"At one age and sex: directly standardised for age band and sex to {standard}. Intervals allow for people with several "
            "discharges.",
        ),
        folded=True,
    )


def _standard(evidence: Evidence) -> str:
    settings = evidence.released.study.get("settings", {}).get("inequality", {})
    return "the population that the study file names" if settings.get("standard") else "the study's own discharges"
