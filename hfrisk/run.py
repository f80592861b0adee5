"""The main job, from the source to the report and the registry. The only place that knows the order."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from hfrisk import __version__
from hfrisk.assessment import Results, assess
from hfrisk.cdm import source_fingerprint
from hfrisk.cohort import Cohort
from hfrisk.disclosure import Released, release
from hfrisk.explanation import Explanation, explain
from hfrisk.fingerprints import code_fingerprint, file_fingerprint, text_fingerprint
from hfrisk.modelling import Model, ModellingData, develop, partition
from hfrisk.progress import Quiet
from hfrisk.registry import publish
from hfrisk.reporting import render
from hfrisk.store import kept
from hfrisk.study import Study
from hfrisk.workshop import Workshop, open_workshop, replace_whole

__all__ = ["Finished", "run_study"]

_LIBRARIES = (
    "duckdb",
    "fairlearn",
    "ibis-framework",
    "lightgbm",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "scikit-learn",
    "shap",
)
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
    key = text_fingerprint([study.fingerprint(), source_fingerprint(study.source), code_fingerprint(), until])
    if not refresh and (summary := _unchanged(study, key)) is not None:
        progress.say("Nothing has changed since the last run: nothing was done. --refresh does everything again.")
        return Finished(True, study.folder / "report.html", summary)
    with open_workshop(study, progress) as work:
        if refresh:
            shutil.rmtree(work.internal / "results", ignore_errors=True)
        cohort = work.cohort()
        features = work.features(cohort)
        data = partition(features, cohort, study.validation)
        model = _developed(work, data, features.key)
        results, explanation = _judged(work, model, data, features.key)
        _keep_predictions(work.internal, data, model)
        provenance = _provenance(work)
        with work.stage("disclosure", "Passing everything through the disclosure gate"):
            released = release(
                cohort,
                features,
                (results, explanation),
                model,
                study.disclosure,
                study=_words(study, cohort),
                provenance=provenance,
            )
        artefacts, verdict = _written(work, released)
        registered = _registered(work, released, artefacts, verdict) if until == "registry" else {}
        summary = _summary(study, released, registered, verdict)
        _manifest(work, key, provenance, artefacts, summary)
    return Finished(False, study.folder / "report.html", summary)


def _developed(work: Workshop, data: ModellingData, key: str) -> Model:
    study = work.study
    with work.stage("model", "Tuning and fitting the model"):
        digest = text_fingerprint(
            ["model", key, code_fingerprint(), study.validation.model_dump_json(), study.model.model_dump_json()]
        )
        model, again = kept(
            Model,
            work.internal / "results" / f"model-{digest[:16]}",
            lambda: develop(data.part("development"), study.model, folder=work.internal, progress=work.progress),
        )
        if again:
            work.reused.append("model")
    return model


def _judged(work: Workshop, model: Model, data: ModellingData, key: str) -> tuple[Results, Explanation]:
    study = work.study
    parts = [key, code_fingerprint(), study.validation.model_dump_json(), study.model.model_dump_json()]
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
    with work.stage("explanation", "Asking what drives it"):
        digest = text_fingerprint(["explanation", *parts, study.explanation.model_dump_json()])
        explanation, again = kept(
            Explanation, folder / f"explanation-{digest[:16]}", lambda: explain(model, data, study.explanation)
        )
        if again:
            work.reused.append("explanation")
    return results, explanation


def _keep_predictions(internal: Path, data: ModellingData, model: Model) -> None:
    """Every index discharge with its risk: out-of-fold in development, from the shipped model elsewhere."""
    rows = data.rows[["person_id", "index_id", "split", "fold", "state", "event"]].rename(columns={"state": "outcome"})
    rows["risk"] = model.predict(data.features)
    for name in model.comparators:
        rows[f"risk_{name}"] = model.predict_comparator(name, data.features)
    keys = ["person_id", "index_id"]
    held_out = rows[keys].merge(model.cross_validated, on=keys, how="left")
    developed = (rows["split"] == "development").to_numpy()
    for column in [c for c in rows.columns if c.startswith("risk")]:
        rows.loc[developed, column] = held_out.loc[developed, column].to_numpy()
    replace_whole(internal / "predictions.parquet", lambda path: rows.to_parquet(path, index=False))


def _words(study: Study, cohort: Cohort) -> dict[str, Any]:
    """The study in the words of the report; no number in it comes from data."""
    first, last = cohort.window
    emergency = study.cohort.unplanned != "assume_unplanned"
    back = "came back to hospital as an emergency" if emergency else "were admitted to hospital again"
    noun = "emergency readmission" if emergency else "readmission"
    either = cohort.risk == "composite"
    within = "30 days"
    return {
        "name": study.name,
        "title": study.title or f"{study.name}: heart-failure readmission",
        "environment": study.environment,
        "question": study.question,
        "made_up": study.made_up,
        "outcome_words": f"{back} or died within {within}" if either else f"{back} within {within}",
        "outcome_noun": f"{noun} or death within {within}" if either else f"{noun} within {within}",
        "window_words": f"days {first} to {last} after discharge",
        "window": [first, last],
        "risk": cohort.risk,
        "threshold": study.assessment.threshold,
        "bands": list(study.assessment.bands),
        "status": study.registry.alias,
        "model_name": study.registry.model_name,
        "coding_is_live": study.features.coding_is_live,
        "settings": study.model_dump(mode="json", exclude={"folders": True, "source": {"path"}, "registry": True}),
    }


def _provenance(work: Workshop) -> dict[str, Any]:
    study = work.study
    return {
        "hfrisk": __version__,
        "code_version": code_fingerprint(),
        "study_hash": study.fingerprint(),
        "source_fingerprint": work.cdm.fingerprint,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "seeds": {"validation": study.validation.seed, "model": study.model.seed, "assessment": study.assessment.seed},
    }


def _written(work: Workshop, released: Released) -> tuple[dict[str, Path], str]:
    """Write what people read, each file whole, and say the verdict."""
    folder = work.study.folder
    with work.stage("report", "Writing the report"):
        rendered = render(released, work.study.reporting)
        files: dict[str, bytes] = {
            "report.html": rendered.html.encode(),
            "model_card.md": rendered.model_card.encode(),
            "metrics.json": json.dumps(released.metrics(), indent=1, ensure_ascii=False, allow_nan=False).encode(),
        }
        if rendered.pdf is not None:
            files["report.pdf"] = rendered.pdf
        files |= {f"figures/{name}.png": picture for name, picture in rendered.figures.items()}
        files |= {f"tables/{name}.csv": table.to_csv(index=False).encode() for name, table in rendered.tables.items()}
        for stale in ("figures", "tables"):
            shutil.rmtree(folder / stale, ignore_errors=True)
            (folder / stale).mkdir()
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


def _summary(study: Study, released: Released, registered: dict[str, Any], verdict: str) -> dict[str, Any]:
    return {
        "study": study.name,
        "verdict": verdict,
        "report": str(study.folder / "report.html"),
        "metrics": str(study.folder / "metrics.json"),
        "model": registered,
        "cohort": released.headline,
        "checks": released.checks[["code", "severity", "finding"]].to_dict("records"),
    }


def _manifest(
    work: Workshop, key: str, provenance: dict[str, Any], artefacts: dict[str, Path], summary: dict[str, Any]
) -> None:
    """How the run was made, for readers, without a place on any machine; and, inside, what a second run needs to know."""
    folder, model = work.study.folder, work.study.model_folder
    written = {name: file_fingerprint(path) for name, path in artefacts.items()}
    manifest = {"key": key, **provenance, "stages": work.timings, "kept_from_before": work.reused, "outputs": written}
    _write_json(folder / "manifest.json", manifest)
    files = [*artefacts.values(), folder / "manifest.json"]
    if summary["model"]:
        files += [path for path in sorted(model.rglob("*")) if path.is_file()]
    outputs = {os.path.relpath(path, folder): file_fingerprint(path) for path in files}
    _write_json(work.internal / "last_run.json", {"key": key, "outputs": outputs, "summary": summary})


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, default=str)
    replace_whole(path, partial(Path.write_text, data=text, encoding="utf-8"))


def _unchanged(study: Study, key: str) -> dict[str, Any] | None:
    """The summary of the last run, if it was this one and all it left is still as it was."""
    try:
        last = json.loads((study.folder / "internal" / "last_run.json").read_text(encoding="utf-8"))
        if last["key"] != key:
            return None
        if any(file_fingerprint(study.folder / name) != digest for name, digest in last["outputs"].items()):
            return None
        summary: dict[str, Any] = last["summary"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return summary
