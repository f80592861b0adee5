"""Scoring with a study's exported model."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.registry import load_bundle
from hfrisk.study import Study
from hfrisk.workshop import open_workshop, replace_whole

__all__ = ["scored"]


def scored(study: Study, progress: Quiet) -> tuple[Path, pd.DataFrame]:
    """Score every index discharge of the source with the study's exported model; see `hfrisk score`."""
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
    return path, scores
