"""How a run is recorded: the study in words, what it was made with, and what a second run needs to know."""

from __future__ import annotations

import json
import os
import platform
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hfrisk import __version__
from hfrisk.cohort import Cohort
from hfrisk.disclosure import Released
from hfrisk.fingerprints import code_fingerprint, file_fingerprint
from hfrisk.profiles import read_profile
from hfrisk.study import Study
from hfrisk.workshop import Workshop, replace_whole

__all__ = ["provenance_of", "study_words", "summary_of", "unchanged", "write_manifest"]

_LIBRARIES = ("duckdb", "ibis-framework", "numpy", "pandas", "scipy")
_LIBRARIES_OF_A_MODEL = ("fairlearn", "lightgbm", "mlflow", "optuna", "scikit-learn", "shap")

# Where things lie on this machine, and people who are made up to try the definitions.
_NOT_IN_THE_REPORT: Any = {"folders": True, "source": {"path", "maps"}, "registry": True, "assurances": True}


def study_words(study: Study, cohort: Cohort) -> dict[str, Any]:
    """The study in the words of the report; no number in it comes from data."""
    first, last = cohort.window
    emergency = study.cohort.planned_is_told
    back = "came back to hospital as an emergency" if emergency else "were admitted to hospital again"
    noun = "emergency readmission" if emergency else "readmission"
    either = cohort.risk == "composite"
    within = "30 days"
    told: dict[str, Any] = {
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
        "cannot_know": list(read_profile(study.profile).cannot),
        "settings": study.model_dump(mode="json", exclude=_NOT_IN_THE_REPORT),
    }
    if study.model is not None:
        told |= {
            "tested": study.validation.tested,
            "threshold": study.assessment.threshold,
            "bands": list(study.assessment.bands),
            "status": study.registry.alias,
            "model_name": study.registry.model_name,
            "coding_is_live": study.features.coding_is_live,
        }
    return told


def provenance_of(work: Workshop) -> dict[str, Any]:
    """Hashes, versions and seeds."""
    study = work.study
    seeds = {"cohort": study.cohort.random_seed}
    libraries = [*_LIBRARIES]
    if study.model is not None:
        libraries += _LIBRARIES_OF_A_MODEL
        seeds |= {"validation": study.validation.seed, "model": study.model.seed, "assessment": study.assessment.seed}
        seeds |= {
            "designs": study.designs.seed,
            "fairness": study.fairness.seed,
            "attacks": study.disclosure.membership.seed,
        }
    return {
        "hfrisk": __version__,
        "code_version": code_fingerprint(),
        "study_hash": study.fingerprint(),
        "source_fingerprint": work.cdm.fingerprint,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in sorted(libraries)},
        "engine": work.cdm.engine,
        "seeds": seeds,
    }


def summary_of(study: Study, released: Released, registered: dict[str, Any], verdict: str) -> dict[str, Any]:
    """What `--json` prints of a run."""
    return {
        "study": study.name,
        "verdict": verdict,
        "report": str(study.folder / "report.html"),
        "metrics": str(study.folder / "metrics.json"),
        "model": registered,
        "not_exported": _forbidding(released),
        "cohort": released.headline,
        "checks": released.checks[["code", "severity", "finding"]].to_dict("records"),
    }


def _forbidding(released: Released) -> list[dict[str, Any]]:
    """The tests for which the model is not exported: what was found, and what to do."""
    checks = released.checks
    forbidding = checks[checks["code"].isin(released.forbidden_by)]
    return [
        {str(k): v for k, v in row.items()}
        for row in forbidding[["code", "title", "finding", "todo"]].to_dict("records")
    ]


def write_manifest(
    work: Workshop, key: str, provenance: dict[str, Any], artefacts: dict[str, Path], summary: dict[str, Any]
) -> None:
    """How the run was made, for readers, without a place on any machine; and, inside, what a second run needs to know."""
    folder, model = work.study.folder, work.study.model_folder
    written = {name: file_fingerprint(path) for name, path in artefacts.items()}
    exceptions = [exception.model_dump() for exception in work.study.disclosure.exceptions]
    manifest = {
        "key": key,
        **provenance,
        "exceptions": exceptions,
        "stages": work.timings,
        "kept_from_before": work.reused,
        "outputs": written,
    }
    _write_json(folder / "manifest.json", manifest)
    files = [*artefacts.values(), folder / "manifest.json"]
    if summary["model"]:
        files += [path for path in sorted(model.rglob("*")) if path.is_file()]
    outputs = {os.path.relpath(path, folder): file_fingerprint(path) for path in files}
    _write_json(work.internal / "last_run.json", {"key": key, "outputs": outputs, "summary": summary})


def _write_json(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1, default=str)
    replace_whole(path, partial(Path.write_text, data=text, encoding="utf-8"))


def unchanged(study: Study, key: str) -> dict[str, Any] | None:
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
