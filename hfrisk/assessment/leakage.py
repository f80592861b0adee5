"""Leakage alarms: a model, or a single feature, that is better than this outcome allows has seen the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.discrimination import delong
from hfrisk.checks import Check
from hfrisk.features import Feature

__all__ = ["ALARMS", "kind_of_risk", "model_too_good", "strong_features", "too_strong_feature"]

# Published heart-failure models reach AUROC 0.55-0.68 for 30-day readmission and about 0.75-0.80 for death; a lower
# limit above these is presumed to be a leak until shown otherwise.
ALARMS = {"readmission": 0.70, "composite": 0.75, "death": 0.85}


def kind_of_risk(state: npt.ArrayLike, event: npt.ArrayLike) -> str:
    """Which risk the events are of: ``readmission``, ``death``, or ``composite`` when both kinds count.

    Parameters
    ----------
    state
        First state of each discharge (``readmitted``, ``died``, ``none``, ``censored``).
    event
        Outcome (0 or 1).
    """
    counted = set(np.asarray(state, dtype=object)[np.asarray(event) == 1])
    if "died" not in counted:
        return "readmission"
    return "composite" if "readmitted" in counted else "death"


def model_too_good(performance: pd.DataFrame, alarm: float) -> list[Check]:
    """HFR101: the lower limit of a model's AUROC, in any split, is above the alarm.

    Parameters
    ----------
    performance
        Rows of `Results.performance`.
    alarm
        AUROC above which a leak is presumed.
    """
    overall = performance[(performance["group"] == "all") & (performance["measure"] == "auroc")]
    above = overall[overall["lower"] > alarm].sort_values("lower", ascending=False)
    if above.empty:
        return []
    worst = above.iloc[0]
    return [
        Check(
            code="HFR101",
            severity="error",
            title="Better than this outcome allows: probably a leak",
            finding="The {model} model's AUROC is {auroc} (at least {lower}) in {split}, above the alarm at {alarm}; "
            "published heart-failure models stay below it.",
            consequence="Do not use the model: something recorded after discharge has probably told it the answer.",
            todo="Look at HFR102 and at the features that count most: when was each one recorded? If the result is "
            "right, set assessment.leakage_alarm and say why in the report.",
            facts={
                "model": str(worst["model"]),
                "split": "the test" if worst["split"] == "test" else "cross-validation",
                "auroc": f"{worst['estimate']:#.3g}",
                "lower": f"{worst['lower']:#.3g}",
                "alarm": f"{alarm:.2f}",
            },
        )
    ]


def strong_features(
    event: npt.ArrayLike, features: pd.DataFrame, person: npt.ArrayLike, *, confidence: float = 0.95, least: int = 10
) -> pd.DataFrame:
    """AUROC of each feature on its own, by its value and by whether it is recorded at all.

    Parameters
    ----------
    event
        Outcome (0 or 1), one entry a discharge.
    features
        One float column a feature, rows as in `event`; NaN is not recorded.
    person
        Identifier of the person of each discharge; intervals are robust to several discharges of one person.
    confidence
        Confidence of the interval.
    least
        Events, and non-events, below which a feature's recorded values are not judged.

    Returns
    -------
    DataFrame
        feature, by (``value`` or ``recorded``), auroc (at least 0.5: whichever direction is stronger), lower (limit
        by the clustered DeLong variance, floored at 0.5), n. One row a feature and way that could be judged.
    """
    from scipy.stats import norm

    outcome = np.asarray(event, dtype=np.int64)
    code = np.unique(np.asarray(person), return_inverse=True)[1]
    reach = float(norm.ppf(0.5 + confidence / 2))
    rows: list[dict[str, Any]] = []
    for name in features.columns:
        values = features[name].to_numpy(dtype=np.float64)
        known = ~np.isnan(values)
        for way, score, chosen in (
            ("value", values, known),
            ("recorded", known.astype(np.float64), np.ones(len(values), dtype=bool)),
        ):
            events, n = int(outcome[chosen].sum()), int(chosen.sum())
            if min(events, n - events) < least or np.ptp(score[chosen]) == 0:
                continue
            area, variance = delong(outcome[chosen], score[chosen], code[chosen])
            strength = max(area, 1 - area)
            lower = max(0.5, strength - reach * float(np.sqrt(max(variance, 0.0))))
            rows.append({"feature": name, "by": way, "auroc": strength, "lower": lower, "n": n})
    return pd.DataFrame(rows, columns=["feature", "by", "auroc", "lower", "n"])


def too_strong_feature(strength: pd.DataFrame, dictionary: Sequence[Feature], alarm: float) -> list[Check]:
    """HFR102: one feature alone has a lower limit of AUROC above the alarm.

    Parameters
    ----------
    strength
        From `strong_features`.
    dictionary
        What the features are called.
    alarm
        AUROC above which a leak is presumed.
    """
    above = strength[strength["lower"] > alarm].sort_values("lower", ascending=False)
    if above.empty:
        return []
    words = {feature.name: feature.words for feature in dictionary}
    named = [
        f"{words.get(row.feature, row.feature)}{'' if row.by == 'value' else ' (whether it is recorded)'} {row.auroc:#.3g}"
        for row in above.head(5).itertuples()
    ]
    return [
        Check(
            code="HFR102",
            severity="error",
            title="One feature alone is too strong",
            finding="On its own, each of these ranks people better than the alarm at {alarm} (AUROC): {features}.",
            consequence="Do not use the model: such a feature has probably been recorded after what it predicts.",
            todo="Check when the feature is recorded relative to discharge; leave it out with model.exclude.",
            facts={"alarm": f"{alarm:.2f}", "features": "; ".join(named)},
        )
    ]
