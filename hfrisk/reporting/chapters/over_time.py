"""Whether it lasts: by quarter and by year, and from one hospital to another."""

from __future__ import annotations

import re

import pandas as pd

from hfrisk.reporting import sentences, words
from hfrisk.reporting.evidence import Evidence, Number, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Tabulator
from hfrisk.reporting.figures.curves import draw_periods
from hfrisk.reporting.figures.forest import Line, draw_forest
from hfrisk.reporting.naming import SITE, level_name
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.tables import group_estimates_table

__all__ = ["over_time"]


def over_time(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """By quarter, by year, and by hospital or group of hospitals."""
    return Chapter(
        "over-time",
        "Over time and between hospitals",
        "Whether what it says stays true from one period to the next, and from one hospital to another.",
        (_periods(evidence, settings), *_years(evidence), *_sites(evidence, settings)),
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


def _years(evidence: Evidence) -> tuple[Exhibit, ...]:
    frame = evidence.released.by_year
    if frame.empty:
        return ()
    tab = Tabulator()
    rows = [
        (
            _year(row),
            evidence.where(str(row["split"])),
            tab.count(row, "n"),
            tab.count(row, "events"),
            tab.cell(_rate(row), row["events"], row),
            tab.estimate(row, column="oe_ratio"),
            _area(tab, row),
        )
        for _, row in frame.iterrows()
    ]
    financial = frame["period"].astype(str).str.contains("/").any()
    kind = "financial year" if financial else "year"
    table = tab.table(
        f"By {kind} of discharge",
        (
            words.capital(kind),
            "Where",
            "Discharges",
            words.capital(evidence.came_back),
            "Share",
            "Observed over expected",
            "Ranking (AUROC)",
        ),
        rows,
        left=(0, 1),
        notes=(
            "Brackets: 95% interval (exact for counts; DeLong's for clustered discharges). Years are the sums of their quarters as shown"
            f"{', from April to March' if financial else ''}.",
        ),
    )
    title, sentence = _years_in_words(evidence, frame, kind)
    return (Exhibit("years", title, sentence, table=table),)


def _year(row: pd.Series) -> str:
    quarters = int(row["quarters"])
    part = f" ({words.in_words(quarters)} {'quarter' if quarters == 1 else 'quarters'})" if quarters < 4 else ""
    return f"{row['period']}{part}"


def _rate(row: pd.Series) -> str:
    return words.percent(row["events"] / row["n"]) if words.known(row["events"]) and row["n"] > 0 else ""


def _area(tab: Tabulator, row: pd.Series) -> str:
    return tab.estimate(
        row.rename({"lower": "", "upper": "", "auroc_lower": "lower", "auroc_upper": "upper"}), column="auroc"
    )


def _years_in_words(evidence: Evidence, frame: pd.DataFrame, kind: str) -> tuple[str, str]:
    mine = frame[frame["split"] == evidence.split]
    seen = mine.dropna(subset=["oe_ratio", "lower", "upper"])
    where = evidence.where()
    if seen.empty:
        return f"By {kind}: none of the {where} is large enough to judge", f"The numbers are {why_held(mine)}."
    out = seen[[words.differs(a, b, 1) for a, b in zip(seen["lower"], seen["upper"], strict=True)]]
    many = words.in_words(len(seen))
    if out.empty:
        title = f"By {kind}, its percentages are not clearly out"
        whole = str(seen["period"].iloc[0]) if len(seen) == 1 else f"each of the {many} years of the {where}"
        told = f"In {whole} the interval of observed over expected holds 1."
    else:
        title = f"By {kind}, its percentages were clearly out in {words.in_words(len(out))} of {many}"
        if len(out) == len(seen):
            title = f"Its percentages were clearly out in {words.listed(seen['period'].astype(str))}"
        named = [
            f"it said too {'much' if row['oe_ratio'] < 1 else 'little'} in {row['period']} "
            f"(observed over expected {words.figure(row['oe_ratio'])})"
            for _, row in out.iterrows()
        ]
        told = words.capital(f"{words.listed(named)}.")
    if len(mine) > len(seen):
        held = mine.loc[~mine.index.isin(seen.index), "period"].astype(str)
        told += f" {words.capital(words.listed(held))} may not be shown, or {'has' if len(held) == 1 else 'have'} too few people."
    areas = seen.dropna(subset=["auroc"])
    if len(areas) > 1:
        low, high = areas.loc[areas["auroc"].idxmin()], areas.loc[areas["auroc"].idxmax()]
        apart = words.known(low["auroc_upper"]) and words.known(high["auroc_lower"])
        clear = apart and round(float(low["auroc_upper"]), 2) < round(float(high["auroc_lower"]), 2)
        told += (
            f" It ranked two people rightly between {100 * low['auroc']:.0f} times in 100 ({low['period']}) and "
            f"{100 * high['auroc']:.0f} ({high['period']})" + ("." if clear else "; the intervals overlap.")
        )
    return title, told


def _sites(evidence: Evidence, settings: ReportingSettings) -> tuple[Prose | Exhibit, ...]:
    sites = sorted((g for g in evidence.groups("oe_ratio") if g.group == SITE), key=_natural)
    if not sites:
        return (Prose(("Groups of hospitals are not recorded in these data, so nothing can be said about them.",)),)
    merged = any("of sites by volume" in site.level for site in sites)
    named = ("group of hospitals", "groups of hospitals") if merged else ("hospital or trust", "hospitals or trusts")
    where = f"by {named[0]}"
    table = group_estimates_table(evidence, ("oe_ratio", "calibration_slope"), f"Percentages {where}", only=SITE)
    title, text = _percentages_by_site(evidence, sites, named)
    if merged:
        text += f" There are too many hospitals to show one by one: they stand in {words.in_words(len(sites))} groups by how busy they are."
    lines = _lines(sites)
    first = draw_forest(
        "sites",
        lines,
        settings.dots_per_inch,
        reference=1.0,
        axis="Observed over expected",
        low_words="says too much",
        high_words="says too little",
        ratio=True,
    )
    shown = Exhibit("sites", title, text, _alt("Observed over expected", lines) if first else "", first, table)
    overall = evidence.number("auroc")
    areas = sorted((g for g in evidence.groups("auroc") if g.group == SITE), key=_natural)
    if first is None or not (overall.known and any(a.with_interval for a in areas)):
        return (shown,)
    lines = _lines(areas)
    second = draw_forest(
        "sites_ranking",
        lines,
        settings.dots_per_inch,
        reference=overall.estimate,
        axis="Ranking (AUROC); dashed: everyone",
    )
    title, text = _ranking_by_site(overall, areas, named)
    table = group_estimates_table(evidence, ("auroc",), f"Ranking {where}", only=SITE)
    return (shown, Exhibit("sites-ranking", title, text, _alt("Ranking (AUROC)", lines), second, table))


def _lines(sites: list[Number]) -> list[Line]:
    return [Line(level_name(SITE, s.level), s.estimate, s.lower, s.upper, s.text()) for s in sites]


def _alt(what: str, lines: list[Line]) -> str:
    return f"{what}. " + "; ".join(f"{line.label}: {line.text}" for line in lines) + "."


def _natural(site: Number) -> list[tuple[int, str]]:
    """Trust 2 before Trust 10; not by performance, which would make a league table of chance."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", site.level) if part]


def _percentages_by_site(evidence: Evidence, sites: list[Number], named: tuple[str, str]) -> tuple[str, str]:
    one, many = named
    seen = [s for s in sites if s.with_interval]
    out = [s for s in seen if s.excludes(1)]
    if not seen:
        return f"No {one} was large enough to judge", "All of them are held back or not computed."
    rest = ""
    if held := len(sites) - len(seen):
        verb = "is" if held == 1 else "are"
        rest = f" {words.capital(words.in_words(held))} of {len(sites)} {verb} held back or too small."
    if not out:
        title = f"No {one} is clearly out"
        text = f"In each of the {len(seen)} {many} that could be judged the interval of observed over expected holds 1."
        return title, text + rest
    title = f"Its percentages are clearly out at {len(out)} of {len(seen)} {many}"
    told = [f"{level_name(SITE, s.level)}, {s.text()}" for s in out]
    text = f"Observed over expected leaves out 1 at: {'; '.join(told)}."
    chance = round(0.05 * len(seen))
    if evidence.number("oe_ratio").excludes(1):
        text += " It is out for everyone, not for these in particular."
    elif chance:
        text += f" About {words.in_words(chance)} of {len(seen)} would be out by chance alone."
    return title, text + rest


def _ranking_by_site(overall: Number, areas: list[Number], named: tuple[str, str]) -> tuple[str, str]:
    one, many = named
    seen = [s for s in areas if s.with_interval]
    out = [s for s in seen if s.excludes(overall.estimate)]
    everyone = f"It ranks two people rightly {100 * overall.estimate:.0f} times in 100 for everyone"
    span = f"from {min(s.estimate for s in seen):.2f} to {max(s.estimate for s in seen):.2f}"
    if not out:
        title = f"It is not shown to rank people better or worse at any {one}"
        return (
            title,
            f"{everyone}. The estimates go {span}, and each of the {len(seen)} intervals holds that of everyone.",
        )
    parts = [
        f"{how} at {words.listed([level_name(SITE, s.level) for s in found])}"
        for how, found in (
            ("worse", [s for s in out if s.estimate < overall.estimate]),
            ("better", [s for s in out if s.estimate > overall.estimate]),
        )
        if found
    ]
    chance = round(0.05 * len(seen))
    luck = f" About {words.in_words(chance)} of {len(seen)} would differ by chance alone." if chance else ""
    title = f"How well it ranks people differs clearly at {len(out)} of {len(seen)} {many}"
    return title, f"{everyone}; it does so clearly {words.listed(parts)}. The estimates go {span}.{luck}"
