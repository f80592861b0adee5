"""Readmission, death and neither: three risks that add up, against what happened."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Prose, Table, Tabulator
from hfrisk.reporting.naming import MEASURES

__all__ = ["states"]

_OUTCOMES = {"readmitted": "came back", "died": "died without coming back", "either": "came back or died"}
_CAUSES = {"readmitted": "Coming back", "died": "Dying without coming back"}
_SHOWN = ("auroc", "oe_ratio", "calibration_intercept", "calibration_slope", "scaled_brier", "ici", "ici_expected_95")


def states(evidence: Evidence) -> Chapter | None:
    """What the model of three states foretold and what happened; None where it was not made."""
    frame = evidence.released.competing
    if frame.empty:
        return None
    blocks = [
        Prose(
            (
                "Someone who dies cannot come back, so that a risk of coming back alone says little of the very ill. A second model, a "
                "spline model of three states, gives everybody three risks that add up to 100%: of coming back, of dying without coming "
                "back, and of neither. What happened is the cumulative incidence at the end of the window, in which those who died do not "
                "count as if they might still come back (Aalen and Johansen); discharges that were not seen to the end are left out.",
            ),
            items=tuple(_said(evidence, outcome) for outcome in _OUTCOMES),
        ),
        *(_by_band(evidence, split) for split in ("test", "cross-validation") if (frame["split"] == split).any()),
        _measures(evidence),
        *_hazards(evidence),
    ]
    return Chapter(
        "states",
        "Readmission, death, neither",
        "Whether the risks of coming back and of dying first are true, each and together.",
        tuple(blocks),
    )


def _said(evidence: Evidence, outcome: str) -> str:
    """One sentence on everyone of the split on which the report judges."""
    frame = evidence.rows("competing")
    mine = frame[frame["outcome"] == outcome]
    whole = mine[mine["band"] == 0]
    if whole.empty or not words.known(whole["observed"].iloc[0]):
        return f"How many {_OUTCOMES[outcome]} is {why_held(whole)}."
    row = whole.iloc[0]
    span = words.interval(row["lower"], row["upper"], words.percent)
    text = (
        f"It foretold that {words.percent(row['predicted'])} {_OUTCOMES[outcome]}; "
        f"{words.percent(row['observed'])} did ({span})"
    )
    parts = mine[(mine["band"] > 0) & mine["observed"].notna()]
    if len(parts) < 2:
        return f"{text}."
    low, high = parts.iloc[0], parts.iloc[-1]
    return (
        f"{text}. In {_fifth(low['band'])} of risk that is shown it said {words.percent(low['predicted'])} and "
        f"{words.percent(low['observed'])} did; in {_fifth(high['band'])}, {words.percent(high['predicted'])} and "
        f"{words.percent(high['observed'])}."
    )


def _fifth(band: float) -> str:
    return ("the lowest fifth", "the second fifth", "the middle fifth", "the fourth fifth", "the highest fifth")[
        int(band) - 1
    ]


def _by_band(evidence: Evidence, split: str) -> Table:
    tab = Tabulator()
    frame = evidence.rows("competing", split=split)
    rows: list[tuple[str, ...]] = []
    for outcome, said in _OUTCOMES.items():
        rows.append((words.capital(said),))
        for _, row in frame[frame["outcome"] == outcome].sort_values("band").iterrows():
            rows.append(
                (
                    "Everyone" if row["band"] == 0 else words.capital(_fifth(row["band"]).removeprefix("the ")),
                    tab.count(row, "n"),
                    tab.count(row, "events"),
                    tab.percent(row, "predicted"),
                    _observed(tab, row),
                )
            )
    return tab.table(
        f"Foretold and observed, by fifth of the risk of each, {evidence.where(split)}",
        ("Fifth of predicted risk", "Discharges", "To whom it happened", "Mean predicted", "Observed"),
        rows,
        notes=("Brackets: 95% interval; discharges of one person count as independent.",),
        folded=split != evidence.split,
    )


def _observed(tab: Tabulator, row: pd.Series) -> str:
    span = words.interval(row["lower"], row["upper"], words.percent)
    return tab.percent(row, "observed") + (f" ({span})" if span else "")


def _measures(evidence: Evidence) -> Table:
    tab = Tabulator()
    frame = evidence.released.competing_performance
    columns = [
        (outcome, split)
        for split in ("test", "cross-validation")
        for outcome in _OUTCOMES
        if ((frame["outcome"] == outcome) & (frame["split"] == split)).any()
    ]
    rows = []
    for measure in _SHOWN:
        title, decimals, good = MEASURES[measure]
        cells = [f"{title}: {good}" if good else title]
        for outcome, split in columns:
            found = frame[(frame["outcome"] == outcome) & (frame["split"] == split) & (frame["measure"] == measure)]
            cells.append(tab.estimate(found.iloc[0], decimals) if len(found) else words.NOT_COMPUTED)
        rows.append(tuple(cells))
    head = ["Measure", *(f"{words.capital(_OUTCOMES[o])}, {evidence.where(s)}" for o, s in columns)]
    return tab.table(
        "How well each of the risks ranks and how true it is",
        head,
        rows,
        notes=("Brackets: 95% interval.",),
        folded=True,
    )


def _hazards(evidence: Evidence) -> list[Prose | Table]:
    frame = evidence.rows("competing_hazards")
    if frame.empty:
        return []
    tab = Tabulator()
    rows = []
    for _, row in frame.iterrows():
        rows.append((_CAUSES[str(row["cause"])], tab.count(row, "n"), tab.count(row, "events"), tab.estimate(row)))
    return [
        Prose(
            (
                "A sensitivity, and no risk: among people who are still at home and alive, how much faster each of the two happens for "
                "twice the odds of the predicted risk of coming back. A ratio for dying above 1 says that people at high risk of coming "
                "back are also at high risk of dying first.",
            ),
            heading="Rates of each cause",
        ),
        tab.table(
            f"Ratio of cause-specific hazards, {evidence.where()}",
            ("What happens", "Discharges", "To whom it happened", "Ratio for twice the odds"),
            rows,
            notes=("Brackets: 95% interval. 1 is no difference.",),
        ),
    ]
