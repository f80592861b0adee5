"""The five-safes summary for two human checkers: what the software knows, and blanks for what only they can say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hfrisk.egress.behind import Counts
from hfrisk.egress.files import ReleasedFile
from hfrisk.egress.pages import items, page, paragraph, table

__all__ = ["five_safes"]

_KINDS = {
    "png": "pictures",
    "csv": "tables",
    "json": "lists of numbers and settings (JSON)",
    "html": "pages",
    "pdf": "pages on paper (PDF)",
    "model": "text of the model",
}
_SAY = "Only a person can say"


def five_safes(
    files: Sequence[ReleasedFile],
    behind: Mapping[str, Counts],
    metrics: Mapping[str, Any],
    *,
    policy: Mapping[str, int],
    model: str,
    exceptions: Sequence[str],
) -> str:
    """The page.

    Parameters
    ----------
    files, behind
        What leaves, and what stands behind each file.
    metrics
        The run's own `metrics.json`.
    policy
        ``threshold``, ``round_base``, ``significant_figures``.
    model
        Whether the model is among the files, in a sentence.
    exceptions
        What somebody answers for, in sentences.
    """
    study, cohort, provenance = metrics["study"], metrics["cohort"], metrics["provenance"]
    body = [
        "<h1>Five safes: what is asked to leave</h1>",
        paragraph(f"**{study.get('title') or study.get('name', '')}**"),
        paragraph(
            "For two output checkers, who work independently. The software fills in what it knows; it cannot know who you are, what was "
            "approved, or what else has left. Those lines are blank, and stay so until one of you writes on them."
        ),
        *_section(
            "Safe project",
            [
                f"The question: {study.get('question', 'not stated in the study file')}",
                f"The outcome: the person {study.get('outcome_words', 'is described')}.",
                f"Settings of the study by hash: {provenance.get('study_hash', 'not recorded')}.",
            ],
            ["Name and number of the approved project", "Do these outputs answer the approved question?"],
        ),
        *_section(
            "Safe people",
            [],
            ["Who asks for the release (name, organisation)", "Their training and agreement are in date until"],
        ),
        *_section("Safe setting", _setting(study, provenance), ["Where the run was made", "Where the outputs will go"]),
        *_section(
            "Safe data", _data(study, cohort, provenance), ["Legal basis and approvals", "Were opt-outs applied?"]
        ),
        *_section(
            "Safe outputs",
            _outputs(files, behind, policy, model, exceptions, metrics["tables"].get("model_egress", ())),
            [
                "Do these outputs overlap with earlier releases of this project (differencing)?",
                "Free text and file names read?",
            ],
        ),
        "<h3>What the checks say of the run</h3>",
        _checks(metrics),
        "<h2>The two checkers</h2>",
        table(
            "Each checker fills in one column",
            ("", "First checker", "Second checker"),
            [
                (name, "", "")
                for name in ("Name and role", "Decision: release, change, or refuse", "Reason", "Date", "Signature")
            ],
        ),
    ]
    return page("Five safes", body)


def _section(title: str, known: Sequence[str], blanks: Sequence[str]) -> list[str]:
    told = items(known) if known else paragraph("The software knows nothing of this.")
    return [f"<h2>{title}</h2>", told, table(_SAY, ("Question", "Answer"), [(question, "") for question in blanks])]


def _setting(study: Mapping[str, Any], provenance: Mapping[str, Any]) -> list[str]:
    libraries = provenance.get("libraries", {})
    return [
        f"Named in the study file as: {study.get('environment') or 'not named'}.",
        f"Made with hfrisk {provenance.get('hfrisk', '')} (code {provenance.get('code_version', '')}), Python "
        f"{provenance.get('python', '')}, {', '.join(f'{k} {v}' for k, v in libraries.items())}; engine "
        f"{provenance.get('engine', 'not recorded')}.",
        "The run needs no network; nothing in this folder fetches anything.",
    ]


def _data(study: Mapping[str, Any], cohort: Mapping[str, Any], provenance: Mapping[str, Any]) -> list[str]:
    n = cohort.get("index_discharges")
    people = "A number of index discharges that is withheld" if n is None else f"About {n:,} index discharges"
    told = [
        f"{people}, from {cohort.get('period_from')} to {cohort.get('period_to')}.",
        f"Source by hash: {provenance.get('source_fingerprint', 'not recorded')}.",
    ]
    return ["**The people are made up.**", *told] if study.get("made_up") else told


def _outputs(
    files: Sequence[ReleasedFile],
    behind: Mapping[str, Counts],
    policy: Mapping[str, int],
    model: str,
    exceptions: Sequence[str],
    tests: Sequence[Mapping[str, Any]],
) -> list[str]:
    kinds = Counter(file.kind for file in files)
    smallest = min((c.smallest for c in behind.values() if c.smallest is not None), default=None)
    withheld = sum(behind[file.name].withheld for file in files if file.of.startswith("tables/"))
    return [
        f"{len(files)} files besides this page, the manifest and ACRO's list: "
        + ", ".join(f"{count} {_KINDS[kind]}" for kind, count in sorted(kinds.items()))
        + ". Each was read and is of its kind; manifest.json has its hash and what stands behind it.",
        f"Counts below {policy['threshold']} are withheld, others rounded to the nearest {policy['round_base']}; estimates have at most "
        f"{policy['significant_figures']} significant figures.",
        "No count is shown."
        if smallest is None
        else f"The smallest count of people or discharges shown anywhere is {smallest}; {withheld:,} cells of the tables were withheld.",
        model,
        *_tests(tests),
        *exceptions,
    ]


def _tests(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each test of the model came to."""
    results: dict[str, bool] = {}
    for row in rows:
        if row["passed"]:
            results[row["test"]] = results.get(row["test"], True) and row["passed"] == "yes"
    told = ", ".join(f"{code} {'passed' if passed else '**failed**'}" for code, passed in results.items())
    return (
        [f"Tests of what could be told from the model: {told} (what they ask: docs/checks.md and the report)."]
        if told
        else []
    )


def _checks(metrics: Mapping[str, Any]) -> str:
    told = [
        f"**{check['code']} ({check['severity']}).** {check['finding']} {check['consequence']}"
        for check in metrics["checks"]
        if check["severity"] != "note"
    ]
    return items(told) if told else paragraph("No check failed or warned.")
