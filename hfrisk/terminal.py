"""What the terminal is told: results of the commands as lines of words, none wider than a page of 80 columns."""

from __future__ import annotations

import itertools
import math
import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hfrisk.quality.catalogue import CatalogueEntry, CheckPage

__all__ = [
    "attrition_in_words",
    "check_in_words",
    "cohort_in_words",
    "definitions_in_words",
    "features_in_words",
    "found_in_words",
    "page_in_words",
    "recalibration_in_words",
    "run_in_words",
    "score_inputs_in_words",
    "search_in_words",
    "sweep_in_words",
]

_FEW = 10
_WIDTH = 79


def page_in_words(page: CheckPage | CatalogueEntry) -> str:
    """A numbered check: what it finds, and, where it has a page, why it matters and how it is worked out."""
    entry = page if isinstance(page, CatalogueEntry) else page.entry
    lines = [
        _wrapped(f"{entry.code} {entry.title}"),
        _wrapped(f"{' or '.join(entry.severities)}; finds {entry.finds}."),
    ]
    if isinstance(page, CheckPage):
        lines += ["", _wrapped(f"Why it matters: {page.why}"), "", _wrapped(f"How it is worked out: {page.how}")]
        lines += ["", _wrapped(f"Source: {page.source}")]
    return "\n".join(lines)


def check_in_words(result: Mapping[str, Any]) -> str:
    """Assurances, then checks with what they do and what to do, then what such data can never tell."""
    lines: list[str] = []
    tried = result["assurances"]
    if tried:
        held = sum(outcome["passed"] for outcome in tried)
        lines.append(f"Assurances: {held} of {len(tried)} hold.")
    for outcome in tried:
        if not outcome["passed"]:
            lines.append(_wrapped(f"does not hold: {outcome['name']}", "  "))
            lines.append(_block("expected", outcome["expected"]))
            lines.append(_block("found", outcome["found"]))
    if result["tables"]:
        lines += [line for row in result["checks"] for line in _check(row)] or ["Nothing stands in the way."]
    if result["cannot_know"]:
        lines += ["", _wrapped(f"What data of the profile {result['profile']} cannot tell:")]
        lines += [_wrapped(sentence, "  - ", "    ") for sentence in result["cannot_know"]]
    return "\n".join(lines)


def search_in_words(result: Mapping[str, Any]) -> str:
    """How far the search came, what it found, and what explains the differences."""
    told = (
        f"{result['finished']} of {result['trials']} trials are finished ({result['complete']} to their last fold, {result['pruned']} "
        f"stopped early). The best {result['objective_words']} is {result['value']:.4g}, of trial {result['best_trial']}."
    )
    lines = [_wrapped(told)]
    if result["chosen_trial"] != result["best_trial"]:
        lines.append(
            _wrapped(f"Trial {result['chosen_trial']} is the simplest of those that are as good, and was chosen.")
        )
    lines.append(
        _wrapped("Settings: " + ", ".join(f"{name} {value}" for name, value in result["params"].items()) + ".")
    )
    if result["importances"]:
        first = ", ".join(f"{name} {share:.0%}" for name, share in list(result["importances"].items())[:4])
        lines.append(_wrapped(f"What explains most of the differences between trials: {first}."))
    if result["edge_of_space"]:
        lines.append(_wrapped(f"HFR120: the best lies at an end of the range of {', '.join(result['edge_of_space'])}."))
    return "\n".join(lines)


def cohort_in_words(summary: Mapping[str, Any], window: tuple[int, int]) -> str:
    """The flow, the states, how many had come back and died by day, and how it was told."""
    states = ", ".join(f"{name} {count:,}" for name, count in summary["states"].items())
    lines = [
        attrition_in_words(summary["attrition"]),
        _wrapped(f"What became of them: {states}."),
        *_incidence(summary["incidence"], window),
        *_strategies(summary["strategies"]),
        *_eligibility(summary["eligibility"]),
        *[_wrapped(f"{row['code']} {row['severity']}: {row['finding']}", "", "    ") for row in summary["checks"]],
    ]
    return "\n".join(lines)


def attrition_in_words(rows: Iterable[Mapping[str, Any]]) -> str:
    """Left after each rule: admissions, people, events, and what only this rule takes out."""
    lines = [f"{'left after the rule':<38}{'admissions':>11}{'people':>10}{'events':>9}{'only here':>11}"]
    for row in rows:
        first, *more = textwrap.wrap(str(row["words"]), 37)
        counts = f"{row['admissions']:>11,}{row['persons']:>10,}{row['events']:>9,}{row['excluded_only_here']:>11,}"
        lines += [f"{first:<38}{counts}", *[f"  {part}" for part in more]]
    return "\n".join(lines)


def definitions_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """The study's own definition and the others side by side."""
    lines = [f"{'definition':<30}{'discharges':>11}{'people':>9}{'events':>8}{'rate':>7}{'back':>7}{'died':>7}"]
    for row in rows:
        first, *more = textwrap.wrap(str(row["name"]), 29)
        counts = f"{row['index_discharges']:>11,}{row['persons']:>9,}{row['events']:>8,}"
        shares = "".join(f"{_share(row[name]):>7}" for name in ("rate", "readmission", "death"))
        lines += [f"{first:<30}{counts}{shares}", *[f"  {part}" for part in more]]
    days = sorted({int(row["incidence_day"]) for row in rows})
    lines.append(
        _wrapped(
            f"back, died: cumulative incidence of readmission, and of death before it, by day {', '.join(map(str, days))}."
        )
    )
    if len(rows) == 1:
        lines.append("The study names no other definition (setting: sensitivity).")
    return "\n".join(lines)


def features_in_words(summary: Mapping[str, Any], *, everything: bool = False) -> str:
    """The feature dictionary with the share that is missing; what the model is not offered only with `everything`."""
    rows = [row for row in summary["features"] if everything or row["offered"]]
    lines = [f"{'feature':<40}{'unit':<22}{'missing':>8}"]
    for row in rows:
        mark = "" if row["offered"] else f"  {_ROLES.get(row['role'], 'left out')}"
        lines.append(f"{row['name']:<40}{row['unit']:<22}{row['missing']:>8.1%}{mark}")
    more = len(summary["features"]) - len(rows)
    if more:
        lines.append(
            _wrapped(
                f"{len(rows)} features are offered to the model. {more} more were made (--all lists them): to ask for, to compare with, or "
                "to look at groups of people (settings features.also and features.leave_out)."
            )
        )
    lines.append(_wrapped(f"Table: {summary['table']} (patient-level; it stays inside)."))
    return "\n".join(
        [*lines, *[_wrapped(f"{row['code']}: {row['finding']}", "", "    ") for row in summary["notices"]]]
    )


_ROLES = {"more": "to ask for", "audit": "for groups", "score": "score"}


def found_in_words(found: Mapping[str, Any]) -> str:
    """What the source holds of the tests and medicines of the code lists."""
    lines = [f"{'test or vital sign':<34}{'rows':>12}{'people':>10}{'usable':>12}"]
    for row in found["measurements"]:
        lines.append(
            f"{_cut(row['words'], 33):<34}{_count(row['rows']):>12}{_count(row['people']):>10}{_count(row['usable_rows']):>12}"
            if row["rows"]
            else f"{_cut(row['words'], 33):<34}{'not found':>12}"
        )
    lines += ["", f"{'medicine':<34}{'rows':>12}{'people':>10}  told by"]
    missing = []
    for row in found["medicines"]:
        if not row["class"]:
            continue
        if not row["rows"]:
            missing.append(str(row["words"]))
            continue
        lines.append(f"{_cut(row['words'], 33):<34}{_count(row['rows']):>12}{_count(row['people']):>10}  {row['how']}")
    others = sum(1 for row in found["medicines"] if not row["class"])
    if missing:
        lines.append(_wrapped(f"Not found: {', '.join(missing)}.", "", "    "))
    lines.append(f"Other medicines in the source: {others:,}.")
    return "\n".join(lines)


def score_inputs_in_words(result: Mapping[str, Any]) -> str:
    """For how many index discharges each input of each clinical score was observed."""
    if not result["scores"]:
        return "No clinical score was made."
    lines: list[str] = []
    for _, rows in itertools.groupby(result["scores"], key=lambda row: row["score"]):
        inputs = list(rows)
        # the last line is the total's, and its words are the score's name
        lines += ["", f"{inputs[-1]['words']}: observed for"] if lines else [f"{inputs[-1]['words']}: observed for"]
        for row in inputs:
            name = "everything, so that there is a score" if row is inputs[-1] else str(row["words"])
            lines.append(f"  {_cut(name, 52):<54}{_count(row['observed']):>13}{_share(row['share']):>8}")
    return "\n".join(lines)


def _count(count: int) -> str:
    """A count for the terminal: people who look over a shoulder see no small one."""
    return f"{count:,}" if count >= _FEW or count == 0 else f"under {_FEW}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def sweep_in_words(summary: Mapping[str, Any]) -> str:
    """What a wide sweep found, the most common first in each table and window, and where it was written."""
    lines: list[str] = []
    rows = sorted(
        summary["features"], key=lambda row: (row["table"], row["window"], -(row["share"] or 0), row["feature"])
    )
    for (table, window), group in itertools.groupby(rows, key=lambda row: (row["table"], row["window"])):
        lines += [f"{table}, {window}", f"  {'concept':<12}{'':<35}{'discharges':>15}{'share':>8}"]
        for row in group:
            first, *more = textwrap.wrap(row["concept_name"], 34) or [""]
            few = row["index_discharges"] is None
            count = "fewer than 10" if few else f"{row['index_discharges']:,}"
            share = "-" if few else f"{row['share']:.1%}"
            lines += [f"  {row['concept_id']:<12}{first:<35}{count:>15}{share:>8}"]
            lines += [f"{'':<14}{part}" for part in more]
    lines += [_wrapped(f"{row['code']} {row['severity']}: {row['finding']}", "", "    ") for row in summary["notices"]]
    lines.append(f"Counts of {len(rows):,} features (they stay inside): {summary['files']['reference']}")
    return "\n".join(
        [*lines, f"For each index discharge (patient-level; it stays inside): {summary['files']['sweep']}"]
    )


def run_in_words(summary: Mapping[str, Any]) -> str:
    """The verdict, and where to find what was made."""
    lines = [f"Verdict: {summary['verdict']}", f"Report:  {summary['report']}", f"Numbers: {summary['metrics']}"]
    model = summary["model"]
    if model:
        name, _, alias = model["model_uri"].partition("@")
        lines += [
            f"Model:   {name}/{model['version']}, registered as {alias}",
            f"To load it: export MLFLOW_TRACKING_URI={shlex.quote(model['tracking_uri'])}",
        ]
    if summary.get("not_exported"):
        lines.append("Model:   not exported and not registered, because it failed a test of what may leave:")
        for row in summary["not_exported"]:
            lines.append(_wrapped(f"{row['code']} {row['title']}: {row['finding']}", "    ", "      "))
            lines.append(_wrapped(f"what to do: {row['todo']}", "      ", "        "))
    return "\n".join(lines)


def _check(row: Mapping[str, str]) -> list[str]:
    return [
        _wrapped(f"{row['code']} {row['severity']}: {row['finding']}", "", "    "),
        _wrapped(f"what it does: {row['consequence']}", "    ", "      "),
        _wrapped(f"what to do: {row['todo']}", "    ", "      "),
    ]


def _incidence(days: Sequence[Mapping[str, Any]], window: tuple[int, int]) -> list[str]:
    first, last = window
    by_day = {int(row["day"]): row for row in days}
    marks = sorted({first + 6, first + 13, last} & by_day.keys())
    lines = [f"{'by the end of':<16}{'came back (95% interval)':>30}{'died first (95% interval)':>30}"]
    for day in marks:
        row = by_day[day]
        back, died = (_interval(row, name) for name in ("readmission", "death"))
        lines.append(f"{f'day {day}':<16}{back:>30}{died:>30}")
    return lines


def _interval(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    span = "" if math.isnan(low) else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{_share(row[name])}{span}"


def _strategies(strategies: Mapping[str, Mapping[str, int]]) -> list[str]:
    titles = {"heart_failure": "Heart failure told by", "unplanned": "Unplanned told by", "spells": "Stays joined by"}
    lines = []
    for question, found in strategies.items():
        told = ", ".join(f"{name} {count:,}" for name, count in found.items()) or "nothing"
        lines.append(_wrapped(f"{titles.get(question, question)}: {told}.", "", "    "))
    return lines


def _eligibility(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        if math.isnan(row["sensitivity"]) or math.isnan(row["ppv"]):
            lines.append("The scoring-time rule picks nobody out, so that it has no sensitivity or PPV.")
            continue
        lines.append(
            _wrapped(
                f"The scoring-time rule picks out {row['eligible']:,} discharges: sensitivity {_share(row['sensitivity'])} of "
                f"{row['coded']:,} coded ones, PPV {_share(row['ppv'])}.",
                "",
                "    ",
            )
        )
    return lines


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f}%"


def _block(title: str, lines: str) -> str:
    return "\n".join([f"    {title}:", *[f"      {line}" for line in lines.splitlines() or ["nobody"]]])


def _wrapped(text: str, indent: str = "", more: str | None = None) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if more is None else more,
        break_long_words=False,
        break_on_hyphens=False,
    )


def egress_in_words(made: Mapping[str, Any]) -> str:
    """What lies in the egress folder, and who has to look at it."""
    smallest = min((f["behind"]["smallest_count_shown"] or math.inf for f in made["files"]), default=math.inf)
    lines = [
        f"{'Unchanged' if made['unchanged'] else 'Made'}: {made['folder']} ({len(made['files'])} files, manifest.json, results.json)",
        made["model"],
        "No count is shown." if math.isinf(smallest) else f"Smallest count shown: {smallest:.0f}.",
        "Next: two output checkers read five_safes.html, fill in what only they know, and sign.",
    ]
    return "\n".join(_wrapped(line, "", "    ") for line in lines)


_RECALIBRATED = {
    ("before_recalibration", "oe_ratio"): "observed / expected, before",
    ("recalibrated", "oe_ratio_cross_fitted"): "observed / expected, after",
    ("before_recalibration", "calibration_slope"): "slope, before",
    ("recalibrated", "calibration_slope"): "slope, after",
    ("recalibrated", "recalibration_intercept"): "intercept of the recalibration",
    ("recalibrated", "recalibration_slope"): "slope of the recalibration",
}


def recalibration_in_words(result: Mapping[str, Any]) -> str:
    """What was fitted, how well calibrated the model was and is, and where the new version lies; released numbers only."""
    rows = {(row["model"], row["measure"]): row for row in result["recalibration"]}
    lines = [f"{'':<34}{'estimate':>10}   {'interval':<20}"]
    for key, words in _RECALIBRATED.items():
        row = rows[key]
        if row["estimate"] is None:
            lines.append(_wrapped(f"{words}: not shown ({row['reason']})"))
            continue
        interval = "fixed" if row["lower"] is None else f"{row['lower']:g} to {row['upper']:g}"
        lines.append(f"{words:<34}{row['estimate']:>10g}   {interval:<20}")
    cohort, model = result["cohort"], result["model"]
    people = ", ".join(
        f"{name.replace('_', ' ')} {'withheld' if cohort[name] is None else format(cohort[name], ',')}"
        for name in ("index_discharges", "persons", "events")
    )
    lines.append(_wrapped(f"Fitted on: {people}; discharged {cohort['period_from']} to {cohort['period_to']}."))
    lines.append(_wrapped("After: no discharge was scored by a recalibration that saw its person."))
    registered = (
        f"{model['model_uri']}, version {model['version']}"
        if model["new"]
        else f"version {model['version']}, as before"
    )
    lines.append(_wrapped(f"From {result['lineage']['from']}, which stays as it is; registered: {registered}."))
    lines.append(f"MLFLOW_TRACKING_URI={model['tracking_uri']}")
    return "\n".join(lines)
