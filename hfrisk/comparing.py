"""Two finished runs, read from their folders and set side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

from hfrisk.disclosure import metrics_schema
from hfrisk.errors import StudyError
from hfrisk.reporting.comparing import Comparison, Run, compare, comparison_page, finding

__all__ = ["compared", "comparison_in_words", "read_run", "write_comparison"]

_METRICS = "metrics.json"
_ROWS = 20
_TODO = "Give the folder that `hfrisk run` made (reports/NAME), or its metrics.json."


def read_run(place: Path, option: str) -> Run:
    """The released numbers of a finished run.

    Parameters
    ----------
    place
        Its folder, or its `metrics.json`.
    option
        What the place was given as, for the error.

    Raises
    ------
    StudyError
        If that is not a finished run, or one whose `metrics.json` another version of hfrisk wrote in another shape.
    """
    path = place / _METRICS if place.is_dir() else place
    if not path.is_file():
        raise StudyError(f"{place} is not the folder of a finished run.", where=option, todo=_TODO)
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StudyError(f"{path} cannot be read as the numbers of a run.", where=option, todo=_TODO) from None
    if not jsonschema.Draft202012Validator(metrics_schema()).is_valid(_beginnings(metrics)):
        version = _version(metrics)
        raise StudyError(
            f"{path} is not in the shape that this version of hfrisk reads{version}.",
            where=option,
            todo="Run that study again with this version: stages that have not changed are found again.",
        )
    return Run(str(metrics["study"].get("name") or path.resolve().parent.name), metrics)


def _beginnings(value: Any) -> Any:
    """The same with at most a few rows of each list: the shape is that of the rows, and there are ten thousand of them."""
    if isinstance(value, dict):
        return {name: _beginnings(inner) for name, inner in value.items()}
    return [_beginnings(inner) for inner in value[:_ROWS]] if isinstance(value, list) else value


def _version(metrics: Any) -> str:
    provenance = metrics.get("provenance") if isinstance(metrics, dict) else None
    version = provenance.get("hfrisk") if isinstance(provenance, dict) else None
    return f" (it was written by {version})" if isinstance(version, str) else ""


def compared(a: Path, b: Path) -> Comparison:
    """The two runs side by side; runs of one name are told apart by their folders."""
    first, second = read_run(a, "A"), read_run(b, "B")
    if first.name == second.name:
        first, second = (Run(_place(path, run.name), run.metrics) for path, run in ((a, first), (b, second)))
    return compare(first, second)


def _place(path: Path, name: str) -> str:
    folder = (path if path.is_dir() else path.parent).resolve()
    # two years of one study lie in folders of one name, in folders of two
    return folder.name if folder.name != name else f"{folder.parent.name}/{folder.name}"


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """`comparison.html` and `comparison.json` in `folder`; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "comparison.html"
    page.write_text(comparison_page(comparison), encoding="utf-8")
    told = json.dumps(comparison.as_json(), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "comparison.json").write_text(told, encoding="utf-8")
    return page


def comparison_in_words(comparison: Comparison, page: Path) -> str:
    """What the terminal says of it."""
    lines = [f"{finding(comparison)}.", ""]
    if not comparison.identical:
        cohort = sum(not row.same for row in comparison.cohort)
        lines += [
            f"Numbers of the cohort that differ: {cohort} of {len(comparison.cohort)}",
            f"Settings that differ: {len(comparison.settings)}",
            f"Checks that differ: {len(comparison.checks)}",
        ]
    return "\n".join([*lines, f"Page: {page}"])
