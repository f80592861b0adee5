"""The command line: parses, calls, prints. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import dataclasses
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hfrisk import __version__
from hfrisk.errors import HfriskError, StudyError

if TYPE_CHECKING:
    from hfrisk.study import Study

__all__ = ["app", "main"]

app = typer.Typer(
    name="hfrisk",
    help="Heart-failure readmission risk modelling on OMOP data, inside secure data environments. "
    "Research software: not a medical device, and not for direct care.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StudyFile = Annotated[Path, typer.Argument(help="The study file (YAML).", metavar="STUDY", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a setting, as in --set source.path=DIR. May be repeated.", metavar="A.B=C"),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")
]
Quietly = Annotated[bool, typer.Option("--quiet", help="Say nothing about progress.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Do everything again, even if nothing has changed.")]


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit()


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The study file to write.")] = Path("study.yaml"),
    name: Annotated[
        str | None, typer.Option(help="Short name of the study. Not given: made from the file's name.")
    ] = None,
    source: Annotated[str, typer.Option(help="Where the OMOP data is, counted from the study file.")] = "path/to/omop",
) -> None:
    """Write a study file in which every setting is explained, and its JSON Schema beside it."""
    from hfrisk.study import STUDY_NAME
    from hfrisk.template import schema_text, study_text

    name = name or re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "study"
    if not re.fullmatch(STUDY_NAME, name):
        raise StudyError(
            f"{name} cannot be the name of a study.",
            where="--name",
            todo="Use lower-case letters, digits and hyphens, beginning with a letter or digit.",
        )
    if path.exists():
        raise StudyError(f"{path} is there already.", where=str(path), todo="Choose another name, or remove it first.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(study_text({"name": name, "source": {"path": source}}), encoding="utf-8")
        (path.parent / "study.schema.json").write_text(schema_text(), encoding="utf-8")
    except OSError:
        raise StudyError("The study file cannot be written.", where=str(path), todo="Choose another folder.") from None
    _say(
        f"Wrote {path}, and study.schema.json beside it. Next: edit source.path, then `hfrisk check {shlex.quote(str(path))}`."
    )


@app.command()
def synthesise(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    index_discharges: Annotated[int, typer.Option(help="How many index discharges.", min=1)] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same region.")] = 1,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Make up a region in OMOP form, whose true risks are known."""
    from hfrisk.synthetic import RegionSettings
    from hfrisk.synthetic import synthesise as make

    summary = make(out, RegionSettings(index_discharges=index_discharges, seed=seed), _progress(quiet))
    _result(
        dataclasses.asdict(summary),
        as_json,
        lambda: f"Wrote a made-up region of {index_discharges:,} index discharges to {out}.",
    )


@app.command()
def check(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Look at the study file and the data, and say what would stand in the way of an honest result."""
    from hfrisk.workshop import checks_of, open_workshop

    with _working(_load(study, overrides)) as loaded, open_workshop(loaded, _progress(quiet)) as work:
        cohort = work.cohort()
        found = checks_of(cohort, work.features(cohort))
        tables = sorted(work.cdm.tables)
    rows = [
        {
            "code": c.code,
            "severity": c.severity,
            "title": c.title,
            "finding": c.text(_in_words),
            "consequence": c.consequence,
            "todo": c.todo,
        }
        for c in found
    ]
    _result(
        {"tables": tables, "data_end": f"{cohort.data_end:%Y-%m}", "checks": rows},
        as_json,
        lambda: _checks_in_words(rows),
    )
    if any(row["severity"] == "error" for row in rows):
        raise typer.Exit(3)


@app.command()
def cohort(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Find the index discharges and what became of them. Exact counts, for the researcher inside: do not take them out."""
    from hfrisk.workshop import open_workshop

    with _working(_load(study, overrides)) as loaded, open_workshop(loaded, _progress(quiet)) as work:
        summary = work.cohort().summary()
    _result(summary, as_json, lambda: _cohort_in_words(summary))


@app.command()
def features(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Work out what was known at discharge, and print the feature dictionary with the share that is missing."""
    from hfrisk.workshop import feature_summary, open_workshop

    with _working(_load(study, overrides)) as loaded, open_workshop(loaded, _progress(quiet)) as work:
        summary = feature_summary(work)
    _result(summary, as_json, lambda: _features_in_words(summary))


@app.command()
def run(
    study: StudyFile,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quietly = False,
    refresh: Refresh = False,
) -> None:
    """Do the whole job: cohort, features, model, assessment, explanation, disclosure, report, registry."""
    from hfrisk.run import run_study

    with _working(_load(study, overrides)) as loaded:
        finished = run_study(loaded, _progress(quiet), refresh=refresh)
    _result(finished.summary, as_json, lambda: _run_in_words(finished.summary))


@app.command()
def report(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Write the report, without registering the model. Stages that are done already are not done again."""
    from hfrisk.run import run_study

    with _working(_load(study, overrides)) as loaded:
        finished = run_study(loaded, _progress(quiet), until="report")
    _result(finished.summary, as_json, lambda: _run_in_words(finished.summary))


@app.command()
def score(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Score the source's index discharges with the study's exported model, into internal/scores.parquet."""
    from hfrisk.scoring import scored

    with _working(_load(study, overrides)) as loaded:
        path, scores = scored(loaded, _progress(quiet))
    summary = {"scores": str(path), "rows": len(scores), "bands": scores["band"].value_counts().sort_index().to_dict()}
    _result(
        summary, as_json, lambda: f"Scored {len(scores):,} index discharges: {path} (patient-level; it stays inside)."
    )


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the made-up region and the results go.")] = Path("reports"),
    index_discharges: Annotated[int, typer.Option(help="How many index discharges.", min=1)] = 10_000,
    as_json: Json = False,
    quiet: Quietly = False,
    refresh: Refresh = False,
) -> None:
    """Make up a small region and do the whole job on it."""
    from hfrisk.run import run_study
    from hfrisk.study import study_from
    from hfrisk.synthetic import RegionSettings, made_with
    from hfrisk.synthetic import synthesise as make

    progress = _progress(quiet)
    region = folder / "demo-region"
    settings = RegionSettings(index_discharges=index_discharges, seed=1)
    if not made_with(region, settings):
        progress.say(f"Making up a region of {index_discharges:,} index discharges (some seconds) ...")
        make(region, settings, progress)
    chosen = {
        **DEMO,
        "source": {"path": str(region.resolve())},
        "folders": {"reports": str(folder.resolve()), "models": str((folder.parent / "models").resolve())},
    }
    with _working(study_from(chosen, base=Path.cwd())) as loaded:
        finished = run_study(loaded, progress, refresh=refresh)
    _result(finished.summary, as_json, lambda: _run_in_words(finished.summary))


_WRITABLE = "Choose a folder that exists and that you may write to."

# what a shell expects of a program that was stopped by Ctrl-C
_INTERRUPTED = 130

DEMO: dict[str, Any] = {
    "name": "demo",
    "title": "Who comes back within 30 days? A made-up region",
    "environment": "A made-up region of 22 trusts",
    "made_up": True,
}


def main() -> None:
    """Run the command line; a user's mistake is told without a traceback."""
    try:
        code = app(standalone_mode=False)
    except HfriskError as error:
        _say(f"hfrisk: {error}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]  # a wrong command or option, in the parser's own words
        sys.exit(2)
    except OSError as error:
        _say(
            f"hfrisk: {StudyError(f'{error.strerror or type(error).__name__}.', where=str(error.filename or ''), todo=_WRITABLE)}"
        )
        sys.exit(2)
    if code == _INTERRUPTED:
        _say("Stopped. What was finished is kept: the same command goes on from here.")
    sys.exit(code if isinstance(code, int) else 0)


@contextmanager
def _working(study: Study) -> Iterator[Study]:
    """Errors that nobody foresaw go to the study's internal folder, where they may hold patients' values; the terminal sees their kind."""
    try:
        yield study
    except (HfriskError, typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:
        import traceback

        log = study.folder / "internal" / "error.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        raise HfriskError(
            f"A fault of hfrisk ({type(error).__name__}).",
            where=str(log),
            todo="The details are in that file, which may hold patients' values and stays inside. Please report the fault without them.",
        ) from None


def _load(path: Path, overrides: list[str] | None) -> Study:
    from hfrisk.study import load_study

    return load_study(path, overrides or ())


def _progress(quiet: bool) -> Any:
    from hfrisk.progress import Progress, Quiet

    return Quiet() if quiet else Progress()


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _result(value: dict[str, Any], as_json: bool, words: Callable[[], str]) -> None:
    if as_json:
        import json

        print(json.dumps(value, indent=1, default=str, ensure_ascii=False))
    else:
        print(words())


def _in_words(count: int) -> str:
    return f"{count:,}" if count >= 10 else "fewer than 10"


def _checks_in_words(rows: list[dict[str, str]]) -> str:
    lines = []
    for row in rows:
        lines += [
            f"{row['code']} {row['severity']}: {row['finding']}",
            f"    what it does: {row['consequence']}",
            f"    what to do: {row['todo']}",
        ]
    return "\n".join(lines) or "Nothing stands in the way."


def _cohort_in_words(summary: dict[str, Any]) -> str:
    lines = [f"{'left after the rule':<44}{'admissions':>12}{'persons':>10}{'events':>9}{'only here':>11}"]
    for row in summary["attrition"]:
        lines.append(
            f"{row['words'][:43]:<44}{row['admissions']:>12,}{row['persons']:>10,}{row['events']:>9,}{row['excluded_only_here']:>11,}"
        )
    states = ", ".join(f"{name} {count:,}" for name, count in summary["states"].items())
    return "\n".join([*lines, f"What became of them: {states}."])


def _features_in_words(summary: dict[str, Any]) -> str:
    lines = [f"{'feature':<32}{'unit':<22}{'missing':>8}"]
    lines += [f"{row['name']:<32}{row['unit']:<22}{row['missing']:>8.1%}" for row in summary["features"]]
    return "\n".join([*lines, *[f"{row['code']}: {row['finding']}" for row in summary["notices"]]])


def _run_in_words(summary: dict[str, Any]) -> str:
    lines = [f"Verdict: {summary['verdict']}", f"Report:  {summary['report']}", f"Numbers: {summary['metrics']}"]
    model = summary["model"]
    if model:
        name, _, alias = model["model_uri"].partition("@")
        lines += [
            f"Model:   {name}/{model['version']}, registered as {alias}",
            f"To load it: export MLFLOW_TRACKING_URI={shlex.quote(model['tracking_uri'])}",
        ]
    return "\n".join(lines)
