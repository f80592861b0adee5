"""Numbered checks on labels, risks and features of groups: HFR177 to HFR179. Each is a possibility, said with its size."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from hfrisk.checks import Check
from hfrisk.fairness.settings import FairnessSettings

__all__ = ["fairness_checks", "who"]


def fairness_checks(
    frames: Mapping[str, pd.DataFrame],
    settings: FairnessSettings,
    words: Mapping[str, str],
    confidence: float = 0.95,
) -> list[Check]:
    """What the frames of `Mitigation` give cause to say.

    Parameters
    ----------
    frames
        ``label_bias``, ``shifted_groups`` and ``biased_proxies``, exact.
    settings
        The chance of a false alarm.
    words
        What each feature is called.
    confidence
        Of the intervals in the frames (0 to 1).
    """
    reach = float(norm.ppf(0.5 + confidence / 2))
    return [
        *_labels(frames["label_bias"], settings.alarm, reach),
        *_shifts(frames["shifted_groups"], settings.alarm, reach),
        *_proxies(frames["biased_proxies"], settings.alarm, reach, words),
    ]


def who(group: str, level: str) -> str:
    """The people of a level, as a sentence speaks of them."""
    thing = {"imd_quintile": "deprivation", "age_band": "age", "site_group": "hospital"}.get(
        group, group.replace("_", " ")
    )
    if level.lower() == "not recorded":
        return f"people whose {thing} is not recorded"
    if group == "imd_quintile":
        return f"people in deprivation fifth {level}"
    return f"people whose {thing} is recorded as {level}"


def _labels(frame: pd.DataFrame, alarm: float, reach: float) -> list[Check]:
    wide = frame.pivot(index=["group", "level"], columns="sign", values="estimate") if len(frame) else frame
    lost = frame[(frame["sign"] == "lost") & frame["estimate"].notna()]
    critical = _critical(alarm, len(lost))
    found = []
    for row in lost.to_dict("records"):
        gap = -np.log1p(-row["estimate"])
        error = (gap + np.log1p(-row["lower"])) / reach
        if not gap / error > critical:
            continue
        place = (row["group"], row["level"])
        found.append(
            Check(
                code="HFR177",
                severity="warning",
                title="The label may be biased for a group",
                finding="At equal predicted risk, age and sex, {who} came back {back:.2f} times as often as others and died "
                "{died:.2f} times as often ({deaths} deaths). If deaths show how ill they are, {lost:.0%} of their readmissions may be "
                "missing ({lower:.0%} to {upper:.0%}).",
                consequence="They may be less able to come back, or come back where these records do not reach. A model that learns from "
                "readmissions then takes them for less in need than they are. A difference in dying for other reasons would look the "
                "same: this is a possibility and no proof.",
                todo="Ask who cannot or does not come back, and where else they go. Do not use equal flags as a sign of fairness for them, "
                "and consider another outcome.",
                counts={"deaths": int(row["events"])},
                facts={
                    "who": who(*place),
                    "back": float(wide.loc[place, "readmitted"]),
                    "died": float(wide.loc[place, "died"]),
                    "lost": float(row["estimate"]),
                    "lower": max(float(row["lower"]), 0.0),
                    "upper": float(row["upper"]),
                },
            )
        )
    return found


def _shifts(frame: pd.DataFrame, alarm: float, reach: float) -> list[Check]:
    test = frame[(frame["split"] == "test") & frame["estimate"].notna()]
    before = frame[frame["split"] == "cross-validation"].set_index(["group", "level"])
    critical = _critical(alarm / 2, len(test))
    found = []
    for row in test.to_dict("records"):
        log, error = np.log(row["estimate"]), np.log(row["estimate"] / row["lower"]) / reach
        if not abs(log) / error > critical:
            continue
        place = (row["group"], row["level"])
        early = before.loc[place]
        seen = bool(early["lower"] > 1 or early["upper"] < 1) and (early["estimate"] > 1) == (row["estimate"] > 1)
        less = row["estimate"] > 1
        found.append(
            Check(
                code="HFR178",
                severity="warning",
                title="Risks are off for one group",
                finding="Set against what the model says, {who} had the outcome {ratio:.2f} times as often as all others in the test "
                "({lower:.2f} to {upper:.2f}; {discharges} discharges, {events} events). {early}",
                consequence="The model says too little for them: they would be passed by."
                if less
                else "The model says too much for them: their places would be taken from others.",
                todo="Recalibrate for this group with data of now, and ask what changed for it."
                if not seen
                else "See in the chapter on remedies what recalibration by group would do.",
                counts={"discharges": int(row["n"]), "events": int(row["events"])},
                facts={
                    "who": who(*place),
                    "ratio": float(row["estimate"]),
                    "lower": float(row["lower"]),
                    "upper": float(row["upper"]),
                    "early": "Development showed it too."
                    if seen
                    else "Development did not show it, so that no remedy made there can mend it.",
                },
            )
        )
    return found


def _proxies(frame: pd.DataFrame, alarm: float, reach: float, words: Mapping[str, str]) -> list[Check]:
    found = []
    known = frame[frame["estimate"].notna()]
    places = known[["group", "level"]].drop_duplicates()
    features = known["feature"].nunique()
    record, outcome = _critical(alarm, len(places) * features), _critical(alarm, len(places))
    for (group, level, feature), pair in known.groupby(["group", "level", "feature"], sort=False):
        rows = {str(row["measure"]): row for row in pair.to_dict("records")}
        if set(rows) != {"recorded", "events"}:
            continue
        if not (-_z(rows["recorded"], reach) > record and _z(rows["events"], reach) > outcome):
            continue
        recorded, events = rows["recorded"], rows["events"]
        found.append(
            Check(
                code="HFR179",
                severity="warning",
                title="A feature may be recorded less for a group",
                finding="For {who} {share:.0%} ({lower:.0%} to {upper:.0%}) of what others of the same age and sex have is recorded of: "
                "{feature}. At the same recorded value they had the outcome {ratio:.2f} times as often as others ({events} events).",
                consequence="If part of what they have is not recorded, the model takes them for less ill than they are. They may also "
                "have less of it, and be at risk for other reasons.",
                todo="Ask whether this group's care is recorded elsewhere, or is not given. Look at the model without this feature.",
                counts={"events": int(events["events"])},
                facts={
                    "who": who(str(group), str(level)),
                    "feature": words.get(str(feature), str(feature)),
                    "share": float(recorded["estimate"]),
                    "lower": float(recorded["lower"]),
                    "upper": float(recorded["upper"]),
                    "ratio": float(events["estimate"]),
                },
            )
        )
    return found


def _z(row: Mapping[str, float], reach: float) -> float:
    """The logarithm of a ratio over its standard error, from its interval."""
    log = float(np.log(row["estimate"]))
    return log / ((log - float(np.log(row["lower"]))) / reach)


def _critical(alarm: float, tests: int) -> float:
    """One-sided, corrected for the number of tests."""
    return float(norm.ppf(1 - alarm / max(tests, 1)))
