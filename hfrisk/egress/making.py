"""From the files of a finished run to the folder for the airlock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hfrisk.egress.behind import Counts, behind
from hfrisk.egress.files import ReleasedFile, sealed, sealed_text, written
from hfrisk.egress.five_safes import five_safes
from hfrisk.egress.folder import MANIFEST, kept_whole, write_folder
from hfrisk.egress.pages import page_of_markdown
from hfrisk.egress.sacro import ACRO, RESULTS, results_text
from hfrisk.errors import StudyError
from hfrisk.fingerprints import code_fingerprint, text_fingerprint

__all__ = ["Egress", "make_egress"]

_MODEL = ("model.txt", "calibration.json", "contract.json", "feature_dictionary.json")
_WORDS = {
    "report.html": "The report.",
    "report.pdf": "The report on paper.",
    "metrics.json": "Every released number.",
    "run.json": "How the run was made: hashes, versions, seeds.",
    "model_card.html": "The model card.",
    "model.txt": "The model: trees as LightGBM's text, without ranges and exact counts of the people whom it learnt from.",
    "calibration.json": "How the model's log-odds become a risk.",
    "contract.json": "What goes into the model and what comes out, and how its risks may be shown.",
    "feature_dictionary.json": "What each input of the model is.",
    "five_safes.html": "For the output checkers: the five safes, with blanks to fill in and sign. Not for publication.",
    MANIFEST: "For the output checkers: every file, its hash, and what stands behind it.",
}


@dataclass(frozen=True)
class Egress:
    """What was made.

    Parameters
    ----------
    folder
        Where it lies.
    unchanged
        Whether it was there already, to the last byte.
    files
        What the manifest says of each file.
    model
        Whether the model is among them, in a sentence.
    """

    folder: Path
    unchanged: bool
    files: list[dict[str, Any]]
    model: str


def make_egress(
    folder: Path,
    run: Mapping[str, Path],
    seals: Mapping[str, str],
    *,
    policy: Mapping[str, int],
    exceptions: Sequence[Mapping[str, str]],
    without_model: bool,
    when: str,
) -> Egress:
    """Make the folder from the files that a finished run sealed.

    Parameters
    ----------
    folder
        To be replaced as a whole.
    run
        The files of the run by their names in it (``report.html``, ``figures/flow.png``, ``model/model.txt``).
    seals
        Their fingerprints, as the run recorded them.
    policy
        ``threshold``, ``round_base``, ``significant_figures``.
    exceptions
        ``check``, ``reason``, ``by``.
    without_model
        Leave the model inside.
    when
        Time of the release, ISO 8601.

    Raises
    ------
    StudyError
        If a file was changed or is of a kind that does not leave, a count is below the threshold, or the model may not leave.
    """
    files = [
        sealed(run[of], name, seals[of], of)
        for of in sorted(run)
        if (name := _name(of)) is not None and not (without_model and of.startswith("model/"))
    ]
    metrics = json.loads(next(file.content for file in files if file.of == "metrics.json"))
    if "model_card.md" in run and not without_model:
        card = sealed_text(run["model_card.md"], seals["model_card.md"], "model_card.md")
        files.append(written("model_card.html", page_of_markdown(card)))
    model = _model_in_words(files, metrics, without_model)
    used = _used(metrics, exceptions) if any(file.kind == "model" for file in files) else []
    counts = behind(files, metrics["tables"].get("ledger", ()))
    _refuse_small(counts, policy["threshold"])
    key = text_fingerprint(
        [code_fingerprint(), json.dumps([policy, list(used), model]), *(f"{f.name}:{f.sha256}" for f in files)]
    )
    earlier = kept_whole(folder)
    if earlier is not None and earlier.get("key") == key:
        return Egress(folder, True, list(earlier["files"]), model)
    safes = five_safes(files, counts, metrics, policy=policy, model=model, exceptions=used)
    files.append(written("five_safes.html", safes))
    told = [_told(file, counts.get(file.name, Counts()), policy) for file in files]
    whole = _manifest(metrics, told, key, policy=policy, exceptions=exceptions, model=model, when=when)
    files.append(written(MANIFEST, json.dumps(whole, indent=1, ensure_ascii=False)))
    words = {file.name: _words(file) for file in files}
    files.append(written(RESULTS, results_text(files, counts, words, when=when, exceptions=used)))
    write_folder(folder, files)
    return Egress(folder, False, told, model)


def _name(of: str) -> str | None:
    """What a file of the run is called in the folder, which has no folders below it; None for what stays or is told otherwise."""
    path = PurePosixPath(of)
    if of == "manifest.json":
        return "run.json"
    if of == "model_card.md":
        return None
    if path.parent.name == "model":
        # the code that loads it, and what MLflow needs, are not of a kind that leaves; metrics.json is there already
        return path.name if path.name in _MODEL else None
    return {"figures": f"figure_{path.name}", "tables": f"table_{path.name}"}.get(path.parent.name, path.name)


def _model_in_words(files: Sequence[ReleasedFile], metrics: Mapping[str, Any], without_model: bool) -> str:
    if any(file.kind == "model" for file in files):
        return "The model is among the files; the report says which tests of what may leave it passed."
    if without_model:
        return "The model was left inside, as asked."
    if metrics["tables"].get("points_card"):
        return "No model is among the files: none was registered. The score-card is."
    return "No model is among the files."


def _used(metrics: Mapping[str, Any], exceptions: Sequence[Mapping[str, str]]) -> list[str]:
    """The exceptions that the model needs in order to leave, in sentences."""
    failed = {row["test"] for row in metrics["tables"].get("model_egress", ()) if row["passed"] == "no"}
    return [
        f"The model failed {entry['check']}; the exception: {entry['reason'].rstrip('.')} ({entry['by']})."
        for entry in exceptions
        if entry["check"] in failed
    ]


def _refuse_small(counts: Mapping[str, Counts], threshold: int) -> None:
    small = sorted(name for name, c in counts.items() if c.smallest is not None and c.smallest < threshold)
    if small:
        raise StudyError(
            f"A count below {threshold} would leave.",
            where=", ".join(small),
            todo="Do not take these files out by hand. Report the fault without them.",
        )


def _words(file: ReleasedFile) -> str:
    if file.name in _WORDS:
        return _WORDS[file.name]
    stem = PurePosixPath(file.of).stem.replace("_", " ").replace("-", " ")
    return {"png": f"Figure of the report: {stem}.", "csv": f"Released table: {stem}."}.get(file.kind, f"{stem}.")


def _told(file: ReleasedFile, counts: Counts, policy: Mapping[str, int]) -> dict[str, Any]:
    return {
        "name": file.name,
        "what": _words(file),
        "kind": file.kind,
        "sha256": file.sha256,
        "bytes": len(file.content),
        "policy": f"threshold {policy['threshold']}, rounded to {policy['round_base']}",
        "behind": counts.told(),
    }


def _manifest(
    metrics: Mapping[str, Any],
    files: list[dict[str, Any]],
    key: str,
    *,
    policy: Mapping[str, int],
    exceptions: Sequence[Mapping[str, str]],
    model: str,
    when: str,
) -> dict[str, Any]:
    study, provenance = metrics["study"], metrics["provenance"]
    return {
        "study": study.get("name", ""),
        "title": study.get("title", ""),
        "environment": study.get("environment", ""),
        "released_at": when,
        "key": key,
        "policy": dict(policy),
        "model": model,
        "exceptions": [dict(entry) for entry in exceptions],
        "acro": ACRO,
        "run": {
            k: provenance[k] for k in ("hfrisk", "code_version", "study_hash", "source_fingerprint") if k in provenance
        },
        "files": files,
    }
