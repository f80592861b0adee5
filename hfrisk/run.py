"""The main job, from the source to the report and the registry. The only place that knows the order."""

from __future__ import annotations

import dataclasses
import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hfrisk.cdm import source_fingerprint
from hfrisk.disclosure import Released, release
from hfrisk.fingerprints import code_fingerprint, text_fingerprint
from hfrisk.modelling import calibrator_version
from hfrisk.progress import Quiet
from hfrisk.record import provenance_of, study_words, summary_of, unchanged, write_manifest
from hfrisk.registry import FoundModel, found_model, publish
from hfrisk.reporting import render
from hfrisk.stages import find_out
from hfrisk.stored_model import refuse_another_question, refuse_its_own_data, refuse_other_inputs
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
        found = find_out(work, cohort, features, stored)
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
                mitigation=found.mitigation,
                risks=found.risks,
                inequality=found.inequality,
            )
        artefacts, verdict = _written(work, released)
        learnt = found.model is not None and found.model.learnt
        if released.forbidden_by:
            progress.say(f"The model is not exported: it failed {', '.join(released.forbidden_by)} (see the checks).")
        exported = learnt and not released.forbidden_by and until == "registry"
        registered = _registered(work, released, artefacts, verdict) if exported else {}
        summary = summary_of(study, released, registered, verdict)
        write_manifest(work, key, provenance, artefacts, summary)
    return Finished(False, study.folder / "report.html", summary)


def _stored(study: Study, source: str) -> FoundModel | None:
    """The model that the study tries as it is, before any data is read; None where it tries none."""
    if study.model is None or not study.model.stored:
        return None
    with found_model(study.model.stored, study.registry, study.folders.models) as found:
        refuse_another_question(found, study)
        refuse_its_own_data(found, source, "source, model.stored", "Use data of another site or of later years.")
        return found


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
