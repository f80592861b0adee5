"""A registered model made right for a new site or year, as a new version with its own lineage."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special

from hfrisk.cdm import source_fingerprint
from hfrisk.cohort import Cohort
from hfrisk.disclosure import Bundle, Released, release_recalibration
from hfrisk.errors import DataError, StudyError
from hfrisk.modelling import (
    ModellingData,
    ModelSettings,
    Recalibration,
    ValidationSettings,
    partition,
    person_folds,
    recalibrate,
)
from hfrisk.progress import Quiet
from hfrisk.record import provenance_of, study_words
from hfrisk.registry import FoundModel, found_model, publish
from hfrisk.stored_model import refuse_another_question, refuse_its_own_data, refuse_other_inputs
from hfrisk.study import Study
from hfrisk.workshop import open_workshop, refuse_errors, replace_whole

__all__ = ["recalibrated"]

Method = Literal["in_the_large", "logistic"]

_FOLDS = 5
_WORDS = {"in_the_large": "in the large", "logistic": "logistic"}


def recalibrated(
    study: Study,
    model: str,
    progress: Quiet,
    *,
    method: Method = "in_the_large",
    first: date | None = None,
    last: date | None = None,
) -> dict[str, Any]:
    """Recalibrate a released model on a study's data, and register what comes of it; see `hfrisk recalibrate`.

    Parameters
    ----------
    study
        The new site or year, with its own data.
    model
        Folder or address of the model (`hfrisk.registry.found_model`).
    progress
        Who is told.
    method
        ``in_the_large`` or ``logistic``.
    first, last
        Days of discharge from which and until which discharges are used; all of the study's if not given.

    Returns
    -------
    dict
        What was released and where it was registered: nothing else may be printed.

    Raises
    ------
    StudyError
        If study and model do not fit each other, or the dates leave out too few to be told apart from none.
    DataError
        If there are too few events, or the data failed a check.
    """
    # whoever was not followed to the end has no outcome, and would be left out without a word
    whole = study.cohort.model_copy(update={"complete_follow_up": True})
    study = study.model_copy(update={"cohort": whole})
    with found_model(model, study.registry, study.folders.models) as found:
        refuse_another_question(found, study)
        source = source_fingerprint(study.source)
        if first is None:
            todo = "Use data of another site, or give --from with a day after the model's development ended."
            refuse_its_own_data(found, source, "source, --from", todo)
        with open_workshop(study, progress, source) as work:
            cohort = work.cohort()
            checks = work.quality(cohort)
            refuse_errors([*cohort.checks, *checks])
            features = work.features(cohort)
            refuse_errors(features.notices)
            refuse_other_inputs(found, features.dictionary)
            provenance = provenance_of(work) | {"recalibration": _lineage(found, method)}
            with work.stage("recalibration", "Recalibrating the model"):
                # its folds and splits are not used: a stored model has nothing to be developed on
                data = partition(features, cohort, ValidationSettings(folds=2))
                used = _between(data, first, last, study.disclosure.threshold)
                fitted = _fitted(found, used, study, method)
                released = release_recalibration(
                    _cohort_of(cohort, used.rows),
                    fitted,
                    Bundle(found.model_text, found.bundle.scorer.calibration, found.bundle.contract, found.dictionary),
                    study.disclosure,
                    study=study_words(study, cohort),
                    provenance=provenance,
                )
            return _registered(study, released, found, method, progress)


def _between(data: ModellingData, first: date | None, last: date | None, threshold: int) -> ModellingData:
    """The discharges of the days asked for; refused where only a few are left out, since two counts would give them away."""
    day = data.rows["discharge_date"].dt.normalize()
    kept = np.ones(len(day), dtype=bool)
    if first is not None:
        kept &= (day >= pd.Timestamp(first)).to_numpy()
    if last is not None:
        kept &= (day <= pd.Timestamp(last)).to_numpy()
    if 0 < (~kept).sum() < threshold:
        raise StudyError(
            "The dates leave out only a few discharges, who could be told from the two counts.",
            where="--from, --to",
            todo="Leave the dates out, or choose others.",
        )
    if not kept.any():
        raise DataError("There is no index discharge between the two dates.", where="--from, --to")
    chosen = np.flatnonzero(kept)
    rows, features, groups = (f.iloc[chosen].reset_index(drop=True) for f in (data.rows, data.features, data.groups))
    return ModellingData(rows, features, groups, data.dictionary)


def _fitted(found: FoundModel, used: ModellingData, study: Study, method: Method) -> Recalibration:
    rows = used.rows
    settings = study.model or ModelSettings()
    risk = found.bundle.predict(used.features)["risk"].to_numpy()
    with np.errstate(divide="ignore"):
        log_odds = special.logit(risk)
    return recalibrate(
        method,
        found.bundle.scorer.calibration,
        log_odds,
        rows["event"].to_numpy(),
        rows["person_id"].to_numpy(),
        person_folds(rows["person_id"], rows["event"], _FOLDS, seed=study.validation.seed),
        minimum_events=settings.minimum_events,
        minimum_for_slope=study.assessment.minimum_for_slope,
        confidence=study.assessment.confidence,
    )


def _cohort_of(cohort: Cohort, rows: pd.DataFrame) -> Cohort:
    """The cohort with the counts of the discharges that were used, and no others."""
    states = rows["state"].value_counts()
    return dataclasses.replace(
        cohort,
        index_discharges=len(rows),
        persons=int(rows["person_id"].nunique()),
        events=int(rows["event"].sum()),
        states={name: int(states.get(name, 0)) for name in cohort.states},
        first_discharge=rows["discharge_date"].min().date(),
        last_discharge=rows["discharge_date"].max().date(),
    )


def _lineage(found: FoundModel, method: Method) -> dict[str, str]:
    return {
        "from": found.version or f"bundle {found.bundle.fingerprint}",
        "from_bundle": found.bundle.fingerprint,
        "method": method,
    }


def _registered(study: Study, released: Released, found: FoundModel, method: Method, progress: Quiet) -> dict[str, Any]:
    """Register the new version beside the old one, and keep what was released in the study's folder."""
    columns = ["model", "measure", "estimate", "lower", "upper", "n", "events", "suppressed", "reason"]
    lineage = _lineage(found, method)
    metrics = released.metrics()
    told = [{k: row[k] for k in columns if k in row} for row in metrics["performance"]]
    text = json.dumps({"lineage": lineage, "recalibration": told, "cohort": metrics["cohort"]}, indent=1)
    path = study.folder / "recalibration.json"
    replace_whole(path, partial(Path.write_text, data=text, encoding="utf-8"))
    published = publish(
        released,
        study.registry,
        folder=study.model_folder.with_name(f"{study.name}-recalibrated"),
        artefacts={"recalibration.json": text},
        verdict=f"Recalibrated ({_WORDS[method]}) from {lineage['from']}",
        tags={
            "hfrisk.recalibrated_from": lineage["from"],
            "hfrisk.recalibrated_from_bundle": lineage["from_bundle"],
            "hfrisk.recalibration": method,
        },
        progress=progress,
    )
    return {
        "study": study.name,
        "lineage": lineage,
        "recalibration": told,
        "cohort": metrics["cohort"],
        "released": str(path),
        "model": dataclasses.asdict(published),
    }
