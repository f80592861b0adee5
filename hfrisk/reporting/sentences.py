"""Page one in words: each sentence is computed from released numbers and changes when they do."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, Number, firm, held, why_held

__all__ = [
    "calibration_at_threshold",
    "drivers",
    "level",
    "no_curve",
    "point_at",
    "recent",
    "size",
    "spread_of_risks",
    "who",
    "who_learned",
    "why",
]


# ------------------------------------------------------------------ whom was it tried on?


def size(evidence: Evidence) -> str:
    """Discharges, people, period and hospitals."""
    head = evidence.released.headline
    told = f"**{_count(head, 'index_discharges')} discharges** of {_count(head, 'persons')} people"
    place = ""
    if words.known(head.get("sites")):
        sites = int(head["sites"])
        place = f", from {words.count(sites)} {'hospital' if sites == 1 else 'hospitals'}"
    return f"{told}{_period(head)}{place}."


def who(evidence: Evidence) -> str:
    """Discharges, people, period, hospitals, and what happened to them."""
    head = evidence.released.headline
    sentence = size(evidence)
    if words.known(head.get("share_events")):
        share = float(head["share_events"])
        base = words.out_of(share)
        sentence += (
            f" Of every {base:,} people who left hospital, **{words.in_hundred(share, base)}** {evidence.outcome}"
        )
        sentence += f" ({words.percent(share, 3)})"
        if evidence.composite:
            return f"{sentence}."
        if not words.known(head.get("share_died")):
            return f"{sentence}. How many died first is {why(head, 'share_died')}."
        died = float(head["share_died"])
        base = words.out_of(died)
        return f"{sentence}, and {words.in_hundred(died, base)} in every {base:,} died first ({words.percent(died)})."
    return f"{sentence} How many {evidence.outcome} is {why(head, 'share_events')}."


def who_learned(evidence: Evidence) -> str:
    """What it learned from and what it was tried on."""
    parts = evidence.released.headline.get("by_split") or {}
    learned, tried = parts.get("development") or {}, parts.get("test") or {}
    if not words.known(tried.get("n")):
        why = tried.get("reason") or f"there are {evidence.tested['none']} to try it on"
        if evidence.stored:
            return (
                f"It learned elsewhere. What stands beside it was fitted to {_part(learned)}. "
                f"There is no {evidence.tested['test']}: {why}."
            )
        return f"It learned from {_part(learned)}. It was not tried on {evidence.where('test')}: {why}."
    if evidence.stored:
        return (
            f"It learned elsewhere. What stands beside it was fitted to {_part(learned)}; all were tried on "
            f"the {words.count(tried['n'])} {evidence.tested['tried']}{_period(tried)}. "
            f"Every number on this page that is not said to be otherwise comes from those {evidence.where('test')}."
        )
    return (
        f"It learned from {_part(learned)}, and was tried on the {words.count(tried['n'])} {evidence.tested['tried']}"
        f"{_period(tried)}. "
        f"Every number on this page that is not said to be otherwise comes from those {evidence.where('test')}."
    )


def _part(part: dict[str, object]) -> str:
    n = part.get("n")
    size = f"{words.count(n)} discharges" if words.known(n) else f"discharges ({words.SUPPRESSED})"
    return size + _period(part)


def _period(part: dict[str, object]) -> str:
    first, last = part.get("period_from"), part.get("period_to")
    if not first or not last:
        return ""
    return f", {words.month(first)} to {words.month(last)}" if first != last else f", {words.month(first)}"


# ------------------------------------------------------------------ are its percentages true?


def level(evidence: Evidence) -> str:
    """How many it expected and how many came back, out of 100."""
    ratio = evidence.number("oe_ratio")
    if not ratio.known:
        return f"Whether it expects the right number of people {evidence.to_come_back} is {held(ratio)}."
    span = f"observed over expected {ratio.show(ratio.estimate)}" + (
        f", {ratio.show(ratio.lower)} to {ratio.show(ratio.upper)}" if ratio.with_interval else ""
    )
    text = ""
    if words.known(ratio.n) and words.known(ratio.events) and ratio.n > 0 and ratio.estimate > 0:
        seen = ratio.events / ratio.n
        said = seen / ratio.estimate
        base = words.out_of(seen, said)
        text = (
            f"Of every {base:,} people it expected **{words.in_hundred(said, base)}** {evidence.to_come_back}; "
            f"**{words.in_hundred(seen, base)}** did ({span}; {words.count(ratio.n)} discharges)."
        )
    phrase = words.predicted_against_observed(ratio.estimate)
    if not ratio.with_interval:
        return f"{text} It predicts {phrase} {evidence.came_back}.".strip()
    if not ratio.excludes(1):
        return f"{text or f'It predicts {phrase} {evidence.came_back} ({span}).'} No clear difference.".strip()
    return f"{text} It predicts **{phrase} {evidence.came_back}**.".strip()


def calibration_at_threshold(evidence: Evidence) -> str:
    """What happened to those whose risk was at the study's threshold: when it says 20%, 21% came back."""
    point = point_at(evidence, evidence.threshold)
    said = words.percent(evidence.threshold)
    if point is None:
        curve = evidence.overall("calibration_curve")
        drawn = len(curve) and curve["observed"].notna().any()
        why = f"{words.NOT_COMPUTED}: too few of them" if drawn else no_curve(evidence)
        return f"What happened to people to whom it gave a risk near {said} is {why}."
    span = words.interval(point.lower, point.upper, words.percent)
    near = f"; {words.count(point.n)} discharges near that risk" if words.known(point.n) else ""
    said = words.percent(float(point.level))
    return f"When it says **{said}**, **{words.percent(point.estimate)}** {evidence.came_back} ({span}{near})."


def no_curve(evidence: Evidence) -> str:
    """Why there is no calibration curve, to follow "is"."""
    curve = evidence.overall("calibration_curve")
    return why_held(curve) if len(curve) else held(evidence.number("ici"))


def point_at(evidence: Evidence, risk: float, *, within: float = 0.025, model: str = "") -> Number | None:
    """The point of the calibration curve nearest to `risk`; its `level` is the predicted risk."""
    curve = evidence.overall("calibration_curve", model=model)
    curve = curve.dropna(subset=["predicted", "observed"]) if len(curve) else curve
    if curve.empty:
        return None
    row = curve.iloc[(curve["predicted"] - risk).abs().argmin()]
    if abs(float(row["predicted"]) - risk) > within:
        return None
    return Number(
        float(row["observed"]),
        float(row["lower"]),
        float(row["upper"]),
        float(row["n"]),
        float(row["events"]),
        "",
        "predicted",
        str(float(row["predicted"])),
    )


def spread_of_risks(evidence: Evidence) -> str:
    """Where most of the risks lie, from the released histogram."""
    spread = evidence.rows("risk_distribution")
    spread = spread.dropna(subset=["n"]) if len(spread) else spread
    total = float(spread["n"].sum()) if len(spread) else 0.0
    if not total:
        return ""
    share = (spread["n"] / total).cumsum()
    low = float(spread["bin_lower"][(share >= 0.1).idxmax()])
    high = float(spread["bin_upper"][(share >= 0.9).idxmax()])
    if low == float(spread["bin_lower"].iloc[0]):
        # The gate widens the outermost bins, so that the lowest edge says nothing.
        return f"At least nine of every ten people were given a risk below {words.percent(high)}."
    return (
        f"At least eight of every ten people were given a risk between {words.percent(low)} and {words.percent(high)}."
    )


def recent(evidence: Evidence) -> str:
    """Whether the latest quarter was said too high or too low, when it was; else nothing."""
    every = evidence.rows("by_period", split="test")
    periods = every.dropna(subset=["oe_ratio", "lower", "upper"]) if len(every) else every
    if periods.empty:
        return ""
    last = periods.iloc[-1]
    ratio, lower, upper = (float(last[c]) for c in ("oe_ratio", "lower", "upper"))
    if not words.differs(lower, upper, 1) or ratio <= 0:
        return ""
    gap = abs(1 / ratio - 1)
    how = "too much" if ratio < 1 else "too little"
    by = f" by {words.share_in_words(gap)}" if 0.03 < gap < 0.95 else ""
    sure = firm(last["n"], last["events"])
    shown = [words.estimate(v, firm=sure) for v in (ratio, lower, upper)]
    said = f"{shown[0]}, {shown[1]} to {shown[2]}"
    shown_only = " that may be shown" if periods.index[-1] != every.index[-1] else ""
    return f"In the latest quarter{shown_only}, {last['period']}, it said {how}{by} (observed over expected {said})."


# ------------------------------------------------------------------ what drives it?


def drivers(evidence: Evidence) -> list[str]:
    """The themes that move the risk most, and how much of it can be changed."""
    if evidence.compares:
        return ["No model of trees was learnt, so what drives the risk was not asked."]
    themes = evidence.released.by_theme
    themes = themes.dropna(subset=["share"]).sort_values("share", ascending=False) if len(themes) else themes
    if themes.empty:
        return [f"What drives it is {words.NOT_COMPUTED}: no explanation was released."]
    told = [f"{row['theme'].lower()} ({words.percent(float(row['share']))})" for _, row in themes.head(3).iterrows()]
    sentence = f"Most of what sets one person's risk apart from another's is {words.listed(told)}."
    changeable = _changeable(evidence, themes)
    sentence += (
        f" About **{words.percent(float(changeable))}** of it is something that care can change."
        if changeable >= 0.005
        else " None of it is something that care can change."
    )
    return [
        sentence,
        "These are associations. Changing one of them may not change what happens to a person.",
    ]


def _changeable(evidence: Evidence, themes: pd.DataFrame) -> float:
    """The share that care can change: added up for each person where that was released, else by feature."""
    split = evidence.released.by_modifiable
    split = split.dropna(subset=["share"]) if len(split) else split
    if len(split):
        return float(split.loc[split["modifiable"].astype(bool), "share"].sum())
    return float((themes["share"] * themes["modifiable_share"].fillna(0)).sum())


# ------------------------------------------------------------------ helpers


def _count(head: dict[str, object], key: str) -> str:
    value = head.get(key)
    return words.count(value) if words.known(value) else f"[{why(head, key)}]"


def why(head: dict[str, object], key: str) -> str:
    """Why a number of page one is not there, to follow "is"."""
    reasons = head.get("reasons")
    text = str(reasons.get(key, "")) if isinstance(reasons, dict) else ""
    if not text:
        return words.SUPPRESSED
    return text if text.startswith((words.SUPPRESSED, words.NOT_COMPUTED)) else f"{words.SUPPRESSED} ({text})"
