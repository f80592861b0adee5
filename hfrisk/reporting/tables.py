"""Released tables as the page shows them: words for headings, and a word wherever a number is held back."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Table, Tabulator
from hfrisk.reporting.naming import CROSS, MEASURES, group_name, level_name, model_name

__all__ = [
    "benefit_table",
    "beside_table",
    "by_group_rows",
    "calibration_table",
    "capacity_table",
    "estimates_table",
    "group_estimates_table",
    "plain_table",
    "rates_table",
    "sectioned",
    "sizes_table",
    "threshold_table",
]


def estimates_table(
    evidence: Evidence, measures: Iterable[str], caption: str, *, models: Iterable[str] = (), notes: Iterable[str] = ()
) -> Table:
    """Measures down the side, a column for each model and split that has any of them."""
    tab = Tabulator()
    frame = evidence.released.performance
    wanted = [m for m in measures if len(frame) and (frame["measure"] == m).any()]
    columns = []
    for split in ("test", "cross-validation"):
        for model in models or [evidence.model, *evidence.chief[:1]]:
            mine = frame[(frame["model"] == model) & (frame["split"] == split) & (frame["group"] == "all")]
            if mine["measure"].isin(wanted).any():
                columns.append((model, split, mine.set_index("measure")))
    rows = []
    for measure in wanted:
        title, decimals, good = MEASURES.get(measure, (measure, 3, ""))
        cells = [f"{title}: {good}" if good else title]
        for _, _, mine in columns:
            if measure in mine.index:
                cells.append(tab.estimate(mine.loc[measure], decimals))
            else:
                cells.append(words.NOT_COMPUTED)
        rows.append(tuple(cells))
    head = ["Measure", *(f"{words.capital(model_name(m))}, {evidence.where(s)}" for m, s, _ in columns)]
    return tab.table(caption, head, rows, notes=("Brackets: 95% interval.", *notes))


def beside_table(evidence: Evidence) -> Table:
    """Each model down the side on the discharges that it is judged on, and by how much this one ranks better."""
    tab = Tabulator()
    measures = ("auroc", "scaled_brier", "oe_ratio", "calibration_slope")
    frame = evidence.overall("performance")
    rows = []
    null = ["null"] if (evidence.released.performance["model"] == "null").any() else []
    for model in (evidence.model, *evidence.comparators, *null):
        mine = evidence.overall("performance", model=model).set_index("measure") if len(frame) else frame
        cells = [tab.estimate(mine.loc[m], MEASURES[m][1]) if m in mine.index else words.NOT_COMPUTED for m in measures]
        rows.append((words.capital(model_name(model)), *cells, _gap(evidence, model)))
    return tab.table(
        "Every model on the same discharges",
        ("Model", *(MEASURES[m][0] for m in measures), "This model ranks better by"),
        rows,
        notes=(
            "Brackets: 95% interval; the gap is that of the AUROC, from the same draws of people.",
            "A score's points became risks by a logistic recalibration in development; people without the score have the rate of "
            "those without it.",
        ),
    )


def _gap(evidence: Evidence, model: str) -> str:
    if model == evidence.model:
        return "–"
    gap = evidence.gap("auroc", model)
    if not gap.with_interval:
        return words.NOT_COMPUTED
    span = words.interval(gap.lower, gap.upper, lambda value: words.signed(value, 3))
    clear = "" if gap.excludes(0, decimals=3) else ": no clear difference"
    return f"{words.signed(gap.estimate, 3)} ({span}){clear}"


def by_group_rows(frame: pd.DataFrame) -> list[tuple[str, str, pd.Series]]:
    """Rows with their group and level, groups in order of first mention, everyone first."""
    if frame.empty:
        return []
    order = ["all", *(g for g in dict.fromkeys(frame["group"]) if g != "all")]
    return [
        (str(group), str(row["level"]), row) for group in order for _, row in frame[frame["group"] == group].iterrows()
    ]


def sectioned(rows: list[tuple[str, str, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    """Rows of a group and level each, with a heading over every group."""
    shown: list[tuple[str, ...]] = []
    last = "all"
    for group, level, cells in rows:
        if group != last:
            shown.append((group_name(group),))
            last = group
        shown.append((level_name(group, level), *cells))
    return shown


def group_estimates_table(evidence: Evidence, measures: Iterable[str], caption: str, *, only: str = "") -> Table:
    """One row a group of people: how many, how many came back, and each measure with its interval."""
    tab = Tabulator()
    names = list(measures)
    frame = evidence.rows("performance")
    if frame.empty:
        return tab.table(caption, ["Group"], [])
    frame = frame[frame["measure"].isin(names) & ~_crossed(frame)]
    if only:
        frame = frame[frame["group"].isin(["all", only])]
    rows = []
    for group, level, first in by_group_rows(frame.drop_duplicates(["group", "level"])):
        mine = frame[(frame["group"] == group) & (frame["level"] == level)].set_index("measure")
        cells = [tab.count(first, "n"), tab.count(first, "events")]
        for name in names:
            kind = MEASURES[name.partition("@")[0]]
            cells.append(tab.estimate(mine.loc[name], kind[1]) if name in mine.index else words.NOT_COMPUTED)
        rows.append((group, level, tuple(cells)))
    head = [
        "Group",
        "Discharges",
        words.capital(evidence.came_back),
        *(MEASURES[n.partition("@")[0]][0] for n in names),
    ]
    return tab.table(caption, head, sectioned(rows), notes=("Brackets: 95% interval.",))


def calibration_table(evidence: Evidence, *, points: int = 8) -> Table:
    """What it said and what happened, at a handful of risks spread over the curve."""
    tab = Tabulator()
    curve = evidence.overall("calibration_curve")
    rows = []
    if len(curve):
        every = max(1, -(-len(curve) // points))
        for _, row in curve.iloc[::every].iterrows():
            span = words.interval(row["lower"], row["upper"], words.percent)
            seen = tab.percent(row, "observed")
            rows.append((tab.percent(row, "predicted"), f"{seen} ({span})" if span else seen, tab.count(row, "n")))
    head = ["When it said", f"this share {evidence.came_back}", "Discharges near that risk"]
    return tab.table(
        f"What it said and what happened, {evidence.where()}",
        head,
        rows,
        notes=("Brackets: 95% interval.",),
    )


def capacity_table(evidence: Evidence, *, weekly: bool = False) -> Table:
    """What a team finds when it can review so many of those at highest risk; if asked, also so many a week at each site."""
    tab = Tabulator()
    rows = []
    rooms = [(f"top{row['share']:g}", row) for _, row in evidence.rows("capacity").iterrows()]
    if weekly:
        rooms += [(f"week{row['reviews']:g}", row) for _, row in evidence.rows("weekly").iterrows()]
    for place, row in rooms:
        found = words.SUPPRESSED
        missed = words.SUPPRESSED
        yield_ = words.SUPPRESSED
        each = words.SUPPRESSED
        events, hits, reviewed = (float(row[c]) for c in ("events", "events_found", "reviewed"))
        if words.known(events) and words.known(hits) and events > 0:
            found = words.in_hundred(hits / events)
            missed = words.in_hundred(1 - hits / events)
        if words.known(hits) and words.known(reviewed) and reviewed > 0:
            yield_ = words.in_hundred(hits / reviewed)
            each = words.significant(reviewed / hits, 2) if hits > 0 else words.NOT_COMPUTED
        rows.append(
            (
                _chosen(place),
                tab.count(row, "reviewed"),
                tab.count(row, "events_found"),
                found,
                missed,
                yield_,
                each,
            )
        )
    back = evidence.came_back
    head = [
        "The team reviews",
        "People reviewed",
        f"of whom {back}",
        f"Found, of every 100 who {back}",
        "Missed, of every 100",
        f"Of every 100 reviewed, {back}",
        "Reviews for each one found",
    ]
    return tab.table("What a team finds, by how many people it can see", head, rows)


def benefit_table(evidence: Evidence) -> Table:
    """By how much its net benefit exceeds those of reviewing nobody, everyone, and whom each other model would choose."""
    tab = Tabulator()
    frame = evidence.overall("performance")
    named = frame["measure"] if len(frame) else pd.Series(dtype=str)
    places = [
        m.partition("@")[2]
        for m in dict.fromkeys(named)
        if m.startswith("sensitivity@") and "top" not in m and "week" not in m
    ]
    compared = evidence.released.comparison
    rows = []
    for other in ("", "treat_all", *evidence.comparators):
        cells = [words.capital(model_name(other)) if other else "Reviewing nobody"]
        for place in places:
            measure = f"net_benefit@{place}"
            gap = evidence.gap(measure, other) if other else evidence.number(measure)
            span = words.interval(100 * gap.lower, 100 * gap.upper, lambda value: words.signed(value, 2))
            text = words.signed(100 * gap.estimate, 2) + (f" ({span})" if span else "") if gap.known else ""
            why = "suppressed" if gap.reason.startswith(words.SUPPRESSED) else "reason"
            cells.append(tab.cell(text, gap.estimate, {why: gap.reason}))
        rows.append(tuple(cells))
    return tab.table(
        "By how much it is worth more, in net benefit per 100 people",
        ("Against", *(f"At a threshold of {words.percent(float(place))}" for place in places)),
        rows if places and len(compared) else [],
        notes=(
            "Brackets: 95% interval, from the same draws of people, and against anything but nobody widened by what rounding the "
            "counts can do. Above 0 this model is worth more.",
        ),
    )


def rates_table(evidence: Evidence) -> Table:
    """What is found and missed, with intervals, at each threshold and capacity that the study names."""
    tab = Tabulator()
    frame = evidence.overall("performance")
    names = ("sensitivity", "ppv", "specificity", "npv", "nne")
    rows = []
    if len(frame):
        mine = frame.drop_duplicates("measure").set_index("measure")
        places = dict.fromkeys(m.partition("@")[2] for m in mine.index if m.startswith("sensitivity@"))
        for place in places:
            cells = [_chosen(place)]
            for name in names:
                key = f"{name}@{place}"
                cells.append(
                    tab.estimate(mine.loc[key], MEASURES[name][1]) if key in mine.index else words.NOT_COMPUTED
                )
            rows.append(tuple(cells))
    return tab.table(
        "Who would be found and who missed, at the study's thresholds and by how many a team can see",
        ("Chosen", *(MEASURES[name][0] for name in names)),
        rows,
        notes=("Brackets: 95% interval, from resampling people.",),
    )


def _chosen(place: str) -> str:
    """Who is chosen: by a threshold, by a share of all, or by what each site can see in a week."""
    if place.startswith("week"):
        return f"{place.removeprefix('week')} a week at each site"
    share = words.percent(float(place.removeprefix("top")))
    return f"{share} at highest risk" if place.startswith("top") else f"Risk of {share} or more"


_CRITERIA = {
    "shrinkage": "to learn: predictions shrunk by a tenth at most",
    "optimism": "to learn: at most 0.05 lost of the explained share (Nagelkerke)",
    "prevalence": "to learn: the average risk within 0.05",
    "oe_ratio": "to test: observed over expected",
    "auroc": "to test: the AUROC",
    "calibration_slope": "to test: the calibration slope",
}


def sizes_table(evidence: Evidence) -> Table:
    """How many discharges were needed to learn and to test, beside how many there were (Riley's criteria)."""
    tab = Tabulator()
    rows: list[tuple[str, str, str, str]] = []
    summary = evidence.released.tuning.get("summary") or {}
    split = (evidence.released.headline.get("by_split") or {}).get("development") or {}
    learnt = split.get("n")
    for name, needed in (summary.get("sizes") or {}).items():
        there = words.count(learnt) if learnt is not None else words.SUPPRESSED
        rows.append((_CRITERIA[name], words.count(needed), there, _enough(learnt, needed)))
    for _, row in evidence.released.sizes.iterrows():
        within = f"{_CRITERIA[str(row['measure'])]}, within {words.figure(float(row['width']) / 2)} either way"
        needed = words.count(row["needed"]) if words.known(row["needed"]) else words.NOT_COMPUTED
        rows.append((within, needed, tab.count(row, "n"), _enough(row["n"], row["needed"])))
    notes = [
        "Riley's criteria, for development (2020) and for validation (2021). Trees ask for more than the first three say."
    ]
    if told := summary.get("sizes_for"):
        notes.append(
            f"To learn: for the {told['parameters']} parameters of a regression on the same features, and an anticipated AUROC of "
            f"{told['auroc']:g}."
        )
    return tab.table(
        "Was there enough to learn from and to test on?",
        ("What for", "Discharges needed", "There were", "Enough"),
        rows,
        notes=notes,
    )


def _enough(there: object, needed: object) -> str:
    if not (words.known(there) and words.known(needed)):
        return "not known"
    return "yes" if float(str(there)) >= float(str(needed)) else "no"


def threshold_table(evidence: Evidence) -> Table:
    """Who would be flagged at the study's threshold, by group, and how rightly."""
    tab = Tabulator()
    frame = evidence.rows("threshold_groups")
    if len(frame):
        frame = frame[~_crossed(frame)]
    rates = {
        "selection_rate": "selection_rate",
        "true_positive_rate": "sensitivity",
        "positive_predictive_value": "ppv",
        "false_positive_rate": "false_positive_rate",
    }
    rows = []
    for group, level, row in by_group_rows(frame):
        cells = [tab.count(row, "n"), tab.count(row, "events")]
        for column, measure in rates.items():
            value = row[column]
            number = evidence.number(f"{measure}@{evidence.threshold:.2f}", group=group, level=level)
            span = words.interval(number.lower, number.upper, words.in_hundred)
            text = words.in_hundred(value) + (f" ({span})" if span else "") if words.known(value) else ""
            cells.append(tab.cell(text, value, row))
        rows.append((group, level, tuple(cells)))
    back = evidence.came_back
    head = [
        "Group",
        "Discharges",
        words.capital(back),
        "Flagged, of every 100",
        f"Found, of every 100 who {back}",
        f"Of every 100 flagged, {back}",
        f"Flagged, of every 100 who did not {evidence.come_back}",
    ]
    return tab.table(
        f"At a threshold of {words.percent(evidence.threshold)}, by group",
        head,
        sectioned(rows),
        notes=(
            "Brackets: 95% interval, from resampling people. In fairlearn's words the four rates are selection_rate, true_positive_rate, "
            "precision and false_positive_rate.",
        ),
    )


def _crossed(frame: pd.DataFrame) -> pd.Series:
    """Which rows are of groups taken together, which have a table of their own."""
    return frame["group"].astype(str).str.contains(CROSS, regex=False)


def plain_table(frame: pd.DataFrame, columns: dict[str, str], caption: str) -> Table:
    """A table of words as it is, with readable headings; empty cells say that there is nothing to say."""
    rows = [tuple(_text(row[name]) for name in columns if name in frame.columns) for _, row in frame.iterrows()]
    head = tuple(title for name, title in columns.items() if name in frame.columns)
    return Table(caption, head, tuple(rows), left=frozenset(range(len(head))))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, (int, float)):
        return words.significant(float(value), 4) if words.known(value) else words.NOT_COMPUTED
    text = str(value).strip()
    return text if text and text.lower() not in ("nan", "none") else "not given"
