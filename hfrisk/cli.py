"""The command line: parses, calls, prints. Results go to standard output, everything else to standard error."""

from __future__ import annotations

import dataclasses
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
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
    typer.Option("--set", help="Override a setting: --set source.path=DIR. Repeatable.", metavar="A.B=C"),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Quietly = Annotated[bool, typer.Option("--quiet", help="Say nothing about progress.")]
Refresh = Annotated[bool, typer.Option("--refresh", help="Do everything again, changed or not.")]


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit()


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The study file to write.")] = Path("study.yaml"),
    name: Annotated[str | None, typer.Option(help="Short name. Not given: from the file's name.")] = None,
    source: Annotated[str, typer.Option(help="Where the OMOP data is, from the study file.")] = "path/to/omop",
    profile: Annotated[str | None, typer.Option(help="Convention of the ETL, such as omop54.")] = None,
    every_map: Annotated[bool, typer.Option("--maps", help="Write an example of every site map.")] = False,
) -> None:
    """Write a study file in which every setting is explained.

    Its JSON Schema goes beside it, and with a profile the site maps that it needs; --maps writes an example of every one.
    """
    from hfrisk.profiles import profile_names
    from hfrisk.study import STUDY_NAME
    from hfrisk.template import map_templates, schema_text, starting_values, study_text

    name = name or re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "study"
    if not re.fullmatch(STUDY_NAME, name):
        raise StudyError(
            f"{name} cannot be the name of a study.",
            where="--name",
            todo="Use lower-case letters, digits and hyphens, beginning with a letter or digit.",
        )
    if profile is not None and profile not in profile_names():
        raise StudyError(
            f"There is no profile {profile}.", where="--profile", todo=f"Known: {', '.join(profile_names())}."
        )
    if path.exists():
        raise StudyError(f"{path} is there already.", where=str(path), todo="Choose another name, or remove it first.")
    values = starting_values(name, source, profile)
    named = set(values["source"].get("maps", {}).values())
    maps = {place: text for place, text in map_templates(profile).items() if every_map or place in named}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(study_text(values), encoding="utf-8")
        (path.parent / "study.schema.json").write_text(schema_text(), encoding="utf-8")
        for place, text in maps.items():
            target = path.parent / place
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.write_text(text, encoding="utf-8")
    except OSError:
        raise StudyError("The study file cannot be written.", where=str(path), todo="Choose another folder.") from None
    beside = ", ".join(["study.schema.json", *maps])
    _say(f"Wrote {path}, and {beside} beside it. Next: edit source.path, then `hfrisk check {shlex.quote(str(path))}`.")


@app.command()
def synthesise(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    index_discharges: Annotated[
        int | None, typer.Option(help="How many index discharges; 10,000 if not given.", min=1)
    ] = None,
    persons: Annotated[int | None, typer.Option(help="Size it by its people instead.", min=2)] = None,
    background: Annotated[
        float | None, typer.Option(help="People without heart failure for each with it.", min=0)
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option(help="Plant a defect: hb_g_per_dl=0.03. Repeatable.", metavar="NAME=RATE")
    ] = None,
    nhs_columns: Annotated[bool, typer.Option("--nhs-columns", help="Add the NHS's admission method.")] = False,
    drift: Annotated[
        list[str] | None, typer.Option(help="Change over the years: case_mix. Repeatable.", metavar="NAME")
    ] = None,
    chunk: Annotated[int, typer.Option(help="People made up at a time.", min=100)] = 12_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same region.")] = 1,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Make up a region in OMOP form, whose true risks are known."""
    from hfrisk.synthetic import RegionSettings, defects_from
    from hfrisk.synthetic import synthesise as make

    if index_discharges is not None and persons is not None:
        raise StudyError(
            "A region is sized by its index discharges or by its people.",
            where="--index-discharges, --persons",
            todo="Give one of them.",
        )
    chosen: dict[str, Any] = {"seed": seed, "nhs_columns": nhs_columns, "defects": defects_from(defect or ())}
    chosen |= {"drift": tuple(drift or ()), "chunk": chunk}
    if background is not None:
        chosen["background"] = background
    size = {"index_discharges": index_discharges or 10_000} if persons is None else {"persons": persons}
    summary = make(out, RegionSettings(**size, **chosen), _progress(quiet))
    _result(
        dataclasses.asdict(summary),
        as_json,
        lambda: (
            f"Wrote a made-up region of {summary.index_discharges:,} index discharges and {summary.persons:,} people to {out}."
        ),
    )


@app.command()
def check(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Check the study file, its assurances, and the data.

    Says what would stand in the way of an honest result. The study's made-up patients come first: where they do not become
    what the study expects, no data is read. Exit code 3: a check of the data failed.
    """
    from hfrisk.checking import checked
    from hfrisk.terminal import check_in_words

    with _working(_load(study, overrides)) as loaded:
        result = checked(loaded, _progress(quiet))
    _result(result, as_json, lambda: check_in_words(result))
    if not all(outcome["passed"] for outcome in result["assurances"]):
        raise typer.Exit(2)
    if any(row["severity"] == "error" for row in result["checks"]):
        raise typer.Exit(3)


@app.command()
def cohort(
    study: StudyFile,
    overrides: Overrides = None,
    sensitivity: Annotated[bool, typer.Option("--sensitivity", help="The study's definitions side by side.")] = False,
    order: Annotated[
        str | None, typer.Option(help="Apply the rules in this order instead.", metavar="RULE,RULE,...")
    ] = None,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Find the index discharges and what became of them.

    Exact counts, for the researcher inside: do not take them out.
    """
    from hfrisk.terminal import attrition_in_words, cohort_in_words, definitions_in_words
    from hfrisk.workshop import open_workshop

    if sensitivity and order is not None:
        raise StudyError(
            "The definitions side by side have no order of rules.",
            where="--sensitivity, --order",
            todo="Ask for one of the two.",
        )
    with _working(_load(study, overrides)) as loaded, open_workshop(loaded, _progress(quiet)) as work:
        if sensitivity:
            definitions = work.other_definitions().to_dict("records")
            _result({"definitions": definitions}, as_json, lambda: definitions_in_words(definitions))
            return
        found = work.cohort()
        if order is not None:
            steps = found.attrition_in([name.strip() for name in order.split(",")]).to_dict("records")
            _result({"attrition": steps}, as_json, lambda: attrition_in_words(steps))
            return
        summary = found.summary()
        _result(summary, as_json, lambda: cohort_in_words(summary, found.window))


@app.command()
def features(
    study: StudyFile,
    overrides: Overrides = None,
    everything: Annotated[bool, typer.Option("--all", help="Those too that are not offered to the model.")] = False,
    found: Annotated[bool, typer.Option("--found", help="What the source holds of the tests and medicines.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="For how many each input of a score was observed.")] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Every concept, sparse (features.sweep), instead.")] = False,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Print the feature dictionary with the share that is missing.


    The table itself, patient by patient, goes to internal/features and stays inside.
    """
    from hfrisk.feature_views import feature_summary, found_in_source, inputs_of_scores, sweep_summary
    from hfrisk.terminal import features_in_words, found_in_words, score_inputs_in_words, sweep_in_words
    from hfrisk.workshop import open_workshop

    if found + scores + sweep > 1:
        raise StudyError(
            "Only one table is printed at a time.", where="--found, --scores, --sweep", todo="Ask for one of them."
        )
    with _working(_load(study, overrides)) as loaded, open_workshop(loaded, _progress(quiet)) as work:
        words: Callable[[dict[str, Any]], str]
        if found:
            result, words = found_in_source(work), found_in_words
        elif scores:
            result, words = inputs_of_scores(work), score_inputs_in_words
        elif sweep:
            result, words = sweep_summary(work), sweep_in_words
        else:
            result, words = feature_summary(work), partial(features_in_words, everything=everything)

    _result(result, as_json, lambda: words(result))


@app.command()
def tune(
    study: StudyFile,
    overrides: Overrides = None,
    workers: Annotated[int, typer.Option(help="Processes on this machine that search.", min=1)] = 1,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Search for the model's settings, which a run then finds.

    With model.storage: postgres several workers share one search, here and on other machines that run the same command on the same
    data. HFRISK_TUNING_URL in the environment says where it is recorded.
    """
    from hfrisk.searching import searched
    from hfrisk.terminal import search_in_words

    with _working(_load(study, overrides)) as loaded:
        result = searched(loaded, _progress(quiet), workers=workers)
    _result(result, as_json, lambda: search_in_words(result))


@app.command()
def run(
    study: StudyFile,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quietly = False,
    refresh: Refresh = False,
) -> None:
    """Do the whole job, from the data to the report.

    Cohort, data quality, features, model, assessment, explanation, disclosure, report, registry; with `model: none` a
    description instead. Exit code 3: the data failed a check, and nothing was made of it.
    """
    from hfrisk.run import run_study
    from hfrisk.terminal import run_in_words

    with _working(_load(study, overrides)) as loaded:
        finished = run_study(loaded, _progress(quiet), refresh=refresh)
    _result(finished.summary, as_json, lambda: run_in_words(finished.summary))


@app.command()
def report(study: StudyFile, overrides: Overrides = None, as_json: Json = False, quiet: Quietly = False) -> None:
    """Write the report, without registering the model.

    Stages that are done already are not done again.
    """
    from hfrisk.run import run_study
    from hfrisk.terminal import run_in_words

    with _working(_load(study, overrides)) as loaded:
        finished = run_study(loaded, _progress(quiet), until="report")
    _result(finished.summary, as_json, lambda: run_in_words(finished.summary))


@app.command()
def release(
    study: StudyFile,
    overrides: Overrides = None,
    without_model: Annotated[bool, typer.Option("--without-model", help="Leave the model inside.")] = False,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Make the folder that may leave, from a finished run.

    Into egress/ in the study's folder: report, figures, tables and model, a manifest, ACRO's results.json with checksums, and a five-safes
    summary for two human checkers to fill in. No data is read.
    """
    from hfrisk.releasing import released_folder
    from hfrisk.terminal import egress_in_words

    with _working(_load(study, overrides)) as loaded:
        made = released_folder(loaded, _progress(quiet), without_model=without_model)
    result = dataclasses.asdict(made) | {"folder": str(made.folder)}
    _result(result, as_json, lambda: egress_in_words(result))


@app.command()
def score(
    study: StudyFile,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quietly = False,
    why: Annotated[
        bool, typer.Option("--why", help="Also what moves each risk most, in words, into internal/reasons.parquet.")
    ] = False,
) -> None:
    """Score the index discharges with the study's exported model.

    Into internal/scores.parquet, which stays inside.
    """
    from hfrisk.scoring import scored

    with _working(_load(study, overrides)) as loaded:
        path, scores = scored(loaded, _progress(quiet), why=why)
    summary = {"scores": str(path), "rows": len(scores), "bands": scores["band"].value_counts().sort_index().to_dict()}
    _result(
        summary, as_json, lambda: f"Scored {len(scores):,} index discharges: {path} (patient-level; it stays inside)."
    )


@app.command()
def recalibrate(
    model: Annotated[
        str,
        typer.Argument(
            help="An exported model's folder, models:/NAME/VERSION, or models:/NAME@ALIAS.", metavar="MODEL"
        ),
    ],
    study: StudyFile,
    method: Annotated[
        str, typer.Option(help="in_the_large (intercept only) or logistic (intercept and slope).")
    ] = "in_the_large",
    first: Annotated[
        datetime | None, typer.Option("--from", help="First day of discharge.", formats=["%Y-%m-%d"])
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", help="Last day of discharge.", formats=["%Y-%m-%d"])] = None,
    overrides: Overrides = None,
    as_json: Json = False,
    quiet: Quietly = False,
) -> None:
    """Make a registered model right for the study's site or year.

    One number (in_the_large) or two (logistic) on top of its own calibration, fitted to the study's discharges and registered as a new
    version; the old one stays as it is. Refused below model.minimum_events, and with a slope below assessment.minimum_for_slope.
    """
    from hfrisk.modelling.calibration.recalibration import RECALIBRATIONS
    from hfrisk.recalibrating import recalibrated
    from hfrisk.terminal import recalibration_in_words

    chosen = next((known for known in RECALIBRATIONS if known == method), None)
    if chosen is None:
        raise StudyError(
            f"There is no recalibration called {method}.", where="--method", todo=f"Known: {', '.join(RECALIBRATIONS)}."
        )
    days = tuple(day.date() if day else None for day in (first, last))
    with _working(_load(study, overrides)) as loaded:
        result = recalibrated(loaded, model, _progress(quiet), method=chosen, first=days[0], last=days[1])
    _result(result, as_json, lambda: recalibration_in_words(result))


@app.command()
def explain(code: Annotated[str, typer.Argument(help="A numbered check, such as HFR101.", metavar="CODE")]) -> None:
    """Say why a numbered check matters and how it is worked out."""
    from hfrisk.quality import check_page
    from hfrisk.terminal import page_in_words

    page = check_page(code.strip().upper())
    if page is None:
        raise StudyError(
            f"There is no check {code.strip()[:20]}.",
            where="CODE",
            todo="Give a code such as HFR101; docs/checks.md lists them all.",
        )
    print(page_in_words(page))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the made-up region and the results go.")] = Path("reports"),
    index_discharges: Annotated[int, typer.Option(help="How many index discharges.", min=1)] = 10_000,
    examples: Annotated[bool, typer.Option("--examples", help="The report on DE-SynPUF too.")] = False,
    desynpuf: Annotated[
        Path | None, typer.Option(help="With --examples: its OMOP tables. Not given: as its study says.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="The reports on paper too.")] = False,
    as_json: Json = False,
    quiet: Quietly = False,
    refresh: Refresh = False,
) -> None:
    """Make up a small region and do the whole job on it.

    With --examples the study of CMS's DE-SynPUF follows, if its data are there: two example reports by one command.
    """
    from hfrisk.examples import demo_study, desynpuf_study, examples_in_words
    from hfrisk.run import run_study
    from hfrisk.terminal import run_in_words

    progress = _progress(quiet)
    with _working(demo_study(folder, index_discharges, progress, pdf=pdf)) as loaded:
        summary = run_study(loaded, progress, refresh=refresh).summary
    if not examples:
        _result(summary, as_json, lambda: run_in_words(summary))
        return
    made = [summary]
    try:
        second = desynpuf_study(folder, desynpuf, pdf=pdf)
    except StudyError as absent:
        _say(str(absent))
    else:
        with _working(second) as loaded:
            made.append(run_study(loaded, progress, refresh=refresh).summary)
    _result({"examples": made}, as_json, lambda: examples_in_words(made))


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="The folder of a finished run.", metavar="A", show_default=False)],
    b: Annotated[Path, typer.Argument(help="The folder of another.", metavar="B", show_default=False)],
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("comparison"),
    as_json: Json = False,
) -> None:
    """Put two finished runs side by side, from what they released.

    Two models, two years or two places: comparison.html and comparison.json say what differs in how good they are, in who was in, in the
    settings and in the checks.
    """
    from hfrisk.comparing import compared, comparison_in_words, write_comparison

    found = compared(a, b)
    page = write_comparison(found, out)
    _result(found.as_json() | {"page": str(page)}, as_json, lambda: comparison_in_words(found, page))


_WRITABLE = "Choose a folder that exists and that you may write to."

# what a shell expects of a program that was stopped by Ctrl-C
_INTERRUPTED = 130


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
