"""Numbered method checks on what the assessment found: HFR130 to HFR137."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.checks import Check, Severity
from hfrisk.features import SCORES

__all__ = ["method_checks", "missing_groups"]

# Observed over expected, and slope, within which a model may be shown as it is; and O/E beyond which it may not be
# used at all.
GOOD = (0.8, 1.25)
UNUSABLE = (0.67, 1.5)
_MUST_NOT = "The model must not be used"


def method_checks(
    performance: pd.DataFrame,
    comparison: pd.DataFrame,
    settings: AssessmentSettings,
    *,
    model: str,
    comparators: Sequence[str],
    needed: int | None,
) -> list[Check]:
    """Checks of `model` in the test. Their words are true of a test at any time and place.

    Parameters
    ----------
    performance, comparison
        As in `Results`.
    settings
        Margin, and width of the slope's interval.
    model, comparators
        Name of the model to be used, and of those beside it: ``logistic``, and the clinical scores.
    needed
        Discharges needed for a slope of the wanted precision; None if the predictions do not vary.
    """
    of_all = (performance["model"] == model) & (performance["split"] == "test") & (performance["group"] == "all")
    rows = {str(row.measure): row for row in performance[of_all].itertuples()}
    area = rows["auroc"]
    if not area.estimate >= 0:
        return [_not_judged(area)]
    checks = _chance(area) + _in_the_large(rows["oe_ratio"]) + _slope(rows["calibration_slope"])
    checks += _size(rows["calibration_slope"], needed, settings)
    paired = comparison[
        (comparison["model_a"] == model) & (comparison["split"] == "test") & (comparison["measure"] == "auroc")
    ]
    beside = {str(row.model_b): row for row in paired.itertuples() if row.model_b in comparators}
    checks += _no_better(beside["logistic"], settings.margin) if "logistic" in beside else []
    scores = {name: row for name, row in beside.items() if name in SCORES}
    return checks + _no_better_than_a_score(scores)


def missing_groups(
    groups: pd.DataFrame,
    wanted: Sequence[str],
    consequence: str = "Nobody knows whether the model works less well for people in these groups.",
) -> list[Check]:
    """HFR136: characteristics by which results should be broken down but that the data do not hold."""
    absent = [
        name.replace("_", " ")
        for name in wanted
        if name not in groups.columns or (groups[name].fillna("Not recorded") == "Not recorded").all()
    ]
    if not absent:
        return []
    return [
        Check(
            code="HFR136",
            severity="note",
            title="Some groups of people could not be looked at",
            finding="Nothing is recorded for: {names}.",
            consequence=consequence,
            todo="Find out whether the source holds it; otherwise say so wherever the results are shown.",
            facts={"names": ", ".join(absent)},
        )
    ]


def _not_judged(area: Any) -> Check:
    return Check(
        code="HFR135",
        severity="error",
        title="The model could not be tested",
        finding="The test has {discharges} discharges with {events} events: {reason}.",
        consequence=f"{_MUST_NOT}: nothing is known about how good it is in new patients.",
        todo="Test it on more discharges: choose a larger test (validation), or bring more data.",
        counts=_counts(area),
        facts={"reason": str(getattr(area, "reason", "")) or "not computed"},
    )


def _chance(area: Any) -> list[Check]:
    if not _number(area, "lower") <= 0.5:
        return []
    return [
        Check(
            code="HFR134",
            severity="error",
            title="No better than chance",
            finding="In the test the AUROC is {auroc} ({lower} to {upper}), where 0.5 is tossing a coin "
            "({discharges} discharges, {events} events).",
            consequence=f"{_MUST_NOT}: it does not rank those who came back above those who did not.",
            todo="Check that the features hold what they should for these discharges, and whether the population or "
            "the recording differ between development and test.",
            counts=_counts(area),
            facts=_facts(area, "auroc"),
        )
    ]


def _in_the_large(ratio: Any) -> list[Check]:
    value, lower, upper = (_number(ratio, name) for name in ("estimate", "lower", "upper"))
    if GOOD[0] <= value <= GOOD[1]:
        return []
    # A small test can be far from 1 by chance: unusable only if the interval leaves no doubt about the direction.
    unusable = not UNUSABLE[0] <= value <= UNUSABLE[1] and not lower <= 1 <= upper
    severity: Severity = "error" if unusable else "warning"
    direction = "over-predicts" if value < 1 else "under-predicts"
    return [
        Check(
            code="HFR130",
            severity=severity,
            title="Risks are too high in the test" if value < 1 else "Risks are too low in the test",
            finding="In the test the model {direction} {factor}: observed over expected is {oe_ratio} "
            "({lower} to {upper}), from {events} events in {discharges} discharges.",
            consequence=f"{_MUST_NOT}: its percentages are wrong for the people that it was tested on."
            if unusable
            else "Its percentages need correcting before anyone is shown them.",
            todo="Look at observed over expected by quarter and by hospital to see when and where it went wrong; find out whether "
            "recording, population or care changed or differ there; recalibrate on recent discharges of those who would use it, and test "
            "again.",
            counts=_counts(ratio),
            facts={"direction": direction, "factor": factor_in_words(value), **_facts(ratio, "oe_ratio")},
        )
    ]


def factor_in_words(ratio: float) -> str:
    """How far observed over expected is from 1, in words, whichever the direction.

    Examples
    --------
    >>> factor_in_words(0.48)
    'about twofold'
    """
    factor = max(ratio, 1 / ratio) if ratio > 0 else float("inf")
    for upto, words in (
        (1.15, "by about a tenth"),
        (1.28, "by about a quarter"),
        (1.42, "by about a third"),
        (1.62, "by about a half"),
        (2.5, "about twofold"),
        (3.5, "about threefold"),
        (4.5, "about fourfold"),
    ):
        if factor < upto:
            return words
    return "more than fourfold"


def _slope(slope: Any) -> list[Check]:
    value = _number(slope, "estimate")
    if GOOD[0] <= value <= GOOD[1] or value != value:
        return []
    by_chance = _number(slope, "lower") <= 1 <= _number(slope, "upper")
    return [
        Check(
            code="HFR131",
            severity="note" if by_chance else "warning",
            title="Risks are too extreme" if value < 1 else "Risks are too close together",
            finding="In the test the calibration slope is {calibration_slope} ({lower} to {upper}), from {events} "
            "events in {discharges} discharges; it should be near 1, and between 0.8 and 1.25 at least.",
            consequence=(
                "High risks are given as too high, and low risks as too low"
                if value < 1
                else "High risks are given as too low, and low risks as too high"
            )
            + ("; chance alone could explain it." if by_chance else "."),
            todo="Recalibrate (intercept and slope) and test again; below 1, look for overfitting first.",
            counts=_counts(slope),
            facts=_facts(slope, "calibration_slope"),
        )
    ]


def _size(slope: Any, needed: int | None, settings: AssessmentSettings) -> list[Check]:
    counts = _counts(slope)
    computed = _number(slope, "estimate") == _number(slope, "estimate")
    if computed and (needed is None or counts["discharges"] >= needed):
        return []
    todo = "Pool more time or more sites for the test before relying on the spread of its percentages."
    if not computed:
        return [
            Check(
                code="HFR132",
                severity="warning",
                title="The test is too small for a calibration slope",
                finding="The test has {events} events in {discharges} discharges; slope: {reason}.",
                consequence="Nobody knows whether the high risks are truly high and the low ones truly low.",
                todo=todo,
                counts=counts,
                facts={"reason": str(getattr(slope, "reason", "")) or "not computed"},
            )
        ]
    # Four times fewer discharges make an interval twice as wide.
    far = needed is not None and counts["discharges"] * 4 < needed
    return [
        Check(
            code="HFR132",
            severity="warning" if far else "note",
            title="The test is too small for a precise calibration slope",
            finding="The test has {discharges} discharges; about {needed} are needed for a slope known to "
            "within {half_width} either way (Riley's criterion).",
            consequence="The spread of its percentages is known only roughly.",
            todo=todo,
            counts={"discharges": counts["discharges"]},
            facts={"needed": _size_in_words(needed or 0), "half_width": f"{settings.slope_width / 2:.2g}"},
        )
    ]


def _no_better(row: Any, margin: float) -> list[Check]:
    if _number(row, "lower") > margin:
        return []
    worse = _number(row, "upper") < 0
    return [
        Check(
            code="HFR133",
            severity="warning" if worse else "note",
            title="Worse than a simple model" if worse else "Not shown to be better than a simple model",
            finding="Against the spline model on the same discharges, the AUROC differs by {difference} "
            "({lower} to {upper}); the margin that would justify the larger model is {margin}.",
            consequence="The simple model, which can be printed on a page, ranks people better."
            if worse
            else "The simple model, which can be printed on a page, does as well as far as this test can tell.",
            todo="Prefer the simple model."
            if worse
            else "Prefer the simple model unless there is another reason for the larger one.",
            facts={
                "difference": f"{_number(row, 'difference'):+.3f}",
                "lower": f"{_number(row, 'lower'):+.3f}",
                "upper": f"{_number(row, 'upper'):+.3f}",
                "margin": f"{margin:.3g}",
            },
        )
    ]


def _no_better_than_a_score(rows: Mapping[str, Any]) -> list[Check]:
    """HFR137: the clinical scores over which the model's gain in ranking may be nothing."""
    beaten = {name for name, row in rows.items() if _number(row, "lower") > 0}
    equal = [name for name in rows if name not in beaten]
    if not equal:
        return []
    worse = any(_number(rows[name], "upper") < 0 for name in equal)
    told = [
        f"{SCORES[name].words} ({_number(rows[name], 'lower'):+.3f} to {_number(rows[name], 'upper'):+.3f})"
        for name in equal
    ]
    return [
        Check(
            code="HFR137",
            severity="warning",
            title="Worse than a clinical score" if worse else "Not shown to be better than a clinical score",
            finding="On the same discharges the AUROC is not shown to be higher than that of: {scores}. In brackets: interval of "
            "the difference.",
            consequence="A score that needs no computer does as well as far as this test can tell.",
            todo="Prefer the score, or test on more discharges before the model is used in its place.",
            facts={"scores": "; ".join(told)},
        )
    ]


def _size_in_words(number: int) -> str:
    digits = max(0, len(str(number)) - 3)
    return f"{round(number, -digits):,}"


def _number(row: Any, name: str) -> float:
    return float(getattr(row, name))


def _counts(row: Any) -> dict[str, int]:
    return {"discharges": int(row.n), "events": int(row.events)}


def _facts(row: Any, measure: str) -> dict[str, str | float | int]:
    return {
        measure: f"{_number(row, 'estimate'):#.3g}",
        "lower": f"{_number(row, 'lower'):#.3g}",
        "upper": f"{_number(row, 'upper'):#.3g}",
    }
