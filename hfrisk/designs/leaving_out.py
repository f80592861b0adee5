"""Internal-external validation: each trust left out once, the model made without it, and measured there.

People with a discharge at the trust that is left out teach nothing, wherever their other discharges were: else the model would have
seen them. Settings are those that the search found with all trusts; the trees and the calibration are made anew. Steyerberg and Harrell,
J Clin Epidemiol 2016;69:245.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.pooling import LEAST, pool
from hfrisk.assessment.scored import Array
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.designs.estimates import NOT_FITTED, Estimated, auroc_on_logit, log_oe, slope
from hfrisk.designs.results import COLUMNS, empty
from hfrisk.designs.settings import DesignSettings
from hfrisk.designs.side_by_side import side_by_side
from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.refitting import chosen_rows, refit
from hfrisk.progress import Quiet

__all__ = ["leave_each_out", "summarise"]

_NO_LEVEL = {"", "Not recorded", "nan", "None"}
_TOO_LITTLE = "without this trust too little is left to learn from"
_WAYS = {"auroc": auroc_on_logit, "oe_ratio": log_oe, "calibration_slope": slope}


def leave_each_out(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: DesignSettings,
    assessment: AssessmentSettings,
    progress: Quiet,
    judged: npt.NDArray[np.bool_] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave each level of `settings.leave_out` out once.

    Parameters
    ----------
    model
        The model, with its settings and number of trees in its summary.
    data
        Development rows.
    learner
        As for `develop`.
    settings, assessment
        Which group; from how many events on a number is computed; confidence.
    progress
        Told of each.
    judged
        The discharges that a model is measured on; all by default. All are learnt from.

    Returns
    -------
    tuple of DataFrame
        `Designs.left_out` and `Designs.across_trusts`; both empty where the group is not in the data or has fewer than two levels.
    """
    if settings.leave_out not in data.groups.columns:
        return empty("left_out"), empty("across_trusts")
    level = data.groups[settings.leave_out].fillna("").astype(str).to_numpy()
    levels = sorted(set(level) - _NO_LEVEL)
    if len(levels) < 2:
        return empty("left_out"), empty("across_trusts")
    event = data.rows["event"].to_numpy(dtype=np.float64)
    person = np.unique(data.rows["person_id"].to_numpy(), return_inverse=True)[1]
    measured = np.ones(len(level), dtype=bool) if judged is None else judged
    cases = {name: float(event[(level == name) & measured].sum()) for name in levels}
    taken = set(sorted(levels, key=lambda name: (-cases[name], name))[: settings.most_left_out])
    inside = learner.model_copy(update={"threads": 1})
    params, rounds = dict(model.summary["params"]), int(model.summary["rounds"])

    def one(number: int) -> Array | None:
        held_out = (level == levels[number]) & measured
        if (
            levels[number] not in taken
            or min(event[held_out].sum(), (1 - event[held_out]).sum()) < assessment.minimum_for_anything
        ):
            return None  # nothing would be computed there
        seen_there = np.isin(person, person[level == levels[number]])
        try:
            rest = chosen_rows(data, np.flatnonzero(~seen_there), seed=(settings.seed, number, 2))
            made = refit(rest, inside, params, rounds)
        except DataError:
            return np.full(int(held_out.sum()), np.nan)
        return made.predict(data.features.loc[held_out])

    with progress.step("trusts left out", len(levels)) as step:
        risks = side_by_side(one, range(len(levels)), settings.threads, step)
    rows: list[dict[str, Any]] = []
    scales: dict[str, list[Estimated]] = {measure: [] for measure in _WAYS}
    for name, risk in zip(levels, risks, strict=True):
        chosen = (level == name) & measured
        for measure in _WAYS:
            found, reason = _measured(measure, event[chosen], risk, person[chosen], assessment)
            if name not in taken:
                reason = f"not among the {settings.most_left_out} with most events (designs.most_left_out)"
            if not reason:
                scales[measure].append(found)
            interval = _shown(measure, found, assessment.confidence)
            counts = {"n": int(chosen.sum()), "events": int(event[chosen].sum()), "reason": reason}
            rows.append({"level": name, "measure": measure, **interval, **counts})
    left_out = pd.DataFrame(rows, columns=COLUMNS["left_out"].split())
    return left_out, summarise(scales, left_out, assessment.confidence)


def _measured(
    measure: str, event: Array, risk: Array | None, person: Array, assessment: AssessmentSettings
) -> tuple[Estimated, str]:
    nothing = Estimated(np.nan, np.nan)
    needed = assessment.minimum_for_slope if measure == "calibration_slope" else assessment.minimum_for_anything
    if risk is None or min(event.sum(), (1 - event).sum()) < needed:
        return nothing, f"fewer than {needed} events or non-events"
    if np.isnan(risk).any():
        return nothing, _TOO_LITTLE
    found = _WAYS[measure](event, risk, person)
    return (found, "") if found.known else (nothing, NOT_FITTED)


def summarise(scales: dict[str, list[Estimated]], left_out: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Random-effects summary of each measure over the trusts that have it (`Designs.across_trusts`)."""
    rows: list[dict[str, Any]] = []
    limits = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper")
    for measure, found in scales.items():
        known = left_out[(left_out["measure"] == measure) & (left_out["reason"] == "")]
        row: dict[str, Any] = dict.fromkeys((*limits, "tau"), np.nan)
        reason = f"fewer than {LEAST} trusts have it"
        if len(found) >= LEAST:
            pooled = pool([each.value for each in found], [each.variance for each in found], confidence)
            row |= {name: _back(measure, value) for name, value in zip(limits, pooled[:5], strict=True)}
            row["tau"], reason = pooled.between**0.5, ""
        counts = {"levels": len(found), "n": int(known["n"].sum()), "events": int(known["events"].sum())}
        rows.append({"measure": measure, **row, **counts, "reason": reason})
    return pd.DataFrame(rows, columns=COLUMNS["across_trusts"].split())


def _shown(measure: str, found: Estimated, confidence: float) -> dict[str, float]:
    reach = float(norm.ppf(0.5 + confidence / 2)) * found.variance**0.5
    ends = (found.value, found.value - reach, found.value + reach)
    return {name: _back(measure, end) for name, end in zip(("estimate", "lower", "upper"), ends, strict=True)}


def _back(measure: str, value: float) -> float:
    if measure == "auroc":
        return float(1 / (1 + np.exp(-value)))
    return float(np.exp(value)) if measure == "oe_ratio" else float(value)
