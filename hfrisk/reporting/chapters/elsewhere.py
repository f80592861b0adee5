"""Would it hold elsewhere, and again? Trusts left out, months of the test, other samples of people."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.again import corrected, growing, of_measure, scatter, setting
from hfrisk.reporting.evidence import Evidence, why_held
from hfrisk.reporting.exhibits import Chapter, Definitions, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.designs import draw_months
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import MEASURES, level_name
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["elsewhere"]

_MOST_SHIFTS = 10


def elsewhere(evidence: Evidence, settings: ReportingSettings) -> Chapter | None:
    """Every design that was run; None where none was."""
    blocks: list[Exhibit | Table | Prose | Definitions] = [
        *_trusts(evidence, settings),
        *scatter(evidence, settings),
        *corrected(evidence),
        *growing(evidence, settings),
        *_months(evidence, settings),
        *_shifts(evidence),
    ]
    if not blocks:
        return None
    return Chapter(
        "elsewhere",
        "Would it hold elsewhere, and again?",
        "Whether it works at a trust that it has not seen, with other people, and month after month.",
        tuple(blocks),
    )


def _trusts(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    frame = evidence.released.left_out
    if frame.empty:
        return []
    group = str(evidence.released.study.get("settings", {}).get("designs", {}).get("leave_out", "site_group"))
    return [
        _forest(evidence, settings, frame, group, "oe_ratio"),
        _forest(evidence, settings, frame, group, "auroc"),
    ]


def _forest(evidence: Evidence, settings: ReportingSettings, frame: pd.DataFrame, group: str, measure: str) -> Exhibit:
    key = f"left-out-{measure.replace('_ratio', '')}"
    mine, across = of_measure(frame, measure), of_measure(evidence.released.across_trusts, measure)
    name, decimals, good = MEASURES[measure]
    tab = Tabulator()
    rows = [
        (level_name(group, str(row["level"])), tab.count(row, "n"), tab.count(row, "events"), tab.estimate(row))
        for _, row in mine.iterrows()
    ]
    row = across.iloc[0] if len(across) else pd.Series(dtype=float)
    pooled = words.known(row.get("estimate"))
    if pooled:
        rows.append(("All, random-effects summary", "", "", tab.estimate(row, decimals)))
        rows.append(("Expected at a trust like these", "", "", _span(row, "prediction_lower", "prediction_upper")))
    table = tab.table(
        f"{name} at each trust, by a model made without it",
        ("Trust left out", "Discharges", words.capital(evidence.came_back), f"{name}: {good}"),
        rows,
        notes=(
            "People seen at the trust that is left out taught nothing, wherever they were seen besides. Summary: REML, interval of "
            "Hartung and Knapp, never narrower than the plain one."
            + ("" if evidence.same_places else " Trusts of the test are not among them."),
            *([evidence.folds["measured"]] if evidence.folds["measured"] else []),
        ),
        folded=True,
    )
    if not mine["estimate"].notna().any():
        return Exhibit(key, f"{name} at trusts left out is not shown", f"It is {why_held(mine)}.", "", None, table)
    title, sentence = _said_of_trusts(mine, row, measure) if pooled else _not_summarised(mine, row, name)
    lines = [
        Line(cells[0], float(r["estimate"]), float(r["lower"]), float(r["upper"]), cells[3].split(" (")[0])
        for cells, (_, r) in zip(rows, mine.iterrows(), strict=False)
    ]
    if pooled:
        summary = [float(row[c]) for c in ("estimate", "lower", "upper")]
        lines.append(Line("All trusts", summary[0], summary[1], summary[2], words.figure(summary[0]), "Together"))
        ends = [float(row[c]) for c in ("prediction_lower", "prediction_upper")]
        lines.append(Line("A trust like these", summary[0], ends[0], ends[1], "interval only", "Together", second=True))
    ratio = measure == "oe_ratio"
    picture = draw_forest(
        key.replace("-", "_"),
        lines,
        settings.dots_per_inch,
        reference=1.0 if ratio else 0.5,
        axis=f"{name} at the trust left out",
        low_words="risks too high" if ratio else "",
        high_words="risks too low" if ratio else "",
        ratio=ratio,
    )
    alt = f"{name} by trust left out: " + "; ".join(f"{r[0]}: {r[3]}" for r in rows) + "."
    return Exhibit(key, title, sentence, alt, picture, table)


def _said_of_trusts(mine: pd.DataFrame, row: pd.Series, measure: str) -> tuple[str, str]:
    shown, all_of = int(mine["estimate"].notna().sum()), int(row["levels"])
    span = _span(row, "prediction_lower", "prediction_upper")
    low, high = float(row["prediction_lower"]), float(row["prediction_upper"])
    held = f", of which {shown} may be shown," if shown < all_of else ""
    summary = f"{words.figure(row['estimate'])} ({_span(row, 'lower', 'upper')})"
    told = (
        f"Each of {all_of} trusts{held} was left out once and judged by a model made without it: together {summary}; at a "
        f"trust like these {span} is to be expected."
    )
    if measure == "oe_ratio":
        title = (
            "At another trust its risks would probably be true on average"
            if low >= 0.8 and high <= 1.25
            else f"At another trust its risks may be off: observed over expected {span}"
        )
    else:
        title = (
            f"At another trust it would probably rank people with an AUROC of {span}"
            if low > 0.5
            else "At another trust it may rank people no better than chance"
        )
    return title, told


def _not_summarised(mine: pd.DataFrame, row: pd.Series, name: str) -> tuple[str, str]:
    shown = int(mine["estimate"].notna().sum())
    reason = str(row.get("reason", "")) or "too few trusts have it"
    return f"{name} at trusts left out", f"{shown} trusts may be shown. They are not summarised: {reason}."


def _months(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    frame = evidence.released.drift
    if frame.empty:
        return []
    wide = frame.pivot(index="period", columns="measure", values="estimate").reindex(
        columns=["oe_ratio", "auroc", "psi", "psi_expected"]
    )
    ratios = of_measure(frame, "oe_ratio").set_index("period")
    areas = of_measure(frame, "auroc").set_index("period")
    months = wide.join(ratios[["lower", "upper"]]).reset_index()
    tab = Tabulator()
    rows = [
        (
            period,
            _with_span(tab, ratios.loc[period]),
            _with_span(tab, areas.loc[period]),
            _number(wide.at[period, "psi"]),
            _number(wide.at[period, "psi_expected"]),
        )
        for period in map(str, months["period"])
    ]
    least = int(setting(evidence, "drift_events", 50))
    table = tab.table(
        "The test month by month",
        ("Months", "Observed over expected", "AUROC", "Stability index of risk", "Chance alone, 95th centile"),
        rows,
        notes=(
            f"Months are joined until there are {least} who {evidence.came_back} and as many who did not. Counts are by quarter, in "
            "the chapter on time. The index compares risks with those of development; from 0.10 on a shift is said, from 0.25 on it is "
            "large (customs of credit scoring, Siddiqi 2006).",
        ),
        folded=True,
    )
    seen = ratios.dropna(subset=["estimate", "lower", "upper"])
    if seen.empty:
        return [Exhibit("drift", "The test month by month is not shown", f"It is {why_held(frame)}.", "", None, table)]
    out = seen[[words.differs(a, b, 1) for a, b in zip(seen["lower"], seen["upper"], strict=True)]]
    title = (
        f"In each of {len(seen)} periods of the test its risks could be true"
        if out.empty
        else f"Its risks were clearly off in {len(out)} of {len(seen)} periods of the test"
    )
    note = setting(evidence, "psi_note", 0.1)
    far = months[(months["psi"] >= note) & (months["psi"] > months["psi_expected"])]
    sentence = (
        f"By chance alone one in twenty would be. The risks were distributed as in development in "
        f"{'every period' if far.empty else f'all but {len(far)}'}, by a stability index below {note:.2f} or no more than chance gives."
    )
    alt = (
        "Observed over expected, and stability index, by period: "
        + "; ".join(f"{r[0]}: {r[1]}, {r[3]}" for r in rows)
        + "."
    )
    limits = (note, setting(evidence, "psi_warning", 0.25))
    picture = draw_months(months, limits, settings.dots_per_inch)
    below = (
        "Below: stability index of risk. Orange marks: what chance alone exceeds once in twenty. "
        f"Dotted: {limits[0]:.2f} and {limits[1]:.2f}."
    )
    return [Exhibit("drift", title, sentence, alt, picture, table, below)]


def _shifts(evidence: Evidence) -> list[Table]:
    frame = evidence.released.feature_shifts
    if frame.empty:
        return []
    tab = Tabulator()
    rows = [
        (words.capital(str(row["words"])), _cell(tab, row, "estimate"), _cell(tab, row, "expected"))
        for _, row in frame.head(_MOST_SHIFTS).iterrows()
    ]
    return [
        tab.table(
            f"The {min(_MOST_SHIFTS, len(frame))} features that shifted most between development and test",
            ("Feature", "Stability index", "Chance alone, 95th centile"),
            rows,
            notes=("Tenths of development, or its values where they are few; not recorded is a value of its own.",),
            folded=True,
        )
    ]


def _cell(tab: Tabulator, row: pd.Series, column: str) -> str:
    value = row[column]
    return tab.cell(_number(value), value, row)


def _with_span(tab: Tabulator, row: pd.Series) -> str:
    value = row["estimate"]
    if not words.known(value):
        return tab.cell("", value, row)
    span = words.interval(row["lower"], row["upper"], words.trimmed)
    return words.trimmed(value) + (f" ({span})" if span else "")


def _number(value: float) -> str:
    return words.figure(value) if words.known(value) and not math.isnan(value) else words.NOT_COMPUTED


def _span(row: pd.Series, lower: str, upper: str) -> str:
    return words.interval(row[lower], row[upper], words.figure)
