"""Page one where there is no model: a verdict on the data, and the questions that a description answers."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from hfrisk.reporting import sentences, words
from hfrisk.reporting.chapters.counting import how_told, range_of_definitions
from hfrisk.reporting.chapters.incidence import back_for_heart_failure, by_the_end, half_of_them, incidence
from hfrisk.reporting.chapters.outcomes import group_rates
from hfrisk.reporting.chapters.record import worries
from hfrisk.reporting.chapters.years import first_and_last_year, quarters, quarters_in_words
from hfrisk.reporting.evidence import Evidence, clearly_apart
from hfrisk.reporting.front import Answer, FrontPage
from hfrisk.reporting.inequality import missing_groups, named_by_group
from hfrisk.reporting.naming import people
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.verdict import Grade, Verdict

__all__ = ["DataWords", "data_verdict", "description_page"]

DataWords = Literal[
    "These figures can be used", "These figures can be used with care", "These figures must not be used"
]

_MEANING: dict[DataWords, str] = {
    "These figures can be used": (
        "No check of the data failed or warned. They say what the records hold: what nobody recorded, they cannot say."
    ),
    "These figures can be used with care": (
        "Quote them together with what is said here about the data, and not without it."
    ),
    "These figures must not be used": (
        "Nothing should be concluded from them, and nobody should quote them, until the data have been put right."
    ),
}
_GRADE: dict[DataWords, Grade] = {
    "These figures can be used": "go",
    "These figures can be used with care": "wait",
    "These figures must not be used": "stop",
}
_GROUPS_TOLD = 5


def description_page(evidence: Evidence, settings: ReportingSettings) -> FrontPage:
    """Compute page one of a study without a model."""
    study = evidence.released.study
    return FrontPage(
        title=str(study.get("title", "Descriptive report")),
        facts=_facts(evidence),
        made_up=bool(study.get("made_up", False)),
        verdict=data_verdict(evidence),
        identity=_identity(evidence),
        answers=(
            Answer("who", "Who are they?", tuple(t for t in (sentences.size(evidence), _described(evidence)) if t)),
            Answer(
                "how-many",
                "How many came back, and how many died first?",
                tuple(t for t in (_how_many(evidence), _by_when(evidence), back_for_heart_failure(evidence)) if t),
                exhibit=incidence(evidence, settings, small=True),
            ),
            _groups(evidence),
            Answer(
                "over-years",
                "Has it changed over time?",
                tuple(t for t in (first_and_last_year(evidence), quarters_in_words(evidence)[1]) if t),
                exhibit=quarters(evidence, settings, small=True),
            ),
            Answer(
                "counted",
                "Does it depend on how people are counted?",
                (range_of_definitions(evidence)[1], how_told(evidence)),
            ),
        ),
        worries=tuple(worries(evidence.released.checks, ("error", "warning"))),
    )


def data_verdict(evidence: Evidence) -> Verdict:
    """What may be done with the figures, from the checks of the data.

    An error, or a main figure that may not be shown, forbids them; a warning asks for care.
    """
    checks = evidence.released.checks
    errors, warnings = (_titles(checks, severity) for severity in ("error", "warning"))
    head = evidence.released.headline
    unseen = (
        []
        if words.known(_main_share(evidence)[0])
        else [f"How many {evidence.came_back} is {sentences.why(head, 'share_events')}."]
    )
    verdict: DataWords = "These figures can be used"
    if errors or unseen:
        verdict, told = "These figures must not be used", [*errors, *unseen, *warnings]
    elif warnings:
        verdict, told = "These figures can be used with care", warnings
    else:
        told = []
    shown = told[:3]
    if len(told) > 3:
        shown.append(f"And {words.in_words(len(told) - 3)} more, under “What to worry about”.")
    reasons = tuple(shown or _in_favour(evidence))
    return Verdict(verdict, _GRADE[verdict], _MEANING[verdict], reasons, _next_steps(verdict))


def _titles(checks: pd.DataFrame, severity: str) -> list[str]:
    mine = checks[checks["severity"] == severity] if len(checks) else checks
    return [f"{words.capital(str(row['title'])).rstrip('.')} ({row['code']})." for _, row in mine.iterrows()]


def _in_favour(evidence: Evidence) -> list[str]:
    head = evidence.released.headline
    told = []
    if words.known(head.get("index_discharges")):
        told.append(f"How many {evidence.came_back} rests on {words.count(head['index_discharges'])} discharges.")
    states = head.get("states") or {}
    if "censored" not in states:
        return [*told, "Every discharge was followed to the end of the window."]
    lost = states["censored"]
    size = words.count(lost) if words.known(lost) else "A few"
    return [*told, f"{size} discharges were not followed to the end of the window; the curve takes that into account."]


def _next_steps(verdict: DataWords) -> tuple[str, ...]:
    if verdict == "These figures must not be used":
        return (
            "Put right what the failed checks found, or find out why it cannot be put right.",
            "Make this report again.",
            "If the data cannot be put right, say so: that is a result too.",
        )
    care = ("Ask those who keep the data about each point under “What to worry about”.",) if "care" in verdict else ()
    return (
        *care,
        "Set the figures beside what is published for the same place and time, such as the National Heart Failure Audit.",
        "Agree which definition counts, since the figures move with it.",
        "Only then ask whether a risk score, or a new model, is worth trying on these data.",
    )


def _facts(evidence: Evidence) -> tuple[str, ...]:
    study, head = evidence.released.study, evidence.released.headline
    first, last = head.get("period_from"), head.get("period_to")
    version = str(evidence.released.provenance.get("hfrisk", ""))
    told = (
        str(study.get("environment", "")),
        f"{words.month(first)} to {words.month(last)}" if first and last else "",
        "A description; no risk model",
        f"hfrisk {version}" if version else "",
    )
    return tuple(t for t in told if t)


def _identity(evidence: Evidence) -> str:
    window = evidence.released.study.get("window_words")
    return (
        f"A description of people who left hospital after a stay for heart failure, and of how many {evidence.outcome}"
        f"{f' ({window})' if window else ''}. It holds no risk model. "
        f"**Research software, not a medical device; not for direct care.**"
    )


# ------------------------------------------------------------------ who are they?


def _described(evidence: Evidence) -> str:
    """Age, sex, deprivation and ethnicity, from Table 1."""
    frame = evidence.released.table1
    if frame.empty:
        return f"Who they were is {words.NOT_COMPUTED}: no Table 1 was released."
    told = [_age(evidence, frame), *_levels(frame)]
    return " ".join(t for t in told if t)


def _age(evidence: Evidence, frame: pd.DataFrame) -> str:
    dictionary = evidence.released.dictionary
    names = set(dictionary.loc[dictionary["name"] == "age", "words"]) if len(dictionary) else set()
    mine = frame[frame["characteristic"].isin(names)].set_index("statistic")["value"]
    if not words.known(mine.get("median")):
        return ""
    middle, low, high = (mine.get(k) for k in ("median", "lower_quartile", "upper_quartile"))
    span = (
        f" (the middle half were {words.trimmed(low)} to {words.trimmed(high)})"
        if words.known(low) and words.known(high)
        else ""
    )
    return f"Half of them were {words.trimmed(float(middle or 0))} or older{span}."


def _levels(frame: pd.DataFrame) -> list[str]:
    groups = frame[frame["section"] == "Groups of people"]
    told = []
    women = _of_hundred(groups, "Sex", "female")
    if women:
        told.append(f"{women} in every 100 were women.")
    poorest, richest = (_of_hundred(groups, "Deprivation", level) for level in ("1", "5"))
    if poorest and richest:
        told.append(
            f"{poorest} in every 100 lived in the most deprived fifth of places, {richest} in the least deprived."
        )
    white, unknown = (_of_hundred(groups, "Ethnicity", level) for level in ("white", "not recorded"))
    if white:
        more = f"; for {unknown} it is not recorded" if unknown else ""
        told.append(f"{white} in every 100 were recorded as White{more}.")
    return told


def _of_hundred(groups: pd.DataFrame, characteristic: str, level: str) -> str:
    mine = groups[groups["characteristic"].str.startswith(characteristic)]
    row = mine[mine["level"].str.lower().str.startswith(level)]
    if len(row) != 1 or not (words.known(row["value"].iloc[0]) and words.known(row["n"].iloc[0])):
        return ""
    return words.in_hundred(float(row["value"].iloc[0]) / float(row["n"].iloc[0]))


# ------------------------------------------------------------------ how many, and when?


def _how_many(evidence: Evidence) -> str:
    head = evidence.released.headline
    share, span = _main_share(evidence)
    if not words.known(share):
        return f"How many {evidence.outcome} is {sentences.why(head, 'share_events')}."
    base = words.out_of(share)
    text = f"Of every {base:,} people who left hospital, **{words.in_hundred(share, base)}** {evidence.outcome}"
    text += f" ({words.percent(share, 3)}{f'; {span}' if span else ''})"
    died = by_the_end(evidence, "died")
    if died is None:
        return f"{text}. How many died first is {sentences.why(head, 'share_died')}."
    base = words.out_of(died.share)
    said = f"{words.in_hundred(died.share, base)} in every {base:,} **died without coming back**"
    span = words.interval(died.lower, died.upper, words.percent)
    return f"{text}; {said} ({words.percent(died.share)}; {span})."


def _main_share(evidence: Evidence) -> tuple[float, str]:
    """The share of the study's outcome, and its interval in words: the end of the curve, or everyone's row where deaths count too."""
    if not evidence.composite:
        back = by_the_end(evidence, "readmitted")
        if back is None:
            return math.nan, ""
        return back.share, words.interval(back.lower, back.upper, lambda s: words.percent(s, 3))
    everyone = group_rates(evidence)
    rows = everyone[everyone["group"] == "all"] if len(everyone) else everyone
    if rows.empty:
        return math.nan, ""
    row = rows.iloc[0]
    return float(row["rate"]), words.interval(row["lower"], row["upper"], lambda s: words.percent(s, 3))


def _by_when(evidence: Evidence) -> str:
    half, last = half_of_them(evidence), by_the_end(evidence, "readmitted")
    if half is None or last is None:
        return ""
    told = f"Half of those who came back had done so by day {half}."
    deaths = half_of_them(evidence, "died")
    return f"{told} Half of those who died first had died by day {deaths}." if deaths is not None else told


# ------------------------------------------------------------------ is it the same for everyone?


def _groups(evidence: Evidence) -> Answer:
    question = "Is it the same for everyone?"
    frame = group_rates(evidence)
    whole = frame[frame["group"] == "all"] if len(frame) else frame
    if frame.empty or not words.known(whole["rate"].iloc[0]):
        return Answer(
            "groups-brief",
            question,
            (f"Whether it is the same for everyone is {words.NOT_COMPUTED}: no counts by group may be shown.",),
        )
    overall = float(whole["rate"].iloc[0])
    groups = frame[(frame["group"] != "all") & (frame["level"].str.lower() != "not recorded")]
    seen = groups.dropna(subset=["rate"])
    clear = clearly_apart(seen, overall)
    above = clear[clear["lower"] > overall].assign(gap=lambda f: f["lower"] - overall, word="more often")
    below = clear[clear["upper"] < overall].assign(gap=lambda f: overall - f["upper"], word="less often")
    apart = pd.concat([above, below]).sort_values("gap", ascending=False)
    items = [_apart(evidence, row) for _, row in apart.head(_GROUPS_TOLD).iterrows()]
    if len(apart) > _GROUPS_TOLD:
        items.append(f"And {len(apart) - _GROUPS_TOLD} more, in the chapter on groups.")
    hidden = groups[groups["rate"].isna()]
    if len(hidden):
        items.append(f"**Too few to know:** {named_by_group(hidden, groups)}.")
    items += missing_groups(set(groups["group"]))
    return Answer("groups-brief", question, (_compared(evidence, seen, len(apart), overall),), tuple(items))


def _compared(evidence: Evidence, seen: pd.DataFrame, apart: int, overall: float) -> str:
    if seen.empty:
        return f"No group was large enough to set beside the {words.percent(overall)} of everyone."
    looked = f"{len(seen)} groups were large enough to set beside the {words.percent(overall)} of everyone"
    if not apart:
        return f"{looked}: none clearly differs from it."
    chance = round(0.05 * len(seen))
    luck = f" With so many comparisons, about {words.in_words(chance)} would by chance alone." if chance else ""
    differ = "one clearly differs" if apart == 1 else f"{words.in_words(apart)} clearly differ"
    return f"{looked}: {differ} from it.{luck} Nothing is adjusted for: a gap says where to look, not why it is there."


def _apart(evidence: Evidence, row: pd.Series) -> str:
    rate, low, high = (float(row[c]) for c in ("rate", "lower", "upper"))
    base = words.out_of(rate)
    return (
        f"{words.capital(people(row['group'], row['level']))} {evidence.came_back} **{row['word']}**: "
        f"{words.in_hundred(rate, base)} in every {base:,} ({words.percent(low)} to {words.percent(high)})."
    )
