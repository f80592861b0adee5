"""How far each feature moves people's risks, and which features say something together that neither says alone."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chapters.caveats import explained_setting
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.explained import Cell, Strip, draw_joint, draw_spread
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["act_together", "spread", "step"]

_STRIPS = 10
_PAIRS = 10


def spread(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit]:
    """People by how far a feature moves their risk."""
    frame = evidence.released.spread
    if frame.empty or evidence.released.by_feature.empty:
        return []
    named = evidence.released.by_feature.set_index("feature")["words"]
    order = [name for name in dict.fromkeys(frame["feature"]) if name in named.index][:_STRIPS]
    strips: list[Strip] = []
    rows: list[tuple[str, ...]] = []
    alts: list[str] = []
    tab = Tabulator()
    for name in order:
        steps = frame[frame["feature"] == name].sort_values("lower")
        text = words.capital(str(named[name]))
        strips.append(Strip(text, steps.dropna(subset=["share"])))
        rows.append((text,))
        rows.extend(
            (
                f"{words.signed(row['lower'], 2)} to {words.signed(row['upper'], 2)}",
                tab.percent(row, "share"),
                words.percent(float(row["rank"])) if words.known(row["rank"]) else words.NOT_COMPUTED,
            )
            for _, row in steps.iterrows()
        )
        alts.append(f"{text}: {_ways(steps)}")
    first = frame[frame["feature"] == order[0]]
    sentence = (
        f"{words.capital(str(named[order[0]]))}: {_ways(first)}. The darker a step, the higher the values in it; its height is "
        "the share of people."
    )
    table = tab.table(
        "People by the contribution of each feature",
        ("Contribution (log-odds)", "People", "Mean rank of the value (100%: highest)"),
        rows,
        notes=("The outermost steps hold whatever lies beyond them.",),
    )
    picture = draw_spread(strips, settings.dots_per_inch)
    title = "Whose risk it raises, and whose it lowers"
    return [Exhibit("spread", title, sentence, "; ".join(alts) + ".", picture, table)]


def _ways(steps: pd.DataFrame) -> str:
    """For how many a feature raises and for how many it lowers the risk, as far as the steps tell."""
    known = steps.dropna(subset=["share"])
    if known.empty:
        return "suppressed"
    least = "at least " if steps["share"].isna().any() else ""
    raises = float(known.loc[known["lower"] >= 0, "share"].sum())
    lowers = float(known.loc[known["upper"] <= 0, "share"].sum())
    up = f"raises the risk of {least}{words.percent(raises)} of people"
    if not lowers:
        return f"it {up}" if raises else "no step lies clearly on one side"
    if not raises:
        return f"it lowers the risk of {least}{words.percent(lowers)} of people"
    return f"it {up} and lowers that of {least}{words.percent(lowers)}"


def act_together(evidence: Evidence, settings: ReportingSettings) -> list[Exhibit | Prose | Table]:
    """The strongest pairs of features, and the table of the first that is worth a word."""
    pairs = evidence.released.interactions
    pairs = pairs.dropna(subset=["share"]).sort_values("share", ascending=False) if len(pairs) else pairs
    if pairs.empty or evidence.released.by_feature.empty:
        return []
    named = evidence.released.by_feature.set_index("feature")["words"]
    strongest = pairs.iloc[0]
    both = f"{named.get(strongest['feature_a'])} and {named.get(strongest['feature_b'])}"
    share, limit = float(strongest["share"]), explained_setting(evidence, "interaction_least", 0.05)
    tab = Tabulator()
    rows = [
        (
            str(named.get(r["feature_a"])),
            str(named.get(r["feature_b"])),
            tab.percent(r, "share"),
            tab.number(r, "mean_abs", 3),
        )
        for _, r in pairs.head(_PAIRS).iterrows()
    ]
    table = tab.table(
        "Pairs of features that act together most",
        ("Feature", "With", "Share of what moves the risk", "Mean size (log-odds)"),
        rows,
        left=(0, 1),
        notes=("What two features say together beyond what each says alone (Shapley interaction values).",),
        folded=True,
    )
    if share < limit:
        said = (
            f"No two features say much together that they do not say alone. The strongest pair, {both}, makes up {words.percent(share)} of "
            f"what moves the risk; below {words.percent(limit)} a pair cannot be told from the traces that trees leave where nothing acts "
            "together."
        )
        return [Prose((said,), heading="Do features act together?"), table]
    lead = (
        f"{words.capital(both)} act together: what they say beyond what each says alone makes up {words.percent(share)} of what moves the "
        "risk."
    )
    exhibit = _cells(evidence, settings, strongest, named, lead)
    return [exhibit if exhibit is not None else Prose((lead,), heading="Do features act together?"), table]


def _cells(
    evidence: Evidence, settings: ReportingSettings, pair: pd.Series, named: pd.Series, lead: str
) -> Exhibit | None:
    frame = evidence.released.interaction_table
    if frame.empty:
        return None
    mine = frame[(frame["feature_a"] == pair["feature_a"]) & (frame["feature_b"] == pair["feature_b"])]
    shown = mine.dropna(subset=["together", "beyond"])
    if len(shown) < 2:
        return None
    names = [str(named.get(pair[side], pair[side])) for side in ("feature_a", "feature_b")]
    cells = [
        Cell(step(row, "a"), step(row, "b"), float(row["together"]), float(row["beyond"])) for _, row in mine.iterrows()
    ]
    tab = Tabulator()
    rows = [
        (
            step(row, "a"),
            step(row, "b"),
            tab.cell(words.signed(row["together"], 2) if words.known(row["together"]) else "", row["together"], row),
            tab.cell(words.signed(row["beyond"], 2) if words.known(row["beyond"]) else "", row["beyond"], row),
        )
        for _, row in mine.iterrows()
    ]
    table = tab.table(
        f"{words.capital(names[0])} and {names[1]} together",
        (words.capital(names[0]), words.capital(names[1]), "Both contributions (log-odds)", "Of it, only together"),
        rows,
        left=(0, 1),
        notes=("The lowest and highest twentieth of people, and those in whom either is not recorded, are left out.",),
    )
    most = shown.loc[shown["beyond"].abs().idxmax()]
    where = f"With {names[0]} at {step(most, 'a')} and {names[1]} at {step(most, 'b')}"
    more = "more" if float(most["beyond"]) > 0 else "less"
    sentence = f"{lead} {where}, the log-odds are {words.figure(abs(float(most['beyond'])))} {more} than the two would make each by itself."
    alt = "Joint contribution by values. " + "; ".join(
        f"{c.across} with {c.up}: {words.signed(c.together, 2)}" for c in cells if words.known(c.together)
    )
    picture = draw_joint(names[0], names[1], cells, settings.dots_per_inch)
    return Exhibit(
        "together", f"{words.capital(names[0])} and {names[1]} act together", sentence, alt + ".", picture, table
    )


def step(row: pd.Series, side: str) -> str:
    """The values of a step, in words."""
    low, high = (words.trimmed(float(row[f"{side}_{edge}"])) for edge in ("lower", "upper"))
    return low if low == high else f"{low} to {high}"
