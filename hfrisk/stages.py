"""What a study finds out between its features and the gate, stage by stage; each is kept, and found again by all that bears on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd

from hfrisk.assessment import Population, Results, assess, describe_everyone
from hfrisk.cohort import Cohort
from hfrisk.designs import Designs, run_designs
from hfrisk.explanation import Explanation, explain, no_explanation, reasons
from hfrisk.fairness import Mitigation, mitigate
from hfrisk.features import FeatureTable
from hfrisk.fingerprints import code_fingerprint, file_fingerprint, text_fingerprint
from hfrisk.inequality import Inequality, look_at_inequality
from hfrisk.modelling import Model, ModellingData, ModelSettings, StoredModel, calibrator_version, develop, partition
from hfrisk.modelling.structure import ModelRisks, risks_of
from hfrisk.registry import FoundModel
from hfrisk.store import kept
from hfrisk.stored_model import as_stored
from hfrisk.study import Study
from hfrisk.workshop import Workshop, replace_whole

__all__ = ["Found", "find_out"]

Made = TypeVar("Made")


@dataclass(frozen=True)
class Found:
    """What a run found: a model and how good it is, or a description of everyone."""

    model: Model | None = None
    results: tuple[Results, Explanation] | None = None
    population: Population | None = None
    designs: Designs | None = None
    mitigation: Mitigation | None = None
    risks: ModelRisks | None = None
    inequality: Inequality | None = None


def find_out(work: Workshop, cohort: Cohort, features: FeatureTable, stored: FoundModel | None) -> Found:
    """Describe everyone, or develop a model and judge it, as the study asks.

    Parameters
    ----------
    work
        The study's folder and what is kept there.
    cohort, features
        As the engine made them.
    stored
        A model that the study tries as it is; None where it tries none.
    """
    settings = work.study.model
    if settings is None:
        return Found(population=_described(work, cohort, features), inequality=_looked_at(work, cohort, features, None))
    data = partition(features, cohort, work.study.validation)
    # before the model, since a fault of the site's own tables is told here
    picture = _looked_at(work, cohort, features, data)
    # a stored model is another whenever its files are others, wherever it lies
    key = features.key if stored is None else text_fingerprint([features.key, stored.bundle.fingerprint])
    model = _developed(work, data, settings, key, as_stored(stored) if stored else None)
    results = _judged(work, model, data, settings, key)
    designs = _designed(work, model, data, settings, features.key) if model.learnt else None
    mitigation = _mitigated(work, model, data, settings, key)
    risks = _attacked(work, model, data, settings, features.key) if model.learnt else None
    _keep_predictions(work.internal, data, model)
    _keep_reasons(work.internal, data, model, work.study.explanation.reasons)
    return Found(model, results, designs=designs, mitigation=mitigation, risks=risks, inequality=picture)


def _stage(work: Workshop, name: str, words: str, kind: type[Made], told: list[str], make: Callable[[], Made]) -> Made:
    """One stage: found again by its name and all that bears on it (`told`), or made and kept."""
    with work.stage(name, words):
        digest = text_fingerprint([name, code_fingerprint(), *told])
        made, again = kept(kind, work.internal / "results" / f"{name}-{digest[:16]}", make)
        if again:
            work.reused.append(name)
    return made


def _bearing(study: Study, settings: ModelSettings, key: str) -> list[str]:
    """All that a model depends on beside our code: the features, a calibration from outside, and settings."""
    return [
        key,
        calibrator_version(settings.calibration),
        study.validation.model_dump_json(),
        settings.model_dump_json(),
        str(study.disclosure.threshold),
    ]


def _described(work: Workshop, cohort: Cohort, features: FeatureTable) -> Population:
    study = work.study
    # A model that this folder held before says nothing about this study.
    (work.internal / "predictions.parquet").unlink(missing_ok=True)
    return _stage(
        work,
        "description",
        "Describing everyone",
        Population,
        [features.key, study.assessment.model_dump_json(), study.cohort.risk],
        lambda: describe_everyone(cohort, features, study.assessment.groups),
    )


def _developed(
    work: Workshop, data: ModellingData, settings: ModelSettings, key: str, stored: StoredModel | None
) -> Model:
    return _stage(
        work,
        "model",
        "Tuning and fitting the model" if settings.learns else "Fitting the simple model beside the scores",
        Model,
        _bearing(work.study, settings, key),
        lambda: develop(
            data,
            settings,
            folder=work.internal,
            least_leaf=work.study.disclosure.threshold,
            progress=work.progress,
            stored=stored,
        ),
    )


def _judged(
    work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str
) -> tuple[Results, Explanation]:
    study = work.study
    bearing = _bearing(study, settings, key)
    results = _stage(
        work,
        "assessment",
        "Judging how good it is, and for whom",
        Results,
        [*bearing, study.assessment.model_dump_json(), study.cohort.risk],
        lambda: assess(model, data, study.assessment, risk=study.cohort.risk, progress=work.progress),
    )
    if not model.has_trees:
        return results, no_explanation()
    groups, confidence = study.assessment.groups, study.assessment.confidence
    explanation = _stage(
        work,
        "explanation",
        "Asking what drives it",
        Explanation,
        [*bearing, study.explanation.model_dump_json(), f"{groups} {confidence}"],
        lambda: explain(model, data, study.explanation, groups=groups, confidence=confidence),
    )
    return results, explanation


def _designed(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> Designs:
    study = work.study
    return _stage(
        work,
        "designs",
        "Asking whether it would hold elsewhere, and again",
        Designs,
        [*_bearing(study, settings, key), study.assessment.model_dump_json(), study.designs.model_dump_json()],
        lambda: run_designs(
            model,
            data,
            settings,
            study.designs,
            study.assessment,
            least_leaf=study.disclosure.threshold,
            progress=work.progress,
        ),
    )


def _mitigated(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> Mitigation:
    study = work.study
    return _stage(
        work,
        "mitigation",
        "Comparing remedies for unfairness, and asking whether labels are fair",
        Mitigation,
        [*_bearing(study, settings, key), study.assessment.model_dump_json(), study.fairness.model_dump_json()],
        lambda: mitigate(
            model,
            data,
            settings,
            study.fairness,
            study.assessment,
            least_leaf=study.disclosure.threshold,
            progress=work.progress,
        ),
    )


def _attacked(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> ModelRisks:
    study = work.study
    membership, confidence = study.disclosure.membership, study.assessment.confidence
    return _stage(
        work,
        "attacks",
        "Attacking the model, to see what it gives away",
        ModelRisks,
        [*_bearing(study, settings, key), str(confidence), membership.model_dump_json()],
        lambda: risks_of(
            model, data, settings, membership, threshold=study.disclosure.threshold, confidence=confidence
        ),
    )


def _counted(data: ModellingData) -> pd.DataFrame:
    """The discharges that the tables about a model count: where folds run forward in time, not the earliest block."""
    rows = data.rows
    held_out = (rows["block"] > 0) if "block" in rows else True
    return rows[(rows["split"] == "test") | ((rows["split"] == "development") & held_out)]


def _looked_at(work: Workshop, cohort: Cohort, features: FeatureTable, data: ModellingData | None) -> Inequality:
    """The inequality picture: of everyone, or of those whom the tables about a model count."""
    study = work.study
    told = [features.key, study.assessment.model_dump_json(), study.inequality.model_dump_json()]
    lists = [study.inequality.standard, study.inequality.census]
    told += [file_fingerprint(path) if path is not None and path.is_file() else "" for path in lists]
    told += [study.validation.model_dump_json()] if data is not None else []
    return _stage(
        work,
        "inequality",
        "Looking at outcomes and care by group of people",
        Inequality,
        told,
        lambda: look_at_inequality(
            cohort,
            features,
            study.inequality,
            study.assessment.groups,
            confidence=study.assessment.confidence,
            among=None if data is None else _counted(data),
        ),
    )


def _keep_predictions(internal: Path, data: ModellingData, model: Model) -> None:
    """Every index discharge with its risk: out-of-fold in development (none where it was never held out), from the model elsewhere."""
    rows = data.rows[["person_id", "index_id", "split", "fold", "state", "event"]].rename(columns={"state": "outcome"})
    rows["risk"] = model.predict(data.features)
    for name in model.comparators:
        rows[f"risk_{name}"] = model.predict_comparator(name, data.for_comparators)
    for name, risk in model.predict_states(data.features).items():
        rows[f"risk_{name}"] = risk
    keys = ["person_id", "index_id"]
    held_out = rows[keys].merge(model.cross_validated, on=keys, how="left")
    developed = (rows["split"] == "development").to_numpy()
    for column in [c for c in rows.columns if c.startswith("risk")]:
        rows.loc[developed, column] = held_out.loc[developed, column].to_numpy()
    if "block" in data.rows:
        rows["block"] = data.rows["block"]
    replace_whole(internal / "predictions.parquet", lambda path: rows.to_parquet(path, index=False))


def _keep_reasons(internal: Path, data: ModellingData, model: Model, most: int) -> None:
    """Why each risk is what it is, where the study asks for it: patient-level, beside the risks, and nowhere else."""
    path = internal / "reasons.parquet"
    if not most or not model.has_trees:
        path.unlink(missing_ok=True)
        return
    described = {entry.name: entry for entry in data.dictionary}
    told = reasons(
        data.rows[["person_id", "index_id"]],
        [described[name] for name in model.inputs],
        data.features[model.inputs].to_numpy(),
        model.contributions(data.features)[:, :-1],
        most=most,
    )
    replace_whole(path, lambda target: told.to_parquet(target, index=False))
