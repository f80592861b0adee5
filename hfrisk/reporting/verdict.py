"""The verdict on a model: what may be done with it, computed from the checks and from how it did in the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hfrisk.reporting import words
from hfrisk.reporting.chance import beyond_chance
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.naming import people
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["Grade", "Reason", "Verdict", "Words", "reach"]

Words = Literal["Fit for silent testing", "Needs recalibration before use", "Do not use"]

Grade = Literal["go", "wait", "stop"]

#: Checks that say what the grounds below say with their numbers: chance, level, slope, no test.
_TOLD_HERE = ("HFR130", "HFR131", "HFR134", "HFR135")

_RANK: dict[Words, int] = {"Fit for silent testing": 0, "Needs recalibration before use": 1, "Do not use": 2}


@dataclass(frozen=True)
class Reason:
    """One ground for the verdict, in a sentence with its numbers."""

    words: Words
    text: str


@dataclass(frozen=True)
class Verdict:
    """What may be done with the model, or with the figures where there is none.

    Parameters
    ----------
    words
        One of the three verdicts.
    grade
        How grave it is.
    meaning
        What it allows, in one sentence.
    reasons
        The two or three gravest grounds.
    next_steps
        What happens next.
    """

    words: str
    grade: Grade
    meaning: str
    reasons: tuple[str, ...]
    next_steps: tuple[str, ...]


_GRADE: dict[Words, Grade] = {
    "Fit for silent testing": "go",
    "Needs recalibration before use": "wait",
    "Do not use": "stop",
}
_MEANING: dict[Words, str] = {
    "Fit for silent testing": (
        "It may be run quietly beside usual care, with nobody shown its numbers, to see whether it goes on working."
    ),
    "Needs recalibration before use": (
        "It ranks people better than chance, but its percentages are not yet true. "
        "They must be put right, and shown to be right on new discharges, before anyone relies on them."
    ),
    "Do not use": "Nobody's care should be planned with it, and it should not be tested silently as it stands.",
}

#: Where nothing was learnt there is nothing to run silently.
FIT_TO_COMPARE = "Fit to compare with"
_MEANING_OF_A_COMPARISON = (
    "The simple spline model's numbers hold in {discharges}, so that it and the scores beside it can be compared, "
    "and a model yet to be learnt can be set against them."
)
_AFTER_A_COMPARISON = (
    "Agree with the clinicians whether any of these would be used, by whom, and at what threshold.",
    "Look again at each group below: a score may be right on average and wrong for some.",
    "Learn a model on the same discharges (model.learner: lightgbm) to see whether it adds anything.",
)


def reach(evidence: Evidence, settings: ReportingSettings) -> Verdict:
    """The gravest verdict that any ground asks for, with its grounds.

    Parameters
    ----------
    evidence
        The released numbers.
    settings
        How far from right is too far.
    """
    grounds = [
        *_declared(evidence),
        *_checks(evidence),
        *_level(evidence, settings),
        *_ranking(evidence),
        *_slope(evidence, settings),
        *_groups(evidence, settings),
    ]
    if not any(g.words == "Do not use" for g in grounds):
        grounds = [*_checks(evidence, ()), *grounds]
    verdict: Words = max((g.words for g in grounds), key=_RANK.__getitem__, default="Fit for silent testing")
    told = [g.text for g in sorted(grounds, key=lambda g: -_RANK[g.words])]
    if verdict == "Fit for silent testing":
        told = [*told, *_in_favour(evidence), *_to_keep_in_mind(evidence)]
    if verdict == "Fit for silent testing" and evidence.compares:
        meaning = _MEANING_OF_A_COMPARISON.format(discharges=evidence.where())
        return Verdict(FIT_TO_COMPARE, "go", meaning, tuple(told[:3]), _AFTER_A_COMPARISON)
    return Verdict(verdict, _GRADE[verdict], _MEANING[verdict], tuple(told[:3]), _next_steps(verdict, evidence))


def _checks(evidence: Evidence, told_elsewhere: tuple[str, ...] = _TOLD_HERE) -> list[Reason]:
    checks = evidence.released.checks
    if checks.empty:
        return []
    return [
        Reason("Do not use", f"{words.capital(str(row['title'])).rstrip('.')} ({row['code']}).")
        for _, row in checks[checks["severity"] == "error"].iterrows()
        if row["code"] not in told_elsewhere
    ]


def _declared(evidence: Evidence) -> list[Reason]:
    status = str(evidence.released.study.get("status", "candidate")).lower()
    if status in ("not to be used", "withdrawn", "retired"):
        return [Reason("Do not use", f"Its status is “{status}”.")]
    return []


def _ranking(evidence: Evidence) -> list[Reason]:
    if not evidence.has_test:
        return [
            Reason(
                "Do not use",
                f"It has not been tried on {evidence.where('test')}, only on those that it learned from.",
            )
        ]
    auroc = evidence.number("auroc")
    if not auroc.known:
        return [
            Reason("Do not use", f"How well it picks out people among {evidence.where()} is unknown ({auroc.reason}).")
        ]
    span = words.interval(100 * auroc.lower, 100 * auroc.upper, lambda v: f"{v:.0f}")
    if not auroc.with_interval:
        return [Reason("Do not use", "How sure its ranking is cannot be said: there is no interval for it.")]
    if auroc.lower <= 0.5:
        return [
            Reason(
                "Do not use",
                f"It is not shown to rank people better than a coin toss: right {100 * auroc.estimate:.0f} times in "
                f"100 ({span}), where a coin is right 50.",
            )
        ]
    return []


def _level(evidence: Evidence, settings: ReportingSettings) -> list[Reason]:
    if not evidence.has_test:
        return []
    ratio = evidence.number("oe_ratio")
    if not ratio.with_interval:
        why = ratio.reason or "there is no interval for it"
        return [Reason("Do not use", f"Whether its percentages are true is unknown ({why}).")]
    text = _level_sentence(evidence)
    far, near = settings.refuse_beyond, settings.recalibrate_beyond
    differs = ratio.excludes(1)
    if differs and not 1 / far <= ratio.estimate <= far:
        return [Reason("Do not use", f"{text} It must not be used.")]
    if not differs and (ratio.lower < 1 / far or ratio.upper > far):
        return [
            Reason(
                "Do not use",
                f"The test is too small to know whether its percentages are true "
                f"(O/E {ratio.show(ratio.estimate)}, {ratio.show(ratio.lower)} to {ratio.show(ratio.upper)}).",
            )
        ]
    if differs and not 1 / near <= ratio.estimate <= near:
        return [Reason("Needs recalibration before use", text)]
    return []


def _level_sentence(evidence: Evidence) -> str:
    ratio = evidence.number("oe_ratio")
    return (
        f"It predicts **{words.predicted_against_observed(ratio.estimate)}** {evidence.came_back} among {evidence.where()} "
        f"(observed over expected {ratio.show(ratio.estimate)}, {ratio.show(ratio.lower)} to {ratio.show(ratio.upper)})."
    )


def _slope(evidence: Evidence, settings: ReportingSettings) -> list[Reason]:
    slope = evidence.number("calibration_slope")
    if not evidence.has_test or not slope.excludes(1):
        return []
    if settings.slope_from <= slope.estimate <= settings.slope_to:
        return []
    how = (
        "its high risks are too high and its low risks too low"
        if slope.estimate < 1
        else "its risks are bunched too closely about the average"
    )
    return [
        Reason(
            "Needs recalibration before use",
            f"Among {evidence.where()} {how} "
            f"(calibration slope {slope.show(slope.estimate)}, {slope.show(slope.lower)} to {slope.show(slope.upper)}).",
        )
    ]


def _groups(evidence: Evidence, settings: ReportingSettings) -> list[Reason]:
    if not evidence.has_test:
        return []
    overall = evidence.number("oe_ratio")
    if overall.excludes(1):
        return []  # everyone is affected, and recalibration comes first
    limit = settings.group_beyond
    seen = [g for g in evidence.groups("oe_ratio") if g.with_interval]
    # One of thirty intervals is far out by chance: the characteristic must differ as a whole, or the interval be widened for thirty.
    judged = [(g, beyond_chance(evidence, g, "oe_ratio", len(seen))) for g in seen]
    found = [g for g, one in judged if one is not None and (one.lower > limit or one.upper < 1 / limit)]
    return [
        Reason(
            "Needs recalibration before use",
            f"For {people(g.group, g.level)} it predicts {words.predicted_against_observed(g.estimate)} "
            f"{evidence.came_back} (O/E {g.show(g.estimate)}, {g.show(g.lower)} to {g.show(g.upper)}), which is more than chance gives "
            "among so many groups.",
        )
        for g in found
    ]


def _in_favour(evidence: Evidence) -> list[str]:
    auroc, ratio = evidence.number("auroc"), evidence.number("oe_ratio")
    how = (
        f"close to what happened: it predicts {words.predicted_against_observed(ratio.estimate)} {evidence.came_back}"
        if ratio.excludes(1)
        else f"right on average: no clear difference between how many it predicts and how many {evidence.came_back}"
    )
    return [
        f"It ranks people better than chance among {evidence.where()}: right "
        f"{100 * auroc.estimate:.0f} times in 100 "
        f"({100 * auroc.lower:.0f} to {100 * auroc.upper:.0f}), where a coin is right 50.",
        f"Its percentages are {how} (observed over expected {ratio.show(ratio.estimate)}, {ratio.show(ratio.lower)} to "
        f"{ratio.show(ratio.upper)}).",
    ]


def _to_keep_in_mind(evidence: Evidence) -> list[str]:
    checks = evidence.released.checks
    warnings = checks[checks["severity"] == "warning"] if len(checks) else checks
    titles = (
        [str(title)[:1].lower() + str(title)[1:].rstrip(".") for title in warnings["title"]] if len(warnings) else []
    )
    return [f"To keep in mind: {'; '.join(titles[:3])}."] if titles else []


def _next_steps(verdict: Words, evidence: Evidence) -> tuple[str, ...]:
    checks = evidence.released.checks
    worries = 0 if checks.empty else int((checks["severity"] == "error").sum())
    faults = [f"Put right what the {worries} failed check{'s' if worries > 1 else ''} found."] if worries else []
    if verdict == "Fit for silent testing":
        return (
            "Agree who watches it, for how long, and what would stop it, before it is switched on.",
            "Run it silently on new discharges, with nobody shown its numbers, and make this report again from them.",
            "Look again at each group below before anyone's care depends on it.",
        )
    if verdict == "Needs recalibration before use":
        return (
            *faults,
            "Recalibrate it on recent discharges from the places that would use it.",
            "Make this report again on discharges that the recalibration did not see.",
            "Only then ask whether it is fit for silent testing.",
        )
    return (
        *faults,
        "Do not show its numbers to anyone who plans care.",
        "Find out why before training again: the flow of patients, the figures over time and the data quality "
        "notes below are where to look first.",
        "If the data cannot be put right, stop here and say so: that is a result too.",
    )
