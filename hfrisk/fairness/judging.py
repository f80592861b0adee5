"""Every remedy on the same people of the test: who is flagged, how rightly, at what net benefit, and whether its risks are true.

Rates of groups with fewer than 200 events are shown here, which decision 19 keeps to ranking and observed over expected: remedies are set
beside each other on the same people, so that what a group's size leaves unsure is common to all of them, and a comparison without rates
would not be one. The counts behind them stand beside them, and the largest gap stands beside the one that chance gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.calibration import exact_oe_interval, oe_ratio
from hfrisk.assessment.flexible import FlexibleCurve, calibration_error, expected_ici
from hfrisk.assessment.groups import Group, find_groups
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.fairness.material import Arm, Floats, Material, Part
from hfrisk.fairness.results import COLUMNS, EVERYONE, NONE

__all__ = ["benefits", "calibrations", "cells", "flags", "gaps"]

_NO_RISK = "not computed: this remedy says yes or no, and gives no risk"
_GAPS = {
    "demographic_parity_difference": ("flagged", "n"),
    "equal_opportunity_difference": ("true_positives", "events"),
    "false_positive_rate_difference": ("false_positives", "others"),
    "positive_predictive_value_difference": ("true_positives", "flagged"),
}


def groups_of(part: Part, group: str, assessment: AssessmentSettings) -> list[Group]:
    """Everyone, then each level of the group, with what it is large enough for."""
    return find_groups(
        part.event,
        pd.DataFrame({group: part.level}),
        [group],
        least=assessment.minimum_for_anything,
        for_slope=assessment.minimum_for_slope,
    )


def cells(arms: Mapping[str, Arm], material: Material, groups: Sequence[Group]) -> pd.DataFrame:
    """The four cells of each remedy and group (`Mitigation.remedy_cells`); of remedies that flag by chance, expected ones."""
    event = material.test.event
    rows = []
    for remedy, arm in arms.items():
        for one in groups:
            flag, outcome = arm.flag[one.rows], event[one.rows]
            hits, called = float(flag @ outcome), float(flag.sum())
            rows.append(
                {
                    "remedy": remedy,
                    "group": one.group,
                    "level": one.level,
                    "threshold": material.threshold,
                    "n": one.n,
                    "events": one.events,
                    "flagged": called,
                    "true_positives": hits,
                    "false_positives": called - hits,
                    "false_negatives": one.events - hits,
                    "true_negatives": one.n - one.events - (called - hits),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["remedy_cells"].split())


def flags(arms: Mapping[str, Arm], material: Material, groups: Sequence[Group]) -> pd.DataFrame:
    """Who is newly flagged, and who no longer, by group (`Mitigation.remedy_flags`)."""
    event, before = material.test.event, arms[NONE].flag
    rows = []
    for remedy, arm in arms.items():
        if remedy == NONE:
            continue
        newly, lost = arm.flag * (1 - before), before * (1 - arm.flag)
        for one in groups:
            at = one.rows
            rows.append(
                {
                    "remedy": remedy,
                    "group": one.group,
                    "level": one.level,
                    "n": one.n,
                    "flagged": float(before[at].sum()),
                    "newly": float(newly[at].sum()),
                    "newly_events": float(newly[at] @ event[at]),
                    "no_longer": float(lost[at].sum()),
                    "no_longer_events": float(lost[at] @ event[at]),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["remedy_flags"].split())


def benefits(
    arms: Mapping[str, Arm], material: Material, groups: Sequence[Group], assessment: AssessmentSettings
) -> pd.DataFrame:
    """Net benefit at the threshold, and its paired difference from the model as it is (`Mitigation.remedy_benefit`).

    The interval of the difference is Wald's, with the sums of each person's discharges as the independent pieces.
    """
    part, odds = material.test, material.threshold / (1 - material.threshold)
    worth = part.event - (1 - part.event) * odds
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    rows = []
    for remedy, arm in arms.items():
        for one in groups:
            at = one.rows
            gain = (arm.flag[at] - arms[NONE].flag[at]) * worth[at]
            mean = float(gain.mean())
            pieces = np.bincount(part.person[at], weights=gain - mean)
            people = np.unique(part.person[at]).size
            error = float(np.sqrt((pieces @ pieces) * people / max(people - 1, 1))) / one.n
            known = remedy != NONE and one.size != "nothing"
            rows.append(
                {
                    "remedy": remedy,
                    "group": one.group,
                    "level": one.level,
                    "net_benefit": float((arm.flag[at] * worth[at]).mean()) if one.size != "nothing" else np.nan,
                    "difference": mean if known else np.nan,
                    "lower": mean - reach * error if known else np.nan,
                    "upper": mean + reach * error if known else np.nan,
                    "n": one.n,
                    "events": one.events,
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["remedy_benefit"].split())


def calibrations(
    arms: Mapping[str, Arm], material: Material, groups: Sequence[Group], assessment: AssessmentSettings
) -> pd.DataFrame:
    """Observed over expected, and ICI beside what perfect calibration gives (`Mitigation.remedy_calibration`)."""
    event = material.test.event
    rows: list[dict[str, Any]] = []
    for remedy, arm in arms.items():
        for one in groups:
            place = {"remedy": remedy, "group": one.group, "level": one.level, "n": one.n, "events": one.events}
            for measure, values, reason in _of_one(event, arm.risk, one, assessment):
                limits = dict(zip(("estimate", "lower", "upper"), values, strict=True))
                rows.append({**place, "measure": measure, **limits, "reason": reason})
    return pd.DataFrame(rows, columns=COLUMNS["remedy_calibration"].split())


def _of_one(
    event: Floats, risk: Floats | None, one: Group, assessment: AssessmentSettings
) -> list[tuple[str, tuple[float, float, float], str]]:
    nothing = (np.nan, np.nan, np.nan)
    measures = ("oe_ratio", "ici", "ici_expected")
    if risk is None:
        return [(measure, nothing, _NO_RISK) for measure in measures]
    if one.size == "nothing":
        return [(measure, nothing, one.reason) for measure in measures]
    outcome, predicted = event[one.rows], risk[one.rows]
    expected = float(predicted.sum())
    ratio = (oe_ratio(outcome, predicted), *exact_oe_interval(one.events, expected, assessment.confidence))
    found = [("oe_ratio", ratio, one.reason)]
    if one.size != "everything":
        return [*found, *((measure, nothing, one.reason) for measure in measures[1:])]
    curve = FlexibleCurve.fit(outcome, predicted)
    chance = expected_ici(predicted, redraws=assessment.redraws, seed=assessment.seed)
    return [
        *found,
        ("ici", (calibration_error(curve, predicted).ici, np.nan, np.nan), ""),
        ("ici_expected", (float(np.nanmean(chance)), np.nan, np.nan), ""),
    ]


def gaps(arms: Mapping[str, Arm], material: Material, groups: Sequence[Group]) -> pd.DataFrame:
    """The largest rate of a group less the smallest, by fairlearn's names, beside what chance gives (`Mitigation.remedy_gaps`).

    Chance: people are dealt anew to groups of the same number of people; the 95th centile of the gap.
    """
    part, settings = material.test, material.settings
    judged = [one for one in groups if one.group != EVERYONE and one.size != "nothing"]
    code = np.full(len(part.event), -1)
    for place, one in enumerate(judged):
        code[one.rows] = place
    random = np.random.default_rng(settings.seed)
    _, first = np.unique(part.person, return_index=True)
    dealt = [random.permutation(code[first])[part.person] for _ in range(settings.draws)]
    rows = []
    for remedy, arm in arms.items():
        mine = _spread(code, len(judged), arm.flag, part.event)
        chance = [_spread(each, len(judged), arm.flag, part.event) for each in dealt]
        for measure in _GAPS:
            by_lot = np.array([one[measure] for one in chance])
            rows.append(
                {
                    "remedy": remedy,
                    "measure": measure,
                    "estimate": mine[measure] if len(judged) > 1 else np.nan,
                    "by_chance": float(np.nanquantile(by_lot, 0.95)) if len(judged) > 1 else np.nan,
                    "levels": len(judged),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["remedy_gaps"].split())


def _spread(code: Any, levels: int, flag: Floats, event: Floats) -> dict[str, float]:
    inside = code >= 0
    at = code[inside]

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(at, weights=values[inside], minlength=levels), dtype=np.float64)

    count = {"n": summed(np.ones(len(event))), "events": summed(event), "flagged": summed(flag)}
    count["true_positives"] = summed(flag * event)
    count["others"] = count["n"] - count["events"]
    count["false_positives"] = count["flagged"] - count["true_positives"]
    found = {}
    for measure, (top, bottom) in _GAPS.items():
        possible = count[bottom] > 0
        rate = count[top][possible] / count[bottom][possible]
        found[measure] = float(rate.max() - rate.min()) if possible.sum() > 1 else np.nan
    return found
