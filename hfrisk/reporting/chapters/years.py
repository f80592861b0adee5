"""Whether it has changed: how often people came back, quarter by quarter, where there is no model."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.outcomes import wilson
from hfrisk.reporting.evidence import QUARTER, Evidence, clearly_apart, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Table, Tabulator
from hfrisk.reporting.figures.curves import draw_quarters
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["first_and_last_year", "over_the_years", "quarters", "quarters_in_words"]


def over_the_years(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """The share who came back in each quarter, drawn, with the table behind it."""
    lead = "Whether as many people came back in each quarter. A step can be a change in care, in who is admitted, or in what is recorded."
    table = _by_year(evidence)
    return Chapter("over-time", "Over time", lead, (quarters(evidence, settings), *([table] if table.rows else [])))


def _by_year(evidence: Evidence) -> Table:
    """Years as the sums of their quarters as shown; a year of which a quarter is withheld is withheld."""
    frame = _quarters(evidence)
    settings = evidence.released.study.get("settings", {}).get("assessment", {})
    financial = settings.get("years", "financial") == "financial"
    tab = Tabulator()
    rows = []
    year = frame["level"].map(lambda quarter: _year(str(quarter), financial=financial))
    for name, part in frame.groupby(year, sort=True):
        n, events, died = (part[c].sum(skipna=False) for c in ("n", "events", "died"))
        held = next((r for _, r in part.iterrows() if r[["n", "events", "died"]].isna().any()), part.iloc[0])
        low, high = math.nan, math.nan
        share = math.nan
        if words.known(n) and words.known(events) and n > 0:
            share, low, high = wilson(float(events), float(n))
        row = pd.Series({**held, "n": n, "events": events, "died": died, "share": share, "lower": low, "upper": high})
        few = f" ({words.in_words(len(part))} {'quarter' if len(part) == 1 else 'quarters'})" if len(part) < 4 else ""
        cells = (tab.count(row, "n"), tab.count(row, "events"), _share(tab, row, "share", "lower", "upper"))
        rows.append((f"{name}{few}", *cells, tab.count(row, "died")))
    kind = "financial year" if financial else "year"
    head = (words.capital(kind), "Discharges", words.capital(evidence.came_back), "Share (95% interval)", "Died first")
    note = f"Years are the sums of their quarters as shown{', from April to March' if financial else ''}."
    return tab.table(f"How many {evidence.came_back}, by {kind} of discharge", head, rows, notes=(note,))


def _year(quarter: str, *, financial: bool) -> str:
    year, number = int(quarter[:4]), int(quarter[-1])
    first = year - 1 if financial and number == 1 else year
    return f"{first}/{(first + 1) % 100:02d}" if financial else str(year)


def quarters(evidence: Evidence, settings: ReportingSettings, *, small: bool = False) -> Exhibit:
    """The quarters drawn, what they show, and the numbers behind them."""
    frame = _quarters(evidence)
    key = "quarters-small" if small else "quarters"
    tab = Tabulator()
    rows = [
        (
            str(row["level"]),
            tab.count(row, "n"),
            tab.count(row, "events"),
            _share(tab, row, "share", "lower", "upper"),
            tab.count(row, "died"),
        )
        for _, row in frame.iterrows()
    ]
    table = tab.table(
        f"How many {evidence.came_back}, by quarter of discharge",
        ("Quarter", "Discharges", words.capital(evidence.came_back), "Share (95% interval)", "Died first"),
        rows,
        notes=("Intervals (Wilson) are from the rounded counts and count each discharge once.",),
    )
    title, sentence = quarters_in_words(evidence)
    sentence = f"{first_and_last_year(evidence)} {sentence}".strip()
    if frame["share"].notna().sum() < 2:
        return Exhibit(key, title, sentence, table=table)
    picture = draw_quarters(frame, _overall(evidence), evidence.came_back, settings.dots_per_inch, small=small)
    alt = f"Share who {evidence.came_back}, by quarter: " + "; ".join(f"{r[0]}: {r[3]}" for r in rows) + "."
    return Exhibit(key, title, "" if small else sentence.replace("**", ""), alt, picture, table)


def quarters_in_words(evidence: Evidence) -> tuple[str, str]:
    """What the quarters show: a title and a sentence."""
    frame = _quarters(evidence)
    seen = frame.dropna(subset=["share"])
    if len(seen) < 2:
        why = why_held(frame) if len(frame) else words.NOT_COMPUTED
        return (
            "Whether it has changed over time is not shown",
            f"How many {evidence.came_back} in each quarter is {why}.",
        )
    low, high = seen.loc[seen["share"].idxmin()], seen.loc[seen["share"].idxmax()]
    overall = _overall(evidence)
    told = (
        f"Of the {len(seen)} quarters that may be shown, the fewest {evidence.came_back} in {low['level']} "
        f"({words.percent(float(low['share']))}) and the most in {high['level']} ({words.percent(float(high['share']))})."
    )
    out = clearly_apart(seen, overall)
    if math.isnan(overall):
        return "Quarter by quarter", told
    chance = round(0.05 * len(seen))
    luck = f"; about {words.in_words(chance)} of {len(seen)} would by chance alone" if chance else ""
    if out.empty:
        return (
            "No quarter clearly differs from the whole period",
            f"{told} **No quarter clearly differs** from the {words.percent(overall)} of the whole period.",
        )
    named = [f"{row['level']} ({words.percent(float(row['share']))})" for _, row in out.head(4).iterrows()]
    more = f" and {len(out) - 4} more" if len(out) > 4 else ""
    differ = "One quarter differs" if len(out) == 1 else f"{words.capital(words.in_words(len(out)))} quarters differ"
    return (
        f"{differ} from the whole period",
        f"{told} **{differ}** clearly from the {words.percent(overall)} of the whole period: "
        f"{words.listed(named) if not more else ', '.join(named)}{more}{luck}.",
    )


def first_and_last_year(evidence: Evidence) -> str:
    """The first four quarters beside the last four, with the interval of the difference (Newcombe, from the shown counts)."""
    frame = _quarters(evidence)
    if len(frame) < 8 or frame[["n", "events"]].isna().any(axis=None):
        return ""
    first, last = frame.head(4), frame.tail(4)
    (a, a_low, a_high), (b, b_low, b_high) = (wilson(part["events"].sum(), part["n"].sum()) for part in (first, last))
    gap = b - a
    low = gap - math.hypot(b - b_low, a_high - a)
    high = gap + math.hypot(b_high - b, a - a_low)
    told = (
        f"In the last four quarters (to {last['level'].iloc[-1]}) **{words.percent(b)}** {evidence.came_back}, in the first four "
        f"(from {first['level'].iloc[0]}) **{words.percent(a)}**"
    )
    span = f"interval of the gap {words.signed(100 * low)} to {words.signed(100 * high)} in 100"
    if not words.differs(100 * low, 100 * high, 0, 1):
        return f"{told}: no clear difference ({span})."
    return f"{told}: {'more' if gap > 0 else 'fewer'} than before ({span})."


def _quarters(evidence: Evidence) -> pd.DataFrame:
    frame = evidence.released.outcomes
    return frame[frame["group"] == QUARTER].reset_index(drop=True)


def _overall(evidence: Evidence) -> float:
    frame = evidence.released.outcomes
    whole = frame[frame["group"] == "all"]
    return float(whole["share"].iloc[0]) if len(whole) else math.nan


def _share(tab: Tabulator, row: pd.Series, share: str, lower: str, upper: str) -> str:
    shown = tab.percent(row, share)
    span = words.interval(row[lower], row[upper], words.percent)
    return f"{shown} ({span})" if span else shown
