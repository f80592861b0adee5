"""`hfrisk release`: the folder for the airlock, from a run that is finished and unchanged. No data is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfrisk.egress import Egress, make_egress
from hfrisk.errors import StudyError
from hfrisk.locking import locked
from hfrisk.progress import Quiet
from hfrisk.study import Study

__all__ = ["released_folder"]

# ours, but of no run: they stay
_OURS = frozenset({".gitignore", "recalibration.json"})
_INSIDE = ("internal", "egress")


def released_folder(study: Study, progress: Quiet, *, without_model: bool = False) -> Egress:
    """Make ``egress/`` in the study's folder.

    Parameters
    ----------
    study
        As it was run.
    progress
        Who is told.
    without_model
        Leave the model inside.

    Raises
    ------
    StudyError
        If the run is not finished, the study, its results or its model were changed since, a file lies in the folder that is not of the
        run, or the model may not leave.
    """
    internal = study.folder / "internal"
    if not internal.is_dir():
        raise _unfinished(study)
    with locked(internal / ".lock", progress, what=f"A run is at work in {study.folder}"):
        last = _last_run(study)
        if last["summary"].get("not_exported") and not without_model:
            raise _forbidden(last["summary"]["not_exported"])
        run, seals = _files(study, last["outputs"])
        _refuse_strangers(study.folder, run)
        return make_egress(
            study.folder / "egress",
            run,
            seals,
            policy=study.disclosure.model_dump(include={"threshold", "round_base", "significant_figures"}),
            exceptions=[exception.model_dump() for exception in study.disclosure.exceptions],
            without_model=without_model,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _last_run(study: Study) -> dict[str, Any]:
    try:
        last: dict[str, Any] = json.loads((study.folder / "internal" / "last_run.json").read_text(encoding="utf-8"))
        made_from = json.loads((study.folder / "manifest.json").read_text(encoding="utf-8"))
        same = made_from["key"] == last["key"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _unfinished(study) from None
    if not same:
        raise _unfinished(study)
    if made_from.get("study_hash") != study.fingerprint():
        raise StudyError(
            "The study has changed since it was run: its results are not those of this study file.",
            where="the study file, and the options given with --set",
            todo="Run it again (hfrisk run STUDY), or release with the study file as it was run.",
        )
    return last


def _files(study: Study, outputs: dict[str, str]) -> tuple[dict[str, Path], dict[str, str]]:
    """Every file that the run sealed, and its seal, by a name within the run; those of the model begin with ``model/``."""
    run, seals = {}, {}
    model = study.model_folder.resolve()
    for told, seal in outputs.items():
        path = (study.folder / told).resolve()
        name = f"model/{path.relative_to(model).as_posix()}" if path.is_relative_to(model) else Path(told).as_posix()
        run[name], seals[name] = path, seal
    return run, seals


def _refuse_strangers(folder: Path, run: dict[str, Path]) -> None:
    """Refuse while the study's folder holds a file that is not of the run: nobody should wonder what it is, or carry it out by mistake."""
    known = set(run.values())
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if place.parts[0] in _INSIDE or (path.is_dir() and not path.is_symlink()) or place.as_posix() in _OURS:
            continue
        if path.is_symlink() or path.resolve() not in known:
            raise StudyError(
                f"{place.as_posix()} is not of the run.",
                where=str(folder),
                todo="Move it out of the study's folder, and release again.",
            )


def _forbidden(failed: list[dict[str, str]]) -> StudyError:
    codes = ", ".join(row["code"] for row in failed)
    return StudyError(
        f"The model may not leave: it failed {codes}.",
        where="\n    ".join(f"{row['code']} {row['title']}: {row['finding']}" for row in failed),
        todo="\n    ".join(
            [*(f"{row['code']}: {row['todo']}" for row in failed), "Or release the rest with --without-model."]
        ),
    )


def _unfinished(study: Study) -> StudyError:
    return StudyError(
        "There is no finished run of this study to release.",
        where=str(study.folder),
        todo="Run it to its end first (hfrisk run STUDY).",
    )
