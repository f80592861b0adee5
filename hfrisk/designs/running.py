"""The designs of a study, one after the other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.designs.bootstrap import bootstrap_models, instability, instability_summary, not_made, optimism
from hfrisk.designs.drift import by_month, feature_shifts
from hfrisk.designs.drivers import stability
from hfrisk.designs.findings import design_checks
from hfrisk.designs.learning import HELD_OUT, learning_curve
from hfrisk.designs.leaving_out import leave_each_out
from hfrisk.designs.results import COLUMNS, Designs, empty
from hfrisk.designs.settings import DesignSettings
from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.space import LEAST_LEAF
from hfrisk.progress import Quiet

__all__ = ["run_designs"]


def run_designs(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: DesignSettings,
    assessment: AssessmentSettings,
    *,
    least_leaf: int = LEAST_LEAF,
    progress: Quiet | None = None,
) -> Designs:
    """Run the designs that the settings ask for.

    Parameters
    ----------
    model
        As `develop` made it.
    data
        All splits: development is what the model is made from again, the test is followed over time.
    learner
        As for `develop`.
    settings
        Which designs.
    assessment
        Threshold, confidence, and the events that a number needs.
    least_leaf
        The disclosure threshold.
    progress
        Told of every model that is made.

    Returns
    -------
    Designs
        The same to the last digit for the same data, settings and library versions, whatever the threads.
    """
    progress = progress or Quiet()
    development, test = data.part("development"), data.part("test")
    frames: dict[str, pd.DataFrame] = {name: empty(name) for name in COLUMNS}
    event = development.rows["event"].to_numpy()
    held_out = development.rows["fold"].to_numpy() == HELD_OUT
    # what is set beside cross-validation is measured on the discharges that it judges: where folds run forward, not the earliest block
    judged = (
        development.rows["block"].to_numpy() > 0 if "block" in development.rows else np.ones(len(event), dtype=bool)
    )
    if settings.bootstraps:
        try:
            found = bootstrap_models(model, development, learner, settings, least_leaf=least_leaf, progress=progress)
        except DataError:
            frames |= not_made(event[judged])
        else:
            found = found.among(judged)
            frames["optimism"] = optimism(event[judged], found, assessment)
            frames["instability"] = instability(found, assessment.threshold)
            frames["instability_summary"] = instability_summary(event[judged], found, assessment.threshold)
            frames["stability"] = stability(model.inputs, found.size, found.sizes)
    if settings.leave_one_out:
        frames["left_out"], frames["across_trusts"] = leave_each_out(
            model, development, learner, settings, assessment, progress, judged
        )
    if settings.learning_curve:
        frames["learning_curve"] = learning_curve(model, development, learner, settings, assessment, progress)
    if settings.drift and len(test.rows):
        frames["drift"] = by_month(
            test.rows["event"],
            model.predict(test.features),
            test.rows["person_id"],
            test.rows["discharge_date"],
            model.cross_validated["risk"].to_numpy()[judged],
            settings,
            assessment,
        )
        frames["feature_shifts"] = feature_shifts(development.features[model.inputs], test.features[model.inputs])
    words = {feature.name: feature.words for feature in data.dictionary}
    return Designs(
        **frames,
        facts={
            "leave_out": settings.leave_out,
            "held_out": int(held_out.sum()),
            "held_out_events": int(event[held_out].sum()),
        },
        checks=design_checks(frames, settings, confidence=assessment.confidence, words=words, tested=data.tested),
    )
