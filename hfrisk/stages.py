"""What a study finds out between its features and the gate, stage by stage; each is kept, and found again by all that bears on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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


def _described(work: Workshop, cohort: Cohort, features: FeatureTable) -> Population:
    study = work.study
    # A model that this folder held before says nothing about this study.
    (work.internal / "predictions.parquet").unlink(missing_ok=True)
    with work.stage("description", "Describing everyone"):
        parts = [features.key, code_fingerprint(), study.assessment.model_dump_json(), study.cohort.risk]
        digest = text_fingerprint(["description", *parts])
        population, again = kept(
            Population,
            work.internal / "results" / f"description-{digest[:16]}",
            lambda: describe_everyone(cohort, features, study.assessment.groups),
        )
        if again:
            work.reused.append("description")
    return population


def _developed(
    work: Workshop, data: ModellingData, settings: ModelSettings, key: str, stored: StoredModel | None
) -> Model:
    study = work.study
    words = "Tuning and fitting the model" if settings.learns else "Fitting the simple model beside the scores"
    with work.stage("model", words):
        digest = text_fingerprint(["model", *_bearing(study, settings, key), str(study.disclosure.threshold)])
        model, again = kept(
            Model,
            work.internal / "results" / f"model-{digest[:16]}",
            lambda: develop(
                data,
                settings,
                folder=work.internal,
                least_leaf=study.disclosure.threshold,
                progress=work.progress,
                stored=stored,
            ),
        )
        if again:
            work.reused.append("model")
    return model


def _bearing(study: Study, settings: ModelSettings, key: str) -> list[str]:
    """All that a model depends on: the features, code, ours and that of a calibration from outside, and settings."""
    added = calibrator_version(settings.calibration)
    return [key, code_fingerprint(), added, study.validation.model_dump_json(), settings.model_dump_json()]


def _judged(
    work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str
) -> tuple[Results, Explanation]:
    study = work.study
    parts = _bearing(study, settings, key)
    folder = work.internal / "results"
    with work.stage("assessment", "Judging how good it is, and for whom"):
        digest = text_fingerprint(["assessment", *parts, study.assessment.model_dump_json(), study.cohort.risk])
        results, again = kept(
            Results,
            folder / f"assessment-{digest[:16]}",
            lambda: assess(model, data, study.assessment, risk=study.cohort.risk, progress=work.progress),
        )
        if again:
            work.reused.append("assessment")
    if not model.has_trees:
        return results, no_explanation()
    with work.stage("explanation", "Asking what drives it"):
        groups, confidence = study.assessment.groups, study.assessment.confidence
        digest = text_fingerprint(
            ["explanation", *parts, study.explanation.model_dump_json(), f"{groups} {confidence}"]
        )
        explanation, again = kept(
            Explanation,
            folder / f"explanation-{digest[:16]}",
            lambda: explain(model, data, study.explanation, groups=groups, confidence=confidence),
        )
        if again:
            work.reused.append("explanation")
    return results, explanation


def _designed(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> Designs:
    study = work.study
    with work.stage("designs", "Asking whether it would hold elsewhere, and again"):
        told = (study.disclosure.threshold, study.assessment.model_dump_json(), study.designs.model_dump_json())
        digest = text_fingerprint(["designs", *_bearing(study, settings, key), *map(str, told)])
        designs, again = kept(
            Designs,
            work.internal / "results" / f"designs-{digest[:16]}",
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
        if again:
            work.reused.append("designs")
    return designs


def _mitigated(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> Mitigation:
    study = work.study
    with work.stage("mitigation", "Comparing remedies for unfairness, and asking whether labels are fair"):
        told = (study.disclosure.threshold, study.assessment.model_dump_json(), study.fairness.model_dump_json())
        digest = text_fingerprint(["mitigation", *_bearing(study, settings, key), *map(str, told)])
        mitigation, again = kept(
            Mitigation,
            work.internal / "results" / f"mitigation-{digest[:16]}",
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
        if again:
            work.reused.append("mitigation")
    return mitigation


def _attacked(work: Workshop, model: Model, data: ModellingData, settings: ModelSettings, key: str) -> ModelRisks:
    study = work.study
    membership = study.disclosure.membership
    with work.stage("attacks", "Attacking the model, to see what it gives away"):
        told = (study.disclosure.threshold, study.assessment.confidence, membership.model_dump_json())
        digest = text_fingerprint(["attacks", *_bearing(study, settings, key), *map(str, told)])
        risks, again = kept(
            ModelRisks,
            work.internal / "results" / f"attacks-{digest[:16]}",
            lambda: risks_of(
                model,
                data,
                settings,
                membership,
                threshold=study.disclosure.threshold,
                confidence=study.assessment.confidence,
            ),
        )
        if again:
            work.reused.append("attacks")
    return risks


def _counted(data: ModellingData) -> pd.DataFrame:
    """The discharges that the tables about a model count: where folds run forward in time, not the earliest block."""
    rows = data.rows
    held_out = (rows["block"] > 0) if "block" in rows else True
    return rows[(rows["split"] == "test") | ((rows["split"] == "development") & held_out)]


def _looked_at(work: Workshop, cohort: Cohort, features: FeatureTable, data: ModellingData | None) -> Inequality:
    """The inequality picture: of everyone, or of those whom the tables about a model count."""
    study = work.study
    with work.stage("inequality", "Looking at outcomes and care by group of people"):
        lists = [study.inequality.standard, study.inequality.census]
        told = [
            features.key,
            code_fingerprint(),
            study.assessment.model_dump_json(),
            study.inequality.model_dump_json(),
        ]
        told += [file_fingerprint(path) if path is not None and path.is_file() else "" for path in lists]
        told += [study.validation.model_dump_json()] if data is not None else []
        used = None if data is None else _counted(data)
        digest = text_fingerprint(["inequality", *told])
        picture, again = kept(
            Inequality,
            work.internal / "results" / f"inequality-{digest[:16]}",
            lambda: look_at_inequality(
                cohort,
                features,
                study.inequality,
                study.assessment.groups,
                confidence=study.assessment.confidence,
                among=used,
            ),
        )
        if again:
            work.reused.append("inequality")
    return picture


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
