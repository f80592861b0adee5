"""Scoring with a study's exported model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hfrisk.errors import StudyError
from hfrisk.explanation import reasons
from hfrisk.features import FeatureTable
from hfrisk.modelling.boosting import booster_contributions
from hfrisk.progress import Quiet
from hfrisk.registry import LoadedBundle, load_bundle
from hfrisk.study import Study
from hfrisk.workshop import open_workshop, replace_whole

__all__ = ["scored"]


_REASONS = 5


def scored(study: Study, progress: Quiet, *, why: bool = False) -> tuple[Path, pd.DataFrame]:
    """Score every index discharge of the source with the study's exported model; see `hfrisk score`.

    Parameters
    ----------
    study
        Whose model, and whose source.
    progress
        Who is told how far it is; never a value.
    why
        Whether to write ``internal/reasons.parquet`` too: for each discharge what moves its risk most (`hfrisk.explanation.reasons`), as
        many reasons as ``explanation.reasons`` says, or five. Contributions are those of the exported trees, whose counts are rounded
        (they differ from those of the run by about a thousandth of the log-odds).

    Returns
    -------
    (Path, pandas.DataFrame)
        Where the scores lie, and the scores.
    """
    if study.model is None or not study.model.learns:
        raise StudyError(
            "This study makes no model, so there is nothing to score with.",
            where="model: none" if study.model is None else "model.learner: none",
            todo="Score with a study that makes one.",
        )
    if not study.model_folder.is_dir():
        raise StudyError(
            f"There is no model of {study.name} yet.",
            where=str(study.model_folder),
            todo="Run `hfrisk run` on this study first; it exports the model.",
        )
    bundle = load_bundle(study.model_folder)
    waiting = study.model_copy(update={"cohort": study.cohort.model_copy(update={"complete_follow_up": False})})
    with open_workshop(waiting, progress) as work:
        cohort = work.cohort()
        features = work.features(cohort)
        with work.stage("score", "Scoring"):
            names = [entry.name for entry in features.dictionary]
            frame = work.cdm.frame(features.table.select("person_id", "index_id", *names), "score")
            risks = bundle.predict(frame[names])
            scores = frame[["person_id", "index_id"]].assign(
                risk=risks["risk"].to_numpy(), band=risks["band"].to_numpy(), model=bundle.fingerprint
            )
            scores = scores.sort_values(["person_id", "index_id"], ignore_index=True)
            path = work.internal / "scores.parquet"
            replace_whole(path, lambda target: scores.to_parquet(target, index=False))
            if why:
                told = _reasons(bundle, features, frame, study.explanation.reasons or _REASONS)
                replace_whole(work.internal / "reasons.parquet", lambda target: told.to_parquet(target, index=False))
    return path, scores


def _reasons(bundle: LoadedBundle, features: FeatureTable, frame: pd.DataFrame, most: int) -> pd.DataFrame:
    described = {entry.name: entry for entry in features.dictionary}
    inputs = bundle.scorer.inputs
    values = np.asarray(frame[inputs].to_numpy(dtype=np.float64, na_value=np.nan))
    contributions = booster_contributions(bundle.scorer.booster.model_to_string(num_iteration=-1), values)[:, :-1]
    told = reasons(
        frame[["person_id", "index_id"]], [described[name] for name in inputs], values, contributions, most=most
    )
    return told.sort_values(["person_id", "index_id", "rank"], ignore_index=True)
