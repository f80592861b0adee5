"""What could be done about differences between groups, and what each remedy would cost: analysis, and nothing to put to use."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.labels import labels
from hfrisk.reporting.chapters.whose_flag import NONE, REMEDIES, whose_flag
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Definitions, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import group_name, level_name
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["mitigation"]

_STANDING = {
    "in use": "as developed",
    "needs assessment": "needs legal and equality impact assessment",
    "analysis only": "analysis only",
}
_RATES = {
    "selection_rate": "demographic_parity_difference",
    "true_positive_rate": "equal_opportunity_difference",
    "false_positive_rate": "false_positive_rate_difference",
    "positive_predictive_value": "positive_predictive_value_difference",
}


def mitigation(evidence: Evidence, settings: ReportingSettings) -> Chapter | None:
    """Remedies side by side, who is flagged by each, and whether labels are fair; None where nothing was looked at."""
    released = evidence.released
    blocks: list[Exhibit | Table | Prose | Definitions] = []
    if not released.remedies.empty:
        blocks += [_standing(evidence), *_compared(evidence, settings), *whose_flag(evidence, _group(evidence))]
    blocks += labels(evidence)
    if not blocks:
        return None
    return Chapter(
        "mitigation",
        "What could be done about differences, and at what cost",
        f"Remedies set side by side on the same {evidence.tested['discharges']}. "
        "Not one of them is in the model that this report is about, or is exported or registered.",
        tuple(blocks),
    )


def _group(evidence: Evidence) -> str:
    chosen = evidence.released.study.get("settings", {}).get("fairness", {})
    return str(chosen.get("group", "imd_quintile"))


def _standing(evidence: Evidence) -> Prose:
    frame = evidence.released.remedies
    missing = tuple(
        f"{REMEDIES[str(row['remedy'])]}: not made, because {row['reason']}."
        for _, row in frame.iterrows()
        if not int(row["done"])
    )
    done = [str(row["remedy"]) for _, row in frame.iterrows() if int(row["done"])]
    said = [
        f"Groups are by {group_name(_group(evidence)).lower().replace('imd', 'IMD')}. Every remedy was made in development and "
        f"judged on {evidence.tested['discharges']}."
    ]
    if {"recalibration", "group_thresholds"} & set(done):
        said.append(
            "Treating people by their group, through its own recalibration or threshold, needs a legal and equality impact assessment "
            "under the Equality Act 2010 before anything else."
        )
    if {"threshold_optimizer", "exponentiated_gradient"} & set(done):
        said.append(
            "ThresholdOptimizer and ExponentiatedGradient flag some people by chance; that is no way to treat patients. Their numbers are "
            "averages over that chance, and they are here for analysis only."
        )
    if "group_thresholds" in done:
        said.append(
            "A group's threshold is never set above the study's own: nobody loses a flag so that groups become equal."
        )
    if (evidence.released.checks["code"] == "HFR177").any():
        said.append(
            "Readmissions may be missing for a group, as is told below. What is found here, and what is true, is then only so of what was "
            "recorded, and to recalibrate by group would teach the model what is missing."
        )
    return Prose((" ".join(said),), items=missing)


def _compared(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit | Table]:
    benefit, cells = evidence.released.remedy_benefit, evidence.released.remedy_cells
    if cells.empty:
        return []
    overall = benefit[benefit["group"] == "all"].set_index("remedy")
    everyone = cells[cells["group"] == "all"].set_index("remedy")
    gaps = evidence.released.remedy_gaps.set_index(["remedy", "measure"])
    standing = evidence.released.remedies.set_index("remedy")["standing"]
    tab = Tabulator()
    rows = []
    for remedy in map(str, everyone.index):
        gap = gaps.loc[(remedy, "equal_opportunity_difference")]
        rows.append(
            (
                REMEDIES[remedy],
                _STANDING[str(standing[remedy])],
                tab.percent(everyone.loc[remedy], "selection_rate"),
                tab.percent(everyone.loc[remedy], "true_positive_rate"),
                tab.percent(everyone.loc[remedy], "positive_predictive_value"),
                "–" if remedy == NONE else _hundred(tab, overall.loc[remedy]),
                f"{tab.percent(gap, 'estimate')} ({tab.percent(gap, 'by_chance')})",
            )
        )
    table = tab.table(
        f"Remedies side by side, {evidence.tested['discharges']}",
        (
            "Remedy",
            "Standing",
            "Flagged",
            f"Found, of those who {evidence.came_back}",
            f"Of those flagged, {evidence.came_back}",
            "Net benefit for 100 discharges, against as it is",
            "Largest gap in those found (by chance alone)",
        ),
        rows,
        left=(0, 1),
        notes=(
            "Net benefit: people rightly flagged, less those needlessly flagged, weighed by the threshold. Gap: largest less smallest "
            "share found between groups that are shown (fairlearn: equal_opportunity_difference); in brackets what one in twenty deals of "
            "people to groups by lot would exceed.",
            *_near(cells),
        ),
    )
    lines = [_line(remedy, row) for remedy, row in overall.iterrows() if remedy != NONE]
    found: list[Exhibit | Table] = []
    if any(words.known(line.estimate) for line in lines):
        picture = draw_forest(
            "mitigation",
            lines,
            settings.dots_per_inch,
            reference=0.0,
            axis="Net benefit for 100 discharges, against the model as it is",
            low_words="costs",
            high_words="gains",
        )
        alt = (
            "Net benefit against the model as it is: " + "; ".join(f"{line.label}: {line.text}" for line in lines) + "."
        )
        found.append(Exhibit("mitigation", _title(lines), _sentence(evidence, gaps), alt, picture, table))
    else:
        found.append(
            Exhibit(
                "mitigation",
                "What the remedies would cost is not shown",
                f"It is {why_held(benefit)}.",
                "",
                None,
                table,
            )
        )
    return [*found, _by_group(evidence)]


def _line(remedy: object, row: pd.Series) -> Line:
    value, lower, upper = (100 * float(row[column]) for column in ("difference", "lower", "upper"))
    return Line(REMEDIES[str(remedy)], value, lower, upper, _hundred(Tabulator(), row))


def _title(lines: list[Line]) -> str:
    worse = [line for line in lines if words.known(line.upper) and round(line.upper, 2) < 0]
    better = [line for line in lines if words.known(line.lower) and round(line.lower, 2) > 0]
    if better:
        return f"{_how_many(better, lines)} would clearly do more good than the model as it is"
    if worse:
        return f"{_how_many(worse, lines)} would clearly do less good than the model as it is"
    return "No remedy would clearly do more or less good than the model as it is"


def _how_many(some: list[Line], lines: list[Line]) -> str:
    if len(lines) == 1:
        return "The remedy that was tried"
    return f"{words.capital(words.in_words(len(some)))} of {words.in_words(len(lines))} remedies"


def _sentence(evidence: Evidence, gaps: pd.DataFrame) -> str:
    measure = "equal_opportunity_difference"
    before = gaps.loc[(NONE, measure)]
    if not words.known(before["estimate"]):
        return "How far groups lie apart cannot be shown."
    gap, chance = float(before["estimate"]), float(before["by_chance"])
    told = (
        f"As the model is, the share found of those who {evidence.came_back} differs between groups by up to "
        f"{words.significant(100 * gap)} percentage points, "
    )
    told += (
        f"more than the {words.significant(100 * chance)} that chance alone would rarely exceed."
        if gap > chance
        else f"no more than chance alone may give ({words.significant(100 * chance)}): there is no clear gap to close."
    )
    others = gaps.xs(measure, level="measure").drop(index=NONE)["estimate"].dropna()
    if gap > chance and len(others):
        least = str(others.idxmin())
        told += f" The smallest gap is {words.significant(100 * float(others.min()))}, with: {REMEDIES[least].lower()}."
    return told


def _by_group(evidence: Evidence) -> Table:
    group, released = _group(evidence), evidence.released
    ratios = released.remedy_calibration.set_index(["remedy", "level", "measure"])
    benefit = released.remedy_benefit.set_index(["remedy", "level"])
    cells = released.remedy_cells
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for remedy, mine in cells.groupby("remedy", sort=False):
        rows.append((REMEDIES[str(remedy)],))
        for _, row in mine.iterrows():
            level = str(row["level"])
            place = (remedy, level)
            rows.append(
                (
                    level_name(str(row["group"]), level),
                    *(tab.percent(row, rate) for rate in _RATES),
                    tab.estimate(ratios.loc[(*place, "oe_ratio")]),
                    _excess(tab, ratios.loc[(*place, "ici")], ratios.loc[(*place, "ici_expected")]),
                    tab.number(benefit.loc[place], "net_benefit", 3),
                )
            )
    return tab.table(
        f"Each remedy by group: {group_name(group)}",
        (
            "Group",
            "Flagged",
            "Found (true positive rate)",
            "Flagged needlessly (false positive rate)",
            "Right, of those flagged",
            "Observed over expected",
            "Error of percentages (ICI) above chance",
            "Net benefit",
        ),
        rows,
        notes=(
            "With fewer than 200 events in a group its rates are imprecise; the remedies are compared on the same people.",
            *_near(cells),
        ),
        folded=True,
    )


def _excess(tab: Tabulator, ici: pd.Series, expected: pd.Series) -> str:
    gap = ici["estimate"] - expected["estimate"] if words.known(ici["estimate"]) else float("nan")
    return tab.cell(words.signed(gap, 3) if words.known(gap) else "", gap, ici)


def _hundred(tab: Tabulator, row: pd.Series) -> str:
    value = row["difference"]
    if not words.known(value):
        return tab.cell("", value, row)
    span = words.interval(row["lower"], row["upper"], lambda v: words.signed(100 * v, 2))
    return words.signed(100 * value, 2) + (f" ({span})" if span else "")


def _near(cells: pd.DataFrame) -> tuple[str, ...]:
    return tuple(f"{words.capital(text)}." for text in dict.fromkeys(cells["near"]) if text)
