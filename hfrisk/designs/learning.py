"""Learning curve: would more people have made a better model? Growing shares of people, judged on the same held-out people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.scored import Array
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.designs.estimates import NOT_FITTED, auroc_on_logit, log_loss
from hfrisk.designs.results import COLUMNS
from hfrisk.designs.settings import DesignSettings
from hfrisk.designs.side_by_side import side_by_side
from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.refitting import chosen_rows, refit
from hfrisk.progress import Quiet

__all__ = ["HELD_OUT", "learning_curve"]

HELD_OUT = 0
"""The fold whose people are judged on."""

_TOO_LITTLE = "too little to learn from at this share"


def learning_curve(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: DesignSettings,
    assessment: AssessmentSettings,
    progress: Quiet,
) -> pd.DataFrame:
    """Make the model from growing shares of the people outside the first fold, and judge each on that fold.

    Every share holds the smaller ones. Settings and the number of trees are those found on all of development: with fewer people the
    search might have found others, so that the curve is a little steeper than one with a search at each point.

    Parameters
    ----------
    model
        The model, with its settings and number of trees in its summary.
    data
        Development rows.
    learner
        As for `develop`.
    settings, assessment
        Shares and seed; confidence, and the events that a number needs.
    progress
        Told of each.

    Returns
    -------
    DataFrame
        `Designs.learning_curve`; n and events are of those learnt from.
    """
    event = data.rows["event"].to_numpy(dtype=np.float64)
    people, code = np.unique(data.rows["person_id"].to_numpy(), return_inverse=True)
    held_out = data.rows["fold"].to_numpy() == HELD_OUT
    offered = np.setdiff1d(np.arange(len(people)), code[held_out])
    order = np.random.default_rng((settings.seed, 3)).permutation(offered)
    inside = learner.model_copy(update={"threads": 1})
    params, rounds = dict(model.summary["params"]), int(model.summary["rounds"])
    chosen = [np.isin(code, order[: round(share * len(order))]) for share in settings.shares]

    def one(number: int) -> Array | None:
        try:
            sample = chosen_rows(data, np.flatnonzero(chosen[number]), seed=(settings.seed, number, 4))
            return refit(sample, inside, params, rounds).predict(data.features.loc[held_out])
        except DataError:
            return None

    with progress.step("learning curve", len(settings.shares)) as step:
        risks = side_by_side(one, range(len(settings.shares)), settings.threads, step)
    return _table(settings.shares, chosen, risks, event, code, held_out, assessment)


def _table(
    shares: tuple[float, ...],
    chosen: list[np.ndarray[Any, np.dtype[np.bool_]]],
    risks: list[Array | None],
    event: Array,
    code: np.ndarray[Any, np.dtype[np.intp]],
    held_out: np.ndarray[Any, np.dtype[np.bool_]],
    assessment: AssessmentSettings,
) -> pd.DataFrame:
    judged, person = event[held_out], code[held_out]
    needed = assessment.minimum_for_anything
    enough = min(judged.sum(), (1 - judged).sum()) >= needed
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    rows: list[dict[str, Any]] = []
    for share, members, risk in zip(shares, chosen, risks, strict=True):
        for measure, way in (("auroc", auroc_on_logit), ("log_loss", log_loss)):
            row: dict[str, Any] = dict.fromkeys(("estimate", "lower", "upper"), np.nan)
            reason = _TOO_LITTLE if risk is None else ""
            if not enough:
                reason = f"fewer than {needed} events or non-events among those held out"
            if not reason and risk is not None:
                found = way(judged, risk, person)
                reason = "" if found.known else NOT_FITTED
                half = reach * found.variance**0.5
                ends = np.array([found.value, found.value - half, found.value + half])
                ends = 1 / (1 + np.exp(-ends)) if measure == "auroc" else ends
                row |= dict(zip(row, (float(x) for x in ends), strict=True)) if found.known else {}
            counts = {"n": int(members.sum()), "events": int(event[members].sum()), "reason": reason}
            rows.append({"share": share, "measure": measure, **row, **counts})
    return pd.DataFrame(rows, columns=COLUMNS["learning_curve"].split())
