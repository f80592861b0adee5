"""What drives it: themes, families, features, and how a value moves the risk."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import sentences, words
from hfrisk.reporting.chapters.caveats import how_it_holds, how_to_read
from hfrisk.reporting.chapters.leaning import in_a_few_rules, leans_apart
from hfrisk.reporting.chapters.together import act_together, spread
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.bars import Bar, Panel, draw_bars, draw_dependence
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["themes", "why"]

_FAMILIES = {
    "demography": "Age and sex",
    "stay": "This hospital stay",
    "prior_care": "Earlier hospital use",
    "comorbidity": "Other long-term conditions",
    "frailty": "Frailty",
    "deprivation": "Deprivation and living alone",
    "laboratory": "Blood tests and vital signs",
    "medicines": "Medicines",
}


def themes(evidence: Evidence, settings: ReportingSettings) -> Exhibit:
    """The themes of page one."""
    frame = evidence.released.by_theme
    frame = frame.dropna(subset=["share"]).sort_values("share", ascending=False) if len(frame) else frame
    if frame.empty:
        return Exhibit("themes", "What drives it is not shown", " ".join(sentences.drivers(evidence)))
    top, rest = frame.head(settings.themes_on_page_one), frame.iloc[settings.themes_on_page_one :]
    bars = [
        Bar(str(r["theme"]), float(r["share"]), _changeable(r), words.percent(float(r["share"])))
        for _, r in top.iterrows()
    ]
    if len(rest):
        share = float(rest["share"].sum())
        bars.append(
            Bar("Everything else", share, sum(_changeable(r) for _, r in rest.iterrows()), words.percent(share))
        )
    picture = draw_bars("themes", bars, settings.dots_per_inch, small=True)
    tab = Tabulator()
    rows = [
        (str(r["theme"]), tab.percent(r, "share"), words.percent(_changeable(r)) if _changeable(r) else "none")
        for _, r in frame.iterrows()
    ]
    table = tab.table(
        "What moves the risk, by theme", ("Theme", "Share of what moves the risk", "Part that care can change"), rows
    )
    alt = "Share of what moves the risk: " + "; ".join(f"{bar.label} {bar.text}" for bar in bars) + "."
    title = f"What moves the risk most: {str(frame.iloc[0]['theme']).lower()}"
    return Exhibit("themes", title, sentences.drivers(evidence)[0].replace("**", ""), alt, picture, table)


def _changeable(row: pd.Series) -> float:
    part = row["modifiable_share"]
    return float(row["share"]) * float(part) if words.known(part) else 0.0


def why(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """Families, the features that count most, and their effects."""
    blocks: list[Exhibit | Table | Prose] = [
        Prose(
            (
                "The share of what moves the risk is the mean size of a feature's contribution to the log-odds, over "
                "people, as a part of all contributions (TreeSHAP). These are associations: a medicine or a blood "
                "test can stand for how ill someone was.",
            )
        )
    ]
    blocks.append(_features(evidence, settings))
    caveats = how_to_read(evidence, settings)
    if caveats.paragraphs or caveats.items:
        blocks.append(caveats)
    effects = _dependence(evidence, settings)
    if effects is not None:
        blocks.append(effects)
    blocks.extend(spread(evidence, settings))
    blocks.extend(act_together(evidence, settings))
    blocks.extend(leans_apart(evidence))
    blocks.extend(how_it_holds(evidence, settings))
    blocks.extend(in_a_few_rules(evidence))
    blocks.append(_families(evidence))
    return Chapter(
        "why",
        "What drives it?",
        "What sets one person's risk apart from another's, as the model sees it.",
        tuple(blocks),
    )


def _features(evidence: Evidence, settings: ReportingSettings) -> Exhibit:
    frame = evidence.released.by_feature
    frame = frame.dropna(subset=["share"]).sort_values("share", ascending=False) if len(frame) else frame
    if frame.empty:
        return Exhibit("features", "The features are not shown", f"They are {words.NOT_COMPUTED}.")
    counted = frame[frame["share"] >= 0.0005]  # less would be drawn as nothing
    top = (counted if len(counted) else frame).head(settings.top_features)
    bars = [
        Bar(
            str(r["words"]),
            float(r["share"]),
            float(r["share"]) if bool(r["modifiable"]) else 0.0,
            words.percent(float(r["share"])),
        )
        for _, r in top.iterrows()
    ]
    picture = draw_bars("features", bars, settings.dots_per_inch)
    tab = Tabulator()
    rows = [
        (
            str(r["words"]),
            str(r["theme"]),
            tab.percent(r, "share"),
            str(r["direction"]),
            "yes" if bool(r["modifiable"]) else "no",
        )
        for _, r in top.iterrows()
    ]
    table = tab.table(
        f"The {len(top)} features that count most",
        ("Feature", "Theme", "Share", "Direction", "Care can change it"),
        rows,
        left=(0, 1, 3, 4),
        notes=("Every feature is in metrics.json.",),
    )
    first, share = top.iloc[0], float(top["share"].sum())
    rest = len(frame) - len(top)
    sentence = (
        f"What counts most is {first['words']} ({words.percent(float(first['share']))}; {first['direction']}). "
        + (
            f"All {len(top)} features are shown."
            if not rest
            else f"The {len(top)} features shown make up nearly all of what moves the risk; the other {rest} hardly count."
            if share >= 0.995
            else f"The {len(top)} features shown make up {words.percent(share)} of what moves the risk, the other {rest} the rest."
        )
    )
    alt = "Share of what moves the risk, by feature: " + "; ".join(f"{b.label} {b.text}" for b in bars) + "."
    title = f"What counts most: {first['words']}"
    return Exhibit("features", title, sentence, alt, picture, table)


def _dependence(evidence: Evidence, settings: ReportingSettings) -> Exhibit | None:
    frame = evidence.released.dependence
    features = evidence.released.by_feature
    if frame.empty or features.empty or not settings.dependence_features:
        return None
    frame = frame.dropna(subset=["bin_lower", "bin_upper", "mean_contribution"])
    ranked = features.dropna(subset=["share"]).sort_values("share", ascending=False)
    named = ranked.set_index("feature")["words"]
    absent = evidence.released.not_recorded
    unseen = absent.dropna().set_index("feature")["mean_contribution"] if len(absent) else pd.Series(dtype=float)
    told_unseen: list[str] = []
    units = evidence.released.dictionary.set_index("name")["unit"] if len(evidence.released.dictionary) else pd.Series()
    panels: list[Panel] = []
    alts: list[str] = []
    rows: list[tuple[str, ...]] = []
    first_words = ""
    for feature in ranked["feature"]:
        bins = frame[frame["feature"] == feature].sort_values("bin_lower")
        if len(bins) < 3 or len(panels) == settings.dependence_features:
            continue
        unit = str(units.get(feature, ""))
        title = words.capital(str(named[feature])) + (f" ({unit})" if unit and unit != "count" else "")
        panels.append(Panel(title, bins, whole=unit == "count"))
        first_words = first_words or str(named[feature])
        first, last = bins.iloc[0], bins.iloc[-1]
        alts.append(
            f"{title}: {words.signed(first['mean_contribution'], 2)} at {_range(first)}, "
            f"{words.signed(last['mean_contribution'], 2)} at {_range(last)}"
        )
        rows.append((title,))
        rows.extend(
            (
                _range(b),
                words.count(b["n"]) if words.known(b["n"]) else words.SUPPRESSED,
                words.signed(b["mean_contribution"], 2),
            )
            for _, b in bins.iterrows()
        )
        if feature in unseen.index:
            rows.append(("Not recorded", words.NOT_TOLD, words.signed(unseen[feature], 2)))
            told_unseen.append(f"{named[feature]} ({words.signed(unseen[feature], 2)})")
    if not panels:
        return None
    tab = Tabulator()
    table = tab.table(
        "How values move the risk",
        ("Values", "Discharges", "Mean contribution (log-odds)"),
        rows,
        notes=(
            "The lowest and highest twentieth of people are left out.",
            *(("How many have no value is in Table 1.",) if told_unseen else ()),
        ),
    )
    lead = panels[0]
    rise = float(lead.bins.iloc[-1]["mean_contribution"]) - float(lead.bins.iloc[0]["mean_contribution"])
    how = "raises" if rise > 0 else "lowers"
    sentence = (
        f"From its lowest values to its highest, {first_words} {how} the log-odds by "
        f"{words.figure(abs(rise))} on average. A flat line means that the value makes little difference."
    )
    if told_unseen:
        sentence += f" Where it is not recorded, what that alone adds to the log-odds: {words.listed(told_unseen)}."
    return Exhibit(
        "effects",
        f"How the values of {'one feature moves' if len(panels) == 1 else f'{len(panels)} features move'} the risk",
        sentence,
        "Mean contribution to the log-odds by value. " + "; ".join(alts) + ".",
        draw_dependence(panels, settings.dots_per_inch),
        table,
    )


def _range(row: pd.Series) -> str:
    low, high = words.trimmed(float(row["bin_lower"])), words.trimmed(float(row["bin_upper"]))
    return low if low == high else f"{low} to {high}"


def _families(evidence: Evidence) -> Table:
    frame = evidence.released.by_family
    tab = Tabulator()
    rows = [
        (
            _FAMILIES.get(str(r["family"]), str(r["family"]).replace("_", " ").capitalize()),
            tab.percent(r, "share"),
            tab.number(r, "mean_abs", 3),
        )
        for _, r in (frame.sort_values("share", ascending=False) if len(frame) else frame).iterrows()
    ]
    return tab.table(
        "What moves the risk, by family of features",
        ("Family", "Share", "Mean size of its contribution (log-odds)"),
        rows,
        notes=("A family's contributions are added up for each person before their size is taken.",),
        folded=True,
    )
