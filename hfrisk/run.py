"""The main job, from the source to the report and the registry. The only place that knows the order."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hfrisk.assessment import Population, Results, assess, describe_everyone
from hfrisk.cdm import source_fingerprint
from hfrisk.cohort import Cohort
from hfrisk.designs import Designs, run_designs
from hfrisk.disclosure import Released, release
from hfrisk.explanation import Explanation, explain, no_explanation
from hfrisk.features import FeatureTable
from hfrisk.fingerprints import code_fingerprint, text_fingerprint
from hfrisk.modelling import Model, ModellingData, ModelSettings, StoredModel, calibrator_version, develop, partition
from hfrisk.progress import Quiet
from hfrisk.record import provenance_of, study_words, summary_of, unchanged, write_manifest
from hfrisk.registry import FoundModel, found_model, publish
from hfrisk.reporting import render
from hfrisk.store import kept
from hfrisk.stored_model import as_stored, refuse_another_question, refuse_its_own_data, refuse_other_inputs
from hfrisk.study import Study
from hfrisk.workshop import Workshop, open_workshop, refuse_errors, replace_whole

__all__ = ["Finished", "run_study"]

Until = Literal["report", "registry"]


@dataclass(frozen=True)
class Finished:
    """What a run leaves.

    Attributes
    ----------
    unchanged
        Nothing had changed since the last run, so nothing was done.
    report
        The report.
    summary
        What `--json` prints.
    """

    unchanged: bool
    report: Path
    summary: dict[str, Any]


def run_study(
    study: Study, progress: Quiet | None = None, *, until: Until = "registry", refresh: bool = False
) -> Finished:
    """Do the whole job, or what is left of it.

    Parameters
    ----------
    study
        The study.
    progress
        Who is told.
    until
        Stop after the report, or go on to the registry.
    refresh
        Do everything again even if nothing changed.
    """
    progress = progress or Quiet()
    source = source_fingerprint(study.source)
    # the study's own hash leaves out where things lie; a registry elsewhere has not got the model yet
    registry = f"{study.registry.tracking_uri} {study.registry.registry_uri}"
    added = calibrator_version(study.model.calibration) if study.model else ""
    stored = _stored(study, source)
    parts = [stored.bundle.fingerprint] if stored else []
    key = text_fingerprint([study.fingerprint(), registry, source, code_fingerprint(), until, added, *parts])
    if not refresh and (summary := unchanged(study, key)) is not None:
        progress.say("Nothing has changed since the last run: nothing was done. --refresh does everything again.")
        return Finished(True, study.folder / "report.html", summary)
    with open_workshop(study, progress, source) as work:
        if refresh:
            shutil.rmtree(work.internal / "results", ignore_errors=True)
        cohort = work.cohort()
        checks = work.quality(cohort)
        refuse_errors([*cohort.checks, *checks])
        features = work.features(cohort)
        refuse_errors(features.notices)
        others = work.other_definitions() if study.sensitivity else None
        provenance = provenance_of(work)
        if stored:
            refuse_other_inputs(stored, features.dictionary)
            provenance["stored_model"] = {
                "version": stored.version or "an exported folder",
                "bundle": stored.bundle.fingerprint,
            }
        found = _found(work, cohort, features, stored)
        with work.stage("disclosure", "Passing everything through the disclosure gate"):
            released = release(
                cohort,
                features,
                found.results,
                found.model,
                study.disclosure,
                study=study_words(study, cohort),
                provenance=provenance,
                population=found.population,
                sensitivity=others,
                checks=checks,
                for_heart_failure=work.back_for_heart_failure(cohort),
                designs=found.designs,
            )
        artefacts, verdict = _written(work, released)
        learnt = found.model is not None and found.model.learnt
        registered = _registered(work, released, artefacts, verdict) if learnt and until == "registry" else {}
        summary = summary_of(study, released, registered, verdict)
        write_manifest(work, key, provenance, artefacts, summary)
    return Finished(False, study.folder / "report.html", summary)


@dataclass(frozen=True)
class _Found:
    """What a run found: a model and how good it is, or a description of everyone."""

    model: Model | None = None
    results: tuple[Results, Explanation] | None = None
    population: Population | None = None
    designs: Designs | None = None


def _stored(study: Study, source: str) -> FoundModel | None:
    """The model that the study tries as it is, before any data is read; None where it tries none."""
    if study.model is None or not study.model.stored:
        return None
    with found_model(study.model.stored, study.registry, study.folders.models) as found:
        refuse_another_question(found, study)
        refuse_its_own_data(found, source, "source, model.stored", "Use data of another site or of later years.")
        return found


def _found(work: Workshop, cohort: Cohort, features: FeatureTable, stored: FoundModel | None) -> _Found:
    settings = work.study.model
    if settings is None:
        return _Found(population=_described(work, cohort, features))
    data = partition(features, cohort, work.study.validation)
    # a stored model is another whenever its files are others, wherever it lies
    key = features.key if stored is None else text_fingerprint([features.key, stored.bundle.fingerprint])
    model = _developed(work, data, settings, key, as_stored(stored) if stored else None)
    results = _judged(work, model, data, settings, key)
    designs = _designed(work, model, data, settings, features.key) if model.learnt else None
    _keep_predictions(work.internal, data, model)
    return _Found(model, results, designs=designs)


def _described(work: Workshop, cohort: Cohort, features: FeatureTable) -> Population:
    study = work.study
    # A model that this folder held before says nothing about this study.
    (work.internal / "predictions.parquet").unlink(missing_ok=True)
    with work.stage("description", "Describing everyone"):
        digest = text_fingerprint(["description", features.key, code_fingerprint(), study.assessment.model_dump_json()])
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
        digest = text_fingerprint(["explanation", *parts, study.explanation.model_dump_json()])
        explanation, again = kept(
            Explanation, folder / f"explanation-{digest[:16]}", lambda: explain(model, data, study.explanation)
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


def _written(work: Workshop, released: Released) -> tuple[dict[str, Path], str]:
    """Write what people read, each file whole, and say the verdict."""
    folder = work.study.folder
    with work.stage("report", "Writing the report"):
        rendered = render(released, work.study.reporting)
        files: dict[str, bytes] = {
            "report.html": rendered.html.encode(),
            "metrics.json": json.dumps(released.metrics(), indent=1, ensure_ascii=False, allow_nan=False).encode(),
        }
        if rendered.model_card is not None:
            files["model_card.md"] = rendered.model_card.encode()
        if rendered.pdf is not None:
            files["report.pdf"] = rendered.pdf
        files |= {f"figures/{name}.png": picture for name, picture in rendered.figures.items()}
        files |= {f"tables/{name}.csv": table.to_csv(index=False).encode() for name, table in rendered.tables.items()}
        for stale in ("figures", "tables"):
            shutil.rmtree(folder / stale, ignore_errors=True)
            (folder / stale).mkdir()
        for stale in ("model_card.md", "report.pdf"):
            if stale not in files:
                (folder / stale).unlink(missing_ok=True)
        for name, content in files.items():
            replace_whole(folder / name, partial(Path.write_bytes, data=content))
    return {name: folder / name for name in files}, rendered.verdict


def _registered(work: Workshop, released: Released, artefacts: dict[str, Path], verdict: str) -> dict[str, Any]:
    with work.stage("registry", "Registering the model"):
        published = publish(
            released,
            work.study.registry,
            folder=work.study.model_folder,
            artefacts={name: path for name, path in artefacts.items() if path.parent == work.study.folder},
            verdict=verdict,
            progress=work.progress,
        )
    return dataclasses.asdict(published)
