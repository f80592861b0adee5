"""How it was made: data quality, methods in words, definitions, the feature dictionary, and how to do it again."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.disclosure import Bundle
from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Definitions, Prose, Table
from hfrisk.reporting.naming import model_name, read_from
from hfrisk.reporting.tables import plain_table

__all__ = ["data_quality", "dictionary", "methods", "reproduce", "worries"]

_SEVERITY = {"error": "Do not use", "warning": "Use with care", "note": "Worth knowing"}


def worries(checks: pd.DataFrame, severities: tuple[str, ...]) -> list[dict[str, str]]:
    """Checks of these severities, gravest first, as words."""
    if checks.empty:
        return []
    order = {s: i for i, s in enumerate(("error", "warning", "note"))}
    mine = checks[checks["severity"].isin(severities)].copy()
    mine["order"] = mine["severity"].map(order)
    return [
        {
            "code": str(r["code"]),
            "severity": str(r["severity"]),
            "label": _SEVERITY[str(r["severity"])],
            "title": str(r["title"]),
            "finding": str(r["finding"]),
            "consequence": str(r["consequence"]),
            "todo": str(r["todo"]),
        }
        for _, r in mine.sort_values(["order", "code"], kind="stable").iterrows()
    ]


def data_quality(evidence: Evidence) -> Chapter:
    """Every check, the notes included."""
    checks = worries(evidence.released.checks, ("error", "warning", "note"))
    title = "Data quality" if evidence.describes else "Data quality and method checks"
    lead = "Every numbered check that had something to say. Checks that found nothing are not listed."
    always = _cannot_know(evidence)
    if not checks:
        return Chapter("data-quality", title, lead, (Prose(("No check found anything.",)), *always))
    rows = tuple((f"{c['code']} {c['title']}", c["label"], c["finding"], c["consequence"], c["todo"]) for c in checks)
    table = Table(
        "Numbered checks",
        ("Check", "How grave", "What was found", "What it means", "What to do"),
        rows,
        left=frozenset(range(5)),
    )
    return Chapter("data-quality", title, lead, (table, *_pages({str(c["code"]) for c in checks}), *always))


def _pages(codes: set[str]) -> tuple[Definitions, ...]:
    """Of the method checks that had something to say: why each matters, and how it is worked out."""
    pages = read_yaml("method_checks.yaml")
    told = [
        (code, f"{pages[code]['why']} How it is worked out: {pages[code]['how']}")
        for code in sorted(codes)
        if code in pages
    ]
    return (Definitions(tuple(told), heading="What the method checks are about"),) if told else ()


def _cannot_know(evidence: Evidence) -> tuple[Prose, ...]:
    """What data that were made in this way never hold, whatever the checks find."""
    told = evidence.released.study.get("cannot_know")
    if not isinstance(told, list) or not told:
        return ()
    return (Prose((), heading="What such data cannot tell", items=tuple(str(sentence) for sentence in told)),)


def methods(evidence: Evidence) -> Chapter:
    """The methods section, written from the study file and from what the run recorded."""
    released = evidence.released
    study = released.study
    told = [
        f"The question was: {_sentence(study.get('question', 'not stated in the study file'))}",
        _population(evidence),
        _outcome(evidence),
        *(
            (_estimates(),)
            if evidence.describes
            else (_predictors(evidence), _model(evidence, released.bundle), _judging(evidence))
        ),
        "Every number here passed one disclosure gate: small counts and those that would give them away are withheld, "
        f"other counts are rounded. {_ledger(released.ledger)}",
    ]
    return Chapter(
        "methods",
        "How it was made",
        "Written from the study file and from what the run recorded.",
        (Prose(tuple(t for t in told if t)),),
    )


def _population(evidence: Evidence) -> str:
    items = {str(r["item"]): str(r["value"]) for _, r in evidence.released.definitions.iterrows()}
    wanted = ("Heart failure", "Position of the diagnosis", "Spells", "Unplanned admission", "Discharged alive")
    found = [f"{k.lower()}: {items[k]}" for k in wanted if k in items]
    return f"An index discharge was defined by {'; '.join(found)}." if found else ""


def _outcome(evidence: Evidence) -> str:
    study = evidence.released.study
    risk = (
        "Readmission or death, whichever came first, is the event."
        if evidence.composite
        else "A death without readmission is not an event; such deaths are counted and shown apart."
    )
    window = study.get("window_words")
    return f"The outcome: the person {evidence.outcome}{f' ({window})' if window else ''}. {risk}"


def _estimates() -> str:
    return (
        "How many had come back, and how many had died first, by the end of each day are cumulative incidences (Aalen and "
        "Johansen): each person counts until the first of the two. Shares by group and by quarter are of the discharges seen for the "
        "whole window. Intervals are 95% (Wilson), from the rounded counts; they count each discharge once, so that people with "
        "several make them a little too narrow. Nothing is adjusted for age or illness."
    )


def _predictors(evidence: Evidence) -> str:
    frame = _inputs(evidence)
    if frame.empty:
        return "No feature dictionary was released."
    counts = frame["theme"].value_counts(sort=False)
    parts = words.listed(f"{theme.lower()} ({n})" for theme, n in counts.items())
    return (
        f"The model reads {len(frame)} features, all known at discharge: {parts}. A value that is not recorded is left "
        "missing, and the model learns from that."
    )


def _inputs(evidence: Evidence) -> pd.DataFrame:
    frame = evidence.released.dictionary
    return frame[frame["in_model"].astype(bool)] if "in_model" in frame else frame


def _model(evidence: Evidence, bundle: Bundle | None) -> str:
    if evidence.stored:
        return _made_elsewhere(evidence)
    if bundle is None:
        return _no_learner(evidence)
    best: dict[str, Any] = evidence.released.tuning.get("best") or {}
    trials = len(evidence.released.tuning.get("trials") or [])
    measure = (evidence.released.tuning.get("summary") or {}).get("objective_words", "log loss")
    text = "Gradient-boosted trees (LightGBM) were" if evidence.model == "lightgbm" else f"{evidence.model} was"
    text += f" tuned on {measure} {evidence.folds['tuned']} over {trials} trials (Optuna)" if trials else " fitted"
    if best:
        text += "; the best settings were " + ", ".join(f"{k} {_value(v)}" for k, v in best.items())
    text += "."
    if (evidence.released.tuning.get("summary") or {}).get("monotone") == "on":
        text += " Monotone constraints of the feature dictionary held."
    method = str(bundle.calibration.get("method", "none"))
    text += (
        f" Its risks were then calibrated ({method}) {_calibrated_in(evidence)}."
        if method != "none"
        else " Its risks were not calibrated further."
    )
    if evidence.comparators:
        text += f" Beside it, on equal terms: {words.listed(model_name(c) for c in evidence.comparators)}."
    return text


def _calibrated_in(evidence: Evidence) -> str:
    where = (evidence.released.tuning.get("summary") or {}).get("calibrated_in")
    if where == "window":
        return (
            "on the discharges of a window after those that it learned from, none of them in the test; in cross-validation, with a "
            "calibrator that never saw the person"
        )
    return "with a calibrator that never saw the person"


def _no_learner(evidence: Evidence) -> str:
    """What was judged where the study learns no model."""
    method = str((evidence.released.tuning.get("summary") or {}).get("logistic_calibration", "none"))
    text = (
        "No model was learnt: the study asks how good what there is would be. The report is about the simple spline model, a logistic "
        "regression with restricted cubic splines and a ridge penalty; a missing value is the median of the others, with a mark. "
    )
    text += (
        f"Its risks were then calibrated ({method}) {_calibrated_in(evidence)}."
        if method != "none"
        else "Its risks were not calibrated further."
    )
    if evidence.comparators:
        text += f" Beside it, on equal terms: {words.listed(model_name(c) for c in evidence.comparators)}."
    return text + " Nothing was registered."


def _made_elsewhere(evidence: Evidence) -> str:
    """What was judged where the model was made elsewhere."""
    text = (
        "The model was made elsewhere, or before, and none of its numbers was changed: its trees and its calibration are those of the "
        "exported files, whose hash stands at the end of this report. "
    )
    text += (
        f"Recalibrated here means a logistic recalibration of its risks (intercept and slope) on the "
        f"{evidence.tested['learned_discharges']}."
        if "recalibrated" in evidence.comparators
        else "It gives somebody a risk of exactly nought or one, which no recalibration can move, so that it is not shown recalibrated."
    )
    if evidence.comparators:
        text += f" Beside it, on equal terms: {words.listed(model_name(c) for c in evidence.comparators)}."
    return text + " Nothing was registered."


def _judging(evidence: Evidence) -> str:
    validation = evidence.released.study.get("settings", {}).get("validation", {})
    trusts = words.listed(str(name) for name in validation.get("test_trusts") or ())
    folds = int((evidence.released.tuning.get("summary") or {}).get("folds", 0))
    inside = evidence.folds["judged"].format(blocks=folds + 1)
    apart = f" {evidence.folds['chosen']}" if evidence.folds["chosen"] else ""
    return (
        f"It was judged {inside}{';' if apart else ','} and {evidence.tested['judged'].format(trusts=trusts)}.{apart} "
        "Intervals are 95%, from a bootstrap that draws people, not discharges."
        if evidence.has_test
        else f"It was judged {evidence.folds['judged'].format(blocks=folds + 1)}, and nowhere else.{apart} "
        "Intervals are 95%, from a bootstrap that draws people."
    )


def _ledger(ledger: pd.DataFrame) -> str:
    if ledger.empty:
        return ""
    shown, held = int(ledger["cells_released"].sum()), int(ledger["cells_suppressed"].sum())
    return f"It let {words.count(shown)} cells through and withheld {words.count(held)}."


def dictionary(evidence: Evidence) -> Chapter:
    """Every feature that the model reads, or that Table 1 describes where there is no model."""
    frame = evidence.released.dictionary if evidence.describes else _inputs(evidence)
    reader = "Table 1 describes" if evidence.describes else "the model reads"
    if len(frame):
        # theme and unit have no column of their own, so that the table fits a page
        frame = frame.assign(
            sources=[read_from(str(sources)) for sources in frame["sources"]],
            words=[
                f"{said} ({unit})" if unit else said for said, unit in zip(frame["words"], frame["unit"], strict=True)
            ],
        )
    columns = {
        "words": "Feature",
        "window": "When",
        "sources": "Read from",
        "direction": "Expected direction",
        "modifiable": "Care can change it",
        "sensitive": "Protected characteristic or deprivation",
        "name": "Name in the data",
    }
    table = plain_table(frame, columns, f"The {len(frame)} features that {reader}")
    rows: list[tuple[str, ...]] = []
    for theme in dict.fromkeys(frame["theme"] if len(frame) else ()):
        rows.append((str(theme),))
        rows += [row for row, its in zip(table.rows, frame["theme"], strict=True) if its == theme]
    table = Table(table.caption, table.head, tuple(rows), table.notes, table.left, folded=True)
    return Chapter(
        "dictionary",
        "Feature dictionary",
        words.capital(f"what {reader}, in words, with units and times."),
        (table,),
    )


def reproduce(evidence: Evidence) -> Chapter:
    """What is needed to do it again."""
    provenance = dict(evidence.released.provenance)
    again = provenance.pop("reproduce", None)
    told = "The same study file, code, data and seeds give the same report, to the last digit."
    if (evidence.released.tuning.get("summary") or {}).get("same_twice") is False:
        told = (
            "The search for the model's settings was shared by several workers or ended by the clock, so that another run may find other "
            "settings; from the same settings the same study file, code, data and seeds give the same report."
        )
    tables = [
        Table(caption, ("What", "Value"), rows, left=frozenset({0, 1}))
        for caption, rows in (
            ("To run it again", tuple(_flat(again)) if isinstance(again, dict) else ()),
            ("What it was made from", tuple(_flat(provenance))),
        )
        if rows
    ]
    return Chapter("reproduce", "How to reproduce this", told, tuple(tables) or (Prose(("Nothing was recorded.",)),))


def _flat(value: dict[str, Any], before: str = "") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for key, inner in value.items():
        name = f"{before}{str(key).replace('_', ' ')}"
        if isinstance(inner, dict):
            rows.extend(_flat(inner, f"{name}: "))
        else:
            rows.append((words.capital(name), _value(inner)))
    return rows


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(v) for v in value) or "none"
    return str(value) if value not in (None, "") else "not recorded"


def _sentence(text: object) -> str:
    stripped = str(text).strip()
    return stripped if stripped.endswith((".", "?", "!")) else f"{stripped}."
